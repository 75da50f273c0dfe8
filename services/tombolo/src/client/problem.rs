//! A refusal as the region answers it (`application/problem+json`).

use core::fmt;

use serde::Deserialize;

/// What was answered in place of what was asked for.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    /// The answer as it came, where it is a region's.
    pub(crate) text: Option<String>,
    words: Option<Box<Words>>,
}

#[derive(Debug, Deserialize)]
struct Words {
    title: String,
    code: String,
    detail: String,
    outcome: String,
}

impl Problem {
    /// Reads the body of an answer; one that is not a region's leaves the status.
    pub(crate) fn read(status: u16, body: Vec<u8>) -> Self {
        let text = String::from_utf8(body).ok();
        let words = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self { status, text: text.filter(|_| words.is_some()), words }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Words { title, code, detail, outcome }) = self.words.as_deref() else {
            return write!(f, "refused with the status {}, and not by a region", self.status);
        };
        write!(f, "{title} ({code}): {detail}")?;
        match outcome.as_str() {
            "applied_locally" => write!(f, "; it is done in this region"),
            "unknown" => write!(f, "; it may have been done"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(outcome: &str) -> String {
        let body = format!(
            r#"{{"type":"x","title":"No","status":504,"detail":"why","code":"no","retryable":false,"outcome":"{outcome}"}}"#
        );
        Problem::read(504, body.into_bytes()).to_string()
    }

    #[test]
    fn a_refusal_says_what_became_of_it() {
        assert_eq!(problem("not_applied"), "No (no): why");
        assert_eq!(problem("applied_locally"), "No (no): why; it is done in this region");
        assert_eq!(problem("unknown"), "No (no): why; it may have been done");
    }

    #[test]
    fn what_a_proxy_answers_is_not_taken_for_a_region() {
        let problem = Problem::read(502, b"<html>".to_vec());
        assert_eq!(problem.to_string(), "refused with the status 502, and not by a region");
        assert_eq!(problem.text, None);
    }
}
