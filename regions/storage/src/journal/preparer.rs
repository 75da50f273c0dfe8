//! Readies the next segment and puts released ones away, off the path of appends.
//!
//! ```text
//!   released n.log ──▶ n.spare ──▶ (next).log ready      or, without a spare, a new file of zeros
//!          └─ too many spares, or of another size ──▶ removed
//! ```
//! Work is cut into steps, one file each. Whoever needs a segment at once (an append that finds
//! none ready) waits for one step under way at most, then takes steps itself.
//!
//! Orders that recovery relies on: the next segment's name and zeros are durable before it is
//! handed out; no segment is readied before the one ahead of it has durably begun; released
//! segments lose their names oldest first, each durably before the next, so that a crash leaves no
//! gap. A release that a crash undoes merely keeps a segment longer.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    AppendError,
    segment::{FOLDER, FileKind, fill_zeros},
};
use crate::disk::{Disk, DiskFile};
use crate::room::is_full;

/// A handle on the journal's housekeeping, for a thread of the owner's choosing.
#[derive(Clone, Debug)]
pub struct Preparer {
    yard: Arc<Yard>,
}

impl Preparer {
    pub(super) fn new(yard: Arc<Yard>) -> Self {
        Self { yard }
    }

    /// Whether [`Self::prepare`] would find something to do. Cheap; to be asked after appends,
    /// syncs and releases.
    pub fn has_work(&self) -> bool {
        let orders = lock(&self.yard.orders);
        orders.ready.is_none() || !orders.released.is_empty()
    }

    /// Does what there is to do. After an error that is not the journal's end
    /// ([`AppendError::DiskFull`], [`AppendError::Prepare`]) it may be called again.
    pub fn prepare(&self) -> Result<(), AppendError> {
        while self.yard.step()? {}
        Ok(())
    }
}

/// A segment that can begin at any moment: of full size, durable, and without a frame of its own.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    pub(super) number: u64,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) file_bytes: u64,
}

/// What journal and preparer share.
#[derive(Debug)]
pub(super) struct Yard {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    spares_max: usize,
    /// Set by any failed write or sync; never unset.
    poisoned: AtomicBool,
    /// Held for one step of disk work. Locked before `orders`, never while holding it.
    spares: Mutex<VecDeque<u64>>,
    /// Held for moments only.
    orders: Mutex<Orders>,
}

#[derive(Debug)]
struct Orders {
    /// The segment to ready, or readied.
    next: u64,
    ready: Option<Ready>,
    /// Segments to put away, oldest first: number and size.
    released: VecDeque<(u64, u64)>,
}

enum Task {
    PutAway { number: u64, keep: bool },
    Reuse { spare: u64, number: u64 },
    Create { number: u64 },
}

