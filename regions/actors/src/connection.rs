//! Frames over a TCP connection.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tombolo_protocol::{
    DecodeError, EncodeError, FRAME_HEADER_BYTES, Frame, FrameError, FrameHeader, RefusalCode,
    decode_frame, encode_frame,
};

/// Room that a frame needs beside what is in it.
const OVERHEAD_BYTES: usize = 1 << 10;

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
    bytes_read: u64,
}

impl FrameReader {
    pub(crate) fn new(half: OwnedReadHalf) -> Self {
        Self { half, payload: Vec::new(), bytes_read: 0 }
    }

    /// The next frame, of at most `content_bytes_max` and a little more. Not to be cancelled.
    pub(crate) async fn read(
        &mut self,
        content_bytes_max: usize,
    ) -> Result<Frame, ConnectionError> {
        let mut header = [0; FRAME_HEADER_BYTES];
        self.half.read_exact(&mut header).await?;
        let header = FrameHeader::decode(header, content_bytes_max + OVERHEAD_BYTES)?;
        self.payload.clear();
        // Grows with what arrives, not with what was announced.
        let limit = u64::try_from(header.payload_bytes).unwrap_or(u64::MAX);
        (&mut self.half).take(limit).read_to_end(&mut self.payload).await?;
        if self.payload.len() < header.payload_bytes {
            return Err(ConnectionError::Closed);
        }
        self.bytes_read += limit + FRAME_HEADER_BYTES as u64;
        let frame = decode_frame(header, &self.payload)?;
        if self.payload.capacity() > 4 * OVERHEAD_BYTES.max(self.payload.len()) {
            self.payload.shrink_to(self.payload.len());
        }
        Ok(frame)
    }

    /// How much has been read, in bytes.
    pub(crate) fn bytes_read(&self) -> u64 {
        self.bytes_read
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
