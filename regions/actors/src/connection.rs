//! Frames over a TCP connection.
//!
//! A peer is silent when no byte arrives, not when no frame does: a large frame on a slow link takes
//! longer than a peer may be silent.

use core::cell::Cell;
use core::time::Duration;
use std::io;
use std::rc::Rc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;
use tombolo_protocol::{
    DecodeError, EncodeError, FRAME_HEADER_BYTES, Frame, FrameError, FrameHeader, RefusalCode,
    decode_frame, encode_frame,
};

/// Room that a frame needs beside what is in it.
const OVERHEAD_BYTES: usize = 1 << 10;

/// How much room is made at most for what has not arrived yet.
const PIECE_BYTES_MAX: usize = 64 << 10;

/// The longest frame before the peer has said who it is: a hello and its vector.
pub(crate) const HELLO_BYTES_MAX: usize = 64 << 10;

/// Why a connection ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ConnectionError {
    #[error("the connection was closed")]
    Closed,
    #[error("the connection failed: {0}")]
    Io(#[source] io::Error),
    #[error("it sent what is no frame: {0}")]
    Frame(#[from] FrameError),
    #[error("it cannot be encoded: {0}")]
    Encode(#[from] EncodeError),
    #[error("it was silent for too long")]
    Silent,
    #[error("it refused: {detail}")]
    Refused { code: RefusalCode, detail: String },
    #[error("it was refused: {detail}")]
    Refusing { code: RefusalCode, detail: String },
    #[error("it said {what} where that has no place")]
    Unexpected { what: &'static str },
    #[error("the journal cannot be read: {0}")]
    Storage(#[from] tombolo_storage::StorageError),
    #[error("a thread of this region has ended")]
    Stopped,
    #[error("another connection of the same region took its place")]
    Replaced,
}

impl From<io::Error> for ConnectionError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Io(error),
        }
    }
}

impl From<DecodeError> for ConnectionError {
    fn from(error: DecodeError) -> Self {
        Self::Frame(error.into())
    }
}

/// The receiving half.
#[derive(Debug)]
pub(crate) struct FrameReader {
    half: OwnedReadHalf,
    payload: Vec<u8>,
    bytes_read: Rc<Cell<u64>>,
}

impl FrameReader {
    pub(crate) fn new(half: OwnedReadHalf) -> Self {
        Self { half, payload: Vec::new(), bytes_read: Rc::default() }
    }

    /// The next frame, of at most `content_bytes_max` and a little more, as long as something of
    /// it arrives every `silence_max`. Not to be cancelled.
    pub(crate) async fn read(
        &mut self,
        content_bytes_max: usize,
        silence_max: Duration,
    ) -> Result<Frame, ConnectionError> {
        self.fill(FRAME_HEADER_BYTES, silence_max).await?;
        let mut header = [0; FRAME_HEADER_BYTES];
        header.copy_from_slice(&self.payload);
        let header = FrameHeader::decode(header, content_bytes_max + OVERHEAD_BYTES)?;
        self.fill(header.payload_bytes, silence_max).await?;
        let frame = decode_frame(header, &self.payload)?;
        if self.payload.capacity() > 4 * OVERHEAD_BYTES.max(self.payload.len()) {
            self.payload.shrink_to(self.payload.len());
        }
        Ok(frame)
    }

    /// Reads so many bytes in place of what was read before. Room is made for what arrives, not for
    /// what was announced.
    async fn fill(&mut self, bytes: usize, silence_max: Duration) -> Result<(), ConnectionError> {
        self.payload.clear();
        while let missing @ 1.. = bytes - self.payload.len() {
            self.payload.reserve(missing.min(PIECE_BYTES_MAX));
            let mut half = (&mut self.half).take(missing as u64);
            let read = timeout(silence_max, half.read_buf(&mut self.payload)).await;
            match read.map_err(|_| ConnectionError::Silent)?? {
                0 => return Err(ConnectionError::Closed),
                read => self.bytes_read.set(self.bytes_read.get() + read as u64),
            }
        }
        Ok(())
    }

    /// How much has been read, in bytes, also of a frame that is not whole yet.
    pub(crate) fn bytes_read(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.bytes_read)
    }
}

/// The sending half.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    half: OwnedWriteHalf,
}

impl FrameWriter {
    pub(crate) fn new(half: OwnedWriteHalf) -> Self {
        Self { half }
    }

    /// Sends a frame; answers its size on the wire.
    pub(crate) async fn write(&mut self, frame: &Frame) -> Result<u64, ConnectionError> {
        let bytes = encode_frame(frame)?;
        self.half.write_all(&bytes).await?;
        Ok(bytes.len() as u64)
    }

    /// Says why the connection ends, as far as the peer still listens.
    pub(crate) async fn refuse(&mut self, code: RefusalCode, detail: &str) {
        let refusal = Frame::Refused { code, detail: detail.to_owned() };
        if let Err(error) = self.write(&refusal).await {
            tracing::debug!(%error, "the reason for closing was not delivered");
        }
    }
}
