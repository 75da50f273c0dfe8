//! What may be asked of items.

use super::operations::{Body, JSON, Operation, Reply, json, read};
use super::parameters::{
    ACKS, ETAG, KEY, KEY_IN_QUERY, ONLY, ORDERED, Param, RANGE, READ, SCOPE, TABLE, WRITE,
};
use super::problems::{
    BEHIND, CONCERN, JSON_BODY, KEY_OF_ITEM, OF_TABLE, ONLY_SO, PROMISES, READ_ITEM, READ_ROWS,
    UNANSWERED, UNMET, WRITE_ITEM,
};
use crate::route::{RouteClass, Verb};

const READ_SO: &[&Param] = &[&ETAG];
const WRITTEN: &[&Param] = &[&ETAG, &ACKS, &SCOPE];

const fn written(status: u16, meaning: &'static str, schema: &'static str) -> Reply {
    Reply { headers: WRITTEN, ..json(status, meaning, schema) }
}

const fn tagged(meaning: &'static str, schema: &'static str) -> Reply {
    Reply { headers: READ_SO, ..json(200, meaning, schema) }
}

/// The calls on an item and its history, at either of their addresses.
macro_rules! items {
    (
        $item:expr, $history:expr, $key:expr,
        $get:literal, $put:literal, $patch:literal, $delete:literal, $why:literal
    ) => {
        [
            Operation {
                parameters: &[&[&TABLE, &$key], &READ],
                ..read(
                    $item,
                    $get,
                    "items",
                    "An item as it stands in this region",
                    &[tagged("The item: its value, or several side by side.", "Item")],
                    &[PROMISES, KEY_OF_ITEM, OF_TABLE, BEHIND, READ_ITEM],
                )
            },
            Operation {
                class: $item,
                verb: Verb::Put,
                id: $put,
                tag: "items",
                summary: "Set an item's value",
                parameters: &[&[&TABLE, &$key], &WRITE, &ORDERED, &ONLY],
                body: Some(Body {
                    meaning: "The value: any JSON that the table's type holds.",
                    media: &[JSON],
                    schema: "Value",
                }),
                replies: &[
                    written(200, "Replaced, durable here.", "Written"),
                    written(201, "Created, durable here.", "Written"),
                ],
                problems: &[
                    PROMISES,
                    CONCERN,
                    UNMET,
                    ONLY_SO,
                    JSON_BODY,
                    KEY_OF_ITEM,
                    OF_TABLE,
                    BEHIND,
                    UNANSWERED,
                    WRITE_ITEM,
                    &["wrong_type_operation", "wrong_value"],
                    &["already_written", "too_many_siblings"],
                ],
            },
            Operation {
                class: $item,
                verb: Verb::Patch,
                id: $patch,
                tag: "items",
                summary: "Apply operations to an item, together; creates what is not there",
                parameters: &[&[&TABLE, &$key], &WRITE, &ORDERED, &ONLY],
                body: Some(Body {
                    meaning: "The operations.",
                    media: &[JSON],
                    schema: "Operations",
                }),
                replies: &[written(200, "Applied, durable here.", "Operated")],
                problems: &[
                    PROMISES,
                    CONCERN,
                    UNMET,
                    ONLY_SO,
                    JSON_BODY,
                    KEY_OF_ITEM,
                    OF_TABLE,
                    BEHIND,
                    UNANSWERED,
                    WRITE_ITEM,
                    &["bad_patch", "wrong_type_operation", "counter_overflow", "no_such_item"],
                ],
            },
            Operation {
                class: $item,
                verb: Verb::Delete,
                id: $delete,
                tag: "items",
                summary: "Delete an item",
                parameters: &[&[&TABLE, &$key], &WRITE, &ORDERED, &ONLY],
                body: None,
                replies: &[Reply {
                    status: 204,
                    meaning: "Deleted, durable here.",
                    body: None,
                    headers: &[&ACKS, &SCOPE],
                }],
                problems: &[
                    PROMISES,
                    CONCERN,
                    UNMET,
                    ONLY_SO,
                    KEY_OF_ITEM,
                    OF_TABLE,
                    BEHIND,
                    UNANSWERED,
                    WRITE_ITEM,
                    &["no_such_item", "immutable"],
                ],
            },
            Operation {
                parameters: &[&[&TABLE, &$key], &READ],
                ..read(
                    $history,
                    $why,
                    "items",
                    "Why an item shows what it shows",
                    &[tagged("The writes behind it, and its conflicts; of a deleted item while it is remembered.", "History")],
                    &[PROMISES, KEY_OF_ITEM, OF_TABLE, BEHIND, READ_ITEM],
                )
            },
        ]
    };
}

pub(super) static BY_PATH: [Operation; 5] = items!(
    RouteClass::Item,
    RouteClass::History,
    KEY,
    "get_item",
    "put_item",
    "patch_item",
    "delete_item",
    "get_history"
);

pub(super) static BY_QUERY: [Operation; 5] = items!(
    RouteClass::ItemByQuery,
    RouteClass::HistoryByQuery,
    KEY_IN_QUERY,
    "get_item_by_query",
    "put_item_by_query",
    "patch_item_by_query",
    "delete_item_by_query",
    "get_history_by_query"
);

pub(super) static SCAN: [Operation; 1] = [Operation {
    parameters: &[&[&TABLE], &RANGE, &READ],
    ..read(
        RouteClass::Items,
        "scan_items",
        "items",
        "The items of a table in key order, a page at a time",
        &[json(200, "A page. It may be short, and is the last where `next` is null.", "Items")],
        &[PROMISES, OF_TABLE, BEHIND, READ_ROWS, &["bad_cursor"]],
    )
}];
