//! What breaks a rule is refused, and by writers as by readers, so that nothing durable is ever
//! unreadable. Encodings that no writer gives are put together here by hand.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId, ReplicaId};
use tombolo_datatypes::{
    DataType, Delta, DeltaBody, Element, Entry, ItemState, JsonText, Live, Outcome, RegisterDelta,
    RegisterState, TypeState, Write, Written,
};
use tombolo_protocol::{
    DecodeError, EncodeError, Frame, FrameError, FrameHeader, JournalFrame, change_dot,
    decode_catalog, decode_change, decode_frame, decode_position, decode_row, encode_row, seal,
};
use tombolo_replication::{
    Body, Change, Consistency, ItemDelta, Key, Strategy, TableDefinition, TableId, TableName,
    TableShape,
};
use tombolo_resolvers::ResolverKind;

/// Place and sequence.
type WireDot = (u32, u64);
/// Table, key, ctx, kind and delta.
type WireItem<'a> = (WireDot, &'a str, Vec<WireDot>, u8, &'a [u8]);

const DELETION: &[u8] = &[0];

fn replica(n: u64) -> ReplicaId {
    ReplicaId::new(RegionId::new("r").unwrap(), Incarnation(n))
}

fn malformed<T>(what: &'static str) -> Result<T, DecodeError> {
    Err(DecodeError::Malformed { what })
}

fn bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).unwrap()
}

/// A change of replica 0, with three replicas in its table.
fn change_bytes(deps: &[WireDot], kind: u8, body: &[u8]) -> Vec<u8> {
    let replicas = [0, 1, 2].map(replica).to_vec();
    let cut: &[WireDot] = &[];
    let wire = (1_u64, replicas, 0_u64, deps, cut, kind, body, None::<u8>, None::<u8>);
    [vec![1], bytes(&wire)].concat()
}

fn items(items: &[WireItem<'_>]) -> Result<Change, DecodeError> {
    let settles_nothing = |(table, key, ctx, kind, delta): &WireItem<'_>| {
        (*table, (*key).to_owned(), ctx.clone(), *kind, delta.to_vec(), None::<u8>)
    };
    let items: Vec<_> = items.iter().map(settles_nothing).collect();
    decode_change(&change_bytes(&[], 1, &bytes(&items)))
}

fn change(body: Body) -> Change {
    Change {
        dot: Dot::new(replica(0), 1),
        stamp: HybridTimestamp::ZERO,
        deps: Arc::default(),
        cut: Arc::default(),
        body,
        idempotency: None,
        span: None,
    }
}

fn item(key: &str, ctx: Vec<Dot>) -> ItemDelta {
    let delta = Delta::new(ctx, DeltaBody::Register(RegisterDelta(Some(Write::from(None)))));
    ItemDelta { table: TableId(Dot::new(replica(1), 1)), key: Key::new(key).unwrap(), delta }
}

fn seal_error(body: Body) -> EncodeError {
    seal(change(body)).unwrap_err()
}

#[test]
fn a_version_or_a_kind_that_is_not_known_is_named() {
    let unknown = |what| DecodeError::UnknownVersion { what, version: 2 };
    assert_eq!(decode_change(&[2]), Err(unknown("change")));
    assert_eq!(change_dot(&[2]), Err(unknown("change")));
    assert_eq!(decode_row(&[2]), Err(unknown("row")));
    assert_eq!(decode_position(&[2]), Err(unknown("region position")));
    let later = DecodeError::UnknownVersion { what: "catalog", version: 3 };
    assert_eq!(decode_catalog(&[3]), Err(later));
    assert_eq!(JournalFrame::decode(&[2]).unwrap_err(), unknown("journal frame"));

    let unknown = |what, kind| DecodeError::UnknownKind { what, kind };
    let body = decode_change(&change_bytes(&[], 6, &[]));
    assert_eq!(body, Err(unknown("change bodies", 6)));
    assert_eq!(items(&[((1, 1), "k", vec![], 9, &[])]), Err(unknown("deltas", 9)));
    assert_eq!(decode_row(&[1, 0, 0, 0, 9, 0, 0]), Err(unknown("rows", 9)));
}

#[test]
fn an_item_that_a_change_names_twice_is_refused() {
    let twice = [((1, 1), "k", vec![], 1, DELETION), ((1, 1), "k", vec![], 1, DELETION)];
    assert_eq!(items(&twice), malformed("items of a change"));
    let refused = EncodeError::Malformed { what: "items of a change" };
    assert_eq!(seal_error(Body::Items(vec![item("k", vec![]), item("k", vec![])])), refused);

    let tables = [((1, 1), "k", vec![], 1, DELETION), ((2, 1), "k", vec![], 1, DELETION)];
    assert!(items(&tables).is_ok());
}

