//! What is noted of each member at each member.

use crate::process::NodeId;

/// Something of each pair of members. Rows come into being when there is something to note: detectors that are no SWIM
/// have none.
#[derive(Debug)]
pub(super) struct Grid<T> {
    members: usize,
    rows: Vec<Vec<T>>,
}

impl<T: Copy + Default> Grid<T> {
    /// Nothing noted among so many members.
    pub(super) fn new(members: u32) -> Self {
        Self { members: members as usize, rows: Vec::new() }
    }

    /// What is noted of that member at this one.
    #[inline]
    pub(super) fn at(&mut self, at: NodeId, of: NodeId) -> &mut T {
        if self.rows.is_empty() {
            self.rows.resize(self.members, Vec::new());
        }
        let row = &mut self.rows[at.index()];
        if row.is_empty() {
            row.resize(self.members, T::default());
        }
        &mut row[of.index()]
    }

    /// This member begins anew.
    pub(super) fn forget(&mut self, at: NodeId) {
        if let Some(row) = self.rows.get_mut(at.index()) {
            *row = Vec::new();
        }
    }
}
