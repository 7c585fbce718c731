//! What fails is grouped, kept, and can be replayed.

use super::{folder, gate};
use crate::lab::Lab;

#[test]
fn many_failing_seeds_of_one_mistake_are_one_finding() {
    let lab = folder();
    let said = gate(&lab, "scenarios/cut-off.json --seeds 60 --no-shrink --json");
    let document = said.json();
    let findings = document["scenarios"][0]["findings"].as_array().unwrap();
    let most = findings.iter().map(|finding| finding["count"].as_u64().unwrap()).max().unwrap();
    assert!(most > 20 && findings.len() <= 4, "{findings:#?}");
    for finding in findings {
        let file = finding["kept"]["reproducer"].as_str().unwrap();
        let reproducer = lab.json(file);
        assert_eq!(reproducer["verdict"]["property"], finding["property"]);
        assert_eq!(reproducer["seed"], finding["cheapest"]["seed"]);
        let replay = lab.run(&["replay", file]);
        assert_eq!(replay.code, 1, "{}", replay.err);
    }
}

#[test]
fn a_finding_is_shrunk_and_what_comes_out_breaks_the_same() {
    let lab = folder();
    let said = gate(&lab, "scenarios/cut-off.json --seeds 8 --json");
    let document = said.json();
    let kept = &document["scenarios"][0]["findings"][0]["kept"];
    let shrunk = kept["shrunk"].as_str().unwrap();
    assert!(kept["why"].as_str().unwrap().len() > 20, "{kept}");
    let again = lab.run(&["run", shrunk]);
    assert_eq!(again.code, 1, "{}", again.out);
    let property = document["scenarios"][0]["findings"][0]["property"].as_str().unwrap();
    assert!(again.out.contains(&format!("VIOLATED: {property}")), "{}", again.out);
}

#[test]
fn the_kill_matrix_shows_what_bites() {
    let lab = Lab::new();
    let (bug, property, scenario) = crate::lab::CAUGHT[1];
    lab.write("profile.json", scenario);
    let said = lab.run(&["bugs", "profile.json", "--bug", bug, "--seeds", "40", "--out", "matrix.json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("Every mistake is found, and the correct code is clean"), "{}", said.out);
    let matrix = lab.json("matrix.json");
    let cell = &matrix["profiles"][0]["cells"][0];
    assert_eq!((&cell["bug"], &cell["by"][0]["name"], &cell["named"]), (&bug.into(), &property.into(), &true.into()));
    let until = |bound: &str| cell["seeds_until_found"][bound].as_f64().unwrap();
    assert!(1.0 <= until("low") && until("low") <= until("mean") && until("mean") <= until("high"), "{cell}");
    let harmless = lab.run(&["bugs", "profile.json", "--bug", "sessions-forgotten", "--seeds", "3"]);
    assert_eq!(harmless.code, 5, "{}", harmless.out);
    assert!(harmless.out.contains("Not found: sessions-forgotten."), "{}", harmless.out);
}
