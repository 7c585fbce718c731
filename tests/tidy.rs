//! Style as a test: who may import whom, what the simulated layers may not touch, how long a file may grow.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules in order of dependency, lowest first: each may import those before it, and itself.
const ORDER: &[&str] = &[
    "ids",
    "time",
    "rng",
    "params",
    "minimise",
    "process",
    "turn",
    "check",
    "isolation",
    "recorded",
    "linearizability",
    "judged",
    "explained",
    "fault",
    "workload",
    "sim",
    "scenario",
    "protocol",
    "quiet",
    "lab",
    "report",
    "campaign",
    "cli",
];

/// What a protocol besides may not import: it must not know what can go wrong.
const HIDDEN_FROM_PROTOCOLS: &[&str] = &["fault", "sim", "scenario"];

/// The layers in which everything is decided by the seed.
const SIMULATED: &[&str] =
    &["ids", "time", "rng", "params", "process", "turn", "check", "isolation", "fault", "workload", "sim", "protocol"];

/// The layers that prepare a run and report it: of floating point and shared state they may have their own.
const AROUND: &[&str] = &["recorded", "linearizability", "judged", "explained", "scenario", "lab", "report"];

const BANNED: &[(&str, &str)] = &[
    ("HashMap", "its order differs from run to run; use BTreeMap or a Vec"),
    ("HashSet", "its order differs from run to run; use BTreeSet or a Vec"),
    ("Instant::now", "the wall clock must not reach a decision"),
    ("std::time", "the wall clock must not reach a decision"),
    ("SystemTime", "the wall clock must not reach a decision"),
    ("thread_rng", "all randomness comes from the seed"),
    ("from_os_rng", "all randomness comes from the seed"),
    ("std::thread", "a run is single-threaded"),
    ("std::env", "the environment must not reach a decision"),
    ("thread_local", "a run owns its world"),
    ("RefCell", "a run owns its world"),
    ("debug_assert", "debug and release must behave alike"),
    (".powi(", "differs between platforms; use libm"),
    (".powf(", "differs between platforms; use libm"),
    (".ln()", "differs between platforms; use libm"),
    (".exp()", "differs between platforms; use libm"),
];

/// Where floating point may appear in the simulated layers: the shapes of latencies, and figures for people.
const FLOATS: &[&str] =
    &["params.rs", "rng/ratio.rs", "time.rs", "fault/draw/swarm.rs", "protocol/heartbeat/phi/quantile.rs"];

const LONGEST_FILE: usize = 600;
/// The compiler's formatter breaks code, and leaves comments alone.
const LONGEST_COMMENT: usize = 120;
const LONGEST_FUNCTION: usize = 60;

struct Source {
    path: PathBuf,
    /// Below `src`, such as `sim/queue.rs`.
    name: String,
    module: String,
    /// Without the unit tests at its end.
    code: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root(), &mut files);
    files.sort();
    let source = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        let module = name.split(['/', '.']).next().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let unit_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].ends_with('{');
        let end = lines.windows(2).position(unit_tests).unwrap_or(lines.len());
        let code = lines[..end].iter().map(ToString::to_string).collect();
        Source { path, name, module, code }
    };
    files.into_iter().map(source).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn is_test(source: &Source) -> bool {
    source.name.ends_with("tests.rs") || source.name.contains("/tests/")
}

