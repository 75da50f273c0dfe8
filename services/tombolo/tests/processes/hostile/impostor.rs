//! Strangers that speak the protocol of the regions: they get no further than their word is good.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use tombolo_causality::{Dot, HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::{
    DataType, Entry, ItemState, JsonText, Live, RegisterState, TypeState, Written,
};
use tombolo_protocol::{
    BatchFrame, Echo, FRAME_HEADER_BYTES, Frame, FrameHeader, Hello, Purpose, RefusalCode,
    TableAction, TableReply, TableRequest, decode_frame, encode_frame,
};
use tombolo_replication::catch_up::{Pull, Wanted};
use tombolo_replication::reconciler::{Compared, Comparison, Held, Offer};
use tombolo_replication::{Key, RunningHash, TableId};
use tombolo_simulation::Random;

use super::{assert_well, cluster, read_to_the_end, thrown_at};
use crate::support::{PATIENCE, Region, eventually};

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
fn connect_as_b(region: &Region, purpose: Purpose) -> TcpStream {
    let mut stream = TcpStream::connect(region.replication).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let hello = Hello { purpose, ..hello_of("tombolo", "b") };
    stream.write_all(&encode_frame(&Frame::Hello(hello)).unwrap()).unwrap();
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
        let mut stream = connect_as_b(a, Purpose::Replicate);
        stream.write_all(&bytes).ok();
        read_to_the_end(&mut stream);
        assert_eq!(a.value("notes", "k"), 1);
    }
    assert_well(&cluster, &before);
}

/// The state of a register that replica `of` has written as its change `seq`.
fn written(of: ReplicaId, seq: u64, stamp_ms: u64) -> Held {
    let dot = Dot::new(of, seq);
    let value = Some(JsonText::from(2)).into();
    let entry = Entry::new(Written { stamp: HybridTimestamp::new(stamp_ms, 0), dot }, value);
    let live = Live::from_entries(vec![entry]);
    let state = TypeState::Register(RegisterState { live, kept: None });
    Held::State(Arc::new(ItemState::from_parts([(of, seq)].into_iter().collect(), state)))
}

#[test]
fn a_peer_that_talks_nonsense_of_states_is_cut_off_and_nothing_of_it_stays() {
    let cluster = cluster();
    let a = cluster.at("a");
    let before = cluster.level();
    let mut random = Random::new(8);
    let (vector, request) = (VersionVector::new(), 1);
    let table = TableId(table(a));
    let own = table.0.replica;
    let offer = |key, held| {
        let items = vec![(Key::new(key).unwrap(), held)];
        let speaks_for = ["a", "b", "c"].map(|name| RegionId::new(name).unwrap()).to_vec();
        let vector = [(own, 2)].into_iter().collect();
        Frame::Offer(Offer { request, vector, table, speaks_for, items })
    };
    let flag = Held::State(Arc::new(ItemState::new(DataType::Flag)));
    for (purpose, frame) in [
        // Of another type, and of a change of `a` that `a` has not stamped so.
        (Purpose::Verify, offer("other", flag)),
        (Purpose::Verify, offer("other", written(own, 2, u64::MAX >> 20))),
        (Purpose::Verify, Frame::Pull(Pull { request, what: Wanted::Head })),
        (Purpose::Verify, Frame::Compared(Compared { request, vector, answer: Comparison::Same })),
        (Purpose::CatchUp, offer("k", Held::Nothing)),
    ] {
        let mut stream = connect_as_b(a, purpose);
        stream.write_all(&encode_frame(&frame).unwrap()).unwrap();
        let Frame::Refused { code, .. } = decode(&read_to_the_end(&mut stream)) else {
            panic!("{frame:?} is taken");
        };
        assert_eq!(code, RefusalCode::Malformed, "{frame:?}");
    }
    for purpose in [Purpose::Verify, Purpose::CatchUp] {
        for bytes in [random.bytes(100_000), vec![0xff; 64], vec![0, 0, 0, 1, 1, 2, 3, 4]] {
            let mut stream = connect_as_b(a, purpose);
            stream.write_all(&bytes).ok();
            // Whoever says nothing more is not waited for by anybody.
            stream.shutdown(Shutdown::Write).ok();
            read_to_the_end(&mut stream);
        }
    }
    assert!(a.metric("tombolo_states_refused_total") >= 2.0);
    assert_eq!(cluster.level(), before);

    // Of changes that `a` has not applied nothing is joined, and answered is what is here.
    let mut stream = connect_as_b(a, Purpose::Verify);
    let ahead = offer("other", written(replica("c"), 9, 1));
    stream.write_all(&encode_frame(&ahead).unwrap()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answer = decode(&read_to_the_end(&mut stream));
    assert!(matches!(answer, Frame::Offered(_)), "{answer:?}");
    assert_eq!(cluster.level(), before);

    // A log that ends too late, as somebody says who is not `b`: the log goes on all the same.
    let mut stream = connect_as_b(a, Purpose::Replicate);
    let end = Frame::OutOfLog { origin: replica("b"), after: u64::MAX };
    stream.write_all(&encode_frame(&end).unwrap()).unwrap();
    cluster.at("b").put("notes", "k", 3);
    eventually("a has it", || a.value("notes", "k") == 3);
    cluster.at("b").put("notes", "k", 1);
    cluster.level();
    assert!(!a.log().contains("nothing is answered"), "{}", a.log());
}

/// The dot by which the table of the cluster was defined.
fn table(region: &Region) -> Dot {
    let table = region.ask("GET", "/v1/tables/notes", None).expect(200);
    let mut parts = table["id"].as_str().unwrap().split(':');
    let mut part = || parts.next().unwrap();
    let region = RegionId::new(part()).unwrap();
    let incarnation = Incarnation(u64::from_str_radix(part(), 16).unwrap());
    assert_eq!(part(), "0");
    Dot::new(ReplicaId::new(region, incarnation), part().parse().unwrap())
}
