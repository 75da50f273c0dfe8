//! Two regions, and an item that both write.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use tombolo_causality::{HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector};
use tombolo_datatypes::{
    DataType, Element, ItemLimits, ItemState, JsonText, Operation, Outcome, Settlement, Verdict,
};
use tombolo_replication::leader::{Applier, Command, Leader, Refusal};
use tombolo_replication::{
    Catalog, Change, ConflictRecord, Consistency, Digester, ItemKey, Key, Strategy, TableId,
    TableName, TableShape, conflicts,
};
use tombolo_resolvers::ResolverKind;

/// A region with its items.
pub(crate) struct Region {
    pub(crate) leader: Leader,
    pub(crate) states: BTreeMap<ItemKey, Arc<ItemState>>,
    pub(crate) now_ms: u64,
}

/// The item `k` of a table of its own in two regions.
pub(crate) struct Pair {
    pub(crate) a: Region,
    pub(crate) b: Region,
    pub(crate) item: ItemKey,
    pub(crate) resolver: ResolverKind,
}

pub(crate) fn region(name: &str, limits: ItemLimits) -> Region {
    let replica = ReplicaId::new(RegionId::new(name).unwrap(), Incarnation(1));
    let nothing = Applier::resume(VersionVector::new(), HybridTimestamp::ZERO, Catalog::default());
    let leader = Leader::resume(replica, nothing).with_limits(limits);
    Region { leader, states: BTreeMap::new(), now_ms: 1_000 }
}

pub(crate) fn pair(data_type: DataType, resolver: ResolverKind, limits: ItemLimits) -> Pair {
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
    pub(crate) fn write(&mut self, item: &ItemKey, operation: Operation) -> Change {
        let state = self.states.get(item).map(|state| &**state);
        let command = Command::new(item.clone(), operation);
        let decided = self.leader.decide(self.now_ms, command, state).unwrap();
        self.states.insert(item.clone(), Arc::new(decided.state));
        decided.change
    }

    pub(crate) fn take(&mut self, change: &Change) {
        let states = &self.states;
        let state = |item: &ItemKey| Ok::<_, Infallible>(states.get(item).cloned());
        let applied = self.leader.apply(change, state).unwrap();
        for (item, state) in applied.states {
            self.states.insert(item, Arc::new(state));
        }
    }

    pub(crate) fn digest(&self) -> (String, u64) {
        let mut digester = Digester::default();
        for (item, state) in &self.states {
            digester.add(item.key.as_str().as_bytes(), state);
        }
        (digester.finish().to_string(), digester.items())
    }
}

impl Pair {
    /// Both write without knowing of each other, then hear of it.
    pub(crate) fn contend(&mut self, at_a: Operation, at_b: Operation) {
        let one = self.a.write(&self.item, at_a);
        let other = self.b.write(&self.item, at_b);
        self.b.take(&one);
        self.a.take(&other);
    }

    pub(crate) fn at_a(&mut self, operation: Operation) {
        let change = self.a.write(&self.item, operation);
        self.b.take(&change);
    }

    /// The records, which are the same in both regions.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<ConflictRecord> {
        let of = |region: &Region| {
            let ItemKey { table, key } = &self.item;
            conflicts(table, key, &region.states[&self.item], self.resolver)
        };
        assert_eq!(of(&self.a), of(&self.b));
        assert_eq!(self.a.digest(), self.b.digest());
        of(&self.a)
    }

    /// Values lost and kept of the open conflicts, by path.
    #[track_caller]
    pub(crate) fn told(&self) -> Vec<(String, Option<String>, Option<String>)> {
        let text = |value: Option<JsonText>| value.map(|value| value.as_str().to_owned());
        let told = self.records().into_iter().filter(|r| r.outcome == Outcome::Open);
        told.map(|r| (r.path, text(r.lost.value), text(r.kept.value))).collect()
    }

    /// Values lost and kept of all conflicts, with what became of them.
    #[track_caller]
    pub(crate) fn states(&self) -> Vec<(String, String, &'static str)> {
        let text = |value: Option<JsonText>| {
            value.map_or_else(|| "-".to_owned(), |value| value.as_str().to_owned())
        };
        let told = self.records().into_iter();
        told.map(|r| (text(r.lost.value), text(r.kept.value), r.outcome.name())).collect()
    }

    /// Settles the first conflict in both regions.
    #[track_caller]
    pub(crate) fn settle_first(&mut self, verdict: Verdict) {
        let record = self.records().remove(0);
        self.at_a(settle(&record, verdict));
    }

    /// Why settling the first conflict is refused.
    #[track_caller]
    pub(crate) fn refused(&mut self, verdict: Verdict) -> Refusal {
        let operation = settle(&self.records()[0], verdict);
        let state = &self.a.states[&self.item];
        let command = Command::new(self.item.clone(), operation);
        self.a.leader.decide(self.a.now_ms, command, Some(state)).unwrap_err()
    }
}

pub(crate) fn put(text: &str) -> Operation {
    Operation::Put(JsonText::parse(text.as_bytes()).unwrap())
}

pub(crate) fn element(text: &str) -> Element {
    Element::new(&JsonText::parse(text.as_bytes()).unwrap()).unwrap()
}

pub(crate) fn add(text: &str) -> Operation {
    Operation::Elements { added: vec![element(text)], removed: vec![] }
}

pub(crate) fn remove(text: &str) -> Operation {
    Operation::Elements { added: vec![], removed: vec![element(text)] }
}

pub(crate) fn settle(record: &ConflictRecord, verdict: Verdict) -> Operation {
    let (element, dot) = (record.element.clone(), record.lost.written.dot);
    Operation::Settle(Settlement { element, dot, verdict })
}

pub(crate) fn told(
    path: &str,
    lost: Option<&str>,
    kept: Option<&str>,
) -> (String, Option<String>, Option<String>) {
    (path.to_owned(), lost.map(str::to_owned), kept.map(str::to_owned))
}
