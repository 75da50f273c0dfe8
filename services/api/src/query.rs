//! The parameters of a query string.
//!
//! Looked up by name, without building a map: most requests have none. A parameter that stands twice
//! is refused by the call that reads it. One that no call of the contract has is refused by all of
//! them ([`Query::unknown`]): what was meant by it would otherwise be passed over in silence.

use std::borrow::Cow;

use crate::language::PARAMETERS;
use crate::percent::{PercentError, Plus, decode};
use crate::problem::Problem;

/// The query of one request, as it was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a>(pub(crate) &'a str);

impl<'a> Query<'a> {
    /// The value of `name`, decoded once.
    pub(crate) fn get(self, name: &'static str) -> Result<Option<Cow<'a, str>>, Problem> {
        let value = self.find(name)?.map(|raw| decode(raw, Plus::Space)).transpose();
        value.map_err(|error: PercentError| bad(name, error.to_string()))
    }

    /// The key of an item: the one value that tells its own mistakes.
    pub(crate) fn key(self) -> Result<Option<Cow<'a, str>>, Problem> {
        let raw = self.find("key")?;
        raw.map(|raw| decode(raw, Plus::Space)).transpose().map_err(Problem::UnreadableKey)
    }

    /// The value of `name` as a number.
    pub(crate) fn number(self, name: &'static str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.get(name)? else { return Ok(None) };
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = is_number.then(|| text.parse().ok()).flatten();
        number.map(Some).ok_or_else(|| bad(name, "it is not a whole number".to_owned()))
    }

    /// The first parameter that no call of the contract has.
    pub(crate) fn unknown(self) -> Option<Cow<'a, str>> {
        let pairs = self.0.split('&').filter(|pair| !pair.is_empty());
        let raw = pairs.map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
        // What cannot be decoded is the name of nothing.
        let mut names = raw.map(|name| decode(name, Plus::Space).unwrap_or(Cow::Borrowed(name)));
        names.find(|name| !PARAMETERS.contains(&&**name))
    }

    /// The value of `name`, still encoded.
    fn find(self, name: &'static str) -> Result<Option<&'a str>, Problem> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let mut found = None;
        for pair in self.0.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !decode(key, Plus::Space).is_ok_and(|key| key == name) {
                continue;
            }
            if found.replace(value).is_some() {
                return Err(bad(name, "it stands twice".to_owned()));
            }
        }
        Ok(found)
    }
}

fn bad(name: &'static str, detail: String) -> Problem {
    Problem::BadParameter { name, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_and_decoded_once() {
        let query = Query("w=2&key=a%2Fb+c%252F&empty=&bare&%6Bind=x");
        assert_eq!(query.get("key").unwrap().unwrap(), "a/b c%2F");
        assert_eq!(query.get("empty").unwrap().unwrap(), "");
        assert_eq!(query.get("bare").unwrap().unwrap(), "");
        assert_eq!(query.get("kind").unwrap().unwrap(), "x");
        assert_eq!(query.get("ey").unwrap(), None);
        assert_eq!(query.number("w").unwrap(), Some(2));
    }

    #[test]
    fn a_name_of_no_call_is_found_however_it_is_written() {
        for known in ["", "&", "w=2&&key=a%2Fb&from=&%6Bey=x", "session=unknown&since"] {
            assert_eq!(Query(known).unknown(), None, "{known}");
        }
        for (query, unknown) in [
            ("ttl=5", "ttl"),
            ("w=2&ttl", "ttl"),
            ("W=2", "W"),
            ("=2", ""),
            ("%74tl=5&other=1", "ttl"),
            ("wait+ms=5", "wait ms"),
            ("%ff=1", "%ff"),
            ("key=a&%=b", "%"),
        ] {
            assert_eq!(Query(query).unknown().as_deref(), Some(unknown), "{query}");
        }
    }

    #[test]
    fn what_stands_twice_or_cannot_be_read_is_refused() {
        for query in ["key=a&key=a", "key=a&%6bey=b", "key=%", "key=%ff"] {
            assert!(Query(query).get("key").is_err(), "{query}");
            assert!(Query(query).key().is_err(), "{query}");
        }
        for query in ["w=", "w=-1", "w=+1", "w=1.0", "w=two", "w=99999999999999999999"] {
            assert!(Query(query).number("w").is_err(), "{query}");
        }
    }
}
