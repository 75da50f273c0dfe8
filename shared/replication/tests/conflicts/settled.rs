//! What becomes of records that are settled, and of what they were settled with.

use tombolo_datatypes::{DataType, ItemLimits, Operation, OperationError, Outcome, Verdict};
use tombolo_resolvers::ResolverKind;

use crate::pair::{Pair, add, pair, put, remove, settle};

/// In a register: 1 has lost to 2.
fn register(limits: ItemLimits) -> Pair {
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    pair.contend(put("1"), put("2"));
    pair
}

fn state(lost: &str, kept: &str, outcome: &'static str) -> (String, String, &'static str) {
    (lost.to_owned(), kept.to_owned(), outcome)
}

#[test]
fn what_was_settled_stays_in_the_log_and_is_open_again_once_that_is_undone() {
    let mut pair = register(ItemLimits::default());
    let opened = pair.records();
    pair.settle_first(Verdict::Dismiss);
    assert_eq!(pair.states(), [state("1", "2", "dismissed")]);
    pair.settle_first(Verdict::Undo);
    assert_eq!(pair.records(), opened);
    pair.settle_first(Verdict::Restore);
    assert_eq!(pair.states(), [state("1", "1", "restored")]);
    pair.settle_first(Verdict::Undo);
    assert_eq!(pair.records(), opened, "the same write stands again");
}

#[test]
fn what_is_settled_is_not_settled_again_and_what_is_open_not_undone() {
    let mut pair = register(ItemLimits::default());
    assert_eq!(pair.refused(Verdict::Undo), OperationError::NotSettled.into());
    for (verdict, outcome) in
        [(Verdict::Restore, Outcome::Restored), (Verdict::Dismiss, Outcome::Dismissed)]
    {
        pair.settle_first(verdict);
        for again in [Verdict::Restore, Verdict::Dismiss] {
            assert_eq!(pair.refused(again), OperationError::AlreadySettled { outcome }.into());
        }
        pair.settle_first(Verdict::Undo);
    }
}

#[test]
fn what_was_written_on_top_of_a_restored_value_stands_when_that_is_undone() {
    let mut pair = register(ItemLimits::default());
    pair.settle_first(Verdict::Restore);
    pair.at_a(put("3"));
    assert_eq!(pair.states(), [state("1", "3", "restored")]);
    pair.settle_first(Verdict::Undo);
    assert_eq!(pair.states(), [state("1", "3", "open")]);
}

#[test]
fn of_undoing_and_writing_at_the_same_time_the_write_stands() {
    let mut pair = register(ItemLimits::default());
    pair.settle_first(Verdict::Restore);
    let undo = settle(&pair.records()[0], Verdict::Undo);
    pair.contend(undo, put("3"));
    assert_eq!(pair.states(), [state("1", "3", "open")], "what it covered is replaced as well");
}

#[test]
fn of_two_settlements_at_the_same_time_the_later_is_told_in_both_regions() {
    let mut pair = register(ItemLimits::default());
    pair.b.now_ms += 1;
    let record = pair.records().remove(0);
    pair.contend(settle(&record, Verdict::Restore), settle(&record, Verdict::Dismiss));
    assert_eq!(pair.states(), [state("1", "1", "dismissed")]);
    pair.settle_first(Verdict::Undo);
    assert_eq!(pair.states(), [state("1", "1", "open")]);
}

#[test]
fn a_restoration_upon_another_is_undone_step_by_step() {
    let mut pair = register(ItemLimits::default());
    pair.contend(put("3"), put("4"));
    let [first, second] = <[_; 2]>::try_from(pair.records()).unwrap();
    let opened = pair.records();
    pair.at_a(settle(&first, Verdict::Restore));
    pair.at_a(settle(&second, Verdict::Restore));
    assert_eq!(pair.states(), [state("1", "3", "restored"), state("3", "3", "restored")]);
    pair.at_a(settle(&second, Verdict::Undo));
    assert_eq!(pair.states(), [state("1", "1", "restored"), state("3", "1", "open")]);
    pair.at_a(settle(&first, Verdict::Undo));
    assert_eq!(pair.records(), opened);
}

