//! The answering end: says what this region has, and joins what a peer has that it lacks.

use core::time::Duration;
use std::sync::Arc;

use tokio::time::timeout;
use tombolo_causality::{Dot, VersionVector};
use tombolo_protocol::limits::LISTED_MAX;
use tombolo_protocol::{Frame, RefusalCode};
use tombolo_replication::Digest;
use tombolo_replication::leader::Voices;
use tombolo_replication::reconciler::{Compare, Compared, Comparison, Offer, Offered, to_join};

use super::asking::not_joined;
use super::{HELD, Holdings, Patience};
use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::links::Link;
use crate::naming;

/// What is listed of a span, at most: items, and bytes of their states.
const LIST: (usize, usize) = (LISTED_MAX, 1 << 20);

/// How long the asker may say nothing: it waits for its own leader, and for what it looks at.
const QUESTION_MAX: Duration = Duration::from_mins(1);

/// See the module.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(crate) link: Arc<Link>,
    pub(crate) holdings: Holdings,
    pub(crate) frame_bytes_max: usize,
    pub(crate) silence_max: Duration,
}

impl Answering {
    /// Serves a peer that has been welcomed, until the connection ends.
    pub(crate) async fn run(
        self,
        mut reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let mut replaced = self.link.take_verifying();
        let ended = tokio::select! {
            ended = self.serve(&mut reader, &mut writer) => ended,
            // The sender lives as long as the link.
            _ = replaced.changed() => ConnectionError::Replaced,
            closed = self.link.closed() => closed,
        };
        if let ConnectionError::Refusing { code, detail } = &ended {
            // A peer that does not read must not hold the connection.
            timeout(self.silence_max, writer.refuse(*code, detail)).await.ok();
        }
        ended
    }

    async fn serve(&self, reader: &mut FrameReader, writer: &mut FrameWriter) -> ConnectionError {
        let (bytes_read, mut counted) = (reader.bytes_read(), 0);
        let (patience, mut set_aside) = (Patience::default(), Vec::new());
        loop {
            let frame = reader.read(self.frame_bytes_max, QUESTION_MAX).await;
            self.link.facts().bytes_received += bytes_read.get() - counted;
            counted = bytes_read.get();
            let answered = match frame {
                Ok(frame) => self.answer(frame, &patience, &mut set_aside).await,
                Err(ConnectionError::Frame(error)) => {
                    self.holdings.meters.states_refused.increment();
                    Err(crate::serving::malformed(&error))
                }
                Err(error) => return error,
            };
            let written = match answered {
                Ok(answer) => writer.write(&answer).await,
                Err(error) => return error,
            };
            match written {
                Ok(bytes) => self.link.facts().bytes_sent += bytes,
                Err(error) => return error,
            }
        }
    }

    /// Answers `frame`; `set_aside` is what the asker has said that it has set aside.
    async fn answer(
        &self,
        frame: Frame,
        patience: &Patience,
        set_aside: &mut Vec<Dot>,
    ) -> Result<Frame, ConnectionError> {
        self.holdings.check()?;
        match frame {
            Frame::SetAside { dots } => {
                *set_aside = dots;
                Ok(naming::all(&self.holdings.view()))
            }
            Frame::Compare(compare) => Ok(Frame::Compared(self.compare(compare, patience).await?)),
            Frame::Offer(offer) => {
                Ok(Frame::Offered(self.offered(offer, patience, set_aside.clone()).await?))
            }
            Frame::Refused { code, detail } => Err(ConnectionError::Refused { code, detail }),
            _ => Err(ConnectionError::Refusing {
                code: RefusalCode::Malformed,
                detail: "something else than a comparison".to_owned(),
            }),
        }
    }

    async fn compare(
        &self,
        compare: Compare,
        patience: &Patience,
    ) -> Result<Compared, ConnectionError> {
        let Compare { request, vector, span, digest } = compare;
        self.holdings.catch_up(&vector, patience).await?;
        Ok(match self.holdings.list(span, LIST).await? {
            None => {
                let vector = VersionVector::clone(self.holdings.view().vector());
                Compared { request, vector, answer: Comparison::NoSuchTable }
            }
            Some((listing, None)) if Digest::of_items(&listing.items) == digest => {
                Compared { request, vector: listing.vector, answer: Comparison::Same }
            }
            Some((listing, rest)) => {
                let up_to = rest.and(listing.span.to);
                let answer = Comparison::Differs { items: listing.items, up_to };
                Compared { request, vector: listing.vector, answer }
            }
        })
    }

    async fn offered(
        &self,
        offer: Offer,
        patience: &Patience,
        set_aside: Vec<Dot>,
    ) -> Result<Offered, ConnectionError> {
        let ours = &self.holdings;
        ours.catch_up(&offer.vector, patience).await?;
        let keys = offer.items.iter().map(|(key, _)| key.clone()).collect();
        let (vector, items) = ours.held(offer.table, keys, HELD).await?;
        let differing = to_join(&offer, &items, &vector);
        let states = differing.filter_map(|(key, theirs)| Some((key.clone(), theirs.state()?)));
        let states: Vec<_> = states.map(|(key, state)| (key, Arc::clone(state))).collect();
        if !states.is_empty() {
            let theirs = offer.speaks_for.iter().filter(|region| **region != ours.own);
            let theirs = theirs.copied().collect();
            let voices = Voices { ours: vec![ours.own], theirs, set_aside };
            let joined = ours.join(offer.table, states, voices).await;
            joined.map_err(|error| not_joined(&error))?;
        }
        Ok(Offered { request: offer.request, vector, items })
    }
}
