//! The REST contract, over real sockets, against a region that keeps its data in a directory of
//! the test's own.
#![expect(clippy::unwrap_used, reason = "what a test sets up either works or fails the test")]

mod bodies;
mod cors;
mod counters;
mod hostile;
mod items;
mod keys;
mod metrics;
mod openapi;
mod operators;
mod overload;
mod peers;
mod requests;
mod support;
mod tables;
mod traces;
