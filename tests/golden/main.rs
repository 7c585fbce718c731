//! Golden transcripts: the shortest known ways into a violation, each a scenario with an explicit plan that walks into
//! it with the mistake planted, and the same plan clean without it. `INSTA_UPDATE=always cargo test --test golden`
//! rewrites the transcripts.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use seedstorm::lab::{BUILT_IN, Look, Shown, admit, prepare};
use seedstorm::rng::Seed;
use seedstorm::scenario::Document;
use seedstorm::sim::{Ending, Record, Tracer, What};

/// What happened, a line each: all but what says nothing by itself.
fn line(record: &Record) -> Option<String> {
    let silent = matches!(record.what, What::Send | What::Arm | What::Disarm);
    let Record { at, what, on, peer, detail, .. } = record;
    let what = format!("{what:?}").to_lowercase();
    let line = format!("{:>12} {on:<3} {what:<8} {peer:<3} {detail}", at.to_string());
    (!silent).then(|| line.trim_end().to_owned())
}

fn run(name: &str, bug: Option<&str>) -> (Shown, String) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.json"));
    let mut document = Document::load(&file).unwrap_or_else(|error| panic!("{error}"));
    if let Some(bug) = bug {
        document.plant(bug);
    }
    let experiment = admit(BUILT_IN, &document).unwrap_or_else(|error| panic!("{error}"));
    let (scenario, plan) = prepare(experiment, &document, Seed(1)).unwrap_or_else(|error| panic!("{error}"));
    let lines = Rc::new(RefCell::new(Vec::new()));
    let ear = Rc::clone(&lines);
    let tracer: Tracer = Box::new(move |record| ear.borrow_mut().extend(line(record)));
    let look = Look { tracer: Some(tracer), ..Look::default() };
    let shown = experiment.run(&scenario, plan, look).unwrap_or_else(|error| panic!("{error}"));
    let lines = lines.borrow().join("\n");
    (shown, lines)
}

/// The mistake that gives the scenario its name breaks this property there, and the correct code does not.
fn walks_into(name: &str, property: &str) {
    let (correct, _) = run(name, None);
    assert_eq!((correct.outcome.violation, correct.outcome.ending), (None, Ending::Completed), "the correct code");
    let (shown, mut transcript) = run(name, Some(name));
    let broken = shown.outcome.violation.expect("it breaks something");
    assert_eq!(broken.property, property);
    transcript += &format!("\nBROKEN: {}: {}", broken.property, broken.evidence);
    insta::assert_snapshot!(name, transcript);
}

#[test]
fn an_acceptor_that_forgets_takes_its_promise_back() {
    walks_into("acceptor-amnesia", "ballots_monotone");
}

#[test]
fn a_proposer_that_ignores_what_was_accepted_proposes_another_value() {
    walks_into("ignore-accepted", "p2c");
}

#[test]
fn an_acceptor_that_breaks_its_promise_backs_two_values() {
    walks_into("broken-promise", "p2c");
}

#[test]
fn two_halves_each_choose() {
    walks_into("half-quorum", "p2c");
}

#[test]
fn a_proposer_that_counts_in_memory_begins_a_ballot_twice() {
    walks_into("ballot-reuse", "ballots_monotone");
}

#[test]
fn a_voter_that_forgets_votes_twice() {
    walks_into("vote-amnesia", "one_vote_per_term");
}

#[test]
fn a_leader_alone_is_no_majority() {
    walks_into("small-quorum", "committed_durable");
}

#[test]
fn whoever_is_elected_without_a_look_at_its_log_lacks_what_was_committed() {
    walks_into("no-log-check", "leader_completeness");
}

/// Figure 8 of the paper, with three nodes instead of five.
#[test]
fn an_old_entry_that_a_majority_has_is_not_committed_yet() {
    walks_into("commit-old-term", "leader_completeness");
}

#[test]
fn a_log_that_is_as_long_may_lack_what_was_committed() {
    walks_into("length-only-check", "leader_completeness");
}

#[test]
fn a_late_message_undoes_what_was_committed() {
    walks_into("truncate-always", "leader_completeness");
}

#[test]
fn a_leader_that_does_not_know_that_it_is_deposed_serves_a_stale_read() {
    walks_into("local-read", "fresh_reads");
}

#[test]
fn a_node_that_forgets_whom_it_heard_votes_while_a_lease_lasts() {
    walks_into("forgotten-promise", "fresh_reads");
}

#[test]
fn a_lease_that_counts_from_the_answer_lasts_too_long() {
    walks_into("lease-from-answer", "fresh_reads");
}
