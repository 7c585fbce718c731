//! What is noted of each member at each member.

use crate::process::NodeId;

/// Something of each pair of members. A member's row comes into being when there is something to note at it: detectors
/// that are no SWIM have none.
#[derive(Debug)]
pub(super) struct Grid<T> {
    rows: Vec<Vec<T>>,
}

impl<T: Copy + Default> Grid<T> {
    /// Nothing noted among so many members.
    pub(super) fn new(members: u32) -> Self {
        Self { rows: vec![Vec::new(); members as usize] }
    }

    /// What is noted of that member at this one.
    #[inline]
    pub(super) fn at(&mut self, at: NodeId, of: NodeId) -> &mut T {
        let count = self.rows.len();
        let row = &mut self.rows[at.index()];
        if row.is_empty() {
            row.resize(count, T::default());
        }
        &mut row[of.index()]
    }

    /// This member begins anew.
    pub(super) fn forget(&mut self, at: NodeId) {
        self.rows[at.index()] = Vec::new();
    }
}
