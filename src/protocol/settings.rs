//! Checks of settings that protocols with majorities and leaders have in common.

use super::{ParamError, Setup};
use crate::process::Voters;
use crate::time::Span;

/// Whether the first group has nodes, and all nodes can be counted. `what` is counted of them.
pub(super) fn check_nodes<T>(setup: &Setup<'_, T>, protocol: &str, what: &str) -> Result<(), ParamError> {
    let nodes = setup.cast.len();
    if setup.cast.groups().first().is_none_or(|group| group.members.is_empty()) {
        return Err(ParamError::new("", format!("{protocol} needs at least one node")));
    }
    if nodes > Voters::MAX {
        let message = format!("{protocol} counts {what} of at most {} nodes, not {nodes}", Voters::MAX);
        return Err(ParamError::new("", message));
    }
    Ok(())
}

/// Whether a leader with this heartbeat can stay in office among nodes that wait so long. `fate` is what happens to it
/// otherwise.
pub(super) fn check_times([low, high]: [Span; 2], heartbeat: Span, fate: &str) -> Result<(), ParamError> {
    if low > high {
        let message = format!("the range {low} to {high} is empty; write the shorter time first");
        return Err(ParamError::new("election_timeout", message));
    }
    if heartbeat == Span::ZERO {
        return Err(ParamError::new("heartbeat", "a heartbeat needs an interval over 0"));
    }
    if heartbeat >= low {
        let message = format!(
            "{heartbeat} is not shorter than the shortest election timeout ({low}): followers would {fate} every leader"
        );
        return Err(ParamError::new("heartbeat", message));
    }
    Ok(())
}

/// Whether each of these is at least one.
pub(super) fn check_sizes(sizes: &[(&str, u32)]) -> Result<(), ParamError> {
    match sizes.iter().find(|&&(_, size)| size == 0) {
        Some((field, _)) => Err(ParamError::new(field, "nothing would ever be sent with 0; give at least 1")),
        None => Ok(()),
    }
}
