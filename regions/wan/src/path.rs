//! One direction between two places: its shape, whether there is contact, and what it carried.
//!
//! Shared by every connection that uses the direction, so its bandwidth and its order are those
//! of one cable. Every change of condition counts as a new sending of all that is on the way:
//! what was lost in a cut is sent again once it is healed, as TCP would.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::alarm::Agenda;
use crate::delay_line::DelayLine;
use crate::shape::LinkShape;

/// Whether bytes get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    Open,
    /// A black hole: what is sent is held, nothing is refused.
    Cut,
}

/// What is in force on a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Condition {
    pub(crate) shape: LinkShape,
    pub(crate) contact: Contact,
    /// Counts the changes; bytes admitted under an earlier edition are admitted again.
    pub(crate) edition: u64,
}

#[derive(Debug)]
pub(crate) struct Path {
    condition: watch::Sender<Condition>,
    line: Mutex<DelayLine>,
    carried_bytes: AtomicU64,
}

impl Path {
    pub(crate) fn new(shape: LinkShape, seed: u64) -> Self {
        let condition = Condition { shape, contact: Contact::Open, edition: 0 };
        Self {
            condition: watch::Sender::new(condition),
            line: Mutex::new(DelayLine::new(shape, seed)),
            carried_bytes: AtomicU64::new(0),
        }
    }

    pub(crate) fn set_contact(&self, contact: Contact) {
        self.alter(|condition| Condition { contact, ..condition });
    }

    pub(crate) fn set_shape(&self, shape: LinkShape) {
        self.alter(|condition| Condition { shape, ..condition });
    }

    pub(crate) fn condition(&self) -> watch::Receiver<Condition> {
        self.condition.subscribe()
    }

    /// When bytes sent at `now` are due at the other end.
    pub(crate) fn admit(&self, now: Instant, bytes: usize) -> Instant {
        self.line.lock().unwrap_or_else(PoisonError::into_inner).admit(now, bytes)
    }

    /// Waits until a signal sent now, a handshake's for instance, has crossed; in a cut until it
    /// is healed and the signal sent again has crossed.
    pub(crate) async fn cross(&self, agenda: &Arc<Agenda>) {
        let mut condition = self.condition();
        let mut bell = agenda.bell();
        loop {
            let open = condition.borrow_and_update().contact == Contact::Open;
            let due = self.admit(Instant::now(), 0);
            tokio::select! {
                () = bell.rings_at(due), if open => return,
                Ok(()) = condition.changed() => {}
            }
        }
    }

    /// Waits until there is no contact.
    pub(crate) async fn until_cut(&self) {
        // The sender lives as long as `self`, so this cannot end without a cut.
        let mut condition = self.condition();
        while condition.borrow_and_update().contact == Contact::Open {
            if condition.changed().await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn count_carried(&self, bytes: usize) {
        self.carried_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn carried_bytes(&self) -> u64 {
        self.carried_bytes.load(Ordering::Relaxed)
    }

    fn alter(&self, change: impl FnOnce(Condition) -> Condition) {
        self.condition.send_if_modified(|condition| {
            let new = change(*condition);
            if (new.shape, new.contact) == (condition.shape, condition.contact) {
                return false;
            }
            self.line.lock().unwrap_or_else(PoisonError::into_inner).restart(new.shape);
            *condition = Condition { edition: condition.edition + 1, ..new };
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_makes_a_new_edition() {
        let path = Path::new(LinkShape::default(), 1);
        path.set_contact(Contact::Open);
        path.set_shape(LinkShape::default());
        assert_eq!(path.condition().borrow().edition, 0);
        path.set_contact(Contact::Cut);
        path.set_contact(Contact::Cut);
        path.set_contact(Contact::Open);
        assert_eq!(path.condition().borrow().edition, 2);
    }
}
