//! Where and when a benchmark ran, and on what: figures without it cannot be compared.

use std::fmt;
use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::binary::{Binary, workspace};

/// The circumstances of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Circumstances {
    /// Cores that this process may use.
    cores: usize,
    /// The processor's name.
    processor: String,
    /// Memory of the machine.
    memory_bytes: u64,
    /// The kernel's release.
    kernel: String,
    /// The filesystem that the data is on, as `type on device`.
    filesystem: String,
    /// The commit of the sources.
    commit: String,
    /// Whether tracked files differed from it.
    has_uncommitted_changes: bool,
    /// The binary under test.
    binary: String,
    /// When it was built.
    built_at: String,
    /// Whether it was built before the commit was made.
    is_older_than_commit: bool,
    /// When the run began.
    started_at: String,
}

impl Circumstances {
    /// Those of a run of `binary`, with data in `folder`.
    pub(crate) fn now(binary: &Binary, folder: &Path) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let commit = git(&["log", "-1", "--format=%h %ct"]).unwrap_or_default();
        let (commit, committed_s) = commit.split_once(' ').unwrap_or(("unknown", ""));
        let status = git(&["status", "--porcelain", "--untracked-files=no"]);
        let built_s = unix_seconds(binary.built);
        Self {
            cores: available_parallelism().map_or(1, NonZero::get),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or("unknown").to_owned(),
            memory_bytes: field(&read("/proc/meminfo"), "MemTotal")
                .and_then(|text| text.strip_suffix(" kB")?.parse::<u64>().ok())
                .map_or(0, |kilobytes| kilobytes << 10),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            filesystem: filesystem_of(folder, &read("/proc/self/mountinfo"))
                .unwrap_or_else(|| "unknown".to_owned()),
            commit: commit.to_owned(),
            has_uncommitted_changes: status.is_some_and(|status| !status.is_empty()),
            binary: binary.path.display().to_string(),
            built_at: date(built_s),
            is_older_than_commit: committed_s.parse().is_ok_and(|at: u64| built_s < at),
            started_at: date(unix_seconds(SystemTime::now())),
        }
    }
}

impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = if self.has_uncommitted_changes { " with uncommitted changes" } else { "" };
        writeln!(f, "{}, commit {}{changes}", self.started_at, self.commit)?;
        writeln!(
            f,
            "{} cores of {}, {} GiB, Linux {}, {}",
            self.cores,
            self.processor,
            self.memory_bytes >> 30,
            self.kernel,
            self.filesystem
        )?;
        write!(f, "{}, built {}", self.binary, self.built_at)?;
        if self.is_older_than_commit {
            write!(f, ", WHICH IS BEFORE THE COMMIT: build it anew, or these are old figures")?;
        }
        Ok(())
    }
}

/// What git says of the sources, if it is there and they are a repository.
fn git(arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("--no-optional-locks").args(arguments).current_dir(workspace());
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The value of the first line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines.filter(|(found, _)| found.trim() == name).map(|(_, value)| value.trim()).next()
}

/// The filesystem of `path` in the format of `/proc/[pid]/mountinfo`: that of the longest mount
/// point above it, and of those the last, which covers the others.
fn filesystem_of(path: &Path, mountinfo: &str) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, filesystem) = line.split_once(" - ")?;
        let point = mount.split(' ').nth(4)?;
        let mut fields = filesystem.split(' ');
        let (kind, device) = (fields.next()?, fields.next()?);
        path.starts_with(point).then(|| (point.len(), format!("{kind} on {device}")))
    });
    mounts.max_by_key(|(bytes, _)| *bytes).map(|(_, filesystem)| filesystem)
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

/// RFC 3339. Days are counted from 1 March, so that a leap day comes last (Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
fn date(unix_s: u64) -> String {
    let days = unix_s / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (unix_s / 3_600 % 24, unix_s / 60 % 60, unix_s % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_right_around_leap_days_and_new_years() {
        for (unix_s, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(date(unix_s), expected);
        }
    }

    #[test]
    fn the_filesystem_is_that_of_the_innermost_mount() {
        let mountinfo = "\
            22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
            30 22 0:25 / /a rw shared:5 - tmpfs none rw\n\
            31 22 0:26 / /a/b rw shared:5 master:1 - xfs /dev/vdb rw\n";
        let of = |path| filesystem_of(Path::new(path), mountinfo);
        assert_eq!(of("/x/y").as_deref(), Some("ext4 on /dev/vda"));
        assert_eq!(of("/a/c").as_deref(), Some("tmpfs on none"));
        assert_eq!(of("/a/b/c").as_deref(), Some("xfs on /dev/vdb"));
        assert_eq!(of("/ab").as_deref(), Some("ext4 on /dev/vda"));
        assert_eq!(filesystem_of(Path::new("/x"), "nonsense\n"), None);
    }

    #[test]
    fn a_field_is_found_whatever_surrounds_its_name() {
        assert_eq!(field("a\t: 1\nmodel name\t: X 2: y\n", "model name"), Some("X 2: y"));
        assert_eq!(field("MemTotal:       24683 kB\n", "MemTotal"), Some("24683 kB"));
        assert_eq!(field("MemTotals: 1\n", "MemTotal"), None);
    }
}
