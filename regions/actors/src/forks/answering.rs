//! Telling a region what is known of a stream, sequence by sequence.

use core::time::Duration;

use tokio::time::timeout;
use tombolo_protocol::Frame;
use tombolo_storage::journal::JournalReader;

use crate::connection::{ConnectionError, FrameReader, FrameWriter, HELLO_BYTES_MAX};

/// Questions on one connection: more than a search by halves takes.
const QUESTIONS_MAX: usize = 128;

/// Answers for as long as the peer asks.
pub(crate) async fn tell_history(
    journal: JournalReader,
    mut reader: FrameReader,
    mut writer: FrameWriter,
    silence_max: Duration,
) -> ConnectionError {
    let mut log = journal.log();
    for _ in 0..QUESTIONS_MAX {
        let (origin, seq) = match reader.read(HELLO_BYTES_MAX, silence_max).await {
            Ok(Frame::AskHistory { origin, seq }) => (origin, seq),
            Ok(_) => return ConnectionError::Unexpected { what: "something else than a question" },
            Err(error) => return error,
        };
        // It may read through a whole segment.
        let told = tokio::task::spawn_blocking(move || {
            let hash = log.hash_at(origin, seq);
            (log, hash)
        });
        let Ok((back, hash)) = told.await else { return ConnectionError::Stopped };
        log = back;
        let hash = match hash {
            Ok(hash) => hash,
            Err(error) => return error.into(),
        };
        match timeout(silence_max, writer.write(&Frame::History { seq, hash })).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return error,
            Err(_) => return ConnectionError::Silent,
        }
    }
    ConnectionError::Closed
}
