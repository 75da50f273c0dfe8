//! One region of a cluster: its settings, its process while it has one, and what it answers.
//!
//! Whatever is tested: a region that panicked, or had two connections to one peer at a time, fails
//! the test.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::{Value, json};
use tombolo_topology::Settings;

use super::{Client, Process, Reply, tombolo};

/// See the module.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) name: String,
    pub(crate) api: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) replication: SocketAddr,
    pub(crate) data_dir: PathBuf,
    pub(crate) settings_file: PathBuf,
    log: PathBuf,
    process: Option<Process>,
}

/// What stands in a log before what a process says.
const BIRTH: &str = "-- started --";

/// Changes settings before they are written.
pub(crate) type Change<'a> = &'a dyn Fn(&mut Settings);

impl Region {
    /// Writes the settings beside the region's directory; nothing runs yet.
    pub(crate) fn new(settings: &Settings) -> Self {
        settings.check().unwrap();
        let data_dir = settings.region.data_dir.clone();
        let settings_file = data_dir.with_extension("toml");
        fs::write(&settings_file, settings.to_toml()).unwrap();
        Self {
            name: settings.region.name.to_string(),
            api: settings.listen.api,
            admin: settings.listen.admin,
            replication: settings.listen.replication,
            log: data_dir.with_extension("log"),
            data_dir,
            settings_file,
            process: None,
        }
    }

    /// Starts it and waits until it takes requests.
    pub(crate) fn start(&mut self) {
        self.spawn();
        self.wait_ready();
    }

    /// Starts its process; it ends with the test, however that ends.
    pub(crate) fn spawn(&mut self) {
        let mut command = tombolo();
        command.arg("serve").arg("--end-with-parent").arg("--config").arg(&self.settings_file);
        let mut log = OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        writeln!(log, "{BIRTH}").unwrap();
        self.process = Some(Process::start(&mut command, &self.log));
    }

    /// Waits until it takes requests, which it says in one line with all that it listens on.
    pub(crate) fn wait_ready(&mut self) {
        let Self { name, api, admin, replication, .. } = self;
        let said = format!("{name} ready api=http://{api} admin=http://{admin}");
        let process = self.process.as_mut().unwrap();
        let pid = process.pid();
        assert_eq!(process.line(), format!("{said} replication={replication} pid={pid}"));
    }

    /// Its process.
    pub(crate) fn process(&self) -> &Process {
        self.process.as_ref().unwrap()
    }

    /// Kills its process as it stands.
    pub(crate) fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    /// Ends its process in good order.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        process.signal(Signal::TERM);
        let status = process.ended();
        assert!(status.success(), "{status}\n{}", process.log());
    }

    /// What it has said in all its lives.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A client of its API.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.api)
    }

    /// Asks its API over a new connection.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let reply = self.client().call(method, path, body);
        reply.unwrap_or_else(|error| panic!("{}: {method} {path}: {error}", self.name))
    }

    /// Asks its admin listener over a new connection.
    #[track_caller]
    pub(crate) fn ask_admin(&self, method: &str, path: &str) -> Reply {
        self.tell_admin(method, path, None)
    }

    /// The same with a body.
    #[track_caller]
    pub(crate) fn tell_admin(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let reply = Client::new(self.admin).call(method, path, body);
        reply.unwrap_or_else(|error| panic!("{}: {method} {path}: {error}", self.name))
    }

    /// Defines a table of this type and waits until all regions hold it.
    #[track_caller]
    pub(crate) fn define(&self, table: &str, data_type: &str) {
        let definition = json!({"type": data_type});
        self.ask("PUT", &format!("/v1/tables/{table}"), Some(&definition)).expect(201);
    }

    /// Writes an item of a register table.
    #[track_caller]
    pub(crate) fn put(&self, table: &str, key: &str, value: impl Into<Value>) {
        let reply = self.ask("PUT", &item(table, key), Some(&value.into()));
        assert!(matches!(reply.status, 200 | 201), "{reply:?}");
    }

    /// Increments a counter.
    #[track_caller]
    pub(crate) fn increment(&self, table: &str, key: &str, by: i64) {
        self.ask("PATCH", &item(table, key), Some(&json!({"increment": by}))).expect(200);
    }

    /// What an item holds here; null where there is none or the table is not known here.
    #[track_caller]
    pub(crate) fn value(&self, table: &str, key: &str) -> Value {
        let reply = self.ask("GET", &item(table, key), None);
        assert!(matches!(reply.status, 200 | 404), "{reply:?}");
        reply.body["value"].clone()
    }

    /// Its link to `peer`, as it shows it.
    #[track_caller]
    pub(crate) fn link(&self, peer: &str) -> Value {
        let links = self.ask_admin("GET", "/v1/links").expect(200);
        let mut links = links["links"].as_array().unwrap().iter();
        links.find(|link| link["peer"] == peer).unwrap().clone()
    }

    /// A number that it shows of its link to `peer`.
    #[track_caller]
    pub(crate) fn link_number(&self, peer: &str, member: &str) -> u64 {
        let link = self.link(peer);
        link[member].as_u64().unwrap_or_else(|| panic!("no {member}: {link}"))
    }

    /// What its page of metrics says of `series`.
    #[track_caller]
    pub(crate) fn metric(&self, series: &str) -> f64 {
        let page = self.ask_admin("GET", "/metrics").text();
        let value = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {series}: {page}")).parse().unwrap()
    }

    /// Pauses or resumes (`action`) its link to `peer`; answers the link as it then is.
    #[track_caller]
    pub(crate) fn steer(&self, peer: &str, action: &str) -> Value {
        self.ask_admin("POST", &format!("/v1/links/{peer}/{action}")).expect(200)
    }

    /// Who it is and how far it has come.
    #[track_caller]
    pub(crate) fn about(&self) -> Value {
        self.ask("GET", "/v1/region", None).expect(200)
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        self.process = None;
        let log = if self.log.exists() { self.log() } else { String::new() };
        if std::thread::panicking() {
            let shown = format!("\n-- {} --\n{log}", self.name);
            // With standard error gone there is nobody left to tell.
            std::io::stderr().write_all(shown.as_bytes()).ok();
        } else {
            assert!(!log.contains("panicked"), "{} panicked:\n{log}", self.name);
            if let Some(line) = second_connection(&log) {
                panic!("{} has two connections to one peer: {line}\n{log}", self.name);
            }
        }
    }
}

/// The line of a log that tells of a link that is up for the second time and was not down between.
fn second_connection(log: &str) -> Option<&str> {
    let mut up = BTreeSet::new();
    log.lines().find(|line| {
        let peer = line.split("peer=").nth(1).map(|rest| rest.split(' ').next().unwrap());
        if *line == BIRTH {
            up.clear();
        } else if line.contains("the link is down") {
            up.remove(&peer);
        } else if line.contains("the link is up") {
            return !up.insert(peer);
        }
        false
    })
}

#[test]
fn a_link_that_is_up_twice_at_a_time_is_found() {
    let up = |peer| format!("INFO: the link is up peer={peer}");
    let down = |peer| format!("INFO: the link is down peer={peer} reason=closed");
    let again = [up("b"), down("b"), up("b"), up("c"), BIRTH.to_owned(), up("c"), up("b")];
    assert_eq!(second_connection(&again.join("\n")), None);
    let twice = [up("b"), up("c"), down("c"), up("b")];
    assert_eq!(second_connection(&twice.join("\n")), Some(&*up("b")));
}

/// The path of an item whose key needs no escapes.
pub(crate) fn item(table: &str, key: &str) -> String {
    format!("/v1/tables/{table}/items/{key}")
}
