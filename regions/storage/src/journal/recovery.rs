//! Finds out what a journal holds after whatever happened to it.
//!
//! Reads the heads of all segments and the frames of the last one; the rest is left to whoever
//! replays. What it may find, and what it does:
//!
//! | found | done |
//! |---|---|
//! | nothing | a first segment, made under another name and renamed when whole |
//! | a last segment without a whole head | was readied or just begun: removed |
//! | a torn tail, maybe of several unsynced frames | ends before it; all after the end becomes zeros |
//! | a gap, a head damaged before the last, a damaged frame with a witness | refused |
//!
//! The zeros matter: of two frames lost together the second may lie on the disk whole, and would be
//! taken for the successor of a new first one of the same length. They are durable before anything
//! is appended. A crash on the way only means finding the same or less again; a frame half zeroed
//! cannot become whole except by being what was appended, which was never denied to anyone.
//! At the end everything shown is synced, since after a mere end of the process (no power cut) it
//! may have been in the page cache only.

use std::{io, sync::Arc};

use super::{
    JournalOptions, OpenError, Position, SegmentInfo,
    frame::{self, Kind, Stamp},
    probe,
    segment::{FOLDER, FileKind, Head, clear, fill_zeros, head_fits},
    tail::{self, Tail},
};
use crate::disk::{Disk, DiskFile};

/// What the writer goes on with.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) nonce: u64,
    /// Never empty; the last one is to be appended to.
    pub(super) segments: Vec<SegmentInfo>,
    pub(super) file: Arc<dyn DiskFile>,
    pub(super) next_number: u64,
    pub(super) spares: Vec<u64>,
}

/// One segment file, its head read.
struct Found {
    number: u64,
    file: Arc<dyn DiskFile>,
    file_bytes: u64,
    head: Option<Head>,
}

/// All segments that had begun, and maybe one that had not.
struct Heads {
    segments: Vec<SegmentInfo>,
    /// File and head of the last one that had begun.
    last: Option<(Arc<dyn DiskFile>, Stamp)>,
    unbegun: Option<Found>,
}

