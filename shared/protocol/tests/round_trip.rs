//! What is encoded comes back as it was, and equal values have equal bytes.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

#[path = "arbitrary/frames.rs"]
mod frames;
#[path = "arbitrary/values.rs"]
mod values;

use proptest::collection::vec;
use proptest::prelude::*;
use tombolo_causality::ReplicaId;
use tombolo_datatypes::{
    CounterState, Entry, FlagState, ItemState, Live, RegisterState, SetState, Tally, TypeState,
};
use tombolo_protocol::{
    BatchFrame, JoinedItem, JournalFrame, JournalFrameBuilder, Record, StreamStart, change_dot,
    decode_catalog, decode_change, decode_exceptions, decode_joined_item, decode_position,
    decode_row, encode_catalog, encode_exceptions, encode_frame, encode_joined_item,
    encode_position, encode_row, encode_version, row_is_contested, seal,
};
use tombolo_replication::{Catalog, RunningHash, SealedChange, StreamPosition};

/// The same state, built from its parts the other way round.
fn rebuilt(state: &ItemState) -> ItemState {
    fn live<T: Clone>(live: &Live<T>) -> Live<T> {
        let mut entries: Vec<Entry<T>> = live.all().cloned().collect();
        entries.reverse();
        Live::from_entries(entries)
    }
    let mut context: Vec<_> = state.context().iter().collect();
    context.reverse();
    let value = match state.value() {
        TypeState::Register(register) => TypeState::Register(RegisterState {
            live: live(&register.live),
            kept: register.kept.clone(),
        }),
        TypeState::Set(set) => {
            let elements = set.elements.iter().rev();
            let elements = elements.map(|(element, entries)| (element.clone(), live(entries)));
            TypeState::Set(SetState { elements: elements.collect(), live: live(&set.live) })
        }
        TypeState::Flag(flag) => TypeState::Flag(FlagState { live: live(&flag.live) }),
        TypeState::Counter(counter) => TypeState::Counter(CounterState {
            totals: counter.totals.clone().into_iter().rev().collect(),
            bases: counter.bases.clone().into_iter().rev().collect(),
            live: live(&counter.live),
        }),
    };
    ItemState::from_parts(context.into_iter().collect(), value)
}

/// The states of counters, with one more replica that has told nothing.
fn with_a_tally_of_nothing(state: &ItemState, silent: ReplicaId) -> Option<ItemState> {
    let TypeState::Counter(counter) = state.value() else { return None };
    let mut counter = counter.clone();
    counter.totals.entry(silent).or_insert(Tally::default());
    counter.bases.entry(silent).or_insert(Tally::default());
    Some(ItemState::from_parts(state.context().clone(), TypeState::Counter(counter)))
}

fn journal_frame(records: &[(ReplicaId, StreamPosition, Vec<u8>)]) -> Vec<u8> {
    let mut builder = JournalFrameBuilder::default();
    for (replica, before, bytes) in records {
        builder.add(*replica, *before, bytes).unwrap();
    }
    assert_eq!(builder.changes(), records.len());
    builder.finish().unwrap()
}

