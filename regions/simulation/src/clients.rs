//! Those who use the store: each goes from region to region with its session, writes items of every
//! type under every resolver, reads, and asks again where it was not answered and the request has a
//! name.

use tombolo_causality::{Session, VersionVector};
use tombolo_datatypes::{DataType, Element, JsonText, Operation, Verdict};
use tombolo_replication::idempotency::{NamedRequest, RequestHash, RequestName};
use tombolo_replication::leader::Condition;
use tombolo_replication::read_router::Hop;
use tombolo_replication::{Consistency, Key, Strategy, TableShape};
use tombolo_resolvers::ResolverKind;

use crate::Random;
use crate::network::RegionIndex;
use crate::plan::Plan;
use crate::request::{Request, What};

/// The tables of every world: every type under every resolver.
pub(crate) const TABLES: [(&str, DataType, ResolverKind); 10] = [
    ("latest", DataType::Register, ResolverKind::LastWriteWins),
    ("earliest", DataType::Register, ResolverKind::FirstWriteWins),
    ("siblings", DataType::Register, ResolverKind::Siblings),
    ("largest", DataType::Register, ResolverKind::Max),
    ("smallest", DataType::Register, ResolverKind::Min),
    ("counters", DataType::Counter, ResolverKind::Merge),
    ("added", DataType::Set, ResolverKind::AddWins),
    ("removed", DataType::Set, ResolverKind::RemoveWins),
    ("enabled", DataType::Flag, ResolverKind::EnableWins),
    ("disabled", DataType::Flag, ResolverKind::DisableWins),
];

/// The elements that sets are made of.
const ELEMENTS: [&str; 4] = ["1", "\"x\"", "\"y\"", "null"];

/// How a table of the world is defined.
pub(crate) fn shape(data_type: DataType, resolver: ResolverKind) -> TableShape {
    let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
    TableShape { data_type, resolver, strategy, consistency }
}

/// A request that was made and not answered for good.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) number: u64,
    pub(crate) what: What,
    pub(crate) consistency: Consistency,
    pub(crate) retries: u32,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) index: usize,
    pub(crate) region: RegionIndex,
    pub(crate) session: Session,
    /// What its reads must not fall behind, counted by itself.
    pub(crate) written: VersionVector,
    pub(crate) read: VersionVector,
    pub(crate) pending: Option<Pending>,
    numbers: u64,
    values: u64,
    /// A version that it has seen, of an item.
    seen: Option<(&'static str, Key, VersionVector)>,
}

impl Client {
    pub(crate) fn new(index: usize, region: RegionIndex) -> Self {
        Self {
            index,
            region,
            session: Session::new(),
            written: VersionVector::new(),
            read: VersionVector::new(),
            pending: None,
            numbers: 0,
            values: 0,
            seen: None,
        }
    }

    /// What the client may count on a read to show.
    pub(crate) fn must_see(&self, consistency: Consistency) -> VersionVector {
        let mut vector = VersionVector::new();
        if matches!(consistency, Consistency::ReadYourWrites | Consistency::Session) {
            vector.join(&self.written);
        }
        if matches!(consistency, Consistency::MonotonicReads | Consistency::Session) {
            vector.join(&self.read);
        }
        vector
    }

    pub(crate) fn has_seen(&mut self, table: &'static str, key: Key, context: VersionVector) {
        self.seen = Some((table, key, context));
    }

    /// Makes up its next request.
    pub(crate) fn next(&mut self, plan: &Plan, random: &mut Random) -> Request {
        if random.one_in(plan.moves_one_in) {
            self.region = usize::try_from(random.below(plan.regions as u64)).unwrap_or(0);
        }
        let consistency = match random.below(5) {
            0 => Consistency::Eventual,
            1 => Consistency::ReadYourWrites,
            2 => Consistency::MonotonicReads,
            _ => Consistency::Session,
        };
        let what = self.what(plan, random);
        self.request(Pending { number: 0, what, consistency, retries: 0 })
    }

