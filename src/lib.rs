//! seedstorm: a deterministic fault-injection simulator for distributed protocols.
//!
//! One thread, virtual time, and a single 64-bit seed that decides every partition, delay, crash, disk loss
//! and clock fault of a run. Nodes are deterministic state machines ([`process`]); invariants watch them
//! ([`check`](mod@check)); faults are data ([`fault`]); a run is a [`sim::Sim`].
//!
//! To put a protocol of your own in: write its node as a [`process::Process`], its invariants as
//! [`check::Property`]s and, if it has clients, their [`workload::Workload`]; bundle them in a
//! [`protocol::Protocol`]; and your `main` is
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     seedstorm::cli::run(&[seedstorm::lab::Lab::<MyProtocol>::NEW])
//! }
//! ```

pub mod campaign;
pub mod check;
pub mod cli;
pub mod explained;
pub mod fault;
pub mod ids;
pub mod isolation;
pub mod judged;
pub mod lab;
pub mod linearizability;
mod minimise;
pub mod params;
pub mod process;
pub mod protocol;
mod quiet;
pub mod recorded;
pub mod report;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod time;
pub mod turn;
pub mod workload;

pub use campaign::check;
