//! Any value that the formats can hold: from few names, so that they meet, and with the extremes.

use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use tombolo_causality::{
    Dot, HybridTimestamp, Incarnation, Partition, RegionId, ReplicaId, VersionVector,
};
use tombolo_datatypes::{
    CounterDelta, CounterState, DataType, Delta, DeltaBody, Entry, ItemState, JsonText, Live,
    RegisterDelta, RegisterState, Tally, TypeState,
};
use tombolo_protocol::RegionPosition;
use tombolo_replication::{
    Body, Catalog, Change, Consistency, IdempotencyRecord, ItemDelta, Key, RunningHash,
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

fn stamp() -> impl Strategy<Value = HybridTimestamp> {
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

fn delta() -> impl Strategy<Value = Delta> {
    let body = prop_oneof![
        option::of(json()).prop_map(|value| DeltaBody::Register(RegisterDelta(value))),
        tally().prop_map(|tally| DeltaBody::Counter(CounterDelta::Adjusted(tally))),
        tallies().prop_map(|seen| DeltaBody::Counter(CounterDelta::Reset(seen))),
    ];
    let ctx = btree_set(dot(), 0..4).prop_map(|dots| dots.into_iter().collect());
    (ctx, body).prop_map(|(ctx, body)| Delta { ctx, body })
}

fn key() -> impl Strategy<Value = Key> {
    "[a-c/é😀]{1,9}".prop_map(|text| Key::new(&text).unwrap())
}

fn table() -> impl Strategy<Value = TableId> {
    dot().prop_map(TableId)
}

fn definition() -> impl Strategy<Value = (TableName, TableShape)> {
    let name = "[a-z][a-z0-9_-]{0,62}".prop_map(|name| TableName::new(&name).unwrap());
    let data_type = prop::sample::select(DataType::ALL.to_vec());
    let consistency = prop::sample::select(Consistency::ALL.to_vec());
    (name, data_type, consistency).prop_map(|(name, data_type, consistency)| {
        let (resolver, strategy) = (ResolverKind::of(data_type)[0], Replication::MultiLeader);
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
    let idempotency = (".{0,20}", any::<[u8; 16]>(), vec(any::<u8>(), 0..20))
        .prop_map(|(key, request_hash, answer)| IdempotencyRecord { key, request_hash, answer });
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
    let register =
        live(option::of(json())).prop_map(|live| TypeState::Register(RegisterState { live }));
    let counter = (tallies(), tallies(), live(Just(())))
        .prop_map(|(totals, bases, live)| TypeState::Counter(CounterState { totals, bases, live }));
    let value = prop_oneof![register, counter];
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
