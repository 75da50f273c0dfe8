//! The digest of what a region holds: equal vectors mean equal digests.

use core::fmt;

use tombolo_datatypes::{ItemState, Live, Presence, TypeState, Written};

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
/// Covers data types, values and live dots, never what only remembers (removals, tombstones, bases,
/// contexts), which regions may forget at different times. An item that shows and keeps nothing
/// leaves no trace.
#[derive(Debug, Default)]
pub struct Digester {
    hasher: blake3::Hasher,
    items: u64,
}

impl Digester {
    /// Takes in the next item; `key` is its whole key, table included.
    pub fn add(&mut self, key: &[u8], state: &ItemState) {
        if !leaves_a_trace(state) {
            return;
        }
        self.items += 1;
        self.part(key);
        self.part(state.data_type().name().as_bytes());
        match state.value() {
            TypeState::Register(register) => {
                for write in register.writes() {
                    let Some(value) = &write.value.value else { continue };
                    self.written(write.written());
                    self.part(value.as_str().as_bytes());
                }
            }
            TypeState::Counter(counter) => {
                counter.live.iter().for_each(|entry| self.written(entry.written()));
                self.part(&counter.sum().to_be_bytes());
            }
            TypeState::Set(set) => {
                set.live.iter().for_each(|entry| self.written(entry.written()));
                for (element, live) in &set.elements {
                    let mut added = live.iter().filter(|e| e.value == Presence::Added).peekable();
                    if added.peek().is_some() {
                        self.part(element.text().as_str().as_bytes());
                        added.for_each(|entry| self.written(entry.written()));
                    }
                }
            }
            TypeState::Flag(flag) => {
                for entry in flag.live.iter() {
                    self.written(entry.written());
                    self.part(&[u8::from(entry.value)]);
                }
            }
        }
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

    fn written(&mut self, Written { stamp, dot }: Written) {
        self.part(dot.to_string().as_bytes());
        self.part(&stamp.to_bits().to_be_bytes());
    }

    fn part(&mut self, bytes: &[u8]) {
        part(&mut self.hasher, bytes);
    }
}

fn leaves_a_trace(state: &ItemState) -> bool {
    match state.value() {
        TypeState::Register(register) => register.writes().any(|w| w.value.value.is_some()),
        TypeState::Counter(counter) => !counter.live.is_empty(),
        TypeState::Set(set) => {
            let mut live = set.elements.values().flat_map(Live::iter);
            !set.live.is_empty() || live.any(|entry| entry.value == Presence::Added)
        }
        TypeState::Flag(flag) => !flag.live.is_empty(),
    }
}

/// Length first, so that no two sequences of parts have the same bytes.
fn part(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    hasher.update(&(bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
