//! seedstorm: a deterministic fault-injection simulator for distributed protocols.
pub mod check;
pub mod fault;
pub mod ids;
pub mod lab;
pub mod params;
pub mod process;
pub mod protocol;
pub mod rng;
pub mod scenario;
pub mod sim;
pub mod time;
pub mod turn;
pub mod workload;

pub use lab::check;
