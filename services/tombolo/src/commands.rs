//! The commands that ask a region, or see to its directory, one a file, and how they end.

mod backups;
mod conflicts;
mod forks;
mod items;
mod links;
mod load;
mod members;
mod pages;
mod regions;
mod scan;
mod shown;
mod tables;
mod value;
mod verify;
mod watch;

use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::cli::{Asking, Command, Format};
use crate::client::{Client, Session};
use crate::failure::Failure;
use crate::output::Printer;

/// What every command has.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    pub(crate) asking: &'a Asking,
    pub(crate) client: Client,
    pub(crate) printer: Printer,
}

/// Does what `command` says, and says what became of it.
pub(crate) fn run(asking: &Asking, command: &Command) -> ExitCode {
    match done(asking, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_nobody_listening() => ExitCode::SUCCESS,
        Err(failure) => {
            tell(asking.output, &failure);
            ExitCode::from(&failure)
        }
    }
}

fn done(asking: &Asking, command: &Command) -> Result<(), Failure> {
    let session = Session::of(asking.session.as_ref())?;
    let client = Client::new(session, load::JOBS);
    let mut desk = Desk { asking, client, printer: Printer::new(asking.output) };
    let done = match command {
        Command::Get(arguments) => items::get(&mut desk, arguments),
        Command::Put(arguments) => items::put(&mut desk, arguments),
        Command::Patch(arguments) => items::patch(&mut desk, arguments),
        Command::Delete(arguments) => items::delete(&mut desk, arguments),
        Command::Scan(arguments) => scan::run(&mut desk, arguments),
        Command::Tables(arguments) => tables::run(&mut desk, arguments),
        Command::Links(arguments) => links::run(&mut desk, arguments),
        Command::Members(arguments) => members::run(&mut desk, arguments),
        Command::Regions(arguments) => regions::run(&mut desk, arguments),
        Command::Conflicts(arguments) => conflicts::run(&mut desk, arguments),
        Command::Verify => verify::run(&mut desk),
        Command::Backup(arguments) => backups::back_up(&mut desk, arguments),
        Command::Restore(arguments) => backups::restore(&mut desk, arguments),
        Command::RecoverFork(arguments) => forks::recover(&mut desk, arguments),
        Command::Watch(arguments) => watch::run(&mut desk, arguments),
        Command::Serve(_)
        | Command::Demo(_)
        | Command::Simulate(_)
        | Command::Completions { .. } => Ok(()),
    };
    let flushed = desk.printer.flush().map_err(Failure::Output);
    // What was seen and written is kept also where the command failed half way.
    let kept = desk.client.session().keep();
    done.and(flushed).and(kept)
}

/// Says on standard error why something was not done; a region's refusal is passed on to programs
/// as it came.
fn tell(format: Format, failure: &Failure) {
    let text = match failure {
        Failure::Refused(problem) if format == Format::Json => problem.text.clone(),
        _ => None,
    };
    let text = text.unwrap_or_else(|| format!("tombolo: {failure}"));
    // With standard error gone there is nobody left to tell.
    writeln!(io::stderr(), "{text}").ok();
}
