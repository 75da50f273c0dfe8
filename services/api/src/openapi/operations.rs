//! What an operation is: one method of one route, with all that it takes and answers.
//!
//! They stand by what they are about, in files beside this one.

use super::parameters::Param;
use super::{conflicts, items, operators, tables};
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
pub(super) const fn json(status: u16, meaning: &'static str, schema: &'static str) -> Reply {
    Reply { status, meaning, body: Some((JSON, schema)), headers: &[] }
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
    let items = items::BY_PATH.iter().chain(&items::BY_QUERY).chain(&items::SCAN);
    let applications = tables::OPERATIONS.iter().chain(items).chain(&conflicts::OPERATIONS);
    let all = applications.chain(&operators::OPERATIONS);
    all.filter(move |operation| operation.class == class)
}
