//! Carries one direction of one connection along a path.
//!
//! One loop, woken by a socket, by the alarm or by a change of the path's condition; asleep
//! without a timer while the connection is idle. Reads no more than the window has room for,
//! which is how a slow receiver or a cut pushes back on the sender.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Instant;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use crate::alarm::Agenda;
use crate::lane::{End, Lane};
use crate::path::{Contact, Path};

const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// Where a read lands before it joins a lane: one for the relay's thread, not one for each
    /// connection.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into_boxed_slice());
}

/// How a direction came to its end without resetting the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Everything was delivered, the sender's end of stream included.
    All,
    /// The receiver was gone before everything was delivered. What it had sent before is still
    /// carried by the other direction.
    InVain,
}

/// The sender dropped the connection, and the news has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ResetArrived;

/// Carries everything from `source` to `sink`, beginning with what the lane already holds.
pub(crate) async fn pump(
    source: ReadHalf<'_>,
    mut sink: WriteHalf<'_>,
    path: &Path,
    mut lane: Lane,
    agenda: &Arc<Agenda>,
) -> Result<Delivered, ResetArrived> {
    let mut changes = path.condition();
    let mut edition = None;
    let mut bell = agenda.bell();
    loop {
        let now = Instant::now();
        let condition = *changes.borrow_and_update();
        if edition.replace(condition.edition) != Some(condition.edition) {
            lane.renew(|bytes| path.admit(now, bytes));
        }
        let room = lane.room(condition.shape.window_bytes()).min(condition.shape.piece_bytes());
        let open = condition.contact == Contact::Open;
        let ripe = open && lane.ripen(now) > 0;
        match lane.end_due(now).filter(|_| open) {
            None => {}
            Some(End::Reset) => return Err(ResetArrived),
            Some(End::Fin) => {
                let shut = sink.shutdown().await;
                return Ok(if shut.is_ok() { Delivered::All } else { Delivered::InVain });
            }
        }
        // While bytes wait for the receiver, later ones could not overtake them: no alarm.
        let next = lane.next_due().filter(|_| open && !ripe);
        tokio::select! {
            Ok(()) = changes.changed() => {}
            _ = source.readable(), if room > 0 => {
                take_in(source.as_ref(), &mut lane, room, |bytes| path.admit(Instant::now(), bytes));
            }
            _ = sink.writable(), if ripe => {
                let Ok(bytes) = hand_over(sink.as_ref(), &mut lane) else {
                    return Ok(Delivered::InVain);
                };
                path.count_carried(bytes);
            }
            () = bell.rings_at(next.unwrap_or(now)), if next.is_some() => {}
        }
    }
}

/// Takes up to `room` bytes, or the end of the stream, from a socket that is ready into the
/// lane. `admit` says when so many bytes are due.
pub(crate) fn take_in(
    source: &TcpStream,
    lane: &mut Lane,
    room: usize,
    admit: impl FnOnce(usize) -> Instant,
) {
    SCRATCH.with_borrow_mut(|scratch| {
        let room = room.min(scratch.len());
        match source.try_read(&mut scratch[..room]) {
            Ok(0) => lane.finish(admit(0), End::Fin),
            Ok(bytes) => lane.push(admit(bytes), &scratch[..bytes]),
            Err(error) if is_passing(&error) => {}
            Err(_) => lane.finish(admit(0), End::Reset),
        }
    });
}

/// Gives the receiver as much as it takes of what has arrived.
fn hand_over(sink: &TcpStream, lane: &mut Lane) -> io::Result<usize> {
    match sink.try_write_vectored(&lane.ripe()) {
        Ok(bytes) => {
            lane.consume(bytes);
            Ok(bytes)
        }
        Err(error) if is_passing(&error) => Ok(0),
        Err(error) => Err(error),
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
