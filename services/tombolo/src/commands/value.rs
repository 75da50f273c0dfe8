//! A JSON value from the command line: itself, `-` for standard input, `@FILE` for a file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde_json::value::RawValue;

use crate::failure::Failure;

/// What is read: more than any region takes, so that the region says what is too much.
const BYTES_MAX: u64 = 17 << 20;

/// The value that `argument` names; as a JSON string of it where it is a text.
pub(super) fn read(argument: &str, is_text: bool) -> Result<Vec<u8>, Failure> {
    let bytes = match (argument, argument.strip_prefix('@')) {
        ("-", _) => all(io::stdin().lock(), "standard input")?,
        (_, Some(file)) => {
            let source = File::open(file).map_err(|source| input(file, source))?;
            all(source, file)?
        }
        _ => argument.as_bytes().to_vec(),
    };
    if is_text {
        let text = core::str::from_utf8(&bytes);
        let text = text.map_err(|_| usage("the value is not UTF-8".to_owned()))?;
        return serde_json::to_vec(text).map_err(|error| usage(error.to_string()));
    }
    match serde_json::from_slice::<&RawValue>(&bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(usage(format!(
            "the value is not JSON ({error}); a text is stored with --string, or in quotes: \
             '\"text\"'"
        ))),
    }
}

/// A failure to read that file.
pub(super) fn input(file: impl AsRef<Path>, source: io::Error) -> Failure {
    Failure::Input { what: file.as_ref().display().to_string(), source }
}

fn all(source: impl Read, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(BYTES_MAX + 1).read_to_end(&mut bytes);
    let read = read.map_err(|source| input(what, source))?;
    if u64::try_from(read).is_ok_and(|read| read > BYTES_MAX) {
        return Err(usage(format!("{what} has more than {BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

fn usage(detail: String) -> Failure {
    Failure::Usage { detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(argument: &str, is_text: bool) -> Result<String, u8> {
        let value = read(argument, is_text).map_err(|failure| failure.code());
        value.map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn json_is_sent_as_it_is_written() {
        for json in ["1.50", "12345678901234567890123", " [1, 2] ", "\"a\"", "null", "-3"] {
            assert_eq!(argument(json, false).as_deref(), Ok(json));
        }
    }

    #[test]
    fn what_is_no_json_is_a_wrong_usage_unless_it_is_called_a_text() {
        for text in ["alice", "", "{", "1 2", "'a'"] {
            assert_eq!(argument(text, false), Err(2), "{text}");
        }
        assert_eq!(argument("say \"hi\"\n", true).as_deref(), Ok(r#""say \"hi\"\n""#));
    }

    #[test]
    fn a_file_is_read_and_one_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("value");
        let argument = format!("@{}", file.display());
        let missing = read(&argument, false).unwrap_err();
        assert!(missing.to_string().starts_with(&*file.to_string_lossy()), "{missing}");
        std::fs::write(&file, "[1]\n").unwrap();
        assert_eq!(read(&argument, false).unwrap(), b"[1]\n");
        assert_eq!(read(&argument, true).unwrap(), br#""[1]\n""#);
    }
}
