//! The seeds: golden vectors, files of the repository, and the corpus.
//!
//! Bytes are written as hexadecimal digits with `#` comments, in files that end in `.hex`; any
//! other file is its own content.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::Target;

const DIGITS_PER_LINE: usize = 64;

/// One input to start from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seed {
    /// The file, from the root of the repository.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why the seeds cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// A file or folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that ends in `.hex` holds something else.
    #[error("{name} is not made of pairs of hexadecimal digits")]
    NotHex {
        /// The file.
        name: String,
    },
}

/// The seeds of `target` in the repository at `root`, sorted by name.
pub fn seeds(target: &Target, root: &Path) -> Result<Vec<Seed>, CorpusError> {
    let golden = "shared/protocol/golden";
    let mut names = files(root, &format!("ops/fuzz/corpus/{}", target.name))?;
    let is_seed = |name: &String| {
        let name = name.rsplit('/').next().unwrap_or_default();
        target.golden.iter().any(|beginning| name.starts_with(beginning))
    };
    names.extend(files(root, golden)?.into_iter().filter(is_seed));
    names.extend(target.files.iter().map(|name| (*name).to_owned()));
    names.sort_unstable();
    names.into_iter().map(|name| read(root, name)).collect()
}

fn files(root: &Path, folder: &str) -> Result<Vec<String>, CorpusError> {
    let path = root.join(folder);
    let unreadable = |source| CorpusError::Unreadable { path: path.clone(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(&path).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        names.push(format!("{folder}/{}", name.to_string_lossy()));
    }
    Ok(names)
}

fn read(root: &Path, name: String) -> Result<Seed, CorpusError> {
    let path = root.join(&name);
    let bytes = fs::read(&path);
    let bytes = bytes.map_err(|source| CorpusError::Unreadable { path, source })?;
    if Path::new(&name).extension().is_none_or(|extension| extension != "hex") {
        return Ok(Seed { name, bytes });
    }
    match core::str::from_utf8(&bytes).ok().and_then(of_hex) {
        Some(bytes) => Ok(Seed { name, bytes }),
        None => Err(CorpusError::NotHex { name }),
    }
}

/// The bytes that `text` writes; space and `#` comments aside.
pub fn of_hex(text: &str) -> Option<Vec<u8>> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let digits = lines.flat_map(str::chars).filter(|c| !c.is_whitespace());
    let digits: Vec<_> = digits.map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

/// `bytes` as a file of the corpus holds them.
pub fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2 + bytes.len() / 32 + 1);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % (DIGITS_PER_LINE / 2) == 0 {
            text.push('\n');
        }
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_comes_back_and_comments_are_left_out() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(of_hex(&to_hex(&bytes)), Some(bytes));
        assert_eq!(of_hex("# a comment\n01 2f # another\n"), Some(vec![1, 0x2f]));
        assert_eq!(of_hex(""), Some(vec![]));
        for text in ["0", "0x01", "zz", "01 2"] {
            assert_eq!(of_hex(text), None, "{text}");
        }
    }
}
