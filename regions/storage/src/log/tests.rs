//! Runs of changes out of the journal.

use tombolo_causality::HybridTimestamp;
use tombolo_datatypes::{DataType, Operation};
use tombolo_replication::leader::{Command, Leader};
use tombolo_replication::{ItemKey, SealedChange};

use super::*;
use crate::hand_driven::{HandDriven, NEVER_SEALS, item};

/// A region, its counter, and all changes of its own stream.
fn region() -> (HandDriven, ItemKey, Vec<SealedChange>) {
    let mut region = HandDriven::begin(NEVER_SEALS);
    let k = item(region.define("hits", DataType::Counter), "k");
    region.commit();
    let definition = region.reader.frames(region.reader.first()).next().unwrap().unwrap();
    let frame = JournalFrame::decode(&definition.payload).unwrap();
    let Some(Ok(Record::Change(bytes))) = frame.records().next() else { unreachable!() };
    let change = tombolo_protocol::decode_change(bytes).unwrap();
    (region, k, vec![SealedChange { change, bytes: bytes.into() }])
}

/// One group of `count` increments.
fn group(region: &mut HandDriven, k: &ItemKey, count: usize, own: &mut Vec<SealedChange>) {
    own.extend((0..count).map(|_| region.operate(k, Operation::Increment(1))));
    region.commit();
}

fn bytes(changes: &[SealedChange]) -> Vec<Vec<u8>> {
    changes.iter().map(|sealed| sealed.bytes.to_vec()).collect()
}

fn hash_after(changes: &[SealedChange]) -> RunningHash {
    changes.iter().fold(RunningHash::default(), |hash, sealed| hash.after(&sealed.bytes))
}

/// The run of `changes` from the one after `after` on, `count` of them.
fn run(changes: &[SealedChange], after: usize, count: usize) -> Found {
    let taken = bytes(&changes[after..after + count]);
    Found::Run(Run {
        hash_before: hash_after(&changes[..after]),
        bytes: taken.iter().map(Vec::len).sum(),
        changes: taken,
        last: (after + count) as u64,
    })
}

#[test]
fn a_run_goes_on_through_frames_and_segments() {
    let (mut region, k, mut own) = region();
    for count in [3, 1, 40, 7, 60, 30, 30] {
        group(&mut region, &k, count, &mut own);
    }
    assert!(region.reader.segments().len() > 2);
    let mut log = region.reader.log();
    let origin = region.leader.replica();
    assert_eq!(log.read(origin, 0, u64::MAX, usize::MAX).unwrap(), run(&own, 0, own.len()));
    // Back again, without and with what the reader remembers.
    assert_eq!(log.read(origin, 2, 50, usize::MAX).unwrap(), run(&own, 2, 48));
    assert_eq!(log.read(origin, 50, 50, usize::MAX).unwrap(), Found::Nothing);
    assert_eq!(log.read(origin, 50, 51, usize::MAX).unwrap(), run(&own, 50, 1));
    assert_eq!(log.read(origin, own.len() as u64, u64::MAX, 1).unwrap(), Found::Nothing);
}

#[test]
fn a_batch_ends_where_it_is_full_and_the_next_begins_within_the_frame() {
    let (mut region, k, mut own) = region();
    group(&mut region, &k, 20, &mut own);
    let mut log = region.reader.log();
    let origin = region.leader.replica();
    let room = own[1..=3].iter().map(|sealed| sealed.bytes.len()).sum::<usize>();
    assert_eq!(log.read(origin, 1, u64::MAX, room).unwrap(), run(&own, 1, 3));
    assert_eq!(log.read(origin, 1, u64::MAX, room - 1).unwrap(), run(&own, 1, 2));
    assert_eq!(log.read(origin, 3, u64::MAX, usize::MAX).unwrap(), run(&own, 3, 18));
}

