//! The binary as it is run: real processes, sockets, signals, disks and distances.
//!
//! Every test starts processes of its own on ports and directories of its own, waits for what it
//! can ask for instead of for a time, and leaves nothing behind, also when it fails. They run one
//! after the other: several facts hold within a stated time, which a crowded machine would deny.
#![expect(clippy::unwrap_used, reason = "what a test sets up either works or fails the test")]
#![expect(clippy::panic, reason = "a condition that is never met fails the test")]

mod altering;
mod backups;
mod catch_up;
mod clock_skew;
mod clocks;
mod commands;
mod conflict;
mod conflict_log;
mod demo;
mod every_type;
mod forks;
mod hostile;
mod identity;
mod kill;
mod members;
mod mixed_load;
mod named_requests;
mod named_table_calls;
mod partial_cut;
mod roaming;
mod sessions;
mod slow_link;
mod stop;
mod support;
mod values;
mod verify;
