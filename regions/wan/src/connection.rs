//! One connection through a link, from its handshake to its end.
//!
//! ```text
//!   accepted ─ SYN crosses ─ upstream connected ─ SYN-ACK crosses ─ both pumps ─ both ended
//!       └── client gone in a cut: forgotten          severed, reset at any time: both reset ──┘
//! ```
//!
//! The kernel has accepted the client before the relay hears of it, so the handshake's round
//! trip is paid by the client's first bytes instead. A client that gives up while a cut keeps
//! its handshake from crossing was never connected as far as the other end can know: it is
//! forgotten with all it wrote, and does not come knocking when the cut is healed.

use std::future::pending;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::alarm::Agenda;
use crate::lane::{End, Lane};
use crate::link::Link;
use crate::pump::{self, Delivered, ResetArrived};

/// Carries the connection until it ends or is severed.
pub(crate) async fn carry(
    mut client: TcpStream,
    link: &Link,
    mut severed: watch::Receiver<u64>,
    agenda: &Arc<Agenda>,
) {
    let mut early = Lane::default();
    let crossed = tokio::select! {
        _ = severed.changed() => false,
        () = given_up(&client, link, &mut early) => false,
        () = link.path.cross(agenda) => true,
    };
    if !crossed {
        return reset(&client);
    }
    // Not raced with anything: a socket dropped while it connects may be connected already, and
    // would then end like a stream instead of with a reset.
    let mut upstream = connect(link).await;
    let crossed = tokio::select! {
        _ = severed.changed() => false,
        () = given_up(&client, link, &mut early) => false,
        () = link.way_back.cross(agenda) => true,
    };
    let ended = match &mut upstream {
        Some(upstream) if crossed => tokio::select! {
            _ = severed.changed() => Err(ResetArrived),
            ended = exchange(&mut client, upstream, link, early, agenda) => ended,
        },
        _ => Err(ResetArrived),
    };
    if ended.is_err() {
        reset(&client);
        upstream.iter().for_each(reset);
    }
}

async fn connect(link: &Link) -> Option<TcpStream> {
    let connected = TcpStream::connect(link.upstream).await.and_then(|upstream| {
        upstream.set_nodelay(true)?;
        Ok(upstream)
    });
    connected
        .inspect_err(|error| tracing::debug!(upstream = %link.upstream, %error, "not connected"))
        .ok()
}

/// Completes when the client is gone before its handshake has crossed. Until then what it sends
/// is gathered in `early`, for only so can its end be seen.
async fn given_up(client: &TcpStream, link: &Link, early: &mut Lane) {
    let shape = link.path.condition().borrow().shape;
    loop {
        match early.end() {
            Some(End::Reset) => return,
            // Closing one direction at once is good manners where there is contact.
            Some(End::Fin) => {
                return tokio::select! {
                    () = link.path.until_cut() => {}
                    () = link.way_back.until_cut() => {}
                };
            }
            None => {}
        }
        let room = early.room(shape.window_bytes());
        if room == 0 {
            return pending().await;
        }
        match client.readable().await {
            Ok(()) => pump::take_in(client, early, room, |_| Instant::now()),
            Err(_) => return,
        }
    }
}

/// Both directions until both have ended, or one was reset.
async fn exchange(
    client: &mut TcpStream,
    upstream: &mut TcpStream,
    link: &Link,
    early: Lane,
    agenda: &Arc<Agenda>,
) -> Result<(), ResetArrived> {
    let (client_read, client_write) = client.split();
    let (upstream_read, upstream_write) = upstream.split();
    let there = pump::pump(client_read, upstream_write, &link.path, early, agenda);
    let back = pump::pump(upstream_read, client_write, &link.way_back, Lane::default(), agenda);
    match tokio::try_join!(there, back)? {
        (Delivered::All, Delivered::All) => Ok(()),
        // Who wrote to an end that was gone hears of it as late as everything else.
        (Delivered::InVain, _) => {
            link.way_back.cross(agenda).await;
            Err(ResetArrived)
        }
        (_, Delivered::InVain) => {
            link.path.cross(agenda).await;
            Err(ResetArrived)
        }
    }
}

/// Makes the close that follows a reset rather than an end of stream.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "closed without a reset");
    }
}
