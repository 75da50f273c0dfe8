//! The content of one file, live and durable.

use std::io;

use crate::Random;

/// A change not yet synced.
#[derive(Clone, Debug)]
enum Unsynced {
    Bytes { bytes: Vec<u8>, offset: usize },
    Len(usize),
}

/// Two images and what lies between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Unsynced>,
}

/// In which pieces a write reaches the disk.
const GRANULES_BYTES: [usize; 3] = [1, 512, 4096];

impl Content {
    pub(super) fn len_bytes(&self) -> u64 {
        self.live.len() as u64
    }

    pub(super) fn read(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let offset = index(offset)?;
        let end = offset.checked_add(bytes.len());
        match end.and_then(|end| self.live.get(offset..end)) {
            Some(live) => bytes.copy_from_slice(live),
            None => return Err(io::ErrorKind::UnexpectedEof.into()),
        }
        Ok(())
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = index(offset)?;
        put(&mut self.live, bytes, offset);
        self.unsynced.push(Unsynced::Bytes { bytes: bytes.to_vec(), offset });
        Ok(())
    }

    pub(super) fn set_len(&mut self, len_bytes: u64) -> io::Result<()> {
        let len = index(len_bytes)?;
        self.live.resize(len, 0);
        self.unsynced.push(Unsynced::Len(len));
        Ok(())
    }

    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            match change {
                Unsynced::Bytes { bytes, offset } => put(&mut self.durable, &bytes, offset),
                Unsynced::Len(len) => self.durable.resize(len, 0),
            }
        }
    }

    /// Some of what was not synced reaches the durable image after all, and the rest never will.
    /// The live image stays: this is what a failed sync leaves behind.
    pub(super) fn tear(&mut self, random: &mut Random) {
        match random.below(4) {
            0 => self.unsynced.clear(),
            1 => self.sync(),
            _ => {
                let granule = GRANULES_BYTES[usize::try_from(random.below(3)).unwrap_or(0)];
                for change in std::mem::take(&mut self.unsynced) {
                    self.tear_change(change, granule, random);
                }
            }
        }
    }

    /// The power cut itself: torn, and the live image is what is left.
    pub(super) fn power_cut(&mut self, random: &mut Random) {
        self.tear(random);
        self.live.clone_from(&self.durable);
    }

    fn tear_change(&mut self, change: Unsynced, granule: usize, random: &mut Random) {
        match change {
            Unsynced::Len(len) => {
                if random.one_in(2) {
                    self.durable.resize(len, 0);
                }
            }
            Unsynced::Bytes { bytes, offset } => {
                let end = offset + bytes.len();
                if end > self.durable.len() && random.one_in(2) {
                    self.durable.resize(end, 0);
                }
                let mut at = offset;
                while at < end.min(self.durable.len()) {
                    let next = (at + 1).next_multiple_of(granule).min(end).min(self.durable.len());
                    if random.one_in(2) {
                        self.durable[at..next].copy_from_slice(&bytes[at - offset..next - offset]);
                    }
                    at = next;
                }
            }
        }
    }
}

fn put(image: &mut Vec<u8>, bytes: &[u8], offset: usize) {
    let end = offset + bytes.len();
    if end > image.len() {
        image.resize(end, 0);
    }
    image[offset..end].copy_from_slice(bytes);
}

fn index(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn after_power_cut(content: &Content, seed: u64) -> Vec<u8> {
        let mut content = content.clone();
        content.power_cut(&mut Random::new(seed));
        content.live
    }

    #[test]
    fn what_was_synced_survives_every_power_cut() {
        let mut content = Content::default();
        content.write(b"abcd", 2).unwrap();
        content.set_len(4).unwrap();
        content.sync();
        for seed in 0..50 {
            assert_eq!(after_power_cut(&content, seed), b"\0\0ab", "seed {seed}");
        }
    }

    #[test]
    fn an_unsynced_overwrite_of_two_bytes_leaves_each_of_the_four_outcomes() {
        let mut content = Content::default();
        content.write(b"ab", 0).unwrap();
        content.sync();
        content.write(b"XY", 0).unwrap();
        let outcomes: BTreeSet<_> = (0..200).map(|seed| after_power_cut(&content, seed)).collect();
        let expected = [b"XY", b"Xb", b"aY", b"ab"].map(|bytes| bytes.to_vec());
        assert_eq!(outcomes, BTreeSet::from(expected));
    }

    #[test]
    fn an_unsynced_extension_may_be_lost_or_kept_without_its_bytes() {
        let mut content = Content::default();
        content.write(b"a", 0).unwrap();
        content.sync();
        content.write(b"b", 1).unwrap();
        let outcomes: BTreeSet<_> = (0..200).map(|seed| after_power_cut(&content, seed)).collect();
        let expected = [&b"a"[..], b"ab", b"a\0"].map(<[u8]>::to_vec);
        assert_eq!(outcomes, BTreeSet::from(expected));
    }

    #[test]
    fn after_a_failed_sync_a_later_one_saves_nothing() {
        let mut lost = 0;
        for seed in 0..50 {
            let mut content = Content::default();
            content.write(b"abc", 0).unwrap();
            content.tear(&mut Random::new(seed));
            assert_eq!(content.live, b"abc");
            content.sync();
            lost += u32::from(after_power_cut(&content, seed) != b"abc");
        }
        assert!(lost > 0);
    }
}
