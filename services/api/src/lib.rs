//! The REST contract of one region: tables, items, conflicts, health, links and
//! digests.
//!
//! ```text
//!  socket ─▶ route ─▶ guarantees ─▶ body ─▶ items ─ Command ─▶ region (leader, journal) ─▶ answer
//!            (raw     (what cannot  (bounded,  │
//!             path)    be promised)  strict)   └─ read ─▶ view ─▶ answer
//!                                any step ─▶ Problem ─▶ application/problem+json
//! ```
//!
//! - Everything from outside is bounded in bytes and in time, and refused with a status, a stable
//!   code, and what became of it; one table maps every refusal.
//! - What the contract has and this version does not is refused by name, never ignored.
//! - Values pass through as the text in which they were sent.
//!
//! What a framework answers before a request reaches us (a head that is no HTTP or too long) has a
//! status and no body. Nothing here decides anything about data: that is the region's.

mod api;
mod backups;
pub mod bodies;
mod body;
mod caller;
mod conditions;
mod conflicts;
mod cors;
mod definition;
mod digests;
mod freshness;
mod guarantees;
mod history;
mod item_json;
mod items;
mod language;
mod links;
mod members;
mod metrics;
mod naming;
mod openapi;
mod own_hosts;
mod pages;
mod patch;
mod percent;
mod problem;
mod query;
mod region;
mod reply;
mod rfc3339;
mod route;
mod scan;
mod server;
mod tables;
mod traces;
mod unread;
mod verify;

pub use api::Api;
pub use rfc3339::text as rfc3339;
pub use server::{Listeners, Serving, serve};
