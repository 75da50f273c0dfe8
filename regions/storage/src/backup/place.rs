//! Where a backup may be written: below one directory that the operator has set apart for it.
//!
//! Whoever asks for a backup names a path, and must not reach anything else by it: not by `..`, not
//! by a link, not over what is there already. Directories on the way are made, and taken away again
//! with a backup that did not come to be.
//!
//! Who can make links in that directory while a backup begins is trusted: it is the operator.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use super::manifest;
use crate::disk::{DiskOpenError, LOCK_NAME, RealDisk, sync_parent};
use crate::state;

/// A new or empty directory, with the directories that were made for it.
#[derive(Debug)]
pub struct Place {
    directory: PathBuf,
    /// Outermost first.
    made: Vec<PathBuf>,
}

/// Why a backup cannot be written there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// It is not below the directory for backups, or leads out of it.
    #[error("{} is not a path below {}: {detail}", path.display(), root.display())]
    Outside {
        /// The path.
        path: PathBuf,
        /// The directory for backups.
        root: PathBuf,
        /// Why not.
        detail: &'static str,
    },
    /// Something is there already.
    #[error("{} is there already, and not empty", path.display())]
    Taken {
        /// The path.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{} cannot be made: {source}", path.display())]
    Io {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Place {
    /// Makes the directory `path` below `root`, which is there; durable at return.
    pub fn make(root: &Path, path: &Path) -> Result<Self, PlaceError> {
        let outside =
            |detail| PlaceError::Outside { path: path.to_owned(), root: root.to_owned(), detail };
        if !path.is_absolute() {
            return Err(outside("it is not absolute"));
        }
        let below = path.strip_prefix(root).map_err(|_| outside("it lies elsewhere"))?;
        let names: Option<Vec<&OsStr>> = below.components().map(plain).collect();
        let names = names.ok_or_else(|| outside("it goes up"))?;
        if names.is_empty() {
            return Err(outside("it is that directory itself"));
        }
        let directory = root.canonicalize();
        let directory =
            directory.map_err(|source| PlaceError::Io { path: root.to_owned(), source })?;
        let mut place = Self { directory, made: Vec::new() };
        for name in names {
            place.directory.push(name);
            match place.enter() {
                Ok(true) => {}
                Ok(false) => {
                    place.unmake();
                    return Err(outside("something on the way is no directory, or a link"));
                }
                Err(source) => {
                    let path = place.directory.clone();
                    place.unmake();
                    return Err(PlaceError::Io { path, source });
                }
            }
        }
        match place.is_empty() {
            Ok(true) => Ok(place),
            Ok(false) => Err(PlaceError::Taken { path: path.to_owned() }),
            Err(source) => Err(PlaceError::Io { path: path.to_owned(), source }),
        }
    }

    /// Makes the directory that has been come to, or finds it; false where it is something else.
    fn enter(&mut self) -> io::Result<bool> {
        match fs::symlink_metadata(&self.directory) {
            Ok(found) => Ok(found.is_dir()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::create_dir(&self.directory)?;
                self.made.push(self.directory.clone());
                sync_parent(&self.directory)?;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// A lock is left by whoever had the directory.
    fn is_empty(&self) -> io::Result<bool> {
        for entry in fs::read_dir(&self.directory)? {
            if entry?.file_name() != LOCK_NAME {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The directory, locked.
    pub fn open(&self) -> Result<RealDisk, DiskOpenError> {
        RealDisk::open(&self.directory)
    }

    /// Takes away what was written and made, as far as it can be.
    pub fn remove(&self) {
        let next = format!("{}.next", manifest::FILE);
        for name in [manifest::FILE, &next, state::FILE, LOCK_NAME] {
            if let Err(error) = fs::remove_file(self.directory.join(name))
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(%error, name, "what is left of a backup cannot be removed");
            }
        }
        self.unmake();
    }

    fn unmake(&self) {
        for made in self.made.iter().rev() {
            // Another may have been made beside it meanwhile.
            if fs::remove_dir(made).is_err() {
                break;
            }
        }
    }
}

/// A component that leads down.
fn plain(component: Component<'_>) -> Option<&OsStr> {
    match component {
        Component::Normal(name) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn directories_on_the_way_are_made_and_taken_away_again() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("here")).unwrap();
        let path = root.path().join("here/2026/11");
        let place = Place::make(root.path(), &path).unwrap();
        assert!(path.is_dir());
        drop(place.open().unwrap());
        place.remove();
        assert!(root.path().join("here").is_dir());
        assert!(!root.path().join("here/2026").exists());
    }

    #[test]
    fn what_leads_out_of_the_directory_for_backups_is_refused() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(other.path(), root.path().join("link")).unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        let within = |name: &str| root.path().join(name);
        for path in [
            PathBuf::from("relative"),
            other.path().join("x"),
            root.path().to_owned(),
            within("../x"),
            within("a/../../x"),
            within("link"),
            within("link/x"),
            within("file"),
            within("file/x"),
        ] {
            let refused = Place::make(root.path(), &path);
            assert!(matches!(refused, Err(PlaceError::Outside { .. })), "{}", path.display());
        }
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
        assert!(!within("a").exists());
    }

    #[test]
    fn what_is_there_is_not_written_over() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("backup");
        fs::create_dir(&path).unwrap();
        Place::make(root.path(), &path).unwrap();
        fs::write(path.join("anything"), "").unwrap();
        assert!(matches!(Place::make(root.path(), &path), Err(PlaceError::Taken { .. })));
        assert!(path.join("anything").exists());
    }
}
