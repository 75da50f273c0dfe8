//! The journal's actor: one write and one fdatasync for each group that the leader hands over.
//!
//! It has a thread of its own, because a sync blocks. An error is the end: what was being written
//! may or may not be durable, a sync is never tried again, and the process is to stop. A full disk
//! is none: it is met where the next segment is made ready, before anything is written to it. From
//! then on nothing new is taken in, and a group that needs that segment all the same is held until
//! there is room.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_protocol::{RegionPosition, encode_position};
use tombolo_storage::journal::{AppendError, Journal as Log, Position};
use tombolo_storage::{ROOM_SOUGHT_EVERY, Room, Shortage, StorageError};

use crate::clock::instant;
use crate::meters::Meters;

/// See the module.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Log,
    preparing: bool,
    meters: Arc<Meters>,
    room: Arc<Room>,
    /// There while no next segment can be made ready.
    shortage: Option<Shortage>,
    /// The group that waits for it.
    held: Option<Held>,
}

/// Make a group durable. Answers where the journal ends after it.
#[derive(Debug, Message)]
#[rtype(result = "Result<Position, StorageError>")]
pub(crate) struct Append {
    pub(crate) payload: Vec<u8>,
    /// Where the region stands before the group.
    pub(crate) before: Arc<RegionPosition>,
}

/// Segments before this one are needed by nobody.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Release {
    pub(crate) before: u64,
}

#[derive(Debug)]
struct Held {
    group: Append,
    reply: oneshot::Sender<Result<Position, StorageError>>,
}

impl Journal {
    pub(crate) fn new(log: Log, room: Arc<Room>, meters: Arc<Meters>) -> Self {
        Self { log, preparing: false, meters, room, shortage: None, held: None }
    }

    fn append(&mut self, group: &Append) -> Result<Position, StorageError> {
        let head = encode_position(&group.before)?;
        self.log.append(&[&group.payload], || head)?;
        let written = instant();
        self.log.sync()?;
        self.meters.sync.observe_span(written, instant());
        self.meters.journal_bytes.add(group.payload.len() as u64);
        Ok(self.log.end())
    }

    /// Whether a group that was refused so may be appended later.
    fn may_wait(&self, result: &Result<Position, StorageError>) -> bool {
        result.as_ref().is_err_and(StorageError::is_full_journal) && self.room.waits()
    }

    /// Has the next segment made ready on another thread, so that rolling never waits for it.
    fn prepare(&mut self, ctx: &mut Context<Self>) {
        let preparer = self.log.preparer();
        if self.preparing || !preparer.has_work() {
            return;
        }
        self.preparing = true;
        let work = actix_rt::task::spawn_blocking(move || preparer.prepare());
        let done = work.into_actor(self).map(|result, actor, ctx| {
            actor.preparing = false;
            match result {
                Ok(Err(AppendError::DiskFull { .. })) => actor.is_short(ctx),
                Ok(Err(error)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "no segment prepared");
                    // The append that needs the segment reports what matters.
                    actor.shortage = None;
                    actor.append_held();
                }
                Ok(Ok(())) | Err(_) => actor.has_room(ctx),
            }
        });
        ctx.spawn(done);
    }

    /// Lets nothing new be taken in, and looks for room again later.
    fn is_short(&mut self, ctx: &mut Context<Self>) {
        if self.shortage.is_none() {
            self.shortage = Some(self.room.shortage());
            ctx.run_later(ROOM_SOUGHT_EVERY, Self::look_for_room);
        }
    }

    fn look_for_room(&mut self, ctx: &mut Context<Self>) {
        if self.shortage.is_none() {
            return;
        }
        self.append_held();
        self.prepare(ctx);
        if !self.preparing {
            self.has_room(ctx);
        }
        ctx.run_later(ROOM_SOUGHT_EVERY, Self::look_for_room);
    }

    fn has_room(&mut self, ctx: &mut Context<Self>) {
        self.append_held();
        if self.held.is_none() {
            self.shortage = None;
        }
        self.prepare(ctx);
    }

    fn append_held(&mut self) {
        let Some(Held { group, reply }) = self.held.take() else { return };
        let result = self.append(&group);
        if self.may_wait(&result) {
            self.held = Some(Held { group, reply });
        } else {
            // A leader that has ended waits for nothing.
            reply.send(result).ok();
        }
    }
}

impl Actor for Journal {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.prepare(ctx);
    }
}

impl Handler<Append> for Journal {
    type Result = Response<Result<Position, StorageError>>;

    fn handle(&mut self, group: Append, ctx: &mut Self::Context) -> Self::Result {
        let result = self.append(&group);
        if self.may_wait(&result) {
            let (reply, appended) = oneshot::channel();
            self.held = Some(Held { group, reply });
            self.is_short(ctx);
            // It is told, or this actor has ended and is told about that.
            return Response::fut(async move { appended.await.unwrap_or(result) });
        }
        self.prepare(ctx);
        Response::reply(result)
    }
}

impl Handler<Release> for Journal {
    type Result = ();

    fn handle(&mut self, release: Release, ctx: &mut Self::Context) {
        self.log.release_before(release.before);
        self.prepare(ctx);
    }
}
