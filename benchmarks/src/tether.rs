//! Programs that do not outlive the benchmark, however it ends.
//!
//! A destructor ends them when the benchmark returns, fails or panics. Against its being killed
//! they are started through this executable, which asks the kernel for a signal at its parent's
//! death and then becomes the program; the request survives the change, and so does the pid.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use clap::Args;
use rustix::process::{Signal, getppid, set_parent_process_death_signal};

/// What to become, and for whom.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The pid whose end is this one's.
    #[arg(long)]
    parent: i32,
    /// The program and its arguments.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// A command that runs `program` for as long as the calling thread lives. Arguments follow.
pub(crate) fn command(program: &Path) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    let parent = std::process::id().to_string();
    command.args(["tether", "--parent", &parent, "--"]).arg(program);
    Ok(command)
}

/// Becomes the program. Returns only where that fails.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL)).context("cannot follow the parent")?;
    // It may have ended before it could be followed.
    if getppid().is_none_or(|parent| parent.as_raw_pid() != options.parent) {
        bail!("the process that started this one has ended");
    }
    let [program, arguments @ ..] = options.command.as_slice() else { bail!("nothing to run") };
    let failure = Command::new(program).args(arguments).exec();
    Err(failure).with_context(|| format!("cannot run {}", program.display()))
}
