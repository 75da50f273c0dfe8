//! The peers whose state can be pulled, and what is said to them.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::time::timeout;
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Frame, Purpose, RefusalCode};
use tombolo_replication::catch_up::{Pull, Pulled};
use tombolo_storage::View;

use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::dialling::{dial, hello};
use crate::links::Link;

/// How long the peer may say nothing.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A peer as it is dialled.
#[derive(Debug)]
pub(crate) struct Giver {
    pub(crate) address: (String, u16),
    pub(crate) link: Arc<Link>,
}

/// All of them.
#[derive(Debug)]
pub(crate) struct Givers {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) peers: BTreeMap<RegionId, Giver>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) dial_timeout: Duration,
    pub(crate) part_bytes_max: usize,
    pub(crate) silence_ms_max: u64,
}

/// A connection to one of them.
#[derive(Debug)]
pub(super) struct Conversation<'a> {
    reader: FrameReader,
    writer: FrameWriter,
    link: &'a Link,
    part_bytes_max: usize,
}

impl Givers {
    /// The peers that can be asked something now.
    pub(super) fn usable(&self) -> impl Iterator<Item = RegionId> + '_ {
        let usable =
            self.peers.iter().filter(|(_, giver)| giver.link.is_usable(self.silence_ms_max));
        usable.map(|(peer, _)| *peer)
    }

    /// Connects to one of them.
    pub(super) async fn converse(
        &self,
        with: RegionId,
    ) -> Result<Conversation<'_>, ConnectionError> {
        let unknown = ConnectionError::Unexpected { what: "another region's name" };
        let Giver { address: (host, port), link } = self.peers.get(&with).ok_or(unknown)?;
        let vector = VersionVector::clone(self.views.load().vector());
        let hello = hello(&self.cluster, self.own, vector, Purpose::CatchUp);
        let dialled = timeout(self.dial_timeout, dial((host, *port), hello, with));
        let dialled = unless_paused(link, dialled).await?;
        let (reader, writer, _) = dialled.map_err(|_| ConnectionError::Silent)??;
        Ok(Conversation { reader, writer, link, part_bytes_max: self.part_bytes_max })
    }
}

impl Conversation<'_> {
    pub(super) async fn ask(&mut self, pull: Pull) -> Result<(), ConnectionError> {
        let bytes = self.writer.write(&Frame::Pull(pull)).await?;
        self.link.facts().bytes_sent += bytes;
        Ok(())
    }

    pub(super) async fn hear(&mut self) -> Result<Pulled, ConnectionError> {
        let bytes_read = self.reader.bytes_read();
        let before = bytes_read.get();
        let frame = self.reader.read(self.part_bytes_max, ANSWER_MAX);
        let frame = unless_paused(self.link, frame).await;
        self.link.facts().bytes_received += bytes_read.get() - before;
        match frame?? {
            Frame::Pulled(pulled) => Ok(pulled),
            Frame::Refused { code, detail } => Err(ConnectionError::Refused { code, detail }),
            _ => Err(ConnectionError::Unexpected { what: "something else than a part" }),
        }
    }
}

/// What comes of `work`, where the link is not paused before.
async fn unless_paused<T>(
    link: &Link,
    work: impl Future<Output = T>,
) -> Result<T, ConnectionError> {
    let mut paused = link.watch_paused();
    tokio::select! {
        done = work => Ok(done),
        _ = paused.wait_for(|paused| *paused) => {
            let detail = "the link is paused".to_owned();
            Err(ConnectionError::Refusing { code: RefusalCode::Paused, detail })
        }
    }
}
