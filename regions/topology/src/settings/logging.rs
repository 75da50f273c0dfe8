//! `[log]`: what is said about the region's work, and in which form.

use std::fmt;
use std::str::FromStr;

use super::field::written_as_text;
use super::reference::Allowed;
use super::section::section;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// What needs a person.
    Error,
    /// Also what may soon.
    Warn,
    /// Also starts, stops, links and what operators did.
    Info,
    /// Also decisions, one by one.
    Debug,
    /// Everything.
    Trace,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// A text that is none of the words that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the known words")]
pub struct UnknownWord;

/// Words for the variants of an enum, both ways.
macro_rules! words {
    ($name:ident: $($variant:ident = $word:literal),+) => {
        impl $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word for it in the settings.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word { $($word => Ok(Self::$variant),)+ _ => Err(UnknownWord) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words!(LogLevel: Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace");
words!(LogFormat: Text = "text", Json = "json");
written_as_text!(LogLevel, LogFormat);

section! {
    /// What is said about the region's work.
    "log" Log {
        /// How much is said.
        "level" level: LogLevel [None] = LogLevel::Info, Allowed::OneOf(LogLevel::WORDS);
        /// Lines for people, or one JSON object a line.
        "format" format: LogFormat [None] = LogFormat::Text, Allowed::OneOf(LogFormat::WORDS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_what_it_is_written_as() {
        for word in LogLevel::WORDS {
            assert_eq!(word.parse::<LogLevel>().unwrap().as_str(), *word);
        }
        for word in LogFormat::WORDS {
            assert_eq!(word.parse::<LogFormat>().unwrap().as_str(), *word);
        }
        assert_eq!("INFO".parse::<LogLevel>(), Err(UnknownWord));
    }
}
