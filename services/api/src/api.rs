//! The API of one region: what its handlers share, and which of them answers what.
//!
//! Routing is ours ([`crate::route`]) and hangs below whatever else an application mounts, as its
//! default service. A request is answered without a lock, a log line or a middleware.

mod forwarded;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{Method, Uri};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use tombolo_actors::meters::WriteTimes;
use tombolo_actors::{Region, SubmitError};
use tombolo_causality::{RegionId, Session};
use tombolo_replication::SpanContext;
use tombolo_replication::read_router::Hop;

use crate::body::BodyLimits;
use crate::caller::{Caller, Sessions};
use crate::conflicts::Conflicts;
use crate::cors::Cors;
use crate::digests::Digests;
use crate::guarantees::Promises;
use crate::metrics::Requests;
use crate::openapi::Documents;
use crate::own_hosts;
use crate::problem::{Problem, excerpt};
use crate::query::Query;
use crate::reply::Letterhead;
use crate::route::{Door, Route, Verb};
use crate::scan::Scans;
use crate::traces::{Tally, Tracer};
use crate::{
    backups, history, items, links, members, metrics, openapi, pages, region, tables, unread,
    verify,
};

/// The REST API of one region. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Api(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    region: Region,
    body_limits: BodyLimits,
    letterhead: Letterhead,
    digests: Digests,
    scans: Scans,
    conflicts: Conflicts,
    sessions: Sessions,
    requests: Requests,
    documents: Documents,
    cors: Cors,
    tracer: Tracer,
}

/// A request, wherever it comes from.
#[derive(Clone, Copy)]
struct Asked<'a> {
    door: Door,
    method: &'a Method,
    uri: &'a Uri,
    headers: &'a HeaderMap,
    hop: Hop,
    route: Option<Route<'a>>,
    /// The span in which it is answered, where it is traced.
    span: Option<SpanContext>,
}

impl<'a> Asked<'a> {
    fn query(&self) -> Query<'a> {
        Query(self.uri.query().unwrap_or_default())
    }
}