fn code_of(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

fn imports(line: &str) -> impl Iterator<Item = &str> {
    code_of(line).split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn complain(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn modules_import_only_what_stands_before_them() {
    let rank = |module: &str| ORDER.iter().position(|&known| known == module);
    let mut faults = Vec::new();
    for source in
        sources().iter().filter(|source| !matches!(source.module.as_str(), "lib" | "main") && !is_test(source))
    {
        let Some(own) = rank(&source.module) else {
            faults.push(format!("{}: {} has no place in the order of modules", source.name, source.module));
            continue;
        };
        for (n, line) in source.code.iter().enumerate() {
            if ["crate::{", "super::super::"].iter().any(|blind| code_of(line).contains(blind)) {
                faults.push(format!("{}:{}: name the module that is imported", source.name, n + 1));
            }
            for import in imports(line) {
                let hidden = source.module == "protocol" && HIDDEN_FROM_PROTOCOLS.contains(&import);
                if rank(import).is_some_and(|theirs| theirs > own) || hidden {
                    faults.push(format!("{}:{}: {} may not import {import}", source.name, n + 1, source.module));
                }
            }
        }
    }
    complain(&faults);
}

#[test]
fn the_simulated_layers_touch_nothing_that_varies() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !is_test(source)) {
        let within = SIMULATED.contains(&source.module.as_str());
        if !within && !AROUND.contains(&source.module.as_str()) {
            continue;
        }
        let banned = |line: &str, word: &str| code_of(line).contains(word) && (within || word != "RefCell");
        for (n, line) in source.code.iter().enumerate() {
            for (word, why) in BANNED.iter().filter(|(word, _)| banned(line, word)) {
                faults.push(format!("{}:{}: {word}: {why}", source.name, n + 1));
            }
            let floats = code_of(line).contains("f64") || code_of(line).contains("f32");
            if within && floats && !FLOATS.contains(&source.name.as_str()) {
                faults.push(format!("{}:{}: floating point does not belong here", source.name, n + 1));
            }
        }
    }
    complain(&faults);
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let allows = |line: &&String| line.contains("#[allow(") || line.contains("#![allow(");
    let all = sources();
    let named =
        all.iter().flat_map(|source| source.code.iter().filter(allows).map(|line| format!("{}: {line}", source.name)));
    complain(&named.collect::<Vec<String>>());
}

/// Whether a function begins on this line, however it is qualified.
fn is_function(trimmed: &str) -> bool {
    let mut words = trimmed.split(' ').skip_while(|word| {
        word.starts_with("pub") || ["const", "async", "unsafe", "extern", "super)", "crate)"].contains(word)
    });
    words.next() == Some("fn")
}

#[test]
fn files_and_functions_stay_short() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| !is_test(source)) {
        if source.code.len() > LONGEST_FILE {
            faults.push(format!("{}: {} lines; split it by idea", source.name, source.code.len()));
        }
        let mut start = None;
        for (n, line) in source.code.iter().enumerate() {
            let trimmed = line.trim_start();
            // Only one that ends on its own line has no body to measure.
            if is_function(trimmed) && !line.ends_with([';', '}']) {
                start = Some((n, line.len() - trimmed.len()));
            }
            if let Some((first, indent)) = start
                && line.len() == indent + 1
                && line.ends_with('}')
            {
                if n - first > LONGEST_FUNCTION {
                    faults.push(format!("{}:{}: a function of {} lines", source.name, first + 1, n - first));
                }
                start = None;
            }
        }
    }
    complain(&faults);
}

#[test]
fn comments_are_as_narrow_as_code() {
    let mut faults = Vec::new();
    for source in sources() {
        let lines = source.code.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("//"));
        let wide = lines.filter(|(_, line)| line.chars().count() > LONGEST_COMMENT);
        faults.extend(wide.map(|(n, _)| format!("{}:{}: a comment too wide", source.path.display(), n + 1)));
    }
    complain(&faults);
}

/// From its first type to its first invariant: settings, messages, timers, facts, node and handlers.
#[test]
fn the_example_of_a_protocol_stays_short() {
    let file = root().with_file_name("examples").join("token_ring/protocol.rs");
    let text = fs::read_to_string(&file).unwrap();
    let from_types = text.split_once("/// The number of a token").unwrap().1;
    let protocol = from_types.split_once("/// **Mutual exclusion**").unwrap().0;
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = protocol.lines().skip(1).filter(is_code).count();
    assert!(lines <= 100, "{lines} lines of code");
}

#[test]
fn every_file_belongs_to_a_module() {
    let all = sources();
    let mut declared: BTreeSet<PathBuf> = ["lib.rs", "main.rs"].iter().map(|name| root().join(name)).collect();
    for source in &all {
        let text = fs::read_to_string(&source.path).unwrap();
        let folder = match source.path.file_stem().unwrap().to_str().unwrap() {
            "lib" | "main" => root(),
            stem => source.path.with_file_name(stem),
        };
        for line in text.lines().map(str::trim) {
            let words = line.strip_suffix(';').and_then(|line| line.split_once("mod "));
            if let Some((before, module)) = words
                && (before.is_empty() || before.starts_with("pub"))
            {
                declared.insert(folder.join(format!("{module}.rs")));
            }
        }
    }
    let orphans = all.iter().filter(|source| !declared.contains(&source.path));
    complain(&orphans.map(|source| format!("{}: no module declares it", source.name)).collect::<Vec<String>>());
}
