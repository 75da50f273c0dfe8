//! The tombolo binary: `serve` runs one region, `demo` a cluster of them on this machine, and the
//! other commands ask a region that runs.

mod cli;
mod client;
mod commands;
mod demo;
mod failure;
mod logging;
mod output;
mod serve;
mod signals;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// Values are allocated by the threads that serve and freed by those that write: an allocator that
/// is good at that is worth its weight here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Cli { command, asking } = Cli::parse();
    let done = match command {
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Simulate(arguments) => return simulate::run(&arguments),
        Command::Completions { shell } => cli::completions(shell),
        asks => return commands::run(&asking, &asks),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            logging::complain(&error);
            ExitCode::FAILURE
        }
    }
}
