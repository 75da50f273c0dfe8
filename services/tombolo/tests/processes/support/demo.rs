//! A running `tombolo demo`, and the regions that it has printed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

use super::{Client, Process, is_gone, tombolo};

/// See the module. Dropping it kills it and its regions.
#[derive(Debug)]
pub(crate) struct Demo {
    pub(crate) process: Process,
    pub(crate) base_port: u16,
    pub(crate) pids: Vec<u32>,
}

impl Demo {
    /// Starts a demo of these regions with these further arguments and waits for `ready`.
    pub(crate) fn start(
        folder: &Path,
        base_port: u16,
        regions: &[&str],
        arguments: &[&str],
    ) -> Self {
        let mut command = tombolo();
        command.arg("demo").arg("--regions").arg(regions.join(",")).args(arguments);
        command.arg("--base-port").arg(base_port.to_string());
        command.arg("--data-dir").arg(folder.join("data"));
        let mut demo = Self {
            process: Process::start(&mut command, &folder.join("demo.log")),
            base_port,
            pids: Vec::new(),
        };
        for (region, nth) in regions.iter().zip(0..) {
            let line = demo.process.line();
            let pid = line.rsplit_once("pid=").map(|(_, pid)| pid.parse().unwrap()).unwrap();
            demo.pids.push(pid);
            assert_eq!(line, demo.announcement(region, nth, pid));
        }
        assert_eq!(demo.process.line(), format!("data in {}", folder.join("data").display()));
        assert_eq!(demo.process.line(), "ready");
        demo
    }

    /// The line with which a region is said to be ready.
    pub(crate) fn announcement(&self, region: &str, nth: u16, pid: u32) -> String {
        let [api, admin, replication] = [1, 2, 3].map(|listener| self.address(nth, listener));
        format!(
            "{region} api=http://{api} admin=http://{admin} replication={replication} pid={pid}"
        )
    }

    fn address(&self, nth: u16, listener: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.base_port + 10 * nth + listener).into()
    }

    /// A client of the API of the region of that place in the list.
    pub(crate) fn client(&self, nth: u16) -> Client {
        Client::new(self.address(nth, 1))
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.process.kill();
        // They end with it. Where a test has just found that they do not, they are killed.
        for pid in self.pids.iter().filter(|pid| !is_gone(**pid)) {
            let pid = i32::try_from(*pid).ok().and_then(Pid::from_raw);
            pid.map(|pid| kill_process(pid, Signal::KILL).ok());
        }
    }
}
