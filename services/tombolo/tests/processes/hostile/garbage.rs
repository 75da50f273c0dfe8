//! What nobody should send, by the port that it is for.

use tombolo_simulation::Random;

/// Bytes with a name.
type Named = (String, Vec<u8>);

/// A TLS client that took the wrong port: the head of its first record.
const TLS: [u8; 11] = [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3];

/// Random bytes, of few and of many.
fn random() -> impl Iterator<Item = Named> {
    let mut random = Random::new(6);
    [1, 7, 8, 9, 100, 5_000, 100_000, 2_000_000]
        .into_iter()
        .map(move |len| (format!("{len} random bytes"), random.bytes(len)))
}

/// For the listeners of applications and operators.
pub(super) fn for_http() -> Vec<Named> {
    let item = "PUT /v1/tables/notes/items/k HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    let texts = [
        ("an old version", "GET /livez HTTP/0.9\r\n\r\n".to_owned()),
        ("an unknown version", "GET /livez HTTP/9.9\r\nHost: a\r\n\r\n".to_owned()),
        ("no version", "GET /livez\r\n\r\n".to_owned()),
        ("another protocol", "SSH-2.0-OpenSSH_9.9\r\n\r\n".to_owned()),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("an endless head", format!("GET /livez HTTP/1.1\r\nA: {}", "a".repeat(1 << 20))),
        ("an endless path", format!("GET /{} HTTP/1.1\r\n", "a".repeat(1 << 20))),
        ("many headers", format!("GET /livez HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(10_000))),
        ("a length beyond numbers", format!("{item}Content-Length: {}\r\n\r\n1", "9".repeat(40))),
        ("a negative length", format!("{item}Content-Length: -1\r\n\r\n1")),
        ("two lengths", format!("{item}Content-Length: 1\r\nContent-Length: 2\r\n\r\n12")),
        ("chunks that are none", format!("{item}Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n")),
        (
            "a chunk without end",
            format!("{item}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n1\r\n"),
        ),
        ("a null in the path", "GET /livez\0 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned()),
        ("half an escape", format!("{}\r\n", item.replace("/k", "/%2"))),
    ];
    let texts = texts.map(|(what, text)| (what.to_owned(), text.into_bytes()));
    let hello = super::impostor::hello("tombolo", "b");
    let foreign = [("a frame".to_owned(), hello), ("TLS".to_owned(), TLS.to_vec())];
    random().chain(texts).chain(foreign).collect()
}

/// For the listener of the other regions: nothing that says who it is.
pub(super) fn for_replication() -> Vec<Named> {
    let header = |len: u32| [&len.to_le_bytes()[..], &[1, 2, 3, 4]].concat();
    let hello = super::impostor::hello("tombolo", "b");
    let mut damaged = hello.clone();
    damaged[12] ^= 1;
    let fixed = [
        ("HTTP", b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        ("TLS", TLS.to_vec()),
        ("the longest length", [header(u32::MAX), vec![0; 1_000]].concat()),
        ("a length just too long", [header(70_000), vec![0; 70_000]].concat()),
        ("a length that nothing follows", header(60_000)),
        ("a length of nothing", header(0)),
        ("a frame with a wrong checksum", [header(1_000), vec![0; 1_000]].concat()),
        ("a damaged hello", damaged),
        ("half a hello", hello[..hello.len() / 2].to_vec()),
    ];
    random().chain(fixed.map(|(what, bytes)| (what.to_owned(), bytes))).collect()
}
