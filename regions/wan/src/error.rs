//! What can go wrong with a relay as a whole. What goes wrong with one connection ends that
//! connection, as it would on a real link.

use std::io;
use std::net::SocketAddr;

use crate::shape::ShapeError;

/// Why a relay was not started or an instruction to it was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WanError {
    /// The plan links a place that it does not name.
    #[error("the plan has a link of {place}, but no such place")]
    UnknownPlace {
        /// The name in the link.
        place: String,
    },
    /// The plan has a path in one direction only; a connection needs both.
    #[error("there is a path from {from} to {to}, but none back")]
    NoWayBack {
        /// Where the path begins.
        from: String,
        /// Where it ends.
        to: String,
    },
    /// The plan gives a port to a link that it does not have, or the relay was asked about one.
    #[error("there is no link from {from} to {to}")]
    UnknownLink {
        /// Where the link would begin.
        from: String,
        /// Where it would end.
        to: String,
    },
    /// A path cannot have this shape.
    #[error("the path from {from} to {to} cannot be shaped like this")]
    Shape {
        /// Where the path begins.
        from: String,
        /// Where it ends.
        to: String,
        /// What is wrong with it.
        source: ShapeError,
    },
    /// The listener of a link could not be opened.
    #[error("cannot listen at {address} for the link from {from} to {to}")]
    Listen {
        /// Where the link begins.
        from: String,
        /// Where it ends.
        to: String,
        /// The address; port 0 stands for any.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system gave no thread or no reactor to run the relay.
    #[error("cannot run the relay")]
    Run {
        /// What the system says.
        source: io::Error,
    },
}
