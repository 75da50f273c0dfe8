//! The journal on a disk that is full, fails, or is slow, and what its calls cost on a good one.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use std::{sync::Arc, thread};

use tombolo_simulation::disk::{Call, Fault, SimulatedDisk};
use tombolo_storage::{
    disk::Disk,
    journal::{AppendError, Journal, JournalOptions, JournalReader, PAYLOAD_BYTES_MAX, ReadError},
};

const SEGMENT_BYTES: u64 = 4096;
/// Two of these fit in a segment, three do not.
const HALF: [u8; 1500] = [5; 1500];

fn open(disk: &SimulatedDisk) -> (Journal, JournalReader) {
    let options = JournalOptions { segment_bytes: SEGMENT_BYTES, spares_max: 2, nonce: 7 };
    Journal::open(Arc::new(disk.clone()), &options, || b"first".to_vec()).unwrap()
}

fn append(journal: &mut Journal, payload: &[u8]) -> Result<(), AppendError> {
    journal.append(&[payload], || b"next".to_vec())?;
    journal.sync()
}

fn payloads(reader: &JournalReader) -> Vec<Vec<u8>> {
    reader.frames(reader.first()).map(|frame| frame.unwrap().payload).collect()
}

#[test]
fn an_append_is_one_write_and_a_sync_one_sync_even_into_a_readied_segment() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    for index in 0..6 {
        journal.preparer().prepare().unwrap();
        let before = disk.calls();
        append(&mut journal, &HALF).unwrap();
        let cost = disk.calls().since(&before);
        assert_eq!((cost.of(Call::Write), cost.of(Call::SyncData)), (1, 1), "append {index}");
        assert_eq!(cost.total(), 2);
    }
    assert_eq!(reader.end().segment, 3);
    let before = disk.calls();
    journal.sync().unwrap();
    assert_eq!(disk.calls().since(&before).total(), 0);
}

#[test]
fn a_frame_is_read_only_once_it_is_synced() {
    let (mut journal, reader) = open(&SimulatedDisk::new(0));
    let position = journal.append(&[b"a", b"", b"bc"], Vec::new).unwrap();
    assert_eq!(reader.read_at(position).unwrap(), None);
    assert!(journal.end() > reader.end());
    journal.sync().unwrap();
    let frame = reader.read_at(position).unwrap().unwrap();
    assert_eq!((frame.payload.as_slice(), frame.next), (&b"abc"[..], journal.end()));
    assert_eq!(reader.read_at(frame.next).unwrap(), None);
}

#[test]
fn segments_name_their_heads_and_a_payload_larger_than_one_gets_its_own() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    let large = vec![3; 10_000];
    for payload in [&b""[..], &large, b"small"] {
        append(&mut journal, payload).unwrap();
    }
    let segments = reader.segments();
    let heads: Vec<_> = segments.iter().map(|segment| &*segment.head).collect();
    assert_eq!(heads, [&b"first"[..], b"next", b"next"]);
    let sizes: Vec<_> = segments.iter().map(|segment| segment.file_bytes).collect();
    assert_eq!(sizes, [4096, 56 + 10_040, 4096]);
    assert_eq!(reader.retained_bytes(), sizes.iter().sum::<u64>());
    assert_eq!(payloads(&reader), [b"".to_vec(), large, b"small".to_vec()]);

    drop(journal);
    let (_, reopened) = open(&disk);
    assert_eq!(reopened.segments(), segments);
    assert_eq!(payloads(&reopened), payloads(&reader));
}

#[test]
fn released_segments_are_refused_to_readers_and_written_over() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    let start = reader.first();
    for _ in 0..10 {
        append(&mut journal, &HALF).unwrap();
    }
    assert_eq!(reader.end().segment, 5);
    assert!(reader.read_at(start).unwrap().is_some());
    journal.release_before(4);
    assert!(matches!(
        reader.read_at(start),
        Err(ReadError::Released { first, .. }) if first.segment == 4
    ));
    assert_eq!(payloads(&reader).len(), 4);
    assert_eq!(journal.retained_bytes(), 2 * SEGMENT_BYTES);

    assert!(journal.preparer().has_work());
    journal.preparer().prepare().unwrap();
    assert!(!journal.preparer().has_work());
    // One became the next segment, two are spares, none was made.
    assert_eq!(
        disk.list("journal").unwrap(),
        [
            "00000000000000000002.spare",
            "00000000000000000003.spare",
            "00000000000000000004.log",
            "00000000000000000005.log",
            "00000000000000000006.log",
        ]
    );
    let before = disk.calls();
    for _ in 0..6 {
        append(&mut journal, &HALF).unwrap();
    }
    assert_eq!(disk.calls().since(&before).of(Call::Create), 0);
}

