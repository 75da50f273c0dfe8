//! Who a region is when it starts on a directory that it has used before.
//!
//! What was journaled is there, but whether something that was already shipped is not (a disk that
//! lied, a directory put back from a copy) is the peers' to know. Each of them, its old connection
//! dropped, says how much of this replica it knows.

use core::time::Duration;
use std::sync::Arc;

use tokio::time::{sleep, timeout};
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Purpose, RefusalCode};
use tombolo_replication::StreamPosition;
use tombolo_replication::incarnation::{Testimony, testimony};
use tombolo_storage::LastStop;

use crate::connection::ConnectionError;
use crate::dialling::{dial, hello};
use crate::links::Link;

/// How long after a failed attempt a peer is dialled again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// What the peers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// All have answered, and nobody knows more.
    Confirmed,
    /// Somebody did not answer, and of the others nobody knows more.
    Unanswered {
        /// Who, and why not.
        because: String,
    },
    /// A member says that this region was removed.
    Removed {
        /// Who.
        by: RegionId,
    },
    /// Somebody knows more, or otherwise: what is here is not all that there was.
    Outdated {
        /// Who, and what.
        because: String,
    },
}

/// What a region asks its peers with.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) cluster: String,
    pub(crate) replica: ReplicaId,
    pub(crate) here: StreamPosition,
    pub(crate) vector: VersionVector,
    /// After a clean stop a peer that is not there is not waited for.
    pub(crate) last_stop: LastStop,
}

/// Asks all peers at once.
pub(crate) async fn check(question: &Question, peers: &[Arc<Link>], wait: Duration) -> Verdict {
    let asked = peers.iter().map(|peer| ask(question, peer, wait));
    let mut verdict = Verdict::Confirmed;
    for answer in join_all(asked).await {
        match answer {
            Verdict::Confirmed => {}
            Verdict::Unanswered { .. } => verdict = answer,
            Verdict::Removed { .. } | Verdict::Outdated { .. } => return answer,
        }
    }
    verdict
}

async fn ask(question: &Question, link: &Link, wait: Duration) -> Verdict {
    let (peer, (host, port)) = (link.peer, &link.address);
    let vector = question.vector.clone();
    let hello = hello(&question.cluster, question.replica, vector, Purpose::Identify);
    let answered = timeout(wait, async {
        loop {
            match dial((host, *port), hello.clone(), peer).await {
                // A peer that is starting as well may not listen yet.
                Err(ConnectionError::Closed | ConnectionError::Io(_))
                    if question.last_stop == LastStop::Unclean =>
                {
                    sleep(ASK_AGAIN).await;
                }
                answered => break answered,
            }
        }
    });
    let (theirs, here) = match answered.await {
        Ok(Ok((_, _, welcome))) => (welcome.yours, question.here),
        Ok(Err(ConnectionError::Refused { code: RefusalCode::Removed, .. })) => {
            return Verdict::Removed { by: peer };
        }
        // It has nothing that was ever shipped.
        Ok(Err(ConnectionError::Refused { code: RefusalCode::Newcomer, .. })) => {
            return Verdict::Confirmed;
        }
        Ok(Err(error)) => {
            return Verdict::Unanswered { because: format!("{peer} did not say: {error}") };
        }
        Err(_) => {
            let because = format!("{peer} did not answer within {} ms", wait.as_millis());
            return Verdict::Unanswered { because };
        }
    };
    match testimony(here, theirs) {
        Testimony::KnowsMore => {
            let because = format!("{peer} knows {} changes, here are {}", theirs.seq, here.seq);
            Verdict::Outdated { because }
        }
        Testimony::KnowsOtherwise => {
            Verdict::Outdated { because: format!("{peer} knows another history") }
        }
        Testimony::Confirms | Testimony::Silent => Verdict::Confirmed,
    }
}

/// All results, in order, the futures having run beside each other.
pub(crate) async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|f| (Box::pin(f), None)).collect();
    core::future::poll_fn(|task| {
        let mut pending = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(task) {
                    core::task::Poll::Ready(done) => *output = Some(done),
                    core::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { core::task::Poll::Pending } else { core::task::Poll::Ready(()) }
    })
    .await;
    running.into_iter().filter_map(|(_, output)| output).collect()
}
