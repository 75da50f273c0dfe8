//! Writers and readers draw the line at the same size: what is full is taken by both, what is one
//! larger by neither. Encodings that no writer gives are put together here by hand.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::{DataType, Delta, DeltaBody, Outcome, RegisterDelta, Write};
use tombolo_protocol::limits::{ITEMS_MAX, LISTED_MAX, REPLACED_MAX, STREAMS_MAX};
use tombolo_protocol::{
    DecodeError, EncodeError, Frame, FrameHeader, JournalFrame, JournalFrameBuilder,
    RegionPosition, decode_catalog, decode_change, decode_frame, decode_position, encode_catalog,
    encode_frame, encode_position, seal,
};
use tombolo_replication::reconciler::{Compared, Comparison, Held, Offer, Offered};
use tombolo_replication::{
    Body, Catalog, Change, Consistency, Digest, ItemDelta, Key, Strategy, StreamPosition,
    TableDefinition, TableId, TableName, TableShape,
};
use tombolo_resolvers::ResolverKind;

/// Place and sequence.
type WireDot = (u32, u64);
/// Table, key, ctx, kind and delta.
type WireItem<'a> = (WireDot, &'a str, &'a [WireDot], u8, &'a [u8]);

fn replica(n: u64) -> ReplicaId {
    ReplicaId::new(RegionId::new("r").unwrap(), Incarnation(n))
}

fn replicas(n: usize) -> impl Iterator<Item = ReplicaId> {
    (1..).map(replica).take(n)
}

fn versioned<T: serde::Serialize>(value: &T) -> Vec<u8> {
    [vec![1], postcard::to_stdvec(value).unwrap()].concat()
}

/// What both sides answer to one too many.
fn refused(what: &'static str, max: usize) -> (EncodeError, DecodeError) {
    let actual = max + 1;
    (EncodeError::TooLarge { what, actual, max }, DecodeError::TooLarge { what, actual, max })
}

fn encode(body: Body) -> Result<(), EncodeError> {
    let change = Change {
        dot: Dot::new(replica(1), 1),
        stamp: HybridTimestamp::ZERO,
        deps: Arc::default(),
        cut: Arc::default(),
        body,
        idempotency: None,
        span: None,
    };
    seal(change).map(drop)
}

fn decode<T: serde::Serialize>(
    replicas: &[ReplicaId],
    kind: u8,
    body: &T,
) -> Result<(), DecodeError> {
    let none: &[WireDot] = &[];
    let body = postcard::to_stdvec(body).unwrap();
    let wire = (1_u64, replicas, 0_u64, none, none, kind, body, None::<u8>, None::<u8>);
    decode_change(&versioned(&wire)).map(drop)
}

fn decode_items(items: &[WireItem<'_>]) -> Result<(), DecodeError> {
    let settles_nothing = |&(table, key, ctx, kind, delta): &WireItem<'_>| {
        (table, key.to_owned(), ctx.to_vec(), kind, delta.to_vec(), None::<u8>)
    };
    decode(&[replica(1)], 1, &items.iter().map(settles_nothing).collect::<Vec<_>>())
}

fn item(key: &str, ctx: Vec<Dot>) -> ItemDelta {
    let delta = Delta::new(ctx, DeltaBody::Register(RegisterDelta(Some(Write::from(None)))));
    ItemDelta { table: TableId(Dot::new(replica(1), 1)), key: Key::new(key).unwrap(), delta }
}

#[test]
fn items_of_a_change() {
    let keys: Vec<_> = (0..=ITEMS_MAX).map(|n| n.to_string()).collect();
    let encoded =
        |n: usize| encode(Body::Items(keys[..n].iter().map(|key| item(key, vec![])).collect()));
    let decoded = |n: usize| {
        let items = keys[..n].iter().map(|key| ((0, 1), key.as_str(), &[][..], 1, &[0][..]));
        decode_items(&items.collect::<Vec<_>>())
    };
    let (encode, decode) = refused("items of a change", ITEMS_MAX);
    assert_eq!((encoded(ITEMS_MAX), decoded(ITEMS_MAX)), (Ok(()), Ok(())));
    assert_eq!((encoded(ITEMS_MAX + 1), decoded(ITEMS_MAX + 1)), (Err(encode), Err(decode)));
}

