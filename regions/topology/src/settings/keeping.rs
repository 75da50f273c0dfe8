//! `[clock]`, `[leader]`, `[items]`, `[journal]`, `[overlay]`, `[state]`: how writes are stamped,
//! decided, made durable and kept.

use std::time::Duration;

use super::reference::Allowed;
use super::section::{range, section};

section! {
    /// What the region takes the time to be. For tests: in earnest the machine's clock is set right.
    "clock" Clock {
        /// What is added to the machine's clock. All regions of one process have the same.
        "offset_ms" offset_ms: i64 [Milliseconds] = 0, Allowed::Around { max: 86_400_000 };
    }
}

section! {
    /// How writes are gathered and decided.
    "leader" Leader {
        /// Commands that wait to be decided; past it requests are answered 503 with Retry-After.
        "mailbox_commands_max" mailbox_commands_max: usize [Count] = 1_024, range(1, 1 << 20);
        /// Changes that share one write to the journal.
        "group_changes_max" group_changes_max: usize [Count] = 512, range(1, 65_536);
        /// Bytes of changes that share one write to the journal.
        "group_bytes_max" group_bytes_max: usize [Bytes] = 4 << 20, range(64 << 10, 64 << 20);
        /// How far ahead of this region's clock a change may be stamped before its stream pauses.
        "clock_skew_ms_max" clock_skew_max: Duration [Milliseconds] = Duration::from_secs(1),
            range(10, 3_600_000);
    }
}

section! {
    /// How much of one item there may be.
    "items" Items {
        /// Values that may stand side by side in a `siblings` table; a put that would leave more
        /// is answered 409.
        "siblings_max" siblings_max: usize [Count] = 100, range(1, 1_000);
        /// Conflicts of one item, open and settled; the next write to it lets go of the earliest
        /// beyond, first of those that were settled.
        "conflicts_max" conflicts_max: usize [Count] = 100, range(1, 1_000);
        /// Bytes of the lost values of one item, one of any size aside.
        "conflict_bytes_max" conflict_bytes_max: usize [Bytes] = 4 << 20,
            range(1 << 10, 64 << 20);
        /// How long a conflict is kept; the next write to its item after that lets it go.
        "conflict_retention_s" conflict_retention: Duration [Seconds] =
            Duration::from_hours(30 * 24), range(1, 10 * 366 * 86_400);
    }
}

section! {
    /// What is remembered of requests with an Idempotency-Key.
    "requests" Requests {
        /// How long a repetition is answered as the first was.
        "idempotency_ttl_s" idempotency_ttl: Duration [Seconds] = Duration::from_hours(24),
            range(1, 366 * 86_400);
        /// Memory for what is remembered of them; past it new keys are answered 429, and none is
        /// forgotten early.
        "idempotency_bytes_max" idempotency_bytes_max: usize [Bytes] = 64 << 20,
            range(1 << 10, 16 << 30);
    }
}

section! {
    /// The log of changes: what makes a write durable, and what is shipped to other regions.
    "journal" Journal {
        /// The length of one file, reserved when it is begun.
        "segment_bytes" segment_bytes: u64 [Bytes] = 16 << 20, range(128 << 10, 1 << 30);
        /// What all files together may take. Past it a peer that is away needs a snapshot when it
        /// returns.
        "journal_bytes_max" journal_bytes_max: u64 [Bytes] = 8 << 30, range(512 << 10, 16 << 40);
    }
}

section! {
    /// What is durable in the journal and not yet in the state file, held in memory.
    "overlay" Overlay {
        /// The size at which a layer is sealed and handed to the materializer.
        "seal_bytes" seal_bytes: usize [Bytes] = 64 << 20, range(64 << 10, 4 << 30);
        /// Sealed layers that wait to be materialized; past it writes are answered 503 with
        /// Retry-After.
        "sealed_layers_max" sealed_layers_max: usize [Count] = 2, range(1, 64);
        /// What a layer may stand for in the journal before it is sealed: what a restart reads
        /// again, for each layer that is not in the state file.
        "replay_bytes" replay_bytes: usize [Bytes] = 64 << 20, range(64 << 10, 4 << 30);
        /// Memory for the states of the items that were written last, which the next writes to
        /// them find without a search.
        "recent_bytes_max" recent_bytes_max: usize [Bytes] = 64 << 20, range(0, 1 << 40);
    }
}

section! {
    /// The state file: every item as it stands.
    "state" State {
        /// Memory for its pages.
        "cache_bytes" cache_bytes: usize [Bytes] = 64 << 20, range(1 << 20, 1 << 40);
    }
}
