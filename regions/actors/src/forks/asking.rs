//! Asking a peer what it knows of this region's stream.

use core::time::Duration;

use tokio::time::timeout;
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Frame, Purpose};
use tombolo_replication::fork::{CommonPoint, Step};
use tombolo_replication::{RunningHash, StreamPosition};
use tombolo_storage::LogReader;

use super::NotRecovered;
use crate::connection::{ConnectionError, FrameReader, FrameWriter, HELLO_BYTES_MAX};
use crate::dialling::{dial, hello};

/// A peer that has answered.
#[derive(Debug)]
pub(super) struct Witness {
    pub(super) peer: RegionId,
    /// What it has of all streams.
    pub(super) vector: VersionVector,
    /// Where this region's stream stands there.
    theirs: StreamPosition,
    reader: FrameReader,
    writer: FrameWriter,
    wait: Duration,
}

/// What a peer knows of this region's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Knows {
    /// The one that is here, up to this change.
    This(u64),
    /// Another one, which parts from this after that change.
    Another(u64),
}

impl Witness {
    /// Dials `peer`, which is told of nobody but `own`.
    pub(super) async fn call(
        cluster: &str,
        own: ReplicaId,
        peer: RegionId,
        (host, port): (&str, u16),
        wait: Duration,
    ) -> Result<Self, NotRecovered> {
        let hello = hello(cluster, own, VersionVector::new(), Purpose::Identify);
        let unanswered = |because| NotRecovered::Unanswered { peer, because };
        let (reader, writer, welcome) = timeout(wait, dial((host, port), hello, peer))
            .await
            .map_err(|_| unanswered(format!("no answer within {} ms", wait.as_millis())))?
            .map_err(|error| unanswered(error.to_string()))?;
        Ok(Self { peer, vector: welcome.vector, theirs: welcome.yours, reader, writer, wait })
    }

    /// Holds what it knows against the stream of `own`, which stands `here`.
    pub(super) async fn compare(
        &mut self,
        own: ReplicaId,
        here: StreamPosition,
        log: &mut LogReader,
    ) -> Result<Knows, NotRecovered> {
        let both = here.seq.min(self.theirs.seq);
        if both == 0 {
            return Ok(Knows::This(0));
        }
        let ours = ours(log, own, here, both)?;
        let theirs = self.hash(own, both).await?;
        match (ours, theirs) {
            (Some(ours), Some(theirs)) if ours == theirs => return Ok(Knows::This(both)),
            (Some(_), Some(_)) => {}
            _ => return Err(self.too_short(0, both)),
        }
        let mut search = CommonPoint::before(both);
        loop {
            match search.step() {
                Step::Ask(seq) => {
                    let ours = self::ours(log, own, here, seq)?;
                    let theirs = self.hash(own, seq).await?;
                    search.told(seq, ours, theirs);
                }
                Step::Found(common) => return Ok(Knows::Another(common)),
                Step::Untold { from, to } => return Err(self.too_short(from, to)),
            }
        }
    }

    fn too_short(&self, from: u64, to: u64) -> NotRecovered {
        NotRecovered::LogTooShort { peer: self.peer, from, to }
    }

    async fn hash(
        &mut self,
        own: ReplicaId,
        seq: u64,
    ) -> Result<Option<RunningHash>, NotRecovered> {
        if seq == self.theirs.seq {
            return Ok(Some(self.theirs.hash));
        }
        let asked = timeout(self.wait, async {
            self.writer.write(&Frame::AskHistory { origin: own, seq }).await?;
            match self.reader.read(HELLO_BYTES_MAX, self.wait).await? {
                Frame::History { seq: told, hash } if told == seq => Ok(hash),
                _ => Err(ConnectionError::Unexpected { what: "something else than an answer" }),
            }
        });
        let answered = asked.await.unwrap_or(Err(ConnectionError::Silent));
        let peer = self.peer;
        answered.map_err(|error| NotRecovered::Unanswered { peer, because: error.to_string() })
    }
}

fn ours(
    log: &mut LogReader,
    own: ReplicaId,
    here: StreamPosition,
    seq: u64,
) -> Result<Option<RunningHash>, NotRecovered> {
    if seq == here.seq { Ok(Some(here.hash)) } else { Ok(log.hash_at(own, seq)?) }
}
