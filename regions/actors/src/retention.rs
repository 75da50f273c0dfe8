//! The retention actor: now and then lets go of journal segments that nobody needs.

use core::time::Duration;
use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::watch;
use tombolo_causality::VersionVector;
use tombolo_protocol::decode_position;
use tombolo_replication::retention::{Segment, release_before};
use tombolo_storage::journal::{JournalReader, Position};

use crate::journal::{Journal, Release};
use crate::links::Links;

const EVERY: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Debug)]
pub(crate) struct Retention {
    pub(crate) reader: JournalReader,
    pub(crate) journal: Addr<Journal>,
    pub(crate) links: Arc<Links>,
    /// From where a restart would replay.
    pub(crate) replay_from: watch::Receiver<Option<Position>>,
    pub(crate) journal_bytes_max: u64,
}

impl Retention {
    fn release(&mut self) {
        let Some(replay_from) = *self.replay_from.borrow() else { return };
        let segments = self.reader.segments();
        let Some((open, closed)) = segments.split_last() else { return };
        // A segment ends where the next one begins.
        let ends = segments.iter().skip(1).map(|next| decode_position(&next.head));
        let closed = closed.iter().zip(ends).map(|(segment, end)| {
            let end = end.map(|position| position.streams.vector());
            end.map(|end| Segment { number: segment.number, bytes: segment.file_bytes, end })
        });
        let closed: Vec<Segment> = match closed.collect() {
            Ok(closed) => closed,
            Err(error) => {
                tracing::error!(%error, "a segment's head cannot be read: nothing is released");
                return;
            }
        };
        let acknowledged: Vec<_> =
            self.links.all().iter().map(|link| link.facts().known.direct().clone()).collect();
        let before = release_before(
            &closed,
            open.number,
            open.file_bytes,
            replay_from.segment,
            &acknowledged,
            self.journal_bytes_max,
        );
        self.show_who_needs_more(&closed, before);
        let first = closed.first().map_or(open.number, |segment| segment.number);
        if before > first && self.journal.try_send(Release { before }).is_err() {
            tracing::debug!("the journal is busy: segments are released later");
        }
    }
}

impl Retention {
    /// A peer that lacks own changes of a segment that goes can no longer be helped from here.
    fn show_who_needs_more(&self, closed: &[Segment], before: u64) {
        let Some(last) = closed.iter().rfind(|segment| segment.number < before) else { return };
        let own = self.links.own();
        let gone = last.end.iter().filter(|(replica, _)| replica.region == own);
        let gone = gone.collect::<VersionVector>();
        for link in self.links.all() {
            let mut facts = link.facts();
            if !facts.known.direct().descends(&gone) {
                facts.needs_snapshot = true;
            }
        }
    }
}

impl Actor for Retention {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(EVERY, |actor, _| actor.release());
    }
}