#[test]
fn the_segment_being_written_is_never_released() {
    let (mut journal, reader) = open(&SimulatedDisk::new(0));
    append(&mut journal, &HALF).unwrap();
    append(&mut journal, &HALF).unwrap();
    journal.append(&[&HALF], Vec::new).unwrap();
    assert_eq!(journal.end().segment, 2);
    // Segment 2 has begun but is not durable: 1 is all there is.
    journal.release_before(u64::MAX);
    assert_eq!(payloads(&reader).len(), 2);
    journal.sync().unwrap();
    journal.release_before(u64::MAX);
    assert_eq!(payloads(&reader).len(), 1);
}

#[test]
fn a_full_disk_refuses_appends_harms_nothing_and_ends_with_room() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    append(&mut journal, &HALF).unwrap();
    append(&mut journal, &HALF).unwrap();
    disk.inject(Fault::SpaceBytesMax(disk.used_bytes() + 100));
    for _ in 0..3 {
        let refused = append(&mut journal, &HALF);
        assert!(matches!(refused, Err(AppendError::DiskFull { segment: 2 })), "{refused:?}");
        assert!(matches!(journal.preparer().prepare(), Err(AppendError::DiskFull { segment: 2 })));
    }
    assert_eq!(disk.used_bytes(), SEGMENT_BYTES);
    append(&mut journal, b"small enough for what is left of segment 1").unwrap();
    assert_eq!(payloads(&reader).len(), 3);
    disk.heal();
    append(&mut journal, &HALF).unwrap();
    assert_eq!(payloads(&reader).len(), 4);
}

#[test]
fn a_payload_too_large_for_what_is_left_of_the_disk_gives_the_room_back() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    journal.preparer().prepare().unwrap();
    let used = disk.used_bytes();
    disk.inject(Fault::SpaceBytesMax(used + 3000));
    let refused = append(&mut journal, &vec![1; 50_000]);
    assert!(matches!(refused, Err(AppendError::DiskFull { segment: 2 })), "{refused:?}");
    assert_eq!(disk.used_bytes(), used);
    for _ in 0..4 {
        append(&mut journal, &HALF).unwrap();
    }
    assert_eq!(payloads(&reader), vec![HALF.to_vec(); 4]);
}

#[test]
fn after_a_failed_sync_every_call_fails_and_readers_see_only_what_was_durable() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    append(&mut journal, b"durable").unwrap();
    disk.inject(Fault::FailSyncData(1));
    assert!(matches!(append(&mut journal, b"unknown"), Err(AppendError::Failed { .. })));
    let before = disk.calls();
    assert!(matches!(journal.sync(), Err(AppendError::Poisoned)));
    assert!(matches!(append(&mut journal, b"late"), Err(AppendError::Poisoned)));
    assert!(matches!(journal.preparer().prepare(), Err(AppendError::Poisoned)));
    assert_eq!(disk.calls().since(&before).total(), 0);
    assert_eq!(payloads(&reader), [b"durable"]);
}

#[test]
fn a_failed_sync_while_the_next_segment_is_readied_poisons_the_journal_too() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, _) = open(&disk);
    disk.inject(Fault::FailSyncData(1));
    assert!(matches!(journal.preparer().prepare(), Err(AppendError::Failed { .. })));
    assert!(matches!(append(&mut journal, b"late"), Err(AppendError::Poisoned)));
}

#[test]
fn a_payload_past_the_limit_is_refused_before_anything_is_written() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, _) = open(&disk);
    let before = disk.calls();
    let mebibyte = vec![0; 1 << 20];
    let pieces = vec![mebibyte.as_slice(); PAYLOAD_BYTES_MAX / mebibyte.len() + 1];
    let refused = journal.append(&pieces, Vec::new);
    assert!(matches!(refused, Err(AppendError::PayloadTooLarge { .. })));
    assert_eq!(disk.calls().since(&before).total(), 0);
}

#[test]
fn readers_go_on_while_a_sync_stalls_and_see_the_frame_when_it_ends() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    append(&mut journal, b"one").unwrap();
    let gate = disk.stall_next_sync();
    thread::scope(|scope| {
        let syncing = scope.spawn(|| append(&mut journal, b"two"));
        gate.wait_until_reached();
        assert_eq!(payloads(&reader), [b"one"]);
        gate.open();
        syncing.join().unwrap().unwrap();
    });
    assert_eq!(payloads(&reader), [b"one", b"two"]);
}

#[test]
fn appends_go_on_while_the_next_segment_is_being_readied() {
    let disk = SimulatedDisk::new(0);
    let (mut journal, reader) = open(&disk);
    let preparer = journal.preparer();
    let gate = disk.stall_next_sync();
    thread::scope(|scope| {
        let preparing = scope.spawn(move || preparer.prepare());
        gate.wait_until_reached();
        append(&mut journal, &HALF).unwrap();
        append(&mut journal, &HALF).unwrap();
        assert_eq!(payloads(&reader).len(), 2);
        gate.open();
        preparing.join().unwrap().unwrap();
    });
    let before = disk.calls();
    append(&mut journal, &HALF).unwrap();
    assert_eq!(disk.calls().since(&before).total(), 2);
}
