//! Any frame, and what it takes to read one as a connection does.

use std::sync::Arc;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use tombolo_protocol::{
    BatchFrame, Echo, FRAME_HEADER_BYTES, Forward, Forwarded, Frame, FrameError, FrameHeader,
    Hello, MemberAction, MemberReply, Purpose, RefusalCode, RegionPosition, TableAction,
    TableReply, TableRequest, Welcome, decode_frame,
};
use tombolo_replication::catch_up::{Content, Head, Pull, Pulled, RequestPlace, Wanted};
use tombolo_replication::idempotency::RequestName;
use tombolo_replication::leader::Condition;
use tombolo_replication::reconciler::{Compare, Compared, Comparison, Held, Offer, Offered, Span};
use tombolo_replication::{Digest, Key, RunningHash};

use crate::values::{
    catalog, dot, exceptions, kept_record, key, named_request, number, position, region_position,
    replica, stamp, state, table, vector,
};

/// Reads one frame from all that a connection holds; nothing where it waits for more.
pub(crate) fn read(bytes: &[u8]) -> Option<Result<Frame, FrameError>> {
    let (header, rest) = bytes.split_first_chunk::<FRAME_HEADER_BYTES>()?;
    match FrameHeader::decode(*header, 1 << 20) {
        Ok(header) => Some(decode_frame(header, rest.get(..header.payload_bytes)?)),
        Err(error) => Some(Err(error.into())),
    }
}

/// A frame of `payload` with the header that fits it.
pub(crate) fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let checksum = crc32c::crc32c(payload).to_le_bytes();
    [&length, &checksum, payload].concat()
}

fn hello() -> impl Strategy<Value = Frame> {
    let purpose = prop::sample::select(vec![
        Purpose::Replicate,
        Purpose::Identify,
        Purpose::Forward,
        Purpose::Verify,
        Purpose::CatchUp,
    ]);
    let protocols = (any::<u8>(), any::<u8>());
    (".{0,20}", replica(), protocols, vector(), purpose).prop_map(
        |(cluster, replica, (protocol_min, protocol_max), vector, purpose)| {
            let region = replica.region;
            let hello =
                Hello { cluster, region, replica, protocol_min, protocol_max, vector, purpose };
            Frame::Hello(hello)
        },
    )
}

fn refused() -> impl Strategy<Value = Frame> {
    let code = prop::sample::select(vec![
        RefusalCode::Paused,
        RefusalCode::WrongCluster,
        RefusalCode::UnknownRegion,
        RefusalCode::Protocol,
        RefusalCode::Forked,
        RefusalCode::ClockAhead,
        RefusalCode::Malformed,
        RefusalCode::UnknownKind,
        RefusalCode::Unavailable,
        RefusalCode::TooManyExceptions,
        RefusalCode::Removed,
        RefusalCode::Newcomer,
    ]);
    (code, ".{0,40}").prop_map(|(code, detail)| Frame::Refused { code, detail })
}

fn batch() -> impl Strategy<Value = Frame> {
    let hash = any::<[u8; 16]>().prop_map(RunningHash);
    (replica(), hash, any::<u32>(), vec(any::<u8>(), 0..300)).prop_map(
        |(origin, hash_before, unpacked_bytes, packed)| {
            Frame::Batch(BatchFrame { origin, hash_before, unpacked_bytes, packed })
        },
    )
}

