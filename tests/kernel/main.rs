//! The world that the kernel simulates, sentence by sentence: turns, disks, links, clocks, groups, clients,
//! targets, budgets and the two phases.

mod budgets;
mod chance;
mod clients;
mod clocks;
mod disks;
mod laws;
mod links;
mod phases;
mod support;
mod targets;
mod turns;
