//! What a region keeps: journal, overlay, state, identity.
//!
//! ```text
//!  leader ─ stage ─▶ Overlay ─ group ─▶ Journal (append, one fdatasync) ─▶ publish ─▶ View
//!                       ▲                   │                                          │
//!                       └── Materializer ◀──┘ replay, shipping (LogReader)        every read
//! ```
//!
//! Durable means: written to the journal and fdatasynced. Everything goes through [`disk`], so
//! that a simulated disk can stand in. redb's types stay inside this crate.

pub mod backup;
mod catching_up;
pub mod disk;
mod error;
#[cfg(test)]
mod hand_driven;
mod identity;
mod item_bytes;
pub mod journal;
mod key_range;
mod layer;
mod log;
mod materializer;
mod overlay;
mod paused_links;
mod readers;
mod reauthored;
mod recent;
mod redb_backend;
mod removal;
mod room;
mod small_file;
mod state;
mod store;
mod suspect;
mod versions;
mod view;
mod writer;

pub use catching_up::CatchingUp;
pub use error::StorageError;
pub use identity::{Identity, LastStop};
pub use key_range::KeyRange;
pub use log::{Found, LogReader, Retained, Run};
pub use materializer::{Installed, Materializer, SealedLayer};
pub use overlay::{Group, Overlay, Retired};
pub use paused_links::PausedLinks;
pub use reauthored::{Reauthored, ReauthoredWriter};
pub use redb_backend::RedbBackend;
pub use removal::Removal;
pub use room::{ROOM_SOUGHT_EVERY, Room, Shortage};
pub use state::Begun;
pub use store::{OverlayOptions, Store, StoreOptions};
pub use view::{ContestedItem, ListingLimits, RequestsBehind, StatesOfSpan, View};
pub use writer::{Append, Applied, Outcome, Published, Writer};
