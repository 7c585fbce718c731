//! A folder to run the program in, and what it said.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Three replicas, two seconds, a few operations, no faults.
pub(crate) const CALM: &str = r#"{
  "seedstorm": 1,
  "about": "three replicas and nothing wrong",
  "protocol": "raft",
  "nodes": 3,
  "network":  { "latency": ["1ms", "5ms"] },
  "workload": { "kind": "kv", "clients": 2, "ops": 20, "keys": 2, "stands": "apart" },
  "run_for": "2s",
  "settle": "1s"
}
"#;

/// A scenario with much left open, as it is shipped.
pub(crate) fn swarm() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/raft/swarm.json")
}

/// Bugs, each with the property that it breaks under nearly every seed of a scenario made for it.
pub(crate) const CAUGHT: [(&str, &str, &str); 2] = [
    ("vote-amnesia", "one_vote_per_term", include_str!("scenarios/voters-die.json")),
    ("no-log-check", "leader_completeness", include_str!("scenarios/cut-off.json")),
];

pub(crate) struct Lab {
    folder: TempDir,
}

/// What a program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A folder with the calm scenario.
    pub(crate) fn calm() -> Self {
        let lab = Self::new();
        lab.write("calm.json", CALM);
        lab
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The names of all files, also of those that begin with a dot.
    pub(crate) fn files(&self) -> Vec<String> {
        self.files_in(".")
    }

    pub(crate) fn files_in(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program, about to be called in this folder with an environment that says nothing.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.prepared(Command::new(env!("CARGO_BIN_EXE_seedstorm")), args)
    }

    /// The program of an example, in the same way.
    pub(crate) fn example(&self, name: &str, args: &[&str]) -> Command {
        let own = std::env::current_exe().unwrap();
        let program = own.parent().unwrap().with_file_name("examples").join(name);
        let made = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        if made(&program) < made(&own) {
            // Where only some tests were asked for, it is not there, or is an old one.
            let release = if cfg!(debug_assertions) { &[][..] } else { &["--release"] };
            let mut cargo = Command::new(env!("CARGO"));
            cargo.args(["build", "--quiet", "--example", name]).args(release).current_dir(env!("CARGO_MANIFEST_DIR"));
            assert!(cargo.status().unwrap().success());
        }
        self.prepared(Command::new(program), args)
    }

    fn prepared(&self, mut command: Command, args: &[&str]) -> Command {
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        Said::of(&self.command(args).output().unwrap())
    }

    /// Plants a bug in the scenario made for it and runs the first seed that finds it.
    pub(crate) fn caught(&self, bug: &str) -> Caught {
        let &(_, _, scenario) = CAUGHT.iter().find(|(name, ..)| *name == bug).unwrap();
        self.write("scenario.json", scenario);
        for seed in 0..50 {
            let seed = seed.to_string();
            let said = self.run(&["run", "scenario.json", "--bug", bug, "--seed", &seed]);
            if said.code == 1 {
                let reproducer = said.row("reproducer").to_owned();
                return Caught { said, seed, reproducer };
            }
            assert_eq!(said.code, 0, "{}", said.err);
        }
        panic!("{bug} was not found");
    }
}

/// A bug that was found.
pub(crate) struct Caught {
    pub(crate) said: Said,
    pub(crate) seed: String,
    pub(crate) reproducer: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// Standard output as one document, with nothing beside it.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}:\n{}", self.out))
    }

    /// What stands behind this label.
    pub(crate) fn row(&self, label: &str) -> &str {
        let line = self.out.lines().find(|line| line.trim_start().starts_with(label));
        line.unwrap_or_else(|| panic!("no {label:?} in\n{}", self.out)).trim_start()[label.len()..].trim()
    }
}

/// The same text with every number as `#` and every gap as one space, for accounts whose figures may change.
pub(crate) fn without_figures(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' | ',' | '.' if plain.ends_with('#') && c != ',' => {}
            '0'..='9' => plain.push('#'),
            ' ' if plain.ends_with(' ') => {}
            _ => plain.push(c),
        }
    }
    plain.replace("#,#", "#")
}
