//! What truly happened: every change that became durable anywhere, and what follows from it by the
//! promises alone. No region sees this; all are held against it, all the time.

mod cell;
mod item;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tombolo_causality::{Dot, ReplicaId, VersionVector};
use tombolo_datatypes::{DataType, Operation};
use tombolo_protocol::{JournalFrame, Record, decode_change};
use tombolo_replication::idempotency::RequestName;
use tombolo_replication::{Body, Change, ItemKey, TableId};
use tombolo_resolvers::ResolverKind;

use self::item::{Author, Item};
use crate::invariant::{Invariant, Violation};
use crate::network::RegionIndex;

/// What was decided, before anybody could know whether it lasts.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) item: ItemKey,
    pub(crate) operation: Operation,
    /// The versions that a conditional write names.
    pub(crate) named: Option<Vec<VersionVector>>,
    pub(crate) request: Option<RequestName>,
    /// The client, and the number of its request.
    pub(crate) by: (usize, u64),
}

#[derive(Clone, Debug)]
struct Known {
    bytes: Vec<u8>,
    change: Arc<Change>,
    /// Which regions have it durably.
    holders: BTreeSet<RegionIndex>,
}

/// What one region has promised.
#[derive(Clone, Debug, Default)]
struct Promised {
    /// What it has durably, and shows.
    vector: VersionVector,
    /// What clients were told to be durable there.
    acknowledged: VersionVector,
    /// The names of requests that changes there have answered, each with the first such change.
    requests: BTreeMap<RequestName, Dot>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Truth {
    streams: BTreeMap<ReplicaId, Vec<Known>>,
    decisions: BTreeMap<Dot, Decision>,
    tables: BTreeMap<TableId, (DataType, ResolverKind)>,
    items: BTreeMap<ItemKey, Item>,
    promised: Vec<Promised>,
    /// Changes that were lost with the only disk that had them, which had lied or was put back.
    pub(crate) lost: BTreeSet<Dot>,
}

impl Truth {
    pub(crate) fn new(regions: usize) -> Self {
        Self {
            streams: BTreeMap::new(),
            decisions: BTreeMap::new(),
            tables: BTreeMap::new(),
            items: BTreeMap::new(),
            promised: vec![Promised::default(); regions],
            lost: BTreeSet::new(),
        }
    }

    /// A leader has decided a change that is not durable yet.
    pub(crate) fn decided(&mut self, dot: Dot, decision: Decision) {
        self.decisions.insert(dot, decision);
    }

    /// A group is durable in `region`, and is shown from now on.
    pub(crate) fn durable(&mut self, region: RegionIndex, payload: &[u8]) -> Result<(), Violation> {
        let unreadable = |error| Invariant::I5.broken(format!("a journal frame: {error}"));
        let frame = JournalFrame::decode(payload).map_err(unreadable)?;
        for record in frame.records() {
            if let Record::Change(bytes) = record.map_err(unreadable)? {
                let change = decode_change(bytes).map_err(unreadable)?;
                self.shown(region, change, bytes)?;
            }
        }
        Ok(())
    }

    fn shown(
        &mut self,
        region: RegionIndex,
        change: Change,
        bytes: &[u8],
    ) -> Result<(), Violation> {
        let dot = change.dot;
        let promised = &mut self.promised[region];
        if dot.seq != promised.vector.get(&dot.replica) + 1 {
            let at = promised.vector.get(&dot.replica);
            return Err(Invariant::I6.broken(format!("{dot} is shown after {at}")));
        }
        if !promised.vector.descends(&change.deps) {
            return Err(Invariant::I12.broken(format!(
                "{dot} is shown without {:?}, which its author had seen",
                change.deps
            )));
        }
        promised.vector.learn(dot);
        self.count_request(region, &change)?;
        let stream = self.streams.entry(dot.replica).or_default();
        let place = usize::try_from(dot.seq - 1).unwrap_or(usize::MAX);
        if let Some(known) = stream.get_mut(place) {
            if known.bytes != bytes {
                return Err(Invariant::I5.broken(format!("{dot} has two payloads")));
            }
            known.holders.insert(region);
            return Ok(());
        }
        if place != stream.len() {
            return Err(Invariant::I6.broken(format!("{dot} is durable before those before it")));
        }
        let holders = BTreeSet::from([region]);
        let change = Arc::new(change);
        stream.push(Known { bytes: bytes.to_vec(), change: Arc::clone(&change), holders });
        self.learn(&change)
    }

    /// A named request is done once wherever its record has arrived.
    fn count_request(&mut self, region: RegionIndex, change: &Change) -> Result<(), Violation> {
        let dot = change.dot;
        let name = self.decisions.get(&dot).and_then(|decision| decision.request);
        let Some(name) = name else { return Ok(()) };
        let first = self.promised[region].requests.entry(name).or_insert(dot);
        let had_seen = dot.replica == first.replica || change.deps.contains(first);
        if *first != dot && had_seen && !self.lost.contains(first) {
            let first = *first;
            return Err(Invariant::I3.broken(format!("{first} and {dot} are the same request")));
        }
        Ok(())
    }

    fn learn(&mut self, change: &Change) -> Result<(), Violation> {
        match &change.body {
            Body::Define(definition) => {
                let shape = &definition.shape;
                self.tables.insert(definition.id, (shape.data_type, shape.resolver));
            }
            Body::Items(_) => {
                let Some(decision) = self.decisions.get(&change.dot) else {
                    let dot = change.dot;
                    return Err(Invariant::I3.broken(format!("{dot} was decided by nobody")));
                };
                let Some((data_type, resolver)) = self.tables.get(&decision.item.table) else {
                    return Ok(());
                };
                let item = self.items.entry(decision.item.clone());
                let item = item.or_insert_with(|| Item::new(*data_type, *resolver));
                item.apply(&author(change, decision), &decision.operation);
            }
            _ => {}
        }
        Ok(())
    }

