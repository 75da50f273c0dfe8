//! The API of one region: what its handlers share, and which of them answers what.
//!
//! Routing is ours ([`crate::route`]) and hangs below whatever else an application mounts, as its
//! default service. A request is answered without a lock, a log line or a middleware.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use tombolo_actors::Region;
use tombolo_causality::RegionId;

use crate::body::BodyLimits;
use crate::cors::Cors;
use crate::digests::Digests;
use crate::metrics::Requests;
use crate::openapi::Documents;
use crate::own_hosts;
use crate::problem::Problem;
use crate::query::Query;
use crate::reply::Letterhead;
use crate::route::{Door, Route, Verb};
use crate::traces::{Tally, Tracer};
use crate::visit::Visit;
use crate::{items, links, metrics, pages, region, tables, unread};

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
    requests: Requests,
    documents: Documents,
    cors: Cors,
    tracer: Tracer,
}

impl Api {
    /// The API of `region`, bounded as the region's settings say. Fails where the thread that
    /// sends traces cannot be started.
    pub fn new(region: Region) -> io::Result<Self> {
        let settings = region.settings();
        let http = &settings.http;
        let body_limits =
            BodyLimits { bytes_max: http.value_bytes_max, timeout: http.body_timeout };
        let regions = settings.cluster.regions.iter().map(|member| member.name).collect();
        let tracer = Tracer::start(&settings.telemetry, region.name())?;
        let cors = Cors::new(http.cors_allow_origins.clone());
        let letterhead = Letterhead::of(region.name());
        Ok(Self(Arc::new(Shared {
            region,
            regions,
            body_limits,
            letterhead,
            digests: Digests::new(),
            requests: Requests::new(),
            documents: Documents::default(),
            cors,
            tracer,
        })))
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
        let began = Instant::now();
        let route = Route::parse(request.uri().path(), door);
        let visit = Visit::of(self);
        let cors = (door == Door::Api).then_some(&self.0.cors);
        let preflight = cors.and_then(|cors| {
            cors.preflight(route, request.method(), request.headers(), self.letterhead())
        });
        let mut reply = match preflight {
            Some(reply) => reply,
            None => match visit.dispatch(door, route, request, &mut payload).await {
                Ok(reply) => reply,
                Err(problem) => problem.reply(self.letterhead()),
            },
        };
        if let Some(cors) = cors {
            cors.open(request.headers(), &mut reply);
        }
        let (class, verb) = (route.map(Route::class), Verb::of(request.method()));
        let now = Instant::now();
        if let Some(times) = visit.times() {
            self.0.requests.wrote(began, times, now);
        }
        if self.0.tracer.is_on()
            && let (Some(class), Some(verb)) = (class, verb)
            && !verb.is_safe()
        {
            let what = (class, verb, reply.status());
            self.0.tracer.record(what, request.headers(), (began, visit.times(), now));
        }
        let duration = now.saturating_duration_since(began);
        self.0.requests.answered(class, verb, reply.status(), duration);
        unread::ending(reply, payload)
    }

    pub(crate) fn region(&self) -> &Region {
        &self.0.region
    }

    /// All regions of the cluster, in their configured order.
    pub(crate) fn regions(&self) -> &[RegionId] {
        &self.0.regions
    }

    /// Answers when the traces of what was answered so far are sent or dropped.
    pub(crate) async fn flush(&self) {
        self.0.tracer.flush().await;
    }

    pub(crate) fn tally(&self) -> &Tally {
        self.0.tracer.tally()
    }

    fn documents(&self) -> &Documents {
        &self.0.documents
    }

    fn digests(&self) -> &Digests {
        &self.0.digests
    }

    pub(crate) fn requests(&self) -> &Requests {
        &self.0.requests
    }

    pub(crate) fn body_limits(&self) -> BodyLimits {
        self.0.body_limits
    }

    pub(crate) fn letterhead(&self) -> &Letterhead {
        &self.0.letterhead
    }
}

impl Visit<'_> {
    async fn dispatch(
        &self,
        door: Door,
        route: Option<Route<'_>>,
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<HttpResponse, Problem> {
        let uri = request.uri();
        let route = route.ok_or(Problem::NoSuchRoute)?;
        let verb = Verb::of(request.method()).filter(|verb| route.takes(*verb));
        let verb = verb.ok_or_else(|| Problem::MethodNotAllowed {
            method: request.method().clone(),
            allow: route.allow(),
        })?;
        let headers = request.headers();
        if door == Door::Admin && !verb.is_safe() {
            let names = &self.region().settings().admin.hosts_allowed;
            own_hosts::check(headers, request.app_config().local_addr().ip(), names)?;
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
            Route::Region => Ok(region::show(self)),
            Route::Live => Ok(region::live(self)),
            Route::Ready => region::ready(self),
            Route::OpenApi => Ok(self.documents().show(self, door)),
            Route::Page(page) => Ok(pages::show(self, page)),
            Route::Metrics => Ok(metrics::show(self)),
            Route::Digests => self.digests().show(self, query).await,
            Route::Links => Ok(links::list(self)),
            Route::Link { peer, action } => links::act(self, peer, action).await,
        }
    }
}
