//! The program under test: the release binary beside this executable, built where it is missing.
//!
//! A binary that is there is taken as it is, since a run must measure what was put there; its age
//! is reported, and said aloud when it is older than the commit.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, bail};

/// See the module.
#[derive(Debug)]
pub(crate) struct Binary {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// When it was last built, or put there.
    pub(crate) built: SystemTime,
}

impl Binary {
    /// The one at `given`, or the one beside this executable.
    pub(crate) fn find(given: Option<&Path>) -> anyhow::Result<Self> {
        let path = match given {
            Some(path) => path.canonicalize().with_context(|| format!("no {}", path.display()))?,
            None => beside()?,
        };
        let built = path.metadata().and_then(|metadata| metadata.modified());
        let built = built.with_context(|| format!("cannot look at {}", path.display()))?;
        Ok(Self { path, built })
    }
}

/// The folder of the workspace, as it was when this was compiled.
pub(crate) fn workspace() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// cargo's target directory, in which this executable was built: `target/release/…`.
pub(crate) fn target_dir() -> anyhow::Result<PathBuf> {
    let own = env::current_exe()?;
    let target = own.ancestors().nth(2).context("the executable is not in a target directory")?;
    Ok(target.to_owned())
}

fn beside() -> anyhow::Result<PathBuf> {
    let path = env::current_exe()?.with_file_name("tombolo");
    if !path.is_file() {
        build()?;
    }
    if !path.is_file() {
        bail!("cargo built the binary, and yet there is none at {}", path.display());
    }
    Ok(path)
}

fn build() -> anyhow::Result<()> {
    // `cargo run` says which cargo it is.
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--package", "tombolo", "--target-dir"]);
    command.arg(target_dir()?).current_dir(workspace());
    let status = command.status().context("cannot run cargo")?;
    if !status.success() {
        bail!("cargo cannot build the binary under test: {status}");
    }
    Ok(())
}
