//! Whether two states of one item are different, or only of different moments.

use tombolo_causality::VersionVector;

use super::messages::{Held, Offer};
use crate::Key;

/// What comes of looking at an item's two states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are the same.
    Same,
    /// Each lacks only what its region has not shown yet: no difference, as far as can be told.
    InFlight,
    /// One lacks what its region shows, or they tell differently of the same changes: to be joined.
    Different,
    /// The same, but one of them has seen what the region that would join it does not show yet, or
    /// what nobody has: not to be joined now.
    DifferentYetAhead,
    /// One of them is not told.
    Untold,
}

/// What a region has of an item, and what it shows with it.
pub type Seen<'a> = (&'a Held, &'a VersionVector);

/// Both regions come to the same verdict, since both look at the same.
pub fn verdict((asker, asker_shows): Seen<'_>, (answerer, answerer_shows): Seen<'_>) -> Verdict {
    if matches!((asker, answerer), (Held::TooLarge, _) | (_, Held::TooLarge)) {
        return Verdict::Untold;
    }
    if asker == answerer {
        return Verdict::Same;
    }
    let (of_asker, of_answerer) = (context(asker), context(answerer));
    // What an item has seen its region shows: anything else is damage.
    let are_sound = asker_shows.descends(&of_asker) && answerer_shows.descends(&of_answerer);
    let lacks =
        [lack(&of_asker, &of_answerer, asker_shows), lack(&of_answerer, &of_asker, answerer_shows)];
    if are_sound && !lacks.contains(&Lack::Shown) && lacks.contains(&Lack::Hidden) {
        Verdict::InFlight
    } else if are_sound && answerer_shows.descends(&of_asker) {
        Verdict::Different
    } else {
        Verdict::DifferentYetAhead
    }
}

fn context(held: &Held) -> VersionVector {
    held.state().map(|state| state.context().clone()).unwrap_or_default()
}

/// The asker's states that the answering region, which has `ours` of them and shows `shows`, joins.
pub fn to_join<'a>(
    offer: &'a Offer,
    ours: &'a [Held],
    shows: &'a VersionVector,
) -> impl Iterator<Item = (&'a Key, &'a Held)> {
    let both = offer.items.iter().zip(ours);
    both.filter_map(move |((key, theirs), ours)| {
        let verdict = verdict((theirs, &offer.vector), (ours, shows));
        (verdict == Verdict::Different).then_some((key, theirs))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lack {
    None,
    /// Of what the region has not shown yet.
    Hidden,
    /// Of what it shows: the item should have it.
    Shown,
}

/// What an item of context `ours` lacks of `theirs`, where its region shows `shows`.
fn lack(ours: &VersionVector, theirs: &VersionVector, shows: &VersionVector) -> Lack {
    let missing = theirs.iter().filter(|(replica, seq)| *seq > ours.get(replica));
    missing.fold(Lack::None, |lack, (replica, seq)| {
        if lack == Lack::Shown || seq <= shows.get(&replica) { Lack::Shown } else { Lack::Hidden }
    })
}
