//! The targets by name, with where their seeds are and what memory an input may cost.

use crate::{bodies, frames, journal, settings, tokens};

/// One family of readers.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its folder in the corpus and of its libFuzzer target.
    pub name: &'static str,
    /// Tries one input. Panics where a property is violated.
    pub run: fn(&[u8]),
    /// Golden vectors that are seeds of it, by the beginnings of their names.
    pub golden: &'static [&'static str],
    /// Other files of the repository that are seeds of it.
    pub files: &'static [&'static str],
    /// The most memory that trying an empty input may take at one time, in bytes.
    pub memory_base_bytes_max: u64,
    /// How much more for each byte of an input.
    pub memory_bytes_per_byte_max: u64,
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 5] = [
        Self {
            name: "frames",
            run: frames,
            golden: &["frame-", "change-"],
            files: &[],
            // What a batch may claim to unpack to, and the window that packing it takes.
            memory_base_bytes_max: 3 << 20,
            memory_bytes_per_byte_max: 512,
        },
        Self {
            name: "journal",
            run: journal,
            golden: &["journal-frame", "position", "request-record", "row-", "catalog"],
            files: &[],
            // A journal writes zeros ahead, 256 KiB at a time, into two images of a disk.
            memory_base_bytes_max: 2 << 20,
            memory_bytes_per_byte_max: 512,
        },
        Self {
            name: "tokens",
            run: tokens,
            golden: &["session", "cursor", "version"],
            files: &[],
            memory_base_bytes_max: 64 << 10,
            memory_bytes_per_byte_max: 512,
        },
        Self {
            name: "settings",
            run: settings,
            golden: &[],
            files: &["regions/topology/tombolo.example.toml"],
            // The layers are merged level by level of a dotted key, of which there are 80 at most.
            memory_base_bytes_max: 4 << 20,
            memory_bytes_per_byte_max: 1 << 10,
        },
        Self {
            name: "bodies",
            run: bodies,
            golden: &[],
            files: &[],
            memory_base_bytes_max: 64 << 10,
            memory_bytes_per_byte_max: 1 << 10,
        },
    ];

    /// The most memory that trying an input of this length may take at one time.
    pub fn memory_bytes_max(&self, input_bytes: usize) -> u64 {
        let input_bytes = u64::try_from(input_bytes).unwrap_or(u64::MAX);
        self.memory_base_bytes_max
            .saturating_add(self.memory_bytes_per_byte_max.saturating_mul(input_bytes))
    }
}

/// The target of that name.
pub fn target(name: &str) -> Option<Target> {
    Target::ALL.into_iter().find(|target| target.name == name)
}
