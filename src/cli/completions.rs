//! `completions`: what shells need to know of the command line.

use clap_complete::Shell;

use super::console::Console;
use super::exit::Exit;

/// Prints completions for a shell
///
/// For bash: seedstorm completions bash > ~/.local/share/bash-completion/completions/seedstorm
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

pub(super) fn act(args: &Args, console: &mut Console) -> Exit {
    let mut script = Vec::new();
    let path = std::env::args_os().next().unwrap_or_default();
    let name = std::path::Path::new(&path).file_stem().map(|name| name.to_string_lossy().into_owned());
    clap_complete::generate(
        args.shell,
        &mut super::command(),
        name.unwrap_or_else(|| "seedstorm".to_owned()),
        &mut script,
    );
    console.put(&String::from_utf8_lossy(&script));
    Exit::Holds
}
