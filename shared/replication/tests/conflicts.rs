//! Conflict records and digests of two regions that wrote at the same time.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::{
    DataType, Element, ItemLimits, ItemState, JsonText, Operation, Settlement, Verdict,
};
use tombolo_replication::leader::{Applier, Command, Leader};
use tombolo_replication::{
    Catalog, Change, ConflictRecord, Consistency, Digester, ItemKey, Key, Strategy, TableId,
    TableName, TableShape, conflicts,
};
use tombolo_resolvers::{ResolverKind, Shown, ShownValue};

/// A region with its items.
struct Region {
    leader: Leader,
    states: BTreeMap<ItemKey, Arc<ItemState>>,
    now_ms: u64,
}

/// The item `k` of a table of its own in two regions.
struct Pair {
    a: Region,
    b: Region,
    item: ItemKey,
    resolver: ResolverKind,
}

fn region(name: &str, limits: ItemLimits) -> Region {
    let replica = ReplicaId::new(RegionId::new(name).unwrap(), Incarnation(1));
    let nothing = Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
    let leader = Leader::resume(replica, nothing).with_limits(limits);
    Region { leader, states: BTreeMap::new(), now_ms: 1_000 }
}

fn pair(data_type: DataType, resolver: ResolverKind, limits: ItemLimits) -> Pair {
    let (mut a, mut b) = (region("a", limits), region("b", limits));
    let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
    let shape = TableShape { data_type, resolver, strategy, consistency };
    let name = TableName::new("t").unwrap();
    let defined = a.leader.define(a.now_ms, &name, &shape).unwrap().unwrap();
    b.take(&defined);
    let item = ItemKey { table: TableId(defined.dot), key: Key::new("k").unwrap() };
    Pair { a, b, item, resolver }
}

impl Region {
    fn write(&mut self, item: &ItemKey, operation: Operation) -> Change {
        let state = self.states.get(item).map(|state| &**state);
        let command = Command::new(item.clone(), operation);
        let decided = self.leader.decide(self.now_ms, command, state).unwrap();
        self.states.insert(item.clone(), Arc::new(decided.state));
        decided.change
    }

    fn take(&mut self, change: &Change) {
        let states = &self.states;
        let state = |item: &ItemKey| Ok::<_, Infallible>(states.get(item).cloned());
        let applied = self.leader.apply(change, state).unwrap();
        for (item, state) in applied.states {
            self.states.insert(item, Arc::new(state));
        }
    }

    fn digest(&self) -> (String, u64) {
        let mut digester = Digester::default();
        for (item, state) in &self.states {
            digester.add(item.key.as_str().as_bytes(), state);
        }
        (digester.finish().to_string(), digester.items())
    }
}

impl Pair {
    /// Both write without knowing of each other, then hear of it.
    fn contend(&mut self, at_a: Operation, at_b: Operation) {
        let one = self.a.write(&self.item, at_a);
        let other = self.b.write(&self.item, at_b);
        self.b.take(&one);
        self.a.take(&other);
    }

    fn at_a(&mut self, operation: Operation) {
        let change = self.a.write(&self.item, operation);
        self.b.take(&change);
    }

    /// The records, which are the same in both regions.
    #[track_caller]
    fn records(&self) -> Vec<ConflictRecord> {
        let of = |region: &Region| {
            let ItemKey { table, key } = &self.item;
            conflicts(table, key, &region.states[&self.item], self.resolver)
        };
        assert_eq!(of(&self.a), of(&self.b));
        assert_eq!(self.a.digest(), self.b.digest());
        of(&self.a)
    }

    /// Values lost and kept, by path.
    #[track_caller]
    fn told(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let text = |value: Option<JsonText>| value.map(|value| value.as_str().to_owned());
        let told = self.records().into_iter();
        told.map(|r| (r.path, text(r.lost.value), text(r.kept.value))).collect()
    }
}

fn put(text: &str) -> Operation {
    Operation::Put(JsonText::parse(text.as_bytes()).unwrap())
}

fn element(text: &str) -> Element {
    Element::new(&JsonText::parse(text.as_bytes()).unwrap()).unwrap()
}

fn add(text: &str) -> Operation {
    Operation::Elements { added: vec![element(text)], removed: vec![] }
}

fn remove(text: &str) -> Operation {
    Operation::Elements { added: vec![], removed: vec![element(text)] }
}

fn settle(record: &ConflictRecord, verdict: Verdict) -> Operation {
    let (element, dot) = (record.element.clone(), record.lost.written.dot);
    Operation::Settle(Settlement { element, dot, verdict })
}

fn told(
    path: &str,
    lost: Option<&str>,
    kept: Option<&str>,
) -> (String, Option<String>, Option<String>) {
    (path.to_owned(), lost.map(str::to_owned), kept.map(str::to_owned))
}

