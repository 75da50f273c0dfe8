//! The bytes of one frame. This is a format on disk: the golden test below pins it.
//!
//! ```text
//! at  bytes
//!  0      4  magic "TmbJ"
//!  4      1  format version, 1
//!  5      1  kind: 0 payload, 1 head of a segment
//!  6      2  behind: how many frames just before this one were not yet durable
//!  8      4  payload length
//! 12      4  crc32c of everything before and after these four bytes, padding excluded
//! 16      8  segment number
//! 24      8  frame number, consecutive over the whole journal, heads included
//! 32      8  the journal's nonce
//! 40      …  payload, then zeros up to a multiple of 8
//! ```
//! All numbers are little-endian. A stale frame of a recycled file differs in segment and number;
//! payload bytes that imitate a frame lack the nonce; `behind` tells which frames a later one
//! proves durable, which is what separates damage from a torn tail.

/// The largest payload of one frame: 1 GiB.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 30;

/// The last number of a frame or a segment: what claims a later one is none. At a million frames a
/// second it is reached in 146,000 years, and counting on from it does not overflow.
pub(super) const NUMBER_MAX: u64 = 1 << 62;

pub(super) const MAGIC: [u8; 4] = *b"TmbJ";
pub(super) const FORMAT_VERSION: u8 = 1;
pub(super) const HEADER_BYTES: usize = 40;
/// Frames begin at multiples of this.
pub(super) const ALIGN_BYTES: usize = 8;

const CRC_AT: usize = 12;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What the owner appended.
    Payload,
    /// What stands first in a segment.
    Head,
}

/// What names a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) kind: Kind,
    pub(super) behind: u16,
    pub(super) segment: u64,
    pub(super) number: u64,
    pub(super) nonce: u64,
}

impl Stamp {
    /// Every frame with a number below this was durable when this one was written.
    pub(super) fn durable_before(&self) -> u64 {
        self.number.saturating_sub(u64::from(self.behind))
    }
}

/// The first 40 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) stamp: Stamp,
    pub(super) payload_bytes: u32,
    pub(super) crc: u32,
}

impl Header {
    /// Reads a header. `None` says that no frame of this version begins here; that it is whole
    /// only the checksum tells.
    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        if bytes[..4] != MAGIC || bytes[4] != FORMAT_VERSION {
            return None;
        }
        let kind = match bytes[5] {
            0 => Kind::Payload,
            1 => Kind::Head,
            _ => return None,
        };
        let stamp = Stamp {
            kind,
            behind: u16::from_le_bytes(take(bytes, 6)),
            segment: u64::from_le_bytes(take(bytes, 16)),
            number: u64::from_le_bytes(take(bytes, 24)),
            nonce: u64::from_le_bytes(take(bytes, 32)),
        };
        if stamp.segment > NUMBER_MAX || stamp.number > NUMBER_MAX {
            return None;
        }
        let payload_bytes = u32::from_le_bytes(take(bytes, 8));
        Some(Self { stamp, payload_bytes, crc: u32::from_le_bytes(take(bytes, CRC_AT)) })
    }

    fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = FORMAT_VERSION;
        bytes[5] = u8::from(self.stamp.kind == Kind::Head);
        bytes[6..8].copy_from_slice(&self.stamp.behind.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.payload_bytes.to_le_bytes());
        bytes[CRC_AT..16].copy_from_slice(&self.crc.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.stamp.segment.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.stamp.number.to_le_bytes());
        bytes[32..].copy_from_slice(&self.stamp.nonce.to_le_bytes());
        bytes
    }

    /// The checksum of the header alone; the payload's bytes are to be appended to it.
    pub(super) fn header_crc(&self) -> u32 {
        let bytes = self.encode();
        crc32c::crc32c_append(crc32c::crc32c(&bytes[..CRC_AT]), &bytes[CRC_AT + 4..])
    }

    /// How much room the frame takes, padding included.
    pub(super) fn frame_bytes(&self) -> u64 {
        frame_bytes(self.payload_bytes)
    }
}

/// The version named by something that begins like a frame of a later format. Zero does not count:
/// it is a torn write over zeros.
pub(super) fn newer_version(bytes: &[u8; HEADER_BYTES]) -> Option<u8> {
    (bytes[..4] == MAGIC && bytes[4] > FORMAT_VERSION).then_some(bytes[4])
}

/// How much room a frame with this payload takes.
pub(super) fn frame_bytes(payload_bytes: u32) -> u64 {
    (HEADER_BYTES as u64 + u64::from(payload_bytes)).next_multiple_of(ALIGN_BYTES as u64)
}

