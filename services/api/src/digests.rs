//! Digests: whether two regions hold the same, without comparing what they hold.
//!
//! A digest walks everything that it covers. One is computed at a time, away from the threads that
//! answer requests; the others wait, and their number is that of the admin listener's connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::sync::Semaphore;
use tombolo_causality::Session;
use utoipa::ToSchema;

use crate::api::Api;
use crate::problem::Problem;
use crate::query::Query;
use crate::region::{ExceptionBody, exceptions, vector_object};
use crate::tables;

/// See the module.
#[derive(Debug)]
pub(crate) struct Digests {
    turn: Arc<Semaphore>,
}

/// What stands for everything that is shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Digest)]
pub(crate) struct Body {
    version_vector: BTreeMap<String, u64>,
    /// The changes that were set aside.
    #[schema(max_items = 1000)]
    exceptions: Vec<ExceptionBody>,
    digest: String,
    /// How many items it covers.
    items: u64,
}

impl Digests {
    pub(crate) fn new() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }

    /// Answers `GET /v1/digests?table=`.
    pub(crate) async fn show(
        &self,
        api: &Api,
        query: Query<'_>,
        session: &mut Session,
    ) -> Result<HttpResponse, Problem> {
        let name = query.get("table")?;
        let turn = self.turn.clone().acquire_owned().await.map_err(|_| Problem::Stopping)?;
        let view = api.region().view();
        let table = match name {
            Some(name) => Some(tables::named(&view, name)?.id),
            None => None,
        };
        session.saw(view.vector());
        let (version_vector, exceptions) = (vector_object(view.vector()), exceptions(&view));
        let walked = web::block(move || {
            // The turn ends with the walk, also where the asker has gone.
            let _turn = turn;
            view.digest(table.as_ref())
        });
        let (digest, items) = walked.await.map_err(|_| Problem::Stopping)??;
        let digest = digest.to_string();
        let body = Body { version_vector, exceptions, digest, items };
        Ok(api.letterhead().show(StatusCode::OK, &body))
    }
}
