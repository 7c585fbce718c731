//! The numbers of equal messages of one turn.

/// Numbers the equal messages of one turn. Forgetting is free: a turn only has to take a new number.
#[derive(Debug, Default)]
pub(crate) struct Ordinals {
    turn: u64,
    /// Messages of this turn.
    sent: usize,
    /// The first of them. Most turns send no second, and never touch the table.
    first: (u64, u64),
    used: usize,
    cells: Vec<(u64, u64, u64)>,
}

impl Ordinals {
    #[inline(always)]
    pub(crate) fn new_turn(&mut self) {
        self.turn += 1;
        self.sent = 0;
        self.used = 0;
    }

    /// How many messages with this hash to this receiver this turn has sent before.
    #[inline(always)]
    pub(crate) fn next(&mut self, to: u64, hash: u64) -> u64 {
        self.sent += 1;
        match self.sent {
            1 => {
                self.first = (to, hash);
                0
            }
            2 => {
                let (first_to, first_hash) = self.first;
                self.count(first_to, first_hash);
                self.count(to, hash)
            }
            _ => self.count(to, hash),
        }
    }

    #[inline(never)]
    fn count(&mut self, to: u64, hash: u64) -> u64 {
        if self.cells.len() < 2 * (self.used + 1) {
            self.grow();
        }
        let key = hash ^ to.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mask = self.cells.len() - 1;
        let mut place = (key >> 32) as usize & mask;
        loop {
            let cell = &mut self.cells[place];
            if cell.0 != self.turn {
                *cell = (self.turn, key, 1);
                self.used += 1;
                return 0;
            }
            if cell.1 == key {
                cell.2 += 1;
                return cell.2 - 1;
            }
            place = (place + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let size = (self.cells.len() * 2).max(16);
        let old = std::mem::replace(&mut self.cells, vec![(0, 0, 0); size]);
        for cell in old.into_iter().filter(|cell| cell.0 == self.turn) {
            let mut place = (cell.1 >> 32) as usize & (size - 1);
            while self.cells[place].0 == self.turn {
                place = (place + 1) & (size - 1);
            }
            self.cells[place] = cell;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_messages_of_one_turn_are_numbered() {
        let mut ordinals = Ordinals::default();
        ordinals.new_turn();
        assert_eq!([ordinals.next(1, 5), ordinals.next(1, 5), ordinals.next(2, 5), ordinals.next(1, 6)], [0, 1, 0, 0]);
        let many: Vec<u64> = (0..1_000).map(|to| ordinals.next(to, 77)).collect();
        assert!(many.iter().all(|&n| n == 0));
        assert_eq!([ordinals.next(999, 77), ordinals.next(1, 5)], [1, 2]);
        ordinals.new_turn();
        assert_eq!(ordinals.next(1, 5), 0);
    }
}
