//! The thread of the sockets: a reactor of its own and every task on it.
//!
//! Started and stopped by plain calls, from inside another reactor too. The runtime is built and
//! dropped on the thread, and with it every listener, connection and task.

use std::io;
use std::net;
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};

use tokio::net::TcpListener;
use tokio::runtime::{self, Runtime};
use tokio::sync::oneshot;

use crate::alarm::Agenda;
use crate::link::Link;

/// A link and the listener it accepts on, not blocking.
pub(crate) type Served = (Arc<Link>, net::TcpListener);

/// The running thread; dropping it ends it and waits for that.
#[derive(Debug)]
pub(crate) struct Relay {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// Returns when all links are served, or with what the system refused.
    pub(crate) fn start(links: Vec<Served>, agenda: Arc<Agenda>) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (report, reported) = mpsc::sync_channel(1);
        let thread = Builder::new().name("wan-relay".to_owned()).spawn(move || {
            match serve(links, &agenda) {
                Ok(runtime) => {
                    // Refused only if the starter is gone, and then `stopped` says so too.
                    report.send(Ok(())).ok();
                    // An error is the other end's being dropped: it means the same.
                    runtime.block_on(stopped).ok();
                }
                Err(error) => drop(report.send(Err(error))),
            }
        })?;
        let relay = Self { stop: Some(stop), thread: Some(thread) };
        match reported.recv() {
            Ok(started) => started.map(|()| relay),
            Err(_) => Err(io::Error::other("the relay thread ended before it served")),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the relay thread panicked");
        }
    }
}

fn serve(links: Vec<Served>, agenda: &Arc<Agenda>) -> io::Result<Runtime> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let context = runtime.enter();
    for (link, listener) in links {
        let listener = TcpListener::from_std(listener)?;
        runtime.spawn(link.serve(listener, Arc::clone(agenda)));
    }
    drop(context);
    Ok(runtime)
}
