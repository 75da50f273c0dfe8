//! What a backup says of itself: a small text whose last line is the hash of the rest.
//!
//! Where the last line is not that hash, or the state file not what it says, there is no backup.

use std::io;

use serde::{Deserialize, Serialize};
use tombolo_causality::{Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_protocol::{decode_version, encode_version};
use tombolo_replication::Digest;

use super::BackupError;
use crate::disk::{Disk, DiskFile};
use crate::small_file;

/// Its file.
pub(super) const FILE: &str = "manifest";
const FORMAT: u32 = 1;

/// What comes before the hash.
const SEAL: &str = "# blake3 ";

/// How much is hashed at a time.
const PIECE_BYTES: usize = 1 << 20;

/// What a backup is of, and what its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The cluster of the region.
    pub cluster: String,
    /// The region, and the incarnation under which it then wrote.
    pub author: ReplicaId,
    /// When it was begun, in ms since 1970 by that region's wall clock.
    pub taken_at_ms: u64,
    /// What it shows, what is set aside included.
    pub vector: VersionVector,
    /// The items of its digest.
    pub items: u64,
    /// The digest of what it shows.
    pub digest: Digest,
    /// The length of its state file.
    pub state_bytes: u64,
    /// The BLAKE3 hash of its state file.
    pub state_hash: [u8; 32],
}

/// Why a text is no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Its last line is not the hash of the rest.
    #[error("it is damaged or cut off")]
    Damaged,
    /// A later version has written it.
    #[error("its format {format} is not known to this version")]
    Format {
        /// The number of the format.
        format: u32,
    },
    /// It does not say what it must.
    #[error("it is malformed: {detail}")]
    Malformed {
        /// How.
        detail: String,
    },
}

#[derive(Serialize, Deserialize)]
struct OfFormat {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: u32,
    cluster: String,
    region: RegionId,
    incarnation: String,
    taken_at_ms: u64,
    /// As in a version: short, and with numbers of 64 bits.
    vector: String,
    items: u64,
    digest: String,
    state_bytes: u64,
    state_blake3: String,
}

impl Manifest {
    /// Writes it; durable at return.
    pub(super) fn write(&self, disk: &dyn Disk) -> io::Result<()> {
        small_file::replace(disk, FILE, self.to_text()?.as_bytes())
    }

    fn to_text(&self) -> io::Result<String> {
        let text = Text {
            format: FORMAT,
            cluster: self.cluster.clone(),
            region: self.author.region,
            incarnation: self.author.incarnation.to_string(),
            taken_at_ms: self.taken_at_ms,
            vector: encode_version(&self.vector).map_err(io::Error::other)?,
            items: self.items,
            digest: self.digest.to_string(),
            state_bytes: self.state_bytes,
            state_blake3: blake3::Hash::from_bytes(self.state_hash).to_hex().to_string(),
        };
        let text = toml::to_string(&text).map_err(io::Error::other)?;
        let hash = blake3::hash(text.as_bytes());
        Ok(format!("{text}{SEAL}{}\n", hash.to_hex()))
    }

    /// Reads one.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let text = sealed(bytes).ok_or(ManifestError::Damaged)?;
        let malformed = |detail: &str| ManifestError::Malformed { detail: detail.to_owned() };
        let OfFormat { format } =
            toml::from_str(text).map_err(|error| malformed(error.message()))?;
        if format != FORMAT {
            return Err(ManifestError::Format { format });
        }
        let text: Text = toml::from_str(text).map_err(|error| malformed(error.message()))?;
        let nonce = u64::from_str_radix(&text.incarnation, 16);
        let nonce = nonce.map_err(|_| malformed("its incarnation is not a hex number"))?;
        let vector = decode_version(&text.vector);
        let digest = u128::from_str_radix(&text.digest, 16);
        let state_hash = blake3::Hash::from_hex(&text.state_blake3);
        Ok(Self {
            cluster: text.cluster,
            author: ReplicaId::new(text.region, Incarnation(nonce)),
            taken_at_ms: text.taken_at_ms,
            vector: vector.map_err(|_| malformed("its vector is none"))?,
            items: text.items,
            digest: Digest(digest.map_err(|_| malformed("its digest is none"))?.to_be_bytes()),
            state_bytes: text.state_bytes,
            state_hash: *state_hash.map_err(|_| malformed("a hash is none"))?.as_bytes(),
        })
    }
}

/// What stands before the hash, where that is right.
fn sealed(bytes: &[u8]) -> Option<&str> {
    let text = core::str::from_utf8(bytes).ok()?;
    let (body, hash) = text.strip_suffix('\n')?.rsplit_once(SEAL)?;
    (blake3::hash(body.as_bytes()).to_hex().as_str() == hash).then_some(body)
}

/// How long a file is, and its hash.
pub(super) fn hash(
    file: &dyn DiskFile,
    go_on: &dyn Fn() -> Result<(), BackupError>,
) -> Result<(u64, [u8; 32]), BackupError> {
    let (mut hasher, length) = (blake3::Hasher::new(), file.len_bytes()?);
    let (mut piece, mut at) = (vec![0; PIECE_BYTES], 0);
    while at < length {
        go_on()?;
        let part = usize::try_from(length - at).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        file.read_exact_at(&mut piece[..part], at)?;
        hasher.update(&piece[..part]);
        at += part as u64;
    }
    Ok((length, *hasher.finalize().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let author = ReplicaId::new(RegionId::new("us-east").unwrap(), Incarnation(0xfeed));
        Manifest {
            cluster: "demo".to_owned(),
            author,
            taken_at_ms: 1_790_000_000_000,
            vector: [(author, u64::MAX)].into_iter().collect(),
            items: 3,
            digest: Digest([0x0a; 16]),
            state_bytes: 4_096,
            state_hash: [7; 32],
        }
    }

    /// If this test fails, backups that were taken can no longer be read: raise the format.
    #[test]
    fn the_text_of_a_manifest_is_this() {
        let text = manifest().to_text().unwrap();
        let (body, _) = text.rsplit_once(SEAL).unwrap();
        let expected = "format = 1\ncluster = \"demo\"\nregion = \"us-east\"\n\
             incarnation = \"000000000000feed\"\ntaken_at_ms = 1790000000000\n\
             vector = \"AQEHdXMtZWFzdO39AwD___________8B\"\nitems = 3\n\
             digest = \"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\"\nstate_bytes = 4096\n\
             state_blake3 = \"0707070707070707070707070707070707070707070707070707070707070707\"\n";
        assert_eq!(body, expected);
        assert_eq!(Manifest::parse(text.as_bytes()), Ok(manifest()));
    }

    #[test]
    fn every_byte_of_a_manifest_is_checked() {
        let text = manifest().to_text().unwrap().into_bytes();
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] ^= 1;
            assert!(Manifest::parse(&damaged).is_err(), "byte {at}");
            assert_eq!(Manifest::parse(&text[..at]), Err(ManifestError::Damaged), "cut at {at}");
        }
    }

    #[test]
    fn a_later_format_is_named() {
        let body = "format = 2\nwhatever = 1\n";
        let text = format!("{body}{SEAL}{}\n", blake3::hash(body.as_bytes()).to_hex());
        assert_eq!(Manifest::parse(text.as_bytes()), Err(ManifestError::Format { format: 2 }));
    }
}
