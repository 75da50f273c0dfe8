//! What arrives, in which order, and how early at most.

use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::num::NonZeroU64;
use std::thread;
use std::time::Instant;

use tombolo_wan::LinkShape;

use crate::support::{World, ms, pattern, read_error, receive, receive_all};

#[test]
fn an_echo_takes_the_delay_of_each_direction() {
    let world = World::new(LinkShape::with_delay(ms(20)), LinkShape::with_delay(ms(30)));
    let (mut client, mut server) = world.pair();
    let sent = Instant::now();
    client.write_all(b"ping").unwrap();
    assert_eq!(receive(&mut server, 4), b"ping");
    assert!(sent.elapsed() >= ms(20));
    server.write_all(b"pong").unwrap();
    assert_eq!(receive(&mut client, 4), b"pong");
    assert!(sent.elapsed() >= ms(50));
    // What is delivered is counted a moment later, on the relay's thread.
    world.pass_time();
    assert_eq!(world.wan.counters("a", "b").unwrap().carried_bytes, 4);
    assert_eq!(world.wan.counters("b", "a").unwrap().carried_bytes, 4);
}

#[test]
fn the_first_bytes_of_a_connection_pay_for_its_handshake() {
    let world = World::new(LinkShape::with_delay(ms(20)), LinkShape::with_delay(ms(30)));
    let opened = Instant::now();
    let mut client = world.connect();
    client.write_all(b"hello").unwrap();
    let mut server = world.accept();
    assert!(opened.elapsed() >= ms(20));
    assert_eq!(receive(&mut server, 5), b"hello");
    assert!(opened.elapsed() >= ms(70));
}

#[test]
fn a_jittered_path_is_never_faster_than_its_least_delay() {
    let shape = LinkShape::with_delay(ms(20)).jitter(ms(3));
    let world = World::new(shape, shape);
    let (mut client, mut server) = world.pair();
    for round in 0..5u8 {
        let sent = Instant::now();
        client.write_all(&[round]).unwrap();
        assert_eq!(receive(&mut server, 1), [round]);
        assert!(sent.elapsed() >= shape.delay_min());
    }
}

#[test]
fn megabytes_arrive_whole_in_both_directions_and_no_faster_than_the_bandwidth() {
    let shape = LinkShape::with_delay(ms(10)).bandwidth(NonZeroU64::new(20_000_000).unwrap());
    let world = World::new(shape, shape);
    let (client, server) = world.pair();
    let sent = &pattern(2_000_000);
    let began = Instant::now();
    thread::scope(|scope| {
        for stream in [&client, &server] {
            scope.spawn(move || {
                let mut stream = stream;
                stream.write_all(sent).unwrap();
                stream.shutdown(Shutdown::Write).unwrap();
            });
            scope.spawn(move || {
                let received = receive_all(&mut stream.try_clone().unwrap());
                assert!(received == *sent, "{} bytes arrived, or others", received.len());
                assert!(began.elapsed() >= ms(110));
            });
        }
    });
}

#[test]
fn two_connections_share_the_bandwidth() {
    let shape = LinkShape::default().bandwidth(NonZeroU64::new(10_000_000).unwrap());
    let world = World::new(shape, LinkShape::default());
    let pairs = [world.pair(), world.pair()];
    let sent = &pattern(500_000);
    let began = Instant::now();
    thread::scope(|scope| {
        for (client, server) in &pairs {
            scope.spawn(move || {
                let mut client = client;
                client.write_all(sent).unwrap();
            });
            scope.spawn(move || {
                let received = receive(&mut server.try_clone().unwrap(), sent.len());
                assert!(received == *sent, "other bytes arrived");
            });
        }
    });
    assert!(began.elapsed() >= ms(100));
}

#[test]
fn closing_one_direction_leaves_the_other_open() {
    let world = World::apart(ms(5));
    let mut client = world.connect();
    client.write_all(b"the question").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut server = world.accept();
    assert_eq!(receive_all(&mut server), b"the question");
    server.write_all(b"the answer").unwrap();
    drop(server);
    assert_eq!(receive_all(&mut client), b"the answer");
}

#[test]
fn an_end_of_stream_takes_the_delay() {
    let world = World::apart(ms(20));
    let (client, mut server) = world.pair();
    let closed = Instant::now();
    drop(client);
    assert_eq!(receive_all(&mut server), b"");
    assert!(closed.elapsed() >= ms(20));
}

#[test]
fn a_reset_takes_the_delay_and_stays_a_reset() {
    let world = World::apart(ms(20));
    let (client, mut server) = world.pair();
    server.write_all(b"never read").unwrap();
    client.peek(&mut [0]).unwrap();
    let dropped = Instant::now();
    // Closed with bytes unread: the kernel resets the connection.
    drop(client);
    assert_eq!(read_error(&mut server), ErrorKind::ConnectionReset);
    assert!(dropped.elapsed() >= ms(20));
}

#[test]
fn writing_to_an_end_that_is_gone_is_answered_with_a_reset_after_the_round_trip() {
    let world = World::apart(ms(20));
    let (mut client, server) = world.pair();
    drop(server);
    assert_eq!(receive_all(&mut client), b"");
    let sent = Instant::now();
    let refused = loop {
        match client.write_all(b"anyone?") {
            Ok(()) => world.pass_time(),
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(refused, ErrorKind::BrokenPipe);
    assert!(sent.elapsed() >= ms(40));
}
