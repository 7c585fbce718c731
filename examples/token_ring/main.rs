//! Your own protocol, with every command for free: copy this folder, and put your protocol in `protocol.rs`.
//!
//! ```text
//! cargo run --example token_ring -- run examples/token_ring/scenarios/storms.json --seed 7
//! cargo run --example token_ring -- list
//! ```

mod protocol;

use std::process::ExitCode;

use protocol::TokenRing;
use seedstorm::lab::Lab;

fn main() -> ExitCode {
    seedstorm::cli::run(&[Lab::<TokenRing>::NEW])
}
