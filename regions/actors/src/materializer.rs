//! The materializer's actor: moves sealed layers into the state database, behind everyone else.
//!
//! It has a thread of its own at a low priority, so that on a busy machine it takes what the
//! foreground leaves.

use std::sync::Arc;

use actix::prelude::*;
use tombolo_storage::{Installed, Materializer as Machine, Retired, SealedLayer, StorageError};

use crate::boot::yield_to_others;
use crate::clock::instant;
use crate::meters::Meters;

/// See the module.
#[derive(Debug)]
pub(crate) struct Materializer {
    machine: Machine,
    meters: Arc<Meters>,
}

/// Move a layer into the database.
#[derive(Debug, Message)]
#[rtype(result = "Result<Installed, StorageError>")]
pub(crate) struct Materialize(pub(crate) SealedLayer);

/// Free what is no longer needed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Retire(pub(crate) Retired);

impl Materializer {
    pub(crate) fn new(machine: Machine, meters: Arc<Meters>) -> Self {
        Self { machine, meters }
    }
}

impl Actor for Materializer {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        yield_to_others("the materializer");
    }
}

impl Handler<Materialize> for Materializer {
    type Result = Result<Installed, StorageError>;

    fn handle(&mut self, Materialize(sealed): Materialize, _: &mut Self::Context) -> Self::Result {
        let began = instant();
        let installed = self.machine.materialize(&sealed)?;
        self.meters.materialize.observe_span(began, instant());
        Ok(installed)
    }
}

impl Handler<Retire> for Materializer {
    type Result = ();

    fn handle(&mut self, Retire(retired): Retire, _: &mut Self::Context) {
        drop(retired);
    }
}
