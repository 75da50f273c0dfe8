//! Rules that are the same on the way out and on the way in.
//!
//! One function serves both sides: were a writer laxer than a reader, it would make durable what
//! nobody can read.

use smallvec::SmallVec;

/// What breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    Malformed { what: &'static str },
    TooLarge { what: &'static str, actual: usize, max: usize },
}

pub(crate) fn at_most(what: &'static str, actual: usize, max: usize) -> Result<(), Flaw> {
    if actual <= max { Ok(()) } else { Err(Flaw::TooLarge { what, actual, max }) }
}

pub(crate) fn holds(what: &'static str, rule: bool) -> Result<(), Flaw> {
    if rule { Ok(()) } else { Err(Flaw::Malformed { what }) }
}

/// Each larger than the one before: sorted, and nothing twice.
pub(crate) fn ascending<T: Ord>(
    what: &'static str,
    items: impl IntoIterator<Item = T>,
) -> Result<(), Flaw> {
    holds(what, items.into_iter().is_sorted_by(|before, after| before < after))
}

/// Nothing twice, in any order.
pub(crate) fn distinct<T: Ord>(
    what: &'static str,
    items: impl IntoIterator<Item = T>,
) -> Result<(), Flaw> {
    let mut items: SmallVec<[T; 2]> = items.into_iter().collect();
    items.sort_unstable();
    ascending(what, items)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BROKEN: Result<(), Flaw> = Err(Flaw::Malformed { what: "it" });

    #[test]
    fn ascending_refuses_disorder_and_repetition() {
        assert_eq!(ascending("it", [1, 2, 5]), Ok(()));
        assert_eq!(ascending::<u8>("it", []), Ok(()));
        assert_eq!(ascending("it", [2, 1]), BROKEN);
        assert_eq!(ascending("it", [1, 1]), BROKEN);
    }

    #[test]
    fn distinct_refuses_repetition_alone() {
        assert_eq!(distinct("it", [2, 1, 3]), Ok(()));
        assert_eq!(distinct("it", [2, 1, 2]), BROKEN);
    }

    #[test]
    fn the_bound_itself_is_allowed() {
        assert_eq!(at_most("it", 3, 3), Ok(()));
        assert_eq!(at_most("it", 4, 3), Err(Flaw::TooLarge { what: "it", actual: 4, max: 3 }));
    }
}
