//! Comparing what this region holds with what each peer holds, and repairing what differs.
//!
//! One comparison at a time; peer after peer, span after span, on connections of their own. It
//! looks at what is shown, so nothing waits for it, and what it joins goes through the leader like
//! any write. Nothing is kept of it but the answer.
//!
//! Where regions tell differently of one write, its author is right. A peer with which everything
//! was compared is known to say the same as this region does, so this region then speaks for it as
//! well: peers with whom something was left over are asked once more at the end.

mod answering;
mod asking;
mod holdings;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tombolo_causality::{RegionId, VersionVector};
use tombolo_replication::reconciler::Findings;

pub(crate) use self::answering::Answering;
pub(crate) use self::asking::Asker;
use self::asking::{Asking, Compared};
pub(crate) use self::holdings::Holdings;
use self::holdings::Patience;

/// What is offered at once, at most: items, and bytes of their states; one that is larger goes
/// alone.
const HELD: (usize, usize) = (256, 256 << 10);

/// Comparisons with all peers that are made at a time.
const RUNS_MAX: usize = 1;

/// What came of comparing with one peer.
#[derive(Clone, Debug)]
pub struct Verified {
    /// The peer.
    pub region: RegionId,
    /// What this region showed when it began: as of this both hold the same, where they do.
    pub vector: VersionVector,
    /// What was found.
    pub findings: Findings,
    /// Changes of the vector that one of both has set aside, and the other shows.
    pub differing_exceptions: usize,
    /// Why not everything was compared, where it was not.
    pub reason: Option<String>,
}

/// Why nothing was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A comparison is under way.
    #[error("the regions are being compared already")]
    Running,
    /// The region catches up by state.
    #[error("the region catches up: it has items without what they rest on")]
    CatchingUp,
    /// The region is stopping.
    #[error("the region is stopping")]
    Stopping,
}

impl Verified {
    /// Whether both held the same, before anything was repaired.
    pub fn is_identical(&self) -> bool {
        let is_complete = self.reason.is_none() && self.differing_exceptions == 0;
        is_complete && self.findings.is_identical()
    }

    /// Whether both hold the same now.
    fn is_level(&self) -> bool {
        let Findings { differing_items, repaired_items, missing_tables, .. } = self.findings;
        let is_complete = self.reason.is_none() && self.differing_exceptions == 0;
        is_complete && differing_items == repaired_items && missing_tables == 0
    }
}

#[derive(Debug)]
pub(crate) struct Job {
    /// The only peer to compare with; all of them where there is none.
    only: Option<RegionId>,
    reply: oneshot::Sender<Vec<Verified>>,
    turn: OwnedSemaphorePermit,
}

/// Has the regions compared.
#[derive(Clone, Debug)]
pub(crate) struct Verifier {
    jobs: mpsc::Sender<Job>,
    turn: Arc<Semaphore>,
}

impl Verifier {
    /// One, and its other end.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Job>) {
        let (jobs, taken) = mpsc::channel(RUNS_MAX);
        (Self { jobs, turn: Arc::new(Semaphore::new(RUNS_MAX)) }, taken)
    }

    /// Compares with every peer. Goes on to its end also where whoever asked has gone.
    pub(crate) async fn verify(&self) -> Result<Vec<Verified>, VerifyError> {
        self.begin(None)?.await.map_err(|_| VerifyError::Stopping)
    }

    /// Begins to compare with one peer; what comes of it stands in the log.
    pub(crate) fn begin_with(&self, peer: RegionId) -> Result<(), VerifyError> {
        self.begin(Some(peer)).map(drop)
    }

    fn begin(
        &self,
        only: Option<RegionId>,
    ) -> Result<oneshot::Receiver<Vec<Verified>>, VerifyError> {
        let turn = Arc::clone(&self.turn).try_acquire_owned().map_err(|_| VerifyError::Running)?;
        let (reply, verified) = oneshot::channel();
        let sent = self.jobs.try_send(Job { only, reply, turn });
        sent.map_err(|_| VerifyError::Stopping)?;
        Ok(verified)
    }
}

/// Compares whenever it is asked to, for as long as somebody can ask.
pub(crate) async fn serve(asker: Asker, mut jobs: mpsc::Receiver<Job>) {
    let own = asker.own.region;
    while let Some(Job { only, reply, turn }) = jobs.recv().await {
        let is_meant = |peer: &&Asking| only.is_none_or(|only| only == peer.link.peer);
        let peers = asker.peers();
        let peers: Vec<_> = peers.iter().filter(is_meant).collect();
        let verified = verify(own, &peers).await;
        // Whoever is told may ask for the next.
        drop(turn);
        // Whoever asked may have gone; the log has it.
        reply.send(verified).ok();
    }
}

async fn verify(own: RegionId, peers: &[&Asking]) -> Vec<Verified> {
    let (mut speaks_for, mut all) = (vec![own], Vec::new());
    for peer in peers {
        let verified = verify_one(peer, &speaks_for).await;
        if verified.is_level() {
            speaks_for.push(verified.region);
        }
        all.push(verified);
    }
    for (peer, verified) in peers.iter().zip(&mut all) {
        let may_know_more = speaks_for.len() > 1 && verified.reason.is_none();
        if may_know_more && !verified.is_level() {
            let again = verify_one(peer, &speaks_for).await;
            verified.findings.repaired_items += again.findings.repaired_items;
            verified.reason = again.reason;
        }
    }
    all
}

async fn verify_one(peer: &Asking, speaks_for: &[RegionId]) -> Verified {
    let region = peer.link.peer;
    match peer.run(speaks_for).await {
        Ok(Compared { vector, findings, differing_exceptions, is_behind }) => {
            let said = "compared with a peer";
            let Findings { compared_items, differing_items, repaired_items, .. } = findings;
            tracing::info!(%region, compared_items, differing_items, repaired_items, said);
            let behind = "it has not come yet to where this region was at the beginning";
            let reason = is_behind.then(|| behind.to_owned());
            Verified { region, vector, findings, differing_exceptions, reason }
        }
        Err(error) => {
            tracing::info!(%region, reason = %error, "a peer was not compared with");
            let (vector, findings) = (VersionVector::new(), Findings::default());
            let reason = Some(error.to_string());
            Verified { region, vector, findings, differing_exceptions: 0, reason }
        }
    }
}
