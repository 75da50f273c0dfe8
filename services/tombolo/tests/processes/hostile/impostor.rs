//! Strangers that speak the protocol of the regions: they get no further than their word is good.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use tombolo_causality::{Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{
    BatchFrame, Echo, FRAME_HEADER_BYTES, Frame, FrameHeader, Hello, Purpose, RefusalCode,
    TableAction, TableReply, TableRequest, decode_frame, encode_frame,
};
use tombolo_replication::RunningHash;
use tombolo_simulation::Random;

use super::{assert_well, cluster, read_to_the_end, thrown_at};
use crate::support::{PATIENCE, Region};

fn replica(region: &str) -> ReplicaId {
    ReplicaId::new(RegionId::new(region).unwrap(), Incarnation(0xdead))
}

fn hello_of(cluster: &str, region: &str) -> Hello {
    Hello {
        cluster: cluster.to_owned(),
        region: RegionId::new(region).unwrap(),
        replica: replica(region),
        protocol_min: 1,
        protocol_max: 1,
        vector: VersionVector::new(),
        purpose: Purpose::Replicate,
    }
}

/// The encoded hello of a region of a cluster.
pub(super) fn hello(cluster: &str, region: &str) -> Vec<u8> {
    encode_frame(&Frame::Hello(hello_of(cluster, region))).unwrap()
}

/// The frame at the beginning of `bytes`.
fn decode(bytes: &[u8]) -> Frame {
    let (header, payload) = bytes.split_at(FRAME_HEADER_BYTES);
    let header = FrameHeader::decode(header.try_into().unwrap(), 1 << 20).unwrap();
    decode_frame(header, &payload[..header.payload_bytes]).unwrap()
}

#[test]
fn whoever_is_no_peer_is_told_why_and_sent_away() {
    let cluster = cluster();
    let before = cluster.level();
    let a = cluster.at("a");
    let peer = || hello_of("tombolo", "b");
    let cases = [
        (hello_of("other", "b"), RefusalCode::WrongCluster),
        (hello_of("", "b"), RefusalCode::WrongCluster),
        (hello_of("tombolo", "stranger"), RefusalCode::UnknownRegion),
        (hello_of("tombolo", "a"), RefusalCode::UnknownRegion),
        (Hello { replica: replica("c"), ..peer() }, RefusalCode::Malformed),
        (Hello { protocol_min: 2, protocol_max: 9, ..peer() }, RefusalCode::Protocol),
        (Hello { protocol_min: 9, protocol_max: 0, ..peer() }, RefusalCode::Protocol),
    ];
    for (hello, expected) in cases {
        let answer = thrown_at(a.replication, &encode_frame(&Frame::Hello(hello)).unwrap());
        let Frame::Refused { code, .. } = decode(&answer) else { panic!("{answer:?}") };
        assert_eq!(code, expected);
    }
    assert_well(&cluster, &before);
}

/// Connects to `region` as its peer `b`, which it cannot tell from the true one.
fn connect_as_b(region: &Region) -> TcpStream {
    let mut stream = TcpStream::connect(region.replication).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&hello("tombolo", "b")).unwrap();
    let mut header = [0; FRAME_HEADER_BYTES];
    stream.read_exact(&mut header).unwrap();
    let mut welcome = vec![0; FrameHeader::decode(header, 1 << 20).unwrap().payload_bytes];
    stream.read_exact(&mut welcome).unwrap();
    assert!(matches!(decode(&[&header[..], &welcome].concat()), Frame::Welcome(_)));
    stream
}

#[test]
fn a_peer_that_talks_nonsense_is_cut_off_and_the_true_one_comes_back() {
    let cluster = cluster();
    let before = cluster.level();
    let a = cluster.at("a");
    let mut random = Random::new(7);
    let batch = |unpacked_bytes, packed| {
        let origin = replica("b");
        Frame::Batch(BatchFrame {
            origin,
            hash_before: RunningHash::default(),
            unpacked_bytes,
            packed,
        })
    };
    let echo = Echo { sent_us: u64::MAX, wall_us: u64::MAX };
    let reply = TableReply::Refused { code: "a".repeat(1_000) };
    let drop = TableRequest {
        name: "\0".repeat(1_000),
        action: TableAction::Drop,
        condition: None,
        named: None,
    };
    let frames = [
        Frame::Hello(hello_of("tombolo", "b")),
        Frame::Ask { origin: replica("a"), after: 0, up_to: u64::MAX },
        Frame::Acknowledge { vector: VersionVector::new(), echo: Some(echo) },
        Frame::TableReply { request: u64::MAX, reply },
        batch(1 << 20, random.bytes(1_000)),
        batch(u32::MAX, random.bytes(1_000)),
        batch(0, Vec::new()),
    ];
    let mut nonsense: Vec<_> = frames.iter().map(|frame| encode_frame(frame).unwrap()).collect();
    // A question may be asked; no connection ends for one. What follows it is none.
    let question = Frame::TableRequest { request: 0, what: drop };
    nonsense.push([encode_frame(&question).unwrap(), vec![0xff; 64]].concat());
    nonsense.push(vec![0xff; 64]);
    nonsense.push(random.bytes(100_000));
    nonsense.push(b"GET /livez HTTP/1.1\r\n\r\n".to_vec());
    // Silence, after a word, after half a word and after a promise that is within bounds.
    nonsense.push(Vec::new());
    nonsense.push(vec![0]);
    nonsense.push(vec![0, 0, 0, 1, 1, 2, 3, 4]);
    for bytes in nonsense {
        let mut stream = connect_as_b(a);
        stream.write_all(&bytes).ok();
        read_to_the_end(&mut stream);
        assert_eq!(a.value("notes", "k"), 1);
    }
    assert_well(&cluster, &before);
}
