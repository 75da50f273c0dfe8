//! How a relay starts, what it refuses, and what is left when it is dropped.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use tombolo_wan::{LinkShape, Wan, WanError, WanPlan};

use crate::support::{World, listener, ms, read_error};

#[test]
fn dropping_the_relay_closes_every_socket() {
    let world = World::apart(ms(1));
    let (mut client, mut server) = world.pair();
    let address = world.wan.address("a", "b").unwrap();
    drop(world.wan);
    for stream in [&mut client, &mut server] {
        // An end of stream or a reset, at the kernel's choice.
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
    }
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn a_relay_starts_fails_and_ends_inside_a_runtime() {
    let world = World::apart(ms(1));
    let (_, address) = listener();
    let plan = WanPlan::new(1)
        .place("a", address)
        .place("b", address)
        .link("a", "b", LinkShape::default())
        .listen("a", "b", world.wan.address("a", "b").unwrap().port());
    let refused = Wan::start(&plan).unwrap_err();
    assert!(
        matches!(&refused, WanError::Listen { from, to, source, .. }
            if (from.as_str(), to.as_str()) == ("a", "b")
                && source.kind() == ErrorKind::AddrInUse),
        "{refused:?}"
    );
}

#[test]
fn a_link_listens_where_it_was_told_to() {
    // A port that the system has just given and got back.
    let (free, address) = listener();
    drop(free);
    let plan = WanPlan::new(1)
        .place("a", address)
        .place("b", address)
        .link("a", "b", LinkShape::default())
        .listen("b", "a", address.port());
    let wan = Wan::start(&plan).unwrap();
    assert_eq!(wan.address("b", "a").unwrap(), address);
    assert_eq!(wan.links().collect::<Vec<_>>(), [("a", "b"), ("b", "a")]);
}

#[test]
fn a_place_that_does_not_listen_resets_its_clients() {
    let (closed, address) = listener();
    drop(closed);
    let plan = WanPlan::new(1).place("a", address).place("b", address).link(
        "a",
        "b",
        LinkShape::default(),
    );
    let wan = Wan::start(&plan).unwrap();
    let mut client = TcpStream::connect(wan.address("a", "b").unwrap()).unwrap();
    assert_eq!(read_error(&mut client), ErrorKind::ConnectionReset);
}

#[test]
fn a_link_that_is_not_in_the_plan_is_refused_by_name() {
    let world = World::apart(ms(0));
    assert!(matches!(
        world.wan.cut("a", "nowhere"),
        Err(WanError::UnknownLink { from, to }) if (from.as_str(), to.as_str()) == ("a", "nowhere")
    ));
    assert!(matches!(
        world.wan.slow("a", "b", LinkShape::with_delay(Duration::MAX)),
        Err(WanError::Shape { .. })
    ));
}
