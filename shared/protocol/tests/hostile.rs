//! Bytes from anybody: an error, never a panic, never more memory than there are bytes for.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

#[path = "arbitrary/frames.rs"]
mod frames;
#[path = "arbitrary/values.rs"]
mod values;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use tombolo_causality::{Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{
    BatchFrame, DecodeError, FRAME_HEADER_BYTES, Frame, FrameError, FrameHeader, JoinedItem,
    JournalFrame, JournalFrameBuilder, Record, change_dot, decode_catalog, decode_change,
    decode_frame, decode_joined_item, decode_position, decode_row, encode_catalog, encode_frame,
    encode_joined_item, encode_position, encode_row, seal,
};
use tombolo_replication::{RunningHash, StreamPosition};

/// Gives `bytes` to every decoder; whatever is taken must be something that can be written again.
fn decode_as_anything(bytes: &[u8]) {
    if let Ok(change) = decode_change(bytes) {
        assert_eq!(change_dot(bytes), Ok(change.dot));
        assert_eq!(decode_change(&seal(change.clone()).unwrap().bytes), Ok(change));
    }
    if let Ok(state) = decode_row(bytes) {
        assert_eq!(decode_row(&encode_row(&state).unwrap()), Ok(state));
    }
    if let Ok(position) = decode_position(bytes) {
        assert_eq!(decode_position(&encode_position(&position).unwrap()), Ok(position));
    }
    if let Ok(catalog) = decode_catalog(bytes) {
        assert_eq!(decode_catalog(&encode_catalog(&catalog).unwrap()), Ok(catalog));
    }
    if let Ok(JoinedItem { item, state }) = decode_joined_item(bytes) {
        let again = encode_joined_item(&item, &state).unwrap();
        assert_eq!(decode_joined_item(&again), Ok(JoinedItem { item, state }));
    }
    if let Ok(frame) = JournalFrame::decode(bytes) {
        let records: usize = frame.records().flatten().map(|record| record_bytes(&record)).sum();
        assert!(records <= bytes.len());
    }
    for bytes in [bytes, &frames::framed(bytes)] {
        if let Some(Ok(frame)) = frames::read(bytes) {
            assert_eq!(frames::read(&encode_frame(&frame).unwrap()), Some(Ok(frame)));
        }
    }
    if change_dot(bytes).is_err() {
        assert!(decode_change(bytes).is_err());
    }
}

fn record_bytes(record: &Record<'_>) -> usize {
    match record {
        Record::Change(bytes)
        | Record::Joined(bytes)
        | Record::Catalog(bytes)
        | Record::Request(bytes)
        | Record::Position(bytes)
        | Record::Unknown { bytes, .. } => bytes.len(),
    }
}

/// One valid encoding of any format; of a frame without its header, which would catch everything.
fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => values::change().prop_map(|change| seal(change).unwrap().bytes.to_vec()),
        2 => values::state().prop_map(|state| encode_row(&state).unwrap()),
        2 => frames::frame()
            .prop_map(|frame| encode_frame(&frame).unwrap().split_off(FRAME_HEADER_BYTES)),
        1 => (values::item(), values::state())
            .prop_map(|(item, state)| encode_joined_item(&item, &state).unwrap()),
        1 => values::region_position().prop_map(|position| encode_position(&position).unwrap()),
        1 => values::catalog().prop_map(|catalog| encode_catalog(&catalog).unwrap()),
    ]
}

fn batch(unpacked_bytes: u32, packed: Vec<u8>) -> BatchFrame {
    let origin = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
    BatchFrame { origin, hash_before: RunningHash::default(), unpacked_bytes, packed }
}

const BAD_BATCH: DecodeError = DecodeError::Malformed { what: "batch" };

