//! The formats stand still: fixed values against the bytes under `golden/`, in both directions.
//!
//! Nothing is written here. Where a file is missing or differs, the failure shows what the code
//! gives now; whether that is what the file ought to hold is for a person to say.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

#[path = "golden/changes.rs"]
mod changes;
#[path = "golden/frames.rs"]
mod frames;
#[path = "golden/rows.rs"]
mod rows;
#[path = "golden/stored.rs"]
mod stored;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tombolo_causality::Session;
use tombolo_protocol::{
    FRAME_HEADER_BYTES, Frame, FrameHeader, JournalFrame, JournalFrameBuilder, Record, SessionKey,
    change_dot, decode_catalog, decode_change, decode_cursor, decode_exceptions, decode_frame,
    decode_joined_item, decode_kept_record, decode_position, decode_row, decode_session,
    encode_catalog, encode_cursor, encode_exceptions, encode_frame, encode_joined_item,
    encode_kept_record, encode_position, encode_row, encode_session, encode_version, seal,
};
use tombolo_replication::Key;
use tombolo_replication::idempotency::KeptRecord;

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "golden"].iter().collect()
}

/// Lines of at most 32 bytes.
fn hex(bytes: &[u8]) -> String {
    let digit = |byte: u8| char::from_digit(byte.into(), 16).unwrap();
    let pair = |byte: &u8| [digit(byte >> 4), digit(byte & 15)];
    bytes.chunks(32).flat_map(|line| line.iter().flat_map(pair).chain(['\n'])).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

/// The bytes in the file `name`, once it is known that they are `encoded`.
#[track_caller]
fn golden(name: &str, encoded: &[u8]) -> Vec<u8> {
    let file = fs::read_to_string(folder().join(name).with_extension("hex"));
    let now = hex(encoded);
    let file = file.as_deref().unwrap_or("(there is no such file)\n");
    assert!(file == now, "golden/{name}.hex holds\n{file}and the code gives\n{now}");
    unhex(file)
}

fn read_frame(bytes: &[u8]) -> Frame {
    let (header, payload) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>().unwrap();
    decode_frame(FrameHeader::decode(*header, payload.len()).unwrap(), payload).unwrap()
}

#[test]
fn changes() {
    for (name, change) in changes::all() {
        let bytes = golden(name, &seal(change.clone()).unwrap().bytes);
        assert_eq!(change_dot(&bytes), Ok(change.dot), "{name}");
        assert_eq!(decode_change(&bytes), Ok(change), "{name}");
    }
}

#[test]
fn rows() {
    for (name, state) in rows::all() {
        let bytes = golden(name, &encode_row(&state).unwrap());
        assert_eq!(decode_row(&bytes), Ok(state), "{name}");
    }
}

#[test]
fn frames() {
    for (name, frame) in frames::all() {
        let bytes = golden(name, &encode_frame(&frame).unwrap());
        assert_eq!(read_frame(&bytes), frame, "{name}");
    }
}

#[test]
fn the_changes_in_a_batch() {
    let Frame::Batch(batch) = read_frame(&encode_frame(&frames::batch()).unwrap()) else {
        unreachable!("a batch is a batch");
    };
    let unpacked = batch.unpack(1 << 10).unwrap();
    assert_eq!(unpacked.changes, frames::batched());
    assert_eq!((unpacked.origin, unpacked.hash_before), (batch.origin, batch.hash_before));
}

#[test]
fn journal_frames() {
    let bytes = golden("journal-frame", &stored::journal_frame());
    let frame = JournalFrame::decode(&bytes).unwrap();
    assert_eq!(frame.starts, stored::journal_starts());
    let changes = stored::journal_changes();
    let records: Vec<_> = frame.records().collect::<Result<_, _>>().unwrap();
    assert_eq!(records, stored::journal_records(&changes));
}

#[test]
fn joined_items() {
    let joined = stored::joined_item();
    let encoded = encode_joined_item(&joined.item, &joined.state).unwrap();
    let bytes = golden("joined-item", &encoded);
    assert_eq!(decode_joined_item(&bytes), Ok(joined));
    let mut builder = JournalFrameBuilder::default();
    builder.add_joined(&bytes).unwrap();
    let frame = golden("journal-frame-joined", &builder.finish().unwrap());
    let frame = JournalFrame::decode(&frame).unwrap();
    assert_eq!(frame.records().collect::<Vec<_>>(), [Ok(Record::Joined(&bytes))]);
}

#[test]
fn what_a_region_took_from_another() {
    let (frame, [catalog, request, position, exceptions]) = stored::taken();
    let bytes = golden("journal-frame-taken", &frame);
    let frame = JournalFrame::decode(&bytes).unwrap();
    assert_eq!(frame.starts, stored::journal_starts());
    let records: Vec<_> = frame.records().collect::<Result<_, _>>().unwrap();
    let expected = [
        Record::Catalog(&catalog),
        Record::Request(&request),
        Record::Position(&position),
        Record::Exceptions(&exceptions),
    ];
    assert_eq!(records, expected);
}

#[test]
fn region_positions() {
    let position = stored::position();
    let bytes = golden("position", &encode_position(&position).unwrap());
    assert_eq!(decode_position(&bytes), Ok(position));
}

#[test]
fn catalogs() {
    let catalog = stored::catalog();
    let bytes = golden("catalog", &encode_catalog(&catalog).unwrap());
    assert_eq!(decode_catalog(&bytes), Ok(catalog));
    let catalog = stored::catalog_with_members();
    let bytes = golden("catalog-with-members", &encode_catalog(&catalog).unwrap());
    assert_eq!(decode_catalog(&bytes), Ok(catalog));
}

#[test]
fn exceptions() {
    let exceptions = stored::exceptions();
    let bytes = golden("exceptions", &encode_exceptions(&exceptions).unwrap());
    assert_eq!(decode_exceptions(&bytes), Ok(exceptions));
}

#[test]
fn versions() {
    golden("version", encode_version(&changes::vector()).unwrap().as_bytes());
}

#[test]
fn request_records() {
    let change = changes::put_with_everything();
    let kept =
        KeptRecord { record: change.idempotency.unwrap(), dot: change.dot, stamp: change.stamp };
    let bytes = golden("request-record", &encode_kept_record(&kept).unwrap());
    assert_eq!(decode_kept_record(&bytes), Ok(kept));
}

#[test]
fn cursors() {
    let key = Key::new("a/b é").unwrap();
    let bytes = golden("cursor", encode_cursor(&key).as_bytes());
    assert_eq!(decode_cursor(core::str::from_utf8(&bytes).unwrap()), Ok(key));
}

#[test]
fn session_tokens() {
    let key = SessionKey::derive("prod", "secret");
    let written = [(changes::us(), 300)].into_iter().collect();
    let session = Session::of(written, changes::vector());
    let token = encode_session(&key, &session, || unreachable!("it has room")).unwrap();
    let text = golden("session", token.text.as_bytes());
    assert_eq!(decode_session(&key, &text), Ok(session));
}

#[test]
fn every_file_is_held_against_the_code() {
    let named = changes::all().into_iter().map(|(name, _)| name);
    let named = named.chain(rows::all().into_iter().map(|(name, _)| name));
    let named = named.chain(frames::all().into_iter().map(|(name, _)| name));
    let named =
        named.chain(["journal-frame", "position", "catalog", "version", "cursor", "session"]);
    let named = named.chain([
        "request-record",
        "exceptions",
        "joined-item",
        "journal-frame-joined",
        "journal-frame-taken",
        "catalog-with-members",
    ]);
    let named: BTreeSet<_> = named.map(|name| format!("{name}.hex")).collect();
    let files = fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name());
    let files = files.map(|name| name.into_string().unwrap()).filter(|name| name != "README.md");
    assert_eq!(files.collect::<BTreeSet<_>>(), named);
}
