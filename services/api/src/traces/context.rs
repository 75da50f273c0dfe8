//! The trace that a caller began: `traceparent` (W3C Trace Context, version 00).

use actix_web::http::header::HeaderMap;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TraceContext {
    pub(super) trace: [u8; 16],
    /// The caller's span.
    pub(super) parent: [u8; 8],
    pub(super) is_sampled: bool,
}

impl TraceContext {
    /// What the headers say; nothing where it cannot be read, which begins a trace anew.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        Self::parse(headers.get("traceparent")?.as_bytes())
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let mut parts = text.split(|byte| *byte == b'-');
        let [version] = hex(parts.next()?)?;
        let (trace, parent) = (hex(parts.next()?)?, hex(parts.next()?)?);
        let [flags] = hex(parts.next()?)?;
        // Later versions may go on after the flags, this one must not.
        let is_readable = version != 0xff && (version != 0 || parts.next().is_none());
        let is_named = trace != [0; 16] && parent != [0; 8];
        (is_readable && is_named).then_some(Self { trace, parent, is_sampled: flags & 1 == 1 })
    }
}

/// Exactly `N` bytes in lower-case hexadecimal digits.
fn hex<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const PARENT: &str = "b7ad6b7169203331";

    #[test]
    fn trace_parent_and_flag_are_read() {
        let context = TraceContext::parse(format!("00-{TRACE}-{PARENT}-01").as_bytes()).unwrap();
        assert_eq!((context.trace[..2].to_vec(), context.parent[7]), (vec![0x0a, 0xf7], 0x31));
        assert!(context.is_sampled);
        let context = TraceContext::parse(format!("00-{TRACE}-{PARENT}-02").as_bytes()).unwrap();
        assert!(!context.is_sampled);
        assert!(TraceContext::parse(format!("01-{TRACE}-{PARENT}-01-more").as_bytes()).is_some());
    }

    #[test]
    fn what_is_no_context_begins_anew() {
        let zeros = "0".repeat(32);
        for text in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("00-{zeros}-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", &zeros[..16]),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}0-{PARENT}-01"),
            format!("00-{TRACE}-{PARENT}-0"),
        ] {
            assert_eq!(TraceContext::parse(text.as_bytes()), None, "{text}");
        }
    }
}
