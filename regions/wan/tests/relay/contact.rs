//! Cutting, healing, severing and reshaping while connections are open.

use std::io::{ErrorKind, Write};
use std::num::NonZeroU64;
use std::thread;
use std::time::{Duration, Instant};

use tombolo_wan::LinkShape;

use crate::support::{World, is_silent, ms, pattern, read_error, receive, receive_all};

#[test]
fn a_cut_holds_what_is_sent_and_healing_delivers_it_in_order_after_the_delay() {
    let world = World::apart(ms(10));
    let (mut client, mut server) = world.pair();
    client.write_all(b"one ").unwrap();
    assert_eq!(receive(&mut server, 4), b"one ");
    world.wan.cut("a", "b").unwrap();
    client.write_all(b"two ").unwrap();
    server.write_all(b"back").unwrap();
    world.pass_time();
    client.write_all(b"three").unwrap();
    world.pass_time();
    assert!(is_silent(&mut server) && is_silent(&mut client));
    let healed = Instant::now();
    world.wan.heal("a", "b").unwrap();
    assert_eq!(receive(&mut server, 9), b"two three");
    assert_eq!(receive(&mut client, 4), b"back");
    assert!(healed.elapsed() >= ms(10));
}

#[test]
fn a_connection_opened_in_a_cut_hangs_and_is_carried_once_healed() {
    let world = World::apart(ms(5));
    world.wan.cut("a", "b").unwrap();
    let mut client = world.connect();
    client.write_all(b"hello").unwrap();
    world.pass_time();
    assert!(is_silent(&mut client));
    assert_eq!(world.wan.counters("a", "b").unwrap().connections_open, 1);
    world.wan.heal("a", "b").unwrap();
    assert_eq!(receive(&mut world.accept(), 5), b"hello");
}

#[test]
fn a_client_that_gives_up_in_a_cut_is_never_heard_of() {
    let world = World::apart(ms(0));
    world.wan.cut("a", "b").unwrap();
    let mut ghost = world.connect();
    ghost.write_all(b"ghost").unwrap();
    drop(ghost);
    world.pass_time();
    let mut client = world.connect();
    client.write_all(b"alive").unwrap();
    world.wan.heal("a", "b").unwrap();
    assert_eq!(receive(&mut world.accept(), 5), b"alive");
}

#[test]
fn a_cut_of_one_direction_leaves_the_other() {
    let world = World::apart(ms(2));
    let (mut client, mut server) = world.pair();
    world.wan.cut_one_way("a", "b").unwrap();
    client.write_all(b"lost?").unwrap();
    server.write_all(b"news").unwrap();
    assert_eq!(receive(&mut client, 4), b"news");
    world.pass_time();
    assert!(is_silent(&mut server));
    world.wan.heal_one_way("a", "b").unwrap();
    assert_eq!(receive(&mut server, 5), b"lost?");
}

#[test]
fn a_cut_pushes_back_on_the_sender_and_loses_nothing() {
    let world = World::apart(ms(1));
    let (mut client, mut server) = world.pair();
    world.wan.cut("a", "b").unwrap();
    client.set_write_timeout(Some(ms(100))).unwrap();
    let sent = pattern(64 << 20);
    let mut accepted = 0;
    while let Ok(bytes) = client.write(&sent[accepted..]) {
        accepted += bytes;
        assert!(accepted < sent.len(), "64 MiB were swallowed in a cut");
    }
    drop(client);
    world.wan.heal("a", "b").unwrap();
    let received = receive_all(&mut server);
    assert!(received == sent[..accepted], "{} of {accepted} bytes arrived", received.len());
}

#[test]
fn a_receiver_that_does_not_read_pushes_back_on_the_sender() {
    let world = World::apart(ms(1));
    let (client, mut server) = world.pair();
    client.set_write_timeout(Some(ms(100))).unwrap();
    let sent = pattern(64 << 20);
    let mut accepted = 0;
    while let Ok(bytes) = (&client).write(&sent[accepted..]) {
        accepted += bytes;
        assert!(accepted < sent.len(), "64 MiB were swallowed on the way");
    }
    client.set_write_timeout(None).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| (&client).write_all(&sent[accepted..]).unwrap());
        assert!(receive(&mut server, sent.len()) == sent, "other bytes arrived");
    });
}

#[test]
fn severed_connections_are_reset_at_both_ends_and_new_ones_are_carried() {
    let world = World::apart(ms(1));
    let (mut client, mut server) = world.pair();
    world.wan.sever("b", "a").unwrap();
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
    assert_eq!(read_error(&mut server), ErrorKind::ConnectionReset);
    let (mut client, mut server) = world.pair();
    client.write_all(b"again").unwrap();
    assert_eq!(receive(&mut server, 5), b"again");
    assert_eq!(world.wan.counters("a", "b").unwrap().connections_accepted, 2);
}

#[test]
fn a_cut_connection_can_be_severed() {
    let world = World::apart(ms(1));
    let (mut client, mut server) = world.pair();
    world.wan.cut("a", "b").unwrap();
    client.write_all(b"held").unwrap();
    world.wan.sever("a", "b").unwrap();
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
    assert_eq!(read_error(&mut server), ErrorKind::ConnectionReset);
}

#[test]
fn a_slowed_link_takes_its_new_delay() {
    let world = World::apart(ms(0));
    let (mut client, mut server) = world.pair();
    world.wan.slow("a", "b", LinkShape::with_delay(ms(25))).unwrap();
    let sent = Instant::now();
    client.write_all(b"ping").unwrap();
    assert_eq!(receive(&mut server, 4), b"ping");
    server.write_all(b"pong").unwrap();
    assert_eq!(receive(&mut client, 4), b"pong");
    assert!(sent.elapsed() >= ms(50));
}

#[test]
fn what_is_held_by_a_slow_path_leaves_at_the_pace_of_its_new_shape() {
    let world = World::apart(ms(0));
    let (mut client, mut server) = world.pair();
    let minute = LinkShape::with_delay(Duration::from_mins(1)).bandwidth(NonZeroU64::MIN);
    world.wan.slow_one_way("a", "b", minute).unwrap();
    let sent = Instant::now();
    client.write_all(b"at last").unwrap();
    world.pass_time();
    assert!(is_silent(&mut server));
    world.wan.slow_one_way("a", "b", LinkShape::default()).unwrap();
    assert_eq!(receive(&mut server, 7), b"at last");
    assert!(sent.elapsed() < Duration::from_mins(1));
}
