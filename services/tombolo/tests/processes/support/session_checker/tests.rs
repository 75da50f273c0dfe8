//! That it finds what is planted, one violation of each guarantee, and nothing else.

use std::time::Duration;

use super::*;

/// A history written by hand: each operation ends before the next begins.
#[derive(Debug, Default)]
struct Script(Vec<Operation>);

impl Script {
    fn add<const N: usize>(
        mut self,
        kind: Kind,
        (session, region): (usize, &str),
        (key, value): (&str, Option<&str>),
        version: [(&str, u64); N],
    ) -> Self {
        let began = 2 * u64::try_from(self.0.len()).unwrap();
        self.0.push(Operation {
            session,
            region: region.to_owned(),
            served_by: region.to_owned(),
            key: key.to_owned(),
            kind,
            value: value.map(str::to_owned),
            outcome: Outcome::Done(Version::from(version)),
            began,
            ended: began + 1,
            took: Duration::ZERO,
        });
        self
    }

    fn write<const N: usize>(
        self,
        who: (usize, &str),
        what: (&str, &str),
        version: [(&str, u64); N],
    ) -> Self {
        self.add(Kind::Write, who, (what.0, Some(what.1)), version)
    }

    fn read<const N: usize>(
        self,
        who: (usize, &str),
        what: (&str, &str),
        version: [(&str, u64); N],
    ) -> Self {
        self.add(Kind::Read, who, (what.0, Some(what.1)), version)
    }

    fn absent(self, who: (usize, &str), key: &str) -> Self {
        self.add(Kind::Read, who, (key, None), [])
    }

    /// The last operation lasts as long as the whole history.
    fn that_began_first(mut self) -> Self {
        let mut last = self.0.pop().unwrap();
        for operation in &mut self.0 {
            operation.began += 1;
            operation.ended += 1;
        }
        (last.began, last.ended) = (0, last.ended + 1);
        self.0.push(last);
        self
    }

    fn found(&self) -> Vec<Guarantee> {
        violations(&self.0).iter().map(|violation| violation.guarantee).collect()
    }
}

#[test]
fn a_history_that_keeps_every_guarantee_is_left_alone() {
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .read((1, "b"), ("x", "x1"), [("a", 1)])
        .absent((2, "c"), "x")
        .write((1, "b"), ("y", "y1"), [("b", 1)])
        .read((2, "c"), ("y", "y1"), [("b", 1)])
        .read((2, "c"), ("x", "x1"), [("a", 1)])
        // Written at the same time by another: either may stand.
        .write((3, "c"), ("x", "x2"), [("c", 1)])
        .read((1, "a"), ("x", "x2"), [("a", 1), ("c", 1)])
        .read((2, "b"), ("x", "x2"), [("a", 1), ("c", 1)]);
    assert_eq!(script.found(), []);
}

#[test]
fn a_read_without_an_own_write_is_found() {
    let script = Script::default().write((1, "a"), ("x", "x1"), [("a", 1)]).absent((1, "b"), "x");
    assert_eq!(script.found(), [Guarantee::ReadYourWrites]);
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .write((2, "b"), ("x", "x2"), [("b", 1)])
        // There is something to be seen, but not that.
        .read((1, "b"), ("x", "x2"), [("b", 1)]);
    assert_eq!(script.found(), [Guarantee::ReadYourWrites]);
}

#[test]
fn a_read_that_goes_back_is_found() {
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .write((1, "a"), ("x", "x2"), [("a", 2)])
        .read((2, "a"), ("x", "x2"), [("a", 2)])
        .read((2, "b"), ("x", "x1"), [("a", 1)]);
    assert_eq!(script.found(), [Guarantee::MonotonicReads]);
}

#[test]
fn a_write_without_the_one_before_it_is_found() {
    let script = Script::default().write((1, "a"), ("x", "x1"), [("a", 1)]).write(
        (1, "b"),
        ("x", "x2"),
        [("b", 1)],
    );
    assert_eq!(script.found(), [Guarantee::MonotonicWrites]);
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .write((1, "b"), ("y", "y1"), [("b", 1)])
        .read((2, "c"), ("y", "y1"), [("b", 1)])
        .absent((2, "c"), "x");
    assert_eq!(script.found(), [Guarantee::MonotonicWrites]);
}

#[test]
fn a_write_without_what_its_author_had_read_is_found() {
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .read((2, "a"), ("x", "x1"), [("a", 1)])
        .write((2, "b"), ("x", "x2"), [("b", 1)]);
    assert_eq!(script.found(), [Guarantee::WritesFollowReads]);
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .read((2, "a"), ("x", "x1"), [("a", 1)])
        .write((2, "b"), ("y", "y1"), [("b", 1)])
        .read((3, "c"), ("y", "y1"), [("b", 1)])
        .write((3, "c"), ("z", "z1"), [("c", 1)])
        // What it was shown rests on what was read two sessions before.
        .read((4, "c"), ("z", "z1"), [("c", 1)])
        .absent((4, "c"), "x");
    assert_eq!(script.found(), [Guarantee::WritesFollowReads]);
}

#[test]
fn a_value_that_its_own_version_says_is_replaced_is_found() {
    let script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .write((2, "a"), ("x", "x2"), [("a", 2)])
        .read((3, "b"), ("x", "x1"), [("a", 2)]);
    assert_eq!(script.found(), [Guarantee::Coherence]);
}

#[test]
fn a_write_counts_from_when_it_began_and_one_without_an_answer_where_it_is_seen() {
    let seen = |script: Script| {
        let script = script.read((2, "b"), ("y", "y1"), [("b", 1)]).absent((2, "b"), "x").write(
            (1, "b"),
            ("y", "y1"),
            [("b", 1)],
        );
        script.that_began_first()
    };
    // It knew nothing of x when it began.
    let script = seen(Script::default().write((3, "a"), ("x", "x1"), [("a", 1)]));
    assert_eq!(script.found(), []);

    let mut script = Script::default()
        .write((1, "a"), ("x", "x1"), [("a", 1)])
        .write((1, "b"), ("y", "y1"), [("b", 1)])
        .read((2, "b"), ("y", "y1"), [("b", 1)])
        .absent((2, "b"), "x");
    script.0[1].outcome = Outcome::Unknown;
    assert_eq!(script.found(), [Guarantee::MonotonicWrites]);
}
