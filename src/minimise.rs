//! Delta debugging over a list: big pieces first, then smaller ones, then one by one.
//!
//! After Zeller and Hildebrandt (2002), "Simplifying and Isolating Failure-Inducing Input", with two liberties: only
//! complements are tried, and a sweep goes on from where it is instead of beginning anew. What is left over is minimal
//! in the sense that no single item could be taken out.

/// Takes items out as long as what is left over is enough, and leaves the rest in `items`.
pub(crate) fn minimise<T: Clone>(items: &mut Vec<T>, mut is_enough: impl FnMut(&[T]) -> bool) {
    if items.is_empty() || is_enough(&[]) {
        items.clear();
        return;
    }
    let mut size = items.len().div_ceil(2);
    loop {
        let before = items.len();
        sweep(items, size, &mut is_enough);
        match size {
            // What could not go while others were there may go now.
            1 if items.len() < before && items.len() > 1 => {}
            1 => return,
            _ => size = size.div_ceil(2).min(items.len().max(1)),
        }
    }
}

/// Tries to take out each piece of this size, the last first: what comes late moves the least.
fn sweep<T: Clone>(items: &mut Vec<T>, size: usize, is_enough: &mut impl FnMut(&[T]) -> bool) {
    let mut end = items.len();
    while end > 0 {
        let start = end.saturating_sub(size);
        // Nothing at all has been tried already.
        if end - start < items.len() {
            let rest: Vec<T> = items[..start].iter().chain(&items[end..]).cloned().collect();
            if is_enough(&rest) {
                *items = rest;
            }
        }
        end = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimal(len: u32, is_enough: impl Fn(&[u32]) -> bool) -> (Vec<u32>, u32) {
        let mut asked = 0;
        let mut items: Vec<u32> = (0..len).collect();
        minimise(&mut items, |rest| {
            asked += 1;
            is_enough(rest)
        });
        (items, asked)
    }

    #[test]
    fn what_is_needed_is_all_that_is_left() {
        let needed = [3, 50, 51, 97];
        let (left, asked) = minimal(100, |rest| needed.iter().all(|item| rest.contains(item)));
        assert_eq!(left, needed);
        assert!(asked < 100, "{asked} questions");
    }

    #[test]
    fn nothing_is_left_where_nothing_is_needed() {
        assert_eq!(minimal(100, |_| true), (vec![], 1));
        assert_eq!(minimal(0, |_| false), (vec![], 0));
    }

    #[test]
    fn everything_is_left_where_everything_is_needed() {
        let (left, asked) = minimal(7, |rest| rest.len() == 7);
        assert_eq!(left.len(), 7);
        assert!(asked < 20, "{asked} questions");
    }

    #[test]
    fn an_item_that_needs_another_goes_after_it() {
        // Item 0 may go only once 5 is gone.
        let (left, _) = minimal(8, |rest| rest.contains(&2) && (rest.contains(&0) || !rest.contains(&5)));
        assert_eq!(left, [2]);
    }

    #[test]
    fn one_of_several_ways_is_enough() {
        let (left, _) = minimal(64, |rest| rest.iter().filter(|&&item| item % 2 == 0).count() >= 2);
        assert_eq!(left.len(), 2);
    }

    #[test]
    fn any_one_that_is_left_is_needed() {
        // Not monotone: an odd number of items is never enough, unless it is one.
        let is_enough = |rest: &[u32]| rest.contains(&9) && (rest.len() == 1 || rest.len().is_multiple_of(2));
        let (left, _) = minimal(32, is_enough);
        let without = |n: usize| [&left[..n], &left[n + 1..]].concat();
        assert!((0..left.len()).all(|n| !is_enough(&without(n))), "{left:?}");
    }
}
