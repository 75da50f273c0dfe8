//! How much one encoding may hold. Writers and readers refuse more alike.
//!
//! Bytes are not bounded here: whoever reads from outside bounds them first, with the limits that
//! [`FrameHeader::decode`](crate::FrameHeader::decode) and
//! [`BatchFrame::unpack`](crate::BatchFrame::unpack) are given.

/// Replicas that one encoding may name: the entries of a vector, the streams of a region.
pub const STREAMS_MAX: usize = 1024;

/// Item deltas of one change, or tables of one stub.
pub const ITEMS_MAX: usize = 4096;

/// Dots that one delta may replace in one place: of the item, or of one element of a set.
pub const REPLACED_MAX: usize = 4096;

/// Versions that one condition may name.
pub const VERSIONS_MAX: usize = 16;

/// Peers of whom one heartbeat may tell.
pub const HOLDERS_MAX: usize = 64;

/// Headers of one forwarded request or answer.
pub const HEADERS_MAX: usize = 64;

/// Items that one frame of a comparison lists or offers.
pub const LISTED_MAX: usize = 1024;
