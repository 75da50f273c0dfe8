//! Guesses which setting was meant by a name that does not exist.
//!
//! A right name in the wrong section is the first guess, then the known name that takes the fewest
//! single-letter edits. A name that resembles none gets no guess: a wrong one misleads.

/// Longer names are not compared: no setting has one, and the cost grows with the length.
const CHARS_MAX: usize = 96;

/// The one of `known` that `name` most likely meant. Names are dotted: `section.setting`.
pub(super) fn nearest(
    name: &str,
    known: impl Iterator<Item = &'static str> + Clone,
) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if name.chars().count() > CHARS_MAX {
        return None;
    }
    let setting = last_part(&name);
    let elsewhere = known.clone().find(|known| last_part(known) == setting);
    let edits_max = 1 + name.len() / 5;
    elsewhere.or_else(|| {
        known
            .map(|known| (edits(&name, known), known))
            .filter(|(edits, _)| *edits <= edits_max)
            .min()
            .map(|(_, known)| known)
    })
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The Levenshtein distance, by the usual table of which only one row is kept.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, a) in from.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (column, b) in to.iter().enumerate() {
            let replace = diagonal + usize::from(a != *b);
            diagonal = row[column + 1];
            row[column + 1] = replace.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] =
        ["http.workers", "http.value_bytes_max", "replication.heartbeat_ms", "log.level"];

    fn guess(name: &str) -> Option<&'static str> {
        nearest(name, KNOWN.into_iter())
    }

    #[test]
    fn edits_are_insertions_removals_and_replacements() {
        assert_eq!(edits("", "abc"), 3);
        assert_eq!(edits("abc", ""), 3);
        assert_eq!(edits("kitten", "sitting"), 3);
        assert_eq!(edits("same", "same"), 0);
    }

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        assert_eq!(guess("http.worker"), Some("http.workers"));
        assert_eq!(guess("replication.hartbeat_ms"), Some("replication.heartbeat_ms"));
        assert_eq!(guess("HTTP.value_byte_max"), Some("http.value_bytes_max"));
        assert_eq!(guess("http.log"), None);
    }

    #[test]
    fn the_right_name_in_the_wrong_section_finds_its_section() {
        assert_eq!(guess("journal.heartbeat_ms"), Some("replication.heartbeat_ms"));
        assert_eq!(guess("workers"), Some("http.workers"));
    }

    #[test]
    fn a_name_like_no_other_or_too_long_gets_no_guess() {
        assert_eq!(guess("colour"), None);
        assert_eq!(guess(&"x".repeat(1 << 20)), None);
    }
}
