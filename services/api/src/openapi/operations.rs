//! What may be asked of each route, for applications; for operators in [`super::operators`].

use super::operators;
use super::parameters::{ACKS, ETAG, KEY, KEY_IN_QUERY, Param, READ, TABLE, WRITE};
use super::problems::{
    ALTER, DEFINE, DROP, ITEM, JSON_BODY, KEY_OF_ITEM, OF_TABLE, READ_ASKED, READ_ITEM,
    WRITE_ASKED, WRITE_ITEM,
};
use crate::route::{RouteClass, Verb};

/// One method of one route.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) class: RouteClass,
    pub(super) verb: Verb,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [&'static [&'static Param]],
    pub(super) body: Option<Body>,
    pub(super) replies: &'static [Reply],
    /// The codes of what it is refused for.
    pub(super) problems: &'static [&'static [&'static str]],
}

/// What a request carries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Body {
    pub(super) meaning: &'static str,
    pub(super) media: &'static [&'static str],
    pub(super) schema: &'static str,
}

/// A success.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) meaning: &'static str,
    /// Media type and schema.
    pub(super) body: Option<(&'static str, &'static str)>,
    pub(super) headers: &'static [&'static Param],
}

pub(super) const JSON: &str = "application/json";
const WRITTEN: &[&Param] = &[&ETAG, &ACKS];

pub(super) const fn json(status: u16, meaning: &'static str, schema: &'static str) -> Reply {
    Reply { status, meaning, body: Some((JSON, schema)), headers: &[] }
}

const fn written(status: u16, meaning: &'static str, schema: &'static str) -> Reply {
    Reply { headers: WRITTEN, ..json(status, meaning, schema) }
}

/// A read without parameters.
pub(super) const fn read(
    class: RouteClass,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    replies: &'static [Reply],
    problems: &'static [&'static [&'static str]],
) -> Operation {
    let verb = Verb::Get;
    Operation { class, verb, id, tag, summary, parameters: &[], body: None, replies, problems }
}

/// All operations of `class`.
pub(super) fn of(class: RouteClass) -> impl Iterator<Item = &'static Operation> {
    let all = TABLES.iter().chain(&ITEMS).chain(&ITEMS_BY_QUERY).chain(&operators::OPERATIONS);
    all.filter(move |operation| operation.class == class)
}

static TABLES: [Operation; 5] = [
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
            &[json(200, "The definition, its defaults filled in.", "Table")],
            &[OF_TABLE],
        )
    },
    Operation {
        class: RouteClass::Table,
        verb: Verb::Put,
        id: "define_table",
        tag: "tables",
        summary: "Define a table in all regions",
        parameters: &[&[&TABLE], &WRITE],
        body: Some(Body {
            meaning: "Only `type` is needed.",
            media: &[JSON],
            schema: "TableDefinition",
        }),
        replies: &[
            json(200, "An equal table exists.", "Table"),
            json(201, "Every region holds it.", "Table"),
        ],
        problems: &[WRITE_ASKED, JSON_BODY, DEFINE],
    },
    Operation {
        class: RouteClass::Table,
        verb: Verb::Patch,
        id: "change_table",
        tag: "tables",
        summary: "Change a table's default consistency in all regions",
        parameters: &[&[&TABLE], &WRITE],
        body: Some(Body {
            meaning: "At least one of its members.",
            media: &[JSON],
            schema: "TableAlteration",
        }),
        replies: &[json(200, "Every region has it so.", "Table")],
        problems: &[WRITE_ASKED, JSON_BODY, OF_TABLE, ALTER],
    },
    Operation {
        class: RouteClass::Table,
        verb: Verb::Delete,
        id: "drop_table",
        tag: "tables",
        summary: "Drop a table with all its items",
        parameters: &[&[&TABLE], &WRITE],
        body: None,
        replies: &[Reply { status: 204, meaning: "It is gone here.", body: None, headers: &[] }],
        problems: &[WRITE_ASKED, OF_TABLE, DROP],
    },
];

/// The calls on an item, at either of its addresses.
macro_rules! items {
    ($class:expr, $key:expr, $get:literal, $put:literal, $patch:literal, $delete:literal) => {
        [
            Operation {
                parameters: &[&[&TABLE, &$key], &READ],
                ..read(
                    $class,
                    $get,
                    "items",
                    "An item as it stands in this region",
                    &[Reply { headers: &[&ETAG], ..json(200, "The item.", "Item") }],
                    &[READ_ASKED, KEY_OF_ITEM, OF_TABLE, READ_ITEM],
                )
            },
            Operation {
                class: $class,
                verb: Verb::Put,
                id: $put,
                tag: "items",
                summary: "Set an item's value",
                parameters: &[&[&TABLE, &$key], &WRITE],
                body: Some(Body {
                    meaning: "The value: any JSON.",
                    media: &[JSON],
                    schema: "Value",
                }),
                replies: &[
                    written(200, "Replaced, durable here.", "Written"),
                    written(201, "Created, durable here.", "Written"),
                ],
                problems: &[WRITE_ASKED, JSON_BODY, KEY_OF_ITEM, OF_TABLE, WRITE_ITEM],
            },
            Operation {
                class: $class,
                verb: Verb::Patch,
                id: $patch,
                tag: "items",
                summary: "Apply operations to an item, together; creates what is not there",
                parameters: &[&[&TABLE, &$key], &WRITE],
                body: Some(Body {
                    meaning: "The operations.",
                    media: &[JSON],
                    schema: "Operations",
                }),
                replies: &[written(200, "Applied, durable here.", "Operated")],
                problems: &[
                    WRITE_ASKED,
                    JSON_BODY,
                    KEY_OF_ITEM,
                    OF_TABLE,
                    WRITE_ITEM,
                    ITEM,
                    &["bad_patch"],
                ],
            },
            Operation {
                class: $class,
                verb: Verb::Delete,
                id: $delete,
                tag: "items",
                summary: "Delete an item",
                parameters: &[&[&TABLE, &$key], &WRITE],
                body: None,
                replies: &[Reply {
                    status: 204,
                    meaning: "Deleted, durable here.",
                    body: None,
                    headers: &[&ACKS],
                }],
                problems: &[WRITE_ASKED, KEY_OF_ITEM, OF_TABLE, WRITE_ITEM, ITEM],
            },
        ]
    };
}

static ITEMS: [Operation; 4] =
    items!(RouteClass::Item, KEY, "get_item", "put_item", "patch_item", "delete_item");

static ITEMS_BY_QUERY: [Operation; 4] = items!(
    RouteClass::ItemByQuery,
    KEY_IN_QUERY,
    "get_item_by_query",
    "put_item_by_query",
    "patch_item_by_query",
    "delete_item_by_query"
);
