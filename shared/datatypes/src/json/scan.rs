//! One pass over a JSON text that checks its grammar (RFC 8259) without building anything.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::escapes::unescaped;
use super::{JsonError, JsonFault, JsonText};

/// Checks that `text` is one JSON value; answers how many bytes of white space stand outside
/// its strings.
pub(super) fn check(text: &str) -> Result<usize, JsonError> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0, spaces: 0 };
    scanner.value(0)?;
    scanner.skip_space();
    if scanner.at < scanner.text.len() {
        return Err(scanner.fault(JsonFault::Trailing));
    }
    Ok(scanner.spaces)
}

/// A checked `text` without the white space outside its strings.
pub(super) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if quoted || !matches!(c, ' ' | '\t' | '\n' | '\r') {
            out.push(c);
        }
        (quoted, escaped) = match c {
            _ if escaped => (quoted, false),
            '\\' => (quoted, quoted),
            '"' => (!quoted, false),
            _ => (quoted, false),
        };
    }
    out
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    spaces: usize,
}

impl<'a> Scanner<'a> {
    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        self.skip_space();
        match self.peek()? {
            b'{' => self.object(depth + 1),
            b'[' => self.array(depth + 1),
            b'"' => self.string().map(drop),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(self.fault(JsonFault::Unexpected)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), JsonError> {
        self.open(depth)?;
        let mut names = Names::default();
        if self.closes(b'}')? {
            return Ok(());
        }
        loop {
            self.skip_space();
            if self.peek()? != b'"' {
                return Err(self.fault(JsonFault::Unexpected));
            }
            let offset = self.at;
            let name = self.string()?;
            if let Err(name) = names.insert(unescaped(name)) {
                return Err(JsonError { offset, fault: JsonFault::DuplicateName { name } });
            }
            self.skip_space();
            self.take(b':')?;
            self.value(depth)?;
            if !self.goes_on(b'}')? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        self.open(depth)?;
        if self.closes(b']')? {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.goes_on(b']')? {
                return Ok(());
            }
        }
    }

    /// Answers what stands between the quotes, escapes and all.
    fn string(&mut self) -> Result<&'a str, JsonError> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.escape()?,
                0..=0x1f => return Err(self.fault(JsonFault::Text)),
                _ => self.at += 1,
            }
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        // Cut at quotes, which are ASCII, out of what is UTF-8.
        core::str::from_utf8(raw).map_err(|_| self.fault(JsonFault::NotUtf8))
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        match self.peek()? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.at += 1;
                Ok(())
            }
            b'u' => match self.code_unit()? {
                0xd800..=0xdbff => {
                    let low = self.peek()? == b'\\' && {
                        self.at += 1;
                        self.peek()? == b'u' && matches!(self.code_unit()?, 0xdc00..=0xdfff)
                    };
                    if low { Ok(()) } else { Err(self.fault(JsonFault::Text)) }
                }
                0xdc00..=0xdfff => Err(self.fault(JsonFault::Text)),
                _ => Ok(()),
            },
            _ => Err(self.fault(JsonFault::Text)),
        }
    }

    /// Takes `uXXXX`.
    fn code_unit(&mut self) -> Result<u16, JsonError> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let digit = char::from(self.peek()?).to_digit(16);
            let digit = digit.ok_or_else(|| self.fault(JsonFault::Text))?;
            unit = unit << 4 | u16::try_from(digit).unwrap_or_default();
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        if self.text.get(self.at) == Some(&b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        match self.text.get(self.at) {
            Some(b'0'..=b'9' | b'.') => Err(self.fault(JsonFault::Number)),
            _ => Ok(()),
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault(JsonFault::Number)) } else { Ok(()) }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), JsonError> {
        for byte in word {
            self.take(*byte)?;
        }
        Ok(())
    }

    fn open(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth > JsonText::DEPTH_MAX {
            return Err(self.fault(JsonFault::TooDeep));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether what was just opened is empty.
    fn closes(&mut self, end: u8) -> Result<bool, JsonError> {
        self.skip_space();
        let closes = self.peek()? == end;
        self.at += usize::from(closes);
        Ok(closes)
    }

    /// Takes a comma (true) or the end (false).
    fn goes_on(&mut self, end: u8) -> Result<bool, JsonError> {
        self.skip_space();
        match self.peek()? {
            b',' => {
                self.at += 1;
                Ok(true)
            }
            byte if byte == end => {
                self.at += 1;
                Ok(false)
            }
            _ => Err(self.fault(JsonFault::Unexpected)),
        }
    }

    fn take(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek()? != byte {
            return Err(self.fault(JsonFault::Unexpected));
        }
        self.at += 1;
        Ok(())
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
            self.spaces += 1;
        }
    }

    fn peek(&self) -> Result<u8, JsonError> {
        self.text.get(self.at).copied().ok_or_else(|| self.fault(JsonFault::EndsEarly))
    }

    fn fault(&self, fault: JsonFault) -> JsonError {
        JsonError { offset: self.at, fault }
    }
}

/// The member names of one object: a short list, then a tree, so that neither a small object
/// allocates much nor a large one takes quadratic time.
#[derive(Default)]
struct Names<'a> {
    few: Vec<Cow<'a, str>>,
    many: BTreeSet<Cow<'a, str>>,
}

const FEW_MAX: usize = 16;

impl<'a> Names<'a> {
    /// Gives the name back where it is already there.
    fn insert(&mut self, name: Cow<'a, str>) -> Result<(), String> {
        if self.few.contains(&name) || self.many.contains(&name) {
            return Err(name.into_owned());
        }
        if self.many.is_empty() && self.few.len() < FEW_MAX {
            self.few.push(name);
        } else {
            self.many.extend(self.few.drain(..));
            self.many.insert(name);
        }
        Ok(())
    }
}
