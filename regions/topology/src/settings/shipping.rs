//! `[replication]`: how changes travel to the other regions, and what is taken from them.

use std::time::Duration;

use super::section::{range, section};

section! {
    /// How changes travel between regions.
    "replication" Replication {
        /// How often a region tells each peer how far it has come, when it has nothing else to say.
        "heartbeat_ms" heartbeat: Duration [Milliseconds] = Duration::from_millis(100),
            range(10, 10_000);
        /// How long a peer may be silent before its circuit breaker opens.
        "silence_ms_max" silence_max: Duration [Milliseconds] = Duration::from_secs(1),
            range(100, 600_000);
        /// How long dialling a peer may take.
        "dial_timeout_ms" dial_timeout: Duration [Milliseconds] = Duration::from_secs(2),
            range(50, 60_000);
        /// How long after a failure a peer is dialled again, at first. It doubles from one failure
        /// to the next, with jitter.
        "backoff_ms_min" backoff_min: Duration [Milliseconds] = Duration::from_millis(50),
            range(1, 60_000);
        /// How long after a failure a peer is dialled again, at most.
        "backoff_ms_max" backoff_max: Duration [Milliseconds] = Duration::from_secs(5),
            range(10, 600_000);
        /// The size that a batch of changes aims at, before compression. One large change may
        /// exceed it.
        "batch_bytes" batch_bytes: usize [Bytes] = 256 << 10, range(4 << 10, 16 << 20);
        /// What may be under way to one peer and not yet acknowledged.
        "window_bytes_max" window_bytes_max: usize [Bytes] = 8 << 20, range(4 << 10, 1 << 30);
        /// The longest frame that is taken from a peer, after decompression; a longer one closes
        /// the connection.
        "frame_bytes_max" frame_bytes_max: usize [Bytes] = 24 << 20, range(64 << 10, 256 << 20);
        /// What may wait here for changes that it depends on. Past it the furthest are dropped and
        /// asked for again.
        "held_back_bytes_max" held_back_bytes_max: usize [Bytes] = 64 << 20,
            range(64 << 10, 16 << 30);
        /// How hard batches are compressed, in zstd's levels.
        "compression_level" compression_level: i32 [None] = 1, range(1, 19);
        /// How long an unclean start waits for every peer to say how far it knows this region,
        /// before it goes on under a new incarnation.
        "identity_check_ms" identity_check: Duration [Milliseconds] = Duration::from_secs(2),
            range(100, 600_000);
        /// How long a table's definition waits to be confirmed by all regions.
        "definition_timeout_ms" definition_timeout: Duration [Milliseconds] =
            Duration::from_secs(5), range(100, 600_000);
        /// Requests at a time that each peer answers for this region, and this region for each
        /// peer; past it they are not forwarded.
        "forwards_in_flight_max" forwards_in_flight_max: usize [Count] = 64, range(1, 65_536);
        /// How long a peer may take to answer a forwarded request, beside what the request itself
        /// waits for.
        "forward_timeout_ms" forward_timeout: Duration [Milliseconds] = Duration::from_secs(3),
            range(50, 600_000);
        /// Connections at a time that have not yet said who they are.
        "unauthenticated_connections_max" unauthenticated_connections_max: usize [Count] = 64,
            range(1, 65_536);
        /// How long a connection may take to say who it is.
        "hello_timeout_ms" hello_timeout: Duration [Milliseconds] = Duration::from_secs(5),
            range(100, 60_000);
    }
}
