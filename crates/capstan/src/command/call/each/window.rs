//! Finished rows in the order in which they are written: as they come, or as they were begun.

use std::collections::BTreeMap;

use super::limits::WINDOW_BYTES_MAX;

/// What a finished row takes while it waits.
pub(super) trait Waiting {
    /// Bytes, about.
    fn size(&self) -> usize;
}

/// Finished rows on their way. Their places are numbers without gaps, in the order of their begin.
#[derive(Debug)]
pub(super) struct Window<T> {
    /// The place that is written next; `None` where the order does not matter.
    next: Option<u64>,
    held: BTreeMap<u64, T>,
    /// The places that were added to those since somebody asked.
    new: Vec<u64>,
    bytes: usize,
    begun: u64,
    written: u64,
    rows_max: u64,
}

impl<T: Waiting> Window<T> {
    /// A window that keeps the order. No more than `rows_max` rows lie between the oldest that is
    /// not written and the newest that is begun.
    pub(super) fn ordered(rows_max: u64) -> Self {
        Window { next: Some(0), ..Self::unordered(rows_max) }
    }

    /// A window that lets everything pass at once.
    pub(super) fn unordered(rows_max: u64) -> Self {
        Window { next: None, held: BTreeMap::new(), new: Vec::new(), bytes: 0, begun: 0, written: 0, rows_max }
    }

    /// The place of a row that is begun, where there is room for one.
    pub(super) fn begin(&mut self) -> Option<u64> {
        let has_room = self.begun - self.written < self.rows_max && self.bytes < WINDOW_BYTES_MAX;
        has_room.then(|| {
            self.begun += 1;
            self.begun - 1
        })
    }

    /// Takes a finished row, and gives those whose turn has come.
    pub(super) fn finish(&mut self, place: u64, row: T) -> Vec<T> {
        let Some(next) = &mut self.next else {
            self.written += 1;
            return vec![row];
        };
        if *next != place {
            self.bytes += row.size();
            self.held.insert(place, row);
            self.new.push(place);
            return Vec::new();
        }
        let mut ready = vec![row];
        *next += 1;
        while let Some(row) = self.held.remove(next) {
            self.bytes -= row.size();
            ready.push(row);
            *next += 1;
        }
        self.written += ready.len() as u64;
        ready
    }

    /// The rows that have begun to wait since this was last asked, and still do.
    pub(super) fn newly_held(&mut self) -> impl Iterator<Item = &T> {
        let Window { held, new, .. } = self;
        new.drain(..).filter_map(|place| held.get(&place))
    }

    /// The rows that wait, in order.
    pub(super) fn held(&self) -> impl Iterator<Item = &T> {
        self.held.values()
    }

    /// Bytes of the rows that wait, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Waiting for u64 {
        fn size(&self) -> usize {
            1
        }
    }

    proptest! {
        #[test]
        fn every_row_comes_once_and_in_order(choices in proptest::collection::vec(any::<prop::sample::Index>(), 1..80)) {
            let mut window = Window::ordered(7);
            let (mut open, mut written) = (Vec::new(), Vec::new());
            for choice in choices {
                while let Some(place) = window.begin() {
                    open.push(place);
                }
                prop_assert!(open.len() as u64 + window.held.len() as u64 <= 7);
                let place = open.swap_remove(choice.index(open.len()));
                written.extend(window.finish(place, place));
            }
            for place in open {
                written.extend(window.finish(place, place));
            }
            prop_assert!(window.held.is_empty() && window.bytes == 0);
            prop_assert_eq!(written.clone(), (0..written.len() as u64).collect::<Vec<_>>());
        }
    }

    #[test]
    fn without_an_order_nothing_waits() {
        let mut window = Window::unordered(2);
        assert_eq!((window.begin(), window.begin(), window.begin()), (Some(0), Some(1), None));
        assert_eq!(window.finish(1, 1), [1]);
        assert_eq!(window.begin(), Some(2));
    }

    #[test]
    fn what_waits_is_bounded_in_bytes() {
        struct Large;
        impl Waiting for Large {
            fn size(&self) -> usize {
                WINDOW_BYTES_MAX
            }
        }
        let mut window = Window::ordered(9);
        assert_eq!((window.begin(), window.begin()), (Some(0), Some(1)));
        assert!(window.finish(1, Large).is_empty());
        assert_eq!(window.begin(), None);
        assert_eq!(window.finish(0, Large).len(), 2);
        assert_eq!(window.begin(), Some(2));
    }
}
