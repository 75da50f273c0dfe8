//! What a journal does when its files are not what a crash can leave: it refuses by name.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use std::sync::Arc;

use tombolo_simulation::{Random, disk::SimulatedDisk};
use tombolo_storage::{
    disk::Disk,
    journal::{Journal, JournalOptions, JournalReader, OpenError, Position, ReadError},
};

const PAYLOAD_BYTES: usize = 1000;
/// Header and payload, a multiple of 8 as it is.
const FRAME_BYTES: u64 = 1040;

fn disk() -> SimulatedDisk {
    SimulatedDisk::new(0)
}

fn open(disk: &SimulatedDisk) -> Result<(Journal, JournalReader), OpenError> {
    let options = JournalOptions { segment_bytes: 4096, spares_max: 2, nonce: 7 };
    Journal::open(Arc::new(disk.clone()), &options, Vec::new)
}

/// A journal of so many durable frames, each synced by itself; three fit in a segment.
fn filled(disk: &SimulatedDisk, frames: usize) -> Vec<Position> {
    let (mut journal, _) = open(disk).unwrap();
    (0..frames)
        .map(|index| {
            let byte = u8::try_from(index).unwrap();
            let position = journal.append(&[&[byte; PAYLOAD_BYTES]], Vec::new).unwrap();
            journal.sync().unwrap();
            position
        })
        .collect()
}

fn name(segment: u64) -> String {
    format!("journal/{segment:020}.log")
}

/// Changes one byte on the disk.
fn damage(disk: &SimulatedDisk, segment: u64, offset: u64) {
    let file = disk.open(&name(segment)).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ 0x10], offset).unwrap();
    file.sync_data().unwrap();
}

#[test]
fn a_damaged_frame_before_a_later_one_is_refused_and_left_alone() {
    let disk = disk();
    let positions = filled(&disk, 2);
    damage(&disk, 1, positions[0].offset + 500);
    for _ in 0..2 {
        match open(&disk).unwrap_err() {
            OpenError::FrameDamaged { position, number, witness } => {
                assert_eq!((position, number, witness), (positions[0], 2, 3));
            }
            other => panic!("{other}"),
        }
    }
    damage(&disk, 1, positions[0].offset + 500);
    let (_, reader) = open(&disk).unwrap();
    assert_eq!(reader.frames(positions[0]).count(), 2);
}

#[test]
fn damage_in_an_earlier_segment_is_found_by_whoever_reads_there() {
    let disk = disk();
    let positions = filled(&disk, 4);
    assert_eq!(positions[3].segment, 2);
    damage(&disk, 1, positions[1].offset);
    let (_, reader) = open(&disk).unwrap();
    let read: Vec<_> = reader.frames(positions[0]).collect();
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].as_ref().unwrap().payload, [0; PAYLOAD_BYTES]);
    assert!(matches!(
        read[1],
        Err(ReadError::FrameDamaged { position }) if position == positions[1]
    ));
}

#[test]
fn a_damaged_head_is_refused_in_every_segment_that_has_begun() {
    for segment in 1..=3 {
        let disk = disk();
        assert_eq!(filled(&disk, 9).last().unwrap().segment, 3);
        damage(&disk, segment, 45);
        let error = open(&disk).unwrap_err();
        match segment {
            3 => assert!(
                matches!(error, OpenError::FrameDamaged { number: 9, witness: 11, .. }),
                "{error}"
            ),
            _ => assert!(
                matches!(error, OpenError::HeadDamaged { segment: damaged } if damaged == segment),
                "{error}"
            ),
        }
    }
}

#[test]
fn a_missing_segment_is_refused() {
    let disk = disk();
    filled(&disk, 9);
    disk.remove(&name(2)).unwrap();
    assert!(matches!(open(&disk).unwrap_err(), OpenError::SegmentMissing { segment: 2 }));
}

