//! A session as clients carry it from answer to request: opaque text that only this cluster issues.
//!
//! Anybody may hold a token and nobody can make one up: a keyed hash over the content is part of
//! it. It is no secret and grants nothing; it only makes a region wait. A token is at most
//! [`TOKEN_BYTES_MAX`] long whatever the session knows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tombolo_causality::{ReplicaId, Session, VersionVector};

use crate::envelope::{append, versioned, whole};
use crate::limits::STREAMS_MAX;
use crate::rules::{ascending, at_most, holds};
use crate::{DecodeError, EncodeError};

const VERSION: u8 = 1;
const WHAT: &str = "session token";

/// The longest token, in bytes of text.
pub const TOKEN_BYTES_MAX: usize = 2048;

/// Three bytes make four of text.
const PLAIN_BYTES_MAX: usize = TOKEN_BYTES_MAX / 4 * 3;

const TAG_BYTES: usize = 16;

/// A replica, and up to where it was written and read; not both 0.
type EntryV1 = (ReplicaId, u64, u64);

/// What makes tokens this cluster's own.
#[derive(Clone)]
pub struct SessionKey([u8; 32]);

impl core::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("SessionKey")
    }
}

impl SessionKey {
    /// The key of a cluster. Without a secret, who knows the cluster's id can make tokens.
    pub fn derive(cluster: &str, secret: &str) -> Self {
        let mut material = Vec::with_capacity(cluster.len() + 1 + secret.len());
        // An id has no zero byte in it, so the two cannot be taken for other two.
        material.extend_from_slice(cluster.as_bytes());
        material.push(0);
        material.extend_from_slice(secret.as_bytes());
        Self(blake3::derive_key("tombolo session token 1", &material))
    }

    fn tag(&self, plain: &[u8]) -> [u8; TAG_BYTES] {
        let hash = blake3::keyed_hash(&self.0, plain);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&hash.as_bytes()[..TAG_BYTES]);
        tag
    }
}

/// Why a text is not a session of this cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionTokenError {
    /// Longer than any token.
    #[error("a session token has at most {TOKEN_BYTES_MAX} bytes, this one {actual}")]
    TooLong {
        /// How long it is.
        actual: usize,
    },
    /// Not base64, or its hash does not fit: damaged, made up, or of another cluster.
    #[error("the session token is damaged, or no region of this cluster has issued it")]
    Damaged,
    /// Issued by this cluster, and not to be understood by this version.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// What a session was written as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionToken {
    /// URL-safe text.
    pub text: String,
    /// How many replicas found no room, although everything was tried; what the session has seen of
    /// them is no longer demanded.
    pub dropped: usize,
}

/// Writes a session as a token. Equal sessions that have room have equal tokens.
///
/// Where it has none, first what was written counts as read, then what `everywhere` contains is
/// left out, then what still finds no room.
pub fn encode_session(
    key: &SessionKey,
    session: &Session,
    everywhere: impl FnOnce() -> VersionVector,
) -> Result<SessionToken, EncodeError> {
    match token(key, &entries(session)) {
        Err(EncodeError::TooLarge { .. }) => {}
        encoded => return Ok(SessionToken { text: encoded?, dropped: 0 }),
    }
    let mut shorter = session.clone();
    shorter.merge();
    match token(key, &entries(&shorter)) {
        Err(EncodeError::TooLarge { .. }) => shorter.forget(&everywhere()),
        encoded => return Ok(SessionToken { text: encoded?, dropped: 0 }),
    }
    let mut entries = entries(&shorter);
    let before = entries.len();
    loop {
        match token(key, &entries) {
            Err(EncodeError::TooLarge { .. }) => drop(entries.pop()),
            encoded => return Ok(SessionToken { text: encoded?, dropped: before - entries.len() }),
        }
    }
}

/// The inverse of [`encode_session`].
pub fn decode_session(key: &SessionKey, text: &[u8]) -> Result<Session, SessionTokenError> {
    if text.len() > TOKEN_BYTES_MAX {
        return Err(SessionTokenError::TooLong { actual: text.len() });
    }
    let damaged = SessionTokenError::Damaged;
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| damaged.clone())?;
    let (plain, tag) = bytes.split_last_chunk::<TAG_BYTES>().ok_or_else(|| damaged.clone())?;
    // All bytes are looked at, whichever differs: the time it takes tells nothing.
    let differing = key.tag(plain).iter().zip(tag).fold(0, |seen, (a, b)| seen | (a ^ b));
    if differing != 0 {
        return Err(damaged);
    }
    let entries: Vec<EntryV1> = whole(WHAT, versioned(WHAT, VERSION, plain)?)?;
    check(&entries).map_err(DecodeError::from)?;
    let written = entries.iter().map(|(replica, written, _)| (*replica, *written));
    let read = entries.iter().map(|(replica, _, read)| (*replica, *read));
    Ok(Session::of(written.collect(), read.collect()))
}

fn token(key: &SessionKey, entries: &[EntryV1]) -> Result<String, EncodeError> {
    check(entries)?;
    let mut begun = Vec::with_capacity(256);
    begun.push(VERSION);
    let mut bytes = append(WHAT, begun, &entries)?;
    let tag = key.tag(&bytes);
    bytes.extend_from_slice(&tag);
    at_most("bytes of a session token", bytes.len(), PLAIN_BYTES_MAX)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Both vectors in one list, which names each replica once.
fn entries(session: &Session) -> Vec<EntryV1> {
    let (written, read) = (session.written(), session.read());
    let of_read = read.iter().map(|(replica, seq)| (replica, written.get(&replica), seq));
    let only_written = written.iter().filter(|(replica, _)| read.get(replica) == 0);
    let only_written = only_written.map(|(replica, seq)| (replica, seq, 0));
    let mut entries = Vec::with_capacity(read.len() + written.len());
    entries.extend(of_read);
    entries.extend(only_written);
    entries.sort_unstable_by_key(|(replica, ..)| *replica);
    entries
}

fn check(entries: &[EntryV1]) -> Result<(), crate::rules::Flaw> {
    at_most("replicas of a session token", entries.len(), STREAMS_MAX)?;
    ascending(WHAT, entries.iter().map(|(replica, ..)| replica))?;
    holds(WHAT, entries.iter().all(|(_, written, read)| *written > 0 || *read > 0))
}

#[cfg(test)]
mod tests;
