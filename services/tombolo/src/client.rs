//! A client of the REST contract: what is asked, and what is answered, over connections it keeps.
//!
//! Takes http only, follows no redirections, knows no proxies and repeats nothing by itself. Every
//! wait and every answer is bounded.

mod address;
mod problem;
mod resource;
mod session;

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::http::{HeaderValue, Request, Response};

pub(crate) use self::address::Address;
pub(crate) use self::problem::Problem;
pub(crate) use self::resource::Resource;
pub(crate) use self::session::{Session, SessionSource};
use crate::failure::Failure;

/// How long it may take to be connected.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long all of an answer may take: longer than a region waits for others by itself.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(2);
/// The longest answer that is taken: a page of a scan, with room for the longest value.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

const SESSION: &str = "tombolo-session";

/// See the module. Can be shared by threads.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    session: Session,
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    method: &'static str,
    address: &'a Address,
    resource: Resource,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
    timeout: Option<Duration>,
}

impl<'a> Call<'a> {
    /// Asks `method` of `resource` at `address`.
    pub(crate) fn new(method: &'static str, address: &'a Address, resource: Resource) -> Self {
        let timeout = Some(ANSWER_TIMEOUT);
        Self { method, address, resource, headers: Vec::new(), body: None, timeout }
    }

    /// With these headers.
    #[must_use]
    pub(crate) fn headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// With this JSON as its body.
    #[must_use]
    pub(crate) fn json(self, body: impl Into<Vec<u8>>) -> Self {
        self.body("application/json", body)
    }

    /// With this body of that media type.
    #[must_use]
    pub(crate) fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.headers.push(("content-type", media.to_owned()));
        Self { body: Some(body.into()), ..self }
    }

    /// Waits for the answer as long as it takes: for what goes through all that a region holds.
    #[must_use]
    pub(crate) fn patiently(self) -> Self {
        Self { timeout: None, ..self }
    }
}

/// What was answered to what was done.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// The body, JSON where there is one.
    pub(crate) body: String,
    url: String,
}

impl Reply {
    /// The body as a `T`.
    pub(crate) fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Failure> {
        let read = serde_json::from_str(&self.body);
        read.map_err(|error| Failure::Answer { url: self.url.clone(), detail: error.to_string() })
    }
}

impl Client {
    /// A client that goes on with `session`, with so many connections at most that it keeps.
    pub(crate) fn new(session: Session, connections: usize) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_connections_per_host(connections)
            .user_agent(concat!("tombolo/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { agent: config.into(), session }
    }

    /// The session that it goes on with.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Asks. What is refused is a failure.
    pub(crate) fn ask(&self, call: Call<'_>) -> Result<Reply, Failure> {
        let url = format!("{}{}", call.address, call.resource.target());
        let mut request = Request::builder().method(call.method).uri(&url);
        let token = self.session.token().map(|token| (SESSION, token));
        for (name, value) in call.headers.into_iter().chain(token) {
            let value = HeaderValue::try_from(value);
            let value = value.map_err(|_| Failure::Header { name })?;
            request = request.header(name, value);
        }
        let malformed = |_| Failure::Answer {
            url: url.clone(),
            detail: "the request cannot be written".to_owned(),
        };
        let answered = match call.body {
            Some(body) => self.run(request.body(body).map_err(malformed)?, call.timeout),
            None => self.run(request.body(()).map_err(malformed)?, call.timeout),
        };
        let response = answered.map_err(|error| Failure::of_transport(&url, error))?;
        self.receive(url, response)
    }

    fn run<B: ureq::AsSendBody>(
        &self,
        request: Request<B>,
        timeout: Option<Duration>,
    ) -> Result<Response<ureq::Body>, ureq::Error> {
        let request = self.agent.configure_request(request).timeout_global(timeout).build();
        self.agent.run(request)
    }

    fn receive(&self, url: String, mut response: Response<ureq::Body>) -> Result<Reply, Failure> {
        let token = response.headers().get(SESSION).and_then(|token| token.to_str().ok());
        if let Some(token) = token {
            self.session.advance(token);
        }
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_vec();
        let body = body.map_err(|error| Failure::of_transport(&url, error))?;
        if !(200..300).contains(&status) {
            return Err(Failure::Refused(Problem::read(status, body)));
        }
        let body = String::from_utf8(body);
        let body = body.map_err(|_| Failure::Answer {
            url: url.clone(),
            detail: "it is not UTF-8".to_owned(),
        })?;
        Ok(Reply { status, body, url })
    }
}
