//! What lies on a disk: the journal's files and their records, and what the state file holds.
//!
//! No attacker is meant here but a disk, another program, and a version that wrote otherwise. The
//! files are opened once as they are, and once with checksums that fit, so that what is behind the
//! checksums is tried too.

use std::sync::Arc;

use tombolo_protocol::{
    JournalFrame, Record, change_dot, decode_catalog, decode_change, decode_joined_item,
    decode_kept_record, decode_position, decode_row, encode_catalog, encode_kept_record,
    encode_position, encode_row, row_is_contested,
};
use tombolo_simulation::disk::SimulatedDisk;
use tombolo_storage::disk::Disk;
use tombolo_storage::journal::{Frame, Journal, JournalOptions, OpenError, SEGMENT_BYTES_MIN};

use crate::property::{check_clear, check_comes_back};

/// A file is written no larger than this, so that zeros do not take the time.
const FILE_BYTES_MAX: usize = 8 << 10;

/// Where a frame's fields are (see the journal's format).
const HEADER_BYTES: usize = 40;
const LENGTH_AT: usize = 8;
const CRC_AT: usize = 12;

/// Reads `bytes` as everything that a region keeps.
pub fn journal(bytes: &[u8]) {
    stored(bytes);
    payload(bytes);
    file(bytes);
    file(&mended(bytes));
}

/// What the state file and the heads of segments hold.
fn stored(bytes: &[u8]) {
    match decode_position(bytes) {
        Ok(position) => {
            check_comes_back(&position, encode_position, |bytes| decode_position(bytes));
        }
        Err(error) => check_clear(&error),
    }
    match decode_kept_record(bytes) {
        Ok(kept) => check_comes_back(&kept, encode_kept_record, |bytes| decode_kept_record(bytes)),
        Err(error) => check_clear(&error),
    }
    match decode_catalog(bytes) {
        Ok(catalog) => check_comes_back(&catalog, encode_catalog, |bytes| decode_catalog(bytes)),
        Err(error) => check_clear(&error),
    }
    match decode_row(bytes) {
        Ok(state) => {
            assert_eq!(row_is_contested(bytes), state.is_contested(), "a row's flag is wrong");
            check_comes_back(&state, encode_row, |bytes| decode_row(bytes));
        }
        Err(error) => check_clear(&error),
    }
}

/// The payload of one frame of the journal.
fn payload(bytes: &[u8]) {
    let frame = match JournalFrame::decode(bytes) {
        Ok(frame) => frame,
        Err(error) => return check_clear(&error),
    };
    let mut told = 0;
    for record in frame.records() {
        let record = match record {
            Ok(Record::Change(record)) => {
                if let Ok(change) = decode_change(record) {
                    assert_eq!(change_dot(record), Ok(change.dot), "a change of another name");
                }
                record
            }
            Ok(Record::Joined(record)) => {
                if let Err(error) = decode_joined_item(record) {
                    check_clear(&error);
                }
                record
            }
            // Each is a target of its own, or is opened with the whole file.
            Ok(Record::Catalog(record) | Record::Request(record) | Record::Position(record)) => {
                record
            }
            Ok(Record::Unknown { bytes, .. }) => bytes,
            Err(error) => return check_clear(&error),
        };
        told += record.len();
    }
    assert!(told <= bytes.len(), "more records than bytes");
}

/// A journal whose first segment holds `bytes`. What it shows when it is opened, it shows for ever.
fn file(bytes: &[u8]) {
    let disk = SimulatedDisk::new(0);
    write_segment(&disk, bytes);
    let (mut journal, shown) = match open(&disk) {
        Ok(opened) => opened,
        Err(error) => return check_clear(&error),
    };
    let payloads: usize = shown.iter().map(|frame| frame.payload.len()).sum();
    assert!(payloads <= bytes.len(), "more payloads than bytes");
    if let Err(error) = journal.append(&[b"next"], Vec::new) {
        return check_clear(&error);
    }
    assert!(journal.sync().is_ok(), "a sound disk does not sync");
    drop(journal);
    let again = match open(&disk) {
        Ok((_, again)) => again,
        Err(error) => unreachable!("what was recovered once is refused: {error}"),
    };
    let again: Vec<_> = again.into_iter().map(|frame| frame.payload).collect();
    let mut expected: Vec<_> = shown.into_iter().map(|frame| frame.payload).collect();
    expected.push(b"next".to_vec());
    assert_eq!(again, expected, "a journal shows something else when it is opened again");
}

fn open(disk: &SimulatedDisk) -> Result<(Journal, Vec<Frame>), OpenError> {
    let options = JournalOptions { segment_bytes: SEGMENT_BYTES_MIN, spares_max: 0, nonce: 1 };
    let (journal, reader) = Journal::open(Arc::new(disk.clone()), &options, Vec::new)?;
    let frames = reader.frames(reader.first()).map(|frame| match frame {
        Ok(frame) => frame,
        Err(error) => unreachable!("a frame before the end cannot be read: {error}"),
    });
    let frames = frames.collect();
    Ok((journal, frames))
}

fn write_segment(disk: &SimulatedDisk, bytes: &[u8]) {
    let written = disk.create_folder("journal").and_then(|()| {
        let file = disk.create("journal/00000000000000000001.log")?;
        file.write_all_at(&bytes[..bytes.len().min(FILE_BYTES_MAX)], 0)?;
        file.set_len(SEGMENT_BYTES_MIN.max(file.len_bytes()?))
    });
    assert!(written.is_ok(), "a sound disk does not write");
}

/// `bytes` with a checksum that fits behind each header, as far as the lengths lead.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HEADER_BYTES) {
        let Some(length) = header[LENGTH_AT..].first_chunk() else { break };
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let end = (at + HEADER_BYTES).saturating_add(length);
        let Some(frame) = bytes.get_mut(at..end) else { break };
        let crc = crc32c::crc32c(&frame[..CRC_AT]);
        let crc = crc32c::crc32c_append(crc, &frame[CRC_AT + 4..]);
        frame[CRC_AT..CRC_AT + 4].copy_from_slice(&crc.to_le_bytes());
        at = end.next_multiple_of(8);
    }
    bytes
}
