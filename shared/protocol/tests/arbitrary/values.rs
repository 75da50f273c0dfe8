//! Any value that the formats can hold: from few names, so that they meet, and with the extremes.

use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use tombolo_causality::{
    Dot, HybridTimestamp, Incarnation, Partition, RegionId, ReplicaId, VersionVector,
};
use tombolo_datatypes::{
    CounterDelta, CounterState, DataType, Delta, DeltaBody, Element, Entry, FlagDelta, FlagState,
    ItemState, JsonText, Live, Presence, RegisterDelta, RegisterState, SetDelta, SetState, Tally,
    Touch, TypeState, Write, Written,
};
use tombolo_protocol::RegionPosition;
use tombolo_replication::idempotency::{
    GivenAnswer, KeptRecord, NamedRequest, RequestHash, RequestName,
};
use tombolo_replication::{
    Body, Catalog, Change, Consistency, IdempotencyRecord, ItemDelta, ItemKey, Key, RunningHash,
    Strategy as Replication, StreamPosition, TableDefinition, TableId, TableName, TableShape,
};
use tombolo_resolvers::ResolverKind;

pub(crate) fn replica() -> impl Strategy<Value = ReplicaId> {
    let region = prop::sample::select(vec!["a", "us-east", "us-west-california"]);
    let incarnation = prop::sample::select(vec![0, 1, u64::MAX]);
    let partition = prop::sample::select(vec![0, 128, u16::MAX]);
    (region, incarnation, partition).prop_map(|(region, incarnation, partition)| ReplicaId {
        region: RegionId::new(region).unwrap(),
        incarnation: Incarnation(incarnation),
        partition: Partition(partition),
    })
}

/// Small and large: all lengths that an integer can be written in.
pub(crate) fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

fn seq() -> impl Strategy<Value = u64> {
    number().prop_map(|number| number.max(1))
}

pub(crate) fn dot() -> impl Strategy<Value = Dot> {
    (replica(), seq()).prop_map(|(replica, seq)| Dot::new(replica, seq))
}

pub(crate) fn stamp() -> impl Strategy<Value = HybridTimestamp> {
    number().prop_map(HybridTimestamp::from_bits)
}

pub(crate) fn vector() -> impl Strategy<Value = VersionVector> {
    vec((replica(), number()), 0..6).prop_map(VersionVector::from_iter)
}

pub(crate) fn position() -> impl Strategy<Value = StreamPosition> {
    let hash = any::<[u8; 16]>().prop_map(RunningHash);
    (number(), hash).prop_map(|(seq, hash)| StreamPosition { seq, hash })
}

