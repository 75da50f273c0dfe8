//! Letting go of old conflicts, so that what an item keeps of them is bounded.
//!
//! Whoever writes an item and sees more lost writes than it may keep, or some that are too old,
//! names them as replaced in that very delta. What is let go is thereby part of the log: equal
//! vectors have equal conflicts, and a lost write that has not arrived here is never let go
//! unseen.

use core::cmp::Reverse;

use tombolo_datatypes::{Delta, ItemLimits, ItemState};
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
    let mut lost = resolver.lost(state);
    lost.sort_by_key(|lost| Reverse((lost.lost.written, lost.element)));
    let oldest_ms = now_ms.saturating_sub(limits.conflict_ms_max);
    let mut bytes = 0;
    let kept = lost.iter().enumerate().take_while(|(at, lost)| {
        bytes += weight(lost);
        let is_recent = lost.lost.written.stamp.millis() >= oldest_ms;
        is_recent && *at < limits.conflicts_max && (*at == 0 || bytes <= limits.conflict_bytes_max)
    });
    let kept = kept.count();
    let mut room_bytes = (limits.value_bytes_max + MARGIN_BYTES).saturating_sub(delta.bytes());
    for lost in lost.iter().skip(kept).rev().take(AT_ONCE_MAX) {
        match room_bytes.checked_sub(Delta::end_bytes(lost.element)) {
            Some(left) => room_bytes = left,
            None => continue,
        }
        delta.end(lost.element, lost.lost.written.dot);
    }
}

fn weight(lost: &Lost<'_>) -> usize {
    let value = match lost.lost.value {
        Some(ShownValue::Json(text)) => text.as_str().len(),
        _ => 0,
    };
    WRITE_BYTES + value
}
