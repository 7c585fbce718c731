//! The command `seedstorm`, with the protocols that come with it.

use std::process::ExitCode;

fn main() -> ExitCode {
    seedstorm::cli::run(seedstorm::lab::BUILT_IN)
}
