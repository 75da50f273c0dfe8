//! The session that a command goes on with: what the client has seen and written, as a token.
//!
//! Every answer brings a newer token. One that came from a file goes back into it, so that the next
//! command sees what this one has done, whichever region it asks.

use core::convert::Infallible;
use core::str::FromStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::failure::Failure;

/// Where the token comes from, as it is said on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SessionSource {
    /// This is it. The newer one is not kept.
    Token(String),
    /// It is in this file, which may not be there yet.
    File(PathBuf),
}

impl FromStr for SessionSource {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix('@') {
            Some(file) => Self::File(file.into()),
            None => Self::Token(text.to_owned()),
        })
    }
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Session {
    file: Option<PathBuf>,
    token: Mutex<Option<String>>,
}

/// What a token file may hold: more is none.
const TOKEN_BYTES_MAX: u64 = 64 << 10;

impl Session {
    /// Begins where `source` says; with nothing where nothing is said.
    pub(crate) fn of(source: Option<&SessionSource>) -> Result<Self, Failure> {
        let (file, token) = match source {
            None => (None, None),
            Some(SessionSource::Token(token)) => (None, Some(token.clone())),
            Some(SessionSource::File(file)) => (Some(file.clone()), read(file)?),
        };
        Ok(Self { file, token: Mutex::new(token) })
    }

    /// The token to send.
    pub(crate) fn token(&self) -> Option<String> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in the token of an answer.
    pub(crate) fn advance(&self, token: &str) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.to_owned());
    }

    /// Writes the token where it came from: whole or not at all.
    pub(crate) fn keep(&self) -> Result<(), Failure> {
        let (Some(file), Some(token)) = (&self.file, self.token()) else { return Ok(()) };
        let mut beside = file.clone().into_os_string();
        beside.push(".new");
        let kept = fs::write(&beside, token + "\n").and_then(|()| fs::rename(&beside, file));
        kept.map_err(|source| Failure::Session { file: file.clone(), source })
    }
}

fn read(file: &Path) -> Result<Option<String>, Failure> {
    let failed = |source| Failure::Session { file: file.to_owned(), source };
    match fs::metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if metadata.len() > TOKEN_BYTES_MAX => {
            return Err(failed(io::Error::from(io::ErrorKind::InvalidData)));
        }
        Ok(_) => {}
    }
    let token = fs::read_to_string(file).map_err(failed)?.trim().to_owned();
    Ok(Some(token).filter(|token| !token.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_a_session_and_then_holds_its_token() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let source = SessionSource::File(file.clone());
        let session = Session::of(Some(&source)).unwrap();
        assert_eq!(session.token(), None);
        session.keep().unwrap();
        assert!(!file.exists());
        session.advance("AQ");
        session.keep().unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "AQ\n");
        assert_eq!(Session::of(Some(&source)).unwrap().token().as_deref(), Some("AQ"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_token_is_told_from_a_file_by_its_at() {
        assert_eq!("AQ".parse(), Ok(SessionSource::Token("AQ".to_owned())));
        assert_eq!("@a".parse(), Ok(SessionSource::File("a".into())));
    }
}
