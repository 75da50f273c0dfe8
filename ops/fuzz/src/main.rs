//! `seeds` writes a target's seeds as files for libFuzzer; `try` runs a target on one file.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use tombolo_fuzz::{CorpusError, Seed, Smoke, Target, seeds, target};

const USAGE: &str = "usage: tombolo-fuzz seeds TARGET FOLDER | try TARGET FILE";

/// Why nothing was done, or what failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Other words than there are.
    #[error("{USAGE}; targets: {}", Target::ALL.map(|target| target.name).join(", "))]
    Usage,
    /// The seeds cannot be read.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The input fails.
    #[error(transparent)]
    Found(#[from] tombolo_fuzz::Found),
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["seeds", name, folder] => with_target(name, |target| write_seeds(target, folder)),
        ["try", name, file] => with_target(name, |target| attempt(target, file)),
        _ => Err(Failure::Usage),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where nobody listens, the exit code still tells.
            writeln!(io::stderr(), "{failure}").ok();
            ExitCode::FAILURE
        }
    }
}

fn with_target(
    name: &str,
    run: impl FnOnce(&Target) -> Result<(), Failure>,
) -> Result<(), Failure> {
    run(&target(name).ok_or(Failure::Usage)?)
}

fn write_seeds(target: &Target, folder: &str) -> Result<(), Failure> {
    let on = |path: &str| {
        let path = path.to_owned();
        |source| Failure::File { path, source }
    };
    fs::create_dir_all(folder).map_err(on(folder))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for Seed { name, bytes } in seeds(target, &root)? {
        let path = format!("{folder}/{}", name.replace('/', "-"));
        fs::write(&path, bytes).map_err(on(&path))?;
    }
    Ok(())
}

fn attempt(target: &Target, file: &str) -> Result<(), Failure> {
    let bytes = fs::read(file);
    let bytes = bytes.map_err(|source| Failure::File { path: file.to_owned(), source })?;
    let seed = Seed { name: file.to_owned(), bytes };
    Smoke { seed: 0, mutations: 0 }.run(target, &[seed])?;
    Ok(())
}
