//! What was answered to requests that their clients gave a name, so that a repetition is answered
//! and not done again.
//!
//! A record is part of the change that it answers: it is as durable, goes wherever the change goes,
//! and is found again by whoever replays the log. It is kept for a time that is counted in stamps.
//! Where there is no room for another, requests with new names are refused: a record is never given
//! up before its time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, VersionVector};
use tombolo_datatypes::JsonText;

use crate::{Change, ConflictRecord, ItemKey, TableDefinition};

/// The name of one request: a hash of its method, its path, its query and the name that the client
/// gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestName(pub [u8; 16]);

/// A hash of everything else that a request says: its body and its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RequestHash(pub [u8; 16]);

/// A request that its client has given a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedRequest {
    /// Its name.
    pub name: RequestName,
    /// What it says.
    pub hash: RequestHash,
}

/// The answer to a named request, in the change that it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// The request.
    pub request: NamedRequest,
    /// Its answer.
    pub answer: GivenAnswer,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct GivenAnswer {
    /// Whether the item showed a value before, or the table was there.
    pub existed: bool,
    /// The item's context after it: its version. Empty where it was about a table.
    pub context: VersionVector,
    /// What else was told.
    pub told: Told,
}

/// What an answer tells of what it was about, as that was after the request was done.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Told {
    /// Nothing: it is done, or the table is gone.
    #[default]
    Nothing,
    /// What the item showed.
    Shown(JsonText),
    /// The conflict that was settled.
    Settled(Box<GivenRecord>),
    /// The table.
    Table(Arc<TableDefinition>),
}

/// The record of a conflict, as it was answered to who settled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenRecord {
    /// The item.
    pub item: ItemKey,
    /// The record.
    pub record: ConflictRecord,
}

/// A record with the change in which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    /// The record.
    pub record: IdempotencyRecord,
    /// The change that did what was asked for.
    pub dot: tombolo_causality::Dot,
    /// When.
    pub stamp: HybridTimestamp,
}

/// How much is kept, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerLimits {
    /// How long a record is kept.
    pub ttl_ms: u64,
    /// What all records together may take, in bytes.
    pub bytes_max: usize,
}

impl Default for LedgerLimits {
    fn default() -> Self {
        Self { ttl_ms: 86_400_000, bytes_max: 64 << 20 }
    }
}

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Nothing: it may be done.
    No,
    /// It was done, and this was the answer.
    Done(Arc<KeptRecord>),
    /// Another request had that name.
    Reused,
    /// Nothing, and there is no room to remember it.
    Full,
}

/// All records that are kept.
#[derive(Clone, Debug)]
pub struct Ledger {
    limits: LedgerLimits,
    by_name: BTreeMap<RequestName, Arc<KeptRecord>>,
    by_age: BTreeSet<(HybridTimestamp, RequestName)>,
    bytes: usize,
}

/// What a record takes beside its answer: its places in two trees, names, a vector.
const RECORD_BYTES: usize = 320;

/// What a table's definition takes, its name included.
const TABLE_BYTES: usize = 256;

impl Ledger {
    /// An empty one.
    pub fn new(limits: LedgerLimits) -> Self {
        Self { limits, by_name: BTreeMap::new(), by_age: BTreeSet::new(), bytes: 0 }
    }

    /// What is known of `request`, once what is over by `now` has been let go.
    pub fn look_up(&mut self, now: HybridTimestamp, request: &NamedRequest) -> Known {
        self.expire(now);
        match self.by_name.get(&request.name) {
            Some(kept) if kept.record.request.hash == request.hash => Known::Done(Arc::clone(kept)),
            Some(_) => Known::Reused,
            None if self.bytes + RECORD_BYTES > self.limits.bytes_max => Known::Full,
            None => Known::No,
        }
    }

    /// Takes in the record of a change, where it has one, and lets go of what is over by then.
    ///
    /// A change of another region is taken in whatever room there is: what it did was done.
    pub fn take_in(&mut self, change: &Change) {
        if let Some(record) = &change.idempotency {
            let (dot, stamp) = (change.dot, change.stamp);
            self.keep(KeptRecord { record: record.clone(), dot, stamp });
        }
    }

    /// Takes in a record that was kept before. Of two for one name the earlier stands: whoever
    /// asked was answered with it first.
    pub fn keep(&mut self, kept: KeptRecord) {
        let name = kept.record.request.name;
        if let Some(before) = self.by_name.get(&name) {
            let goes = self.is_over(kept.stamp, before.stamp)
                || (kept.stamp, kept.dot) < (before.stamp, before.dot);
            if !goes {
                return;
            }
            self.remove(name);
        }
        self.expire(kept.stamp);
        self.bytes += bytes_of(&kept);
        self.by_age.insert((kept.stamp, name));
        self.by_name.insert(name, Arc::new(kept));
    }

    /// Lets go of the records that are over at `now`.
    fn expire(&mut self, now: HybridTimestamp) {
        while let Some((stamp, name)) = self.by_age.first().copied() {
            if !self.is_over(now, stamp) {
                return;
            }
            self.remove(name);
        }
    }

