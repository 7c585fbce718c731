//! Cases that were kept run first, and each says whether it is fixed.

use super::{folder, gate, held};

#[test]
fn a_case_that_was_kept_is_broken_until_it_is_fixed() {
    let lab = folder();
    assert_eq!(gate(&lab, "scenarios/cut-off.json --seeds 10 --no-shrink --out corpus").code, 1);
    let said = gate(&lab, "scenarios/calm.json --seeds 3 --corpus corpus");
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.out.find("Cases that were kept") < said.out.find("scenarios/calm.json"), "{}", said.out);
    assert!(said.out.contains("broken"), "{}", said.out);
    // The mistake is taken out, as a fix would.
    for entry in std::fs::read_dir(lab.path("corpus")).unwrap() {
        let path = entry.unwrap().path();
        let mut case: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        case["scenario"].as_object_mut().unwrap().remove("bug");
        std::fs::write(&path, case.to_string()).unwrap();
    }
    let said = gate(&lab, "scenarios/calm.json --seeds 3 --corpus corpus");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("fixed"), "{}", said.out);
    lab.write("corpus/shrunk.json", &held());
    lab.write("corpus/zz.json", "{}");
    let said = gate(&lab, "--corpus corpus");
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.out.contains("corpus/zz.json") && said.out.contains("unusable"), "{}", said.out);
}
