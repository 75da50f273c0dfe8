//! The scanner that tells code from comments and literals.
//!
//! It knows what the lexer of Rust knows of the two: nested block comments, raw strings with any
//! number of `#`, escapes, and lifetimes, which are not characters. Delimiters stay, contents go.

/// One pass over a source; `out` is as many lines as what was read.
pub(super) struct Blanker<'a> {
    rest: &'a str,
    out: String,
}

impl<'a> Blanker<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { rest: source, out: String::with_capacity(source.len()) }
    }

    pub(super) fn run(mut self) -> String {
        while let Some(first) = self.rest.chars().next() {
            if self.rest.starts_with("//") {
                let end = self.rest.find('\n').unwrap_or(self.rest.len());
                self.blank(end);
            } else if self.rest.starts_with("/*") {
                self.blank(block_comment_end(self.rest));
            } else if let Some(end) = self.raw_string_end() {
                self.blank(end);
            } else if first == '"' {
                self.literal(string_end(self.rest));
            } else if let Some(end) = character_end(self.rest) {
                self.literal(end);
            } else {
                self.keep(first.len_utf8());
            }
        }
        self.out
    }

    fn keep(&mut self, bytes: usize) {
        let (kept, rest) = self.rest.split_at(bytes);
        self.out.push_str(kept);
        self.rest = rest;
    }

    fn blank(&mut self, bytes: usize) {
        let (gone, rest) = self.rest.split_at(bytes);
        self.out.extend(gone.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        self.rest = rest;
    }

    /// Blanks what stands between the one-byte delimiters of a literal of `bytes` bytes.
    fn literal(&mut self, bytes: usize) {
        let contents = bytes.saturating_sub(2);
        self.keep(1);
        self.blank(contents);
        self.keep((bytes - 1 - contents).min(self.rest.len()));
    }

    /// The length of the raw string that starts here, if one does: `r"…"`, `br#"…"#`, `cr"…"`.
    fn raw_string_end(&self) -> Option<usize> {
        if self.out.ends_with(super::is_word) {
            return None;
        }
        let prefix = ["r", "br", "cr"]
            .into_iter()
            .find(|p| self.rest.strip_prefix(p).is_some_and(|rest| rest.starts_with(['"', '#'])))?;
        let after = &self.rest[prefix.len()..];
        let hashes = after.len() - after.trim_start_matches('#').len();
        // `r#name` is an identifier.
        let contents = after[hashes..].strip_prefix('"')?;
        let closing = format!("\"{}", "#".repeat(hashes));
        let end = contents.find(&closing).map_or(contents.len(), |at| at + closing.len());
        Some(prefix.len() + hashes + 1 + end)
    }
}

fn block_comment_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of the character literal that starts here, if one does and not a lifetime.
fn character_end(text: &str) -> Option<usize> {
    let contents = text.strip_prefix('\'')?;
    let first = contents.chars().next()?;
    if first == '\\' {
        // The escaped character itself may be a quote.
        let closing = contents.get(2..)?.find('\'')?;
        return Some(1 + 2 + closing + 1);
    }
    contents[first.len_utf8()..].starts_with('\'').then(|| 2 + first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blanked(source: &str) -> String {
        let out = Blanker::new(source).run();
        assert_eq!(out.lines().count(), source.lines().count());
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_go() {
        assert_eq!(blanked("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(blanked("//! x\n/// y\nz"), "z");
    }

    #[test]
    fn strings_lose_their_contents() {
        assert_eq!(blanked(r#"f("a \" b", c)"#), r#"f(" ", c)"#);
        assert_eq!(blanked("g(b\"// no comment\") h"), "g(b\" \") h");
    }

    #[test]
    fn raw_strings_end_at_their_own_delimiter() {
        assert_eq!(blanked("r#\"a \" b\"# c r\"d\\\" e"), "c e");
        assert_eq!(blanked("r#type var\"x\" y"), "r#type var\" \" y");
    }

    #[test]
    fn characters_are_not_lifetimes() {
        assert_eq!(blanked(r#"'"' a '\'' b '\u{41}' c &'d e"#), "' ' a ' ' b ' ' c &'d e");
        assert_eq!(blanked("fn f<'a>(x: &'a str) 'é' '\\\\' g"), "fn f<'a>(x: &'a str) ' ' ' ' g");
    }

    #[test]
    fn what_is_never_closed_ends_with_the_file() {
        for open in ["/* a", "\"a", "r#\"a\"", "'\\", "'", "/*", "\"", "\"\\"] {
            Blanker::new(open).run();
        }
        assert_eq!(blanked("a /* b"), "a");
    }
}
