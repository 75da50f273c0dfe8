//! One command that asks a region: run to its end, and what it answered.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Region, tombolo};

/// See the module.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Asked {
    /// Runs `tombolo` with these arguments; what it asks goes to `region`.
    pub(crate) fn of(region: &Region, arguments: &[&str]) -> Self {
        Self::with_input(region, arguments, "")
    }

    /// The same with something on its standard input.
    pub(crate) fn with_input(region: &Region, arguments: &[&str], input: &str) -> Self {
        let mut command = tombolo();
        command.env("TOMBOLO_URL", format!("http://{}", region.api));
        command.env("TOMBOLO_ADMIN_URL", format!("http://{}", region.admin));
        Self::run(command.args(arguments), input)
    }

    /// Runs `tombolo` with these arguments and nothing in its environment that names a region.
    pub(crate) fn nobody(arguments: &[&str]) -> Self {
        let mut command = tombolo();
        command.env_remove("TOMBOLO_URL").env_remove("TOMBOLO_ADMIN_URL");
        Self::run(command.args(arguments), "")
    }

    fn run(command: &mut Command, input: &str) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // One that does not read it may have ended already.
        child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it answered, where it ended with this code; only what did not go well has errors.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        assert_eq!(self.errors.is_empty(), code == 0, "{self:?}");
        self
    }

    /// Its answer, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }

    /// The lines of its answer.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }
}
