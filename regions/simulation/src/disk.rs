//! A disk in memory that keeps two images: what programs see and what a power cut would leave.
//!
//! It is as hostile as POSIX allows. A write is durable after `sync_data` of its file, a name after
//! `sync_dir` of its folder; at a power cut a random subset of everything else happened too, torn
//! at bytes, sectors or pages, with file extensions and names lost independently. Faults are
//! switched on with [`SimulatedDisk::inject`]: a crash at a given call, a failing sync, a full
//! disk, syncs that lie, syncs that stall until they are released.
//!
//! Deliberately absent: bit rot (write the damage yourself), reads that fail, and time.

mod calls;
mod content;
mod directory;
mod faults;
mod gate;
mod state;

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tombolo_storage::disk::{Disk, DiskFile};

use self::state::{Changed, State};
pub use self::{
    calls::{Call, CallCounts},
    faults::{Fault, Lie},
    gate::Gate,
};

/// A simulated disk; clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

impl SimulatedDisk {
    /// An empty disk whose accidents follow `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: Arc::new(Mutex::new(State::new(seed))) }
    }

    /// Switches a fault on, in place of an earlier one of its kind.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.inject(fault);
    }

    /// Switches all faults off, and lets a crashed disk stay crashed.
    pub fn heal(&self) {
        self.lock().faults.heal();
    }

    /// Makes the next `sync_data` stop at the gate returned.
    pub fn stall_next_sync(&self) -> Gate {
        let gate = Gate::new();
        self.lock().faults.next_gate = Some(gate.clone());
        gate
    }

    /// Makes every `sync_data` from now on stop at the gate returned, until that is opened.
    pub fn stall_syncs(&self) -> Gate {
        let gate = Gate::new();
        self.lock().faults.gate = Some(gate.clone());
        gate
    }

    /// Whether the injected crash has come.
    pub fn has_crashed(&self) -> bool {
        self.lock().crashed
    }

    /// How often what was called, refused calls included.
    pub fn calls(&self) -> CallCounts {
        self.lock().calls
    }

    /// What all files with a name take, in bytes.
    pub fn used_bytes(&self) -> u64 {
        self.lock().used_bytes()
    }

    /// The power goes and comes back: of what was not synced a random part remains. Files opened
    /// before are dead, faults are off.
    pub fn power_cut(&self) {
        self.lock().power_cut();
    }

    /// The process ends and starts again, the machine goes on: everything written is there, still
    /// unsynced. Files opened before are dead, faults are off.
    pub fn process_end(&self) {
        self.lock().restart();
    }

    /// A copy of all that programs see, as of a snapshot of the filesystem.
    #[must_use]
    pub fn image(&self) -> Self {
        Self { state: Arc::new(Mutex::new(self.lock().image())) }
    }

    /// Puts an image back in place of all that is there. Files opened before are dead.
    pub fn restore(&self, image: &Self) {
        let image = image.lock().image();
        self.lock().restore(image);
    }

    /// Takes everything away. Files opened before are dead.
    pub fn erase(&self) {
        let empty = State::new(0);
        self.lock().restore(empty);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, inode: u64, generation: u64) -> Arc<dyn DiskFile> {
        Arc::new(SimulatedFile { disk: self.clone(), inode, generation })
    }
}

impl Disk for SimulatedDisk {
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.lock().call(Call::CreateFolder, |state| {
            state.create_folder(folder);
            Ok(())
        })
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        let inode = state.call(Call::Create, |state| state.create(name))?;
        Ok(self.file(inode, state.generation))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        let inode = state.call(Call::Open, |state| state.find(name))?;
        Ok(self.file(inode, state.generation))
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        self.lock().call(Call::Exists, |state| Ok(state.find(name).is_ok()))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.lock().call(Call::List, |state| Ok(state.folder(folder)?.names()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.lock().call(Call::Remove, |state| state.remove(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.lock().call(Call::Rename, |state| state.rename(from, to))
    }

    fn sync_dir(&self, folder: &str) -> io::Result<()> {
        self.lock().call(Call::SyncDir, |state| state.sync_dir(folder))
    }
}

#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    inode: u64,
    /// Of the run of the process that opened it.
    generation: u64,
}

impl SimulatedFile {
    fn call<T>(&self, call: Call, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.lock();
        if state.generation != self.generation {
            return Err(io::Error::other("the file was opened before the crash"));
        }
        state.call(call, work)
    }
}

impl DiskFile for SimulatedFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        self.call(Call::Read, |state| state.content(self.inode)?.read(bytes, offset))
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.call(Call::Write, |state| state.change(self.inode, &Changed::Bytes { bytes, offset }))
    }

    fn set_len(&self, len_bytes: u64) -> io::Result<()> {
        self.call(Call::SetLen, |state| state.change(self.inode, &Changed::Len { len_bytes }))
    }

    fn len_bytes(&self) -> io::Result<u64> {
        self.call(Call::Len, |state| Ok(state.content(self.inode)?.len_bytes()))
    }

    fn sync_data(&self) -> io::Result<()> {
        // Taken out of the state first: everyone else's calls go on while this one stalls.
        let gate = self.disk.lock().faults.gate();
        if let Some(gate) = gate {
            gate.pass();
        }
        self.call(Call::SyncData, |state| state.sync_data(self.inode))
    }
}
