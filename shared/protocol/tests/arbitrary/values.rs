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
    ItemState, JsonText, Live, Outcome, Presence, RegisterDelta, RegisterState, SetDelta, SetState,
    Settled, Tally, Touch, TypeState, Write, Written,
};
use tombolo_protocol::RegionPosition;
use tombolo_replication::idempotency::{
    GivenAnswer, GivenRecord, KeptRecord, NamedRequest, RequestHash, RequestName, Told,
};
use tombolo_replication::{
    Body, Catalog, Change, ConflictRecord, Consistency, Exceptions, IdempotencyRecord, ItemDelta,
    ItemKey, Key, Member, MemberAddress, Membership, RecordedWrite, Removed, RunningHash, SetAside,
    SpanContext, Strategy as Replication, StreamPosition, TableDefinition, TableId, TableName,
    TableShape,
};
use tombolo_resolvers::{Reason, ResolverKind};

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
    let settled = (element(), btree_map(dot(), outcome(), 1..4));
    (dots(), body, option::of(settled)).prop_map(|(ctx, body, settled)| {
        let mut delta = Delta::new(ctx, body);
        let data_type = delta.body.data_type();
        let settled = settled.filter(|_| data_type != DataType::Counter);
        if let Some((element, outcomes)) = settled {
            let element = Some(&element).filter(|_| data_type == DataType::Set);
            for (dot, outcome) in outcomes {
                delta.settle(element, dot, outcome);
            }
        }
        delta
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    use Outcome::{Covered, Dismissed, Open, Restored};
    prop::sample::select(vec![Open, Restored, Dismissed, Covered])
}

fn settled() -> impl Strategy<Value = Settled> {
    let by = (stamp(), dot()).prop_map(|(stamp, dot)| Written { stamp, dot });
    (by, outcome()).prop_map(|(by, outcome)| Settled { by, outcome })
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

fn given_record() -> impl Strategy<Value = GivenRecord> {
    let write = || {
        (option::of(0..3_i64), stamp(), dot()).prop_map(|(value, stamp, dot)| RecordedWrite {
            value: value.map(JsonText::from),
            written: Written { stamp, dot },
        })
    };
    let why = (
        prop::sample::select(Reason::ALL.to_vec()),
        outcome(),
        prop::sample::select(ResolverKind::ALL.to_vec()),
    );
    (table(), key(), option::of(element()), (write(), write()), why).prop_map(
        |(table, key, element, writes, (reason, outcome, resolver))| {
            let why = (reason, outcome);
            let record = ConflictRecord::new((&table, &key), element, writes, resolver, why);
            GivenRecord { item: ItemKey { table, key }, record }
        },
    )
}

fn consistency() -> impl Strategy<Value = Consistency> {
    prop::sample::select(Consistency::ALL.to_vec())
}

fn definition() -> impl Strategy<Value = (TableName, TableShape)> {
    let name = "[a-z][a-z0-9_-]{0,62}".prop_map(|name| TableName::new(&name).unwrap());
    let pairs = DataType::ALL.into_iter();
    let pairs = pairs
        .flat_map(|data_type| ResolverKind::of(data_type).iter().map(move |r| (data_type, *r)));
    let pair = prop::sample::select(pairs.collect::<Vec<_>>());
    (name, pair, consistency()).prop_map(|(name, (data_type, resolver), consistency)| {
        let strategy = Replication::MultiLeader;
        (name, TableShape { data_type, resolver, strategy, consistency })
    })
}

/// A list of members; the regions that replicas are of take part, or were removed.
pub(crate) fn members() -> impl Strategy<Value = Membership> {
    let address = "[a-z.-]{1,20}:[1-9][0-9]{0,3}";
    let named =
        btree_map(replica().prop_map(|replica| replica.region), (address, option::of(dot())), 1..5);
    let before = btree_set(replica().prop_map(|replica| replica.region), 0..3);
    (1_u64.., named, dot(), any::<bool>(), before).prop_map(|(epoch, named, by, loses, before)| {
        let mut members: Vec<_> = named
            .into_iter()
            .map(|(region, (address, since))| Member {
                region,
                address: MemberAddress::new(&address).unwrap(),
                since,
            })
            .collect();
        let lost = (loses && members.len() > 1).then(|| members.remove(0));
        let removed = lost.into_iter().map(|lost| Removed { region: lost.region, by }).collect();
        let before = before.into_iter().collect();
        Membership::from_parts(epoch, members, removed, before).unwrap()
    })
}

fn body(dot: Dot) -> impl Strategy<Value = Body> {
    let items = btree_map((table(), key()), delta(), 0..4).prop_map(|items| {
        let items = items.into_iter();
        Body::Items(items.map(|((table, key), delta)| ItemDelta { table, key, delta }).collect())
    });
    let define = definition().prop_map(move |(name, shape)| {
        Body::Define(TableDefinition { id: TableId(dot), name, shape, altered: None })
    });
    let alter = (table(), consistency())
        .prop_map(|(table, consistency)| Body::Alter { table, consistency });
    prop_oneof![
        6 => items,
        1 => define,
        1 => table().prop_map(Body::Drop),
        1 => alter,
        1 => vec(table(), 0..4).prop_map(Body::Stub),
        1 => members().prop_map(|members| Body::Members(Box::new(members))),
    ]
}

pub(crate) fn named_request() -> impl Strategy<Value = NamedRequest> {
    any::<[[u8; 16]; 2]>()
        .prop_map(|[name, hash]| NamedRequest { name: RequestName(name), hash: RequestHash(hash) })
}

/// A table as it stands.
fn defined() -> impl Strategy<Value = TableDefinition> {
    (table(), definition(), option::of(dot()))
        .prop_map(|(id, (name, shape), altered)| TableDefinition { id, name, shape, altered })
}

fn idempotency() -> impl Strategy<Value = IdempotencyRecord> {
    let told = prop_oneof![
        Just(Told::Nothing),
        any::<i64>().prop_map(|number| Told::Shown(JsonText::from(number))),
        given_record().prop_map(|given| Told::Settled(Box::new(given))),
        defined().prop_map(|table| Told::Table(Arc::new(table))),
    ];
    let answer = (any::<bool>(), vector(), told).prop_map(|(existed, context, told)| GivenAnswer {
        existed,
        context,
        told,
    });
    (named_request(), answer).prop_map(|(request, answer)| IdempotencyRecord { request, answer })
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    let dot_and_body = dot().prop_flat_map(|dot| (Just(dot), body(dot)));
    let span = option::of(any::<([u8; 16], [u8; 8])>())
        .prop_map(|span| span.map(|(trace, span)| SpanContext { trace, span }));
    (dot_and_body, stamp(), vector(), vector(), option::of(idempotency()), span).prop_map(
        |((dot, body), stamp, deps, cut, idempotency, span)| {
            let (deps, cut) = (Arc::new(deps), Arc::new(cut));
            Change { dot, stamp, deps, cut, body, idempotency, span }
        },
    )
}

fn live<T: Clone + core::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Live<T>> {
    btree_map(dot(), (stamp(), value), 0..5).prop_map(|entries| {
        let entries = entries.into_iter();
        let entries =
            entries.map(|(dot, (stamp, value))| Entry::new(Written { stamp, dot }, value));
        Live::from_entries(entries.collect())
    })
}

/// The same about which something was decided, now and then.
fn disputed<T: Clone + core::fmt::Debug>(
    value: impl Strategy<Value = T>,
) -> impl Strategy<Value = Live<T>> {
    (live(value), vec(option::of(settled()), 5)).prop_map(|(live, settled)| {
        let decided = settled.into_iter().map(|settled| settled.map(Box::new));
        let entries = live.all().cloned().zip(decided);
        Live::from_entries(entries.map(|(entry, settled)| Entry { settled, ..entry }).collect())
    })
}

pub(crate) fn state() -> impl Strategy<Value = ItemState> {
    let kept = (dot(), stamp(), write())
        .prop_map(|(dot, stamp, value)| Box::new(Entry::new(Written { stamp, dot }, value)));
    let register = (disputed(write()), option::of(kept)).prop_map(|(live, kept)| {
        let kept = kept.filter(|kept| !live.holds(&kept.dot));
        TypeState::Register(RegisterState { live, kept })
    });
    let elements = btree_map(element(), disputed(presence()), 0..4).prop_map(|mut elements| {
        elements.retain(|_, live| live.all().len() > 0);
        elements
    });
    let set = (elements, live(Just(())))
        .prop_map(|(elements, live)| TypeState::Set(SetState { elements, live }));
    let flag = disputed(any::<bool>()).prop_map(|live| TypeState::Flag(FlagState { live }));
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

pub(crate) fn exceptions() -> impl Strategy<Value = Exceptions> {
    let reason = prop::sample::select(SetAside::ALL.to_vec());
    vec((dot(), reason), 0..5).prop_map(|exceptions| exceptions.into_iter().collect())
}

pub(crate) fn catalog() -> impl Strategy<Value = Catalog> {
    (vec(defined(), 0..5), option::of(members())).prop_map(|(tables, members)| {
        let mut catalog = Catalog::default();
        for table in tables {
            catalog.define(table);
        }
        if let Some(members) = members {
            catalog.take_members(members);
        }
        catalog
    })
}

pub(crate) fn kept_record() -> impl Strategy<Value = KeptRecord> {
    (idempotency(), dot(), stamp()).prop_map(|(record, dot, stamp)| KeptRecord {
        record,
        dot,
        stamp,
    })
}
