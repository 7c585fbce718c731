//! The world that the kernel simulates, sentence by sentence: turns, disks, links, clocks, groups, clients,
//! targets, budgets and the two phases.

mod clients;
mod clocks;
mod disks;
mod links;
mod support;
mod turns;
