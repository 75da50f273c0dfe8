//! Any frame, and what it takes to read one as a connection does.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use tombolo_protocol::{
    BatchFrame, Echo, FRAME_HEADER_BYTES, Forward, Forwarded, Frame, FrameError, FrameHeader,
    Hello, Purpose, RefusalCode, TableAction, TableReply, TableRequest, Welcome, decode_frame,
};
use tombolo_replication::RunningHash;
use tombolo_replication::leader::Condition;

use crate::values::{dot, named_request, number, position, replica, vector};

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
    let purpose =
        prop_oneof![Just(Purpose::Replicate), Just(Purpose::Identify), Just(Purpose::Forward)];
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
        forward(),
        forwarded()
    ]
}
