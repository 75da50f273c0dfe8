//! The path and the parameters of what is asked for, percent-encoded strictly.
//!
//! Everything but letters, digits and `-._~` is escaped (RFC 3986, section 2.3), so that no text
//! ends a segment or begins a parameter.

use core::fmt::Write as _;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    path: String,
    query: String,
}

impl Resource {
    /// What has this path, which needs no escapes.
    pub(crate) fn at(path: &str) -> Self {
        Self { path: path.to_owned(), query: String::new() }
    }

    /// An item. A key that programs on the way might rewrite goes where they leave it alone.
    pub(crate) fn item(table: &str, key: &str) -> Self {
        let table = Self::at("/v1/tables").below(table);
        if is_rewritten(key) {
            table.below("item").with("key", key)
        } else {
            table.below("items").below(key)
        }
    }

    /// What has this name below it.
    #[must_use]
    pub(crate) fn below(mut self, name: &str) -> Self {
        self.path.push('/');
        escape(&mut self.path, name);
        self
    }

    /// The same with a parameter.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.query.push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(name);
        self.query.push('=');
        escape(&mut self.query, value);
        self
    }

    /// The same with all these parameters.
    #[must_use]
    pub(crate) fn with_all(self, parameters: &[(&'static str, String)]) -> Self {
        parameters.iter().fold(self, |resource, (name, value)| resource.with(name, value))
    }

    /// As a request names it.
    pub(crate) fn target(&self) -> String {
        format!("{}{}", self.path, self.query)
    }
}

/// Proxies decode slashes, merge those that follow each other, take dots for directions and refuse
/// control characters; some decode twice.
fn is_rewritten(key: &str) -> bool {
    let is_delicate = |c: char| c.is_control() || matches!(c, '/' | '\\' | '%' | ';');
    key.is_empty() || key.chars().all(|c| c == '.') || key.contains(is_delicate)
}

fn escape(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into memory does not fail.
            write!(out, "%{byte:02X}").ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_key_is_in_the_path() {
        for (key, target) in [
            ("alice", "/v1/tables/t/items/alice"),
            ("a b+c?d#e&f=g", "/v1/tables/t/items/a%20b%2Bc%3Fd%23e%26f%3Dg"),
            ("é", "/v1/tables/t/items/%C3%A9"),
            ("v1.2", "/v1/tables/t/items/v1.2"),
        ] {
            assert_eq!(Resource::item("t", key).target(), target);
        }
    }

    #[test]
    fn a_key_that_proxies_rewrite_is_a_parameter() {
        for (key, target) in [
            ("a/b", "/v1/tables/t/item?key=a%2Fb"),
            ("100%", "/v1/tables/t/item?key=100%25"),
            ("..", "/v1/tables/t/item?key=.."),
            ("a\\b;c\n", "/v1/tables/t/item?key=a%5Cb%3Bc%0A"),
            ("", "/v1/tables/t/item?key="),
        ] {
            assert_eq!(Resource::item("t", key).target(), target);
        }
    }

    #[test]
    fn parameters_follow_in_their_order() {
        let parameters = [("w", "2".to_owned()), ("x", "a&b".to_owned())];
        let resource = Resource::item("t", "a/b").with_all(&parameters);
        assert_eq!(resource.target(), "/v1/tables/t/item?key=a%2Fb&w=2&x=a%26b");
        assert_eq!(Resource::at("/v1/tables").below("a/b").target(), "/v1/tables/a%2Fb");
    }
}