proptest! {
    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in vec(any::<u8>(), 0..200)) {
        decode_as_anything(&bytes);
    }

    #[test]
    fn so_are_any_bytes_behind_a_version_that_is_known(mut bytes in vec(any::<u8>(), 1..200)) {
        bytes[0] = 1;
        decode_as_anything(&bytes);
    }

    #[test]
    fn so_are_valid_bytes_with_some_of_them_replaced(
        mut bytes in valid(),
        replaced in vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        for (at, byte) in replaced {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        decode_as_anything(&bytes);
    }

    #[test]
    fn a_change_that_was_cut_short_is_an_error(change in values::change()) {
        let bytes = seal(change).unwrap().bytes;
        for end in 0..bytes.len() {
            prop_assert!(decode_change(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn so_is_a_row(state in values::state()) {
        let bytes = encode_row(&state).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(decode_row(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn so_are_a_position_and_a_catalog(
        position in values::region_position(),
        catalog in values::catalog(),
    ) {
        let bytes = encode_position(&position).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(decode_position(&bytes[..end]).is_err(), "{end}");
        }
        let bytes = encode_catalog(&catalog).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(decode_catalog(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn so_is_a_frame_even_where_its_header_fits(frame in frames::frame()) {
        let bytes = encode_frame(&frame).unwrap();
        let payload = &bytes[FRAME_HEADER_BYTES..];
        for end in 0..payload.len() {
            let read = frames::read(&frames::framed(&payload[..end]));
            prop_assert!(matches!(read, Some(Err(FrameError::Decode(_)))), "{end}: {read:?}");
        }
    }

    #[test]
    fn a_journal_frame_that_was_cut_short_tells_a_prefix_of_its_records(
        records in vec(vec(any::<u8>(), 0..20), 0..4),
        replica in values::replica(),
    ) {
        let mut builder = JournalFrameBuilder::default();
        for record in &records {
            builder.add(replica, StreamPosition::default(), record).unwrap();
        }
        let bytes = builder.finish().unwrap();
        for end in 0..bytes.len() {
            let Ok(frame) = JournalFrame::decode(&bytes[..end]) else { continue };
            let told: Vec<_> = frame.records().map_while(Result::ok).collect();
            prop_assert!(told.len() < records.len(), "{end}");
            let written = records.iter().map(|record| Record::Change(record));
            prop_assert!(written.zip(told).all(|(written, told)| written == told));
        }
    }

    #[test]
    fn what_follows_an_encoding_is_an_error(bytes in valid(), more in vec(any::<u8>(), 1..4)) {
        let longer = [&*bytes, &more].concat();
        let trailing = |result| matches!(result, Err(DecodeError::Trailing { .. }));
        prop_assert!(decode_change(&bytes).is_err() || trailing(decode_change(&longer).map(drop)));
        prop_assert!(decode_row(&bytes).is_err() || trailing(decode_row(&longer).map(drop)));
    }

    #[test]
    fn a_bit_that_flips_in_a_frame_is_noticed(frame in frames::frame(), at in any::<Index>()) {
        let mut bytes = encode_frame(&frame).unwrap();
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        // Nothing: a length that grew waits for more, and the connection falls silent.
        let read = frames::read(&bytes);
        let too_large = matches!(&read, Some(Err(FrameError::Decode(DecodeError::TooLarge { .. }))));
        let noticed = matches!(&read, None | Some(Err(FrameError::Checksum)));
        prop_assert!(noticed || too_large && bit < 32, "bit {bit}: {read:?}");
    }

    #[test]
    fn a_batch_of_any_bytes_is_an_error_or_no_larger_than_it_claims(
        packed in vec(any::<u8>(), 0..100),
        claimed in 0..1_000_u32,
    ) {
        if let Ok(unpacked) = batch(claimed, packed).unpack(1_000) {
            let bytes: usize = unpacked.changes.iter().map(|sealed| sealed.bytes.len() + 4).sum();
            prop_assert_eq!(u32::try_from(bytes), Ok(claimed));
        }
    }
}

#[test]
fn a_frame_beyond_the_bound_is_refused_by_its_header_alone() {
    let header = [0, 0, 0, 1, 9, 9, 9, 9];
    let (what, actual, max) = ("bytes of a frame", 1 << 24, (1 << 24) - 1);
    assert_eq!(FrameHeader::decode(header, max), Err(DecodeError::TooLarge { what, actual, max }));
    assert!(FrameHeader::decode(header, actual).is_ok());
}

#[test]
fn a_payload_of_another_length_than_the_header_says_is_refused() {
    let bytes = encode_frame(&Frame::Heartbeat {
        sent_us: 1,
        watermark: VersionVector::new(),
        others: vec![],
    });
    let mut bytes = bytes.unwrap();
    bytes[0] -= 1;
    let (header, payload) = bytes.split_first_chunk().unwrap();
    let header = FrameHeader::decode(*header, 100).unwrap();
    assert_eq!(decode_frame(header, payload), Err(FrameError::Checksum));
}

#[test]
fn a_frame_of_a_version_or_a_kind_that_is_not_known_says_so() {
    let read = |payload: &[u8]| frames::read(&frames::framed(payload)).unwrap();
    let version = DecodeError::UnknownVersion { what: "frame", version: 2 };
    assert_eq!(read(&[2, 1]), Err(version.into()));
    let kind = DecodeError::UnknownKind { what: "frames", kind: 255 };
    assert_eq!(read(&[1, 255]), Err(kind.into()));
    assert_eq!(read(&[1]), Err(DecodeError::EndsEarly.into()));
}

/// A claimed 2^60 is refused for want of bytes; had it been believed, allocating would have ended
/// the process.
#[test]
fn a_claimed_length_of_2_to_the_60_costs_nothing() {
    let claimed = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    let behind = |before: &[u8]| [before, &claimed, &[0; 40]].concat();
    let refused = |error: DecodeError| {
        matches!(error, DecodeError::EndsEarly | DecodeError::Malformed { .. })
    };
    // The replicas of a change; its deps; its body.
    for before in [&[1, 1][..], &[1, 1, 0, 1], &[1, 1, 0, 1, 0, 0, 1]] {
        assert!(refused(decode_change(&behind(before)).unwrap_err()), "{before:?}");
    }
    // The replicas of a row; its context; its state.
    for before in [&[1, 0][..], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert!(refused(decode_row(&behind(before)).unwrap_err()), "{before:?}");
    }
    // The streams of a position and of a journal frame; the replicas and tables of a catalog.
    assert!(refused(decode_position(&behind(&[1, 0])).unwrap_err()));
    assert!(refused(JournalFrame::decode(&behind(&[1])).unwrap_err()));
    for before in [&[1][..], &[1, 0]] {
        assert!(refused(decode_catalog(&behind(before)).unwrap_err()), "{before:?}");
    }
    // The vector of a heartbeat and of an acknowledgement; the detail of a refusal.
    // What a heartbeat tells of others; the headers and the body of a forwarded answer.
    let more = [&[1, 6, 0, 0][..], &[1, 11, 0, 0], &[1, 11, 0, 0, 0]];
    for before in [&[1, 6, 0][..], &[1, 7], &[1, 3, 0]].into_iter().chain(more) {
        let read = frames::read(&frames::framed(&behind(before)));
        let Some(Err(FrameError::Decode(error))) = read else { unreachable!("{read:?}") };
        assert!(refused(error), "{before:?}");
    }
}

#[test]
fn a_batch_that_claims_too_much_is_refused_before_it_is_looked_at() {
    let (what, actual, max) = ("bytes of an unpacked batch", 4_294_967_295, 1_000);
    let refused = Err(DecodeError::TooLarge { what, actual, max });
    assert_eq!(batch(u32::MAX, b"not even compressed".to_vec()).unpack(max), refused);
    assert_eq!(batch(1_000, b"not even compressed".to_vec()).unpack(max), Err(BAD_BATCH));
}

#[test]
fn a_batch_that_holds_more_than_it_claims_is_refused() {
    let bomb = vec![0; 64 << 20];
    let told = zstd::bulk::compress(&bomb, 3).unwrap();
    // A stream whose length was not known when it began does not tell it.
    let untold = zstd::stream::encode_all(&*bomb, 3).unwrap();
    for packed in [told, untold] {
        assert!(packed.len() < 1 << 14);
        assert_eq!(batch(100, packed).unpack(1 << 20), Err(BAD_BATCH));
    }
}

#[test]
fn a_batch_that_holds_less_than_it_claims_is_refused() {
    assert_eq!(batch(101, zstd::bulk::compress(&[0; 100], 3).unwrap()).unpack(200), Err(BAD_BATCH));
}
