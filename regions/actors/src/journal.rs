//! The journal's actor: one write and one fdatasync for each group that the leader hands over.
//!
//! It has a thread of its own, because a sync blocks. An error is the end: what was being written
//! may or may not be durable, a sync is never tried again, and the process is to stop.

use std::sync::Arc;

use actix::prelude::*;
use tombolo_protocol::{RegionPosition, encode_position};
use tombolo_storage::StorageError;
use tombolo_storage::journal::{Journal as Log, Position};

use crate::clock::instant;
use crate::meters::Meters;

/// See the module.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Log,
    preparing: bool,
    meters: Arc<Meters>,
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

impl Journal {
    pub(crate) fn new(log: Log, meters: Arc<Meters>) -> Self {
        Self { log, preparing: false, meters }
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

    /// Has the next segment made ready on another thread, so that rolling never waits for it.
    fn prepare(&mut self, ctx: &mut Context<Self>) {
        let preparer = self.log.preparer();
        if self.preparing || !preparer.has_work() {
            return;
        }
        self.preparing = true;
        let work = actix_rt::task::spawn_blocking(move || preparer.prepare());
        let done = work.into_actor(self).map(|result, actor, _| {
            actor.preparing = false;
            if let Ok(Err(error)) = result {
                // The append that needs the segment reports what matters.
                tracing::warn!(error = &error as &dyn std::error::Error, "no segment prepared");
            }
        });
        ctx.spawn(done);
    }
}

impl Actor for Journal {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.prepare(ctx);
    }
}

impl Handler<Append> for Journal {
    type Result = Result<Position, StorageError>;

    fn handle(&mut self, group: Append, ctx: &mut Self::Context) -> Self::Result {
        let end = self.append(&group)?;
        self.prepare(ctx);
        Ok(end)
    }
}

impl Handler<Release> for Journal {
    type Result = ();

    fn handle(&mut self, release: Release, ctx: &mut Self::Context) {
        self.log.release_before(release.before);
        self.prepare(ctx);
    }
}
