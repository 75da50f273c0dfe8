//! One frame of every kind, and of every variant within a kind.

use std::sync::Arc;

use tombolo_causality::{Dot, ReplicaId, VersionVector};
use tombolo_protocol::{
    BatchFrame, Echo, Forward, Forwarded, Frame, Hello, MemberAction, MemberReply, Purpose,
    RefusalCode, RegionPosition, TableAction, TableReply, TableRequest, Welcome, seal,
};
use tombolo_replication::catch_up::{Content, Head, Pull, Pulled, RequestPlace, Wanted};
use tombolo_replication::idempotency::{KeptRecord, RequestName};
use tombolo_replication::leader::Condition;
use tombolo_replication::reconciler::{Compare, Compared, Comparison, Held, Offer, Offered, Span};
use tombolo_replication::{Digest, Key, RunningHash, SealedChange, StreamPosition, TableId};

use crate::changes::{ap, eu, named, put, stamp, us, vector};

fn hello(vector: VersionVector, purpose: Purpose) -> Frame {
    Frame::Hello(Hello {
        cluster: "prod".to_owned(),
        region: us().region,
        replica: us(),
        protocol_min: 1,
        protocol_max: 2,
        vector,
        purpose,
    })
}

fn welcome() -> Frame {
    let yours = StreamPosition { seq: 300, hash: RunningHash(*b"0123456789abcdef") };
    Frame::Welcome(Welcome { replica: ap(), protocol: 1, vector: vector(), yours })
}