fn json() -> impl Strategy<Value = JsonText> {
    let texts = prop::sample::select(vec!["null", r#"{"a":[1.0,-0,1e9]}"#, "\"\"", "[[],{}]"]);
    prop_oneof![
        any::<i64>().prop_map(JsonText::from),
        texts.prop_map(|text| JsonText::parse(text.as_bytes()).unwrap()),
        "[a-zé😀 ]{0,200}"
            .prop_map(|text| JsonText::parse(format!("{text:?}").as_bytes()).unwrap()),
    ]
}

fn tally() -> impl Strategy<Value = Tally> {
    let side = || (any::<u128>(), 0..=128_u32).prop_map(|(n, by)| n.checked_shr(by).unwrap_or(0));
    (side(), side()).prop_map(|(up, down)| Tally { up, down })
}

/// Told by [`Tally`]s that are not nothing.
fn tallies() -> impl Strategy<Value = std::collections::BTreeMap<ReplicaId, Tally>> {
    let told = tally().prop_map(|tally| Tally { up: tally.up.max(1), ..tally });
    btree_map(replica(), told, 0..4)
}

fn write() -> impl Strategy<Value = Write> {
    let generation = (dot(), stamp()).prop_map(|(dot, stamp)| Box::new(Written { stamp, dot }));
    (option::of(json()), option::of(generation)).prop_map(|(value, generation)| {
        let generation = generation.filter(|_| value.is_some());
        Write { value, generation }
    })
}

fn element() -> impl Strategy<Value = Element> {
    let texts = ["null", "true", "1", "1.0", "-0", "1e400", r#""""#, r#""\u0061\/""#, r#""é\n""#];
    let text = prop::sample::select(texts.to_vec());
    text.prop_map(|text| Element::new(&JsonText::parse(text.as_bytes()).unwrap()).unwrap())
}

fn presence() -> impl Strategy<Value = Presence> {
    prop::sample::select(vec![Presence::Removed, Presence::Added])
}

fn dots() -> impl Strategy<Value = Vec<Dot>> {
    btree_set(dot(), 0..4).prop_map(|dots| dots.into_iter().collect())
}

fn set_delta() -> impl Strategy<Value = SetDelta> {
    let touch = (dots(), option::of(presence()))
        .prop_map(|(replaced, presence)| Touch { replaced, presence });
    let touched = btree_map(element(), touch, 0..4);
    (touched, any::<bool>()).prop_map(|(touched, exists)| SetDelta { touched, exists })
}

fn delta() -> impl Strategy<Value = Delta> {
    let body = prop_oneof![
        option::of(write()).prop_map(|write| DeltaBody::Register(RegisterDelta(write))),
        set_delta().prop_map(DeltaBody::Set),
        option::of(any::<bool>()).prop_map(|to| DeltaBody::Flag(FlagDelta(to))),
        tally().prop_map(|tally| DeltaBody::Counter(CounterDelta::Adjusted(tally))),
        tallies().prop_map(|seen| DeltaBody::Counter(CounterDelta::Reset(seen))),
    ];
    (dots(), body).prop_map(|(ctx, body)| Delta { ctx, body })
}

pub(crate) fn key() -> impl Strategy<Value = Key> {
    "[a-c/é😀]{1,9}".prop_map(|text| Key::new(&text).unwrap())
}

pub(crate) fn table() -> impl Strategy<Value = TableId> {
    dot().prop_map(TableId)
}

pub(crate) fn item() -> impl Strategy<Value = ItemKey> {
    (table(), key()).prop_map(|(table, key)| ItemKey { table, key })
}

fn definition() -> impl Strategy<Value = (TableName, TableShape)> {
    let name = "[a-z][a-z0-9_-]{0,62}".prop_map(|name| TableName::new(&name).unwrap());
    let pairs = DataType::ALL.into_iter();
    let pairs = pairs
        .flat_map(|data_type| ResolverKind::of(data_type).iter().map(move |r| (data_type, *r)));
    let pair = prop::sample::select(pairs.collect::<Vec<_>>());
    let consistency = prop::sample::select(Consistency::ALL.to_vec());
    (name, pair, consistency).prop_map(|(name, (data_type, resolver), consistency)| {
        let strategy = Replication::MultiLeader;
        (name, TableShape { data_type, resolver, strategy, consistency })
    })
}

fn body(dot: Dot) -> impl Strategy<Value = Body> {
    let items = btree_map((table(), key()), delta(), 0..4).prop_map(|items| {
        let items = items.into_iter();
        Body::Items(items.map(|((table, key), delta)| ItemDelta { table, key, delta }).collect())
    });
    let define = definition().prop_map(move |(name, shape)| {
        Body::Define(TableDefinition { id: TableId(dot), name, shape })
    });
    prop_oneof![
        6 => items,
        1 => define,
        1 => table().prop_map(Body::Drop),
        1 => vec(table(), 0..4).prop_map(Body::Stub),
    ]
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let request = any::<[[u8; 16]; 2]>()
        .prop_map(|[name, hash]| NamedRequest { name: RequestName(name), hash: RequestHash(hash) });
    let answer = (any::<bool>(), vector(), option::of(any::<i64>())).prop_map(
        |(existed, context, shown)| GivenAnswer {
            existed,
            context,
            shown: shown.map(JsonText::from),
        },
    );
    let idempotency =
        (request, answer).prop_map(|(request, answer)| IdempotencyRecord { request, answer });
    let dot_and_body = dot().prop_flat_map(|dot| (Just(dot), body(dot)));
    (dot_and_body, stamp(), vector(), vector(), option::of(idempotency)).prop_map(
        |((dot, body), stamp, deps, cut, idempotency)| {
            let (deps, cut) = (Arc::new(deps), Arc::new(cut));
            Change { dot, stamp, deps, cut, body, idempotency }
        },
    )
}

fn live<T: Clone + core::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Live<T>> {
    btree_map(dot(), (stamp(), value), 0..5).prop_map(|entries| {
        let entries = entries.into_iter();
        let entries = entries.map(|(dot, (stamp, value))| Entry { dot, stamp, value });
        Live::from_entries(entries.collect())
    })
}

pub(crate) fn state() -> impl Strategy<Value = ItemState> {
    let kept = (dot(), stamp(), write())
        .prop_map(|(dot, stamp, value)| Box::new(Entry { dot, stamp, value }));
    let register = (live(write()), option::of(kept)).prop_map(|(live, kept)| {
        let kept = kept.filter(|kept| !live.holds(&kept.dot));
        TypeState::Register(RegisterState { live, kept })
    });
    let elements = btree_map(element(), live(presence()), 0..4).prop_map(|mut elements| {
        elements.retain(|_, live| !live.is_empty());
        elements
    });
    let set = (elements, live(Just(())))
        .prop_map(|(elements, live)| TypeState::Set(SetState { elements, live }));
    let flag = live(any::<bool>()).prop_map(|live| TypeState::Flag(FlagState { live }));
    let counter = (tallies(), tallies(), live(Just(())))
        .prop_map(|(totals, bases, live)| TypeState::Counter(CounterState { totals, bases, live }));
    let value = prop_oneof![register, counter, set, flag];
    (vector(), value).prop_map(|(context, value)| ItemState::from_parts(context, value))
}

pub(crate) fn region_position() -> impl Strategy<Value = RegionPosition> {
    let streams = vec((replica(), position()), 0..5);
    (streams, stamp()).prop_map(|(streams, stamp_floor)| RegionPosition {
        streams: streams.into_iter().collect(),
        stamp_floor,
    })
}

pub(crate) fn catalog() -> impl Strategy<Value = Catalog> {
    btree_map(table(), definition(), 0..5).prop_map(|tables| {
        let mut catalog = Catalog::default();
        for (id, (name, shape)) in tables {
            catalog.define(TableDefinition { id, name, shape });
        }
        catalog
    })
}

pub(crate) fn kept_record() -> impl Strategy<Value = KeptRecord> {
    let answer = (any::<bool>(), vector(), option::of(json()))
        .prop_map(|(existed, context, shown)| GivenAnswer { existed, context, shown });
    (any::<([u8; 16], [u8; 16])>(), answer, dot(), stamp()).prop_map(
        |((name, hash), answer, dot, stamp)| {
            let request = NamedRequest { name: RequestName(name), hash: RequestHash(hash) };
            KeptRecord { record: IdempotencyRecord { request, answer }, dot, stamp }
        },
    )
}
