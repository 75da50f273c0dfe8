//! Makes of seeds what nobody wrote: the accidents and malice that formats meet.
//!
//! Blind to formats and to coverage, which is libFuzzer's to follow. The same generator makes the
//! same inputs.

use tombolo_simulation::Random;

use crate::Seed;

/// No input is longer: what a length can do, the fields that claim it do.
const INPUT_BYTES_MAX: usize = 4 << 10;

/// How many mutations one input is given at most.
const MUTATIONS_MAX: u64 = 4;

/// Values at which comparisons and widths turn.
const TURNING_BYTES: [u8; 10] = [0x00, 0x01, 0x02, 0x0f, 0x10, 0x3f, 0x7f, 0x80, 0xfe, 0xff];

/// Pieces in which texts and varints go wrong.
const PIECES: [&[u8]; 20] = [
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x00],
    "é".as_bytes(),
    &[0xc3],
    b"\x1b[2J",
    b"\\u0000",
    b"\\ud83d",
    b"\"",
    b"\\",
    b"[",
    b"{\"a\":",
    b"}",
    b"-0",
    b"1e999",
    b"9223372036854775807",
    b"99999999999999999999",
    b"=",
    b"\n",
];

/// A stream of inputs.
#[derive(Debug)]
pub struct Mutator<'a> {
    seeds: &'a [Seed],
    random: Random,
}

impl<'a> Mutator<'a> {
    /// Inputs made of `seeds`, as `random` has it.
    pub fn new(seeds: &'a [Seed], random: Random) -> Self {
        Self { seeds, random }
    }

    /// The next input, and the seed that it is made of.
    pub fn next_input(&mut self) -> (&'a str, Vec<u8>) {
        let Some(seed) = self.seeds.get(self.below(self.seeds.len())) else {
            return ("nothing", Vec::new());
        };
        let mut bytes = seed.bytes.clone();
        for _ in 0..=self.random.below(MUTATIONS_MAX) {
            self.mutate(&mut bytes);
        }
        bytes.truncate(INPUT_BYTES_MAX);
        (&seed.name, bytes)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        match self.random.below(10) {
            0 | 1 => self.flip(bytes),
            2 => self.turn(bytes),
            3 => bytes.truncate(self.below(bytes.len() + 1)),
            4 => self.remove(bytes),
            5 => self.duplicate(bytes),
            6 => self.splice(bytes),
            7 => self.lengthen(bytes),
            8 => self.count(bytes),
            _ => self.insert_piece(bytes),
        }
    }

    /// One bit.
    fn flip(&mut self, bytes: &mut [u8]) {
        let (at, bit) = (self.below(bytes.len()), self.random.below(8));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << bit;
        }
    }

    /// One byte, to where something turns.
    fn turn(&mut self, bytes: &mut [u8]) {
        let (at, to) = (self.below(bytes.len()), self.below(TURNING_BYTES.len()));
        if let (Some(byte), Some(to)) = (bytes.get_mut(at), TURNING_BYTES.get(to)) {
            *byte = *to;
        }
    }

    fn remove(&mut self, bytes: &mut Vec<u8>) {
        let (from, to) = self.range(bytes.len());
        bytes.drain(from..to);
    }

    /// A part again behind itself, sometimes many times.
    fn duplicate(&mut self, bytes: &mut Vec<u8>) {
        let (from, to) = self.range(bytes.len());
        let times = if self.random.one_in(4) { 1 + self.below(80) } else { 1 };
        let part = bytes[from..to].repeat(times);
        insert(bytes, to, &part);
    }

    /// Its beginning with the end of another seed.
    fn splice(&mut self, bytes: &mut Vec<u8>) {
        let Some(other) = self.seeds.get(self.below(self.seeds.len())) else { return };
        let from = self.below(other.bytes.len() + 1);
        bytes.truncate(self.below(bytes.len() + 1));
        bytes.extend_from_slice(&other.bytes[from..]);
    }

    /// A field of four bytes that says how much follows, right, wrong by one, or huge.
    fn lengthen(&mut self, bytes: &mut [u8]) {
        let at = self.below(bytes.len());
        let follows = u32::try_from(bytes.len().saturating_sub(at + 4)).unwrap_or(u32::MAX);
        let lengths = [0, 1, follows.wrapping_sub(1), follows, follows + 1, 1 << 31, u32::MAX];
        let length = lengths.get(self.below(lengths.len())).copied().unwrap_or_default();
        if let Some(field) = bytes.get_mut(at..at + 4) {
            field.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// A byte that counts or measures, by one more or less.
    fn count(&mut self, bytes: &mut [u8]) {
        let (at, up) = (self.below(bytes.len()), self.random.one_in(2));
        if let Some(byte) = bytes.get_mut(at) {
            *byte = if up { byte.wrapping_add(1) } else { byte.wrapping_sub(1) };
        }
    }

    fn insert_piece(&mut self, bytes: &mut Vec<u8>) {
        let (at, piece) = (self.below(bytes.len() + 1), self.below(PIECES.len()));
        insert(bytes, at, PIECES.get(piece).copied().unwrap_or_default());
    }

    fn range(&mut self, length: usize) -> (usize, usize) {
        let (a, b) = (self.below(length + 1), self.below(length + 1));
        (a.min(b), a.max(b))
    }

    fn below(&mut self, bound: usize) -> usize {
        let below = self.random.below(u64::try_from(bound).unwrap_or(u64::MAX));
        usize::try_from(below).unwrap_or_default()
    }
}

/// Puts as much of `part` at `at` as there is room for.
fn insert(bytes: &mut Vec<u8>, at: usize, part: &[u8]) {
    let room = INPUT_BYTES_MAX.saturating_sub(bytes.len());
    bytes.splice(at..at, part.iter().take(room).copied());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_same_generator_makes_the_same_inputs_and_another_makes_others() {
        let seeds = [Seed { name: "a".to_owned(), bytes: b"some bytes of a seed".to_vec() }];
        let inputs = |seed: u64| {
            let mut mutator = Mutator::new(&seeds, Random::new(seed));
            (0..500).map(|_| mutator.next_input().1).collect::<Vec<_>>()
        };
        let once = inputs(1);
        assert_eq!(inputs(1), once);
        assert_ne!(inputs(2), once);
        assert!(once.iter().collect::<BTreeSet<_>>().len() > 400);
        assert!(once.iter().all(|input| input.len() <= INPUT_BYTES_MAX));
    }

    #[test]
    fn nothing_is_made_of_nothing_and_that_is_no_failure() {
        assert_eq!(Mutator::new(&[], Random::new(1)).next_input(), ("nothing", vec![]));
        let empty = [Seed { name: "empty".to_owned(), bytes: vec![] }];
        let mut mutator = Mutator::new(&empty, Random::new(1));
        assert!((0..500).any(|_| !mutator.next_input().1.is_empty()));
    }
}
