//! A relay that gives the TCP links between places on one machine the distance between two
//! places on the globe: delay, jitter, bandwidth and loss of contact. For the demo, the
//! benchmarks and the tests; neither end knows of it.
//!
//! ```text
//!   us-east ──► 127.0.0.1:p  [ us-east → eu-west ] ──►  eu-west's real address
//!           ◄──              [ eu-west → us-east ] ◄──
//!                              Path: DelayLine, contact, counters
//! ```
//!
//! Each *link* `(from, to)` is a loopback listener: `from` is told its address as the address of
//! `to`. Each *path* `from → to` is one direction of the cable, shared by all connections that
//! use it: by those `from` opened on their way out, and by those `to` opened on their way back.
//! [`Wan`] runs all of it on a thread of its own, so that the load of the program around it is
//! not measured as distance.
//!
//! Guarantees: bytes are delivered in order, all of them, never earlier than
//! [`LinkShape::delay_min`] after they were sent; opening a connection costs a round trip, as a
//! handshake does; what each direction of a connection holds is bounded, and beyond that the
//! sender is pushed back; dropping the [`Wan`] closes every socket and ends both threads.
//!
//! Deliberately absent: single lost packets (TCP would hide them behind a delay), encryption,
//! and any knowledge of what is carried.

mod alarm;
mod connection;
mod delay_line;
mod error;
mod jitter;
mod lane;
mod link;
mod path;
mod plan;
mod pump;
mod relay;
mod shape;
mod wan;

pub use error::WanError;
pub use link::LinkCounters;
pub use plan::WanPlan;
pub use shape::{LinkShape, ShapeError};
pub use wan::Wan;
