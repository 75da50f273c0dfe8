//! `Idempotency-Key`: a request that its client has given a name, and that is therefore done once.

use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use tombolo_replication::idempotency::{NamedRequest, RequestHash, RequestName};

use crate::body::Media;
use crate::caller::Caller;
use crate::problem::Problem;

/// The name that a client has given a request.
pub(crate) static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, in letters.
const KEY_LETTERS_MAX: usize = 255;

/// The name of a request with this body, where it has one: per method, path and query.
pub(crate) fn read(
    caller: &Caller<'_>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<NamedRequest>, Problem> {
    let mut keys = headers.get_all(&IDEMPOTENCY_KEY);
    let Some(key) = keys.next() else { return Ok(None) };
    let key = key.as_bytes();
    let fits = (1..=KEY_LETTERS_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if !fits || keys.next().is_some() {
        let detail = format!("it is one text of 1 to {KEY_LETTERS_MAX} visible ASCII letters");
        return Err(Problem::BadHeader { name: "idempotency-key".to_owned(), detail });
    }
    let method = caller.method.as_str().as_bytes();
    let name = hash(&[method, caller.target.as_bytes(), key]);
    let header = |name| headers.get(name).map_or(&b""[..], |value| value.as_bytes());
    let media = [u8::from(Media::declared(headers) == Media::MergePatch)];
    let hash = hash(&[&media, header(IF_MATCH), header(IF_NONE_MATCH), body]);
    Ok(Some(NamedRequest { name: RequestName(name), hash: RequestHash(hash) }))
}

/// Length first, so that no two sequences of parts have the same bytes.
fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    out
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::http::header::HeaderValue;
    use tombolo_replication::read_router::Hop;

    use super::*;

    fn named(method: &Method, target: &str, key: &str, body: &[u8]) -> Option<NamedRequest> {
        let caller = Caller::new(method, target, Hop::First);
        let mut headers = HeaderMap::new();
        headers.insert(IDEMPOTENCY_KEY.clone(), HeaderValue::from_str(key).unwrap());
        read(&caller, &headers, body).ok().flatten()
    }

    #[test]
    fn a_name_is_that_of_method_path_query_and_key() {
        let request = named(&Method::PUT, "/a?b", "k", b"1").unwrap();
        assert_eq!(named(&Method::PUT, "/a?b", "k", b"1"), Some(request));
        let other_body = named(&Method::PUT, "/a?b", "k", b"2").unwrap();
        assert_eq!(other_body.name, request.name);
        assert_ne!(other_body.hash, request.hash);
        for (method, target, key) in
            [(Method::PATCH, "/a?b", "k"), (Method::PUT, "/a", "?bk"), (Method::PUT, "/a?b", "l")]
        {
            assert_ne!(named(&method, target, key, b"1").unwrap().name, request.name);
        }
    }

    #[test]
    fn a_key_has_1_to_255_visible_letters() {
        assert!(named(&Method::PUT, "/", &"k".repeat(255), b"").is_some());
        for key in ["", "a b", &"k".repeat(256)] {
            assert_eq!(named(&Method::PUT, "/", key, b""), None, "{key}");
        }
    }
}