#[test]
fn replaced_dots_that_are_out_of_order_or_stand_twice_are_refused() {
    let what = "replaced dots of a delta";
    for [one, two] in [[(2, 1), (1, 1)], [(1, 2), (1, 1)], [(1, 1), (1, 1)]] {
        let ctx: Vec<WireDot> = vec![one, two];
        assert_eq!(items(&[((1, 1), "k", ctx, 1, DELETION)]), malformed(what));
        let ctx = [one, two].map(|(n, seq)| Dot::new(replica(n.into()), seq)).to_vec();
        let refused = EncodeError::Malformed { what };
        assert_eq!(seal_error(Body::Items(vec![item("k", ctx)])), refused);
    }
    assert!(items(&[((1, 1), "k", vec![(1, 1), (1, 2), (2, 1)], 1, DELETION)]).is_ok());
}

#[test]
fn a_change_without_an_author_or_a_sequence_has_no_dot() {
    for (seq, replicas) in [(0_u64, vec![replica(0)]), (1, vec![])] {
        let bytes = [vec![1], bytes(&(seq, replicas, [0_u8; 7]))].concat();
        assert_eq!(change_dot(&bytes), malformed("change"));
        assert!(decode_change(&bytes).is_err());
    }
}

#[test]
fn a_sequence_of_0_is_refused_in_every_dot() {
    assert_eq!(items(&[((1, 0), "k", vec![], 1, DELETION)]), malformed("dot"));
    assert_eq!(items(&[((1, 1), "k", vec![(1, 0)], 1, DELETION)]), malformed("dot"));
    assert_eq!(decode_change(&change_bytes(&[(1, 0)], 1, &[0])), malformed("version vector"));
    assert_eq!(decode_change(&change_bytes(&[], 3, &bytes(&(1, 0)))), malformed("dot"));
    let zero = TableId(Dot::new(replica(1), 0));
    assert_eq!(seal_error(Body::Drop(zero)), EncodeError::Malformed { what: "dot" });
    assert_eq!(seal_error(Body::Stub(vec![zero])), EncodeError::Malformed { what: "dot" });
}

#[test]
fn vectors_and_tallies_that_do_not_ascend_are_refused() {
    for deps in [[(2, 1), (1, 1)], [(1, 1), (1, 1)]] {
        assert_eq!(decode_change(&change_bytes(&deps, 1, &[0])), malformed("version vector"));
    }
    assert!(decode_change(&change_bytes(&[(1, 1), (2, 1)], 1, &[0])).is_ok());

    let reset = |tallies: &[(u32, u128, u128)]| {
        let delta = bytes(&(1_u32, tallies));
        items(&[((1, 1), "k", vec![], 2, &delta)])
    };
    assert!(reset(&[(0, 1, 0), (1, 0, 1)]).is_ok());
    assert_eq!(reset(&[(1, 1, 0), (0, 0, 1)]), malformed("tallies"));
    assert_eq!(reset(&[(1, 1, 0), (1, 0, 1)]), malformed("tallies"));
    assert_eq!(reset(&[(1, 0, 0)]), malformed("tallies"));
    assert_eq!(reset(&[(3, 1, 0)]), malformed("replica index"));
}

