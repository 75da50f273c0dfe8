//! The giving end: hands a peer what this region shows, part by part, each of the view of its
//! moment.

use core::time::Duration;
use std::sync::Arc;

use tokio::time::timeout;
use tombolo_protocol::limits::LISTED_MAX;
use tombolo_protocol::{Frame, RefusalCode};
use tombolo_replication::catch_up::{Content, Head, Pull, Pulled, Wanted};

use crate::connection::{ConnectionError, FrameReader, FrameWriter};
use crate::links::Link;
use crate::verifying::Holdings;

/// What a part has, at most: items or records, and their bytes; one that is longer goes alone.
const PART: (usize, usize) = (LISTED_MAX, 1 << 20);

/// How long the taking end may say nothing: it waits for its disk.
const PULL_MAX: Duration = Duration::from_mins(2);

/// The longest question.
const QUESTION_BYTES_MAX: usize = 4 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct Giving {
    pub(crate) link: Arc<Link>,
    pub(crate) holdings: Holdings,
    pub(crate) silence_max: Duration,
}

impl Giving {
    /// Serves a peer that has been welcomed, until the connection ends.
    pub(crate) async fn run(
        self,
        mut reader: FrameReader,
        mut writer: FrameWriter,
    ) -> ConnectionError {
        let mut replaced = self.link.take_catching_up();
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
        loop {
            let answered = match reader.read(QUESTION_BYTES_MAX, PULL_MAX).await {
                Ok(Frame::Pull(pull)) => self.answer(pull).await,
                Ok(Frame::Refused { code, detail }) => {
                    return ConnectionError::Refused { code, detail };
                }
                Ok(_) => Err(ConnectionError::Refusing {
                    code: RefusalCode::Malformed,
                    detail: "something else than a pull".to_owned(),
                }),
                Err(ConnectionError::Frame(error)) => Err(crate::serving::malformed(&error)),
                Err(error) => Err(error),
            };
            let written = match answered {
                Ok(pulled) => writer.write(&Frame::Pulled(pulled)).await,
                Err(error) => return error,
            };
            match written {
                Ok(bytes) => self.link.facts().bytes_sent += bytes,
                Err(error) => return error,
            }
        }
    }

    async fn answer(&self, Pull { request, what }: Pull) -> Result<Pulled, ConnectionError> {
        let limits = self.holdings.limits(PART);
        let looked = self.holdings.look(move |view| {
            Ok(match what {
                Wanted::Head => {
                    let position = view.position();
                    let head = Head {
                        streams: position.streams.clone(),
                        stamp_floor: position.stamp_floor,
                        catalog: Arc::clone(view.catalog()),
                        exceptions: Arc::clone(view.exceptions()),
                    };
                    (Content::Head(head), true)
                }
                Wanted::Items(span) => match view.states(&span, limits)? {
                    None => (Content::NoSuchTable, true),
                    Some((items, is_last)) => {
                        (Content::Items { table: span.table, items }, is_last)
                    }
                },
                Wanted::Requests { after } => {
                    let (records, is_last) = view.requests(after, limits)?;
                    (Content::Requests(records), is_last)
                }
            })
        });
        let (mut until, (content, is_last)) = looked.await?;
        // Where this region catches up itself, its items may have seen more than it shows.
        until.join(&self.holdings.state.goal());
        Ok(Pulled { request, until, content, is_last })
    }
}
