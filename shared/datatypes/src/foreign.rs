//! What must be seen to before another region's whole state of an item is joined.
//!
//! Joining takes for granted that a change says the same wherever it is told of. Damage can make
//! that untrue; of two states that tell differently of one write each would keep its own for ever.
//! So they are first made to tell the same: what the write's author says, where one of the sides
//! can speak for it. Nobody else can know.
//!
//! What only one side tells of needs nothing: there the join decides by the contexts.

use tombolo_causality::{HybridTimestamp, ReplicaId};

use crate::{Entry, ItemState, Live, TypeState, Written};

/// One of two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// This region's.
    Ours,
    /// The other region's.
    Theirs,
}

/// Two states still tell differently of some write, and neither side speaks for its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disputed;

impl ItemState {
    /// Makes both states tell the same of what both tell of. `speaks` says which side is right about
    /// the writes of a replica; nothing where neither can know.
    ///
    /// Where it answers an error, some of it may have been done all the same.
    pub fn agree(
        &mut self,
        other: &mut Self,
        speaks: impl Fn(&ReplicaId) -> Option<Side>,
    ) -> Result<(), Disputed> {
        self.learn_own_dots();
        other.learn_own_dots();
        let (context, other_context) = (self.context.clone(), other.context.clone());
        match (&mut self.value, &mut other.value) {
            (TypeState::Register(ours), TypeState::Register(theirs)) => {
                // What lives on one side may be kept on the other.
                let kept = [ours.kept.as_deref_mut(), theirs.kept.as_deref_mut()];
                agree_live(&mut ours.live, &mut theirs.live, kept, &speaks)?;
            }
            (TypeState::Counter(ours), TypeState::Counter(theirs)) => {
                agree_live(&mut ours.live, &mut theirs.live, [None, None], &speaks)?;
                for (replica, total) in &mut ours.totals {
                    // What a replica added is a function of how much of it was seen. Where one side
                    // has nothing of it, the join takes the other's.
                    let alike = context.get(replica) == other_context.get(replica);
                    let Some(of_theirs) = theirs.totals.get_mut(replica).filter(|_| alike) else {
                        continue;
                    };
                    agree_on(total, of_theirs, || speaks(replica))?;
                }
            }
            (TypeState::Set(ours), TypeState::Set(theirs)) => {
                agree_live(&mut ours.live, &mut theirs.live, [None, None], &speaks)?;
                for (element, live) in &mut ours.elements {
                    if let Some(of_theirs) = theirs.elements.get_mut(element) {
                        agree_live(live, of_theirs, [None, None], &speaks)?;
                    }
                }
            }
            (TypeState::Flag(ours), TypeState::Flag(theirs)) => {
                agree_live(&mut ours.live, &mut theirs.live, [None, None], &speaks)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The largest stamp that it tells of, of writes and of what was decided about them.
    pub fn latest_stamp(&self) -> Option<HybridTimestamp> {
        self.told().into_iter().map(|written| written.stamp).max()
    }

    /// A state has seen what it tells of. Where one has lost that, a join would tell of it twice.
    fn learn_own_dots(&mut self) {
        self.told().into_iter().for_each(|written| self.context.learn(written.dot));
    }

    /// The changes that it tells of, in no order: those that wrote, and those that decided about
    /// what was written.
    fn told(&self) -> Vec<Written> {
        fn told<T>(live: &Live<T>) -> impl Iterator<Item = Written> {
            live.all().flat_map(|entry| {
                let settled = entry.settled.as_ref().map(|settled| settled.by);
                core::iter::once(entry.written()).chain(settled)
            })
        }
        match &self.value {
            TypeState::Register(register) => told(&register.live)
                .chain(register.kept.as_ref().map(|kept| kept.written()))
                .collect(),
            TypeState::Counter(counter) => told(&counter.live).collect(),
            TypeState::Set(set) => {
                set.elements.values().flat_map(told).chain(told(&set.live)).collect()
            }
            TypeState::Flag(flag) => told(&flag.live).collect(),
        }
    }
}

/// The same of what lives in one place, and of what is kept there.
fn agree_live<T: Clone + PartialEq>(
    ours: &mut Live<T>,
    theirs: &mut Live<T>,
    kept: [Option<&mut Entry<T>>; 2],
    speaks: &impl Fn(&ReplicaId) -> Option<Side>,
) -> Result<(), Disputed> {
    if ours == theirs && kept[0] == kept[1] {
        return Ok(());
    }
    let all = |live: &Live<T>| -> Vec<Entry<T>> { live.all().cloned().collect() };
    let (mut of_ours, mut of_theirs) = (all(ours), all(theirs));
    let [our_kept, their_kept] = kept;
    let agreed = agree_entries(
        of_ours.iter_mut().chain(our_kept),
        of_theirs.iter_mut().chain(their_kept).collect(),
        speaks,
    );
    // What an entry is sorted by may have changed.
    *ours = Live::from_entries(of_ours);
    *theirs = Live::from_entries(of_theirs);
    agreed
}

fn agree_entries<'a, T: Clone + PartialEq + 'a>(
    ours: impl Iterator<Item = &'a mut Entry<T>>,
    mut theirs: Vec<&'a mut Entry<T>>,
    speaks: &impl Fn(&ReplicaId) -> Option<Side>,
) -> Result<(), Disputed> {
    theirs.sort_by_key(|entry| entry.dot);
    for entry in ours {
        let dot = entry.dot;
        let from = theirs.partition_point(|other| other.dot < dot);
        for other in theirs[from..].iter_mut().take_while(|other| other.dot == dot) {
            agree_entry(entry, other, speaks)?;
        }
    }
    Ok(())
}

/// The write, and what was decided about it, are told of by two changes: each has its own author.
fn agree_entry<T: Clone + PartialEq>(
    ours: &mut Entry<T>,
    theirs: &mut Entry<T>,
    speaks: &impl Fn(&ReplicaId) -> Option<Side>,
) -> Result<(), Disputed> {
    let author = ours.dot.replica;
    agree_on(&mut ours.stamp, &mut theirs.stamp, || speaks(&author))?;
    agree_on(&mut ours.value, &mut theirs.value, || speaks(&author))?;
    match (&mut ours.settled, &mut theirs.settled) {
        // Of decisions of two changes the join takes the later.
        (Some(ours), Some(theirs)) if ours.by.dot == theirs.by.dot => {
            let author = ours.by.dot.replica;
            agree_on(ours, theirs, || speaks(&author))
        }
        _ => Ok(()),
    }
}

fn agree_on<T: Clone + PartialEq>(
    ours: &mut T,
    theirs: &mut T,
    speaks: impl FnOnce() -> Option<Side>,
) -> Result<(), Disputed> {
    if ours == theirs {
        return Ok(());
    }
    match speaks().ok_or(Disputed)? {
        Side::Ours => *theirs = ours.clone(),
        Side::Theirs => *ours = theirs.clone(),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
