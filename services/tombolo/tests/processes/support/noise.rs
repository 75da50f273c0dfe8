//! Text that does not compress.

use tombolo_simulation::Random;

/// So many characters, of which each carries four random bits: no compression halves them further.
pub(crate) fn noise(random: &mut Random, characters: usize) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = random.bytes(characters.div_ceil(2));
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.take(characters).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
