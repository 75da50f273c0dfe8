//! What a region keeps beside its rows: a journal frame, a position, a catalog.

use std::sync::Arc;

use tombolo_causality::{Dot, ReplicaId};
use tombolo_datatypes::DataType;
use tombolo_protocol::{
    JoinedItem, JournalFrameBuilder, Record, RegionPosition, StreamStart, encode_catalog,
    encode_exceptions, encode_kept_record, encode_position, seal,
};
use tombolo_replication::idempotency::KeptRecord;
use tombolo_replication::{
    Catalog, Consistency, Exceptions, ItemKey, Key, RunningHash, SetAside, StreamPosition, Streams,
    TableId,
};

use crate::changes::{ap, definition, eu, members, put, stamp, us};

/// Two changes of one stream, and one of another.
pub(crate) fn journal_changes() -> [Arc<[u8]>; 3] {
    let other = |mut change: tombolo_replication::Change| {
        change.dot = Dot::new(eu(), 70_001);
        change
    };
    [put(1, "1"), other(put(1, "2")), put(2, "3")].map(|change| seal(change).unwrap().bytes)
}

pub(crate) fn journal_starts() -> Vec<StreamStart> {
    let before = StreamPosition { seq: 70_000, hash: RunningHash([0xee; 16]) };
    vec![
        StreamStart { replica: us(), before: StreamPosition::default() },
        StreamStart { replica: eu(), before },
    ]
}

pub(crate) fn journal_records(changes: &[Arc<[u8]>; 3]) -> [Record<'_>; 4] {
    let [one, two, three] = changes;
    let unknown = Record::Unknown { kind: 200, bytes: b"later" };
    [Record::Change(one), Record::Change(two), unknown, Record::Change(three)]
}

/// The third record is of a kind that only a later version writes, so it is put in by hand, and
/// so is the change behind it.
pub(crate) fn journal_frame() -> Vec<u8> {
    let [one, two, three] = journal_changes();
    let [us_start, eu_start] = journal_starts().try_into().unwrap();
    let mut builder = JournalFrameBuilder::default();
    let mut add = |replica: ReplicaId, before, bytes| builder.add(replica, before, bytes).unwrap();
    add(us(), us_start.before, &one);
    add(eu(), eu_start.before, &two);
    let mut frame = builder.finish().unwrap();
    frame.extend_from_slice(b"\xc8\x05\x00\x00\x00later");
    frame.push(1);
    frame.extend_from_slice(&u32::try_from(three.len()).unwrap().to_le_bytes());
    frame.extend_from_slice(&three);
    frame
}

/// The state of an item that was joined, as the journal keeps it: what was settled included.
pub(crate) fn joined_item() -> JoinedItem {
    let rows = crate::rows::all();
    let (_, state) = rows.into_iter().find(|(name, _)| *name == "row-register-settled").unwrap();
    let item = ItemKey { table: TableId(Dot::new(us(), 7)), key: Key::new("a/é").unwrap() };
    JoinedItem { item, state }
}

/// What a region journals that takes what another one shows.
pub(crate) fn taken() -> (Vec<u8>, [Vec<u8>; 4]) {
    let change = crate::changes::put_with_everything();
    let (record, dot, stamp) = (change.idempotency.unwrap(), change.dot, change.stamp);
    let records = [
        encode_catalog(&catalog()).unwrap(),
        encode_kept_record(&KeptRecord { record, dot, stamp }).unwrap(),
        encode_position(&position()).unwrap(),
        encode_exceptions(&exceptions()).unwrap(),
    ];
    let mut builder = JournalFrameBuilder::default();
    builder.add_catalog(&records[0]).unwrap();
    builder.add_request(&records[1]).unwrap();
    builder.add_position(journal_starts(), &records[2]).unwrap();
    builder.add_exceptions(&records[3]).unwrap();
    (builder.finish().unwrap(), records)
}

pub(crate) fn position() -> RegionPosition {
    let mut streams = Streams::default();
    streams.set(us(), StreamPosition { seq: 300, hash: RunningHash(*b"0123456789abcdef") });
    streams.set(ap(), StreamPosition { seq: u64::MAX, hash: RunningHash([0xff; 16]) });
    RegionPosition { streams, stamp_floor: stamp(u16::MAX) }
}

pub(crate) fn exceptions() -> Exceptions {
    let wrong = [Dot::new(us(), 7), Dot::new(us(), u64::MAX)].map(|dot| (dot, SetAside::WrongType));
    let many = (Dot::new(ap(), 300), SetAside::TooManyTables);
    let unseen = (Dot::new(us(), 8), SetAside::Unseen);
    wrong.into_iter().chain([many, unseen]).collect()
}

pub(crate) fn catalog_with_members() -> Catalog {
    let mut catalog = catalog();
    catalog.take_members(members());
    catalog
}

pub(crate) fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    catalog.define(definition(Dot::new(us(), 7), "users", DataType::Register));
    catalog.define(definition(Dot::new(eu(), 1), "page_views-2", DataType::Counter));
    catalog.define(definition(Dot::new(us(), 9), "carts", DataType::Register));
    let (carts, consistency) = (TableId(Dot::new(us(), 9)), Consistency::MonotonicReads);
    catalog.alter(&carts, consistency, Dot::new(ap(), 300));
    catalog
}
