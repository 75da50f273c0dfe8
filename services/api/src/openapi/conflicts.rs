//! What may be asked of conflicts.

use super::operations::{Operation, Reply, json, read};
use super::parameters::{
    ACKS, CONFLICT, CONFLICTS, ETAG, ONLY, ORDERED, Param, READ, SCOPE, WRITE,
};
use super::problems::{
    BEHIND, CONCERN, KEY_OF_ITEM, ONLY_SO, PROMISES, READ_ROWS, UNANSWERED, UNMET, WRITE_ITEM,
};
use crate::route::{RouteClass, Verb};

static OF_CONFLICT: &[&[&Param]] = &[&[&CONFLICT], &WRITE, &ORDERED, &ONLY];
static SETTLED: &[Reply] = &[Reply {
    headers: &[&ACKS, &ETAG, &SCOPE],
    ..json(200, "The record as it now is.", "Conflict")
}];

const fn settle(
    class: RouteClass,
    id: &'static str,
    summary: &'static str,
    problems: &'static [&'static [&'static str]],
) -> Operation {
    Operation {
        verb: Verb::Post,
        parameters: OF_CONFLICT,
        ..read(class, id, "conflicts", summary, SETTLED, problems)
    }
}

pub(super) static OPERATIONS: [Operation; 4] = [
    Operation {
        parameters: &[&CONFLICTS, &READ],
        ..read(
            RouteClass::Conflicts,
            "list_conflicts",
            "conflicts",
            "The conflicts, a page at a time: one record for each write that has lost, open or settled",
            &[json(200, "A page. It is the last where `next` is null.", "Conflicts")],
            &[
                PROMISES,
                BEHIND,
                KEY_OF_ITEM,
                READ_ROWS,
                &["bad_cursor", "bad_table_name", "no_such_table"],
            ],
        )
    },
    settle(
        RouteClass::ConflictRestore,
        "restore_conflict",
        "Write the lost value anew",
        &[
            PROMISES,
            CONCERN,
            UNMET,
            ONLY_SO,
            BEHIND,
            UNANSWERED,
            WRITE_ITEM,
            &["no_such_conflict", "no_such_table", "would_lose_again", "value_too_large"],
            &["already_settled", "already_written", "immutable"],
        ],
    ),
    settle(
        RouteClass::ConflictDismiss,
        "dismiss_conflict",
        "Let the lost value go",
        &[
            PROMISES,
            CONCERN,
            UNMET,
            ONLY_SO,
            BEHIND,
            UNANSWERED,
            WRITE_ITEM,
            &["no_such_conflict", "no_such_table", "already_settled"],
        ],
    ),
    settle(
        RouteClass::ConflictUndo,
        "undo_conflict",
        "Take back what settled a conflict: it is open again, and what was restored stands no more",
        &[
            PROMISES,
            CONCERN,
            UNMET,
            ONLY_SO,
            BEHIND,
            UNANSWERED,
            WRITE_ITEM,
            &["no_such_conflict", "no_such_table", "not_settled", "not_undoable"],
        ],
    ),
];
