//! Having a client's request answered by a peer, where this region is behind and the peer is not.
//!
//! Requests travel on a connection of their own, so that none waits behind a batch. They are
//! bounded in number, size and time; a paused link carries none, and breaks off those under way.
//! What answers them in the peer is handed in from above, since actors know no API.

mod answering;
mod asking;

use core::fmt::Debug;
use core::pin::Pin;
use core::time::Duration;
use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tombolo_causality::RegionId;

pub(crate) use self::answering::Answering;
pub(crate) use self::asking::Asking;

/// A client's request, to be answered elsewhere.
#[derive(Clone, Debug)]
pub struct ForwardRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query, as they were sent.
    pub target: String,
    /// The headers that matter to the answer.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the answer is waited for.
    pub timeout: Duration,
}

/// What a peer answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForwardReply {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Why a peer has not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ForwardError {
    /// Nothing was sent.
    #[error("the peer could not be asked")]
    NotSent,
    /// It may have been done.
    #[error("the peer was asked and did not answer")]
    Unanswered,
}

/// An answer that is being made.
pub type Answer = Pin<Box<dyn Future<Output = ForwardReply>>>;

/// Whoever answers requests that peers pass on.
pub trait Answerer: Debug + Send + Sync {
    /// Answers `request` of a client of the region `from`. It must go no further.
    fn answer(self: Arc<Self>, from: RegionId, request: ForwardRequest) -> Answer;
}

/// Who answers, once there is somebody and for as long as there is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers(Arc<OnceLock<Weak<dyn Answerer>>>);

impl Answers {
    /// From now on `answerer` answers; the first that is named stays.
    pub(crate) fn by(&self, answerer: &Arc<dyn Answerer>) {
        if self.0.set(Arc::downgrade(answerer)).is_err() {
            tracing::debug!("forwarded requests are answered by somebody else already");
        }
    }

    fn get(&self) -> Option<Arc<dyn Answerer>> {
        self.0.get()?.upgrade()
    }
}

/// A request on its way, and where its answer goes. Dropped unanswered, it may have been sent.
#[derive(Debug)]
pub(crate) struct Job {
    request: ForwardRequest,
    reply: oneshot::Sender<Result<ForwardReply, ForwardError>>,
}

/// The way to one peer.
#[derive(Clone, Debug)]
pub(crate) struct Forwarder {
    jobs: mpsc::Sender<Job>,
    in_flight: Arc<Semaphore>,
}

impl Forwarder {
    /// A way on which at most `in_flight_max` requests are at a time, and its other end.
    pub(crate) fn new(in_flight_max: usize) -> (Self, mpsc::Receiver<Job>) {
        let (jobs, taken) = mpsc::channel(in_flight_max);
        (Self { jobs, in_flight: Arc::new(Semaphore::new(in_flight_max)) }, taken)
    }

    /// Has the peer answer, within the request's time.
    pub(crate) async fn ask(&self, request: ForwardRequest) -> Result<ForwardReply, ForwardError> {
        let _permit = self.in_flight.try_acquire().map_err(|_| ForwardError::NotSent)?;
        let (reply, answer) = oneshot::channel();
        let wait = request.timeout;
        let job = Job { request, reply };
        self.jobs.try_send(job).map_err(|_| ForwardError::NotSent)?;
        match timeout(wait, answer).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) | Err(_) => Err(ForwardError::Unanswered),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    use super::*;

    fn request() -> ForwardRequest {
        ForwardRequest {
            method: "GET".to_owned(),
            target: "/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_mins(1),
        }
    }

    #[tokio::test]
    async fn as_many_are_on_the_way_as_may_and_the_next_is_not_sent() {
        let (forwarder, mut jobs) = Forwarder::new(2);
        let mut task = Context::from_waker(Waker::noop());
        let mut first = pin!(forwarder.ask(request()));
        let mut second = pin!(forwarder.ask(request()));
        assert!(first.as_mut().poll(&mut task).is_pending());
        assert!(second.as_mut().poll(&mut task).is_pending());
        // Also once they have been taken: they are answered by nobody yet.
        let taken = [jobs.try_recv().unwrap(), jobs.try_recv().unwrap()];
        let third = forwarder.ask(request()).await;
        assert!(matches!(third, Err(ForwardError::NotSent)), "{third:?}");

        drop(taken);
        let unanswered = first.as_mut().poll(&mut task);
        assert!(matches!(unanswered, Poll::Ready(Err(ForwardError::Unanswered))), "{unanswered:?}");
        let mut fourth = pin!(forwarder.ask(request()));
        assert!(fourth.as_mut().poll(&mut task).is_pending());
    }
}
