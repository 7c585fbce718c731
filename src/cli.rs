//! The command line. A user's own program gets all of it for his own protocols:
//! `fn main() -> ExitCode { seedstorm::cli::run(&[Lab::<MyProtocol>::NEW]) }`.
//!
//! One file per command. This is the only layer that prints: accounts go to standard output, everything else to
//! standard error, and what they say comes from [`report`](crate::report).

mod bugs;
mod completions;
mod console;
mod corpus;
mod digests;
mod exit;
mod findings;
mod gate;
mod history;
mod interrupt;
mod keep;
mod launch;
mod list;
mod merge;
mod output;
mod outputs;
mod patience;
mod progress;
mod replay;
mod run;
mod schema;
mod shell;
mod shrink;
mod stop;
mod sweep;
mod sweep_files;
mod telling;
mod watch;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::lab::Experiment;
use console::Console;
pub use exit::Exit;
use stop::Stop;

/// A deterministic fault-injection simulator: one seed decides every partition, delay, crash and clock fault of a run.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Replay(replay::Args),
    Gate(gate::Args),
    Sweep(sweep::Args),
    Merge(merge::Args),
    Bugs(bugs::Args),
    Digests(digests::Args),
    Shrink(shrink::Args),
    History(history::Args),
    List(list::Args),
    Schema(schema::Args),
    Completions(completions::Args),
}

/// Runs the command that the program was called with, for these protocols.
#[must_use]
pub fn run(experiments: &[&dyn Experiment]) -> ExitCode {
    let matches = command().try_get_matches();
    let cli = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => return misread(&error),
    };
    // From the first moment: what a command has begun is not to be cut off in the middle.
    interrupt::watched();
    let mut console = cli.command.console();
    let exit = match cli.command.act(experiments, &mut console) {
        Ok(exit) => exit,
        Err(stop) => console.refuse(&stop),
    };
    let exit = console.close(exit);
    let exit_code = if cli.command.bisects() { exit.for_bisect() } else { exit.code() };
    ExitCode::from(exit_code)
}

fn command() -> clap::Command {
    Cli::command().after_help(exit::table())
}

/// What was asked is help, the version, or not understood.
fn misread(error: &clap::Error) -> ExitCode {
    // A reader that has gone away is no reason to fail.
    let _ = error.print();
    if !error.use_stderr() {
        return ExitCode::SUCCESS;
    }
    let args = || std::env::args_os().skip(1).take_while(|arg| arg != "--");
    if args().any(|arg| arg == "--json") {
        let message = error.to_string();
        let message = message.strip_prefix("error: ").unwrap_or(&message).trim_end().to_owned();
        Console::json().close_with(&Stop::input(message));
    }
    let exit = Exit::Input;
    ExitCode::from(if args().any(|arg| arg == "--bisect") { exit.for_bisect() } else { exit.code() })
}

impl Command {
    fn console(&self) -> Console {
        match self {
            Self::Run(args) => args.output.console(),
            Self::Replay(args) => args.output.console(),
            Self::Gate(args) => Console::new(args.outputs.json),
            Self::Sweep(args) => Console::new(args.json),
            Self::Merge(args) => Console::new(args.outputs.json),
            Self::Bugs(args) => Console::new(args.json),
            Self::Shrink(args) => Console::new(args.json),
            Self::History(args) => Console::new(args.json),
            Self::List(args) => Console::new(args.json),
            Self::Digests(_) | Self::Schema(_) | Self::Completions(_) => Console::new(false),
        }
    }

    fn bisects(&self) -> bool {
        match self {
            Self::Run(args) => args.output.bisect,
            Self::Replay(args) => args.output.bisect,
            Self::Gate(_) | Self::Sweep(_) | Self::Merge(_) | Self::Bugs(_) | Self::Digests(_) => false,
            Self::Shrink(_) | Self::History(_) | Self::List(_) | Self::Schema(_) | Self::Completions(_) => false,
        }
    }

    fn act(&self, experiments: &[&dyn Experiment], console: &mut Console) -> Result<Exit, Stop> {
        match self {
            Self::Run(args) => run::act(args, experiments, console),
            Self::Replay(args) => replay::act(args, experiments, console),
            Self::Gate(args) => gate::act(args, experiments, console),
            Self::Sweep(args) => sweep::act(args, experiments, console),
            Self::Merge(args) => merge::act(args, experiments, console),
            Self::Bugs(args) => bugs::act(args, experiments, console),
            Self::Digests(args) => digests::act(args, experiments, console),
            Self::Shrink(args) => shrink::act(args, experiments, console),
            Self::History(args) => history::act(args, console),
            Self::List(args) => list::act(args, experiments, console),
            Self::Schema(args) => Ok(schema::act(args, experiments, console)),
            Self::Completions(args) => Ok(completions::act(args, console)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_are_consistent() {
        command().debug_assert();
    }
}
