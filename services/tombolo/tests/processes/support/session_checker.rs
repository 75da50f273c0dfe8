//! Which guarantees of sessions a history breaks.
//!
//! A version names the writes that have touched an item, so "not older" is asked of versions and
//! not of values: also where several sessions write one item at the same time. Of every session it
//! is kept what its next answers must contain, for each item: what it wrote, what it read, and what
//! the authors of what it was shown had written and read before, through any number of sessions.
//! The four guarantees are those of "Session Guarantees for Weakly Consistent Replicated Data"
//! (Terry et al., 1994).
//!
//! It knows registers under `last_write_wins` and no deletions.

use std::collections::BTreeMap;

use super::Version;
use super::history::{Kind, Operation, Outcome};

/// What a session is promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Guarantee {
    /// A read shows what the session wrote before.
    ReadYourWrites,
    /// A read shows what the session read before.
    MonotonicReads,
    /// A write comes after those that its session made before, for everybody.
    MonotonicWrites,
    /// A write comes after what its session had read before, for everybody.
    WritesFollowReads,
    /// A value is not shown beside a version by which it is replaced.
    Coherence,
}

/// An answer that breaks a guarantee.
#[derive(Debug)]
pub(crate) struct Violation {
    pub(crate) guarantee: Guarantee,
    #[expect(dead_code, reason = "told where a test fails")]
    pub(crate) operation: Operation,
    #[expect(dead_code, reason = "told where a test fails")]
    pub(crate) missing: Version,
}

/// By key: what must have touched the item.
#[derive(Debug, Clone, Default)]
struct Floor(BTreeMap<String, Version>);

/// What the next answers to a session must contain.
#[derive(Debug, Clone, Default)]
struct Session {
    written: Floor,
    read: Floor,
    /// What the authors of what it was shown had written before.
    after_writes: Floor,
    /// What the authors of what it was shown had read before, or been shown the authors of.
    after_reads: Floor,
}

impl Floor {
    fn raise(&mut self, key: &str, version: &Version) {
        self.0.entry(key.to_owned()).or_default().join(version);
    }

    fn join(&mut self, other: &Self) {
        for (key, version) in &other.0 {
            self.raise(key, version);
        }
    }
}

impl Session {
    /// What must come before its next write: what it wrote, and all else.
    fn past(&self) -> [Floor; 2] {
        let mut others = self.read.clone();
        others.join(&self.after_writes);
        others.join(&self.after_reads);
        [self.written.clone(), others]
    }
}

/// Every answer of `history` that breaks a guarantee.
pub(crate) fn violations(history: &[Operation]) -> Vec<Violation> {
    let mut moments: Vec<_> = history.iter().flat_map(|o| [(o.began, o), (o.ended, o)]).collect();
    moments.sort_by_key(|(moment, _)| *moment);
    let mut sessions: BTreeMap<usize, Session> = BTreeMap::new();
    // The writes to each item, and what came before each.
    let mut writes: BTreeMap<&str, Vec<(&Operation, [Floor; 2])>> = BTreeMap::new();
    let mut found = Vec::new();
    for (moment, operation) in moments {
        let session = sessions.entry(operation.session).or_default();
        let of_item = writes.entry(&operation.key).or_default();
        if moment == operation.began {
            if operation.kind == Kind::Write {
                of_item.push((operation, session.past()));
            }
            continue;
        }
        let Outcome::Done(version) = &operation.outcome else { continue };
        found.extend(broken(operation, version, session));
        found.extend(incoherent(operation, version, of_item));
        let (key, own) = (&operation.key, operation.kind == Kind::Write);
        if own { &mut session.written } else { &mut session.read }.raise(key, version);
        for (_, [written, others]) in of_item.iter().filter(|(w, _)| shows(operation, version, w)) {
            session.after_writes.join(written);
            session.after_reads.join(others);
        }
    }
    found
}

/// Whether the answer to `operation`, with `version`, shows that another session did `write`.
fn shows(operation: &Operation, version: &Version, write: &Operation) -> bool {
    match &write.outcome {
        _ if write.session == operation.session => false,
        Outcome::Done(written) => {
            version.latest_of(&write.served_by) >= written.latest_of(&write.served_by)
        }
        Outcome::Refused(_) | Outcome::Unknown => operation.value == write.value,
    }
}

/// What the answer to `operation` lacks of what its session must be shown.
fn broken(operation: &Operation, version: &Version, session: &Session) -> Vec<Violation> {
    use Guarantee::{MonotonicReads, MonotonicWrites, ReadYourWrites, WritesFollowReads};
    let Session { written, read, after_writes, after_reads } = session;
    let floors = match operation.kind {
        Kind::Read => [
            (ReadYourWrites, written),
            (MonotonicReads, read),
            (MonotonicWrites, after_writes),
            (WritesFollowReads, after_reads),
        ],
        Kind::Write => [
            (MonotonicWrites, written),
            (WritesFollowReads, read),
            (MonotonicWrites, after_writes),
            (WritesFollowReads, after_reads),
        ],
    };
    let lacks = |(guarantee, floor): (Guarantee, &Floor)| {
        let missing = floor.0.get(&operation.key).filter(|floor| !version.contains(floor))?;
        Some(Violation { guarantee, operation: operation.clone(), missing: missing.clone() })
    };
    floors.into_iter().filter_map(lacks).collect()
}

/// Whether a read shows a value that, by its own version, somebody has replaced who had seen it.
fn incoherent(
    operation: &Operation,
    version: &Version,
    writes: &[(&Operation, [Floor; 2])],
) -> Option<Violation> {
    let shown = writes.iter().find(|(write, _)| write.value == operation.value)?.0;
    let Outcome::Done(as_written) = &shown.outcome else { return None };
    let has = |version: &Version, write: &Operation, written: &Version| {
        version.latest_of(&write.served_by) >= written.latest_of(&write.served_by)
    };
    let mut others = writes.iter().filter(|(write, _)| write.value != operation.value);
    let replaces = others.find_map(|(write, _)| match &write.outcome {
        Outcome::Done(other) => {
            (has(version, write, other) && has(other, shown, as_written)).then(|| other.clone())
        }
        Outcome::Refused(_) | Outcome::Unknown => None,
    });
    let guarantee = Guarantee::Coherence;
    let violation = |missing| Violation { guarantee, operation: operation.clone(), missing };
    replaces.filter(|_| operation.kind == Kind::Read).map(violation)
}

#[cfg(test)]
mod tests;
