//! Batches: consecutive changes of one stream, packed together because they resemble each other.

use tombolo_causality::ReplicaId;
use tombolo_replication::intake::Batch;
use tombolo_replication::{RunningHash, SealedChange};

use super::BatchFrame;
use crate::envelope::{append_prefixed, bytes_of, length, take_prefixed};
use crate::rules::at_most;
use crate::{DecodeError, EncodeError, decode_change};

const MALFORMED: DecodeError = DecodeError::Malformed { what: "batch" };

impl BatchFrame {
    /// Packs the encoded changes of one stream.
    pub fn pack<'a>(
        origin: ReplicaId,
        hash_before: RunningHash,
        changes: impl Iterator<Item = &'a [u8]>,
        compression_level: i32,
    ) -> Result<Self, EncodeError> {
        let mut plain = Vec::new();
        for bytes in changes {
            append_prefixed("a change", &mut plain, bytes)?;
        }
        let unpacked_bytes = length("an unpacked batch", plain.len())?;
        let packed = zstd::bulk::compress(&plain, compression_level)
            .map_err(|_| EncodeError::Compression)?;
        Ok(Self { origin, hash_before, unpacked_bytes, packed })
    }

    /// Unpacks and decodes the changes.
    ///
    /// What the frame claims to unpack to is held against `unpacked_bytes_max` before anything is
    /// allocated, and what it does unpack to against the claim. That the changes are of `origin`
    /// and have no gap is the intake's to check.
    pub fn unpack(&self, unpacked_bytes_max: usize) -> Result<Batch, DecodeError> {
        let claimed = bytes_of(self.unpacked_bytes);
        at_most("bytes of an unpacked batch", claimed, unpacked_bytes_max)?;
        let plain = zstd::bulk::decompress(&self.packed, claimed).map_err(|_| MALFORMED)?;
        if plain.len() != claimed {
            return Err(MALFORMED);
        }
        let mut changes = Vec::new();
        let mut rest = &*plain;
        while !rest.is_empty() {
            let (bytes, after) = take_prefixed(rest)?;
            changes.push(SealedChange { change: decode_change(bytes)?, bytes: bytes.into() });
            rest = after;
        }
        Ok(Batch { origin: self.origin, hash_before: self.hash_before, changes })
    }
}
