//! The peers whose state can be pulled, and what is said to them.

use core::time::Duration;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::time::timeout;
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Frame, Purpose};
use tombolo_replication::catch_up::{Pull, Pulled};
use tombolo_storage::View;

use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::dialling::{dial, hello};
use crate::links::{Link, Links};

/// How long the peer may say nothing.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// All of them.
#[derive(Debug)]
pub(crate) struct Givers {
    pub(crate) cluster: String,
    pub(crate) own: ReplicaId,
    pub(crate) links: Arc<Links>,
    pub(crate) views: Arc<ArcSwap<View>>,
    pub(crate) dial_timeout: Duration,
    pub(crate) part_bytes_max: usize,
    pub(crate) silence_ms_max: u64,
}

/// A connection to one of them.
#[derive(Debug)]
pub(super) struct Conversation {
    reader: FrameReader,
    writer: FrameWriter,
    link: Arc<Link>,
    part_bytes_max: usize,
}

impl Givers {
    /// The peers that can be asked something now.
    pub(super) fn usable(&self) -> impl Iterator<Item = RegionId> {
        let usable = self.links.all().into_iter();
        usable.filter(|link| link.is_usable(self.silence_ms_max)).map(|link| link.peer)
    }

    /// The peer behind this one, in the order of their names, and the first behind the last.
    pub(super) fn after(&self, peer: RegionId) -> Option<RegionId> {
        let peers: Vec<_> = self.links.all().iter().map(|link| link.peer).collect();
        let next = peers.iter().find(|next| **next > peer).or(peers.first());
        next.copied()
    }

    /// Connects to one of them.
    pub(super) async fn converse(&self, with: RegionId) -> Result<Conversation, ConnectionError> {
        let unknown = ConnectionError::Unexpected { what: "another region's name" };
        let link = self.links.get(&with).ok_or(unknown)?;
        let (host, port) = &link.address;
        let vector = VersionVector::clone(self.views.load().vector());
        let hello = hello(&self.cluster, self.own, vector, Purpose::CatchUp);
        let dialled = timeout(self.dial_timeout, dial((host, *port), hello, with));
        let dialled = unless_closed(&link, dialled).await?;
        let (reader, writer, _) = dialled.map_err(|_| ConnectionError::Silent)??;
        Ok(Conversation { reader, writer, link, part_bytes_max: self.part_bytes_max })
    }
}

impl Conversation {
    pub(super) async fn ask(&mut self, pull: Pull) -> Result<(), ConnectionError> {
        let bytes = self.writer.write(&Frame::Pull(pull)).await?;
        self.link.facts().bytes_sent += bytes;
        Ok(())
    }

    pub(super) async fn hear(&mut self) -> Result<Pulled, ConnectionError> {
        let bytes_read = self.reader.bytes_read();
        let before = bytes_read.get();
        let frame = self.reader.read(self.part_bytes_max, ANSWER_MAX);
        let frame = unless_closed(&self.link, frame).await;
        self.link.facts().bytes_received += bytes_read.get() - before;
        match frame?? {
            Frame::Pulled(pulled) => Ok(pulled),
            Frame::Refused { code, detail } => Err(ConnectionError::Refused { code, detail }),
            _ => Err(ConnectionError::Unexpected { what: "something else than a part" }),
        }
    }
}

/// What comes of `work`, where the link is not closed before.
async fn unless_closed<T>(
    link: &Link,
    work: impl Future<Output = T>,
) -> Result<T, ConnectionError> {
    tokio::select! {
        done = work => Ok(done),
        closed = link.closed() => Err(closed),
    }
}
