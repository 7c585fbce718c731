//! What comes out does not depend on how many cores there are, on how the cells are divided, or on how often the
//! program was killed.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{GRID, folder, sweep};
use crate::lab::{Lab, Said};

const LONG: &str = "lossy.json --vary network.loss=0%..20%/10% --vary nodes=3,5 --seeds 200 --until availability=2%";

/// All files of a sweep, by name.
fn files(lab: &Lab, folder: &str) -> Vec<(String, Vec<u8>)> {
    let names = lab.files_in(folder);
    names.into_iter().map(|name| (name.clone(), std::fs::read(lab.path(folder).join(name)).unwrap())).collect()
}

fn same(lab: &Lab, one: &str, other: &str) {
    let (one, other) = (files(lab, one), files(lab, other));
    assert_eq!(one.len(), other.len());
    for ((name, one), (other_name, other)) in one.into_iter().zip(other) {
        assert_eq!(name, other_name);
        // The page and the charts are called after their folder.
        if name != "index.html" {
            assert!(one == other, "{name}");
        }
    }
}

#[test]
fn neither_cores_nor_shards_change_a_byte() {
    let lab = folder();
    assert_eq!(sweep(&lab, &format!("{LONG} --out one --jobs 1")).code, 0);
    assert_eq!(sweep(&lab, &format!("{LONG} --out four --jobs 4")).code, 0);
    same(&lab, "one", "four");
    for shard in ["1/3", "2/3", "3/3"] {
        let said = sweep(&lab, &format!("{LONG} --shard {shard} --out part-{}", &shard[..1]));
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let few = lab.run(&["merge", "part-1/cells.json", "part-3/cells.json", "--out", "whole"]);
    assert_eq!(few.code, 2);
    assert!(few.err.contains("2 cells of the grid are in none of these files, the first at 0%, 5"), "{}", few.err);
    let twice = lab.run(&["merge", "part-1/cells.json", "part-1/cells.json", "--out", "whole"]);
    assert!(twice.err.contains("is in it twice"), "{}", twice.err);
    let said = lab.run(&["merge", "part-2/cells.json", "part-1/cells.json", "part-3/cells.json", "--out", "whole"]);
    assert_eq!(said.code, 0, "{}", said.err);
    same(&lab, "one", "whole");
}

/// How many runs are written down.
fn done(lab: &Lab) -> u64 {
    let aside = lab.path("killed/.sweep");
    let Ok(entries) = std::fs::read_dir(aside) else { return 0 };
    let lines = |path: std::path::PathBuf| {
        std::fs::read_to_string(path).unwrap_or_default().matches("{\"run\":").count() as u64
    };
    let runs = entries.map(|entry| entry.unwrap().path()).filter(|path| path.to_string_lossy().contains("cell-"));
    runs.map(lines).sum()
}

/// Kills the program after a while, and again, and again; every time it goes on.
#[test]
fn a_sweep_that_is_killed_loses_nothing() {
    let lab = folder();
    assert_eq!(sweep(&lab, &format!("{LONG} --out whole")).code, 0);
    let args: Vec<String> = format!("sweep {LONG} --out killed").split(' ').map(str::to_owned).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (mut kills, mut written) = (0, 0);
    for pause in (0..40).map(|n| 5 + n * 37 % 90) {
        let mut child = lab.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        sleep(Duration::from_millis(pause));
        if child.try_wait().unwrap().is_some() {
            break;
        }
        assert!(Command::new("kill").args(["-KILL", &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
        kills += 1;
        written = written.max(done(&lab));
    }
    assert!(kills > 1 && written > 0, "{kills} kills, {written} runs written");
    // What was being written when it was killed, as it may look.
    for entry in std::fs::read_dir(lab.path("killed/.sweep")).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "jsonl") {
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::write(&path, text + "{\"seed\":17,\"seen\":{\"avail").unwrap();
        }
    }
    let said = sweep(&lab, &format!("{LONG} --out killed"));
    assert_eq!(said.code, 0, "{}", said.err);
    same(&lab, "whole", "killed");
}

#[test]
fn what_was_done_is_not_done_again() {
    let lab = folder();
    let args: Vec<String> =
        format!("sweep {GRID} --seeds 300 --out killed --jobs 1").split(' ').map(str::to_owned).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut child = lab.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while done(&lab) < 50 {
        assert!(child.try_wait().unwrap().is_none(), "it was over too soon");
        sleep(Duration::from_millis(1));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let before = done(&lab);
    assert!(lab.files_in("killed").iter().all(|name| name == ".sweep"), "nothing is there that is not whole");
    let said = Said::of(&lab.command(&args).output().unwrap());
    assert_eq!(said.code, 0, "{}", said.err);
    let known: String =
        said.err.split(" of them done before").next().unwrap().rsplit(' ').next().unwrap().replace(',', "");
    assert!(known.parse::<u64>().unwrap() >= before, "{before}: {}", said.err);
}

/// Nor does it take what another has measured for its own.
#[test]
fn another_programs_results_are_not_its_own() {
    let lab = folder();
    assert_eq!(sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 5 --out kept").code, 0);
    let text = lab.read("kept/cells.json");
    let place = text.rfind("\"digest\": \"").unwrap() + 11;
    let other = if &text[place..=place] == "0" { "1" } else { "0" };
    lab.write("kept/cells.json", &format!("{}{other}{}", &text[..place], &text[place + 1..]));
    let said = sweep(&lab, "lossy.json --vary nodes=3,5 --seeds 5 --out kept");
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("a run of the cell at 5 comes to something else"), "{}", said.err);
}

/// Two programs would write over each other.
#[test]
fn only_one_writes_at_a_time() {
    let lab = folder();
    let args: Vec<String> = format!("sweep {GRID} --seeds 3000 --out shared").split(' ').map(str::to_owned).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut child = lab.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !lab.path("shared/.sweep/sweep.json").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it was over too soon");
        sleep(Duration::from_millis(1));
    }
    let said = Said::of(&lab.command(&args).output().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said.code, 2, "{}", said.err);
    assert!(said.err.contains("another sweep is writing there just now"), "{}", said.err);
}

/// A program that comes to something else than the one which began is not mixed with it.
#[test]
fn another_program_does_not_go_on() {
    let lab = folder();
    let args: Vec<String> =
        format!("sweep {GRID} --seeds 300 --out begun --jobs 1").split(' ').map(str::to_owned).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut child = lab.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let file = lab.path("begun/.sweep/cell-0.jsonl");
    while std::fs::read_to_string(&file).unwrap_or_default().matches('\n').count() < 5 {
        assert!(child.try_wait().unwrap().is_none(), "it was over too soon");
        sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let place = text.find("\"digest\":\"").unwrap() + 10;
    let other = if &text[place..=place] == "0" { "1" } else { "0" };
    std::fs::write(&file, format!("{}{other}{}", &text[..place], &text[place + 1..])).unwrap();
    let said = Said::of(&lab.command(&args).output().unwrap());
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("comes to something else than when it was measured"), "{}", said.err);
    let args: Vec<&str> = args.iter().copied().filter(|arg| *arg != "300").collect();
    let args: Vec<&str> =
        args.iter().copied().filter(|arg| *arg != "--seeds").chain(["--seeds", "5", "--force"]).collect();
    assert_eq!(Said::of(&lab.command(&args).output().unwrap()).code, 0);
}