impl Api {
    /// The API of `region`, bounded as the region's settings say. Fails where the thread that
    /// sends traces cannot be started.
    pub fn new(region: Region) -> io::Result<Self> {
        let settings = region.settings();
        let http = &settings.http;
        let body_limits =
            BodyLimits { bytes_max: http.value_bytes_max, timeout: http.body_timeout };
        let tracer = Tracer::start(&settings.telemetry, region.name())?;
        tracer.observe(&region);
        let cors = Cors::new(http.cors_allow_origins.clone());
        let letterhead = Letterhead::of(region.name());
        let sessions = Sessions::of(&region);
        Ok(Self(Arc::new(Shared {
            region,
            body_limits,
            letterhead,
            digests: Digests::new(),
            scans: Scans::new(),
            conflicts: Conflicts::new(),
            sessions,
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
        let (class, verb) = (route.map(Route::class), Verb::of(request.method()));
        let span = match (class, verb) {
            (Some(_), Some(verb)) if !verb.is_safe() => self.0.tracer.begin(request.headers()),
            _ => None,
        };
        let asked = Asked {
            door,
            method: request.method(),
            uri: request.uri(),
            headers: request.headers(),
            hop: Hop::First,
            route,
            span: span.map(|span| span.context),
        };
        let cors = (door == Door::Api).then_some(&self.0.cors);
        let preflight = cors
            .and_then(|cors| cors.preflight(route, asked.method, asked.headers, self.letterhead()));
        let (mut reply, times) = if let Some(mut reply) = preflight {
            // A browser asks it on its own, and has no session.
            self.0.sessions.sign(&mut reply, &Session::new(), self.region());
            (reply, None)
        } else {
            let own_host = || request.app_config().local_addr().ip();
            self.reply(&asked, own_host, &mut payload).await
        };
        if let Some(cors) = cors {
            cors.open(asked.headers, &mut reply);
        }
        let now = Instant::now();
        if let Some(times) = times {
            self.0.requests.wrote(began, times, now);
        }
        if let (Some(span), Some(class), Some(verb)) = (span, class, verb) {
            self.0.tracer.record(span, (class, verb, reply.status()), (began, times, now));
        }
        let duration = now.saturating_duration_since(began);
        self.0.requests.answered(class, verb, reply.status(), duration);
        unread::ending(reply, payload)
    }

    /// Answers, and signs the answer with the session as it then is. Tells how far a write came
    /// when.
    async fn reply(
        &self,
        asked: &Asked<'_>,
        own_host: impl Fn() -> IpAddr,
        payload: &mut Payload,
    ) -> (HttpResponse, Option<WriteTimes>) {
        let target = asked.uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let mut caller = Caller::new(asked.method, target, asked.hop);
        caller.span = asked.span;
        let token = self.0.sessions.read(asked.headers, asked.query());
        let token = token.map(|session| {
            caller.has_token = session.is_some();
            caller.session = session.unwrap_or_default();
        });
        let answered = self.dispatch(asked, own_host, token, &mut caller, payload).await;
        let mut reply = answered.unwrap_or_else(|problem| problem.reply(self.letterhead()));
        self.0.sessions.sign(&mut reply, &caller.session, self.region());
        (reply, caller.times)
    }

    async fn dispatch(
        &self,
        asked: &Asked<'_>,
        own_host: impl Fn() -> IpAddr,
        token: Result<(), Problem>,
        caller: &mut Caller<'_>,
        payload: &mut Payload,
    ) -> Result<HttpResponse, Problem> {
        let Asked { door, method, headers, .. } = *asked;
        let route = asked.route.ok_or(Problem::NoSuchRoute)?;
        let verb = Verb::of(method).filter(|verb| route.takes(*verb));
        let verb = verb.ok_or_else(|| Problem::MethodNotAllowed {
            method: method.clone(),
            allow: route.allow(),
        })?;
        if door == Door::Admin && !verb.is_safe() {
            let names = &self.region().settings().admin.hosts_allowed;
            own_hosts::check(headers, own_host(), names)?;
        }
        // Only now: what names nothing, or is not for this listener, is that whoever asks.
        token?;
        let rests_on_state = route.rests_on_state();
        self.check_state(rests_on_state)?;
        let answered = self.answer_route(asked, (route, verb), caller, payload).await;
        // A read may have looked at a view in which the first items already were.
        self.check_state(rests_on_state && verb.is_safe())?;
        answered
    }

    /// Refuses what rests on the region's state while that is of no moment.
    fn check_state(&self, rests_on_state: bool) -> Result<(), Problem> {
        if rests_on_state && self.region().is_catching_up() {
            return Err(SubmitError::CatchingUp.into());
        }
        Ok(())
    }

    async fn answer_route(
        &self,
        asked: &Asked<'_>,
        (route, verb): (Route<'_>, Verb),
        caller: &mut Caller<'_>,
        payload: &mut Payload,
    ) -> Result<HttpResponse, Problem> {
        let Asked { door, headers, .. } = *asked;
        let query = asked.query();
        let class = route.class();
        if let Some(name) = query.unknown().filter(|_| class.knows_its_parameters()) {
            let read = openapi::parameters_read(class, verb);
            return Err(Problem::UnknownParameter { name: excerpt(&name), read });
        }
        // Items first; the others are boxed, so that a call on an item does not carry their state.
        match route {
            Route::Item { table, key } => {
                items::answer(self, (table, key), verb, (query, headers), caller, payload).await
            }
            Route::Items { table } => {
                Box::pin(self.0.scans.answer(self, table, query, headers, caller)).await
            }
            Route::Table { table } => {
                Box::pin(tables::answer(self, table, verb, (query, headers), caller, payload)).await
            }
            Route::Tables => Ok(tables::list(self)),
            Route::History { table, key } => {
                Box::pin(history::show(self, (table, key), query, headers, caller)).await
            }
            Route::Conflicts => self.0.conflicts.list(self, query, headers, caller).await,
            Route::Conflict { id, action } => {
                Box::pin(self.0.conflicts.settle(self, (id, action), (query, headers), caller))
                    .await
            }
            Route::Region => Ok(region::show(self)),
            Route::Live => Ok(region::live(self)),
            Route::Ready => region::ready(self),
            Route::OpenApi => Ok(self.0.documents.show(self, door)),
            Route::Page(page) => Ok(pages::show(self, page)),
            Route::Metrics => Ok(metrics::show(self)),
            Route::Digests => Box::pin(self.0.digests.show(self, query, &mut caller.session)).await,
            Route::Verify => Box::pin(verify::run(self)).await,
            Route::Backups => Box::pin(backups::write(self, headers, payload)).await,
            Route::Links => Ok(links::list(self)),
            Route::Members => Box::pin(members::answer(self, verb, headers, payload)).await,
            Route::Member { region } => Box::pin(members::remove(self, region)).await,
            Route::Link { peer, action } => Box::pin(links::act(self, peer, action)).await,
        }
    }

    /// What a request can be promised here.
    pub(crate) fn promises(&self) -> Promises {
        let http = &self.region().settings().http;
        let (wait_max, timeout_max) = (http.wait_max, http.timeout_max);
        let regions = self.region().members().members().len();
        Promises { regions, wait_max, timeout_max }
    }

    pub(crate) fn region(&self) -> &Region {
        &self.0.region
    }

    /// The members of the cluster, in their order.
    pub(crate) fn regions(&self) -> Vec<RegionId> {
        self.region().members().members().iter().map(|member| member.region).collect()
    }

    /// Answers when the traces of what was answered so far are sent or dropped.
    pub(crate) async fn flush(&self) {
        self.0.tracer.flush().await;
    }

    pub(crate) fn tally(&self) -> &Tally {
        self.0.tracer.tally()
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