fn table_frame() -> impl Strategy<Value = Frame> {
    let text = ".{0,20}";
    let action = prop_oneof![
        (text, text, text).prop_map(|(data_type, resolver, consistency)| {
            TableAction::Define { data_type, resolver, consistency }
        }),
        Just(TableAction::Drop),
        option::of(text).prop_map(|consistency| TableAction::Alter { consistency }),
    ];
    let condition = prop_oneof![
        Just(Condition::Absent),
        Just(Condition::Present),
        vec(vector(), 0..4).prop_map(Condition::Versions),
    ];
    let what = (text, action, option::of(condition), option::of(named_request())).prop_map(
        |(name, action, condition, named)| TableRequest { name, action, condition, named },
    );
    let reply = prop_oneof![
        dot().prop_map(|dot| TableReply::Done { dot }),
        dot().prop_map(|dot| TableReply::Exists { dot }),
        text.prop_map(|code| TableReply::Refused { code }),
    ];
    prop_oneof![
        (number(), what).prop_map(|(request, what)| Frame::TableRequest { request, what }),
        (number(), reply).prop_map(|(request, reply)| Frame::TableReply { request, reply }),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    vec((".{0,9}", ".{0,20}"), 0..4)
}

fn forward() -> impl Strategy<Value = Frame> {
    let numbers = (number(), number());
    (numbers, ".{0,9}", ".{0,40}", headers(), vec(any::<u8>(), 0..100)).prop_map(
        |((request, timeout_ms), method, target, headers, body)| {
            Frame::Forward(Forward { request, timeout_ms, method, target, headers, body })
        },
    )
}

fn forwarded() -> impl Strategy<Value = Frame> {
    (number(), any::<u16>(), headers(), vec(any::<u8>(), 0..100)).prop_map(
        |(request, status, headers, body)| {
            Frame::Forwarded(Forwarded { request, status, headers, body })
        },
    )
}

fn keys() -> impl Strategy<Value = Vec<Key>> {
    btree_set(key(), 0..4).prop_map(|keys| keys.into_iter().collect())
}

fn span() -> impl Strategy<Value = Span> {
    (table(), keys(), any::<bool>()).prop_map(|(table, keys, is_swapped)| {
        let mut keys = keys.into_iter();
        let (after, to) = (keys.next(), keys.next());
        let (after, to) = if to.is_none() && is_swapped { (to, after) } else { (after, to) };
        Span { table, after, to }
    })
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        Just(Held::Nothing),
        state().prop_map(|state| Held::State(Arc::new(state))),
        Just(Held::TooLarge),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let digest = any::<[u8; 16]>().prop_map(Digest);
    let items = (keys(), digest, option::of(key())).prop_map(|(keys, digest, up_to)| {
        let items = keys.into_iter().map(|key| (key, digest)).collect();
        Comparison::Differs { items, up_to }
    });
    prop_oneof![Just(Comparison::Same), items, Just(Comparison::NoSuchTable)]
}

fn reconciling() -> impl Strategy<Value = Frame> {
    let digest = any::<[u8; 16]>().prop_map(Digest);
    let compare =
        (number(), vector(), span(), digest).prop_map(|(request, vector, span, digest)| {
            Frame::Compare(Compare { request, vector, span, digest })
        });
    let compared = (number(), vector(), comparison()).prop_map(|(request, vector, answer)| {
        Frame::Compared(Compared { request, vector, answer })
    });
    let speakers = vec(replica().prop_map(|replica| replica.region), 0..3);
    let offer = (number(), vector(), table(), speakers, btree_map(key(), held(), 0..3)).prop_map(
        |(request, vector, table, speaks_for, items)| {
            let items = items.into_iter().collect();
            Frame::Offer(Offer { request, vector, table, speaks_for, items })
        },
    );
    let offered = (number(), vector(), vec(held(), 0..3))
        .prop_map(|(request, vector, items)| Frame::Offered(Offered { request, vector, items }));
    prop_oneof![compare, compared, offer, offered]
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let place = (stamp(), any::<[u8; 16]>())
        .prop_map(|(stamp, name)| RequestPlace { stamp, name: RequestName(name) });
    prop_oneof![
        Just(Wanted::Head),
        span().prop_map(Wanted::Items),
        option::of(place).prop_map(|after| Wanted::Requests { after }),
    ]
}

fn content() -> impl Strategy<Value = Content> {
    let head = (region_position(), catalog(), exceptions());
    let head = head.prop_map(|(RegionPosition { streams, stamp_floor }, catalog, exceptions)| {
        let (catalog, exceptions) = (Arc::new(catalog), Arc::new(exceptions));
        Content::Head(Head { streams, stamp_floor, catalog, exceptions })
    });
    let items = (table(), btree_map(key(), state(), 0..3)).prop_map(|(table, items)| {
        let items = items.into_iter().map(|(key, state)| (key, Arc::new(state))).collect();
        Content::Items { table, items }
    });
    let requests = vec(kept_record(), 0..3).prop_map(Content::Requests);
    prop_oneof![head, items, Just(Content::NoSuchTable), requests]
}

fn catching_up() -> impl Strategy<Value = Frame> {
    let pull = (number(), wanted()).prop_map(|(request, what)| Frame::Pull(Pull { request, what }));
    let pulled = (number(), vector(), content(), any::<bool>()).prop_map(
        |(request, until, content, is_last)| {
            Frame::Pulled(Pulled { request, until, content, is_last })
        },
    );
    let out_of_log =
        (replica(), number()).prop_map(|(origin, after)| Frame::OutOfLog { origin, after });
    let ask_history =
        (replica(), number()).prop_map(|(origin, seq)| Frame::AskHistory { origin, seq });
    let history = (number(), option::of(any::<[u8; 16]>()))
        .prop_map(|(seq, hash)| Frame::History { seq, hash: hash.map(RunningHash) });
    prop_oneof![pull, pulled, out_of_log, ask_history, history]
}

fn member_frame() -> impl Strategy<Value = Frame> {
    let region = || replica().prop_map(|replica| replica.region);
    let what = prop_oneof![
        (region(), ".{0,20}").prop_map(|(region, address)| MemberAction::Add { region, address }),
        region().prop_map(|region| MemberAction::Remove { region }),
    ];
    let reply = prop_oneof![
        dot().prop_map(|dot| MemberReply::Done { dot }),
        option::of(dot()).prop_map(|dot| MemberReply::AsIs { dot }),
        ".{0,20}".prop_map(|code| MemberReply::Refused { code }),
    ];
    prop_oneof![
        (number(), what).prop_map(|(request, what)| Frame::MemberRequest { request, what }),
        (number(), reply).prop_map(|(request, reply)| Frame::MemberReply { request, reply }),
    ]
}

pub(crate) fn frame() -> impl Strategy<Value = Frame> {
    let welcome = (replica(), any::<u8>(), vector(), position()).prop_map(
        |(replica, protocol, vector, yours)| {
            Frame::Welcome(Welcome { replica, protocol, vector, yours })
        },
    );
    let ask = (replica(), number(), number()).prop_map(|(origin, after, up_to)| Frame::Ask {
        origin,
        after,
        up_to,
    });
    let others = btree_map(replica(), vector(), 0..4);
    let heartbeat = (number(), vector(), others).prop_map(|(sent_us, watermark, others)| {
        Frame::Heartbeat { sent_us, watermark, others: others.into_iter().collect() }
    });
    let echo = (number(), number()).prop_map(|(sent_us, wall_us)| Echo { sent_us, wall_us });
    let acknowledge =
        (vector(), option::of(echo)).prop_map(|(vector, echo)| Frame::Acknowledge { vector, echo });
    prop_oneof![
        hello(),
        welcome,
        refused(),
        batch(),
        ask,
        heartbeat,
        acknowledge,
        table_frame(),
        member_frame(),
        forward(),
        forwarded(),
        exceptions().prop_map(|exceptions| {
            Frame::SetAside { dots: exceptions.iter().map(|(dot, _)| dot).collect() }
        }),
        reconciling(),
        catching_up()
    ]
}
