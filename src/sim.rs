//! The simulator.
pub mod world;
