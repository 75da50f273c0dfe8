//! Looks for a frame at one place in a file.
//!
//! Reads no further than the file's known end and allocates no more than is there, whatever the
//! bytes claim.

use std::io;

use super::frame::{HEADER_BYTES, Header};
use crate::disk::DiskFile;

const CHUNK_BYTES: usize = 256 << 10;

/// The first bytes at `offset`, or `None` where `limit` leaves no room for a header.
pub(super) fn header_bytes(
    file: &dyn DiskFile,
    offset: u64,
    limit: u64,
) -> io::Result<Option<[u8; HEADER_BYTES]>> {
    if offset.checked_add(HEADER_BYTES as u64).is_none_or(|end| end > limit) {
        return Ok(None);
    }
    let mut bytes = [0; HEADER_BYTES];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(Some(bytes))
}

/// The header at `offset`, if the frame it announces ends by `limit`. Not yet checked.
pub(super) fn header(file: &dyn DiskFile, offset: u64, limit: u64) -> io::Result<Option<Header>> {
    let header = header_bytes(file, offset, limit)?.and_then(|bytes| Header::decode(&bytes));
    Ok(header.filter(|header| header.frame_bytes() <= limit - offset))
}

/// The payload of the frame at `offset`, if the checksum agrees.
pub(super) fn payload(
    file: &dyn DiskFile,
    offset: u64,
    header: &Header,
) -> io::Result<Option<Vec<u8>>> {
    let mut payload = vec![0; header.payload_bytes as usize];
    file.read_exact_at(&mut payload, offset + HEADER_BYTES as u64)?;
    let crc = crc32c::crc32c_append(header.header_crc(), &payload);
    Ok((crc == header.crc).then_some(payload))
}

/// Whether the checksum of the frame at `offset` agrees, in bounded memory.
pub(super) fn is_whole(file: &dyn DiskFile, offset: u64, header: &Header) -> io::Result<bool> {
    let mut chunk = vec![0; CHUNK_BYTES.min(header.payload_bytes as usize)];
    let mut crc = header.header_crc();
    let (mut at, mut left) = (offset + HEADER_BYTES as u64, header.payload_bytes as usize);
    while left > 0 {
        let part = left.min(CHUNK_BYTES);
        file.read_exact_at(&mut chunk[..part], at)?;
        crc = crc32c::crc32c_append(crc, &chunk[..part]);
        at += part as u64;
        left -= part;
    }
    Ok(crc == header.crc)
}
