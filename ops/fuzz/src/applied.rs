//! Whatever change arrives, the region that takes it in can write down what came of it.
//!
//! A state that cannot be encoded would stop the region where it is materialized, and again at
//! every start.

use core::convert::Infallible;

use tombolo_causality::{Dot, HybridTimestamp};
use tombolo_protocol::{decode_row, encode_catalog, encode_exceptions, encode_row};
use tombolo_replication::leader::Applier;
use tombolo_replication::{
    Body, Catalog, Change, Consistency, Exceptions, Strategy, TableDefinition, TableName,
    TableShape,
};
use tombolo_resolvers::ResolverKind;

use crate::property::check_comes_back;

/// Applies `change` where all that it depends on is, under every resolver that its tables may have.
pub(crate) fn check_applied(change: &Change) {
    let resolvers = match &change.body {
        Body::Items(items) => {
            let kinds = items.iter().map(|item| ResolverKind::of(item.delta.body.data_type()));
            kinds.map(<[_]>::len).max().unwrap_or(1)
        }
        _ => 1,
    };
    for resolver in 0..resolvers {
        check_under(change, resolver);
    }
}

fn check_under(change: &Change, resolver: usize) {
    let Dot { replica, seq } = change.dot;
    let mut before = change.deps.as_ref().clone();
    if before.get(&replica) >= seq {
        // It depends on itself; such a change waits for ever.
        return;
    }
    before.raise(replica, seq - 1);
    let mut region = Applier::resume(before, HybridTimestamp::ZERO, tables(change, resolver));
    let joined = match region.apply::<Infallible>(change, |_| Ok(None)) {
        Ok(joined) => joined,
        Err(error) => unreachable!("a change in its place is not taken: {error}"),
    };
    assert!(joined.is_new && region.applied().contains(&change.dot), "it is not applied");
    assert!(joined.set_aside.is_none() || joined.states.is_empty(), "set aside, and it shows");
    for (_, state) in &joined.states {
        check_comes_back(state, encode_row, |row| decode_row(row));
    }
    assert!(encode_catalog(region.catalog()).is_ok(), "a catalog that cannot be written");
    let exceptions: Exceptions =
        joined.set_aside.into_iter().map(|reason| (change.dot, reason)).collect();
    assert!(encode_exceptions(&exceptions).is_ok(), "an exception that cannot be written");
}

/// The tables that `change` writes to, each of the type of the first delta for it.
fn tables(change: &Change, resolver: usize) -> Catalog {
    let mut catalog = Catalog::default();
    let Body::Items(items) = &change.body else { return catalog };
    for (nth, item) in items.iter().enumerate() {
        if catalog.by_id(&item.table).is_some() {
            continue;
        }
        let data_type = item.delta.body.data_type();
        let fitting = ResolverKind::of(data_type);
        let Some(resolver) = fitting.get(resolver % fitting.len()).copied() else { continue };
        let Ok(name) = TableName::new(&format!("t{nth}")) else { continue };
        let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
        let shape = TableShape { data_type, resolver, strategy, consistency };
        catalog.define(TableDefinition { id: item.table, name, shape, altered: None });
    }
    catalog
}
