//! The command line, from outside: the real program, in a folder of its own.

mod account;
mod bugs;
mod exported;
mod gate;
mod history;
mod input;
mod lab;
mod list;
mod panic;
mod replay;
mod report;
mod shrink;
mod sweep;
mod violation;
