//! The digest of what a region holds: equal vectors mean equal digests.

use core::fmt;

use tombolo_datatypes::{ItemState, TypeState};

/// 128 bits over the canonical live state of some items, in key order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 16]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes in items in the order of their keys.
///
/// Covers values and live dots, never tombstones, bases or contexts, which regions may forget at
/// different times. An item that shows and keeps nothing leaves no trace.
#[derive(Debug, Default)]
pub struct Digester {
    hasher: blake3::Hasher,
    items: u64,
}

impl Digester {
    /// Takes in the next item; `key` is its whole key, table included.
    pub fn add(&mut self, key: &[u8], state: &ItemState) {
        let mut taken = false;
        let mut begin = |hasher: &mut blake3::Hasher| {
            if !taken {
                taken = true;
                part(hasher, key);
            }
        };
        match state.value() {
            TypeState::Register(register) => {
                for write in register.live.iter() {
                    let Some(value) = &write.value else { continue };
                    begin(&mut self.hasher);
                    part(&mut self.hasher, write.dot.to_string().as_bytes());
                    part(&mut self.hasher, &write.stamp.to_bits().to_be_bytes());
                    part(&mut self.hasher, value.as_str().as_bytes());
                }
            }
            TypeState::Counter(counter) if !counter.live.is_empty() => {
                begin(&mut self.hasher);
                for entry in counter.live.iter() {
                    part(&mut self.hasher, entry.dot.to_string().as_bytes());
                    part(&mut self.hasher, &entry.stamp.to_bits().to_be_bytes());
                }
                part(&mut self.hasher, &counter.sum().to_be_bytes());
            }
            TypeState::Counter(_) => {}
        }
        self.items += u64::from(taken);
    }

    /// How many items left a trace.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// The digest of all that was taken in.
    pub fn finish(&self) -> Digest {
        let mut out = [0; 16];
        out.copy_from_slice(&self.hasher.finalize().as_bytes()[..16]);
        Digest(out)
    }
}

/// Length first, so that no two sequences of parts have the same bytes.
fn part(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
