//! What a counter may show after what was acknowledged, and what was not.

use std::collections::BTreeSet;

/// What became of the writes to one counter.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub(crate) acknowledged: i64,
    pub(crate) unknown: Vec<i64>,
}

impl Counter {
    /// Whether `shown` is the acknowledged sum and some of the unknown increments.
    pub(crate) fn may_be(&self, shown: i64) -> bool {
        let mut sums = BTreeSet::from([self.acknowledged]);
        for by in &self.unknown {
            let with: Vec<_> = sums.iter().map(|sum| sum + by).collect();
            sums.extend(with);
        }
        sums.contains(&shown)
    }
}

#[test]
fn a_counter_is_what_was_acknowledged_and_some_of_what_is_unknown() {
    let counter = Counter { acknowledged: 10, unknown: vec![5, 20] };
    let possible: Vec<_> = (0..50).filter(|shown| counter.may_be(*shown)).collect();
    assert_eq!(possible, [10, 15, 30, 35]);
}
