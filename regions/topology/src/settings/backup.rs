//! `[backup]`: where backups may be written.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::field::written_as_text;
use super::reference::Allowed;
use super::section::section;

/// The directory below which backups may be written, or that there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackupDirectory(Option<PathBuf>);

/// A text that is no absolute path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an absolute path")]
pub struct BackupDirectoryError;

const DIRECTORY: Allowed = Allowed::Form("an absolute path, or an empty text for none");

impl BackupDirectory {
    /// The directory.
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}

impl FromStr for BackupDirectory {
    type Err = BackupDirectoryError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let is_path = Path::new(text).is_absolute() && !text.contains('\0');
        is_path.then(|| Self(Some(text.into()))).ok_or(BackupDirectoryError)
    }
}

impl fmt::Display for BackupDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |path| path.display().fmt(f))
    }
}

written_as_text!(BackupDirectory);

section! {
    /// Where copies of the region may be written.
    "backup" Backup {
        /// The directory below which `POST /v1/backups` may write. It must be there; without it
        /// backups are refused.
        "directory" directory: BackupDirectory [None] = BackupDirectory::default(), DIRECTORY;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_absolute_or_none() {
        for good in ["", "/", "/var/backups/tombolo"] {
            assert_eq!(good.parse::<BackupDirectory>().unwrap().to_string(), good);
        }
        for bad in ["backups", "./x", "/a\0b", " /a"] {
            assert_eq!(bad.parse::<BackupDirectory>(), Err(BackupDirectoryError), "{bad:?}");
        }
        assert_eq!(BackupDirectory::default().path(), None);
    }
}
