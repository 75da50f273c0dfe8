//! Logs go to standard error; what a command answers goes to standard output.

use std::io::{self, Write as _};

use tombolo_topology::settings::{Log, LogFormat};
use tracing_subscriber::EnvFilter;

/// Starts logging as the settings say.
pub(crate) fn start(settings: &Log) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(settings.level.as_str())?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let started = match settings.format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("logging cannot start: {error}"))
}

/// Says why the command failed, cause by cause.
pub(crate) fn complain(error: &anyhow::Error) {
    let mut text = format!("tombolo: {error}");
    for cause in error.chain().skip(1) {
        // Errors that pass on another one's words say them once.
        if !text.ends_with(&cause.to_string()) {
            text.extend([": ", &cause.to_string()]);
        }
    }
    // With standard error gone there is nobody left to tell.
    writeln!(io::stderr(), "{text}").ok();
}

/// A line of the answer, on standard output.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
