//! Both listeners of a region, from bound sockets until they are stopped.

use core::num::NonZero;
use core::time::Duration;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::available_parallelism;

use actix_web::dev::{Server, ServerHandle};
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpServer};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tombolo_actors::{Answerer, Region};
use tombolo_topology::settings::Http;

use crate::api::Api;

/// How long a request's head may take to arrive.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection whose request was answered early is read on, so that the client sees the
/// answer instead of a reset.
const LINGER: Duration = Duration::from_secs(5);
/// How long answers under way may take when the server is stopped.
const STOP_TIMEOUT_S: u64 = 10;
/// How long the last traces may take when the server is stopped.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections of operators and collectors of metrics at a time.
const ADMIN_CONNECTIONS_MAX: usize = 256;

/// Where a region is asked: bound by the caller, who thereby knows the ports.
#[derive(Debug)]
pub struct Listeners {
    /// For applications.
    pub api: TcpListener,
    /// For operators.
    pub admin: TcpListener,
}

/// The running servers of a region.
#[derive(Debug)]
pub struct Serving {
    handles: [ServerHandle; 2],
    tasks: [JoinHandle<io::Result<()>>; 2],
    /// Requests of other regions are answered for as long as it lives.
    _answerer: Arc<dyn Answerer>,
    api: Api,
}

/// Serves `region` on `listeners`, with threads of its own, as the region's settings say.
///
/// Must be called within a tokio runtime. The servers ignore signals: who started them stops them.
pub fn serve(region: Region, listeners: Listeners) -> io::Result<Serving> {
    let http = region.settings().http.clone();
    let workers = match http.workers {
        0 => available_parallelism().map_or(1, NonZero::get),
        workers => workers,
    };
    let api = Api::new(region)?;
    let answerer: Arc<dyn Answerer> = Arc::new(api.clone());
    api.region().answer_forwarded_by(&answerer);
    let regional = {
        let api = api.clone();
        move |config: &mut ServiceConfig| api.configure_regional(config)
    };
    let admin = {
        let api = api.clone();
        move |config: &mut ServiceConfig| api.configure_admin(config)
    };
    let connections_max = http.connections_max.div_ceil(workers);
    let servers = [
        server(listeners.api, regional, &http, workers, connections_max)?,
        server(listeners.admin, admin, &http, 1, ADMIN_CONNECTIONS_MAX)?,
    ];
    let handles = servers.each_ref().map(Server::handle);
    Ok(Serving { handles, tasks: servers.map(tokio::spawn), _answerer: answerer, api })
}

fn server(
    listener: TcpListener,
    configure: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    http: &Http,
    workers: usize,
    connections_max: usize,
) -> io::Result<Server> {
    let server = HttpServer::new(move || App::new().configure(&configure))
        .workers(workers)
        .max_connections(connections_max)
        .keep_alive(http.keep_alive)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(LINGER)
        .tcp_nodelay(true)
        .shutdown_timeout(STOP_TIMEOUT_S)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

impl Serving {
    /// Stops accepting, lets the answers under way be given and their traces be sent, and ends.
    pub async fn stop(self) -> io::Result<()> {
        for handle in &self.handles {
            handle.stop(true).await;
        }
        for task in self.tasks {
            task.await.map_err(io::Error::other)??;
        }
        if timeout(FLUSH_TIMEOUT, self.api.flush()).await.is_err() {
            tracing::warn!("the last traces were not sent in time");
        }
        Ok(())
    }
}
