//! The names in one folder, live and durable.

use std::{collections::BTreeMap, io};

use crate::Random;

/// Which file bears which name.
type Names = BTreeMap<String, u64>;

#[derive(Clone, Debug)]
enum Unsynced {
    Link { name: String, inode: u64 },
    Unlink { name: String },
    Rename { from: String, to: String },
}

/// Two images and what lies between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    live: Names,
    durable: Names,
    unsynced: Vec<Unsynced>,
}

impl Directory {
    pub(super) fn find(&self, name: &str) -> io::Result<u64> {
        self.live.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.live.keys().cloned().collect()
    }

    /// The files with a name.
    pub(super) fn inodes(&self) -> impl Iterator<Item = u64> {
        self.live.values().copied()
    }

    pub(super) fn link(&mut self, name: &str, inode: u64) -> io::Result<()> {
        if self.live.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.change(Unsynced::Link { name: name.to_owned(), inode });
        Ok(())
    }

    pub(super) fn unlink(&mut self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.change(Unsynced::Unlink { name: name.to_owned() });
        Ok(())
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.find(from)?;
        self.change(Unsynced::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    pub(super) fn sync(&mut self) {
        self.durable.clone_from(&self.live);
        self.unsynced.clear();
    }

    /// Half the time names were written in order and the cut came somewhere between (a journaling
    /// file system); else each change happened or not by itself.
    pub(super) fn power_cut(&mut self, random: &mut Random) {
        let count = self.unsynced.len() as u64;
        let in_order = random.one_in(2);
        let reached = random.below(count + 1);
        for (index, change) in (0..).zip(std::mem::take(&mut self.unsynced)) {
            if if in_order { index < reached } else { random.one_in(2) } {
                apply(&mut self.durable, change);
            }
        }
        self.live.clone_from(&self.durable);
    }

    fn change(&mut self, change: Unsynced) {
        apply(&mut self.live, change.clone());
        self.unsynced.push(change);
    }
}

/// A rename whose source is not there, since an earlier change was lost, does nothing.
fn apply(names: &mut Names, change: Unsynced) {
    match change {
        Unsynced::Link { name, inode } => {
            names.insert(name, inode);
        }
        Unsynced::Unlink { name } => {
            names.remove(&name);
        }
        Unsynced::Rename { from, to } => {
            if let Some(inode) = names.remove(&from) {
                names.insert(to, inode);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn outcomes(directory: &Directory) -> BTreeSet<Vec<String>> {
        (0..200)
            .map(|seed| {
                let mut directory = directory.clone();
                directory.power_cut(&mut Random::new(seed));
                directory.names()
            })
            .collect()
    }

    fn sets<const N: usize>(sets: [&[&str]; N]) -> BTreeSet<Vec<String>> {
        sets.iter().map(|set| set.iter().map(ToString::to_string).collect()).collect()
    }

    #[test]
    fn unsynced_names_may_be_there_or_not_each_by_itself() {
        let mut directory = Directory::default();
        directory.link("a", 1).unwrap();
        directory.link("b", 2).unwrap();
        assert_eq!(outcomes(&directory), sets([&[], &["a"], &["b"], &["a", "b"]]));
    }

    #[test]
    fn a_rename_leaves_the_old_name_or_the_new_but_never_both() {
        let mut directory = Directory::default();
        directory.link("a", 1).unwrap();
        directory.sync();
        directory.rename("a", "b").unwrap();
        assert_eq!(outcomes(&directory), sets([&["a"], &["b"]]));
    }

    #[test]
    fn synced_names_stay_and_synced_removals_stay_away() {
        let mut directory = Directory::default();
        directory.link("a", 1).unwrap();
        directory.link("b", 2).unwrap();
        directory.unlink("a").unwrap();
        directory.sync();
        assert_eq!(outcomes(&directory), sets([&["b"]]));
    }
}
