//! The kill matrix, and what is drawn of it.

use std::fs;

use crate::lab::{CAUGHT, Lab};

/// A folder with the matrix of one mistake.
fn with_matrix() -> Lab {
    let lab = Lab::new();
    let (bug, _, scenario) = CAUGHT[1];
    lab.write("profile.json", scenario);
    let said = lab.run(&["bugs", "profile.json", "--bug", bug, "--seeds", "20", "--out", "matrix.json"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    lab
}

#[test]
fn a_matrix_is_drawn_as_it_is_told_and_as_it_was_kept() {
    let lab = with_matrix();
    let (bug, ..) = CAUGHT[1];
    let said = lab.run(&["bugs", "profile.json", "--bug", bug, "--seeds", "20", "--chart", "run.svg"]);
    let again = lab.run(&["bugs", "--matrix", "matrix.json", "--chart", "kept.svg"]);
    assert_eq!((again.code, &again.out, again.err.as_str()), (0, &said.out, ""));
    let drawn = lab.read("run.svg");
    assert_eq!(drawn, lab.read("kept.svg"));
    for text in ["no-log-check", "profile", "raft", "In how many of 20 seeds, in per cent"] {
        assert!(drawn.contains(text), "{text}: {drawn}");
    }
}

#[test]
fn letters_come_from_the_program_and_not_from_the_machine() {
    let lab = with_matrix();
    let drawn = |name: &str, is_bare: bool| {
        let mut command = lab.command(&["bugs", "--matrix", "matrix.json", "--chart", name]);
        if is_bare {
            command.env_clear().envs([
                ("HOME", "/nowhere"),
                ("FONTCONFIG_FILE", "/nowhere"),
                ("XDG_DATA_DIRS", "/nowhere"),
            ]);
        }
        assert!(command.output().unwrap().status.success());
        fs::read(lab.path(name)).unwrap()
    };
    let file = drawn("a.png", false);
    assert!(file == drawn("b.png", true), "another picture where there are no fonts");
    assert!(file.starts_with(b"\x89PNG") && file.len() > 5_000, "{} bytes", file.len());
}

#[test]
fn what_cannot_be_drawn_is_said_before_anything_runs() {
    let lab = with_matrix();
    let refused = |args: &[&str]| {
        let before = lab.files();
        let said = lab.run(&[&["bugs"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        assert_eq!(lab.files(), before, "nothing is written");
        said.err
    };
    let matrix = ["--matrix", "matrix.json", "--chart"];
    let err = refused(&[&matrix[..], &["a.pdf"]].concat());
    insta::assert_snapshot!(err, @"error: --chart: a.pdf: a chart is FILE.svg or FILE.png");
    let err = refused(&[&matrix[..], &["no/a.svg"]].concat());
    insta::assert_snapshot!(err, @"error: --chart: there is no folder no");
    lab.write("there.svg", "mine");
    let err = refused(&[&matrix[..], &["there.svg"]].concat());
    insta::assert_snapshot!(err, @"error: --chart: there.svg is there already; --force replaces it");
    assert_eq!(lab.read("there.svg"), "mine");
    let err = refused(&["profile.json", "--out", "x.svg", "--chart", "x.svg"]);
    insta::assert_snapshot!(err, @"error: --chart: x.svg is where --out goes; give it another name");
    refused(&["profile.json", "--matrix", "matrix.json"]);
    refused(&[]);
}

#[test]
fn a_file_that_is_no_kill_matrix_is_refused() {
    let lab = with_matrix();
    // A program that knows its revision says it in a line of its own.
    let text = lab.read("matrix.json");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("\"revision\""));
    let text = lines.collect::<Vec<&str>>().join("\n");
    let refused = |text: &str| {
        lab.write("bad.json", text);
        let said = lab.run(&["bugs", "--matrix", "bad.json"]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{}", said.err);
        said.err
    };
    let err = refused(&text.replace("\"seedstorm\": 1", "\"seedstorm\": 9"));
    insta::assert_snapshot!(err, @"error: bad.json: version 9 of the format; this seedstorm reads 1");
    let err = refused(&text.replace("\"runs\": 20", "\"runs\": 1"));
    insta::assert_snapshot!(err, @"error: bad.json: this is no kill matrix: profile.json: no-log-check is found more often than it runs");
    let err = refused(&text.replace("\"runs\": 20", "\"runs\": \"all\""));
    insta::assert_snapshot!(err, @"error: bad.json: this is no kill matrix: profiles[0].runs: invalid type: string \"all\", expected u64 at line 13 column 19");
    let err = refused("[]");
    insta::assert_snapshot!(err, @"error: bad.json: this is no kill matrix: invalid length 0, expected struct Matrix with 5 elements at line 1 column 2");
    let err = lab.run(&["bugs", "--matrix", "none.json"]).err;
    insta::assert_snapshot!(err, @"error: none.json: No such file or directory (os error 2)");
}