#[test]
fn a_register_that_lost_is_recorded_restored_and_dismissed() {
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, ItemLimits::default());
    pair.contend(put("1"), put("2"));
    assert_eq!(pair.told(), [told("", Some("1"), Some("2"))]);
    let record = pair.records().remove(0);
    pair.at_a(settle(&record, Verdict::Restore));
    assert_eq!(pair.told(), []);
    pair.contend(put("3"), Operation::Delete);
    let [(_, lost, kept)] = &*pair.told() else { panic!("one conflict") };
    assert!(lost.is_none() != kept.is_none(), "one is a deletion");
    let record = pair.records().remove(0);
    pair.at_a(settle(&record, Verdict::Dismiss));
    assert_eq!(pair.told(), []);
}

#[test]
fn an_id_is_the_same_for_ever() {
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, ItemLimits::default());
    pair.contend(put("1"), put("2"));
    assert_eq!(pair.records()[0].id.to_string(), ID);
}

/// What clients have kept: never to change.
const ID: &str = "716d97e91452ffc167a72f7e1bb42cf5";

#[test]
fn of_a_set_the_losing_side_is_recorded_by_element() {
    let mut adding = pair(DataType::Set, ResolverKind::AddWins, ItemLimits::default());
    adding.at_a(add("\"a/b\""));
    adding.contend(add("\"a/b\""), remove("\"a/b\""));
    assert_eq!(adding.told(), [told("/\"a~1b\"", None, Some("\"a/b\""))]);

    let mut removing = pair(DataType::Set, ResolverKind::RemoveWins, ItemLimits::default());
    removing.at_a(add("1"));
    removing.contend(add("1"), remove("1"));
    assert_eq!(removing.told(), [told("/1", Some("1"), None)]);
    let record = removing.records().remove(0);
    removing.at_a(settle(&record, Verdict::Restore));
    assert_eq!(removing.told(), []);
    let state = &removing.b.states[&removing.item];
    let Shown::Value(ShownValue::Set(set), _) = removing.resolver.resolver().shown(state) else {
        panic!("the set exists");
    };
    assert_eq!(set.elements().cloned().collect::<Vec<_>>(), [element("1")]);
}

#[test]
fn of_a_flag_the_losing_side_is_recorded() {
    for (resolver, wins) in [(ResolverKind::EnableWins, true), (ResolverKind::DisableWins, false)] {
        let mut pair = pair(DataType::Flag, resolver, ItemLimits::default());
        pair.contend(Operation::Switch(true), Operation::Switch(false));
        let (lost, kept) = ((!wins).to_string(), wins.to_string());
        assert_eq!(pair.told(), [told("", Some(&lost), Some(&kept))]);
        pair.at_a(Operation::Delete);
        assert_eq!(pair.told(), []);
        assert_eq!(pair.a.digest().1, 0, "nothing is left of it");
    }
}

#[test]
fn what_is_beyond_the_number_is_let_go_by_the_next_writer() {
    let limits = ItemLimits { conflicts_max: 2, ..ItemLimits::default() };
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    for value in ["1", "2", "3", "4"] {
        pair.contend(put(value), put(value));
    }
    // What the two writers of a round have not seen of each other comes on top.
    assert_eq!(pair.records().len(), 3);
    pair.at_a(put("5"));
    let lost: Vec<_> = pair.told().into_iter().map(|(_, lost, _)| lost.unwrap()).collect();
    assert_eq!(lost, ["3", "4"]);
}

#[test]
fn what_is_too_long_or_too_old_is_let_go_as_well() {
    let limits = ItemLimits { conflict_bytes_max: 2_000, ..ItemLimits::default() };
    let mut long = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    let text = format!("\"{}\"", "x".repeat(1_500));
    for _ in 0..3 {
        long.contend(put(&text), put("1"));
        long.contend(put("1"), put(&text));
    }
    long.at_a(put("2"));
    let bytes: usize = long.told().into_iter().map(|(_, lost, _)| lost.unwrap().len() + 64).sum();
    assert!(bytes <= 2_000, "{bytes}");
    assert!(!long.told().is_empty());

    let limits = ItemLimits { conflict_ms_max: 500, ..ItemLimits::default() };
    let mut old = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    old.contend(put("1"), put("2"));
    old.a.now_ms += 500;
    old.at_a(put("3"));
    assert_eq!(old.told().len(), 1);
    old.a.now_ms += 1;
    old.at_a(put("4"));
    assert_eq!(old.told(), []);
}

#[test]
fn a_digest_covers_what_lives_and_not_what_is_only_remembered() {
    let mut pair = pair(DataType::Set, ResolverKind::AddWins, ItemLimits::default());
    pair.at_a(add("1"));
    let before = pair.a.digest();
    pair.at_a(remove("2"));
    let after = pair.a.digest();
    // The set exists by another change.
    assert_ne!(before.0, after.0);
    assert_eq!(after.1, 1);
    pair.at_a(Operation::Delete);
    assert_eq!(pair.a.digest().1, 0, "two removings are remembered");
    assert_eq!(pair.a.digest(), pair.b.digest());
}
