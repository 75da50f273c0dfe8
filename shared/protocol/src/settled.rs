//! What settling a conflict decided: in a change as its author says it, in a row as it last was.

use tombolo_datatypes::{Delta, DeltaBody, Element, ItemState, Mark, Outcome, Settled, Settling};

use crate::change::delta::decode_element;
use crate::limits::REPLACED_MAX;
use crate::live::{decode_written, encode_written};
use crate::replica_table::{ReplicaTable, Replicas};
use crate::rules::{Flaw, ascending, at_most, holds};
use crate::wire::{MarkV1, SettlingV1};
use crate::{DecodeError, EncodeError};

const SETTLING: &str = "settling of a delta";
const MARKS: &str = "settled writes of a row";

pub(crate) fn encode_settling<'a>(
    settling: &'a Settling,
    replicas: &mut ReplicaTable,
) -> Result<SettlingV1<'a>, EncodeError> {
    let outcomes = settling.outcomes.iter();
    let outcomes = outcomes.map(|(dot, outcome)| Ok((replicas.dot(*dot)?, number(*outcome))));
    Ok(SettlingV1 {
        element: settling.element.as_ref().map(|element| element.text().as_str()),
        outcomes: outcomes.collect::<Result<_, EncodeError>>()?,
    })
}

pub(crate) fn decode_settling(
    wire: &SettlingV1<'_>,
    replicas: Replicas<'_>,
) -> Result<Settling, DecodeError> {
    let outcomes = wire.outcomes.iter();
    let outcomes = outcomes.map(|(dot, kind)| Ok((replicas.dot(*dot)?, outcome(*kind)?)));
    let outcomes: Vec<_> = outcomes.collect::<Result<_, DecodeError>>()?;
    ascending(SETTLING, outcomes.iter().map(|(dot, _)| dot))?;
    Ok(Settling {
        element: wire.element.map(decode_element).transpose()?,
        outcomes: outcomes.into_iter().collect(),
    })
}

/// What the types do not promise of what a delta decides.
pub(crate) fn check_settling(delta: &Delta) -> Result<(), Flaw> {
    let Some(settling) = &delta.settling else { return Ok(()) };
    at_most(SETTLING, settling.outcomes.len(), REPLACED_MAX)?;
    let fits = match delta.body {
        DeltaBody::Register(_) | DeltaBody::Flag(_) => settling.element.is_none(),
        DeltaBody::Set(_) => settling.element.is_some(),
        DeltaBody::Counter(_) => false,
    };
    holds(SETTLING, fits && !settling.outcomes.is_empty())
}

pub(crate) fn encode_marks<'a>(
    state: &'a ItemState,
    replicas: &mut ReplicaTable,
) -> Result<Vec<MarkV1<'a>>, EncodeError> {
    let marks = state.marks().into_iter();
    let marks = marks.map(|Mark { element, written, settled, .. }| {
        Ok(MarkV1 {
            element: element.map(|element| element.text().as_str()),
            write: replicas.dot(written.dot)?,
            by: encode_written(settled.by, replicas)?,
            outcome: number(settled.outcome),
        })
    });
    marks.collect()
}

/// Notes in `state` what was decided about its writes: in their order and none twice, so that equal
/// states have equal bytes.
pub(crate) fn decode_marks(
    marks: &[MarkV1<'_>],
    state: &mut ItemState,
    replicas: Replicas<'_>,
) -> Result<(), DecodeError> {
    let noted = marks.iter().map(|mark| {
        let (by, outcome) = (decode_written(mark.by, replicas)?, outcome(mark.outcome)?);
        // Any text: it has to be that of an element which is there.
        let element = mark.element.map(Element::from_checked);
        Ok((element, replicas.dot(mark.write)?, Settled { by, outcome }))
    });
    let noted: Vec<_> = noted.collect::<Result<_, DecodeError>>()?;
    holds(MARKS, state.note(noted))?;
    Ok(())
}

pub(crate) fn number(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Open => 0,
        Outcome::Restored => 1,
        Outcome::Dismissed => 2,
        Outcome::Covered => 3,
    }
}

pub(crate) fn outcome(number: u8) -> Result<Outcome, DecodeError> {
    match number {
        0 => Ok(Outcome::Open),
        1 => Ok(Outcome::Restored),
        2 => Ok(Outcome::Dismissed),
        3 => Ok(Outcome::Covered),
        _ => Err(DecodeError::Malformed { what: "outcome of a conflict" }),
    }
}
