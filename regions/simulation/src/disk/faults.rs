//! Which faults are switched on.

use super::Gate;

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th call from now (1 is the next) and every later one fail. A call that changes
    /// something may have done so; a sync has not.
    CrashAtCall(u64),
    /// The n-th `sync_data` from now fails. As with Linux, what it was to make durable then counts
    /// as written, whether or not it is: no later sync makes up for it.
    FailSyncData(u64),
    /// Files together can grow to this many bytes. A write past it is cut short and fails.
    SpaceBytesMax(u64),
    /// Syncs of this kind do nothing and report success.
    Lie(Lie),
}

/// Which syncs lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// `sync_data`.
    SyncData,
    /// `sync_dir`.
    SyncDir,
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    crash_in_calls: Option<u64>,
    fail_in_syncs: Option<u64>,
    pub(super) space_bytes_max: Option<u64>,
    pub(super) lie: Option<Lie>,
    /// Holds every sync.
    pub(super) gate: Option<Gate>,
    /// Holds the next sync.
    pub(super) next_gate: Option<Gate>,
}

impl Faults {
    pub(super) fn inject(&mut self, fault: Fault) {
        match fault {
            Fault::CrashAtCall(calls) => self.crash_in_calls = Some(calls),
            Fault::FailSyncData(syncs) => self.fail_in_syncs = Some(syncs),
            Fault::SpaceBytesMax(bytes) => self.space_bytes_max = Some(bytes),
            Fault::Lie(lie) => self.lie = Some(lie),
        }
    }

    /// The gate before which a sync stands that is about to begin.
    pub(super) fn gate(&mut self) -> Option<Gate> {
        self.next_gate.take().or_else(|| self.gate.clone())
    }

    pub(super) fn heal(&mut self) {
        *self = Self::default();
    }

    /// Whether the call being made now is the one to crash at.
    pub(super) fn crashes_now(&mut self) -> bool {
        count_down(&mut self.crash_in_calls)
    }

    /// Whether the sync being made now is the one to fail.
    pub(super) fn sync_fails_now(&mut self) -> bool {
        count_down(&mut self.fail_in_syncs)
    }
}

fn count_down(left: &mut Option<u64>) -> bool {
    let due = left.is_some_and(|left| left <= 1);
    *left = if due { None } else { left.map(|left| left - 1) };
    due
}
