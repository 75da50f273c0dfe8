//! Everything the disk knows, behind one lock.

use std::{collections::BTreeMap, io};

use super::{
    calls::{Call, CallCounts},
    content::Content,
    directory::Directory,
    faults::{Faults, Lie},
};
use crate::Random;

#[derive(Debug)]
pub(super) struct State {
    random: Random,
    contents: BTreeMap<u64, Content>,
    /// By name; the directory itself is `""`.
    folders: BTreeMap<String, Directory>,
    next_inode: u64,
    pub(super) calls: CallCounts,
    pub(super) faults: Faults,
    pub(super) crashed: bool,
    /// Which run of the process this is.
    pub(super) generation: u64,
}

/// A change to a file's content.
#[derive(Debug)]
pub(super) enum Changed<'a> {
    Bytes { bytes: &'a [u8], offset: u64 },
    Len { len_bytes: u64 },
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            contents: BTreeMap::new(),
            folders: BTreeMap::from([(String::new(), Directory::default())]),
            next_inode: 1,
            calls: CallCounts::default(),
            faults: Faults::default(),
            crashed: false,
            generation: 0,
        }
    }

    /// Makes a call, unless the crash is past; at the crash, makes it and denies it.
    pub(super) fn call<T>(
        &mut self,
        call: Call,
        work: impl FnOnce(&mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
        self.calls.count(call);
        if !self.crashed && !self.faults.crashes_now() {
            return work(self);
        }
        if !self.crashed {
            self.crashed = true;
            if !matches!(call, Call::SyncData | Call::SyncDir | Call::CreateFolder) {
                drop(work(self));
            }
        }
        Err(io::Error::other("the simulated machine has crashed"))
    }

    pub(super) fn power_cut(&mut self) {
        for directory in self.folders.values_mut() {
            directory.power_cut(&mut self.random);
        }
        let mut contents = std::mem::take(&mut self.contents);
        for inode in self.folders.values().flat_map(Directory::inodes) {
            if let Some(mut content) = contents.remove(&inode) {
                content.power_cut(&mut self.random);
                self.contents.insert(inode, content);
            }
        }
        self.restart();
    }

    pub(super) fn restart(&mut self) {
        self.generation += 1;
        self.crashed = false;
        self.faults.heal();
    }

    /// Everything as programs see it, durable.
    pub(super) fn image(&self) -> Self {
        let mut image = Self::new(0);
        image.next_inode = self.next_inode;
        image.folders.clone_from(&self.folders);
        image.folders.values_mut().for_each(Directory::sync);
        image.contents.clone_from(&self.contents);
        image.contents.values_mut().for_each(Content::sync);
        image
    }

    pub(super) fn restore(&mut self, image: Self) {
        self.contents = image.contents;
        self.folders = image.folders;
        self.next_inode = self.next_inode.max(image.next_inode);
        self.restart();
    }

    pub(super) fn used_bytes(&self) -> u64 {
        let inodes = self.folders.values().flat_map(Directory::inodes);
        inodes.filter_map(|inode| self.contents.get(&inode)).map(Content::len_bytes).sum()
    }

    pub(super) fn create_folder(&mut self, folder: &str) {
        self.folders.entry(folder.to_owned()).or_default();
    }

    pub(super) fn folder(&self, folder: &str) -> io::Result<&Directory> {
        self.folders.get(folder).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<u64> {
        let inode = self.next_inode;
        let (folder, name) = split(name);
        self.folder_mut(folder)?.link(name, inode)?;
        self.contents.insert(inode, Content::default());
        self.next_inode += 1;
        Ok(inode)
    }

    pub(super) fn find(&self, name: &str) -> io::Result<u64> {
        let (folder, name) = split(name);
        self.folder(folder)?.find(name)
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        let (folder, name) = split(name);
        self.folder_mut(folder)?.unlink(name)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let ((folder, from), (same_folder, to)) = (split(from), split(to));
        if folder != same_folder {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.folder_mut(folder)?.rename(from, to)
    }

    pub(super) fn sync_dir(&mut self, folder: &str) -> io::Result<()> {
        let lies = self.faults.lie == Some(Lie::SyncDir);
        let directory = self.folder_mut(folder)?;
        if !lies {
            directory.sync();
        }
        Ok(())
    }

    pub(super) fn content(&self, inode: u64) -> io::Result<&Content> {
        self.contents.get(&inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// A change that does not fit is made as far as it does, and fails.
    pub(super) fn change(&mut self, inode: u64, change: &Changed<'_>) -> io::Result<()> {
        let room = self.faults.space_bytes_max.map(|max| max.saturating_sub(self.used_bytes()));
        let content = self
            .contents
            .get_mut(&inode)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let len_max = room.map_or(u64::MAX, |room| content.len_bytes().saturating_add(room));
        match *change {
            Changed::Len { len_bytes } if len_bytes > len_max => {}
            Changed::Len { len_bytes } => return content.set_len(len_bytes),
            Changed::Bytes { bytes, offset } => {
                let fits = usize::try_from(len_max.saturating_sub(offset)).unwrap_or(usize::MAX);
                let part = &bytes[..bytes.len().min(fits)];
                if !part.is_empty() || bytes.is_empty() {
                    content.write(part, offset)?;
                }
                if part.len() == bytes.len() {
                    return Ok(());
                }
            }
        }
        Err(io::ErrorKind::StorageFull.into())
    }

    pub(super) fn sync_data(&mut self, inode: u64) -> io::Result<()> {
        let fails = self.faults.sync_fails_now();
        let content = self
            .contents
            .get_mut(&inode)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        if fails {
            content.tear(&mut self.random);
            return Err(io::Error::other("the simulated disk failed to sync"));
        }
        if self.faults.lie != Some(Lie::SyncData) {
            content.sync();
        }
        Ok(())
    }

    fn folder_mut(&mut self, folder: &str) -> io::Result<&mut Directory> {
        self.folders.get_mut(folder).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Folder and name within it.
fn split(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or(("", name))
}