#[test]
fn tables_of_a_stub() {
    let seqs = |n: usize| (1..).take(n);
    let encoded =
        |n| encode(Body::Stub(seqs(n).map(|seq| TableId(Dot::new(replica(1), seq))).collect()));
    let decoded = |n| {
        let tables: Vec<WireDot> = seqs(n).map(|seq| (0, seq)).collect();
        decode(&[replica(1)], 4, &tables)
    };
    let (encode, decode) = refused("tables of a stub", ITEMS_MAX);
    assert_eq!((encoded(ITEMS_MAX), decoded(ITEMS_MAX)), (Ok(()), Ok(())));
    assert_eq!((encoded(ITEMS_MAX + 1), decoded(ITEMS_MAX + 1)), (Err(encode), Err(decode)));
}

#[test]
fn replaced_dots_of_a_delta() {
    let seqs = |n: usize| (1..).take(n);
    let encoded = |n| {
        let ctx = seqs(n).map(|seq| Dot::new(replica(1), seq)).collect();
        encode(Body::Items(vec![item("k", ctx)]))
    };
    let decoded = |n| {
        let ctx: Vec<WireDot> = seqs(n).map(|seq| (0, seq)).collect();
        decode_items(&[((0, 1), "k", &ctx, 1, &[0])])
    };
    let (encode, decode) = refused("replaced dots of a delta", REPLACED_MAX);
    let over = REPLACED_MAX + 1;
    assert_eq!((encoded(REPLACED_MAX), decoded(REPLACED_MAX)), (Ok(()), Ok(())));
    assert_eq!((encoded(over), decoded(over)), (Err(encode), Err(decode)));
}

#[test]
fn outcomes_that_a_delta_decides() {
    let seqs = |n: usize| (1..).take(n);
    let encoded = |n| {
        let mut item = item("k", vec![]);
        for seq in seqs(n) {
            item.delta.settle(None, Dot::new(replica(1), seq), Outcome::Dismissed);
        }
        encode(Body::Items(vec![item]))
    };
    let decoded = |n| {
        let outcomes: Vec<(WireDot, u8)> = seqs(n).map(|seq| ((0, seq), 2)).collect();
        let none: &[WireDot] = &[];
        let item = ((0_u32, 1_u64), "k", none, 1_u8, &[0_u8][..], Some((None::<u8>, outcomes)));
        decode(&[replica(1)], 1, &[item].as_slice())
    };
    let (encode, decode) = refused("settling of a delta", REPLACED_MAX);
    let over = REPLACED_MAX + 1;
    assert_eq!((encoded(REPLACED_MAX), decoded(REPLACED_MAX)), (Ok(()), Ok(())));
    assert_eq!((encoded(over), decoded(over)), (Err(encode), Err(decode)));
}

#[test]
fn replicas_of_one_encoding() {
    let encoded =
        |n| encode(Body::Stub(replicas(n).map(|replica| TableId(Dot::new(replica, 1))).collect()));
    let decoded = |n| decode(&replicas(n).collect::<Vec<_>>(), 4, &Vec::<WireDot>::new());
    let (encode, decode) = refused("replicas of one encoding", STREAMS_MAX);
    assert_eq!((encoded(STREAMS_MAX), decoded(STREAMS_MAX)), (Ok(()), Ok(())));
    assert_eq!((encoded(STREAMS_MAX + 1), decoded(STREAMS_MAX + 1)), (Err(encode), Err(decode)));
}

#[test]
fn streams_of_a_region() {
    let encoded = |n| {
        let streams = replicas(n).map(|replica| (replica, StreamPosition::default())).collect();
        encode_position(&RegionPosition { streams, ..RegionPosition::default() }).map(drop)
    };
    let decoded = |n| {
        let streams: Vec<_> = replicas(n).map(|replica| (replica, 0_u64, [0_u8; 16])).collect();
        decode_position(&versioned(&(0_u64, streams))).map(drop)
    };
    let (encode, decode) = refused("streams of a region", STREAMS_MAX);
    assert_eq!((encoded(STREAMS_MAX), decoded(STREAMS_MAX)), (Ok(()), Ok(())));
    assert_eq!((encoded(STREAMS_MAX + 1), decoded(STREAMS_MAX + 1)), (Err(encode), Err(decode)));
}