    /// What `region` has promised to have and to show.
    pub(crate) fn promised(&self, region: RegionIndex) -> &VersionVector {
        &self.promised[region].vector
    }

    /// A region has started, and has `vector`. Where its disk is `excused` (it lied, an old image
    /// was put back, or it was lost) what is missing there may be gone.
    pub(crate) fn recovered(
        &mut self,
        region: RegionIndex,
        vector: &VersionVector,
        excused: bool,
    ) -> Result<(), Violation> {
        let mut before = self.promised[region].vector.clone();
        before.join(&self.promised[region].acknowledged);
        let missing: Vec<_> =
            before.iter().filter(|(replica, seq)| vector.get(replica) < *seq).collect();
        if let (Some((replica, seq)), false) = (missing.first(), excused) {
            let found = vector.get(replica);
            let text = format!("of {replica}, {seq} changes were durable, {found} are there");
            return Err(Invariant::I1.broken(text));
        }
        for (replica, seq) in missing {
            for lost in vector.get(&replica) + 1..=seq {
                self.drop_holder(region, Dot::new(replica, lost));
            }
        }
        // What became durable without anybody having been told is learned from the journal.
        self.promised[region].vector.meet(vector);
        let Promised { vector, acknowledged, requests } = &mut self.promised[region];
        requests.retain(|_, dot| vector.contains(dot));
        acknowledged.meet(vector);
        Ok(())
    }

    /// A client was told that `dot` is durable in `region`, which must not forget it from then on.
    /// A repetition may be told where only the record has arrived.
    pub(crate) fn acknowledged(&mut self, region: RegionIndex, dot: Dot) {
        self.promised[region].acknowledged.learn(dot);
    }

    /// What `region` has become durable of itself, before it could say so.
    pub(crate) fn recovered_change(
        &mut self,
        region: RegionIndex,
        bytes: &[u8],
    ) -> Result<(), Violation> {
        let unreadable = |error| Invariant::I5.broken(format!("a change: {error}"));
        let change = decode_change(bytes).map_err(unreadable)?;
        self.shown(region, change, bytes)
    }

    fn drop_holder(&mut self, region: RegionIndex, dot: Dot) {
        let Some(stream) = self.streams.get_mut(&dot.replica) else { return };
        let place = usize::try_from(dot.seq - 1).unwrap_or(usize::MAX);
        let Some(known) = stream.get_mut(place) else { return };
        known.holders.remove(&region);
        // A stream is lost from its end: what comes before is held by whoever holds this.
        while let Some(last) = stream.last()
            && last.holders.is_empty()
        {
            let dot = last.change.dot;
            self.lost.insert(dot);
            if let Some(decision) = self.decisions.get(&dot)
                && let Some(item) = self.items.get_mut(&decision.item)
            {
                item.forget(dot);
            }
            stream.pop();
        }
    }

    /// What a region that shows `seen` shows of an item.
    pub(crate) fn shown_at(&self, item: &ItemKey, seen: &VersionVector) -> Vec<String> {
        self.items.get(item).map(|item| item.shown(seen)).unwrap_or_default()
    }

    /// Whether the answer to the write `dot` tells what its author then showed.
    pub(crate) fn check_answer(&self, dot: Dot, told: Option<&[String]>) -> Result<(), Violation> {
        let place = usize::try_from(dot.seq - 1).unwrap_or(usize::MAX);
        let known = self.streams.get(&dot.replica).and_then(|stream| stream.get(place));
        let (Some(known), Some(decision)) = (known, self.decisions.get(&dot)) else {
            return Ok(());
        };
        let mut seen = author(&known.change, decision).seen;
        seen.learn(dot);
        let shown = self.shown_at(&decision.item, &seen);
        match told {
            Some(told) if told != shown => {
                let item = &decision.item;
                let detail = format!("{dot} was answered with {told:?} of {item:?}, not {shown:?}");
                Err(Invariant::I3.broken(detail))
            }
            _ => Ok(()),
        }
    }

    /// All items.
    pub(crate) fn items(&self) -> impl Iterator<Item = (&ItemKey, &Item, ResolverKind)> {
        self.items
            .iter()
            .filter_map(|(key, item)| Some((key, item, self.tables.get(&key.table)?.1)))
    }

    /// Whether a change is durable somewhere.
    pub(crate) fn has(&self, dot: &Dot) -> bool {
        let stream = self.streams.get(&dot.replica);
        stream.is_some_and(|stream| stream.len() as u64 >= dot.seq)
    }

    /// Whether anything durable was done for a request.
    pub(crate) fn was_done(&self, client: usize, number: u64) -> bool {
        let mut done =
            self.decisions.iter().filter(|(_, decision)| decision.by == (client, number));
        done.any(|(dot, _)| self.has(dot) && !self.lost.contains(dot))
    }

    /// How many changes there are.
    pub(crate) fn changes(&self) -> u64 {
        self.streams.values().map(|stream| stream.len() as u64).sum()
    }
}

fn author(change: &Change, decision: &Decision) -> Author {
    let dot = change.dot;
    let mut seen = (*change.deps).clone();
    if dot.seq > 1 {
        seen.raise(dot.replica, dot.seq - 1);
    }
    let time = (change.stamp, dot.replica, dot.seq);
    let named = decision.named.clone().map(|versions| {
        let mut named = VersionVector::new();
        for version in &versions {
            named.join(version);
        }
        named
    });
    Author { dot, time, seen, named }
}
