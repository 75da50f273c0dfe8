//! One change of every body and every delta.

use std::sync::Arc;

use tombolo_causality::{
    Dot, HybridTimestamp, Incarnation, Partition, RegionId, ReplicaId, VersionVector,
};
use tombolo_datatypes::{
    CounterDelta, DataType, Delta, DeltaBody, Element, FlagDelta, JsonText, Outcome, Presence,
    RegisterDelta, SetDelta, Tally, Touch, Write, Written,
};
use tombolo_replication::idempotency::{
    GivenAnswer, GivenRecord, NamedRequest, RequestHash, RequestName, Told,
};
use tombolo_replication::{
    Body, Change, ConflictRecord, Consistency, IdempotencyRecord, ItemDelta, ItemKey, Key, Member,
    MemberAddress, Membership, RecordedWrite, Removed, SpanContext, Strategy, TableDefinition,
    TableId, TableName, TableShape,
};
use tombolo_resolvers::{Reason, ResolverKind};

pub(crate) fn us() -> ReplicaId {
    ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(0x0123_4567_89ab_cdef))
}

pub(crate) fn eu() -> ReplicaId {
    let eu = ReplicaId::new(RegionId::new("eu-west").unwrap(), Incarnation(1));
    ReplicaId { partition: Partition(3), ..eu }
}

pub(crate) fn ap() -> ReplicaId {
    let ap = ReplicaId::new(RegionId::new("ap-south").unwrap(), Incarnation(u64::MAX));
    ReplicaId { partition: Partition(u16::MAX), ..ap }
}

pub(crate) fn vector() -> VersionVector {
    [(us(), 299), (eu(), 70_000), (ap(), u64::MAX)].into_iter().collect()
}

pub(crate) fn stamp(counter: u16) -> HybridTimestamp {
    HybridTimestamp::new(1_764_000_000_000, counter)
}

pub(crate) fn json(text: &str) -> JsonText {
    JsonText::parse(text.as_bytes()).unwrap()
}

pub(crate) fn definition(id: Dot, name: &str, data_type: DataType) -> TableDefinition {
    let resolver = match data_type {
        DataType::Register => ResolverKind::LastWriteWins,
        DataType::Counter => ResolverKind::Merge,
        DataType::Set => ResolverKind::RemoveWins,
        DataType::Flag => ResolverKind::EnableWins,
    };
    let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Session);
    let shape = TableShape { data_type, resolver, strategy, consistency };
    TableDefinition { id: TableId(id), name: TableName::new(name).unwrap(), shape, altered: None }
}

pub(crate) fn change(seq: u64, body: Body) -> Change {
    Change {
        dot: Dot::new(us(), seq),
        stamp: stamp(7),
        deps: Arc::default(),
        cut: Arc::default(),
        body,
        idempotency: None,
        span: None,
    }
}

fn item(table_seq: u64, key: &str, ctx: &[Dot], body: DeltaBody) -> ItemDelta {
    let table = TableId(Dot::new(eu(), table_seq));
    ItemDelta { table, key: Key::new(key).unwrap(), delta: Delta::new(ctx.to_vec(), body) }
}

pub(crate) fn put(seq: u64, text: &str) -> Change {
    let body = DeltaBody::Register(RegisterDelta(Some(Some(json(text)).into())));
    change(seq, Body::Items(vec![item(1, "k", &[], body)]))
}

pub(crate) fn named() -> NamedRequest {
    NamedRequest {
        name: RequestName(*b"fedcba9876543210"),
        hash: RequestHash(*b"0123456789abcdef"),
    }
}

