//! Ports that nobody has, and that nobody gets by chance.
//!
//! They lie outside the range from which the system takes the ports of outgoing connections: a
//! region that is killed and started again would else now and then find its port in use.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

const FIRST: u16 = 12_000;
const COUNT: u16 = 16_000;
/// What one search may look at, so that two at a time do not meet.
const STRIDE: u16 = 200;

static SEARCHES: AtomicU16 = AtomicU16::new(0);

/// Where the next search begins: apart from those of other processes and other tests.
fn candidates() -> impl Iterator<Item = u16> {
    let process = u16::try_from(std::process::id() % 65_536).unwrap();
    let search = SEARCHES.fetch_add(1, Ordering::Relaxed);
    let begin = process.wrapping_mul(37).wrapping_add(search).wrapping_mul(STRIDE) % COUNT;
    (0..COUNT).map(move |nth| FIRST + (begin + nth) % COUNT)
}

fn bind(port: u16) -> Option<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()
}

/// So many free ports.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let mut held = candidates().filter_map(bind);
    let held: [Option<TcpListener>; N] = std::array::from_fn(|_| held.next());
    held.map(|listener| listener.unwrap().local_addr().unwrap().port())
}

/// A base port for a demo of so many regions.
pub(crate) fn base_port(regions: u16) -> u16 {
    let is_free = |base: &u16| {
        let mut ports = (0..regions).flat_map(|nth| (1..=3).map(move |port| 10 * nth + port));
        ports.all(|offset| bind(base + offset).is_some())
    };
    candidates().find(is_free).unwrap()
}
