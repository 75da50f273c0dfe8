//! Wakes tasks at an instant, within a fraction of a millisecond.
//!
//! tokio's timers count whole milliseconds and round up, which would add 0.5 ms to 1 ms to every
//! delivery. Here one thread waits on a condition variable for the earliest of all set bells: it
//! is late by what the kernel and the scheduler need (0.12 ms, median, on two cores), never
//! early. It sleeps without a timer while no bell is set, and never spins.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

/// The thread and what it waits for. Dropping it ends the thread; bells left over stay silent.
#[derive(Debug)]
pub(crate) struct Alarm {
    agenda: Arc<Agenda>,
    thread: Option<JoinHandle<()>>,
}

/// What the alarm and its bells share; cheap to hand to every task.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    entries: Mutex<Entries>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Entries {
    /// Ordered by time; the bell's number tells apart those of one instant.
    set: BTreeMap<(Instant, u64), Waker>,
    bells: u64,
    closed: bool,
}

/// One task's place in the agenda. It keeps its setting between polls, so that a task that is
/// woken for another reason does not cost the alarm thread a wake-up.
#[derive(Debug)]
pub(crate) struct Bell {
    agenda: Arc<Agenda>,
    number: u64,
    set: Option<Instant>,
}

impl Alarm {
    pub(crate) fn start() -> io::Result<Self> {
        let agenda = Arc::new(Agenda::default());
        let waiting = Arc::clone(&agenda);
        let thread = Builder::new().name("wan-alarm".to_owned()).spawn(move || waiting.run())?;
        Ok(Self { agenda, thread: Some(thread) })
    }

    pub(crate) fn agenda(&self) -> Arc<Agenda> {
        Arc::clone(&self.agenda)
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.agenda.lock().closed = true;
        self.agenda.changed.notify_one();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the alarm thread of the relay panicked");
        }
    }
}

impl Agenda {
    pub(crate) fn bell(self: &Arc<Self>) -> Bell {
        let mut entries = self.lock();
        entries.bells += 1;
        Bell { agenda: Arc::clone(self), number: entries.bells, set: None }
    }

    /// No code that holds this lock can panic half-way, so a poisoned one is still whole.
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut entries = self.lock();
        let mut due = Vec::new();
        while !entries.closed {
            let now = Instant::now();
            while let Some(entry) = entries.set.first_entry().filter(|entry| entry.key().0 <= now) {
                due.push(entry.remove());
            }
            if !due.is_empty() {
                drop(entries);
                due.drain(..).for_each(Waker::wake);
                entries = self.lock();
                continue;
            }
            let next =
                entries.set.first_key_value().map(|((at, _), _)| at.saturating_duration_since(now));
            entries = match next {
                None => self.changed.wait(entries).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let waited = self.changed.wait_timeout(entries, time);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

impl Bell {
    /// Completes at this instant or a little later. Dropped before and called again with the
    /// same instant, it goes on as if nothing had happened.
    pub(crate) async fn rings_at(&mut self, at: Instant) {
        poll_fn(|context| self.poll(at, context)).await;
    }

    fn poll(&mut self, at: Instant, context: &Context<'_>) -> Poll<()> {
        let mut entries = self.agenda.lock();
        // Asked under the lock, so that what the alarm has found due is due here as well.
        let past = Instant::now() >= at;
        if let Some(before) = self.set.filter(|before| past || *before != at) {
            entries.set.remove(&(before, self.number));
            self.set = None;
        }
        if past {
            return Poll::Ready(());
        }
        let key = (at, self.number);
        entries.set.insert(key, context.waker().clone());
        let is_new = self.set.replace(at).is_none();
        let is_first = entries.set.first_key_value().is_some_and(|(first, _)| *first == key);
        drop(entries);
        if is_new && is_first {
            self.agenda.changed.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if let Some(at) = self.set {
            self.agenda.lock().set.remove(&(at, self.number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test]
    async fn a_bell_never_rings_early_and_bells_ring_in_the_order_of_their_times() {
        let alarm = Alarm::start().unwrap();
        let start = Instant::now();
        let rung = Mutex::new(Vec::new());
        let after = |millis: u32| {
            let mut bell = alarm.agenda().bell();
            let rung = &rung;
            async move {
                bell.rings_at(start + MS * millis).await;
                assert!(start.elapsed() >= MS * millis);
                rung.lock().unwrap().push(millis);
            }
        };
        tokio::join!(after(60), after(5), after(30), after(0));
        assert_eq!(*rung.lock().unwrap(), [0, 5, 30, 60]);
    }

    #[tokio::test]
    async fn a_bell_can_be_set_to_an_earlier_time() {
        let alarm = Alarm::start().unwrap();
        let mut bell = alarm.agenda().bell();
        let start = Instant::now();
        tokio::select! {
            biased;
            () = bell.rings_at(start + 60_000 * MS) => panic!("a minute has not passed"),
            () = std::future::ready(()) => {}
        }
        bell.rings_at(start + MS).await;
        assert!(alarm.agenda.lock().set.is_empty());
    }

    #[tokio::test]
    async fn a_dropped_bell_leaves_nothing_behind() {
        let alarm = Alarm::start().unwrap();
        let mut bell = alarm.agenda().bell();
        tokio::select! {
            biased;
            () = bell.rings_at(Instant::now() + 60_000 * MS) => panic!("a minute has not passed"),
            () = std::future::ready(()) => {}
        }
        assert_eq!(alarm.agenda.lock().set.len(), 1);
        drop(bell);
        assert!(alarm.agenda.lock().set.is_empty());
    }

    /// Whoever polls a bell may be held up on the way to the lock until the alarm has rung it. Set
    /// again, it would stand before all later bells, for which nobody would wake the alarm.
    #[test]
    fn a_bell_that_is_rung_while_it_is_polled_is_not_set_again() {
        let agenda = Arc::new(Agenda::default());
        let mut bell = agenda.bell();
        let at = Instant::now() + 200 * MS;
        let context = || Context::from_waker(Waker::noop());
        assert!(bell.poll(at, &context()).is_pending());

        let mut entries = agenda.lock();
        let (starts, started) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || {
            starts.send(()).unwrap();
            (bell.poll(at, &context()), bell)
        });
        started.recv().unwrap();
        while Instant::now() < at {
            std::thread::yield_now();
        }
        entries.set.pop_first().unwrap();
        drop(entries);
        let (polled, _bell) = other.join().unwrap();
        assert_eq!(polled, Poll::Ready(()));
        assert!(agenda.lock().set.is_empty());
    }
}