#[test]
fn a_change_larger_than_a_batch_goes_alone() {
    let (mut region, k, mut own) = region();
    group(&mut region, &k, 3, &mut own);
    let mut log = region.reader.log();
    for after in 0..4 {
        let found = log.read(region.leader.replica(), after, u64::MAX, 0).unwrap();
        assert_eq!(found, run(&own, usize::try_from(after).unwrap(), 1));
    }
}

#[test]
fn streams_that_share_frames_are_read_apart() {
    let (mut region, k, mut own) = region();
    let mut others = ["b", "c"].map(|name| (region.other_region(name), Vec::new()));
    for _ in 0..30 {
        for (other, changes) in &mut others {
            changes.push(region.relay(other, &k, 1));
        }
        group(&mut region, &k, 1, &mut own);
    }
    let mut log = region.reader.log();
    let (own_replica, [(b, of_b), (c, of_c)]) = (region.leader.replica(), &others);
    for after in [0, 7, 29] {
        for (origin, changes) in [(own_replica, &own), (b.replica(), of_b), (c.replica(), of_c)] {
            let found = log.read(origin, after as u64, u64::MAX, usize::MAX).unwrap();
            assert_eq!(found, run(changes, after, changes.len() - after), "{origin}");
        }
    }
    let nobody: Leader = region.other_region("d");
    assert_eq!(log.read(nobody.replica(), 0, u64::MAX, 1).unwrap(), Found::Nothing);
}

#[test]
fn the_running_hash_is_told_of_every_place_the_last_one_included() {
    let (mut region, k, mut own) = region();
    for count in [5, 40, 30] {
        group(&mut region, &k, count, &mut own);
    }
    let mut log = region.reader.log();
    for seq in [own.len(), 0, 3, 50, own.len(), own.len() - 1] {
        let hash = log.hash_at(region.leader.replica(), seq as u64).unwrap();
        assert_eq!(hash, Some(hash_after(&own[..seq])), "at {seq}");
    }
    assert_eq!(log.hash_at(region.leader.replica(), own.len() as u64 + 1).unwrap(), None);
}

#[test]
fn what_was_released_is_said_to_be_and_what_is_left_is_read() {
    let (mut region, k, mut own) = region();
    for _ in 0..40 {
        group(&mut region, &k, 3, &mut own);
    }
    let origin = region.leader.replica();
    let mut early = region.reader.log();
    assert_eq!(early.read(origin, 0, 1, usize::MAX).unwrap(), run(&own, 0, 1));
    region.journal.release_before(u64::MAX);
    let first = region.reader.segments()[0].clone();
    let kept = usize::try_from(decode_position(&first.head).unwrap().streams.get(&origin).seq);
    let kept = kept.unwrap();
    assert!(kept > 3 && kept < own.len());
    for log in [&mut early, &mut region.reader.log()] {
        for after in [0, 1, kept - 1] {
            let found = log.read(origin, after as u64, u64::MAX, usize::MAX).unwrap();
            assert_eq!(found, Found::Released, "after {after}");
        }
        assert_eq!(log.hash_at(origin, kept as u64 - 1).unwrap(), None);
        let found = log.read(origin, kept as u64, u64::MAX, usize::MAX).unwrap();
        assert_eq!(found, run(&own, kept, own.len() - kept));
    }
}

/// Regression: a reader that had left the stream in a segment, since released, took what came
/// later for released too, and its peer would have been sent a snapshot.
#[test]
fn a_stream_that_was_silent_while_segments_were_released_goes_on() {
    let (mut region, k, mut own) = region();
    let mut other = region.other_region("b");
    let mut of_other = vec![region.relay(&mut other, &k, 1)];
    region.commit();
    let mut log = region.reader.log();
    let origin = other.replica();
    assert_eq!(log.read(origin, 0, u64::MAX, usize::MAX).unwrap(), run(&of_other, 0, 1));
    for _ in 0..40 {
        group(&mut region, &k, 3, &mut own);
    }
    region.journal.release_before(u64::MAX);
    assert!(region.reader.first().segment > 1);
    assert_eq!(log.read(origin, 1, u64::MAX, usize::MAX).unwrap(), Found::Nothing);
    of_other.push(region.relay(&mut other, &k, 1));
    region.commit();
    assert_eq!(log.read(origin, 1, u64::MAX, usize::MAX).unwrap(), run(&of_other, 1, 1));
}

