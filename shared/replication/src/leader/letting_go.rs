//! Letting go of old conflicts, so that what an item keeps of them is bounded.
//!
//! Whoever writes an item and sees more lost writes than it may keep, or some that are too old,
//! names them as replaced in that very delta; those that were settled go before those that are
//! open. What is let go is thereby part of the log: equal vectors have equal conflicts, and a lost
//! write that has not arrived here is never let go unseen. With a restored one goes what it covers,
//! and so does what can be brought forth no more because somebody has written on top.

use core::cmp::Reverse;
use std::collections::BTreeSet;

use tombolo_causality::Dot;
use tombolo_datatypes::{Delta, Element, ItemLimits, ItemState, Mark, Outcome};
use tombolo_resolvers::{Lost, Resolver, ShownValue};

/// What a lost write takes beside its value.
const WRITE_BYTES: usize = 64;

/// How many one delta lets go; the next goes on.
const AT_ONCE_MAX: usize = 1_000;

/// How much longer than a value a delta may become by it.
const MARGIN_BYTES: usize = 16 << 10;

/// Lets `delta`, written at `now_ms` on top of `state`, end what is too much or too old.
pub(super) fn let_go(
    resolver: &dyn Resolver,
    state: &ItemState,
    delta: &mut Delta,
    now_ms: u64,
    limits: &ItemLimits,
) {
    if !state.is_contested() {
        return;
    }
    let marks = state.marks();
    let mut records = resolver.records(state);
    records.sort_by_key(|lost| {
        Reverse((lost.outcome == Outcome::Open, lost.lost.written, lost.element))
    });
    let oldest_ms = now_ms.saturating_sub(limits.conflict_ms_max);
    let (mut kept, mut bytes) = (0, 0);
    let (_, gone): (Vec<_>, Vec<_>) = records.into_iter().partition(|lost| {
        let is_recent = lost.lost.written.stamp.millis() >= oldest_ms;
        let has_room = |bytes: usize| {
            kept < limits.conflicts_max && (kept == 0 || bytes <= limits.conflict_bytes_max)
        };
        bytes += if is_recent { weight(lost) + weight_covered(lost, &marks) } else { 0 };
        let stays = is_recent && has_room(bytes);
        kept += usize::from(stays);
        stays
    });
    let mut room = Room {
        bytes: (limits.value_bytes_max + MARGIN_BYTES).saturating_sub(delta.bytes()),
        writes: AT_ONCE_MAX,
    };
    for lost in gone.iter().rev() {
        room.end(delta, lost.element, lost.lost.written.dot);
    }
    uncover(state, &marks, delta, &mut room);
}

/// How much more a delta may let go.
struct Room {
    bytes: usize,
    writes: usize,
}

impl Room {
    /// Has `delta` end a write, where there is room for that.
    fn end(&mut self, delta: &mut Delta, element: Option<&Element>, dot: Dot) {
        let bytes = self.bytes.checked_sub(Delta::end_bytes(element));
        if let (Some(bytes), Some(writes)) = (bytes, self.writes.checked_sub(1)) {
            (self.bytes, self.writes) = (bytes, writes);
            delta.end(element, dot);
        }
    }
}

/// Ends what is covered and would not come forth by undoing anything that is left.
fn uncover(state: &ItemState, marks: &[Mark<'_>], delta: &mut Delta, room: &mut Room) {
    let is_ended = |delta: &Delta, mark: &Mark<'_>| {
        delta.ended(mark.element).binary_search(&mark.written.dot).is_ok()
    };
    let restored = marks.iter().filter(|mark| mark.settled.outcome == Outcome::Restored);
    let restored: BTreeSet<_> = restored
        .filter(|mark| !is_ended(delta, mark))
        .map(|mark| (mark.element, mark.settled.by))
        .collect();
    let mut covered: Vec<_> =
        marks.iter().filter(|mark| mark.settled.outcome == Outcome::Covered).collect();
    // What covers was written later than what it covers, and is seen to be ended before it.
    covered.sort_by_key(|mark| Reverse(mark.settled.by));
    for mark in covered {
        let (element, by) = (mark.element, mark.settled.by);
        let is_there = state.outcome(element, &by.dot).is_some()
            && delta.ended(element).binary_search(&by.dot).is_err();
        let comes_forth = delta.settling.as_ref().is_some_and(|settling| {
            settling.element.as_ref() == element
                && settling.outcomes.get(&mark.written.dot) == Some(&Outcome::Open)
        });
        let may_come_forth = is_there && restored.contains(&(element, by));
        if !comes_forth && !may_come_forth {
            room.end(delta, element, mark.written.dot);
        }
    }
}

fn weight(lost: &Lost<'_>) -> usize {
    let value = match lost.lost.value {
        Some(ShownValue::Json(text)) => text.as_str().len(),
        _ => 0,
    };
    WRITE_BYTES + value
}

/// What is kept only so that undoing what restored a write brings it forth again.
fn weight_covered(lost: &Lost<'_>, marks: &[Mark<'_>]) -> usize {
    if lost.outcome != Outcome::Restored {
        return 0;
    }
    let here = || marks.iter().filter(|mark| mark.element == lost.element);
    let restored = here().find(|mark| mark.written == lost.lost.written);
    let covered = here().filter(|mark| {
        mark.settled.outcome == Outcome::Covered
            && restored.is_some_and(|restored| restored.settled.by == mark.settled.by)
    });
    covered.map(|mark| WRITE_BYTES + mark.value_bytes).sum()
}