/// How long the pieces are together; `Err` with that length if it is more than a frame holds.
pub(super) fn measure(pieces: &[&[u8]]) -> Result<u32, usize> {
    let total = pieces.iter().fold(0_usize, |sum, piece| sum.saturating_add(piece.len()));
    if total > PAYLOAD_BYTES_MAX {
        return Err(total);
    }
    u32::try_from(total).map_err(|_| total)
}

/// Adds a frame to `buffer`. `payload_bytes` is what [`measure`] said of the pieces.
pub(super) fn encode(buffer: &mut Vec<u8>, stamp: Stamp, payload_bytes: u32, pieces: &[&[u8]]) {
    let mut header = Header { stamp, payload_bytes, crc: 0 };
    header.crc =
        pieces.iter().fold(header.header_crc(), |crc, piece| crc32c::crc32c_append(crc, piece));
    buffer.extend_from_slice(&header.encode());
    for piece in pieces {
        buffer.extend_from_slice(piece);
    }
    buffer.resize(buffer.len().next_multiple_of(ALIGN_BYTES), 0);
}

fn take<const N: usize>(bytes: &[u8; HEADER_BYTES], at: usize) -> [u8; N] {
    let mut taken = [0; N];
    taken.copy_from_slice(&bytes[at..at + N]);
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp {
            kind: Kind::Payload,
            behind: 2,
            segment: 7,
            number: 0x0102_0304,
            nonce: 0x1122_3344_5566_7788,
        }
    }

    /// If this test fails, journals already written can no longer be read: raise the version.
    #[test]
    fn the_bytes_of_a_frame_are_these() {
        let mut buffer = Vec::new();
        encode(&mut buffer, stamp(), 5, &[b"to", b"", b"bol"]);
        #[rustfmt::skip]
        let golden = [
            b'T', b'm', b'b', b'J',  1,  0,  2, 0,
            5, 0, 0, 0,  0x00, 0x6b, 0xcf, 0x66,
            7, 0, 0, 0, 0, 0, 0, 0,
            4, 3, 2, 1, 0, 0, 0, 0,
            0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
            b't', b'o', b'b', b'o', b'l',  0, 0, 0,
        ];
        assert_eq!(buffer, golden);
        assert_eq!(buffer.len() as u64, frame_bytes(5));
    }

    #[test]
    fn a_header_decodes_to_what_was_encoded() {
        let header = Header { stamp: stamp(), payload_bytes: 9, crc: 3 };
        assert_eq!(Header::decode(&header.encode()), Some(header));
        assert_eq!(stamp().durable_before(), 0x0102_0302);
    }

    #[test]
    fn a_number_that_cannot_be_counted_on_from_is_no_frame() {
        let named = |segment, number| Header {
            stamp: Stamp { segment, number, ..stamp() },
            payload_bytes: 0,
            crc: 0,
        };
        let last = named(NUMBER_MAX, NUMBER_MAX);
        assert_eq!(Header::decode(&last.encode()), Some(last));
        for past in [named(NUMBER_MAX + 1, 1), named(1, NUMBER_MAX + 1), named(1, u64::MAX)] {
            assert_eq!(Header::decode(&past.encode()), None);
        }
    }

    #[test]
    fn every_bit_of_header_and_payload_is_checked() {
        let mut buffer = Vec::new();
        encode(&mut buffer, stamp(), 3, &[b"abc"]);
        let whole = |bytes: &[u8]| {
            let mut header = [0; HEADER_BYTES];
            header.copy_from_slice(&bytes[..HEADER_BYTES]);
            Header::decode(&header).is_some_and(|header| {
                let payload = &bytes[HEADER_BYTES..HEADER_BYTES + 3];
                header.payload_bytes == 3
                    && crc32c::crc32c_append(header.header_crc(), payload) == header.crc
            })
        };
        assert!(whole(&buffer));
        for bit in 0..(HEADER_BYTES + 3) * 8 {
            buffer[bit / 8] ^= 1 << (bit % 8);
            assert!(!whole(&buffer), "bit {bit}");
            buffer[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn only_a_higher_version_counts_as_newer() {
        let mut bytes = Header { stamp: stamp(), payload_bytes: 0, crc: 0 }.encode();
        assert_eq!(newer_version(&bytes), None);
        bytes[4] = 0;
        assert_eq!(newer_version(&bytes), None);
        bytes[4] = 2;
        assert_eq!((newer_version(&bytes), Header::decode(&bytes)), (Some(2), None));
    }

    #[test]
    fn a_payload_over_the_limit_is_measured_and_refused() {
        let mebibyte = vec![0; 1 << 20];
        let mut pieces = vec![mebibyte.as_slice(); 1024];
        assert_eq!(measure(&pieces), Ok(1 << 30));
        pieces.push(b"x");
        assert_eq!(measure(&pieces), Err((1 << 30) + 1));
    }
}
