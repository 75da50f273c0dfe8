//! Joining states of another region's, to repair what differs.

use std::sync::Arc;

use actix::prelude::*;
use tokio::sync::oneshot;
use tombolo_datatypes::ItemState;
use tombolo_replication::leader::{NotJoined, Reach, Voices};
use tombolo_replication::{ItemKey, Key, TableId};
use tombolo_storage::StorageError;

use super::Leader;
use crate::error::SubmitError;

/// Join these states of another region's, each of another item. The reply comes when what came of
/// it is durable.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Join {
    pub(crate) table: TableId,
    pub(crate) items: Vec<(Key, Arc<ItemState>)>,
    pub(crate) voices: Voices,
    pub(crate) reply: oneshot::Sender<Result<Joined, JoinError>>,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Joined {
    /// Items whose state is another one now.
    pub(crate) changed: u64,
    /// Items that could not be joined.
    pub(crate) left_over: u64,
}

/// Why nothing was joined.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum JoinError {
    #[error(transparent)]
    Closed(#[from] SubmitError),
    #[error("a state was refused: {0}")]
    Refused(NotJoined),
    #[error("the present state cannot be read: {detail}")]
    Unreadable { detail: String },
}

impl Handler<Join> for Leader {
    type Result = ();

    fn handle(&mut self, join: Join, ctx: &mut Self::Context) {
        let Join { table, items, voices, reply } = join;
        match self.join(table, items, &voices) {
            Ok(joined) => {
                self.schedule_flush(ctx);
                self.when_durable(move |result| {
                    super::answer(reply, result.map(|()| joined).map_err(JoinError::from));
                });
            }
            Err(error) => super::answer(reply, Err(error)),
        }
    }
}

impl Leader {
    /// Stages what comes of joining `items`; nothing of it where one of them is refused.
    fn join(
        &mut self,
        table: TableId,
        items: Vec<(Key, Arc<ItemState>)>,
        voices: &Voices,
    ) -> Result<Joined, JoinError> {
        if let Some(error) = self.closed() {
            return Err(error.into());
        }
        let (mut joined, mut states) = (Joined::default(), Vec::new());
        for (key, theirs) in items {
            let item = ItemKey { table, key };
            let unreadable =
                |error: StorageError| JoinError::Unreadable { detail: error.to_string() };
            let ours = self.overlay.latest(&item).map_err(unreadable)?;
            match self.machine.join(&item, ours.as_deref(), &theirs, voices, Reach::Applied) {
                Ok(Some(state)) => states.push((item, Arc::new(state))),
                Ok(None) => {}
                Err(error) if error.is_refused() => {
                    self.meters.states_refused.increment();
                    tracing::warn!(%table, %error, "a peer's state was refused");
                    return Err(JoinError::Refused(error));
                }
                Err(error) => {
                    tracing::info!(%table, %error, "a peer's state was not joined");
                    joined.left_over += 1;
                }
            }
        }
        for (item, state) in states {
            match self.overlay.stage_joined(&item, state) {
                Ok(()) => joined.changed += 1,
                Err(error) => {
                    tracing::warn!(%table, %error, "what came of joining is not to be written");
                    joined.left_over += 1;
                }
            }
        }
        self.meters.states_joined.add(joined.changed);
        Ok(joined)
    }
}
