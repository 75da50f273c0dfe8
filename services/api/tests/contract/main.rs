//! The REST contract, over real sockets, against a region that keeps its data in a directory of
//! the test's own.
#![expect(clippy::unwrap_used, reason = "what a test sets up either works or fails the test")]

mod backups;
mod bodies;
mod conditions;
mod conflicts;
mod connections;
mod cors;
mod counters;
mod data_types;
mod full_disk;
mod hostile;
mod items;
mod keys;
mod members;
mod metrics;
mod openapi;
mod operators;
mod overload;
mod peers;
mod requests;
mod scan;
mod sessions;
mod support;
mod table_calls;
mod tables;
mod traces;