#[test]
fn nothing_is_read_that_is_not_durable() {
    let (mut region, k, mut own) = region();
    let mut log = region.reader.log();
    own.push(region.operate(&k, Operation::Increment(1)));
    let group = region.group();
    region.journal.append(&[&group.payload], Vec::new).unwrap();
    let origin = region.leader.replica();
    assert_eq!(log.read(origin, 0, u64::MAX, usize::MAX).unwrap(), run(&own, 0, 1));
    region.journal.sync().unwrap();
    assert_eq!(log.read(origin, 1, u64::MAX, usize::MAX).unwrap(), run(&own, 1, 1));
}

#[test]
fn joined_states_between_changes_are_passed_over() {
    let (mut region, k, mut own) = region();
    let origin = region.leader.replica();
    for _ in 0..3 {
        group(&mut region, &k, 2, &mut own);
        let state = region.overlay.latest(&k).unwrap().unwrap();
        region.overlay.stage_joined(&k, state).unwrap();
        region.commit();
    }
    let mut log = region.reader.log();
    assert_eq!(log.read(origin, 0, u64::MAX, usize::MAX).unwrap(), run(&own, 0, own.len()));
    assert_eq!(log.hash_at(origin, 7).unwrap(), Some(hash_after(&own)));
}

/// A region that caught up by state has a hole in the streams that it adopted: what is in it is
/// told as released, and what comes behind it is read as ever.
#[test]
fn what_was_adopted_without_its_changes_is_told_as_released() {
    let (mut region, k, _) = region();
    let mut other = region.other_region("there");
    let origin = other.replica();
    let mut theirs: Vec<_> = (0..2).map(|_| region.relay(&mut other, &k, 1)).collect();
    region.commit();
    // Six more were applied elsewhere and are here by their states.
    for _ in 0..6 {
        let state = region.overlay.latest(&k).unwrap();
        let command = Command::new(k.clone(), Operation::Increment(1));
        let decided = other.decide(1, command, state.as_deref()).unwrap();
        theirs.push(tombolo_protocol::seal(decided.change).unwrap());
    }
    let at = StreamPosition { seq: 8, hash: hash_after(&theirs) };
    let streams = [(origin, at)].into_iter().collect();
    region.overlay.stage_position(&streams, HybridTimestamp::ZERO).unwrap();
    region.leader.adopt(&streams, HybridTimestamp::ZERO);
    region.commit();
    let check = |region: &HandDriven, theirs: &[SealedChange]| {
        let mut log = region.reader.log();
        let mut read = |after, up_to| log.read(origin, after, up_to, usize::MAX).unwrap();
        assert_eq!(read(0, 8), run(theirs, 0, 2));
        for after in [2, 5, 7] {
            assert_eq!(read(after, 8), Found::Released, "{after}");
        }
        assert_eq!(read(0, 8), run(theirs, 0, 2));
        let behind = theirs.len() - 8;
        let found = if behind == 0 { Found::Nothing } else { run(theirs, 8, behind) };
        assert_eq!(read(8, u64::MAX), found);
        assert_eq!(log.hash_at(origin, 8).unwrap(), Some(hash_after(&theirs[..8])));
    };
    check(&region, &theirs);
    // Also once it goes on, and from segments that begin behind the hole.
    for _ in 0..80 {
        theirs.push(region.relay(&mut other, &k, 1));
        region.commit();
    }
    assert!(region.reader.segments().len() > 1);
    check(&region, &theirs);
    assert_eq!(region.view().position().streams.get(&origin).hash, hash_after(&theirs));
    let region = region.reopen(NEVER_SEALS);
    check(&region, &theirs);
}
