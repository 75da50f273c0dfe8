//! Rows of the table that others rely on.

use tombolo_causality::RegionId;

use super::*;

fn answered(problem: impl Into<Problem>) -> (u16, &'static str, Retry, Outcome) {
    let Entry { status, code, retry, outcome, .. } = problem.into().entry();
    (status.as_u16(), code, retry, outcome)
}

#[test]
fn what_was_not_begun_can_be_repeated_later() {
    let later = |code| (503, code, Retry::Later, Outcome::NotApplied);
    assert_eq!(answered(SubmitError::Overloaded), later("overloaded"));
    assert_eq!(answered(SubmitError::Starting), later("starting"));
    assert_eq!(answered(SubmitError::CatchingUp), later("catching_up"));
    assert_eq!(answered(VerifyError::CatchingUp), later("catching_up"));
    assert_eq!(answered(SubmitError::Stopping), later("stopping"));
    assert_eq!(answered(PauseError::Stopping), later("stopping"));
    let full = (507, "storage_full", Retry::Later, Outcome::NotApplied);
    assert_eq!(answered(SubmitError::StorageFull), full);
    assert_eq!(answered(TableError::Submit(SubmitError::StorageFull)), full);
    assert_eq!(answered(TableError::Submit(SubmitError::Overloaded)), later("overloaded"));
}

#[test]
fn one_comparison_is_made_at_a_time() {
    let running = (409, "verify_running", Retry::Yes, Outcome::NotApplied);
    assert_eq!(answered(VerifyError::Running), running);
    let stopping = (503, "stopping", Retry::Later, Outcome::NotApplied);
    assert_eq!(answered(VerifyError::Stopping), stopping);
}

#[test]
fn a_backup_is_refused_by_kind_and_leaves_nothing() {
    let refused = |status, code| (status, code, Retry::No, Outcome::NotApplied);
    let unconfigured = refused(422, "backups_not_configured");
    assert_eq!(answered(BackupError::NotConfigured), unconfigured);
    let path = || std::path::PathBuf::from("/x");
    let taken = BackupError::Place(PlaceError::Taken { path: path() });
    assert_eq!(answered(taken), refused(409, "backup_path_taken"));
    let outside = PlaceError::Outside { path: path(), root: path(), detail: "x" };
    let outside = answered(BackupError::Place(outside));
    assert_eq!(outside, refused(422, "backup_path_refused"));
    let running = (409, "backup_running", Retry::Yes, Outcome::NotApplied);
    assert_eq!(answered(BackupError::Running), running);
    let full = (507, "storage_full", Retry::Later, Outcome::NotApplied);
    assert_eq!(answered(BackupError::Full), full);
    let failed = BackupError::Failed { detail: String::new() };
    let expected = (500, "backup_failed", Retry::Yes, Outcome::NotApplied);
    assert_eq!(answered(failed), expected);
}

#[test]
fn what_no_region_can_answer_can_be_repeated_later() {
    let later = |code| (503, code, Retry::Later, Outcome::NotApplied);
    assert_eq!(answered(RouteError::Stale), later("stale_replica"));
    assert_eq!(answered(RouteError::Overloaded), later("overloaded"));
    assert_eq!(answered(RouteError::Stopping), later("stopping"));
}

#[test]
fn a_write_that_others_may_lack_or_may_have_is_not_called_repeatable() {
    let region = RegionId::new("eu-west").unwrap();
    for (is_named, retry) in [(false, Retry::No), (true, Retry::Yes)] {
        assert_eq!(
            answered(Problem::WriteConcernUnmet { w: 2, holders: vec![region], is_named }),
            (504, "write_concern_unmet", retry, Outcome::AppliedLocally)
        );
    }
    assert_eq!(
        answered(Problem::ForwardUnanswered { region }),
        (504, "forward_unanswered", Retry::No, Outcome::Unknown)
    );
}

#[test]
fn a_write_whose_fate_is_unknown_is_not_called_repeatable() {
    let unknown = (500, "storage_failed", Retry::No, Outcome::Unknown);
    assert_eq!(answered(SubmitError::Unknown), unknown);
    assert_eq!(answered(TableError::Submit(SubmitError::Unknown)), unknown);
}

#[test]
fn what_the_leader_refuses_is_answered_as_the_contract_says() {
    let refused = |status, code| (status, code, Retry::No, Outcome::NotApplied);
    let submitted = |refusal| answered(SubmitError::Refused(refusal));
    let overflow = OperationError::CounterOverflow { value: 1, by: 1 };
    assert_eq!(submitted(Refusal::NoSuchTable), refused(404, "no_such_table"));
    assert_eq!(submitted(Refusal::TableExists), refused(409, "table_exists"));
    assert_eq!(submitted(OperationError::NoSuchItem.into()), refused(404, "no_such_item"));
    assert_eq!(submitted(overflow.into()), refused(422, "counter_overflow"));
    assert_eq!(submitted(OperationError::Immutable.into()), refused(422, "immutable"));
    let already = OperationError::AlreadyWritten;
    assert_eq!(submitted(already.into()), refused(409, "already_written"));
    let siblings = OperationError::TooManySiblings { max: 1 };
    assert_eq!(submitted(siblings.into()), refused(409, "too_many_siblings"));
    let too_large = OperationError::TooLarge { bytes_max: 1 };
    assert_eq!(submitted(too_large.into()), refused(413, "value_too_large"));
}

#[test]
fn a_change_of_members_under_way_is_pending_and_may_be_asked_for_again() {
    let region = RegionId::new("eu-west").unwrap();
    let pending = |outcome| (503, "membership_pending", Retry::Later, outcome);
    let regions = vec![region];
    let under_way = MemberError::Pending { regions: regions.clone() };
    assert_eq!(answered(under_way), pending(Outcome::AppliedLocally));
    let waiting = MemberError::RemovalPending { regions };
    assert_eq!(answered(waiting), pending(Outcome::NotApplied));
    let unreachable = MemberError::OrdererUnreachable { region };
    assert_eq!(answered(unreachable), pending(Outcome::Unknown));
}

#[test]
fn what_a_region_that_was_removed_is_asked_to_write_is_refused_for_good() {
    let refused = |status, code| (status, code, Retry::No, Outcome::NotApplied);
    assert_eq!(answered(SubmitError::NotAMember), refused(409, "not_a_member"));
    let known = SubmitError::Refused(Refusal::NotAMember);
    assert_eq!(answered(known), refused(409, "not_a_member"));
    assert_eq!(answered(MemberError::AskedToLeave), refused(409, "asked_to_leave"));
}

#[test]
fn a_definition_under_way_is_pending_and_may_be_asked_for_again() {
    let region = RegionId::new("eu-west").unwrap();
    let pending = |outcome| (503, "definition_pending", Retry::Later, outcome);
    assert_eq!(
        answered(TableError::Pending { regions: vec![region] }),
        pending(Outcome::AppliedLocally)
    );
    assert_eq!(answered(TableError::OrdererUnreachable { region }), pending(Outcome::Unknown));
}
