//! The materializer's actor: moves sealed layers into the state database, behind everyone else.
//!
//! It has a thread of its own at a low priority, so that on a busy machine it takes what the
//! foreground leaves.

use actix::prelude::*;
use tombolo_storage::{Installed, Materializer as Machine, Retired, SealedLayer, StorageError};

/// How much the thread yields to others, in steps of niceness.
const NICENESS: i32 = 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct Materializer(Machine);

/// Move a layer into the database.
#[derive(Debug, Message)]
#[rtype(result = "Result<Installed, StorageError>")]
pub(crate) struct Materialize(pub(crate) SealedLayer);

/// Free what is no longer needed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Retire(pub(crate) Retired);

impl Materializer {
    pub(crate) fn new(machine: Machine) -> Self {
        Self(machine)
    }
}

impl Actor for Materializer {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let thread = rustix::thread::gettid();
        if let Err(error) = rustix::process::setpriority_process(Some(thread), NICENESS) {
            tracing::warn!(%error, "the materializer runs at the same priority as requests");
        }
    }
}

impl Handler<Materialize> for Materializer {
    type Result = Result<Installed, StorageError>;

    fn handle(&mut self, Materialize(sealed): Materialize, _: &mut Self::Context) -> Self::Result {
        self.0.materialize(&sealed)
    }
}

impl Handler<Retire> for Materializer {
    type Result = ();

    fn handle(&mut self, Retire(retired): Retire, _: &mut Self::Context) {
        drop(retired);
    }
}
