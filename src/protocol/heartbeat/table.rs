//! What a node keeps of each that it watches: in itself where these are few, so that a node of a million fits into two
//! lines of the cache.

/// So many fit into the node.
const FEW: usize = 3;

/// Something of each slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Table<T> {
    /// The first so many of these.
    Few(u8, [T; FEW]),
    /// More.
    Many(Box<[T]>),
}

impl<T: Copy + Default> Table<T> {
    pub(super) fn new(slots: u32) -> Self {
        match u8::try_from(slots) {
            Ok(few) if usize::from(few) <= FEW => Self::Few(few, [T::default(); FEW]),
            _ => Self::Many(vec![T::default(); slots as usize].into()),
        }
    }

    #[inline]
    pub(super) fn slots(&self) -> &[T] {
        match self {
            Self::Few(few, slots) => &slots[..usize::from(*few)],
            Self::Many(slots) => slots,
        }
    }

    #[inline]
    pub(super) fn slots_mut(&mut self) -> &mut [T] {
        match self {
            Self::Few(few, slots) => &mut slots[..usize::from(*few)],
            Self::Many(slots) => slots,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_as_many_slots_as_asked_for_wherever_it_is() {
        for slots in [0, 1, 3, 4, 300] {
            let mut table: Table<u64> = Table::new(slots);
            assert_eq!(table.slots(), vec![0; slots as usize]);
            table.slots_mut().fill(7);
            assert_eq!(table.slots(), vec![7; slots as usize]);
        }
        assert_eq!(size_of::<Table<u64>>(), 32);
    }
}