pub(crate) fn put_with_everything() -> Change {
    let body =
        DeltaBody::Register(RegisterDelta(Some(Some(json(r#"["1.0",null,1.0,"é"]"#)).into())));
    let ctx = [Dot::new(ap(), 9), Dot::new(eu(), 128), Dot::new(us(), 299)];
    Change {
        deps: Arc::new([(eu(), 70_000), (ap(), u64::MAX)].into_iter().collect()),
        cut: Arc::new([(eu(), 69_000)].into_iter().collect()),
        idempotency: Some(IdempotencyRecord {
            request: named(),
            answer: GivenAnswer {
                existed: true,
                context: [(eu(), 128), (us(), 300)].into_iter().collect(),
                told: Told::Shown(json("[17]")),
            },
        }),
        span: Some(SpanContext { trace: *b"0123456789abcdef", span: *b"01234567" }),
        ..change(300, Body::Items(vec![item(2, "ключ/😀", &ctx, body)]))
    }
}

fn delete() -> Change {
    let body = DeltaBody::Register(RegisterDelta(Some(None.into())));
    change(3, Body::Items(vec![item(1, "k", &[Dot::new(us(), 2)], body)]))
}

fn adjust() -> Change {
    let body = DeltaBody::Counter(CounterDelta::Adjusted(Tally { up: 1 << 100, down: 5 }));
    change(4, Body::Items(vec![item(4, "n", &[], body)]))
}

fn reset() -> Change {
    let seen = [(us(), Tally { up: 10, down: 0 }), (ap(), Tally { up: 0, down: u128::MAX })];
    let body = DeltaBody::Counter(CounterDelta::Reset(seen.into_iter().collect()));
    change(5, Body::Items(vec![item(4, "n", &[Dot::new(us(), 4)], body)]))
}

fn put_in_generation() -> Change {
    let opened = Written { stamp: stamp(3), dot: Dot::new(eu(), 70_000) };
    let write = Write { value: Some(json("7")), generation: Some(Box::new(opened)) };
    let body = DeltaBody::Register(RegisterDelta(Some(write)));
    change(11, Body::Items(vec![item(1, "k", &[Dot::new(eu(), 70_000)], body)]))
}

/// Lets one lost write go, and what its ctx names for good.
fn dismiss() -> Change {
    let body = DeltaBody::Register(RegisterDelta(None));
    let mut item = item(1, "k", &[Dot::new(ap(), 5)], body);
    item.delta.settle(None, Dot::new(us(), 11), Outcome::Dismissed);
    change(12, Body::Items(vec![item]))
}

/// Restores a removing of an element, which covers an adding.
fn restore() -> Change {
    let removed = Element::new(&json("1.0")).unwrap();
    let touch = Touch { replaced: Vec::new(), presence: Some(Presence::Removed) };
    let touched = [(removed.clone(), touch)].into_iter().collect();
    let body = DeltaBody::Set(SetDelta { touched, exists: true });
    let mut item = item(5, "s", &[Dot::new(us(), 2)], body);
    item.delta.settle(Some(&removed), Dot::new(us(), 2), Outcome::Covered);
    item.delta.settle(Some(&removed), Dot::new(eu(), 70_000), Outcome::Restored);
    change(17, Body::Items(vec![item]))
}

/// The same under a name, with the record as its answer.
fn named_restore() -> Change {
    let item = ItemKey { table: TableId(Dot::new(eu(), 5)), key: Key::new("s").unwrap() };
    let write = |value, dot| RecordedWrite { value, written: Written { stamp: stamp(3), dot } };
    let writes = (write(None, Dot::new(eu(), 70_000)), write(Some(json("1.0")), Dot::new(us(), 2)));
    let record = ConflictRecord::new(
        (&item.table, &item.key),
        Element::new(&json("1.0")),
        writes,
        ResolverKind::AddWins,
        (Reason::Concurrent, Outcome::Restored),
    );
    let request = NamedRequest { name: RequestName([b'n'; 16]), hash: RequestHash([b'h'; 16]) };
    let answer = GivenAnswer {
        told: Told::Settled(Box::new(GivenRecord { item, record })),
        ..GivenAnswer::default()
    };
    Change { idempotency: Some(IdempotencyRecord { request, answer }), ..restore() }
}

fn elements() -> Change {
    let touch = |replaced: &[Dot], presence| Touch { replaced: replaced.to_vec(), presence };
    let touched = [
        ("1.0", touch(&[Dot::new(ap(), 1), Dot::new(us(), 2)], Some(Presence::Removed))),
        ("1", touch(&[Dot::new(us(), 2)], None)),
        ("\"a\"", touch(&[], Some(Presence::Added))),
    ];
    let touched = touched.map(|(text, touch)| (Element::new(&json(text)).unwrap(), touch));
    let body = DeltaBody::Set(SetDelta { touched: touched.into_iter().collect(), exists: true });
    change(13, Body::Items(vec![item(5, "s", &[Dot::new(us(), 2)], body)]))
}

fn switch(seq: u64, to: Option<bool>) -> Change {
    let body = DeltaBody::Flag(FlagDelta(to));
    change(seq, Body::Items(vec![item(6, "f", &[Dot::new(us(), 3)], body)]))
}

fn several_items() -> Change {
    let text = DeltaBody::Register(RegisterDelta(Some(Some(json("true")).into())));
    let count = DeltaBody::Counter(CounterDelta::Adjusted(Tally { up: 1, down: 0 }));
    let items =
        vec![item(4, "n", &[], count), item(1, "n", &[], text.clone()), item(1, "a", &[], text)];
    change(6, Body::Items(items))
}

fn alter() -> Change {
    let table = TableId(Dot::new(eu(), 128));
    change(18, Body::Alter { table, consistency: Consistency::Session })
}

fn alter_named() -> Change {
    let altered = Some(Dot::new(us(), 18));
    let defined = definition(Dot::new(eu(), 128), "users", DataType::Register);
    let told = Told::Table(Arc::new(TableDefinition { altered, ..defined }));
    let answer = GivenAnswer { existed: true, told, ..GivenAnswer::default() };
    Change { idempotency: Some(IdempotencyRecord { request: named(), answer }), ..alter() }
}

/// After one region was added, another one removed, and the order passed on.
pub(crate) fn members() -> Membership {
    let address = |text| MemberAddress::new(text).unwrap();
    let member = |replica: ReplicaId, text, since| {
        let (region, address) = (replica.region, address(text));
        Member { region, address, since }
    };
    let members = vec![
        member(us(), "us-east.example.com:7403", None),
        member(ap(), "[2001:db8::7]:65535", Some(Dot::new(eu(), 300))),
    ];
    let removed = vec![Removed { region: eu().region, by: Dot::new(eu(), 301) }];
    Membership::from_parts(2, members, removed, vec![eu().region]).unwrap()
}

/// Each with the name of its file.
pub(crate) fn all() -> Vec<(&'static str, Change)> {
    let define = |seq, name, data_type| {
        change(seq, Body::Define(definition(Dot::new(us(), seq), name, data_type)))
    };
    let table = |seq| TableId(Dot::new(eu(), seq));
    vec![
        ("change-put", put(1, r#"{"a":1.0}"#)),
        ("change-put-with-everything", put_with_everything()),
        ("change-delete", delete()),
        ("change-put-in-generation", put_in_generation()),
        ("change-dismiss", dismiss()),
        ("change-restore", restore()),
        ("change-named-restore", named_restore()),
        ("change-elements", elements()),
        ("change-enable", switch(14, Some(true))),
        ("change-flag-delete", switch(15, None)),
        ("change-adjust", adjust()),
        ("change-reset", reset()),
        ("change-several-items", several_items()),
        ("change-define-register", define(7, "users", DataType::Register)),
        ("change-define-counter", define(8, "page_views-2", DataType::Counter)),
        ("change-define-set", define(16, "tags", DataType::Set)),
        ("change-drop", change(9, Body::Drop(table(1)))),
        ("change-alter", alter()),
        ("change-alter-named", alter_named()),
        ("change-members", change(19, Body::Members(Box::new(members())))),
        ("change-stub", change(10, Body::Stub(vec![table(1), table(4)]))),
    ]
}
