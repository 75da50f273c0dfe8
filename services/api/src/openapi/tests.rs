//! The document and the code say the same.

use std::collections::BTreeSet;

use super::*;
use crate::language::PARAMETERS;
use crate::route::Route;

/// A path of `class`, its variable parts filled in.
fn sample(class: RouteClass) -> String {
    class.template().replace(['{', '}'], "")
}

#[test]
fn every_route_and_method_is_documented_where_it_is_served_and_nothing_else_is() {
    for door in [Door::Api, Door::Admin] {
        let document = document(door);
        let mut served = BTreeSet::new();
        for class in RouteClass::ALL {
            let path = sample(class);
            let Some(route) = Route::parse(&path, door) else { continue };
            for verb in Verb::ALL.into_iter().filter(|verb| route.takes(*verb)) {
                served.insert((class.template(), verb.name()));
            }
        }
        let mut documented = BTreeSet::new();
        for (path, item) in &document.paths.paths {
            let of = |verb: &Verb| match verb {
                Verb::Get => &item.get,
                Verb::Put => &item.put,
                Verb::Patch => &item.patch,
                Verb::Delete => &item.delete,
                Verb::Post => &item.post,
            };
            let verbs = Verb::ALL.iter().filter(|verb| of(verb).is_some());
            documented.extend(verbs.map(|verb| (path.as_str(), verb.name())));
            assert!(Verb::ALL.iter().any(|verb| of(verb).is_some()), "{path} takes nothing");
        }
        assert_eq!(documented, served, "{door:?}");
    }
}

/// The codes that the table of refusals has, found in its source: whoever adds one there adds a
/// sample of it and the operations that it can refuse.
fn codes_in_the_table() -> BTreeSet<String> {
    let source = include_str!("../problem/table.rs");
    let code = source.split("#[cfg(test)]").next().unwrap_or_default();
    // The words of outcomes, and the code of what nothing here is refused for yet.
    let others = ["not_applied", "applied_locally", "unknown", "refused"];
    let mut literals = code.split('"').skip(1).step_by(2);
    let is_code = |text: &&str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            && !others.contains(text)
    };
    literals.by_ref().filter(is_code).map(str::to_owned).collect()
}

#[test]
fn every_code_is_documented_and_refuses_something() {
    let table = codes_in_the_table();
    assert!(table.len() > 30, "{table:?}");
    let sampled: BTreeSet<_> =
        problems::entries().iter().map(|entry| entry.code.to_owned()).collect();
    assert_eq!(sampled, table);

    let of_all = problems::OF_OPERATORS.iter().chain(problems::OF_EVERY_CALL);
    let of_all = of_all.chain(problems::OF_THE_CONTRACT).chain(problems::OF_STATE);
    let refusing: BTreeSet<_> = RouteClass::ALL
        .into_iter()
        .flat_map(operations::of)
        .flat_map(|operation| operation.problems.iter().copied().flatten())
        .chain(of_all)
        // These refuse what is no operation at all; the document's head tells of them.
        .chain(&["no_such_route", "method_not_allowed"])
        .map(|code| (*code).to_owned())
        .collect();
    assert_eq!(refusing, table);
}

#[test]
fn every_parameter_that_is_documented_is_a_word_of_the_contract() {
    let mut documented = BTreeSet::new();
    for class in RouteClass::ALL {
        for operation in operations::of(class) {
            let read = parameters_read(class, operation.verb);
            for name in &read {
                assert!(PARAMETERS.contains(name), "{}: {name}", operation.id);
            }
            assert!(read.contains(&"session"), "{}", operation.id);
            documented.extend(read);
        }
    }
    // Those of calls, or of promises, that this version does not have.
    let undocumented: Vec<_> =
        PARAMETERS.iter().filter(|name| !documented.contains(*name)).collect();
    assert_eq!(undocumented, [&"max_staleness_ms", &"r", &"since"]);
}

#[test]
fn every_schema_that_is_named_is_there_and_every_id_stands_once() {
    for door in [Door::Api, Door::Admin] {
        let text = serde_json::to_string(&document(door)).unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["openapi"], "3.1.0");
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for named in text.split("\"#/components/schemas/").skip(1) {
            let name = named.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        let tags = document["tags"].as_array().unwrap();
        for class in door.classes() {
            for operation in operations::of(class) {
                assert!(tags.iter().any(|tag| tag["name"] == operation.tag), "{}", operation.id);
            }
        }
        let ids: Vec<_> = text.split("\"operationId\":\"").skip(1).collect();
        let distinct: BTreeSet<_> = ids.iter().map(|id| id.split('"').next()).collect();
        assert_eq!(ids.len(), distinct.len());
    }
}
