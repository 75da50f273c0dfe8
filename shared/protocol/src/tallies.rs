//! A counter's tallies per replica. A tally of nothing is no tally: it is left out on the way out
//! and refused on the way in, so that equal counters have equal bytes.

use std::collections::BTreeMap;

use tombolo_causality::ReplicaId;
use tombolo_datatypes::Tally;

use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{ascending, holds};
use crate::wire::TallyV1;
use crate::{DecodeError, EncodeError};

const WHAT: &str = "tallies";

pub(crate) fn encode_tallies(
    tallies: &BTreeMap<ReplicaId, Tally>,
    replicas: &mut ReplicaTable,
) -> Result<Vec<TallyV1>, EncodeError> {
    let told = tallies.iter().filter(|(_, tally)| **tally != Tally::default());
    told.map(|(replica, tally)| {
        let replica = replicas.index(*replica)?;
        Ok(TallyV1 { replica, up: tally.up, down: tally.down })
    })
    .collect()
}

pub(crate) fn decode_tallies(
    wire: &[TallyV1],
    replicas: Replicas<'_>,
) -> Result<BTreeMap<ReplicaId, Tally>, DecodeError> {
    let entries = wire.iter().map(|t| {
        let tally = Tally { up: t.up, down: t.down };
        Ok((replicas.get(t.replica)?, tally))
    });
    let entries: Vec<_> = entries.collect::<Result<_, DecodeError>>()?;
    ascending(WHAT, entries.iter().map(|(replica, _)| replica))?;
    holds(WHAT, entries.iter().all(|(_, tally)| *tally != Tally::default()))?;
    Ok(entries.into_iter().collect())
}
