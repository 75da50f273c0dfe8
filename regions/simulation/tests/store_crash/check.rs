//! Compares what the store shows with what it must.

use std::{collections::BTreeMap, fmt, sync::Arc};

use tombolo_causality::ReplicaId;
use tombolo_datatypes::{ItemState, TypeState};
use tombolo_protocol::encode_row;
use tombolo_replication::{ItemKey, Key, RunningHash, SealedChange, TableId};
use tombolo_simulation::Random;
use tombolo_storage::{Found, KeyRange, LogReader, Run, View};

use crate::{
    failure::Failure,
    model::{Model, Written},
    reference::Reference,
    workload,
};

/// The view is that of the first `count` changes, in every respect but the digest.
pub(crate) fn view(
    view: &View,
    model: &Model,
    count: usize,
    random: &mut Random,
) -> Result<(), Failure> {
    let reference = model.at(count)?;
    Failure::unless(**view.position() == reference.position, || {
        format!("{:?} is shown instead of {:?}", view.position(), reference.position)
    })?;
    Failure::unless(**view.vector() == *reference.applied(), || "vector".to_owned())?;
    Failure::unless(view.stamp_floor() == reference.position.stamp_floor, || "floor".to_owned())?;
    Failure::unless(view.catalog() == reference.catalog(), || {
        format!("the tables are {:?} instead of {:?}", view.catalog(), reference.catalog())
    })?;
    for table in reference.catalog().iter() {
        items(view, &reference, &table.id, random)?;
        for (item, state) in of_table(&reference, &table.id) {
            let found = view.get(item)?;
            let holds = found.as_ref().is_some_and(|found| are_same(found, state));
            Failure::unless(holds, || format!("{item:?}: {found:?} instead of {state:?}"))?;
        }
        let item = ItemKey { table: table.id, key: Key::new("never written").unwrap() };
        Failure::unless(view.get(&item)?.is_none(), || "an invented item".to_owned())?;
    }
    sums(view, model.first(count))
}

/// States are the same where their canonical bytes are: what is stored and compared everywhere.
pub(crate) fn are_same(one: &ItemState, other: &ItemState) -> bool {
    one == other || encode_row(one).unwrap() == encode_row(other).unwrap()
}

fn is_same_item(one: &(Key, Arc<ItemState>), other: &(Key, Arc<ItemState>)) -> bool {
    one.0 == other.0 && are_same(&one.1, &other.1)
}

fn of_table<'a>(
    reference: &'a Reference,
    table: &'a TableId,
) -> impl Iterator<Item = (&'a ItemKey, &'a Arc<ItemState>)> {
    reference.states.iter().filter(move |(item, _)| item.table == *table)
}

/// Scanned from the start and from some key on: in order, each once, all of them.
fn items(
    view: &View,
    reference: &Reference,
    table: &TableId,
    random: &mut Random,
) -> Result<(), Failure> {
    for after in [None, Some(workload::key(random))] {
        let range = after.clone().map_or_else(KeyRange::all, |key| KeyRange::all().after(key));
        let found: Vec<_> = view.scan(table, &range)?.collect::<Result<_, _>>()?;
        let expected: Vec<_> = of_table(reference, table)
            .filter(|(item, _)| after.as_ref().is_none_or(|after| item.key > *after))
            .map(|(item, state)| (item.key.clone(), Arc::clone(state)))
            .collect();
        let mut pairs = found.iter().zip(&expected);
        let differs = pairs.position(|(found, state)| !is_same_item(found, state));
        let at = differs.unwrap_or(found.len().min(expected.len()));
        Failure::unless(found.len() == expected.len() && at == found.len(), || {
            let (found, expected) = (found.get(at), expected.get(at));
            format!("{table} after {after:?} has {found:?} instead of {expected:?}, the {at}th")
        })?;
    }
    Ok(())
}

