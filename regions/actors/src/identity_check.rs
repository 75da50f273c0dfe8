//! Who a region is after it ended uncleanly.
//!
//! What was journaled is there, but whether something that was already shipped is not (a disk that
//! lied, a directory put back from a copy) is the peers' to know. Only when each of them, its old
//! connection dropped, knows no more of this replica than is here does the incarnation live on.

use core::time::Duration;

use tokio::time::{sleep, timeout};
use tombolo_causality::{RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{Hello, Purpose};
use tombolo_replication::StreamPosition;

use crate::connection::ConnectionError;
use crate::shipping::{PROTOCOL, dial};

/// How long after a failed attempt a peer is dialled again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// What the peers say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nobody knows more: the incarnation lives on.
    Confirmed,
    /// Somebody did not answer, or knows more: a new incarnation is needed.
    Unconfirmed {
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
}

/// Asks all peers at once.
pub(crate) async fn check(
    question: &Question,
    peers: &[(RegionId, (String, u16))],
    wait: Duration,
) -> Verdict {
    let asked = peers.iter().map(|(peer, address)| ask(question, *peer, address, wait));
    for answer in join_all(asked).await {
        if let Err(because) = answer {
            return Verdict::Unconfirmed { because };
        }
    }
    Verdict::Confirmed
}

async fn ask(
    question: &Question,
    peer: RegionId,
    (host, port): &(String, u16),
    wait: Duration,
) -> Result<(), String> {
    let hello = Hello {
        cluster: question.cluster.clone(),
        region: question.replica.region,
        replica: question.replica,
        protocol_min: PROTOCOL,
        protocol_max: PROTOCOL,
        vector: question.vector.clone(),
        purpose: Purpose::Identify,
    };
    let answered = timeout(wait, async {
        loop {
            match dial((host, *port), hello.clone(), peer).await {
                // A peer that is starting as well may not listen yet.
                Err(ConnectionError::Closed | ConnectionError::Io(_)) => sleep(ASK_AGAIN).await,
                answered => break answered,
            }
        }
    });
    let (_, _, welcome) = match answered.await {
        Ok(Ok(welcome)) => welcome,
        Ok(Err(error)) => return Err(format!("{peer} did not say: {error}")),
        Err(_) => return Err(format!("{peer} did not answer within {} ms", wait.as_millis())),
    };
    if welcome.yours.seq > question.here.seq {
        return Err(format!(
            "{peer} knows {} changes, here are {}",
            welcome.yours.seq, question.here.seq
        ));
    }
    if welcome.yours.seq == question.here.seq && welcome.yours.hash != question.here.hash {
        return Err(format!("{peer} knows another history"));
    }
    Ok(())
}

/// All results, in order, the futures having run beside each other.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
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
