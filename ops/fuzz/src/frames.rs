//! What a peer may send: frames on a connection, batches, the changes in them.

use tombolo_causality::{Incarnation, RegionId, ReplicaId};
use tombolo_protocol::{
    BatchFrame, DecodeError, FRAME_HEADER_BYTES, Frame, FrameError, FrameHeader, change_dot,
    decode_change, decode_frame, encode_frame, seal,
};
use tombolo_replication::RunningHash;

use crate::property::{check_clear, check_comes_back};

const FRAME_BYTES_MAX: usize = 1 << 20;
const UNPACKED_BYTES_MAX: usize = 1 << 20;

/// Reads `bytes` as a connection would, then as the content of a frame whose header fits, then as a
/// change that a peer has packed: what a checksum keeps out by chance it does not keep out by will.
pub fn frames(bytes: &[u8]) {
    connection(bytes);
    connection(&framed(bytes));
    packed(bytes);
}

/// All frames that `bytes` hold, until one is refused or is not all there.
fn connection(mut bytes: &[u8]) {
    while let Some((header, rest)) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>() {
        let header = match FrameHeader::decode(*header, FRAME_BYTES_MAX) {
            Ok(header) => header,
            Err(error) => return check_clear(&error),
        };
        assert!(header.payload_bytes <= FRAME_BYTES_MAX, "a header passes its bound");
        let Some((payload, after)) = rest.split_at_checked(header.payload_bytes) else { return };
        match decode_frame(header, payload) {
            Ok(frame) => check_frame(&frame),
            Err(error) => return check_clear(&error),
        }
        bytes = after;
    }
}

fn check_frame(frame: &Frame) {
    check_comes_back(frame, encode_frame, |encoded| read(encoded));
    if let Frame::Batch(batch) = frame {
        check_batch(batch);
    }
}

fn read(bytes: &[u8]) -> Result<Frame, FrameError> {
    let ends_early = FrameError::Decode(DecodeError::EndsEarly);
    let (header, payload) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>().ok_or(ends_early)?;
    decode_frame(FrameHeader::decode(*header, usize::MAX)?, payload)
}

fn check_batch(batch: &BatchFrame) {
    let unpacked = match batch.unpack(UNPACKED_BYTES_MAX) {
        Ok(unpacked) => unpacked,
        Err(error) => return check_clear(&error),
    };
    let bytes: usize = unpacked.changes.iter().map(|sealed| sealed.bytes.len() + 4).sum();
    assert_eq!(u32::try_from(bytes), Ok(batch.unpacked_bytes), "a batch of another size");
    for sealed in &unpacked.changes {
        assert_eq!(change_dot(&sealed.bytes), Ok(sealed.change.dot), "a change of another name");
        check_comes_back(
            &sealed.change,
            |change| seal(change.clone()).map(|sealed| sealed.bytes),
            |encoded| decode_change(encoded),
        );
    }
    let changes = unpacked.changes.iter().map(|sealed| &*sealed.bytes);
    let again = BatchFrame::pack(batch.origin, batch.hash_before, changes, 1);
    let again = again.map(|again| again.unpack(UNPACKED_BYTES_MAX));
    assert_eq!(again, Ok(Ok(unpacked)), "a batch does not come back");
}

/// `bytes` as the one change of a batch: taken exactly where they are a change.
fn packed(bytes: &[u8]) {
    let Ok(region) = RegionId::new("a") else { unreachable!("a name") };
    let origin = ReplicaId::new(region, Incarnation(1));
    let batch = BatchFrame::pack(origin, RunningHash::default(), [bytes].into_iter(), 1);
    let Ok(batch) = batch else { unreachable!("any bytes can be packed") };
    check_batch(&batch);
    let decoded = decode_change(bytes);
    assert_eq!(batch.unpack(UNPACKED_BYTES_MAX).is_ok(), decoded.is_ok(), "packed and not");
    if change_dot(bytes).is_err() {
        assert!(decoded.is_err(), "a change without a name");
    }
}

/// `payload` with the header that fits it.
fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let checksum = crc32c::crc32c(payload).to_le_bytes();
    [&length, &checksum, payload].concat()
}
