//! The API of one region: what its handlers share, and which of them answers what.
//!
//! Routing is ours ([`crate::route`]) and hangs below whatever else an application mounts, as its
//! default service. A request is answered without a lock, a log line or a middleware.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use tombolo_actors::Region;
use tombolo_causality::RegionId;

use crate::body::BodyLimits;
use crate::conflicts::Conflicts;
use crate::digests::Digests;
use crate::own_hosts;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::Letterhead;
use crate::route::{Door, Route, Verb};
use crate::{history, items, links, region, tables, unread};

/// The REST API of one region. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Api(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    region: Region,
    regions: Vec<RegionId>,
    body_limits: BodyLimits,
    letterhead: Letterhead,
    digests: Digests,
    conflicts: Conflicts,
}

impl Api {
    /// The API of `region`, bounded as the region's settings say.
    pub fn new(region: Region) -> Self {
        let settings = region.settings();
        let http = &settings.http;
        let body_limits =
            BodyLimits { bytes_max: http.value_bytes_max, timeout: http.body_timeout };
        let regions = settings.cluster.regions.iter().map(|member| member.name).collect();
        let letterhead = Letterhead::of(region.name());
        let (digests, conflicts) = (Digests::new(), Conflicts::new());
        Self(Arc::new(Shared { region, regions, body_limits, letterhead, digests, conflicts }))
    }

    /// Mounts what applications may ask: tables, items, the region and its health.
    ///
    /// Takes the place of the default service, so that every request is answered by the contract.
    pub fn configure_regional(&self, config: &mut ServiceConfig) {
        self.configure(Door::Api, config);
    }

    /// Mounts the same and what operators may ask: links and digests.
    ///
    /// What changes anything is refused when it names another host or comes from another site's
    /// page.
    pub fn configure_admin(&self, config: &mut ServiceConfig) {
        self.configure(Door::Admin, config);
    }

    fn configure(&self, door: Door, config: &mut ServiceConfig) {
        let api = self.clone();
        config.default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
            let api = api.clone();
            async move { api.answer(door, &request, payload.into_inner()).await }
        }));
    }

    async fn answer(
        &self,
        door: Door,
        request: &HttpRequest,
        mut payload: Payload,
    ) -> HttpResponse {
        let reply = match self.dispatch(door, request, &mut payload).await {
            Ok(reply) => reply,
            Err(problem) => problem.reply(self.letterhead()),
        };
        unread::ending(reply, payload)
    }

    async fn dispatch(
        &self,
        door: Door,
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<HttpResponse, Problem> {
        let uri = request.uri();
        let route = Route::parse(uri.path(), door).ok_or(Problem::NoSuchRoute)?;
        let verb = Verb::of(request.method()).filter(|verb| route.takes(*verb));
        let verb = verb.ok_or_else(|| Problem::MethodNotAllowed {
            method: request.method().clone(),
            allow: route.allow(),
        })?;
        let headers = request.headers();
        if door == Door::Admin && !verb.is_safe() {
            own_hosts::check(headers, request.app_config().local_addr().ip())?;
        }
        let query = Query(uri.query().unwrap_or_default());
        match route {
            Route::Item { table, key } => {
                items::answer(self, (table, key), verb, query, headers, payload).await
            }
            Route::Table { table } => {
                tables::answer(self, table, verb, query, headers, payload).await
            }
            Route::Tables => Ok(tables::list(self)),
            Route::History { table, key } => history::show(self, (table, key), query, headers),
            Route::Conflicts => self.0.conflicts.list(self, query, headers).await,
            Route::Conflict { id, action } => {
                self.0.conflicts.settle(self, id, action, query, headers).await
            }
            Route::Region => Ok(region::show(self)),
            Route::Live => Ok(region::live(self)),
            Route::Ready => region::ready(self),
            Route::Digests => self.0.digests.show(self, query).await,
            Route::Links => Ok(links::list(self)),
            Route::Link { peer, action } => links::act(self, peer, action).await,
        }
    }

    pub(crate) fn region(&self) -> &Region {
        &self.0.region
    }

    /// All regions of the cluster, in their configured order.
    pub(crate) fn regions(&self) -> &[RegionId] {
        &self.0.regions
    }

    pub(crate) fn body_limits(&self) -> BodyLimits {
        self.0.body_limits
    }

    pub(crate) fn letterhead(&self) -> &Letterhead {
        &self.0.letterhead
    }
}
