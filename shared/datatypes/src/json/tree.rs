//! A checked text as a tree that borrows from it: for comparing values, and for taking arrays apart.
//!
//! Built in one pass, in memory proportional to the text. Total: a text that was not checked gives
//! some tree, never a panic.

use std::borrow::Cow;

use super::JsonText;
use super::escapes::unescaped;

/// A value. Ordered kinds first, as [`super::order`] orders them.
#[derive(Debug)]
pub(super) enum Node<'a> {
    Null,
    Boolean(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(Vec<Node<'a>>),
    /// Its members by name.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// The tree of a checked, compact `text`.
pub(super) fn parse(text: &str) -> Node<'_> {
    Reader { text, at: 0 }.value(0)
}

/// The texts of an array's elements; nothing where `text` is no array.
pub(super) fn elements(text: &str) -> Option<Vec<&str>> {
    let mut reader = Reader { text, at: 0 };
    if !reader.takes(b'[') {
        return None;
    }
    let mut elements = Vec::new();
    while !reader.takes(b']') && reader.at < text.len() {
        let start = reader.at;
        reader.value(1);
        elements.push(&text[start..reader.at]);
        reader.takes(b',');
    }
    Some(elements)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Node<'a> {
        match self.text.as_bytes().get(self.at) {
            Some(b'{') if depth < JsonText::DEPTH_MAX => self.object(depth),
            Some(b'[') if depth < JsonText::DEPTH_MAX => self.array(depth),
            Some(b'"') => Node::Text(self.string()),
            Some(b't') => self.word("true", Node::Boolean(true)),
            Some(b'f') => self.word("false", Node::Boolean(false)),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'n') => self.word("null", Node::Null),
            // In no checked text: there is nothing to go on with.
            _ => {
                self.at = self.text.len();
                Node::Null
            }
        }
    }

    fn array(&mut self, depth: usize) -> Node<'a> {
        self.at += 1;
        let mut nodes = Vec::new();
        while !self.takes(b']') && self.at < self.text.len() {
            nodes.push(self.value(depth + 1));
            self.takes(b',');
        }
        Node::Array(nodes)
    }

    fn object(&mut self, depth: usize) -> Node<'a> {
        self.at += 1;
        let mut members = Vec::new();
        while !self.takes(b'}') && self.at < self.text.len() {
            let name = self.string();
            self.takes(b':');
            members.push((name, self.value(depth + 1)));
            self.takes(b',');
        }
        members.sort_by(|(one, _), (other, _)| one.cmp(other));
        Node::Object(members)
    }

    fn string(&mut self) -> Cow<'a, str> {
        let start = (self.at + 1).min(self.text.len());
        let mut end = start;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(end).filter(|byte| **byte != b'"') {
            end += if *byte == b'\\' { 2 } else { 1 };
        }
        self.at = (end + 1).min(self.text.len());
        self.text.get(start..end).map_or(Cow::Borrowed(""), unescaped)
    }

    fn number(&mut self) -> Node<'a> {
        let start = self.at;
        let is_part = |byte: &u8| matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E' | b'0'..=b'9');
        while self.text.as_bytes().get(self.at).is_some_and(is_part) {
            self.at += 1;
        }
        Node::Number(&self.text[start..self.at])
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Node<'a> {
        self.at = (self.at + word.len()).min(self.text.len());
        node
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_there = self.text.as_bytes().get(self.at) == Some(&byte);
        self.at += usize::from(is_there);
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_taken_apart_at_its_own_commas() {
        let text = r#"["a,b",[1,2],{"c":"]"},"\"",-0.5e7,null]"#;
        let parts = [r#""a,b""#, "[1,2]", r#"{"c":"]"}"#, r#""\"""#, "-0.5e7", "null"];
        assert_eq!(elements(text).unwrap(), parts);
        assert_eq!(elements("[]").unwrap(), Vec::<&str>::new());
        for text in ["{}", "1", "\"[]\""] {
            assert!(elements(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_text_that_was_never_checked_ends_all_the_same() {
        for text in ["", "[", "[é", "{\"", "{\"a", "[\"\\", "tr", "[tr", "{,}", "[[[\u{e9}]]]"] {
            parse(text);
            elements(text);
        }
        parse(&"[".repeat(1_000_000));
    }
}
