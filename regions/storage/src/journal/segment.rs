//! One segment file: its names, its head, its zeros.

use std::{io, sync::Arc};

use super::{
    Position,
    frame::{HEADER_BYTES, Header, Kind, NUMBER_MAX, Stamp},
    probe,
};
use crate::disk::DiskFile;

/// The folder all segments are in.
pub(crate) const FOLDER: &str = "journal";

const FILL_BYTES: usize = 256 << 10;

/// A retained segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its number.
    pub number: u64,
    /// Where its first payload frame begins, or will.
    pub start: Position,
    /// Where its last durable frame ends.
    pub end: Position,
    /// What its file takes on the disk, unused room included.
    pub file_bytes: u64,
    /// What the owner handed in when the segment began.
    pub head: Arc<[u8]>,
}

/// What a file in the journal's folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// `n.log`: segment n, or the file that is to be segment n.
    Log(u64),
    /// `n.spare`: what was segment n once, to be written over.
    Spare(u64),
    /// `n.new`: the very first segment in the making; worthless after a crash.
    New(u64),
}

impl FileKind {
    /// The name on the disk, folder included.
    pub(super) fn name(self) -> String {
        match self {
            Self::Log(number) => format!("{FOLDER}/{number:020}.log"),
            Self::Spare(number) => format!("{FOLDER}/{number:020}.spare"),
            Self::New(number) => format!("{FOLDER}/{number:020}.new"),
        }
    }

    /// What a name without its folder says; `None` for a file that is not ours.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (digits, extension) = name.split_once('.')?;
        if digits.len() != 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = digits.parse().ok().filter(|number| *number <= NUMBER_MAX)?;
        match extension {
            "log" => Some(Self::Log(number)),
            "spare" => Some(Self::Spare(number)),
            "new" => Some(Self::New(number)),
            _ => None,
        }
    }
}

/// The head frame of a segment, read back.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) stamp: Stamp,
    /// Where the segment before this one ends: known since this one began.
    pub(super) previous_end: u64,
    /// The owner's part.
    pub(super) payload: Arc<[u8]>,
    /// Where the first payload frame begins.
    pub(super) start: u64,
}

impl Head {
    /// What comes before the owner's part in a head's payload.
    pub(super) fn prefix(previous_end: u64) -> [u8; 8] {
        previous_end.to_le_bytes()
    }

    /// Reads the head of segment `number`; `None` if there is no whole one.
    pub(super) fn read(
        file: &dyn DiskFile,
        number: u64,
        file_bytes: u64,
    ) -> io::Result<Option<Self>> {
        let expected = |header: &Header| {
            header.stamp.kind == Kind::Head
                && header.stamp.segment == number
                && header.payload_bytes >= 8
        };
        let Some(header) = probe::header(file, 0, file_bytes)?.filter(expected) else {
            return Ok(None);
        };
        let Some(payload) = probe::payload(file, 0, &header)? else { return Ok(None) };
        let Some((prefix, rest)) = payload.split_first_chunk() else { return Ok(None) };
        Ok(Some(Self {
            stamp: header.stamp,
            previous_end: u64::from_le_bytes(*prefix),
            payload: rest.into(),
            start: header.frame_bytes(),
        }))
    }
}

/// Writes zeros over `from..to`. Written zeros are worth their cost: fdatasync on extents that were
/// written before is about 40 % faster than on extents merely allocated.
pub(super) fn fill_zeros(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let zeros = vec![0; FILL_BYTES];
    let mut at = from;
    while at < to {
        let part = usize::try_from(to - at).unwrap_or(FILL_BYTES).min(FILL_BYTES);
        file.write_all_at(&zeros[..part], at)?;
        at += part as u64;
    }
    Ok(())
}

/// Turns everything from `from` to the end of the file into zeros, writing only where something
/// else stands.
pub(super) fn clear(file: &dyn DiskFile, from: u64, file_bytes: u64) -> io::Result<()> {
    let mut chunk = vec![0; FILL_BYTES];
    let mut at = from;
    while at < file_bytes {
        let part = usize::try_from(file_bytes - at).unwrap_or(FILL_BYTES).min(FILL_BYTES);
        file.read_exact_at(&mut chunk[..part], at)?;
        if chunk[..part].iter().any(|byte| *byte != 0) {
            chunk[..part].fill(0);
            file.write_all_at(&chunk[..part], at)?;
        }
        at += part as u64;
    }
    Ok(())
}

/// How large a head may be for a new segment of `segment_bytes` to hold it.
pub(super) fn head_fits(head: &[u8], segment_bytes: u64) -> bool {
    (HEADER_BYTES + 16 + head.len()) as u64 <= segment_bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for kind in [FileKind::Log(7), FileKind::Spare(NUMBER_MAX), FileKind::New(1)] {
            let name = kind.name();
            assert_eq!(FileKind::parse(name.strip_prefix("journal/").unwrap()), Some(kind));
        }
        assert_eq!(FileKind::Log(7).name(), "journal/00000000000000000007.log");
    }

    #[test]
    fn foreign_names_are_not_segments() {
        for name in [
            "7.log",
            "00000000000000000007",
            "00000000000000000007.LOG",
            "+0000000000000000007.log",
            "99999999999999999999.log",
            "18446744073709551615.log",
            "00000000000000000007.log.bak",
        ] {
            assert_eq!(FileKind::parse(name), None, "{name}");
        }
    }
}