pub(super) fn is_absent(disk: &dyn Disk) -> io::Result<bool> {
    let begun = |name: &String| {
        matches!(FileKind::parse(name), Some(FileKind::Log(_) | FileKind::Spare(_)))
    };
    match disk.list(FOLDER) {
        Ok(names) => Ok(!names.iter().any(begun)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

pub(super) fn recover(
    disk: &dyn Disk,
    options: &JournalOptions,
    first_head: impl FnOnce() -> Vec<u8>,
) -> Result<Recovered, OpenError> {
    disk.create_folder(FOLDER).map_err(on(FOLDER))?;
    let (mut logs, spares) = survey(disk, options)?;
    if logs.is_empty() {
        if let Some(segment) = spares.last() {
            return Err(OpenError::SegmentMissing { segment: segment + 1 });
        }
        create_first(disk, options, &first_head())?;
        logs.push(1);
    }
    if let Some(pair) = logs.windows(2).find(|pair| pair[0] + 1 != pair[1]) {
        return Err(OpenError::SegmentMissing { segment: pair[0] + 1 });
    }
    conclude(disk, read_heads(disk, &logs)?, spares)
}

/// The numbers of segments and usable spares, ascending; what is useless is removed.
fn survey(disk: &dyn Disk, options: &JournalOptions) -> Result<(Vec<u64>, Vec<u64>), OpenError> {
    let (mut logs, mut spares) = (Vec::new(), Vec::new());
    for name in disk.list(FOLDER).map_err(on(FOLDER))? {
        let Some(kind) = FileKind::parse(&name) else { continue };
        match kind {
            FileKind::Log(number) => logs.push(number),
            FileKind::Spare(number) => {
                let file_bytes = disk.open(&kind.name()).and_then(|file| file.len_bytes());
                if file_bytes.map_err(on(&name))? == options.segment_bytes
                    && spares.len() < options.spares_max
                {
                    spares.push(number);
                } else {
                    disk.remove(&kind.name()).map_err(on(&name))?;
                }
            }
            FileKind::New(_) => disk.remove(&kind.name()).map_err(on(&name))?,
        }
    }
    Ok((logs, spares))
}

/// The new name becomes durable with everything else, when recovery ends.
fn create_first(disk: &dyn Disk, options: &JournalOptions, head: &[u8]) -> Result<(), OpenError> {
    let prefix = Head::prefix(0);
    let pieces: [&[u8]; 2] = [&prefix, head];
    let head_bytes = head.len();
    let payload_bytes = frame::measure(&pieces)
        .ok()
        .filter(|_| head_fits(head, options.segment_bytes))
        .ok_or(OpenError::HeadTooLarge { head_bytes })?;
    let stamp = Stamp { kind: Kind::Head, behind: 0, segment: 1, number: 1, nonce: options.nonce };
    let mut buffer = Vec::new();
    frame::encode(&mut buffer, stamp, payload_bytes, &pieces);

    let (new, name) = (FileKind::New(1).name(), FileKind::Log(1).name());
    let file = disk.create(&new).map_err(on(&new))?;
    fill_zeros(&*file, 0, options.segment_bytes)
        .and_then(|()| file.write_all_at(&buffer, 0))
        .and_then(|()| file.sync_data())
        .map_err(on(&new))?;
    disk.sync_dir(FOLDER).map_err(on(FOLDER))?;
    disk.rename(&new, &name).map_err(on(&new))
}

fn find(disk: &dyn Disk, number: u64) -> Result<Found, OpenError> {
    let name = FileKind::Log(number).name();
    let file = disk.open(&name).map_err(on(&name))?;
    let file_bytes = file.len_bytes().map_err(on(&name))?;
    let first_bytes = probe::header_bytes(&*file, 0, file_bytes).map_err(on(&name))?;
    if let Some(version) = first_bytes.as_ref().and_then(frame::newer_version) {
        return Err(OpenError::VersionUnknown { segment: number, version });
    }
    let head = Head::read(&*file, number, file_bytes).map_err(on(&name))?;
    Ok(Found { number, file, file_bytes, head })
}

/// Reads the heads of all segments and checks each against the one before. Keeps no more files
/// open than the two that may have to be written.
fn read_heads(disk: &dyn Disk, logs: &[u64]) -> Result<Heads, OpenError> {
    let mut heads = Heads { segments: Vec::with_capacity(logs.len()), last: None, unbegun: None };
    for &number in logs {
        let found = find(disk, number)?;
        let Some(head) = found.head else {
            if Some(&number) != logs.last() {
                return Err(OpenError::HeadDamaged { segment: number });
            }
            heads.unbegun = Some(found);
            break;
        };
        if let (Some(before), Some((_, earlier))) = (heads.segments.last_mut(), &heads.last) {
            follows(&head, before, earlier)?;
        }
        let start = Position { segment: number, offset: head.start };
        heads.segments.push(SegmentInfo {
            number,
            start,
            end: start,
            file_bytes: found.file_bytes,
            head: head.payload,
        });
        heads.last = Some((found.file, head.stamp));
    }
    Ok(heads)
}

/// Finds the end, and makes it safe to go on from.
fn conclude(disk: &dyn Disk, heads: Heads, spares: Vec<u64>) -> Result<Recovered, OpenError> {
    let Heads { mut segments, last, unbegun } = heads;
    let (Some((file, stamp)), Some(segment)) = (last, segments.last_mut()) else {
        let segment = unbegun.map_or(1, |unbegun| unbegun.number);
        return Err(OpenError::HeadDamaged { segment });
    };
    let tail = end_of(segment, &*file, stamp, unbegun.as_ref())?;
    segment.end.offset = tail.end;
    make_safe(disk, segment, &*file, unbegun)?;
    Ok(Recovered { nonce: stamp.nonce, segments, file, next_number: tail.next_number, spares })
}

/// Checks a head against the segment before it, whose end it names.
fn follows(head: &Head, before: &mut SegmentInfo, earlier: &Stamp) -> Result<(), OpenError> {
    let fits = head.stamp.nonce == earlier.nonce
        && head.stamp.number > earlier.number
        && (before.start.offset..=before.file_bytes).contains(&head.previous_end);
    if !fits {
        return Err(OpenError::HeadDamaged { segment: head.stamp.segment });
    }
    before.end.offset = head.previous_end;
    Ok(())
}

/// Where the last segment ends, if nothing after that end is a witness against it.
fn end_of(
    segment: &SegmentInfo,
    file: &dyn DiskFile,
    stamp: Stamp,
    unbegun: Option<&Found>,
) -> Result<Tail, OpenError> {
    let name = FileKind::Log(segment.number).name();
    let tail =
        tail::find(file, stamp, segment.start.offset, segment.file_bytes).map_err(on(&name))?;
    let search = |file: &dyn DiskFile, number: u64, from: u64, file_bytes: u64| {
        tail::witness(file, (number, stamp.nonce), from, file_bytes, tail.next_number)
            .map_err(on(&FileKind::Log(number).name()))
    };
    let mut witness = search(file, segment.number, tail.end, segment.file_bytes)?;
    if let (None, Some(unbegun)) = (witness, unbegun) {
        witness = search(&*unbegun.file, unbegun.number, 0, unbegun.file_bytes)?;
    }
    match witness {
        None => Ok(tail),
        Some(witness) => Err(OpenError::FrameDamaged {
            position: Position { segment: segment.number, offset: tail.end },
            number: tail.next_number,
            witness,
        }),
    }
}

fn make_safe(
    disk: &dyn Disk,
    segment: &SegmentInfo,
    file: &dyn DiskFile,
    unbegun: Option<Found>,
) -> Result<(), OpenError> {
    let name = FileKind::Log(segment.number).name();
    clear(file, segment.end.offset, segment.file_bytes)
        .and_then(|()| file.sync_data())
        .map_err(on(&name))?;
    if let Some(unbegun) = unbegun {
        let name = FileKind::Log(unbegun.number).name();
        disk.remove(&name).map_err(on(&name))?;
    }
    disk.sync_dir(FOLDER).map_err(on(FOLDER))
}

fn on(name: &str) -> impl FnOnce(io::Error) -> OpenError {
    let name = name.to_owned();
    |source| OpenError::Io { name, source }
}