    /// About how much memory they take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn remove(&mut self, name: RequestName) {
        if let Some(kept) = self.by_name.remove(&name) {
            self.by_age.remove(&(kept.stamp, name));
            self.bytes -= bytes_of(&kept);
        }
    }

    fn is_over(&self, now: HybridTimestamp, stamp: HybridTimestamp) -> bool {
        now.millis().saturating_sub(stamp.millis()) > self.limits.ttl_ms
    }
}

fn bytes_of(kept: &KeptRecord) -> usize {
    let answer = &kept.record.answer;
    let told = match &answer.told {
        Told::Nothing => 0,
        Told::Shown(shown) => shown.as_str().len(),
        Told::Settled(given) => given.bytes(),
        Told::Table(_) => TABLE_BYTES,
    };
    RECORD_BYTES + 48 * answer.context.len() + told
}

impl GivenRecord {
    fn bytes(&self) -> usize {
        let Self { item, record } = self;
        let values = [&record.lost, &record.kept]
            .map(|write| write.value.as_ref().map_or(0, |value| value.as_str().len()));
        RECORD_BYTES + item.key.as_str().len() + 2 * record.path.len() + values[0] + values[1]
    }
}

#[cfg(test)]
mod tests {
    use tombolo_causality::{Dot, Incarnation, RegionId, ReplicaId};

    use super::*;

    const LIMITS: LedgerLimits = LedgerLimits { ttl_ms: 100, bytes_max: 1_000 };

    fn request(name: u8, hash: u8) -> NamedRequest {
        NamedRequest { name: RequestName([name; 16]), hash: RequestHash([hash; 16]) }
    }

    fn kept(name: u8, hash: u8, seq: u64, at_ms: u64) -> KeptRecord {
        let replica = ReplicaId::new(RegionId::new("a").unwrap(), Incarnation(1));
        let record =
            IdempotencyRecord { request: request(name, hash), answer: GivenAnswer::default() };
        let stamp = HybridTimestamp::new(at_ms, 0);
        KeptRecord { record, dot: Dot::new(replica, seq), stamp }
    }

    fn at(ms: u64) -> HybridTimestamp {
        HybridTimestamp::new(ms, 0)
    }

    #[test]
    fn a_repetition_is_known_and_another_request_under_its_name_is_told_apart() {
        let mut ledger = Ledger::new(LIMITS);
        assert_eq!(ledger.look_up(at(0), &request(1, 1)), Known::No);
        ledger.keep(kept(1, 1, 7, 10));
        assert_eq!(ledger.look_up(at(20), &request(1, 1)), Known::Done(kept(1, 1, 7, 10).into()));
        assert_eq!(ledger.look_up(at(20), &request(1, 2)), Known::Reused);
        assert_eq!(ledger.look_up(at(20), &request(2, 1)), Known::No);
    }

    #[test]
    fn a_record_is_kept_for_its_time_and_not_longer() {
        let mut ledger = Ledger::new(LIMITS);
        ledger.keep(kept(1, 1, 1, 10));
        assert!(matches!(ledger.look_up(at(110), &request(1, 1)), Known::Done(_)));
        assert_eq!(ledger.look_up(at(111), &request(1, 1)), Known::No);
        ledger.keep(kept(1, 2, 2, 111));
        assert!(matches!(ledger.look_up(at(111), &request(1, 2)), Known::Done(_)));
        assert_eq!(ledger.look_up(at(300), &request(9, 9)), Known::No);
        assert_eq!(ledger.bytes(), 0);
    }

    #[test]
    fn past_its_size_new_names_are_refused_and_old_ones_answered() {
        let mut ledger = Ledger::new(LIMITS);
        for name in 1..=3 {
            assert_eq!(ledger.look_up(at(0), &request(name, 1)), Known::No, "{name}");
            ledger.keep(kept(name, 1, name.into(), 0));
        }
        assert_eq!(ledger.look_up(at(1), &request(4, 1)), Known::Full);
        assert!(matches!(ledger.look_up(at(1), &request(1, 1)), Known::Done(_)));
    }

    /// Regression: once full, nothing more was taken in, so that nothing was let go of either.
    #[test]
    fn a_full_ledger_has_room_again_when_its_records_are_over() {
        let mut ledger = Ledger::new(LIMITS);
        for name in 1..=3 {
            ledger.keep(kept(name, 1, name.into(), 0));
        }
        assert_eq!(ledger.look_up(at(100), &request(4, 1)), Known::Full);
        assert_eq!(ledger.look_up(at(101), &request(4, 1)), Known::No);
        assert_eq!(ledger.bytes(), 0);
    }

    #[test]
    fn of_two_records_of_one_name_every_region_keeps_the_earlier() {
        let (early, late) = (kept(1, 1, 1, 10), kept(1, 1, 2, 20));
        for order in [[&early, &late], [&late, &early]] {
            let mut ledger = Ledger::new(LIMITS);
            for record in order {
                ledger.keep(record.clone());
            }
            assert_eq!(ledger.look_up(at(30), &request(1, 1)), Known::Done(early.clone().into()));
        }
    }
}
