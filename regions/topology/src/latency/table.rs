//! Reads the table of measurements while the crate is compiled.
//!
//! The form: lines that begin with `#`, one line of column names, then for each ordered pair of
//! places one line of `from to min avg max mdev`, separated by tabs, in milliseconds with at most
//! three decimals. Every pair must be there exactly once. Whatever else is a panic in a constant,
//! and so an error of the compiler: none of this runs in a region.

#![expect(clippy::panic, reason = "evaluated by the compiler, where a panic is an error message")]

use std::time::Duration;

use super::Rtt;
use crate::places::{COUNT, PLACES};

const COLUMNS: &str = "from\tto\tmin\tavg\tmax\tmdev";

/// The table in `text`, by the index of the two places.
pub(super) const fn parse(text: &str) -> [[Rtt; COUNT]; COUNT] {
    let mut lines = Bytes(text.as_bytes());
    let mut line = lines.up_to(b'\n');
    while !line.is_empty() && line[0] == b'#' {
        line = lines.up_to(b'\n');
    }
    assert!(equal(line, COLUMNS.as_bytes()), "the column names are not the expected ones");

    let mut found = [[None; COUNT]; COUNT];
    while !lines.0.is_empty() {
        let mut fields = Bytes(lines.up_to(b'\n'));
        let from = index_of(fields.up_to(b'\t'));
        let to = index_of(fields.up_to(b'\t'));
        assert!(found[from][to].is_none(), "a pair of places is there twice");
        found[from][to] = Some(Rtt {
            min: milliseconds(fields.up_to(b'\t')),
            avg: milliseconds(fields.up_to(b'\t')),
            max: milliseconds(fields.up_to(b'\t')),
            mdev: milliseconds(fields.up_to(b'\t')),
        });
        assert!(fields.0.is_empty(), "a line has more than six columns");
    }
    complete(&found)
}

const fn complete(found: &[[Option<Rtt>; COUNT]; COUNT]) -> [[Rtt; COUNT]; COUNT] {
    let nothing = Duration::ZERO;
    let mut rtts =
        [[Rtt { min: nothing, avg: nothing, max: nothing, mdev: nothing }; COUNT]; COUNT];
    let mut from = 0;
    while from < COUNT {
        let mut to = 0;
        while to < COUNT {
            match found[from][to] {
                Some(rtt) => rtts[from][to] = rtt,
                None => panic!("a pair of places is missing"),
            }
            to += 1;
        }
        from += 1;
    }
    rtts
}

/// What is left to read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    /// What comes before the next `end`, or all that is left; `end` itself is skipped.
    const fn up_to(&mut self, end: u8) -> &'a [u8] {
        let mut length = 0;
        while length < self.0.len() && self.0[length] != end {
            length += 1;
        }
        let (field, rest) = self.0.split_at(length);
        self.0 = match rest {
            [_, rest @ ..] => rest,
            [] => rest,
        };
        field
    }
}

const fn index_of(aws: &[u8]) -> usize {
    let mut index = 0;
    while index < COUNT {
        if equal(PLACES[index].aws.as_bytes(), aws) {
            return index;
        }
        index += 1;
    }
    panic!("a line names a place that is not known")
}

const fn milliseconds(digits: &[u8]) -> Duration {
    assert!(!digits.is_empty(), "a figure is missing");
    let mut micros: u64 = 0;
    let mut decimals = None;
    let mut at = 0;
    while at < digits.len() {
        match (digits[at], decimals) {
            (b'.', None) => decimals = Some(0),
            (digit @ b'0'..=b'9', Some(count)) => {
                assert!(count < 3, "a figure has more than three decimals");
                micros = micros * 10 + (digit - b'0') as u64;
                decimals = Some(count + 1);
            }
            (digit @ b'0'..=b'9', None) => micros = micros * 10 + (digit - b'0') as u64,
            _ => panic!("a figure is not a number"),
        }
        at += 1;
    }
    let mut scaled = match decimals {
        Some(count) => count,
        None => 0,
    };
    while scaled < 3 {
        micros *= 10;
        scaled += 1;
    }
    Duration::from_micros(micros)
}

const fn equal(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::places::Place;

    fn whole() -> String {
        let mut lines = vec!["# a source".to_owned(), COLUMNS.to_owned()];
        for from in &PLACES {
            let line = |to: &Place| format!("{}\t{}\t1\t2.5\t10.25\t0.125", from.aws, to.aws);
            lines.extend(PLACES.iter().map(line));
        }
        lines.join("\n") + "\n"
    }

    #[test]
    fn a_whole_table_is_read_to_the_microsecond() {
        let expected = Rtt {
            min: Duration::from_millis(1),
            avg: Duration::from_micros(2_500),
            max: Duration::from_micros(10_250),
            mdev: Duration::from_micros(125),
        };
        assert_eq!(parse(&whole()), [[expected; COUNT]; COUNT]);
    }

    #[test]
    #[should_panic(expected = "a pair of places is missing")]
    fn a_table_without_its_last_line_is_refused() {
        let text = whole();
        let cut = text.trim_end().rfind('\n').unwrap();
        parse(&text[..=cut]);
    }

    #[test]
    #[should_panic(expected = "a pair of places is there twice")]
    fn a_pair_that_is_there_twice_is_refused() {
        let text = whole();
        let last = text.lines().last().unwrap();
        parse(&format!("{text}{last}\n"));
    }

    #[test]
    #[should_panic(expected = "a line names a place that is not known")]
    fn an_unknown_place_is_refused() {
        parse(&format!("{COLUMNS}\nmars-north-1\tus-east-1\t1\t1\t1\t1\n"));
    }

    #[test]
    #[should_panic(expected = "a figure has more than three decimals")]
    fn figures_finer_than_microseconds_are_refused() {
        parse(&format!("{COLUMNS}\nus-east-1\tus-east-1\t1.2345\t1\t1\t1\n"));
    }
}
