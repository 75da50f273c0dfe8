//! The contract as `OpenAPI` 3.1: what each listener serves, made from what serves it.
//!
//! What may be asked is declared in [`operations`], beside the routes; bodies come from the types
//! that are written; statuses from the table of refusals. Tests hold all three together: there is
//! no route, method or code that the document lacks, and none in it that is not there.

mod conflicts;
mod items;
mod operations;
mod operators;
mod parameters;
mod problems;
mod schemas;
mod tables;

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use utoipa::openapi::path::{Operation as Described, OperationBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    PathItem, PathsBuilder, Ref, Required, Response, ResponseBuilder,
};

use self::operations::{Body, Operation, Reply};
use self::parameters::{Param, Place};
use crate::api::Api;
use crate::route::{Door, RouteClass, Verb};

/// Both documents, written when they are first asked for.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    api: OnceLock<Vec<u8>>,
    admin: OnceLock<Vec<u8>>,
}

const ABOUT: &str = "A geo-replicated store in which every region is a leader. `HEAD` is answered \
wherever `GET` is. Every refusal is `application/problem+json` with a stable `code`, whether \
repeating it is safe and may succeed (`retryable`), and what became of it (`outcome`); a path that \
names nothing is 404 `no_such_route`, a method that a resource does not take 405 \
`method_not_allowed` with `Allow`. What is no HTTP at all has a status and no body. Every answer \
carries a session token; whoever sends the latest one back, to any region, is shown nothing older \
than what was written and read with it. A query parameter that no call has is 400 `unknown_parameter`; one that is another call's is passed \
over. What the contract has and this version does not \
(`r`, `max_staleness_ms`, other words of `consistency`) is 422 `not_supported_yet`.";

/// What operations are about, in the order in which one comes to need them.
const TAGS: [(&str, &str); 7] = [
    ("tables", "What there is, and how concurrent writes to it are resolved"),
    ("items", "What is in the tables"),
    ("conflicts", "What has lost to a concurrent write, until somebody settles it"),
    ("region", "The region itself"),
    ("links", "Its links to the others"),
    ("members", "Who takes part in the cluster"),
    ("pages", "For people"),
];

impl Documents {
    /// Answers `GET /openapi.json` on `door`.
    pub(crate) fn show(&self, api: &Api, door: Door) -> HttpResponse {
        let kept = match door {
            Door::Api => &self.api,
            Door::Admin => &self.admin,
        };
        // A document of plain texts: there is nothing in it that can fail.
        let text = kept.get_or_init(|| serde_json::to_vec(&document(door)).unwrap_or_default());
        api.letterhead().json(StatusCode::OK, text.clone())
    }
}

/// The document of what is served on `door`.
fn document(door: Door) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for class in door.classes() {
        let mut item = PathItem::default();
        for operation in operations::of(class) {
            let described = Some(describe(operation, door));
            match operation.verb {
                Verb::Get => item.get = described,
                Verb::Put => item.put = described,
                Verb::Patch => item.patch = described,
                Verb::Delete => item.delete = described,
                Verb::Post => item.post = described,
            }
        }
        paths = paths.path(class.template(), item);
    }
    let title = match door {
        Door::Api => "Tombolo: a region, for applications",
        Door::Admin => "Tombolo: a region, for operators",
    };
    let licence = LicenseBuilder::new().name("MIT OR Apache-2.0").build();
    let info = InfoBuilder::new()
        .title(title)
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(ABOUT))
        .license(Some(licence));
    let tags =
        TAGS.map(|(name, meaning)| TagBuilder::new().name(name).description(Some(meaning)).build());
    let components = ComponentsBuilder::new().schemas_from_iter(schemas::all());
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .components(Some(components.build()))
        .tags(Some(tags))
        .build()
}

/// The query parameters that a call reads, for whoever has sent another.
pub(crate) fn parameters_read(class: RouteClass, verb: Verb) -> Vec<&'static str> {
    let operations = operations::of(class).filter(|operation| operation.verb == verb);
    let own = operations.flat_map(|operation| operation.parameters.iter().copied().flatten());
    let of_all = own.chain(&parameters::ON_EVERY_CALL);
    of_all.filter(|parameter| parameter.place == Place::Query).map(|p| p.name).collect()
}

fn describe(operation: &Operation, door: Door) -> Described {
    let mut described = OperationBuilder::new()
        .operation_id(Some(operation.id))
        .summary(Some(operation.summary))
        .tag(operation.tag);
    let traced: &[&Param] =
        if operation.verb.is_safe() { &[] } else { &[&parameters::TRACEPARENT] };
    let of_all = parameters::ON_EVERY_CALL.iter().chain(traced);
    for parameter in operation.parameters.iter().copied().flatten().chain(of_all) {
        described = described.parameter(parameter.describe());
    }
    if let Some(Body { meaning, media, schema }) = operation.body {
        let mut body =
            RequestBodyBuilder::new().description(Some(meaning)).required(Some(Required::True));
        for media in media {
            body = body.content(*media, content(schema));
        }
        described = described.request_body(Some(body.build()));
    }
    for reply in operation.replies {
        described = described.response(reply.status.to_string(), answered(reply));
    }
    let is_checked = door == Door::Admin && !operation.verb.is_safe();
    let operators: &[&str] = if is_checked { problems::OF_OPERATORS } else { &[] };
    let contract: &[&str] =
        if operation.class.knows_its_parameters() { problems::OF_THE_CONTRACT } else { &[] };
    let of_state: &[&str] = if operation.class.rests_on_state() { problems::OF_STATE } else { &[] };
    let of_all = problems::OF_EVERY_CALL.iter().chain(contract).chain(operators).chain(of_state);
    let codes = operation.problems.iter().copied().flatten().chain(of_all).copied();
    for (status, meaning) in problems::by_status(codes) {
        described = described.response(status.to_string(), refused(status, &meaning));
    }
    described.build()
}

fn content(schema: &str) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build()
}

fn answered(reply: &Reply) -> Response {
    let mut response = headed(ResponseBuilder::new().description(reply.meaning), reply.headers);
    if let Some((media, schema)) = reply.body {
        response = response.content(media, content(schema));
    }
    response.build()
}

fn refused(status: u16, meaning: &str) -> Response {
    let headers: &[&Param] = match status {
        412 => &[&parameters::SCOPE],
        415 => &[&parameters::ACCEPT, &parameters::ACCEPT_ENCODING],
        429 | 503 => &[&parameters::RETRY_AFTER],
        504 => &[&parameters::ACKS_WHERE_UNMET],
        _ => &[],
    };
    headed(ResponseBuilder::new().description(meaning), headers)
        .content("application/problem+json", content("Problem"))
        .build()
}

fn headed(mut response: ResponseBuilder, headers: &[&Param]) -> ResponseBuilder {
    for header in parameters::ON_EVERY_REPLY.iter().chain(headers) {
        response = response.header(header.name, header.describe_header());
    }
    response
}

#[cfg(test)]
mod tests;