#[test]
fn keys_and_json_are_held_to_what_a_client_may_send() {
    for key in ["", "..", &"k".repeat(513)] {
        assert_eq!(items(&[((1, 1), key, vec![], 1, DELETION)]), malformed("key"));
    }
    for json in ["", "{", r#"{"a":1,"a":2}"#, "1 2"] {
        let put = bytes(&(1_u32, json));
        assert_eq!(items(&[((1, 1), "k", vec![], 1, &put)]), malformed("JSON"));
    }
    let add = |texts: &[&str]| {
        let touched: Vec<_> =
            texts.iter().map(|text| (*text, Vec::<WireDot>::new(), 2_u8)).collect();
        let delta = bytes(&(touched, true));
        items(&[((1, 1), "k", vec![], 3, &delta)]).map(drop)
    };
    assert_eq!(add(&["null", "1", "1.0", r#""a""#]), Ok(()));
    assert_eq!(add(&["{"]), malformed("JSON"));
    for element in ["[]", "{}", r#""\u0061""#, " 1"] {
        assert_eq!(add(&[element]), malformed("element"), "{element}");
    }
    for elements in [["1", "1"], ["1", "null"], ["1.0", "1"]] {
        assert_eq!(add(&elements), malformed("elements of a set"));
    }
}

#[test]
fn a_definition_is_of_this_very_change_and_of_what_is_known_here() {
    let decoded = |definition: &(&str, &str, &str, &str, &str, &[&str])| {
        decode_change(&change_bytes(&[], 2, &bytes(definition)))
    };
    let decode = |data_type: &str, resolver: &str, strategy: &str, regions: &[&str]| {
        decoded(&("users", data_type, resolver, strategy, "eventual", regions))
    };
    let unknown = |what| Err(DecodeError::UnknownName { what });
    assert!(decode("register", "last_write_wins", "multi_leader", &[]).is_ok());
    let resolver = decode("register", "custom", "multi_leader", &[]);
    assert_eq!(resolver, unknown("the table's resolver"));
    let data_type = decode("text", "merge", "multi_leader", &[]);
    assert_eq!(data_type, unknown("the table's data type"));
    let strategy = decode("counter", "merge", "quorum", &[]);
    assert_eq!(strategy, unknown("the table's replication strategy"));
    let consistency = decoded(&("users", "counter", "merge", "multi_leader", "strong", &[]));
    assert_eq!(consistency, unknown("the table's default consistency"));
    let regions = decode("counter", "merge", "multi_leader", &["a"]);
    assert_eq!(regions, unknown("a table that some regions only hold"));
    let mismatched = decode("counter", "last_write_wins", "multi_leader", &[]);
    assert_eq!(mismatched, malformed("definition"));

    let define = |seq, data_type, resolver, altered| {
        let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
        let shape = TableShape { data_type, resolver, strategy, consistency };
        let id = TableId(Dot::new(replica(0), seq));
        let name = TableName::new("users").unwrap();
        seal(change(Body::Define(TableDefinition { id, name, shape, altered }))).map(|_| ())
    };
    let refused = Err(EncodeError::Malformed { what: "definition" });
    assert_eq!(define(1, DataType::Counter, ResolverKind::Merge, None), Ok(()));
    assert_eq!(define(2, DataType::Counter, ResolverKind::Merge, None), refused);
    assert_eq!(define(1, DataType::Counter, ResolverKind::LastWriteWins, None), refused);
    // It was not altered before it was there.
    let altered = Some(Dot::new(replica(0), 1));
    assert_eq!(define(1, DataType::Counter, ResolverKind::Merge, altered), refused);
}

#[test]
fn an_alteration_is_of_a_table_and_to_what_is_known_here() {
    let decode = |table: WireDot, consistency: &str| {
        let body = decode_change(&change_bytes(&[], 5, &bytes(&(table, consistency))));
        body.map(|change| change.body)
    };
    let table = TableId(Dot::new(replica(1), 7));
    let consistency = Consistency::Session;
    assert_eq!(decode((1, 7), "session"), Ok(Body::Alter { table, consistency }));
    for word in ["strong", "", "Session", "session "] {
        let what = "the table's default consistency";
        assert_eq!(decode((1, 7), word), Err(DecodeError::UnknownName { what }), "{word:?}");
    }
    assert_eq!(decode((1, 0), "session"), malformed("dot"));
    assert_eq!(decode((3, 7), "session"), malformed("replica index"));
    let longer = bytes(&((1, 7), "session", 0_u8));
    let trailing = DecodeError::Trailing { what: "alteration", bytes: 1 };
    assert_eq!(decode_change(&change_bytes(&[], 5, &longer)), Err(trailing));
    let table = TableId(Dot::new(replica(1), 0));
    let refused = EncodeError::Malformed { what: "dot" };
    assert_eq!(seal_error(Body::Alter { table, consistency }), refused);
}

#[test]
fn a_dot_that_lives_twice_in_a_row_is_refused() {
    let entry = |stamp: u64| {
        let stamp = HybridTimestamp::from_bits(stamp);
        Entry::new(Written { dot: Dot::new(replica(1), 1), stamp }, Write::from(None))
    };
    let live = Live::from_entries(vec![entry(1), entry(2)]);
    let twice = TypeState::Register(RegisterState { live, kept: None });
    let state = ItemState::from_parts([(replica(1), 1)].into_iter().collect(), twice);
    assert_eq!(encode_row(&state), Err(EncodeError::Malformed { what: "live entries" }));

    // Deletions: dot, stamp, kind.
    let row = |writes: &[(WireDot, u64, u32)], kept: Option<(WireDot, u64, u32)>| {
        let context: &[WireDot] = &[(0, 2)];
        let marks: &[u8] = &[];
        let wire = (vec![replica(1)], context, 1_u8, bytes(&(writes, kept)), marks);
        decode_row(&[vec![1, 1], bytes(&wire)].concat())
    };
    let (first, second) = (((0, 1), 1, 0), ((0, 2), 1, 0));
    assert!(row(&[second, ((0, 1), 2, 0)], None).is_ok());
    assert_eq!(row(&[first, ((0, 1), 2, 0)], None), malformed("live entries"));
    assert_eq!(row(&[((0, 1), 2, 0), second], None), malformed("live entries"));
    assert!(row(&[first], Some(second)).is_ok());
    assert_eq!(row(&[first, second], Some(second)), malformed("register row"));
}

#[test]
fn what_a_delta_settles_is_in_order_and_of_its_type() {
    type Settling<'a> = (Option<&'a str>, &'a [(WireDot, u8)]);
    let decoded = |kind: u8, delta: &[u8], settling: Settling<'_>| {
        let ctx: &[WireDot] = &[];
        let item = ((1_u32, 1_u64), "k", ctx, kind, delta, Some(settling));
        decode_change(&change_bytes(&[], 1, &bytes(&[item].as_slice()))).map(drop)
    };
    let what = "settling of a delta";
    let (one, other) = (((1, 1), 0), ((1, 2), 3));
    assert_eq!(decoded(1, DELETION, (None, &[one, other])), Ok(()));
    assert_eq!(decoded(1, DELETION, (None, &[other, one])), malformed(what));
    assert_eq!(decoded(1, DELETION, (None, &[one, one])), malformed(what));
    assert_eq!(decoded(1, DELETION, (None, &[])), malformed(what));
    assert_eq!(decoded(1, DELETION, (Some("1"), &[one])), malformed(what));
    assert_eq!(decoded(1, DELETION, (None, &[((1, 1), 4)])), malformed("outcome of a conflict"));
    assert_eq!(decoded(1, DELETION, (None, &[((3, 1), 0)])), malformed("replica index"));
    let (counter, set) = (bytes(&(0_u32, 1_u128, 0_u128)), [0, 0]);
    assert_eq!(decoded(2, &counter, (None, &[one])), malformed(what));
    assert_eq!(decoded(3, &set, (Some("1"), &[one])), Ok(()));
    assert_eq!(decoded(3, &set, (None, &[one])), malformed(what));
    assert_eq!(decoded(3, &set, (Some("[]"), &[one])), malformed("element"));

    let mut unfit = item("k", vec![]);
    let element = Element::new(&JsonText::from(1_i64));
    unfit.delta.settle(element.as_ref(), Dot::new(replica(1), 1), Outcome::Dismissed);
    assert_eq!(seal_error(Body::Items(vec![unfit])), EncodeError::Malformed { what });
}

#[test]
fn what_a_row_says_is_settled_is_there_and_in_order() {
    type Mark<'a> = (Option<&'a str>, WireDot, (WireDot, u64), u8);
    let row = |marks: &[Mark<'_>]| {
        let context: &[WireDot] = &[(0, 3)];
        let writes: &[(WireDot, u64, u32)] = &[((0, 1), 1, 0), ((0, 2), 1, 0)];
        let register = bytes(&(writes, None::<u8>));
        let wire = (vec![replica(1)], context, 1_u8, register, marks);
        decode_row(&[vec![1, 1], bytes(&wire)].concat()).map(drop)
    };
    let mark = |seq| (None, (0, seq), ((0, 3), 9), 2);
    let what = "settled writes of a row";
    assert_eq!(row(&[mark(1)]), Ok(()));
    assert_eq!(row(&[mark(1), mark(2)]), Ok(()));
    assert_eq!(row(&[mark(2), mark(1)]), malformed(what));
    assert_eq!(row(&[mark(1), mark(1)]), malformed(what));
    assert_eq!(row(&[mark(3)]), malformed(what), "no such write");
    assert_eq!(row(&[(Some("1"), (0, 1), ((0, 3), 9), 2)]), malformed(what), "a register has none");
    assert_eq!(row(&[(None, (0, 1), ((0, 3), 9), 4)]), malformed("outcome of a conflict"));
}

#[test]
fn streams_and_tables_that_stand_twice_are_refused() {
    let stream = |n: u64| (replica(n), 1_u64, [0_u8; 16]);
    let starts = |streams: &[_]| [vec![1], bytes(&streams)].concat();
    let positions = |streams: &[_]| [vec![1, 0], bytes(&streams)].concat();
    assert!(decode_position(&positions(&[stream(1), stream(2)])).is_ok());
    let unordered = decode_position(&positions(&[stream(2), stream(1)]));
    assert_eq!(unordered, malformed("region position"));
    assert!(JournalFrame::decode(&starts(&[stream(2), stream(1)])).is_ok());
    let twice = JournalFrame::decode(&starts(&[stream(1), stream(1)])).map(|frame| frame.starts);
    assert_eq!(twice, malformed("journal frame"));

    let catalog = |tables: &[(u64, &str)], altered: Option<WireDot>| {
        let tables = tables.iter().map(|(seq, name)| {
            let none: &[&str] = &[];
            let definition = bytes(&(name, "counter", "merge", "multi_leader", "eventual", none));
            ((0_u32, *seq), altered, definition)
        });
        let wire = (vec![replica(0)], tables.collect::<Vec<_>>());
        decode_catalog(&[vec![1], bytes(&wire)].concat())
    };
    assert!(catalog(&[(1, "a"), (2, "b")], None).is_ok());
    assert!(catalog(&[(1, "a"), (2, "b")], Some((0, 3))).is_ok());
    assert_eq!(catalog(&[(1, "a")], Some((0, 0))), malformed("dot"));
    assert_eq!(catalog(&[(1, "a"), (2, "a")], None), malformed("catalog"));
    assert_eq!(catalog(&[(1, "a"), (1, "b")], None), malformed("catalog"));
}

/// A frame of that kind with that content, as a connection reads it.
fn frame(kind: u8, content: &[u8]) -> Result<Frame, FrameError> {
    let payload = [&[1, kind], content].concat();
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let header = [length, crc32c::crc32c(&payload).to_le_bytes()].concat();
    let header = FrameHeader::decode(*header.first_chunk().unwrap(), payload.len()).unwrap();
    decode_frame(header, &payload)
}

#[test]
fn a_comparison_is_of_a_table_and_of_keys_in_their_order() {
    let table = Dot::new(replica(1), 1);
    let vector: Vec<(ReplicaId, u64)> = Vec::new();
    let compare = |table: Dot, after: Option<&str>, to: Option<&str>| {
        frame(12, &bytes(&(1_u64, &vector, table, after, to, [0_u8; 16]))).map(drop)
    };
    let malformed = |what| Err(FrameError::Decode(DecodeError::Malformed { what }));
    assert_eq!(compare(table, Some("a"), Some("b")), Ok(()));
    assert_eq!(compare(table, Some("b"), Some("b")), malformed("comparison"));
    assert_eq!(compare(table, Some("c"), Some("b")), malformed("comparison"));
    assert_eq!(compare(table, Some(".."), None), malformed("key"));
    assert_eq!(compare(Dot { seq: 0, ..table }, None, None), malformed("table"));

    let compared = |keys: &[&str]| {
        let items: Vec<(&str, [u8; 16])> = keys.iter().map(|key| (*key, [0; 16])).collect();
        frame(13, &bytes(&(1_u64, &vector, 1_u8, items, None::<&str>))).map(drop)
    };
    assert_eq!(compared(&["a", "b"]), Ok(()));
    for keys in [["b", "a"], ["a", "a"]] {
        assert_eq!(compared(&keys), malformed("answer to a comparison"), "{keys:?}");
    }
}

#[test]
fn a_row_from_a_peer_is_held_to_what_a_client_is() {
    let written = |text: &str| {
        let value = Some(JsonText::from_checked(text)).into();
        let dot = Dot::new(replica(1), 1);
        let entry = Entry::new(Written { stamp: HybridTimestamp::ZERO, dot }, value);
        let live = Live::from_entries(vec![entry]);
        let state = TypeState::Register(RegisterState { live, kept: None });
        encode_row(&ItemState::from_parts([(replica(1), 1)].into_iter().collect(), state)).unwrap()
    };
    let vector: Vec<(ReplicaId, u64)> = Vec::new();
    let offered = |row: &[u8]| frame(15, &bytes(&(1_u64, &vector, 1_u32, 1_u8, row))).map(drop);
    assert_eq!(offered(&written("[1]")), Ok(()));
    let deep = "[".repeat(65) + &"]".repeat(65);
    for text in ["", "{", "1 2", r#"{"a":1,"a":2}"#, &deep] {
        // The store takes it, and a peer's is refused.
        assert!(decode_row(&written(text)).is_ok());
        let refused = FrameError::Decode(DecodeError::Malformed { what: "JSON" });
        assert_eq!(offered(&written(text)), Err(refused), "{text}");
    }
    assert!(offered(b"\x01\x00").is_err() && offered(b"").is_err());
}