impl Yard {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        (segment_bytes, spares_max): (u64, usize),
        next: u64,
        spares: Vec<u64>,
    ) -> Self {
        let orders = Orders { next, ready: None, released: VecDeque::new() };
        Self {
            disk,
            segment_bytes,
            spares_max,
            poisoned: AtomicBool::new(false),
            spares: Mutex::new(spares.into()),
            orders: Mutex::new(orders),
        }
    }

    /// The next segment, readied now if it was not. Stays on offer until it has [begun](Self::begun).
    pub(super) fn next(&self) -> Result<Ready, AppendError> {
        loop {
            if let Some(ready) = lock(&self.orders).ready.clone() {
                return Ok(ready);
            }
            self.step()?;
        }
    }

    /// The segment on offer has durably begun: the one after it may be readied.
    pub(super) fn begun(&self, number: u64) {
        let mut orders = lock(&self.orders);
        orders.ready = None;
        orders.next = number + 1;
    }

    /// Takes released segments over; no reader is led to them any more.
    pub(super) fn release(&self, segments: impl IntoIterator<Item = (u64, u64)>) {
        lock(&self.orders).released.extend(segments);
    }

    pub(super) fn check(&self) -> Result<(), AppendError> {
        if self.poisoned.load(Ordering::Acquire) { Err(AppendError::Poisoned) } else { Ok(()) }
    }

    /// Ends the journal: a write or a sync of `name` failed.
    pub(super) fn poison(&self, name: String, source: io::Error) -> AppendError {
        self.poisoned.store(true, Ordering::Release);
        AppendError::Failed { name, source }
    }

    /// Does one file's worth of work; false if there was none.
    fn step(&self) -> Result<bool, AppendError> {
        let mut spares = lock(&self.spares);
        self.check()?;
        match self.task(&spares) {
            None => return Ok(false),
            Some(Task::PutAway { number, keep }) => {
                self.put_away(number, keep)?;
                lock(&self.orders).released.pop_front();
                if keep {
                    spares.push_back(number);
                }
            }
            Some(Task::Reuse { spare, number }) => {
                // Given up if it fails: an unusable spare must not stand in the way for ever.
                spares.pop_front();
                let ready = self.reuse(spare, number)?;
                lock(&self.orders).ready = Some(ready);
            }
            Some(Task::Create { number }) => {
                let ready = self.create(number)?;
                lock(&self.orders).ready = Some(ready);
            }
        }
        Ok(true)
    }

    /// The next segment goes before putting away, since an append may be waiting for it; unless
    /// what is put away can become the next.
    fn task(&self, spares: &VecDeque<u64>) -> Option<Task> {
        let orders = lock(&self.orders);
        let number = orders.next;
        let released = orders.released.front().map(|&(number, file_bytes)| {
            let keep = file_bytes == self.segment_bytes && spares.len() < self.spares_max;
            Task::PutAway { number, keep }
        });
        match (&orders.ready, spares.front(), released) {
            (Some(_), _, released) => released,
            (None, Some(&spare), _) => Some(Task::Reuse { spare, number }),
            (None, None, Some(Task::PutAway { number, keep: true })) => {
                Some(Task::PutAway { number, keep: true })
            }
            (None, None, _) => Some(Task::Create { number }),
        }
    }

    fn put_away(&self, number: u64, keep: bool) -> Result<(), AppendError> {
        let name = FileKind::Log(number).name();
        if keep {
            self.try_on(&name, self.disk.rename(&name, &FileKind::Spare(number).name()))?;
        } else {
            self.try_on(&name, self.disk.remove(&name))?;
        }
        self.sync_folder()
    }

    fn reuse(&self, spare: u64, number: u64) -> Result<Ready, AppendError> {
        let (spare, name) = (FileKind::Spare(spare).name(), FileKind::Log(number).name());
        let file = self.try_on(&spare, self.disk.open(&spare))?;
        self.try_on(&spare, self.disk.rename(&spare, &name))?;
        self.sync_folder()?;
        Ok(Ready { number, file, file_bytes: self.segment_bytes })
    }

    fn create(&self, number: u64) -> Result<Ready, AppendError> {
        let name = FileKind::Log(number).name();
        let file = self.try_on(&name, self.disk.create(&name))?;
        let filled =
            fill_zeros(&*file, 0, self.segment_bytes).map_err(|source| self.failed(&name, source));
        if let Err(error) = filled.and_then(|()| self.sync_filled(&name, &*file, number)) {
            // Gives the room back; a file that will not go is in the way of the next attempt,
            // which then says so.
            drop(self.disk.remove(&name));
            return Err(error);
        }
        self.sync_folder()?;
        Ok(Ready { number, file, file_bytes: self.segment_bytes })
    }

    /// Some file systems find room only when they write back; for zeros in a file that is thrown
    /// away then, that is a full disk and not a loss.
    fn sync_filled(&self, name: &str, file: &dyn DiskFile, number: u64) -> Result<(), AppendError> {
        file.sync_data().map_err(|source| {
            if is_full(&source) {
                AppendError::DiskFull { segment: number }
            } else {
                self.poison(name.to_owned(), source)
            }
        })
    }

    fn sync_folder(&self) -> Result<(), AppendError> {
        self.disk.sync_dir(FOLDER).map_err(|source| self.poison(FOLDER.to_owned(), source))
    }

    fn try_on<T>(&self, name: &str, result: io::Result<T>) -> Result<T, AppendError> {
        result.map_err(|source| self.failed(name, source))
    }

    /// The error for something that failed without harm to what is durable.
    fn failed(&self, name: &str, source: io::Error) -> AppendError {
        if is_full(&source) {
            AppendError::DiskFull { segment: lock(&self.orders).next }
        } else {
            AppendError::Prepare { name: name.to_owned(), source }
        }
    }
}

/// No state here is left half-changed by a panic, so a poisoned lock is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