#[test]
fn streams_of_a_journal_frame() {
    let (encode, decode) = refused("streams of a journal frame", STREAMS_MAX);
    let mut frame = JournalFrameBuilder::default();
    let mut add = |replica| frame.add(replica, StreamPosition::default(), b"bytes");
    assert!(replicas(STREAMS_MAX).all(|replica| add(replica).is_ok()));
    assert_eq!(add(replica(0)), Err(encode));
    // Nothing of what was refused is in the frame, and the streams that are there go on.
    assert_eq!(add(replica(1)), Ok(()));
    assert_eq!((frame.changes(), frame.bytes()), (STREAMS_MAX + 1, 10 * (STREAMS_MAX + 1)));

    let decoded = |n| {
        let starts: Vec<_> = replicas(n).map(|replica| (replica, 0_u64, [0_u8; 16])).collect();
        JournalFrame::decode(&versioned(&starts)).map(drop)
    };
    assert_eq!((decoded(STREAMS_MAX), decoded(STREAMS_MAX + 1)), (Ok(()), Err(decode)));
}

#[test]
fn tables_of_a_catalog() {
    let names = |n: usize| (1_u64..).take(n).map(|seq| (seq, format!("t{seq}")));
    let shape = TableShape {
        data_type: DataType::Counter,
        resolver: ResolverKind::Merge,
        strategy: Strategy::MultiLeader,
        consistency: Consistency::Eventual,
    };
    let encoded = |n| {
        let mut catalog = Catalog::default();
        for (seq, name) in names(n) {
            let id = TableId(Dot::new(replica(1), seq));
            let name = TableName::new(&name).unwrap();
            catalog.define(TableDefinition { id, name, shape: shape.clone(), altered: None });
        }
        encode_catalog(&catalog).map(drop)
    };
    let decoded = |n| {
        let tables = names(n).map(|(seq, name)| {
            let definition =
                (name, "counter", "merge", "multi_leader", "eventual", Vec::<u8>::new());
            let altered = Some((0_u32, seq));
            ((0_u32, seq), altered, postcard::to_stdvec(&definition).unwrap())
        });
        let wire = ([replica(1)].to_vec(), tables.collect::<Vec<_>>());
        decode_catalog(&versioned(&wire)).map(drop)
    };
    let max = Catalog::TABLES_MAX;
    let (encode, decode) = refused("tables", max);
    assert_eq!((encoded(max), decoded(max)), (Ok(()), Ok(())));
    assert_eq!((encoded(max + 1), decoded(max + 1)), (Err(encode), Err(decode)));
}

#[test]
fn items_of_a_comparison() {
    let keys = |n: usize| (0..n).map(|n| Key::new(&format!("k{n:09}")).unwrap());
    let encoded = |n| {
        let answer = Comparison::Differs {
            items: keys(n).map(|key| (key, Digest([0; 16]))).collect(),
            up_to: None,
        };
        let vector = VersionVector::new();
        encode_frame(&Frame::Compared(Compared { request: 1, vector, answer })).map(drop)
    };
    let offered = |n| {
        let items = keys(n).map(|key| (key, Held::Nothing)).collect();
        let (vector, table) = (VersionVector::new(), TableId(Dot::new(replica(1), 1)));
        let offer = Offer { request: 1, vector, table, speaks_for: Vec::new(), items };
        encode_frame(&Frame::Offer(offer)).map(drop)
    };
    let answered = |n| {
        let (vector, items) = (VersionVector::new(), vec![Held::Nothing; n]);
        encode_frame(&Frame::Offered(Offered { request: 1, vector, items })).map(drop)
    };
    let (compared, _) = refused("answer to a comparison", LISTED_MAX);
    let (offer, _) = refused("offer", LISTED_MAX);
    let (answer, _) = refused("answer to an offer", LISTED_MAX);
    let max = LISTED_MAX;
    assert_eq!([encoded(max), offered(max), answered(max)], [Ok(()), Ok(()), Ok(())]);
    let max = LISTED_MAX + 1;
    assert_eq!(encoded(max), Err(compared));
    assert_eq!((offered(max), answered(max)), (Err(offer), Err(answer)));

    // What no writer gives, no reader takes: an answer with one item too many.
    let decoded = |n| {
        let payload = (1_u64, Vec::<u8>::new(), vec![0_u8; n]);
        let payload = [vec![1, 15], postcard::to_stdvec(&payload).unwrap()].concat();
        let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
        let header = [length, crc32c::crc32c(&payload).to_le_bytes()].concat();
        let header = header.first_chunk().copied().unwrap();
        let header = FrameHeader::decode(header, payload.len()).unwrap();
        decode_frame(header, &payload).map(drop)
    };
    let (_, refused) = refused("answer to an offer", LISTED_MAX);
    assert_eq!((decoded(LISTED_MAX), decoded(max)), (Ok(()), Err(refused.into())));
}
