//! `tombolo serve`: one region, until it is told to end or its disk fails.

use std::net::TcpListener;

use anyhow::{Context as _, bail};
use rustix::process::{Signal, getppid, set_parent_process_death_signal};
use tombolo_actors::Region;
use tombolo_api::Listeners;
use tombolo_topology::Settings;

use crate::cli::Serve;
use crate::logging;
use crate::signals::Signals;

/// What is printed before a region's addresses once it takes requests.
pub(crate) const READY: &str = "ready";

pub(crate) fn run(arguments: &Serve) -> anyhow::Result<()> {
    let settings = Settings::load(&arguments.config, std::env::vars_os())?;
    logging::start(&settings.log)?;
    if arguments.end_with_parent {
        let parent = getppid();
        set_parent_process_death_signal(Some(Signal::TERM)).context("cannot follow the parent")?;
        if getppid() != parent {
            bail!("the process that started this one has ended");
        }
    }
    actix::System::new().block_on(serve(settings))
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let mut signals = Signals::catch().context("cannot catch signals")?;
    let bind = |what: &str, address| {
        TcpListener::bind(address)
            .with_context(|| format!("cannot listen on {address}, the setting listen.{what}"))
    };
    let listeners = Listeners {
        api: bind("api", settings.listen.api)?,
        admin: bind("admin", settings.listen.admin)?,
    };
    let (api, admin) = (listeners.api.local_addr()?, listeners.admin.local_addr()?);
    let region = tokio::select! {
        region = Region::start(settings) => region?,
        () = signals.next() => return Ok(()),
    };
    let server = tombolo_api::serve(region.clone(), listeners)?;
    logging::say(&format!(
        "{} {READY} api=http://{api} admin=http://{admin} replication={} pid={}",
        region.name(),
        region.replication_address(),
        std::process::id(),
    ))?;
    let failed = tokio::select! {
        () = signals.next() => false,
        () = region.failed() => true,
    };
    server.stop().await?;
    region.stop().await?;
    if failed {
        bail!("the region's disk has failed; what was acknowledged is there when it starts again");
    }
    Ok(())
}