/// What the golden batch holds.
pub(crate) fn batched() -> Vec<SealedChange> {
    [put(1, "1"), put(2, r#"{"two":2}"#)].map(|change| seal(change).unwrap()).to_vec()
}

/// A batch that is stored rather than compressed: what a compressor gives is its own affair and
/// differs from release to release, what every decompressor takes is fixed (RFC 8878).
pub(crate) fn batch() -> Frame {
    let mut plain = Vec::new();
    for sealed in batched() {
        plain.extend_from_slice(&u32::try_from(sealed.bytes.len()).unwrap().to_le_bytes());
        plain.extend_from_slice(&sealed.bytes);
    }
    let unpacked_bytes = u32::try_from(plain.len()).unwrap();
    let content_bytes = u8::try_from(plain.len()).unwrap();
    let last_raw_block = (unpacked_bytes << 3 | 1).to_le_bytes();
    // Magic number; a single segment whose size is told in one byte; one block.
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, content_bytes];
    packed.extend_from_slice(&last_raw_block[..3]);
    packed.extend_from_slice(&plain);
    let hash_before = RunningHash([0xab; 16]);
    Frame::Batch(BatchFrame { origin: us(), hash_before, unpacked_bytes, packed })
}

fn refused(code: RefusalCode, detail: &str) -> Frame {
    Frame::Refused { code, detail: detail.to_owned() }
}

fn refusals() -> Vec<(&'static str, Frame)> {
    vec![
        ("frame-refused-paused", refused(RefusalCode::Paused, "")),
        ("frame-refused-wrong-cluster", refused(RefusalCode::WrongCluster, "not \"prod\"")),
        ("frame-refused-unknown-region", refused(RefusalCode::UnknownRegion, "é")),
        ("frame-refused-protocol", refused(RefusalCode::Protocol, "")),
        ("frame-refused-forked", refused(RefusalCode::Forked, "")),
        ("frame-refused-clock-ahead", refused(RefusalCode::ClockAhead, "")),
        ("frame-refused-malformed", refused(RefusalCode::Malformed, "")),
        ("frame-refused-unknown-kind", refused(RefusalCode::UnknownKind, "")),
        ("frame-refused-unavailable", refused(RefusalCode::Unavailable, "")),
        ("frame-refused-too-many-exceptions", refused(RefusalCode::TooManyExceptions, "")),
        ("frame-refused-removed", refused(RefusalCode::Removed, "")),
        ("frame-refused-newcomer", refused(RefusalCode::Newcomer, "")),
    ]
}

fn tables() -> Vec<(&'static str, Frame)> {
    let request = |request, what| Frame::TableRequest { request, what };
    let reply = |request, reply| Frame::TableReply { request, reply };
    let users =
        |action| TableRequest { name: "users".to_owned(), action, condition: None, named: None };
    let define = users(TableAction::Define {
        data_type: "register".to_owned(),
        resolver: "last_write_wins".to_owned(),
        consistency: "session".to_owned(),
    });
    let alter = users(TableAction::Alter { consistency: Some("eventual".to_owned()) });
    let version = [(us(), 7)].into_iter().collect();
    let drop_named = TableRequest {
        condition: Some(Condition::Versions(vec![version])),
        named: Some(named()),
        ..users(TableAction::Drop)
    };
    let exists = TableReply::Exists { dot: Dot::new(eu(), 128) };
    let code = "table_exists".to_owned();
    vec![
        ("frame-table-define", request(0, define)),
        ("frame-table-drop", request(300, users(TableAction::Drop))),
        ("frame-table-drop-named", request(302, drop_named)),
        ("frame-table-alter", request(301, alter)),
        ("frame-table-done", reply(0, TableReply::Done { dot: Dot::new(us(), 7) })),
        ("frame-table-exists", reply(1, exists)),
        ("frame-table-refused", reply(u64::MAX, TableReply::Refused { code })),
    ]
}

fn members() -> Vec<(&'static str, Frame)> {
    let request = |request, what| Frame::MemberRequest { request, what };
    let reply = |request, reply| Frame::MemberReply { request, reply };
    let (region, address) = (ap().region, "ap.example.com:7403".to_owned());
    let as_is = |dot| reply(301, MemberReply::AsIs { dot });
    let code = "no_such_member".to_owned();
    vec![
        ("frame-member-add", request(0, MemberAction::Add { region, address })),
        ("frame-member-remove", request(300, MemberAction::Remove { region })),
        ("frame-member-done", reply(0, MemberReply::Done { dot: Dot::new(us(), 7) })),
        ("frame-member-as-is", as_is(Some(Dot::new(eu(), 128)))),
        ("frame-member-as-it-began", as_is(None)),
        ("frame-member-refused", reply(u64::MAX, MemberReply::Refused { code })),
    ]
}

fn heartbeat(others: Vec<(ReplicaId, VersionVector)>) -> Frame {
    Frame::Heartbeat { sent_us: 1_000_000, watermark: vector(), others }
}

fn forwards() -> Vec<(&'static str, Frame)> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let forward = Forward {
        request: 300,
        timeout_ms: 5_000,
        method: "PUT".to_owned(),
        target: "/v1/tables/users/items/alice?w=2".to_owned(),
        headers: vec![header("content-type", "application/json")],
        body: b"{\"n\":1}".to_vec(),
    };
    let headers = vec![header("etag", "\"AQ\""), header("tombolo-served-by", "eu-west")];
    let answer = Forwarded { request: 300, status: 201, headers, body: b"{}".to_vec() };
    vec![("frame-forward", Frame::Forward(forward)), ("frame-forwarded", Frame::Forwarded(answer))]
}

fn comparisons() -> Vec<(&'static str, Frame)> {
    let key = |text| Key::new(text).unwrap();
    let table = TableId(Dot::new(us(), 7));
    let span = Span { table, after: Some(key("a")), to: Some(key("b/é")) };
    let all = Span::of(table);
    let (digest, other) = (Digest(*b"0123456789abcdef"), Digest([0xcd; 16]));
    let compare = |span| Frame::Compare(Compare { request: 1, vector: vector(), span, digest });
    let compared = |answer| Frame::Compared(Compared { request: 300, vector: vector(), answer });
    let items = vec![(key("a1"), digest), (key("b"), other)];
    let part = Comparison::Differs { items: items.clone(), up_to: Some(key("b")) };
    let rows = crate::rows::all();
    let (_, state) = rows.iter().find(|(name, _)| *name == "row-register").unwrap();
    let row = || Held::State(Arc::new(state.clone()));
    let offer = Offer {
        request: 2,
        vector: vector(),
        table,
        speaks_for: vec![us().region, ap().region],
        items: vec![(key("a"), Held::Nothing), (key("b"), row()), (key("c"), Held::TooLarge)],
    };
    let vector = VersionVector::new();
    let offered = Offered { request: 2, vector, items: vec![row(), Held::Nothing, Held::TooLarge] };
    vec![
        ("frame-compare", compare(span)),
        ("frame-compare-all", compare(all)),
        ("frame-compared-same", compared(Comparison::Same)),
        ("frame-compared-differs", compared(Comparison::Differs { items, up_to: None })),
        ("frame-compared-differs-in-part", compared(part)),
        ("frame-compared-no-such-table", compared(Comparison::NoSuchTable)),
        ("frame-offer", Frame::Offer(offer)),
        ("frame-offered", Frame::Offered(offered)),
    ]
}

