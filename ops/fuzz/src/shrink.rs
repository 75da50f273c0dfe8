//! Makes a failing input shorter while it fails the same way: what is left is what matters.

/// How often it tries; most inputs are short.
const TRIES_MAX: usize = 2_000;

/// The shortest that was found of what `fails`, by leaving out ever smaller parts of `input`.
pub(crate) fn shrink(input: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut shortest = input;
    let mut part = shortest.len().div_ceil(2);
    let mut tries = 0;
    while part > 0 {
        let mut at = 0;
        while at < shortest.len() && tries < TRIES_MAX {
            let end = (at + part).min(shortest.len());
            let shorter = [&shortest[..at], &shortest[end..]].concat();
            tries += 1;
            if fails(&shorter) {
                shortest = shorter;
            } else {
                at = end;
            }
        }
        part /= 2;
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_left() {
        let fails = |bytes: &[u8]| bytes.contains(&7) && bytes.ends_with(b"!");
        let input = [&[1; 100][..], &[7, 2, 3], b"and more!"].concat();
        assert_eq!(shrink(input, fails), b"\x07!");
        assert_eq!(shrink(Vec::new(), |_| true), b"");
    }
}
