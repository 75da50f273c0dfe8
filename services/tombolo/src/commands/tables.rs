//! `tombolo tables`: listed, shown, defined, altered, dropped.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Desk;
use crate::cli::{Define, Format, TableAction, Tables};
use crate::client::{Call, Reply, Resource};
use crate::failure::Failure;
use crate::output::{Grid, plain};

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    tables: Vec<Definition<'a>>,
}

#[derive(Deserialize)]
struct Definition<'a> {
    name: String,
    r#type: String,
    resolver: String,
    #[serde(borrow)]
    strategy: &'a RawValue,
    regions: Vec<String>,
    consistency: String,
}

/// The strategy as a word, where its mode is all there is to it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mode {
    mode: String,
}

pub(super) fn run(desk: &mut Desk<'_>, arguments: &Tables) -> Result<(), Failure> {
    let all = || Resource::at("/v1/tables");
    match arguments.action.as_ref().unwrap_or(&TableAction::List) {
        TableAction::List => {
            let reply = ask(desk, "GET", all())?;
            show(desk, &reply, |reply| Ok(reply.read::<List<'_>>()?.tables))
        }
        TableAction::Show { name } => {
            let reply = ask(desk, "GET", all().below(name))?;
            show(desk, &reply, |reply| Ok(vec![reply.read()?]))
        }
        TableAction::Define(define) => {
            let call = Call::new("PUT", &desk.asking.url, all().below(&define.name));
            let call = call.json(definition(define)?.to_string());
            let reply = desk.client.ask(call)?;
            show(desk, &reply, |reply| Ok(vec![reply.read()?]))
        }
        TableAction::Alter { name, consistency } => {
            let call = Call::new("PATCH", &desk.asking.url, all().below(name));
            let reply =
                desk.client.ask(call.json(json!({"consistency": consistency}).to_string()))?;
            show(desk, &reply, |reply| Ok(vec![reply.read()?]))
        }
        TableAction::Drop { name } => {
            ask(desk, "DELETE", all().below(name))?;
            let line = match desk.printer.format {
                Format::Json => json!({"name": name, "dropped": true}).to_string(),
                Format::Table => format!("{} dropped", plain(name)),
            };
            Ok(desk.printer.line(&line)?)
        }
    }
}

fn ask(desk: &Desk<'_>, method: &'static str, resource: Resource) -> Result<Reply, Failure> {
    desk.client.ask(Call::new(method, &desk.asking.url, resource))
}

/// The body that defines a table.
fn definition(define: &Define) -> Result<Value, Failure> {
    let object = |name: &str, text: &str| {
        serde_json::from_str::<Map<String, Value>>(text).map_err(|error| Failure::Usage {
            detail: format!("--{name} is not a JSON object: {error}"),
        })
    };
    let mut body = Map::new();
    let mut add = |name: &str, value: Value| body.insert(name.to_owned(), value);
    add("type", define.r#type.clone().into());
    if let Some(resolver) = &define.resolver {
        add("resolver", resolver.clone().into());
    }
    if let Some(strategy) = &define.strategy {
        let is_object = strategy.trim_start().starts_with('{');
        let mode = || json!({"mode": strategy});
        let strategy = if is_object { object("strategy", strategy)?.into() } else { mode() };
        add("strategy", strategy);
    }
    if let Some(regions) = &define.regions {
        add("regions", regions.clone().into());
    }
    if let Some(consistency) = &define.consistency {
        add("consistency", consistency.clone().into());
    }
    if let Some(fields) = &define.fields {
        add("fields", object("fields", fields)?.into());
    }
    Ok(body.into())
}

fn show(
    desk: &mut Desk<'_>,
    reply: &Reply,
    definitions: impl for<'a> FnOnce(&'a Reply) -> Result<Vec<Definition<'a>>, Failure>,
) -> Result<(), Failure> {
    if desk.printer.format == Format::Json {
        return Ok(desk.printer.line(&reply.body)?);
    }
    let mut grid = Grid::new(["TABLE", "TYPE", "RESOLVER", "STRATEGY", "CONSISTENCY", "REGIONS"]);
    for table in definitions(reply)? {
        let mode = serde_json::from_str::<Mode>(table.strategy.get());
        let strategy = mode.map_or_else(|_| table.strategy.get().to_owned(), |mode| mode.mode);
        let cells = [table.name, table.r#type, table.resolver, strategy, table.consistency];
        let [name, data_type, resolver, strategy, consistency] = cells.map(|cell| plain(&cell));
        let regions = plain(&table.regions.join(","));
        grid.row([name, data_type, resolver, strategy, consistency, regions]);
    }
    Ok(desk.printer.grid(&mut grid)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn define() -> Define {
        Define {
            name: "t".to_owned(),
            r#type: "register".to_owned(),
            resolver: None,
            strategy: None,
            regions: None,
            consistency: None,
            fields: None,
        }
    }

    fn body(define: &Define) -> Option<String> {
        definition(define).ok().map(|body| body.to_string())
    }

    #[test]
    fn what_is_not_named_is_left_to_the_region() {
        assert_eq!(body(&define()).as_deref(), Some(r#"{"type":"register"}"#));
    }

    #[test]
    fn a_strategy_is_a_mode_or_all_of_its_particulars() {
        let with = |strategy: &str| {
            let strategy = Some(strategy.to_owned());
            body(&Define { strategy, ..define() })
        };
        let mode = r#"{"strategy":{"mode":"multi_leader"},"type":"register"}"#;
        assert_eq!(with("multi_leader").as_deref(), Some(mode));
        let quorum = r#"{"strategy":{"mode":"quorum","n":3},"type":"register"}"#;
        assert_eq!(with(r#"{"mode":"quorum","n":3}"#).as_deref(), Some(quorum));
        assert_eq!(with("{quorum"), None);
    }
}
