//! The files of a repository, as the checks see them.
//!
//! Read once, then held in memory: the checks do no I/O, and a sample is as good as a disk. What
//! version control ignores is not seen, symbolic links are not followed.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs, io};

/// Files past this size are known by name only.
const TEXT_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Paths from the root, with `/` between folders, and the text of those that are text.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    files: BTreeMap<String, Option<String>>,
}

impl Tree {
    /// A tree of the given files.
    pub fn sample<const N: usize>(files: [(&str, &str); N]) -> Self {
        let files = files.map(|(path, text)| (path.to_owned(), Some(text.to_owned())));
        Self { files: files.into() }
    }

    /// Reads the repository whose tests are running.
    ///
    /// The folder is asked for now, not when compiling: clones that share a target directory share
    /// the binary too, and each is to see itself.
    pub fn of_this_repository() -> io::Result<Self> {
        let crate_folder =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        Self::read(&Path::new(&crate_folder).join("../.."))
    }

    /// Reads all below `root`, less what the `.gitignore` there names.
    ///
    /// Of that file's language two forms are known, those this repository uses: `/name` at the root
    /// and `*.ending` anywhere.
    pub fn read(root: &Path) -> io::Result<Self> {
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        let is_ignored = |path: &str| {
            path == ".git"
                || ignored.lines().any(|line| match (line.strip_prefix('/'), line.get(..2)) {
                    (Some(at_root), _) => path == at_root.trim_end_matches('/'),
                    (None, Some("*.")) => path.ends_with(&line[1..]),
                    (None, _) => false,
                })
        };
        let mut tree = Self::default();
        let mut folders = vec![String::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(root.join(&folder))? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                let kind = entry.file_type()?;
                if is_ignored(&path) {
                } else if kind.is_dir() {
                    folders.push(path);
                } else {
                    let is_text = kind.is_file() && entry.metadata()?.len() <= TEXT_BYTES_MAX;
                    let text = if is_text { fs::read_to_string(entry.path()).ok() } else { None };
                    tree.files.insert(path, text);
                }
            }
        }
        Ok(tree)
    }

    /// All paths of files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// The text files, sorted by path.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    /// The text files whose name ends so, sorted by path.
    pub fn texts_ending(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        self.texts().filter(move |(path, _)| path.ends_with(ending))
    }

    /// The text of one file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// Whether there is such a file or folder; the root is the empty path.
    pub fn has(&self, path: &str) -> bool {
        path.is_empty() || self.files.contains_key(path) || self.has_below(path)
    }

    fn has_below(&self, folder: &str) -> bool {
        let prefix = format!("{folder}/");
        self.files.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    /// The names directly below `folder` (the root is the empty path), sorted, each once.
    pub fn names_in(&self, folder: &str) -> Vec<(&str, Entry)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut names: Vec<_> = self
            .paths()
            .filter_map(|path| path.strip_prefix(prefix.as_str()))
            .map(|rest| match rest.split_once('/') {
                Some((name, _)) => (name, Entry::Folder),
                None => (rest, Entry::File),
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// A file, or anything else that is not a folder.
    File,
    /// A folder.
    Folder,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_through_their_files() {
        let tree = Tree::sample([("a/b/c.rs", ""), ("a-b", ""), ("d.md", "")]);
        for path in ["", "a", "a/b", "a/b/c.rs", "d.md"] {
            assert!(tree.has(path), "{path}");
        }
        for path in ["a/b/c", "b", "a/", "d"] {
            assert!(!tree.has(path), "{path}");
        }
    }

    #[test]
    fn each_name_below_a_folder_is_told_once() {
        let tree = Tree::sample([("a/x.rs", ""), ("a/y.rs", ""), ("a.md", "")]);
        assert_eq!(tree.names_in(""), [("a", Entry::Folder), ("a.md", Entry::File)]);
        assert_eq!(tree.names_in("a"), [("x.rs", Entry::File), ("y.rs", Entry::File)]);
    }

    #[test]
    fn this_file_is_read_and_ignored_files_are_not() {
        let tree = Tree::of_this_repository().unwrap();
        assert!(tree.text("ops/tidy/src/tree.rs").is_some_and(|text| text.starts_with("//!")));
        assert!(!tree.has(".git") && !tree.has("target"));
    }
}
