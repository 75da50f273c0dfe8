//! What is going to happen, in the order of time; what was planned first comes first at one time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

#[derive(Debug)]
struct Planned<E> {
    at: (u64, u64),
    event: E,
}

impl<E> PartialEq for Planned<E> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<E> Eq for Planned<E> {}

impl<E> PartialOrd for Planned<E> {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Planned<E> {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

/// See the module. Time is in µs since the world began.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    planned: BinaryHeap<Reverse<Planned<E>>>,
    count: u64,
}

impl<E> Queue<E> {
    pub(crate) fn new() -> Self {
        Self { planned: BinaryHeap::new(), count: 0 }
    }

    /// Plans `event` for `at_us`.
    pub(crate) fn plan(&mut self, at_us: u64, event: E) {
        self.count += 1;
        self.planned.push(Reverse(Planned { at: (at_us, self.count), event }));
    }

    /// The next event with its time.
    pub(crate) fn next(&mut self) -> Option<(u64, E)> {
        self.planned.pop().map(|Reverse(planned)| (planned.at.0, planned.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_the_order_of_time_and_then_of_planning() {
        let mut queue = Queue::new();
        queue.plan(2, "c");
        queue.plan(1, "a");
        queue.plan(2, "d");
        queue.plan(1, "b");
        let order: Vec<_> = core::iter::from_fn(|| queue.next()).collect();
        assert_eq!(order, [(1, "a"), (1, "b"), (2, "c"), (2, "d")]);
    }
}
