//! What the owner of a journal may choose.

use super::error::OpenError;

/// 16 MiB: a new segment every few hundred milliseconds at full load, and a restart scans one.
pub const SEGMENT_BYTES_DEFAULT: u64 = 16 << 20;

/// Two: one to become the next segment, one for a burst.
pub const SPARES_MAX_DEFAULT: usize = 2;

/// Below this a segment would hold little besides its head.
pub const SEGMENT_BYTES_MIN: u64 = 4096;

/// How a journal lays out its files.
#[derive(Clone, Debug)]
pub struct JournalOptions {
    /// How large a segment is made, a multiple of 8. Segments of another size, from earlier
    /// settings, remain readable. A payload that does not fit gets a larger segment of its own.
    pub segment_bytes: u64,
    /// How many released segments are kept to be written over again.
    pub spares_max: usize,
    /// A random number that nobody outside can know. A new journal stamps it on every frame for
    /// all its life, so that no payload, however crafted, can pass for a frame; an existing
    /// journal keeps the one it has.
    pub nonce: u64,
}

impl JournalOptions {
    /// The defaults, with this nonce.
    pub fn new(nonce: u64) -> Self {
        Self { segment_bytes: SEGMENT_BYTES_DEFAULT, spares_max: SPARES_MAX_DEFAULT, nonce }
    }

    pub(super) fn check(&self) -> Result<(), OpenError> {
        if self.segment_bytes < SEGMENT_BYTES_MIN || !self.segment_bytes.is_multiple_of(8) {
            return Err(OpenError::SegmentBytes { segment_bytes: self.segment_bytes });
        }
        Ok(())
    }
}
