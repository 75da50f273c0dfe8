//! A running `tombolo`: what it prints, what it says, what it uses, and its certain end.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use super::{PATIENCE, until};

/// See the module. Dropping it kills it and waits for its end.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

/// The binary under test: that of this build, or the one named from outside.
///
/// Settings in the environment of whoever runs the tests are none of its business.
pub(crate) fn tombolo() -> Command {
    let binary = std::env::var_os("TOMBOLO_BIN");
    let mut command = Command::new(binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_tombolo").into()));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TOMBOLO__") {
            command.env_remove(name);
        }
    }
    command
}

impl Process {
    /// Starts `command`; what it says on standard error is added to the file `log`.
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let errors = OpenOptions::new().create(true).append(true).open(log).unwrap();
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        // Ends with the process's output, or when nobody listens any more.
        thread::spawn(move || {
            for line in printed.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, log: log.to_owned() }
    }

    /// The next line that it prints; fails with its log where there is none.
    pub(crate) fn line(&mut self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            panic!("{} prints no more, {:?}:\n{}", self.pid(), self.child.try_wait(), self.log())
        })
    }

    /// All that it still prints until its output ends.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        self.lines.iter().collect()
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it, and those before it with the same log, have said on standard error.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills it as it stands.
    pub(crate) fn kill(&mut self) {
        // Standing still or not, ended or not: after this it is gone.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until(PATIENCE, "the process ends", || {
            self.child.try_wait().unwrap().ok_or_else(|| "it runs".to_owned())
        })
    }

    /// Memory that it has in RAM, in bytes.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let status = fs::read_to_string(self.proc_file("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// How many files and sockets it has open.
    pub(crate) fn descriptors(&self) -> usize {
        fs::read_dir(self.proc_file("fd")).unwrap().count()
    }

    fn proc_file(&self, file: &str) -> PathBuf {
        Path::new("/proc").join(self.pid().to_string()).join(file)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether the process of that number has ended, waited for or not, with all its threads: until the
/// last of them has ended it keeps its files open, whatever the first one's state.
pub(crate) fn is_gone(pid: u32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    let Ok(file) = File::open(format!("/proc/{pid}/stat")) else { return true };
    // Behind the name, which may hold anything: Z where nobody has waited for it.
    let mut stat = String::new();
    let read = BufReader::new(file).read_line(&mut stat);
    let has_ended = read.is_err()
        || stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']));
    has_ended && threads.count() <= 1
}
