//! The rows that are done, as ranges: there are at most as many gaps as calls were under way.

use std::collections::BTreeMap;

/// A set of row numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// First and last of each range; no two of them touch.
    ranges: BTreeMap<u64, u64>,
    count: u64,
}

impl Done {
    /// Adds a row.
    pub(super) fn insert(&mut self, row: u64) {
        if self.contains(row) {
            return;
        }
        self.count += 1;
        let first = match self.ranges.range(..row).next_back() {
            Some((first, last)) if last + 1 == row => *first,
            Some(_) | None => row,
        };
        let last = self.ranges.remove(&(row + 1)).unwrap_or(row);
        self.ranges.insert(first, last);
    }

    /// Whether a row is among them.
    pub(super) fn contains(&self, row: u64) -> bool {
        self.ranges.range(..=row).next_back().is_some_and(|(_, last)| row <= *last)
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The last one; 0 where there is none.
    pub(super) fn last(&self) -> u64 {
        self.ranges.last_key_value().map_or(0, |(_, last)| *last)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_a_set(rows in proptest::collection::vec(1..40_u64, 0..60)) {
            let mut done = Done::default();
            rows.iter().for_each(|row| done.insert(*row));
            let set: BTreeSet<u64> = rows.iter().copied().collect();
            prop_assert_eq!(done.count(), set.len() as u64);
            prop_assert_eq!(done.last(), set.last().copied().unwrap_or(0));
            for row in 0..42 {
                prop_assert_eq!(done.contains(row), set.contains(&row));
            }
            let ends: Vec<(u64, u64)> = done.ranges.into_iter().collect();
            prop_assert!(ends.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
