//! How often what happened: every fault that the world knows, and every way back that the regions
//! have. One that a whole swarm never takes is not proved by it.

use core::fmt;

macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($variant:ident => $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {
            $(#[doc = $text] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// What it is called.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

counted! {
    /// Something that went wrong in the world.
    FaultKind {
        ProcessKilled => "process killed",
        PowerCut => "power cut",
        CrashAtCall => "crash at a call of the disk",
        CrashInRecovery => "crash during recovery",
        ProcessPaused => "process paused",
        GracefulRestart => "graceful restart",
        SyncFailed => "fdatasync failed",
        DiskLied => "fdatasync that lied",
        DiskFull => "disk full",
        DiskSlow => "slow disk",
        ImageRestored => "old image restored",
        DirectoryLost => "directory lost",
        LinkCut => "link cut both ways",
        LinkCutOneWay => "link cut one way",
        LinkFlapped => "link flapped",
        RegionCutOff => "region cut off from all",
        LinkSlow => "link slowed",
        ConnectionReset => "connection reset",
        FrameDuplicated => "frame duplicated",
        FrameReordered => "frames reordered",
        FrameTruncated => "frame truncated",
        FrameFlipped => "bit flipped in a frame",
        FrameUnknown => "frame of an unknown kind",
        FrameReplayed => "batch replayed",
        ClockSkewed => "clock off",
        ClockJumpedAhead => "clock jumped ahead",
        ClockJumpedBack => "clock jumped back",
        ClockDrifted => "clock drifts",
        LinkPaused => "link paused by an operator",
        AnswerLost => "answer lost on its way to the client",
    }
}

counted! {
    /// A way on which a region goes on all the same.
    PathKind {
        Replayed => "journal replayed at start",
        StateReopened => "state opened with rows",
        Materialized => "layer materialized",
        SegmentReleased => "journal segment released",
        IncarnationConfirmed => "incarnation confirmed by all peers",
        IncarnationMintedUnanswered => "new incarnation: a peer did not answer",
        IncarnationMintedOutdated => "new incarnation: a peer knows more",
        DamageRefused => "damaged directory refused",
        Renewed => "files written anew after a failed sync",
        CleanStop => "clean stop",
        HeldBack => "change held back for its deps",
        Asked => "missing changes asked for",
        Relayed => "another origin's changes relayed",
        Duplicate => "change that was here already",
        FrameRefused => "frame refused",
        ClockAheadRefused => "stream too far ahead refused",
        SilenceEnded => "silent connection given up",
        DialFailed => "dial failed and tried again",
        StorageFull => "write refused for want of room",
        RoomAgain => "room again after a full disk",
        Overloaded => "write refused for a full overlay",
        WaitedForSession => "request waited for its session",
        Forwarded => "request forwarded",
        RefusedStale => "request refused as stale",
        Repeated => "named request answered again",
        ConditionUnmet => "condition unmet",
        OldLivesPulledBack => "own changes of an earlier life pulled back",
        ConflictKept => "lost write kept as a conflict",
        ConflictSettled => "conflict settled",
        SettlementUndone => "what settled a conflict undone",
    }
}

/// Counts of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    faults: Vec<u64>,
    paths: Vec<u64>,
}

impl Default for Coverage {
    fn default() -> Self {
        Self { faults: vec![0; FaultKind::ALL.len()], paths: vec![0; PathKind::ALL.len()] }
    }
}

impl Coverage {
    pub(crate) fn fault(&mut self, fault: FaultKind) {
        self.faults[fault as usize] += 1;
    }

    pub(crate) fn path(&mut self, path: PathKind) {
        self.paths[path as usize] += 1;
    }

    /// Adds what another world counted.
    pub fn add(&mut self, other: &Self) {
        let counts = self.faults.iter_mut().zip(&other.faults);
        for (count, other) in counts.chain(self.paths.iter_mut().zip(&other.paths)) {
            *count += other;
        }
    }

    /// How often each fault fired.
    pub fn faults(&self) -> impl Iterator<Item = (FaultKind, u64)> + '_ {
        FaultKind::ALL.iter().copied().zip(self.faults.iter().copied())
    }

    /// How often each way was taken.
    pub fn paths(&self) -> impl Iterator<Item = (PathKind, u64)> + '_ {
        PathKind::ALL.iter().copied().zip(self.paths.iter().copied())
    }
}
