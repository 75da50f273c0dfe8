//! The answer to a named request, within the change that it answers and in the state.

use std::sync::Arc;

use tombolo_replication::IdempotencyRecord;
use tombolo_replication::idempotency::{GivenAnswer, NamedRequest, RequestHash, RequestName, Told};

use super::delta::decode_json;
use super::given_record;
use crate::definition::{decode_table, encode_table};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::wire::{IdempotencyV1, ToldV1};
use crate::{DecodeError, EncodeError};

pub(crate) fn encode<'a>(
    record: &'a IdempotencyRecord,
    replicas: &mut ReplicaTable,
) -> Result<IdempotencyV1<'a>, EncodeError> {
    let IdempotencyRecord { request, answer } = record;
    Ok(IdempotencyV1 {
        name: request.name.0,
        request_hash: request.hash.0,
        existed: answer.existed,
        context: replicas.vector(&answer.context)?,
        told: match &answer.told {
            Told::Nothing => ToldV1::Nothing,
            Told::Shown(shown) => ToldV1::Shown(shown.as_str()),
            Told::Settled(given) => ToldV1::Settled(given_record::encode(given, replicas)?),
            Told::Table(table) => ToldV1::Table(encode_table(table, replicas)?),
        },
    })
}

pub(crate) fn decode(
    wire: &IdempotencyV1<'_>,
    replicas: Replicas<'_>,
) -> Result<IdempotencyRecord, DecodeError> {
    let request =
        NamedRequest { name: RequestName(wire.name), hash: RequestHash(wire.request_hash) };
    let told = match &wire.told {
        ToldV1::Nothing => Told::Nothing,
        ToldV1::Shown(shown) => Told::Shown(decode_json(shown)?),
        ToldV1::Settled(given) => Told::Settled(Box::new(given_record::decode(given, replicas)?)),
        ToldV1::Table(table) => Told::Table(Arc::new(decode_table(table, replicas)?)),
    };
    let context = replicas.vector(&wire.context)?;
    let answer = GivenAnswer { existed: wire.existed, context, told };
    Ok(IdempotencyRecord { request, answer })
}
