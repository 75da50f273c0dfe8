//! Histories of one item in three regions.

use proptest::prelude::*;
use tombolo_causality::{
    Dot, HybridClock, HybridTimestamp, Incarnation, RegionId, ReplicaId, VersionVector,
};
use tombolo_datatypes::{
    DataType, Delta, Element, ItemLimits, ItemState, JsonText, Operation, Outcome, Settlement,
    Verdict,
};
use tombolo_resolvers::{ResolverKind, Written};

const REGIONS: usize = 3;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Region writes.
    Operate(usize, u8),
    /// Region applies all that another one has applied.
    Pull(usize, usize),
    /// Region's wall clock moves.
    Tick(usize, u64),
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..REGIONS, any::<u8>()).prop_map(|(at, op)| Step::Operate(at, op)),
        2 => (0..REGIONS, 0..REGIONS).prop_map(|(at, from)| Step::Pull(at, from)),
        1 => (0..REGIONS, 0..5_u64).prop_map(|(at, ms)| Step::Tick(at, ms)),
    ];
    prop::collection::vec(step, 1..40)
}

#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) written: Written,
    /// All that its author had applied, its own changes too.
    pub(crate) deps: VersionVector,
    pub(crate) operation: Operation,
    pub(crate) delta: Delta,
}

pub(crate) struct Region {
    pub(crate) replica: ReplicaId,
    clock: HybridClock,
    pub(crate) wall_ms: u64,
    applied: VersionVector,
    pub(crate) log: Vec<Change>,
    pub(crate) state: ItemState,
    /// The state after each change.
    pub(crate) snapshots: Vec<ItemState>,
    kind: ResolverKind,
}

pub(crate) fn region(n: usize, data_type: DataType, kind: ResolverKind) -> Region {
    let name = RegionId::new(["a", "b", "c"][n]).unwrap();
    Region {
        replica: ReplicaId::new(name, Incarnation(7)),
        clock: HybridClock::resume(HybridTimestamp::ZERO),
        wall_ms: 1_000,
        applied: VersionVector::new(),
        log: Vec::new(),
        state: ItemState::new(data_type),
        snapshots: Vec::new(),
        kind,
    }
}

impl Region {
    /// Writes, unless the operation is refused.
    pub(crate) fn operate(&mut self, operation: Operation, lets_go: bool) -> Option<Change> {
        let limits = ItemLimits::default();
        let resolver = self.kind.resolver();
        let mut delta =
            resolver.operate(&self.state, self.replica, operation.clone(), None, &limits).ok()?;
        if let Some(lost) = resolver.records(&self.state).first().filter(|_| lets_go) {
            delta.end(lost.element, lost.lost.written.dot);
        }
        let dot = Dot::new(self.replica, self.applied.get(&self.replica) + 1);
        let written = Written { stamp: self.clock.stamp(self.wall_ms), dot };
        let change = Change { written, deps: self.applied.clone(), operation, delta };
        self.receive(&change);
        Some(change)
    }

    pub(crate) fn receive(&mut self, change: &Change) {
        assert!(self.applied.descends(&change.deps), "causal delivery");
        self.clock.observe(change.written.stamp);
        let resolver = self.kind.resolver();
        assert!(resolver.join(&mut self.state, change.written, &change.delta));
        self.applied.learn(change.written.dot);
        self.log.push(change.clone());
        self.snapshots.push(self.state.clone());
    }

    pub(crate) fn pull(&mut self, from: &[Change]) {
        for change in from {
            if !self.applied.contains(&change.written.dot) {
                self.receive(change);
            }
        }
    }

    fn operation(&self, choice: u8) -> Operation {
        let (kind, rest) = (choice % 8, choice / 8);
        if kind == 1 || kind == 2 {
            let resolver = self.kind.resolver();
            if let Some(lost) = resolver.records(&self.state).get(usize::from(rest % 3)) {
                let verdict = match lost.outcome {
                    Outcome::Open if kind == 1 => Verdict::Dismiss,
                    Outcome::Open => Verdict::Restore,
                    _ => Verdict::Undo,
                };
                let element = lost.element.cloned();
                let dot = lost.lost.written.dot;
                return Operation::Settle(Settlement { element, dot, verdict });
            }
        }
        match (self.state.data_type(), kind) {
            (_, 0) => Operation::Delete,
            (DataType::Counter, _) => Operation::Increment(i64::from(rest) - 15),
            (DataType::Flag, _) => Operation::Switch(rest % 2 == 0),
            (DataType::Register, _) => Operation::Put(JsonText::from(i64::from(rest % 9))),
            (DataType::Set, 3) => {
                let listed = some_of(rest);
                let listed: Vec<_> = listed.iter().map(|e| e.text().as_str()).collect();
                Operation::Put(
                    JsonText::parse(format!("[{}]", listed.join(",")).as_bytes()).unwrap(),
                )
            }
            (DataType::Set, 4 | 5) => Operation::Elements { added: vec![], removed: some_of(rest) },
            (DataType::Set, _) => Operation::Elements { added: some_of(rest), removed: vec![] },
        }
    }
}

/// Some of four elements.
fn some_of(bits: u8) -> Vec<Element> {
    let all = ["null", "1", "1.0", "\"a\""].into_iter().enumerate();
    let some = all.filter(|(at, _)| bits >> at & 1 == 1);
    some.map(|(_, text)| Element::new(&JsonText::parse(text.as_bytes()).unwrap()).unwrap())
        .collect()
}

/// Runs `steps`; answers the regions as they then stand, not yet equal.
pub(crate) fn run(data_type: DataType, kind: ResolverKind, steps: &[Step]) -> Vec<Region> {
    let mut regions: Vec<_> = (0..REGIONS).map(|n| region(n, data_type, kind)).collect();
    for step in steps {
        match *step {
            Step::Tick(at, ms) => regions[at].wall_ms += ms,
            Step::Pull(at, from) => {
                let log = regions[from].log.clone();
                regions[at].pull(&log);
            }
            Step::Operate(at, choice) => {
                let operation = regions[at].operation(choice);
                regions[at].operate(operation, choice >= 192);
            }
        }
    }
    regions
}

/// Every change once, in some causal order.
pub(crate) fn all_changes(regions: &[Region]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for change in regions.iter().flat_map(|region| &region.log) {
        if !changes.iter().any(|known| known.written.dot == change.written.dot) {
            changes.push(change.clone());
        }
    }
    changes
}
