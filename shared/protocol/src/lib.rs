//! Formats on the wire and on disk.
//!
//! Every encoding begins with a version byte. What may be extended carries a kind and a length, so
//! that a reader can keep or pass on what it does not understand. Decoding is total and bounded:
//! any bytes give a value or an error, in memory proportional to their length. What a writer
//! accepts, every reader takes. There is no migration here: a new shape is a new version beside
//! the old one, and the checked-in golden vectors under `golden/` hold every format still.
#![doc = include_str!("../FORMAT.md")]

mod catalog;
mod change;
mod conflict_cursor;
mod cursor;
mod definition;
mod envelope;
mod error;
mod exceptions;
mod frame;
mod joined_item;
mod journal;
mod kept_record;
pub mod limits;
mod live;
mod members;
mod position;
mod replica_table;
mod row;
mod rules;
mod session;
mod settled;
mod tallies;
mod vector;
mod version;
mod wire;

pub use catalog::{decode_catalog, encode_catalog};
pub use change::{change_dot, decode_change, seal};
pub use conflict_cursor::{ConflictCursor, decode_conflict_cursor, encode_conflict_cursor};
pub use cursor::{decode_cursor, encode_cursor};
pub use error::{DecodeError, EncodeError};
pub use exceptions::{decode_exceptions, encode_exceptions};
pub use frame::{
    BatchFrame, Echo, FRAME_HEADER_BYTES, Forward, Forwarded, Frame, FrameError, FrameHeader,
    Hello, MemberAction, MemberReply, Purpose, RefusalCode, TableAction, TableReply, TableRequest,
    Welcome, decode_frame, encode_frame,
};
pub use joined_item::{JoinedItem, decode_joined_item, encode_joined_item};
pub use journal::{JournalFrame, JournalFrameBuilder, Record, StreamStart};
pub use kept_record::{decode_kept_record, encode_kept_record};
pub use position::{RegionPosition, decode_position, encode_position};
pub use row::{decode_row, encode_row, row_is_contested};
pub use session::{
    SessionKey, SessionToken, SessionTokenError, TOKEN_BYTES_MAX, decode_session, encode_session,
};
pub use version::{decode_version, encode_version};
