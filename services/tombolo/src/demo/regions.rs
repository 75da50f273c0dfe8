//! The processes of a demo's regions.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::plan::{DemoRegion, Plan};
use crate::logging::say;
use crate::serve::READY;

/// How long a region may take to end in good order before it is killed.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// Everything that a process tells.
#[derive(Debug)]
enum Event {
    Ready { nth: usize, pid: u32 },
    Ended { nth: usize, how: String },
}

/// The processes, and what becomes of them.
#[derive(Debug)]
pub(super) struct Regions<'a> {
    plan: &'a Plan,
    pids: Vec<Option<u32>>,
    running: JoinSet<()>,
    events: mpsc::Receiver<Event>,
    tell: mpsc::Sender<Event>,
}

impl<'a> Regions<'a> {
    /// Starts a process for each region.
    pub(super) fn start(plan: &'a Plan) -> anyhow::Result<Self> {
        let (tell, events) = mpsc::channel(64);
        let pids = vec![None; plan.regions.len()];
        let mut regions = Self { plan, pids, running: JoinSet::new(), events, tell };
        for nth in 0..plan.regions.len() {
            regions.spawn(nth)?;
        }
        Ok(regions)
    }

    fn spawn(&mut self, nth: usize) -> anyhow::Result<()> {
        let region = &self.plan.regions[nth];
        let name = region.name;
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let mut child = Command::new(program)
            .arg("serve")
            .arg("--end-with-parent")
            .arg("--config")
            .arg(self.plan.settings_file(name))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let pid = child.id().with_context(|| format!("{name} ended at once"))?;
        let out = child.stdout.take().context("a process without standard output")?;
        self.pids[nth] = Some(pid);
        let lines = BufReader::new(out).lines();
        self.running.spawn(attend(nth, pid, child, lines, self.tell.clone()));
        Ok(())
    }

    /// Says when all are ready; then goes on for as long as any region runs.
    pub(super) async fn watch(&mut self) -> anyhow::Result<()> {
        let mut starting = self.plan.regions.len();
        let mut ready = vec![false; starting];
        loop {
            let Some(event) = self.events.recv().await else { return Ok(()) };
            match event {
                Event::Ready { nth, pid } if starting > 0 => {
                    starting -= usize::from(!core::mem::replace(&mut ready[nth], true));
                    self.pids[nth] = Some(pid);
                    if starting == 0 {
                        self.announce()?;
                    }
                }
                Event::Ready { nth, pid } => {
                    say(&line(&self.plan.regions[nth], pid))?;
                }
                Event::Ended { nth, how } => {
                    let name = self.plan.regions[nth].name;
                    self.pids[nth] = None;
                    if !ready[nth] {
                        bail!("{name} did not start: its process {how}");
                    }
                    say(&format!("{name} ended: its process {how}"))?;
                    if self.plan.restart {
                        self.spawn(nth)?;
                    } else if self.pids.iter().all(Option::is_none) {
                        bail!("no region is left");
                    }
                }
            }
        }
    }

    fn announce(&self) -> anyhow::Result<()> {
        for (region, pid) in self.plan.regions.iter().zip(&self.pids) {
            say(&line(region, pid.unwrap_or_default()))?;
        }
        say(&format!("data in {}", self.plan.data_dir().display()))?;
        say("ready")?;
        Ok(())
    }

    /// Ends all processes: in good order where they can, in any case for certain.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        for pid in self.pids.iter().flatten() {
            let pid = i32::try_from(*pid).ok().and_then(Pid::from_raw);
            // One that has ended meanwhile needs no signal.
            pid.map(|pid| kill_process(pid, Signal::TERM).ok());
        }
        let all = async { while self.running.join_next().await.is_some() {} };
        if timeout(STOP_TIMEOUT, all).await.is_err() {
            self.running.shutdown().await;
            bail!("a region did not end within {} s and was killed", STOP_TIMEOUT.as_secs());
        }
        Ok(())
    }
}

/// Tells of a process until it ends; kills it when dropped.
async fn attend(
    nth: usize,
    pid: u32,
    mut child: Child,
    mut lines: Lines<BufReader<ChildStdout>>,
    tell: mpsc::Sender<Event>,
) {
    while let Ok(Some(line)) = lines.next_line().await {
        let is_ready = line.split(' ').nth(1) == Some(READY);
        if is_ready && tell.send(Event::Ready { nth, pid }).await.is_err() {
            break;
        }
    }
    let how = match child.wait().await {
        Ok(status) => format!("ended with {status}"),
        Err(error) => format!("cannot be waited for: {error}"),
    };
    // Nobody listens any more once the demo is ending.
    tell.send(Event::Ended { nth, how }).await.ok();
}

fn line(region: &DemoRegion, pid: u32) -> String {
    format!(
        "{} api=http://{} admin=http://{} replication={} pid={pid}",
        region.name, region.api, region.admin, region.replication
    )
}