#[test]
fn a_restored_deletion_is_taken_back_as_well() {
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, ItemLimits::default());
    pair.at_a(put("1"));
    pair.b.now_ms += 1;
    pair.contend(Operation::Delete, put("2"));
    assert_eq!(pair.states(), [state("-", "2", "open")]);
    pair.settle_first(Verdict::Restore);
    assert_eq!(pair.states(), [state("-", "-", "restored")]);
    assert_eq!(pair.a.digest().1, 0, "it is deleted");
    pair.settle_first(Verdict::Undo);
    assert_eq!(pair.states(), [state("-", "2", "open")]);
}

#[test]
fn what_stands_for_ever_is_not_undone() {
    let mut pair = pair(DataType::Register, ResolverKind::Max, ItemLimits::default());
    pair.at_a(put("5"));
    pair.contend(Operation::Delete, put("9"));
    pair.at_a(put("1"));
    assert_eq!(pair.states(), [state("9", "1", "open")], "9 is of a generation before");
    pair.settle_first(Verdict::Restore);
    // What has the value of what stands is no loss; it is told of because it was settled.
    assert_eq!(pair.states(), [state("9", "9", "restored")]);
    assert_eq!(pair.refused(Verdict::Undo), OperationError::NotUndoable.into());
}

#[test]
fn flags_and_elements_are_restored_and_that_is_undone() {
    let mut flag = pair(DataType::Flag, ResolverKind::EnableWins, ItemLimits::default());
    flag.contend(Operation::Switch(true), Operation::Switch(false));
    let mut set = pair(DataType::Set, ResolverKind::RemoveWins, ItemLimits::default());
    set.at_a(add("1"));
    set.contend(add("1"), remove("1"));
    for (mut pair, lost, stood) in [(flag, "false", "true"), (set, "1", "-")] {
        let opened = pair.records();
        pair.settle_first(Verdict::Restore);
        assert_eq!(pair.states(), [state(lost, lost, "restored")]);
        pair.settle_first(Verdict::Undo);
        assert_eq!((pair.states(), pair.records()), (vec![state(lost, stood, "open")], opened));
    }
}

#[test]
fn what_was_settled_is_let_go_before_what_is_open() {
    let limits = ItemLimits { conflicts_max: 2, ..ItemLimits::default() };
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    for value in ["1", "2"] {
        pair.contend(put(value), put(value));
    }
    let last = pair.records().pop().unwrap();
    pair.at_a(settle(&last, Verdict::Restore));
    assert_eq!(pair.states(), [state("1", "2", "open"), state("2", "2", "restored")]);
    pair.contend(put("3"), put("3"));
    pair.at_a(put("4"));
    assert_eq!(pair.states(), [state("1", "4", "open"), state("3", "4", "open")]);
    assert_eq!(pair.a.states[&pair.item].marks(), [], "nor is what it covered kept");
}

#[test]
fn what_is_covered_counts_by_its_length() {
    let limits = ItemLimits { conflict_bytes_max: 1_000, ..ItemLimits::default() };
    let mut pair = pair(DataType::Register, ResolverKind::LastWriteWins, limits);
    pair.contend(put("1"), put("2"));
    pair.contend(put("3"), put("4"));
    pair.at_a(put(&format!("\"{}\"", "x".repeat(1_500))));
    pair.settle_first(Verdict::Restore);
    let record = pair.records().pop().unwrap();
    pair.at_a(settle(&record, Verdict::Dismiss));
    let lost: Vec<_> = pair.states().into_iter().map(|(lost, ..)| lost).collect();
    assert_eq!(lost, ["3"], "with what it covers 1 is too long");
}
