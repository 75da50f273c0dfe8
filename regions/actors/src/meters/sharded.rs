//! Meters that many threads write to, in pieces that they do not share.
//!
//! One cache line that every thread adds to costs each of them more than the counting itself.

use core::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The pieces. More threads than that share some.
const SHARDS: usize = 8;

/// A piece on cache lines of its own: two, because they are fetched in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct Apart<T>(T);

/// See the module.
#[derive(Debug)]
pub struct Sharded<T>([Apart<T>; SHARDS]);

thread_local! {
    static SHARD: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The piece of this thread: threads take turns when they first ask.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    SHARD.with(|shard| {
        shard.get().unwrap_or_else(|| {
            let taken = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
            shard.set(Some(taken));
            taken
        })
    })
}

impl<T> Sharded<T> {
    /// Pieces as `make` makes them.
    pub fn new(make: impl Fn() -> T) -> Self {
        Self(core::array::from_fn(|_| Apart(make())))
    }

    /// The piece that this thread writes to.
    pub fn mine(&self) -> &T {
        &self.0[shard()].0
    }

    /// All pieces, to be added up.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|apart| &apart.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Counter;
    use super::*;

    #[test]
    fn what_all_threads_counted_adds_up() {
        let counters = Sharded::new(Counter::default);
        std::thread::scope(|scope| {
            for _ in 0..3 * SHARDS {
                scope.spawn(|| (0..100).for_each(|_| counters.mine().increment()));
            }
        });
        assert_eq!(counters.iter().map(Counter::get).sum::<u64>(), 300 * SHARDS as u64);
    }
}
