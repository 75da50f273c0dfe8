//! Whether a data directory goes on as the replica that it was, and whether two histories are one.
//!
//! A directory may have forgotten what others have seen of it: its disk has lied, or it was put
//! back from a copy. Each peer says how much of its stream it knows. Going on under the old name
//! would give names a second time that mean something else elsewhere.

use crate::{RunningHash, StreamPosition};

/// What a peer says of the stream of a region that starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Testimony {
    /// It knows no more than is here.
    Confirms,
    /// It knows more.
    KnowsMore,
    /// It knows as much, and it is not the same.
    KnowsOtherwise,
    /// It has not answered.
    Silent,
}

/// What a peer that knows `theirs` says to a region that has `here`.
pub fn testimony(here: StreamPosition, theirs: StreamPosition) -> Testimony {
    if theirs.seq > here.seq {
        Testimony::KnowsMore
    } else if theirs.seq == here.seq && theirs.hash != here.hash {
        Testimony::KnowsOtherwise
    } else {
        Testimony::Confirms
    }
}

/// Whether the incarnation lives on. Not where a peer knows more, or otherwise; and after an
/// unclean stop only where all have answered.
pub fn lives_on(testimonies: impl IntoIterator<Item = Testimony>, stopped_cleanly: bool) -> bool {
    testimonies.into_iter().all(|testimony| match testimony {
        Testimony::Confirms => true,
        Testimony::Silent => stopped_cleanly,
        Testimony::KnowsMore | Testimony::KnowsOtherwise => false,
    })
}

/// Whether what a peer knows of this stream is another history than the one here. `here_then` is
/// the running hash here where the peer stands; nothing where the log no longer tells.
pub fn is_forked(
    here: StreamPosition,
    theirs: StreamPosition,
    here_then: Option<RunningHash>,
) -> bool {
    theirs.seq > here.seq || here_then.is_some_and(|hash| hash != theirs.hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seq: u64, hash: u8) -> StreamPosition {
        StreamPosition { seq, hash: RunningHash([hash; 16]) }
    }

    #[test]
    fn a_peer_that_knows_less_cannot_tell_and_confirms() {
        assert_eq!(testimony(at(5, 1), at(4, 9)), Testimony::Confirms);
        assert_eq!(testimony(at(5, 1), at(5, 1)), Testimony::Confirms);
        assert_eq!(testimony(at(5, 1), at(5, 2)), Testimony::KnowsOtherwise);
        assert_eq!(testimony(at(5, 1), at(6, 1)), Testimony::KnowsMore);
    }

    #[test]
    fn after_an_unclean_stop_everybody_must_have_confirmed() {
        use Testimony::{Confirms, KnowsMore, KnowsOtherwise, Silent};
        assert!(lives_on([Confirms, Confirms], false));
        assert!(!lives_on([Confirms, Silent], false));
        assert!(lives_on([Confirms, Silent], true));
        for outdated in [KnowsMore, KnowsOtherwise] {
            assert!(!lives_on([Confirms, outdated], true));
        }
    }

    #[test]
    fn a_history_forks_where_it_goes_on_or_differs() {
        assert!(!is_forked(at(5, 1), at(3, 7), None));
        assert!(!is_forked(at(5, 1), at(3, 7), Some(RunningHash([7; 16]))));
        assert!(is_forked(at(5, 1), at(3, 7), Some(RunningHash([8; 16]))));
        assert!(is_forked(at(5, 1), at(6, 7), None));
    }
}
