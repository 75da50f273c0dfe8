//! Measures what the relay adds beyond the distance it is asked for: single bytes go back and
//! forth over a direct connection and over links of several lengths, and the round trips are
//! compared.
//!
//! ```text
//! cargo run --release -p tombolo-wan --example accuracy
//! ```

use std::error::Error;
use std::io::{Read, Write, stdout};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tombolo_wan::{LinkShape, Wan, WanPlan};

const ROUNDS: u32 = 300;

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout();
    writeln!(out, "one-way delay   round trip beyond twice the delay, ms: mean    p50    p99")?;
    report(&mut out, "direct", &mut direct()?, Duration::ZERO)?;
    for delay in [0, 1, 5, 10, 35].map(Duration::from_millis) {
        report(
            &mut out,
            &format!("{delay:?}"),
            &mut relayed(LinkShape::with_delay(delay))?,
            delay,
        )?;
    }
    let delay = Duration::from_millis(10);
    let shape = LinkShape::with_delay(delay).jitter(Duration::from_millis(1));
    report(&mut out, "10ms, σ 1ms", &mut relayed(shape)?, delay)?;
    Ok(())
}

/// Round trips over a connection to an echo, in ascending order.
fn round_trips(address: SocketAddr) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut byte = [0];
    let mut times = Vec::new();
    // The first one pays for the handshake.
    for round in 0..=ROUNDS {
        let sent = Instant::now();
        stream.write_all(&byte)?;
        stream.read_exact(&mut byte)?;
        if round > 0 {
            times.push(sent.elapsed());
        }
    }
    times.sort_unstable();
    Ok(times)
}

fn direct() -> Result<Vec<Duration>, Box<dyn Error>> {
    round_trips(echo()?)
}

fn relayed(shape: LinkShape) -> Result<Vec<Duration>, Box<dyn Error>> {
    let address = echo()?;
    let plan = WanPlan::new(1).place("here", address).place("there", address);
    let wan = Wan::start(&plan.link("here", "there", shape))?;
    round_trips(wan.address("here", "there")?)
}

/// Sends back what comes over its one connection, until that ends.
fn echo() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        stream.set_nodelay(true)?;
        let mut bytes = [0; 64];
        loop {
            match stream.read(&mut bytes)? {
                0 => return Ok(()),
                count => stream.write_all(&bytes[..count])?,
            }
        }
    });
    Ok(address)
}

fn report(
    out: &mut impl Write,
    name: &str,
    times: &mut [Duration],
    delay: Duration,
) -> std::io::Result<()> {
    let beyond = |time: Duration| (time.as_secs_f64() - 2.0 * delay.as_secs_f64()) * 1e3;
    let mean = times.iter().map(|time| beyond(*time)).sum::<f64>() / f64::from(ROUNDS);
    let (p50, p99) = (beyond(times[times.len() / 2]), beyond(times[times.len() * 99 / 100]));
    writeln!(out, "{name:<52} {mean:>8.3} {p50:>6.3} {p99:>6.3}")
}