/// Every increment is in its sum exactly once: added up here without any of the store's own code.
fn sums(view: &View, changes: &[Written]) -> Result<(), Failure> {
    let mut sums = BTreeMap::new();
    for (item, by) in changes.iter().filter_map(|written| written.added.as_ref()) {
        *sums.entry(item).or_insert(0) += i128::from(*by);
    }
    for (item, sum) in sums {
        let state = view.get(item)?;
        let counted = match state.as_ref().map(|state| state.value()) {
            Some(TypeState::Counter(counter)) => Some(counter.sum()),
            _ => None,
        };
        Failure::unless(counted == Some(sum), || format!("{item:?}: {counted:?} for {sum}"))?;
    }
    Ok(())
}

/// The journal gives every stream back from any place on, byte for byte, unless it was released.
pub(crate) fn log(log: &mut LogReader, model: &Model, random: &mut Random) -> Result<(), Failure> {
    for (origin, changes) in model.streams(model.acknowledged()) {
        let mut after = random.below(changes.len() as u64 + 1);
        loop {
            let up_to = if random.one_in(4) { after + random.below(3) } else { u64::MAX };
            let bytes_max = usize::try_from(random.below(3_000)).unwrap();
            let found = log.read(origin, after, up_to, bytes_max)?;
            let wanted = Wanted { origin, after, up_to, bytes_max };
            match wanted.check(&found, &changes, model)? {
                Some(last) => after = last,
                None if up_to < u64::MAX => {}
                None => break,
            }
        }
        let at = random.below(changes.len() as u64 + 1);
        let (hash, next) = (log.hash_at(origin, at)?, changes.get(usize::try_from(at).unwrap()));
        let holds = match hash {
            Some(hash) => hash == hash_after(&changes, at),
            None => next.is_some_and(|next| model.may_be_released(next.change.dot)),
        };
        Failure::unless(holds, || format!("the hash of {origin} at {at} is {hash:?}"))?;
    }
    Ok(())
}

/// What was asked of the log.
pub(crate) struct Wanted {
    pub(crate) origin: ReplicaId,
    pub(crate) after: u64,
    pub(crate) up_to: u64,
    pub(crate) bytes_max: usize,
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, after, up_to, bytes_max } = self;
        write!(f, "{origin} after {after} up to {up_to} in {bytes_max} bytes")
    }
}

impl Wanted {
    /// Answers the last sequence that was found; nothing where there was nothing (more) to find.
    pub(crate) fn check(
        &self,
        found: &Found,
        changes: &[&SealedChange],
        model: &Model,
    ) -> Result<Option<u64>, Failure> {
        let rest = &changes[usize::try_from(self.after).unwrap()..];
        match (found, rest.first()) {
            (Found::Run(run), Some(_)) => {
                let expected = self.expected(rest, hash_after(changes, self.after));
                Failure::unless(*run == expected, || {
                    format!("{self} gave {run:?} instead of {expected:?}")
                })?;
                Ok(Some(run.last))
            }
            (Found::Released, Some(next)) if model.may_be_released(next.change.dot) => Ok(None),
            (Found::Nothing, None) => Ok(None),
            (Found::Nothing, Some(next)) if next.change.dot.seq > self.up_to => Ok(None),
            _ => Err(Failure::Wrong(format!("{self} gave {found:?}"))),
        }
    }

    /// As many of `rest` as fit, and at least one.
    fn expected(&self, rest: &[&SealedChange], hash_before: RunningHash) -> Run {
        let mut run = Run { hash_before, changes: Vec::new(), bytes: 0, last: self.after };
        for sealed in rest.iter().take_while(|sealed| sealed.change.dot.seq <= self.up_to) {
            if !run.changes.is_empty() && run.bytes + sealed.bytes.len() > self.bytes_max {
                break;
            }
            run.bytes += sealed.bytes.len();
            run.changes.push(sealed.bytes.to_vec());
            run.last = sealed.change.dot.seq;
        }
        run
    }
}

fn hash_after(changes: &[&SealedChange], seq: u64) -> RunningHash {
    let changes = changes.iter().take(usize::try_from(seq).unwrap());
    changes.fold(RunningHash::default(), |hash, sealed| hash.after(&sealed.bytes))
}
