//! Transactions on lists: whether they are serializable.

use std::time::Instant;

use super::Read;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::patience::Patience;
use crate::judged;
use crate::recorded::ReadError;
use crate::report::layout::many;
use crate::report::transactions::{self, Transactions};

pub(super) fn act(source: &str, read: &Read, console: &mut Console) -> Result<Exit, ReadError> {
    let Read { format, failed, tally, operations } = read;
    let start = Instant::now();
    let all = many(operations.len() as u64, "transaction");
    let patience = Patience::with(&format!("judging {all}"));
    let lists = judged::list_append(operations)?;
    drop(patience);
    console.note(&format!("{all} judged in {:.3} s", start.elapsed().as_secs_f64()));
    let exit = match (lists.anomalies.is_empty(), lists.is_whole) {
        (true, true) => Exit::Holds,
        (true, false) => Exit::Unknown,
        (false, _) => Exit::Safety,
    };
    let shown = Transactions { source, format: *format, failed: *failed, tally, operations, lists: &lists };
    if console.is_json() {
        console.document(&shown.document(exit.code()));
    } else {
        console.say(&transactions::text(&shown, console.ink()));
    }
    Ok(exit)
}
