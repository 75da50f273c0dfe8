//! The answer to a named request, within the change that it answers and in the state.

use tombolo_datatypes::JsonText;
use tombolo_replication::IdempotencyRecord;
use tombolo_replication::idempotency::{GivenAnswer, NamedRequest, RequestHash, RequestName};

use super::delta::decode_json;
use super::given_record;
use crate::replica_table::{ReplicaTable, Replicas};
use crate::wire::IdempotencyV1;
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
        shown: answer.shown.as_ref().map(JsonText::as_str),
        settled: answer
            .settled
            .as_deref()
            .map(|given| given_record::encode(given, replicas))
            .transpose()?,
    })
}

pub(crate) fn decode(
    wire: &IdempotencyV1<'_>,
    replicas: Replicas<'_>,
) -> Result<IdempotencyRecord, DecodeError> {
    let request =
        NamedRequest { name: RequestName(wire.name), hash: RequestHash(wire.request_hash) };
    let answer = GivenAnswer {
        existed: wire.existed,
        context: replicas.vector(&wire.context)?,
        shown: wire.shown.map(decode_json).transpose()?,
        settled: wire
            .settled
            .as_ref()
            .map(|given| given_record::decode(given, replicas).map(Box::new))
            .transpose()?,
    };
    Ok(IdempotencyRecord { request, answer })
}
