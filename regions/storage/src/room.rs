//! Waiting for room on a full disk, instead of failing.
//!
//! ```text
//!  state file ── write ──▶ no room ──▶ waits and writes again ──▶ goes on
//!  journal ─── prepare ──▶ no room ──▶ holds a Shortage, tries again
//!                                          └──▶ is_short: nothing new is taken in
//! ```
//! To redb a write that fails is the end until the database is opened anew, so its writes wait
//! here: a write of the same bytes at the same place may be repeated, a sync may not and is not.
//! What cannot wait, because the region starts or stops, gets the error.
//!
//! Deliberately absent: looking at how much is left. Whoever writes finds out.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::disk::{Disk, DiskFile};

/// How long after finding no room it is looked for again.
pub const ROOM_SOUGHT_EVERY: Duration = Duration::from_millis(500);

/// What all who write to one disk know of its room.
#[derive(Debug, Default)]
pub struct Room {
    /// How many wait for room.
    short: AtomicUsize,
    /// Whether it may be waited for.
    waits: Mutex<bool>,
    changed: Condvar,
}

/// Says for as long as it lives that there is no room.
#[derive(Debug)]
pub struct Shortage(Arc<Room>);

impl Room {
    /// Whether somebody waits for room, so that nothing more should be taken in.
    pub fn is_short(&self) -> bool {
        self.short.load(Ordering::Acquire) > 0
    }

    /// From now on a full disk is waited for. Before, it is an error.
    pub fn wait_from_now_on(&self) {
        *self.lock() = true;
    }

    /// Ends every wait with the error that it waits about, and from now on there is none.
    pub fn give_up(&self) {
        *self.lock() = false;
        self.changed.notify_all();
    }

    /// Whether a full disk is waited for.
    pub fn waits(&self) -> bool {
        *self.lock()
    }

    /// Says that there is no room, until what is returned is dropped.
    pub fn shortage(self: &Arc<Self>) -> Shortage {
        if self.short.fetch_add(1, Ordering::AcqRel) == 0 {
            tracing::error!("the disk is full: writes are refused until there is room");
        }
        Shortage(Arc::clone(self))
    }

    /// Tries until there is room. Blocks.
    fn until_there_is<T>(
        self: &Arc<Self>,
        mut attempt: impl FnMut() -> io::Result<T>,
    ) -> io::Result<T> {
        let mut shortage = None;
        loop {
            let error = match attempt() {
                Err(error) if is_full(&error) => error,
                done => return done,
            };
            let waits = self.lock();
            if !*waits {
                return Err(error);
            }
            shortage.get_or_insert_with(|| self.shortage());
            drop(self.changed.wait_timeout(waits, ROOM_SOUGHT_EVERY));
        }
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Shortage {
    fn drop(&mut self) {
        if self.0.short.fetch_sub(1, Ordering::AcqRel) == 1 {
            tracing::info!("nothing waits for room on the disk any more");
        }
    }
}

/// Whether an error says that there is no room.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// A disk on which growing a file waits for room.
#[derive(Debug)]
pub(crate) struct WaitingDisk {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) room: Arc<Room>,
}

impl WaitingDisk {
    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(WaitingFile { file, room: Arc::clone(&self.room) })
    }
}

impl Disk for WaitingDisk {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.create_folder(folder)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(name).map(|file| self.file(file))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(name).map(|file| self.file(file))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.disk.exists(name)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.disk.list(folder)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        self.disk.sync_dir(folder)
    }
}

#[derive(Debug)]
struct WaitingFile {
    file: Arc<dyn DiskFile>,
    room: Arc<Room>,
}

impl DiskFile for WaitingFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(bytes, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.room.until_there_is(|| self.file.write_all_at(bytes, offset))
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        self.room.until_there_is(|| self.file.set_len(len_bytes))
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.file.len_bytes()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    #[test]
    fn a_full_disk_is_an_error_where_it_is_not_waited_for() {
        let room = Arc::new(Room::default());
        let error = room.until_there_is(|| Err::<(), _>(full())).unwrap_err();
        assert!(is_full(&error) && !room.is_short());
    }

    #[test]
    fn it_is_short_while_somebody_waits_and_no_longer() {
        let room = Arc::new(Room::default());
        room.wait_from_now_on();
        let mut attempts = 0;
        let done = room.until_there_is(|| {
            attempts += 1;
            assert_eq!(room.is_short(), attempts > 1);
            if attempts == 1 { Err(full()) } else { Ok(attempts) }
        });
        assert_eq!(done.unwrap(), 2);
        assert!(!room.is_short());
    }

    /// Has room from the third write and the third growth on.
    #[derive(Debug, Default)]
    struct Scarce {
        writes: AtomicUsize,
        growths: AtomicUsize,
    }

    impl Scarce {
        fn count(calls: &AtomicUsize) -> io::Result<()> {
            if calls.fetch_add(1, Ordering::Relaxed) < 2 { Err(full()) } else { Ok(()) }
        }
    }

    impl DiskFile for Scarce {
        fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            Ok(())
        }

        fn write_all_at(&self, _: &[u8], _: u64) -> io::Result<()> {
            Self::count(&self.writes)
        }

        fn set_len(&self, _: u64) -> io::Result<()> {
            Self::count(&self.growths)
        }

        fn len_bytes(&self) -> io::Result<u64> {
            Ok(0)
        }

        fn sync_data(&self) -> io::Result<()> {
            Err(full())
        }
    }

    #[test]
    fn writes_and_growth_wait_for_room_and_a_sync_is_never_repeated() {
        let room = Arc::new(Room::default());
        room.wait_from_now_on();
        let scarce = Arc::new(Scarce::default());
        let file = WaitingFile { file: scarce.clone(), room };
        file.write_all_at(b"a", 0).unwrap();
        file.set_len(1).unwrap();
        assert_eq!(scarce.writes.load(Ordering::Relaxed), 3);
        assert_eq!(scarce.growths.load(Ordering::Relaxed), 3);
        assert!(is_full(&file.sync_data().unwrap_err()));
    }

    #[test]
    fn another_error_is_not_waited_about() {
        let room = Arc::new(Room::default());
        room.wait_from_now_on();
        let error = room.until_there_is(|| Err::<(), _>(io::Error::other("broken"))).unwrap_err();
        assert_eq!(error.to_string(), "broken");
    }

    #[test]
    fn giving_up_ends_a_wait_with_its_error() {
        let room = Arc::new(Room::default());
        room.wait_from_now_on();
        let waiting = {
            let room = Arc::clone(&room);
            std::thread::spawn(move || {
                let gives_up = Arc::clone(&room);
                room.until_there_is(|| {
                    gives_up.give_up();
                    Err::<(), _>(full())
                })
            })
        };
        assert!(is_full(&waiting.join().unwrap().unwrap_err()));
        assert!(!room.is_short() && !room.waits());
    }
}