#[test]
fn spares_without_segments_betray_a_lost_journal() {
    let disk = disk();
    assert!(Journal::is_absent(&disk).unwrap());
    filled(&disk, 4);
    disk.rename(&name(1), "journal/00000000000000000001.spare").unwrap();
    disk.remove(&name(2)).unwrap();
    assert!(!Journal::is_absent(&disk).unwrap());
    assert!(matches!(open(&disk).unwrap_err(), OpenError::SegmentMissing { segment: 2 }));
}

#[test]
fn a_later_format_version_is_named() {
    let disk = disk();
    filled(&disk, 1);
    disk.open(&name(1)).unwrap().write_all_at(&[2], 4).unwrap();
    assert!(matches!(
        open(&disk).unwrap_err(),
        OpenError::VersionUnknown { segment: 1, version: 2 }
    ));
}

#[test]
fn foreign_files_are_left_alone() {
    let disk = disk();
    filled(&disk, 1);
    disk.create("journal/notes.txt").unwrap();
    open(&disk).unwrap();
    assert!(disk.exists("journal/notes.txt").unwrap());
}

/// A payload may hold a copy of a whole journal, stamped with the right segment and any number: it
/// lacks the nonce. So a torn frame full of it is a torn frame, and not damage.
#[test]
fn a_torn_payload_that_imitates_later_frames_is_dropped_as_torn() {
    let imitation = {
        let disk = disk();
        let options = JournalOptions { segment_bytes: 4096, spares_max: 0, nonce: 8 };
        let (mut journal, _) = Journal::open(Arc::new(disk.clone()), &options, Vec::new).unwrap();
        for _ in 0..20 {
            journal.append(&[b"x"], Vec::new).unwrap();
            journal.sync().unwrap();
        }
        let mut bytes = vec![0; 1600];
        disk.open(&name(1)).unwrap().read_exact_at(&mut bytes, 0).unwrap();
        bytes
    };
    let disk = disk();
    let (mut journal, _) = open(&disk).unwrap();
    let position = journal.append(&[&imitation], Vec::new).unwrap();
    disk.process_end();
    damage(&disk, 1, position.offset + 20);
    let (_, reader) = open(&disk).unwrap();
    assert_eq!(reader.end(), position);
}

#[test]
fn no_position_whatever_makes_a_reader_do_more_than_refuse() {
    let disk = disk();
    let positions = filled(&disk, 7);
    let (_, reader) = open(&disk).unwrap();
    let frames: Vec<_> = reader.frames(reader.first()).map(Result::unwrap).collect();
    let starts_or_ends: Vec<_> =
        frames.iter().flat_map(|frame| [frame.position, frame.next]).collect();
    let mut random = Random::new(3);
    for _ in 0..20_000 {
        let offset = match random.below(3) {
            0 => random.next_u64(),
            1 => random.below(8) * FRAME_BYTES / 2,
            _ => random.below(4200),
        };
        let position = Position { segment: random.below(5), offset };
        if let Ok(Some(frame)) = reader.read_at(position) {
            assert!(starts_or_ends.contains(&position), "{position}");
            assert!(positions.contains(&frame.position));
        }
    }
}

/// Every single damaged byte of a journal is either refused or harmless: no reader ever gets
/// anything but what was appended.
#[test]
fn no_damaged_byte_yields_a_frame_that_was_not_appended() {
    let intact = disk();
    filled(&intact, 4);
    for offset in 0..4096_u64 {
        if offset % 7 != 0 && offset > 200 {
            continue;
        }
        let disk = disk();
        filled(&disk, 4);
        damage(&disk, 1, offset);
        let Ok((_, reader)) = open(&disk) else { continue };
        for (index, frame) in reader.frames(reader.first()).enumerate() {
            let Ok(frame) = frame else { break };
            assert_eq!(frame.payload, [u8::try_from(index).unwrap(); PAYLOAD_BYTES], "{offset}");
        }
    }
}
