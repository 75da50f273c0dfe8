//! A server as a process: started, watched, and ended with the value that stands for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep};

use super::LOOK_EVERY;
use crate::http;

/// How long a server may take until it answers.
const START_TIME_MAX: Duration = Duration::from_mins(1);
/// How long a server may work on after its load has ended.
const REST_TIME_MAX: Duration = Duration::from_mins(2);
/// For how long a server must do nothing to be at rest, as windows of this length in a row.
const REST_WINDOW: Duration = Duration::from_millis(200);
const REST_WINDOWS: u32 = 2;
/// Clock ticks that timers and heartbeats may take in a window.
const REST_TICKS_MAX: u64 = 1;
/// How much of a server's log an error shows.
const LOG_SHOWN_BYTES: u64 = 4 << 10;

/// A running process. Dropping it kills it: what it keeps is thrown away in any case.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, which goes by `name`; what it says is added to the file `log`.
    pub(crate) fn start(
        name: impl Into<String>,
        command: &mut Command,
        log: impl Into<PathBuf>,
    ) -> anyhow::Result<Self> {
        let (name, log) = (name.into(), log.into());
        let open = || OpenOptions::new().create(true).append(true).open(&log);
        let output = open().with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone()?;
        let child = command.stdin(Stdio::null()).stdout(output).stderr(errors).spawn();
        let child = child.with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child, log })
    }

    /// Returns when a GET of `path` at `server` is answered 2xx, and fails with its log when the
    /// process ends or takes too long.
    pub(crate) async fn wait_ready(
        &mut self,
        server: SocketAddr,
        path: &str,
    ) -> anyhow::Result<()> {
        let started = Instant::now();
        loop {
            let Err(unanswered) = http::call(server, "GET", path, None).await else {
                return Ok(());
            };
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at its start: {status}\n{}", self.name, self.log_end());
            }
            if started.elapsed() > START_TIME_MAX {
                let unanswered = unanswered.context(self.log_end());
                return Err(unanswered.context(format!("{} does not answer", self.name)));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Processor time that it has used, by all its threads, to the clock tick.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let ticks_per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis(self.cpu_ticks()? * 1_000 / ticks_per_second.max(1)))
    }

    /// Memory that it has in RAM, in bytes.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = self.proc_file("status")?;
        resident_bytes_in(&status).with_context(|| format!("no VmRSS of {}", self.name))
    }

    /// Returns when it has done what it left for later, so that this is neither missed where it
    /// is measured nor paid for by what is measured next.
    pub(crate) async fn wait_rest(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        let (mut quiet_windows, mut ticks) = (0, self.cpu_ticks()?);
        while quiet_windows < REST_WINDOWS {
            if started.elapsed() > REST_TIME_MAX {
                bail!("{} does not come to rest within {REST_TIME_MAX:?}", self.name);
            }
            sleep(REST_WINDOW).await;
            let ticks_before = std::mem::replace(&mut ticks, self.cpu_ticks()?);
            let is_quiet = ticks - ticks_before <= REST_TICKS_MAX;
            quiet_windows = if is_quiet { quiet_windows + 1 } else { 0 };
        }
        Ok(())
    }

    /// Kills it and waits for its end, as a crash would.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// The end of what it has said.
    fn log_end(&self) -> String {
        let read = || -> io::Result<String> {
            let mut file = File::open(&self.log)?;
            let bytes = file.metadata()?.len();
            file.seek(SeekFrom::Start(bytes.saturating_sub(LOG_SHOWN_BYTES)))?;
            let mut end = Vec::new();
            file.read_to_end(&mut end)?;
            Ok(String::from_utf8_lossy(&end).into_owned())
        };
        read().unwrap_or_else(|error| format!("its log cannot be read: {error}"))
    }

    fn cpu_ticks(&self) -> anyhow::Result<u64> {
        let stat = self.proc_file("stat")?;
        cpu_ticks_in(&stat).with_context(|| format!("no processor time of {}", self.name))
    }

    fn proc_file(&self, file: &str) -> anyhow::Result<String> {
        let path = Path::new("/proc").join(self.child.id().to_string()).join(file);
        // A child that has ended and was not waited for still has its place there, so that this is
        // never another process.
        fs::read_to_string(&path)
            .with_context(|| format!("cannot watch {}: {}", self.name, path.display()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            let message = format!("cannot end {}, pid {}: {error}\n", self.name, self.child.id());
            drop(io::stderr().write_all(message.as_bytes()));
        }
    }
}

/// User and system time in `/proc/[pid]/stat`: fields 14 and 15, counted behind the name, which
/// may hold anything.
fn cpu_ticks_in(stat: &str) -> Option<u64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// `VmRSS` in `/proc/[pid]/status`.
fn resident_bytes_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a) R 1 b)) S 1 7 7 0 -1 4194304 5 0 0 0 321 45 0 0 20 0 9 0 99 1 2 3";
        assert_eq!(cpu_ticks_in(stat), Some(366));
        assert_eq!(cpu_ticks_in("7 (a) S 1 7 7"), None);
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let status = "Name:\ta\nVmHWM:\t    9000 kB\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        assert_eq!(resident_bytes_in(status), Some(2_097_152));
        assert_eq!(resident_bytes_in("Name:\ta\n"), None);
    }

    #[test]
    fn a_process_ends_with_its_value() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sleep");
        command.arg("1000");
        let process = Process::start("sleep", &mut command, folder.path().join("log")).unwrap();
        let place = Path::new("/proc").join(process.child.id().to_string());
        assert!(process.resident_bytes().unwrap() > 0);
        assert!(place.exists());
        drop(process);
        assert!(!place.exists());
    }

    #[test]
    fn a_process_that_ends_at_its_start_is_reported_with_what_it_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo the reason >&2; exit 3"]);
        let log = folder.path().join("log");
        let mut process = Process::start("it", &mut command, log).unwrap();
        let nobody = super::super::free_address().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let failure = runtime.block_on(process.wait_ready(nobody, "/")).unwrap_err();
        assert_eq!(failure.to_string(), "it ended at its start: exit status: 3\nthe reason\n");
    }
}
