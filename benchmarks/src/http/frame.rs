//! Where an answer ends: its status line, the headers that say how long its body is, and no more.
//!
//! Parsed anew from the start with each piece that arrives, which costs nothing as long as answers
//! arrive in one piece, and they do.

/// The longest head that is taken.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// The longest body that is taken.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The outline of one whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Its status.
    pub(super) status: u16,
    /// Its status line and headers, with the empty line after them.
    pub(super) head_bytes: usize,
}

/// What is no answer, or none that is taken here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// The status line is not of HTTP/1.1.
    #[error("not a status line of HTTP/1.1: {line:?}")]
    StatusLine {
        /// What stands in its place.
        line: String,
    },
    /// The end of the body cannot be told.
    #[error("an answer whose body has no plain length: {header:?}")]
    Length {
        /// The header that says something else; empty where none says anything.
        header: String,
    },
    /// A head or a body is longer than any server here sends.
    #[error("an answer with more than {bytes_max} bytes of {part}")]
    TooLong {
        /// Which part.
        part: &'static str,
        /// What is taken of it.
        bytes_max: usize,
    },
    /// Bytes follow the answer, though nothing more was asked.
    #[error("{bytes} bytes more than the answer has")]
    Excess {
        /// How many.
        bytes: usize,
    },
}

/// The answer in `received`, or nothing while its end has not arrived.
pub(super) fn parse(received: &[u8]) -> Result<Option<Frame>, Unreadable> {
    let Some((line, mut at)) = line_at(received, 0)? else { return Ok(None) };
    let status = status_of(line)?;
    let mut body_bytes = matches!(status, 204 | 304).then_some(0);
    loop {
        let Some((line, next)) = line_at(received, at)? else { return Ok(None) };
        at = next;
        if line.is_empty() {
            break;
        }
        let name_bytes = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(name_bytes);
        let unreadable = || Unreadable::Length { header: text(line) };
        if name.eq_ignore_ascii_case(b"content-length") {
            let digits = str::from_utf8(value).unwrap_or_default();
            let length = digits.trim_start_matches(':').trim().parse().map_err(|_| unreadable())?;
            body_bytes = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            return Err(unreadable());
        }
    }
    let body_bytes = body_bytes.ok_or(Unreadable::Length { header: String::new() })?;
    if body_bytes > BODY_BYTES_MAX {
        return Err(Unreadable::TooLong { part: "body", bytes_max: BODY_BYTES_MAX });
    }
    match received.len().checked_sub(at + body_bytes) {
        None => Ok(None),
        Some(0) => Ok(Some(Frame { status, head_bytes: at })),
        Some(bytes) => Err(Unreadable::Excess { bytes }),
    }
}

/// The line that begins at `start`, without its end, and where the next one begins.
fn line_at(received: &[u8], start: usize) -> Result<Option<(&[u8], usize)>, Unreadable> {
    let rest = &received[start..];
    let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
        if received.len() > HEAD_BYTES_MAX {
            return Err(Unreadable::TooLong { part: "head", bytes_max: HEAD_BYTES_MAX });
        }
        return Ok(None);
    };
    let line = &rest[..end];
    Ok(Some((line.strip_suffix(b"\r").unwrap_or(line), start + end + 1)))
}

fn status_of(line: &[u8]) -> Result<u16, Unreadable> {
    let digits = line.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    let status = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok());
    status.ok_or_else(|| Unreadable::StatusLine { line: text(line) })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATED: &str = "HTTP/1.1 201 Created\r\nEtag: \"a\"\r\ncontent-LENGTH: 2\r\n\r\n{}";

    #[test]
    fn an_answer_that_arrives_byte_by_byte_is_whole_with_its_last_byte_and_not_before() {
        let answer = CREATED.as_bytes();
        for bytes in 0..answer.len() {
            assert_eq!(parse(&answer[..bytes]), Ok(None), "{bytes}");
        }
        let head_bytes = answer.len() - 2;
        assert_eq!(parse(answer), Ok(Some(Frame { status: 201, head_bytes })));
    }

    #[test]
    fn an_answer_without_content_ends_with_its_head() {
        for status in [204, 304] {
            let answer = format!("HTTP/1.1 {status} \r\nA: b\r\n\r\n");
            let frame = Frame { status, head_bytes: answer.len() };
            assert_eq!(parse(answer.as_bytes()), Ok(Some(frame)));
        }
        let empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(parse(empty), Ok(Some(Frame { status: 200, head_bytes: empty.len() })));
    }

    #[test]
    fn what_is_no_answer_is_refused_with_its_first_line() {
        for line in ["HTTP/1.0 200 OK", "SSH-2.0-x", "HTTP/1.1 2xx OK", "HTTP/1.1 20"] {
            let refused = Unreadable::StatusLine { line: line.to_owned() };
            assert_eq!(parse(format!("{line}\r\n").as_bytes()), Err(refused));
        }
    }

    #[test]
    fn an_answer_whose_end_cannot_be_told_is_refused() {
        for header in ["Transfer-Encoding: chunked", "Content-Length: -1", "Content-Length: a", ""]
        {
            let head = format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n");
            let refused = Unreadable::Length { header: header.to_owned() };
            assert_eq!(parse(head.as_bytes()), Err(refused));
        }
    }

    #[test]
    fn more_than_was_asked_is_refused() {
        let answers = format!("{CREATED}H");
        assert_eq!(parse(answers.as_bytes()), Err(Unreadable::Excess { bytes: 1 }));
    }

    #[test]
    fn an_answer_without_end_is_refused_before_it_fills_memory() {
        let endless = vec![b'a'; HEAD_BYTES_MAX + 1];
        let refused = Unreadable::TooLong { part: "head", bytes_max: HEAD_BYTES_MAX };
        assert_eq!(parse(&endless), Err(refused));
        let large = b"HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n";
        let refused = Unreadable::TooLong { part: "body", bytes_max: BODY_BYTES_MAX };
        assert_eq!(parse(large), Err(refused));
    }
}
