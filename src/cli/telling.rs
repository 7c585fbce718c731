//! A run once more, with somebody who writes its page.

use std::cell::RefCell;
use std::rc::Rc;

use super::launch::{Story, differed};
use super::stop::Stop;
use crate::lab::{Look, Shown, Watcher};
use crate::report::character::Character;
use crate::report::page::{Page, Recorder};
use crate::report::story::Listener;
use crate::report::verdict::Judgement;
use crate::sim::{Outcome, Tracer};

/// How a run is reached from its page.
pub(super) struct Again<'a> {
    /// The command that runs it again.
    pub(super) replay: &'a str,
    /// The command that leaves what that command reads, where nothing does yet.
    pub(super) before: Option<&'a str>,
}

/// The page of a run that came to `outcome`, which `repeat` does once more.
pub(super) fn page(
    run: &Character<'_>,
    outcome: &Outcome,
    judgement: &Judgement,
    again: &Again<'_>,
    repeat: impl FnOnce(Look<'_>) -> Result<Shown, Stop>,
) -> Result<String, Stop> {
    let cast = run.scenario.nodes.cast(run.experiment.groups())?;
    let concerned = outcome.violation.as_ref().map_or(&[][..], |violation| &violation.evidence.nodes);
    let recorder = Rc::new(RefCell::new(Recorder::new(concerned, cast.len(), outcome.events)));
    let listener = Rc::new(RefCell::new(Listener::new(concerned, run.experiment.sometimes(), &run.plan.timeline)));
    let (ears, eye) = ((Rc::clone(&recorder), Rc::clone(&listener)), Rc::clone(&recorder));
    let tracer: Tracer = Box::new(move |record| {
        ears.0.borrow_mut().hear(record);
        ears.1.borrow_mut().hear(record);
    });
    let watcher: Watcher = Box::new(move |glimpse| eye.borrow_mut().see(glimpse));
    let shown = repeat(Look { tracer: Some(tracer), watcher: Some(watcher), traffic: true, ..Look::default() })?;
    if shown.outcome.digest != outcome.digest {
        return Err(differed());
    }
    let listener = listener.borrow();
    let story = Story { told: listener.story(), heard: listener.heard() };
    let page = Page {
        run,
        cast: &cast,
        outcome: &shown.outcome,
        judgement,
        story: (&story.told, story.heard),
        replay: again.replay,
        before: again.before,
    };
    Ok(page.html(&mut recorder.borrow_mut()))
}
