//! Many seeds of many scenarios on all cores: what CI asks for.
//!
//! A campaign that finds nothing is worth as much as it can show that it looked. So beside what failed ([`Finding`]s:
//! 400 seeds that show one mistake are one finding) it keeps what came about ([`Tally`]), says what should have been
//! seen and was not ([`Shortfall`]), and does a sample of its runs twice ([`Recheck`]). What it comes to is plain data
//! that does not depend on how many cores there are ([`Results`]); the results of shards add up to those of the whole.

pub mod account;
mod check;
mod engine;
mod finding;
pub mod github;
pub mod junit;
pub mod kill;
mod old;
mod recheck;
mod results;
mod run;
mod shortfall;
pub mod shrink;
pub mod stats;
pub mod sweep;
mod tally;

pub use check::{Check, check};
pub use engine::{Done, End, Order, Watch, run};
pub use finding::{Finding, Kept, Shape, Sighting};
pub use old::{Old, Relapse};
pub use recheck::{Difference, Recheck, Sample};
pub use results::{Course, Results, Shard, Unusable, Worst, write_whole};
pub use run::{Job, Run, Verdict};
pub use shortfall::Shortfall;
pub use stats::interval;
pub use tally::{Slowest, Tally};