    /// Asks again what was not answered; nothing where that might do it twice.
    pub(crate) fn again(&mut self, plan: &Plan, random: &mut Random) -> Option<Request> {
        let pending = self.pending.take()?;
        let may = match &pending.what {
            What::Read { .. } | What::Define { .. } => true,
            What::Write { named, .. } => named.is_some(),
            What::Settle { .. } => false,
        };
        if !may || pending.retries >= 3 {
            return None;
        }
        // Tables are decided about by one region.
        let may_move = !matches!(pending.what, What::Define { .. });
        if may_move && random.one_in(3) {
            self.region = usize::try_from(random.below(plan.regions as u64)).unwrap_or(0);
        }
        Some(self.request(Pending { retries: pending.retries + 1, ..pending }))
    }

    pub(crate) fn request(&mut self, pending: Pending) -> Request {
        self.numbers += 1;
        let pending = Pending { number: self.numbers, ..pending };
        let request = Request {
            client: self.index,
            number: self.numbers,
            session: self.session.clone(),
            consistency: pending.consistency,
            wait_ms: 1_000,
            hop: Hop::First,
            what: pending.what.clone(),
        };
        self.pending = Some(pending);
        request
    }

    fn what(&mut self, plan: &Plan, random: &mut Random) -> What {
        let nth = usize::try_from(random.below(TABLES.len() as u64)).unwrap_or(0);
        let (table, data_type, resolver) = TABLES[nth];
        // Of an immutable item there is one write; the more items, the more of them.
        let spread = if resolver == ResolverKind::FirstWriteWins { 20 } else { 1 };
        let key = format!("k{}", random.below(plan.keys * spread));
        let Ok(key) = Key::new(&key) else { unreachable!("a short key") };
        if random.one_in(3) {
            return What::Read { table, key };
        }
        if random.one_in(20) {
            let verdict = match random.below(3) {
                0 => Verdict::Restore,
                1 => Verdict::Dismiss,
                _ => Verdict::Undo,
            };
            return What::Settle { table, key, verdict };
        }
        self.values += 1;
        let operation = self.operation(data_type, resolver, random);
        let condition = match random.below(12) {
            0 => Some(Condition::Absent),
            1 => Some(Condition::Present),
            2 | 3 => self.seen.clone().and_then(|(of, item, version)| {
                (of == table && item == key).then(|| Condition::Versions(vec![version]))
            }),
            _ => None,
        };
        let named = random.one_in(3).then(|| self.name());
        What::Write { table, key, operation, condition, named }
    }

    fn name(&self) -> NamedRequest {
        let mut name = [0; 16];
        name[..8].copy_from_slice(&(self.index as u64).to_le_bytes());
        name[8..].copy_from_slice(&self.values.to_le_bytes());
        NamedRequest { name: RequestName(name), hash: RequestHash(name) }
    }

    fn operation(
        &mut self,
        data_type: DataType,
        resolver: ResolverKind,
        random: &mut Random,
    ) -> Operation {
        if random.one_in(8) && resolver != ResolverKind::FirstWriteWins {
            return Operation::Delete;
        }
        let json = |text: &str| JsonText::from_checked(text);
        let mut some = || {
            let picked = ELEMENTS.iter().filter(|_| random.one_in(2));
            picked.map(|text| Element::from_checked(text)).collect::<Vec<_>>()
        };
        match data_type {
            DataType::Set => {
                let (added, removed) = (some(), some());
                if random.one_in(5) {
                    let texts: Vec<_> =
                        added.iter().map(|e| e.text().as_str().to_owned()).collect();
                    return Operation::Put(json(&format!("[{}]", texts.join(","))));
                }
                let removed = removed.into_iter().filter(|e| !added.contains(e)).collect();
                Operation::Elements { added, removed }
            }
            DataType::Counter => {
                let by = i64::try_from(random.below(100)).unwrap_or(1) - 30;
                Operation::Increment(if by == 0 { 1 } else { by })
            }
            DataType::Flag if random.one_in(4) => {
                Operation::Put(json(if random.one_in(2) { "true" } else { "false" }))
            }
            DataType::Flag => Operation::Switch(random.one_in(2)),
            DataType::Register if resolver.ranks() => {
                let number =
                    random.below(1_000) * 1_000_000 + self.values * 100 + self.index as u64;
                Operation::Put(json(&number.to_string()))
            }
            DataType::Register => {
                Operation::Put(json(&format!("\"c{}-{}\"", self.index, self.values)))
            }
        }
    }
}
