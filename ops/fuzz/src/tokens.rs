//! What a client hands back: session tokens, cursors of scans and of conflicts, versions.
//!
//! Each is read as it is, and as the content of one that somebody has forged: a checksum can be
//! made by anybody, and a session's tag by whoever knows the cluster's secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tombolo_causality::{Session, VersionVector};
use tombolo_protocol::{
    ConflictCursor, SessionKey, TOKEN_BYTES_MAX, decode_conflict_cursor, decode_cursor,
    decode_session, decode_version, encode_conflict_cursor, encode_cursor, encode_session,
    encode_version,
};

use crate::property::{check_clear, check_comes_back};

const CLUSTER: &str = "prod";
const SECRET: &str = "secret";

/// Reads `bytes` as everything that a client hands back.
pub fn tokens(bytes: &[u8]) {
    let key = SessionKey::derive(CLUSTER, SECRET);
    session(&key, bytes);
    session(&key, forged_session(bytes).as_bytes());
    if let Ok(text) = core::str::from_utf8(bytes) {
        texts(text);
    }
    for text in forged_texts(bytes) {
        texts(&text);
    }
}

fn session(key: &SessionKey, text: &[u8]) {
    let session = match decode_session(key, text) {
        Ok(session) => session,
        Err(error) => return check_clear(&error),
    };
    let token = match encode_session(key, &session, VersionVector::new) {
        Ok(token) => token,
        Err(error) => unreachable!("what was read cannot be written: {error}"),
    };
    assert!(token.text.len() <= TOKEN_BYTES_MAX, "a token of {} bytes", token.text.len());
    assert_eq!(token.dropped, 0, "what a token held finds no room in one");
    let write = |session: &Session| {
        encode_session(key, session, VersionVector::new).map(|token| token.text)
    };
    check_comes_back(&session, write, |text| decode_session(key, text.as_bytes()));
}

fn texts(text: &str) {
    match decode_version(text) {
        Ok(version) => check_comes_back(&version, encode_version, |text| decode_version(text)),
        Err(error) => check_clear(&error),
    }
    match decode_cursor(text) {
        Ok(key) => {
            assert_eq!(encode_cursor(&key), text, "two cursors for one place");
        }
        Err(error) => check_clear(&error),
    }
    match decode_conflict_cursor(text) {
        Ok(cursor) => check_conflict_cursor(&cursor),
        Err(error) => check_clear(&error),
    }
}

fn check_conflict_cursor(cursor: &ConflictCursor) {
    check_comes_back(cursor, encode_conflict_cursor, |text| decode_conflict_cursor(text));
}

/// What the cluster's own key makes of `plain`: a keyed hash of 16 bytes behind it.
fn forged_session(plain: &[u8]) -> String {
    let material = [CLUSTER.as_bytes(), &[0], SECRET.as_bytes()].concat();
    let key = blake3::derive_key("tombolo session token 1", &material);
    let tag = blake3::keyed_hash(&key, plain);
    URL_SAFE_NO_PAD.encode([plain, &tag.as_bytes()[..16]].concat())
}

/// `content` as a version, as a scan's cursor, and as one of conflicts.
fn forged_texts(content: &[u8]) -> [String; 3] {
    let (version, rest) = content.split_at(content.len().min(1));
    let checksum = |bytes: &[u8]| crc32c::crc32c(bytes).to_le_bytes();
    let scan = [version, &checksum(rest), rest].concat();
    let conflicts = [content, &checksum(content)].concat();
    [content, &scan, &conflicts].map(|bytes| URL_SAFE_NO_PAD.encode(bytes))
}
