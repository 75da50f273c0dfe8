//! Two or three places on this machine and the sockets at both ends of a connection.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use tombolo_wan::{LinkShape, Wan, WanPlan};

pub(crate) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A failing test ends instead of hanging.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Places `a`, `b` and `c`, each linked with each; `b` and `c` listen.
pub(crate) struct World {
    pub(crate) wan: Wan,
    b: TcpListener,
    c: TcpListener,
}

impl World {
    /// `a` and `b` are this far apart; `c` is 5 ms from both.
    pub(crate) fn new(there: LinkShape, back: LinkShape) -> Self {
        let (b, b_address) = listener();
        let (c, c_address) = listener();
        let yardstick = LinkShape::with_delay(ms(5));
        let plan = WanPlan::new(1)
            .place("a", b_address)
            .place("b", b_address)
            .place("c", c_address)
            .one_way("a", "b", there)
            .one_way("b", "a", back)
            .link("a", "c", yardstick)
            .link("b", "c", yardstick);
        Self { wan: Wan::start(&plan).unwrap(), b, c }
    }

    /// As `new`, both directions alike.
    pub(crate) fn apart(delay: Duration) -> Self {
        Self::new(LinkShape::with_delay(delay), LinkShape::with_delay(delay))
    }

    /// `a`'s end of a connection to `b`, which may not have crossed yet.
    pub(crate) fn connect(&self) -> TcpStream {
        patient(TcpStream::connect(self.wan.address("a", "b").unwrap()).unwrap())
    }

    /// `b`'s end of the next connection.
    pub(crate) fn accept(&self) -> TcpStream {
        patient(self.b.accept().unwrap().0)
    }

    pub(crate) fn pair(&self) -> (TcpStream, TcpStream) {
        let client = self.connect();
        (client, self.accept())
    }

    /// Lets time pass for the relay: a connection from `a` to `c` and an answer, which takes
    /// 20 ms of distance, all through the same thread as every other link.
    pub(crate) fn pass_time(&self) {
        let mut client = patient(TcpStream::connect(self.wan.address("a", "c").unwrap()).unwrap());
        client.write_all(b"?").unwrap();
        let mut server = patient(self.c.accept().unwrap().0);
        assert_eq!(receive(&mut server, 1), b"?");
        server.write_all(b"!").unwrap();
        assert_eq!(receive(&mut client, 1), b"!");
    }
}

fn patient(stream: TcpStream) -> TcpStream {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Exactly so many bytes.
pub(crate) fn receive(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut received = vec![0; bytes];
    stream.read_exact(&mut received).unwrap();
    received
}

/// Everything until the end of the stream.
pub(crate) fn receive_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut received = Vec::new();
    stream.read_to_end(&mut received).unwrap();
    received
}

/// There is neither a byte nor an end to be read now.
pub(crate) fn is_silent(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    read.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// How reading fails; waits for it.
pub(crate) fn read_error(stream: &mut TcpStream) -> ErrorKind {
    stream.read(&mut [0]).unwrap_err().kind()
}

/// So many bytes of which no two neighbouring stretches are alike.
pub(crate) fn pattern(bytes: usize) -> Vec<u8> {
    let mut pattern = vec![0; bytes];
    for (stretch, number) in pattern.chunks_exact_mut(4).zip(0u32..) {
        stretch.copy_from_slice(&number.to_le_bytes());
    }
    pattern
}
