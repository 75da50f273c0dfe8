//! Items, and what is done to them.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;
use utoipa::openapi::Type;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, SchemaType};

/// An item as it stands: its value, or several side by side.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is a shape; answers are written by hand")]
pub(super) enum Item {
    One(ItemWithValue),
    Several(ItemWithSiblings),
}

/// An item with one value.
#[derive(Serialize, ToSchema)]
pub(super) struct ItemWithValue {
    key: String,
    #[schema(value_type = Json)]
    value: Json,
    /// What a condition compares.
    version: String,
    /// When what stands was written, by its author's hybrid clock: RFC 3339 with milliseconds.
    #[schema(format = DateTime)]
    written_at: String,
    /// The region in which it was written.
    written_in: String,
}

/// An item of a `siblings` table that was written in several regions at the same time.
#[derive(Serialize, ToSchema)]
pub(super) struct ItemWithSiblings {
    key: String,
    /// In the order in which they were written.
    #[schema(min_items = 2)]
    siblings: Vec<Sibling>,
    /// What a condition compares; as `If-Match` it names all of them.
    version: String,
    /// When the latest was written.
    #[schema(format = DateTime)]
    written_at: String,
    /// The region in which it was written.
    written_in: String,
}

/// One of several values side by side.
#[derive(Serialize, ToSchema)]
struct Sibling {
    #[schema(value_type = Json)]
    value: Json,
    #[schema(format = DateTime)]
    written_at: String,
    written_in: String,
}

/// A page of items.
#[derive(Serialize, ToSchema)]
pub(super) struct Items {
    items: Vec<Item>,
    /// The `cursor` of the next page; null where there is none.
    #[schema(required)]
    next: Option<String>,
}

/// A write that replaced.
#[derive(Serialize, ToSchema)]
pub(super) struct Written {
    key: String,
    /// What stands, where it may be another value: of `max` and `min` tables.
    #[schema(value_type = Json, required = false)]
    value: Json,
    version: String,
}

/// An item after an operation.
#[derive(Serialize, ToSchema)]
pub(super) struct Operated {
    key: String,
    /// The value after the operation, here.
    #[schema(value_type = Json)]
    value: Json,
    version: String,
}

/// Operations of the table's data type, at least one, applied together. Those of another type are
/// 422.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Operations {
    /// Of a counter: by how much.
    #[schema(required = false)]
    increment: i64,
    /// Of a counter: by how much.
    #[schema(required = false)]
    decrement: i64,
    /// Of a set: elements, none of which is removed as well.
    #[schema(required = false, schema_with = elements)]
    add: Vec<Json>,
    /// Of a set: elements.
    #[schema(required = false, schema_with = elements)]
    remove: Vec<Json>,
    /// Of a flag: true.
    #[schema(required = false, schema_with = yes)]
    enable: bool,
    /// Of a flag: true, and not together with `enable`.
    #[schema(required = false, schema_with = yes)]
    disable: bool,
}

fn elements() -> Schema {
    let types = [Type::String, Type::Number, Type::Boolean, Type::Null];
    let scalar = ObjectBuilder::new().schema_type(SchemaType::from_iter(types));
    ArrayBuilder::new().items(scalar).build().into()
}

fn yes() -> Schema {
    ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([true])).build().into()
}