fn catching_up() -> Vec<(&'static str, Frame)> {
    let table = TableId(Dot::new(us(), 7));
    let span = Span { table, after: Some(Key::new("a").unwrap()), to: None };
    let place = RequestPlace { stamp: stamp(3), name: RequestName(*b"fedcba9876543210") };
    let pull = |what| Frame::Pull(Pull { request: 300, what });
    let pulled = |content, is_last| {
        Frame::Pulled(Pulled { request: 300, until: vector(), content, is_last })
    };
    let RegionPosition { streams, stamp_floor } = crate::stored::position();
    let catalog = Arc::new(crate::stored::catalog());
    let exceptions = Arc::new(crate::stored::exceptions());
    let head = Head { streams, stamp_floor, catalog, exceptions };
    let rows = crate::rows::all();
    let (_, state) = rows.iter().find(|(name, _)| *name == "row-register").unwrap();
    let items = vec![(Key::new("b/é").unwrap(), Arc::new(state.clone()))];
    let change = crate::changes::put_with_everything();
    let (record, dot) = (change.idempotency.unwrap(), change.dot);
    let kept = KeptRecord { record, dot, stamp: change.stamp };
    vec![
        ("frame-pull-head", pull(Wanted::Head)),
        ("frame-pull-items", pull(Wanted::Items(span))),
        ("frame-pull-requests", pull(Wanted::Requests { after: None })),
        ("frame-pull-requests-after", pull(Wanted::Requests { after: Some(place) })),
        ("frame-pulled-head", pulled(Content::Head(head), true)),
        ("frame-pulled-items", pulled(Content::Items { table, items }, false)),
        ("frame-pulled-no-such-table", pulled(Content::NoSuchTable, true)),
        ("frame-pulled-requests", pulled(Content::Requests(vec![kept]), true)),
        ("frame-out-of-log", Frame::OutOfLog { origin: eu(), after: 300 }),
    ]
}

/// Each with the name of its file.
pub(crate) fn all() -> Vec<(&'static str, Frame)> {
    let echo = Echo { sent_us: 1_000_000, wall_us: 1_764_000_000_000_000 };
    let mut all = vec![
        ("frame-hello-replicate", hello(vector(), Purpose::Replicate)),
        ("frame-hello-identify", hello(VersionVector::new(), Purpose::Identify)),
        ("frame-hello-forward", hello(VersionVector::new(), Purpose::Forward)),
        ("frame-hello-verify", hello(VersionVector::new(), Purpose::Verify)),
        ("frame-hello-catch-up", hello(VersionVector::new(), Purpose::CatchUp)),
        ("frame-welcome", welcome()),
        ("frame-batch", batch()),
        ("frame-ask", Frame::Ask { origin: eu(), after: 0, up_to: 300 }),
        ("frame-heartbeat", heartbeat(vec![])),
        (
            "frame-heartbeat-of-others",
            heartbeat(vec![(ap(), vector()), (eu(), VersionVector::new())]),
        ),
        ("frame-acknowledge", Frame::Acknowledge { vector: vector(), echo: None }),
        (
            "frame-acknowledge-with-echo",
            Frame::Acknowledge { vector: VersionVector::new(), echo: Some(echo) },
        ),
    ];
    let dots = vec![Dot::new(ap(), 300), Dot::new(us(), 7), Dot::new(us(), u64::MAX)];
    all.push(("frame-set-aside", Frame::SetAside { dots }));
    all.push(("frame-ask-history", Frame::AskHistory { origin: eu(), seq: 300 }));
    let hash = RunningHash([7; 16]);
    all.push(("frame-history", Frame::History { seq: 300, hash: Some(hash) }));
    all.push(("frame-history-untold", Frame::History { seq: u64::MAX, hash: None }));
    all.extend(refusals());
    all.extend(tables());
    all.extend(members());
    all.extend(forwards());
    all.extend(comparisons());
    all.extend(catching_up());
    all
}
