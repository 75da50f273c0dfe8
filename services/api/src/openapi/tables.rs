//! What may be asked of tables.

use super::operations::{Body, JSON, Operation, Reply, json, read};
use super::parameters::{ACKS, ETAG, ONLY, Param, SCOPE, TABLE, WRITE};
use super::problems::{
    ALTER, CONCERN, DEFINE, DROP, JSON_BODY, OF_TABLE, ONLY_SO, PROMISES, UNMET,
};
use crate::route::{RouteClass, Verb};

const SHOWN: &[&Param] = &[&ETAG];
const DONE: &[&Param] = &[&ETAG, &ACKS, &SCOPE];

pub(super) static OPERATIONS: [Operation; 5] = [
    read(
        RouteClass::Tables,
        "list_tables",
        "tables",
        "All tables, by name",
        &[json(200, "The tables.", "Tables")],
        &[],
    ),
    Operation {
        parameters: &[&[&TABLE]],
        ..read(
            RouteClass::Table,
            "get_table",
            "tables",
            "A table's definition",
            &[Reply {
                headers: SHOWN,
                ..json(200, "The definition, its defaults filled in.", "Table")
            }],
            &[OF_TABLE],
        )
    },
    Operation {
        class: RouteClass::Table,
        verb: Verb::Put,
        id: "define_table",
        tag: "tables",
        summary: "Define a table in all regions",
        parameters: &[&[&TABLE], &WRITE, &ONLY],
        body: Some(Body {
            meaning: "Only `type` is needed.",
            media: &[JSON],
            schema: "TableDefinition",
        }),
        replies: &[
            Reply { headers: DONE, ..json(200, "An equal table exists.", "Table") },
            Reply { headers: DONE, ..json(201, "Every region holds it.", "Table") },
        ],
        problems: &[PROMISES, CONCERN, ONLY_SO, JSON_BODY, DEFINE],
    },
    Operation {
        class: RouteClass::Table,
        verb: Verb::Patch,
        id: "change_table",
        tag: "tables",
        summary: "Change a table's default consistency in all regions",
        parameters: &[&[&TABLE], &WRITE, &ONLY],
        body: Some(Body {
            meaning: "At least one of its members.",
            media: &[JSON],
            schema: "TableAlteration",
        }),
        replies: &[Reply { headers: DONE, ..json(200, "Every region has it so.", "Table") }],
        problems: &[PROMISES, CONCERN, ONLY_SO, JSON_BODY, OF_TABLE, ALTER],
    },
    Operation {
        class: RouteClass::Table,
        verb: Verb::Delete,
        id: "drop_table",
        tag: "tables",
        summary: "Drop a table with all its items",
        parameters: &[&[&TABLE], &WRITE, &ONLY],
        body: None,
        replies: &[Reply {
            status: 204,
            meaning: "It is gone here.",
            body: None,
            headers: &[&ACKS, &SCOPE],
        }],
        problems: &[PROMISES, CONCERN, UNMET, ONLY_SO, OF_TABLE, DROP],
    },
];
