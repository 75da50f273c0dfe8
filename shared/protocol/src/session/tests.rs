//! Tokens that come back, tokens that do not, and tokens that would be too long.

use proptest::collection::vec;
use proptest::prelude::*;
use tombolo_causality::{Dot, Incarnation, RegionId};

use super::*;

fn key() -> SessionKey {
    SessionKey::derive("prod", "")
}

fn replica(nth: u64) -> ReplicaId {
    ReplicaId::new(RegionId::new("ap-southeast").unwrap(), Incarnation(u64::MAX - nth))
}

fn upto(replicas: u64, seq: u64) -> VersionVector {
    (0..replicas).map(|nth| (replica(nth), seq)).collect()
}

fn encode(session: &Session) -> SessionToken {
    encode_session(&key(), session, || unreachable!("it has room")).unwrap()
}

fn vectors() -> impl Strategy<Value = VersionVector> {
    vec((0..6_u64, any::<u64>()), 0..6)
        .prop_map(|entries| entries.into_iter().map(|(nth, seq)| (replica(nth), seq)).collect())
}

proptest! {
    #[test]
    fn a_session_comes_back_as_it_went(written in vectors(), read in vectors()) {
        let session = Session::of(written, read);
        let token = encode(&session);
        prop_assert_eq!(token.dropped, 0);
        prop_assert!(token.text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        prop_assert_eq!(decode_session(&key(), token.text.as_bytes()), Ok(session));
    }

    #[test]
    fn whatever_was_not_issued_is_refused(bytes in vec(any::<u8>(), 0..200)) {
        prop_assert!(decode_session(&key(), &bytes).is_err());
        prop_assert!(decode_session(&key(), URL_SAFE_NO_PAD.encode(bytes).as_bytes()).is_err());
    }
}

#[test]
fn a_token_in_which_one_letter_is_another_is_refused() {
    let token = encode(&Session::of(upto(1, 7), upto(2, 9))).text;
    for at in 0..token.len() {
        let mut damaged = token.clone().into_bytes();
        damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
        // The last letter may differ in bits that stand for nothing; those are refused as well.
        assert_eq!(decode_session(&key(), &damaged), Err(SessionTokenError::Damaged), "{at}");
    }
    assert_eq!(decode_session(&key(), b""), Err(SessionTokenError::Damaged));
    assert_eq!(
        decode_session(&key(), &token.as_bytes()[..token.len() - 1]),
        Err(SessionTokenError::Damaged)
    );
}

#[test]
fn another_cluster_or_another_secret_is_another_key() {
    let token = encode(&Session::of(upto(1, 7), upto(2, 9))).text;
    for (cluster, secret) in [("test", ""), ("prod", "s"), ("pro", "d"), ("", "prod")] {
        let key = SessionKey::derive(cluster, secret);
        assert_eq!(decode_session(&key, token.as_bytes()), Err(SessionTokenError::Damaged));
    }
}

#[test]
fn what_the_key_vouches_for_is_looked_at_all_the_same() {
    let sealed = |plain: &[u8]| {
        let tag = key().tag(plain);
        decode_session(&key(), URL_SAFE_NO_PAD.encode([plain, &tag].concat()).as_bytes())
    };
    let version = DecodeError::UnknownVersion { what: WHAT, version: 2 };
    assert_eq!(sealed(&[2, 0]), Err(version.into()));
    assert_eq!(sealed(&[1, 0]), Ok(Session::new()));
    assert_eq!(sealed(&[]), Err(DecodeError::EndsEarly.into()));
    assert_eq!(sealed(&[1, 0, 0]), Err(DecodeError::Trailing { what: WHAT, bytes: 1 }.into()));
    let malformed = Err(DecodeError::Malformed { what: WHAT }.into());
    let entries = |entries: &[EntryV1]| sealed(&append(WHAT, vec![VERSION], &entries).unwrap());
    assert_eq!(entries(&[(replica(0), 0, 0)]), malformed);
    assert_eq!(entries(&[(replica(0), 1, 0), (replica(1), 1, 0)]), malformed);
    assert_eq!(entries(&[(replica(0), 1, 0), (replica(0), 1, 0)]), malformed);
}

#[test]
fn a_text_longer_than_any_token_is_not_even_decoded() {
    let text = "A".repeat(TOKEN_BYTES_MAX + 1);
    let refused = SessionTokenError::TooLong { actual: TOKEN_BYTES_MAX + 1 };
    assert_eq!(decode_session(&key(), text.as_bytes()), Err(refused));
}

#[test]
fn without_room_what_was_written_counts_as_read() {
    let max = u64::MAX;
    let session = Session::of(upto(38, max), upto(38, max - 1));
    let token = encode(&session);
    assert!(token.text.len() <= TOKEN_BYTES_MAX && token.dropped == 0);
    let merged = Session::of(VersionVector::new(), upto(38, max));
    assert_eq!(decode_session(&key(), token.text.as_bytes()), Ok(merged));
}

#[test]
fn without_room_even_so_what_every_region_holds_is_left_out() {
    let mut session = Session::of(VersionVector::new(), upto(100, 5));
    session.wrote(Dot::new(replica(3), 6));
    let token = encode_session(&key(), &session, || upto(100, 5)).unwrap();
    assert_eq!(token.dropped, 0);
    let left = [(replica(3), 6)].into_iter().collect();
    let left = Session::of(VersionVector::new(), left);
    assert_eq!(decode_session(&key(), token.text.as_bytes()), Ok(left));
}

#[test]
fn what_finds_no_room_at_all_is_counted() {
    let session = Session::of(VersionVector::new(), upto(100, 5));
    let token = encode_session(&key(), &session, VersionVector::new).unwrap();
    assert!(token.text.len() <= TOKEN_BYTES_MAX);
    let left = decode_session(&key(), token.text.as_bytes()).unwrap();
    assert_eq!(left.read().len() + token.dropped, 100);
    assert!(left.read().len() > 40);
}