proptest! {
    #[test]
    fn a_change_comes_back_and_is_called_by_its_dot(change in values::change()) {
        let sealed = seal(change.clone()).unwrap();
        prop_assert_eq!(&sealed.change, &change);
        prop_assert_eq!(change_dot(&sealed.bytes), Ok(change.dot));
        prop_assert_eq!(decode_change(&sealed.bytes), Ok(change));
    }

    #[test]
    fn a_decoded_change_is_sealed_into_the_bytes_it_came_from(change in values::change()) {
        let sealed = seal(change).unwrap();
        let again = seal(decode_change(&sealed.bytes).unwrap()).unwrap();
        prop_assert_eq!(again, sealed);
    }

    #[test]
    fn a_row_comes_back(state in values::state()) {
        prop_assert_eq!(decode_row(&encode_row(&state).unwrap()), Ok(state));
    }

    #[test]
    fn a_row_says_whether_it_is_contested_before_it_is_decoded(state in values::state()) {
        let row = encode_row(&state).unwrap();
        prop_assert_eq!(row_is_contested(&row), state.is_contested());
        let mut lying = row;
        lying[1] ^= 1;
        prop_assert!(decode_row(&lying).is_err());
    }

    #[test]
    fn equal_states_have_equal_rows_however_they_were_built(state in values::state()) {
        let other = rebuilt(&state);
        prop_assert_eq!(&other, &state);
        prop_assert_eq!(encode_row(&other), encode_row(&state));
    }

    #[test]
    fn different_states_have_different_rows(one in values::state(), two in values::state()) {
        prop_assert_eq!(one == two, encode_row(&one) == encode_row(&two));
    }

    #[test]
    fn a_tally_of_nothing_leaves_no_trace_in_a_row(
        state in values::state(),
        silent in values::replica(),
    ) {
        if let Some(other) = with_a_tally_of_nothing(&state, silent) {
            prop_assert_eq!(encode_row(&other), encode_row(&state));
        }
    }

    #[test]
    fn versions_are_equal_exactly_when_contexts_are(
        one in values::vector(),
        two in values::vector(),
    ) {
        prop_assert_eq!(one == two, encode_version(&one) == encode_version(&two));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        prop_assert!(encode_version(&one).unwrap().chars().all(is_plain));
    }

    #[test]
    fn a_frame_comes_back(frame in frames::frame()) {
        let bytes = encode_frame(&frame).unwrap();
        prop_assert_eq!(&frames::framed(&bytes[8..]), &bytes);
        prop_assert_eq!(frames::read(&bytes), Some(Ok(frame)));
    }

    #[test]
    fn a_joined_item_comes_back(item in values::item(), state in values::state()) {
        let bytes = encode_joined_item(&item, &state).unwrap();
        prop_assert_eq!(decode_joined_item(&bytes), Ok(JoinedItem { item, state }));
    }

    #[test]
    fn changes_and_joined_items_keep_their_order(
        first in vec(any::<u8>(), 0..20),
        joined in vec(any::<u8>(), 0..20),
        replica in values::replica(),
    ) {
        let mut builder = JournalFrameBuilder::default();
        builder.add_joined(&joined).unwrap();
        builder.add(replica, StreamPosition::default(), &first).unwrap();
        builder.add_joined(&joined).unwrap();
        prop_assert_eq!((builder.changes(), builder.records()), (1, 3));
        let bytes = builder.finish().unwrap();
        let frame = JournalFrame::decode(&bytes).unwrap();
        let read: Vec<_> = frame.records().collect::<Result<_, _>>().unwrap();
        let joined = Record::Joined(&joined);
        prop_assert_eq!(read, [joined, Record::Change(&first), joined]);
    }

    #[test]
    fn what_a_region_took_from_another_comes_back_and_tells_where_its_streams_stood(
        catalog in vec(any::<u8>(), 0..20),
        request in vec(any::<u8>(), 0..20),
        position in vec(any::<u8>(), 0..20),
        exceptions in vec(any::<u8>(), 0..20),
        (replica, before) in (values::replica(), values::position()),
    ) {
        let mut builder = JournalFrameBuilder::default();
        builder.add_catalog(&catalog).unwrap();
        builder.add_request(&request).unwrap();
        let start = StreamStart { replica, before };
        builder.add_position([start], &position).unwrap();
        builder.add_exceptions(&exceptions).unwrap();
        prop_assert_eq!((builder.changes(), builder.records()), (0, 4));
        let bytes = builder.finish().unwrap();
        let frame = JournalFrame::decode(&bytes).unwrap();
        let read: Vec<_> = frame.records().collect::<Result<_, _>>().unwrap();
        let written = [
            Record::Catalog(&catalog),
            Record::Request(&request),
            Record::Position(&position),
            Record::Exceptions(&exceptions),
        ];
        prop_assert_eq!(read, written);
        prop_assert_eq!(frame.starts, [start]);
    }

    #[test]
    fn a_region_position_comes_back(position in values::region_position()) {
        let bytes = encode_position(&position).unwrap();
        prop_assert_eq!(decode_position(&bytes), Ok(position));
    }

    #[test]
    fn exceptions_come_back(exceptions in values::exceptions()) {
        prop_assert_eq!(decode_exceptions(&encode_exceptions(&exceptions).unwrap()), Ok(exceptions));
    }

    #[test]
    fn a_catalog_comes_back_and_has_the_same_bytes_however_it_was_built(
        catalog in values::catalog(),
    ) {
        let bytes = encode_catalog(&catalog).unwrap();
        let mut other = Catalog::default();
        let tables: Vec<_> = catalog.iter().cloned().collect();
        for table in tables.into_iter().rev() {
            other.define((*table).clone());
        }
        if let Some(members) = catalog.members() {
            other.take_members((**members).clone());
        }
        prop_assert_eq!(encode_catalog(&other), Ok(bytes.clone()));
        prop_assert_eq!(decode_catalog(&bytes), Ok(catalog));
    }

    #[test]
    fn a_batch_comes_back(
        changes in vec(values::change(), 0..8),
        origin in values::replica(),
        level in 1..6,
    ) {
        let changes: Vec<SealedChange> =
            changes.into_iter().map(|change| seal(change).unwrap()).collect();
        let hash_before = RunningHash([7; 16]);
        let bytes = changes.iter().map(|sealed| &*sealed.bytes);
        let frame = BatchFrame::pack(origin, hash_before, bytes, level).unwrap();
        let batch = frame.unpack(1 << 20).unwrap();
        prop_assert_eq!((batch.origin, batch.hash_before), (origin, hash_before));
        prop_assert_eq!(batch.changes, changes);
    }

    #[test]
    fn a_journal_frame_tells_its_records_in_order_and_where_each_stream_stood_first(
        records in vec((values::replica(), values::position(), vec(any::<u8>(), 0..40)), 0..8),
    ) {
        let bytes = journal_frame(&records);
        let frame = JournalFrame::decode(&bytes).unwrap();
        let read: Vec<_> = frame.records().collect::<Result<_, _>>().unwrap();
        let written: Vec<_> = records.iter().map(|(_, _, bytes)| Record::Change(bytes)).collect();
        prop_assert_eq!(read, written);
        let mut starts: Vec<StreamStart> = Vec::new();
        for (replica, before, _) in &records {
            if starts.iter().all(|start| start.replica != *replica) {
                starts.push(StreamStart { replica: *replica, before: *before });
            }
        }
        prop_assert_eq!(frame.starts, starts);
    }

    #[test]
    fn records_of_unknown_kinds_are_kept_and_passed_over(
        first in vec(any::<u8>(), 0..20),
        unknown in vec(any::<u8>(), 0..20),
        kind in 7..=u8::MAX,
        replica in values::replica(),
    ) {
        let mut bytes = journal_frame(&[(replica, StreamPosition::default(), first.clone())]);
        for (kind, record) in [(kind, &unknown), (1, &first)] {
            bytes.push(kind);
            bytes.extend_from_slice(&u32::try_from(record.len()).unwrap().to_le_bytes());
            bytes.extend_from_slice(record);
        }
        let frame = JournalFrame::decode(&bytes).unwrap();
        let read: Vec<_> = frame.records().collect::<Result<_, _>>().unwrap();
        let unknown = Record::Unknown { kind, bytes: &unknown };
        prop_assert_eq!(read, [Record::Change(&first), unknown, Record::Change(&first)]);
    }
}
