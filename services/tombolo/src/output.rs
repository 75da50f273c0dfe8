//! What a command answers, on standard output: tables for people, JSON for programs.

mod cell;
mod grid;

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub(crate) use self::cell::{brief, plain};
pub(crate) use self::grid::Grid;
use crate::cli::Format;

/// See the module. What is written appears when it is flushed, in any case at its end.
#[derive(Debug)]
pub(crate) struct Printer {
    pub(crate) format: Format,
    out: BufWriter<Stdout>,
}

impl Printer {
    pub(crate) fn new(format: Format) -> Self {
        Self { format, out: BufWriter::new(io::stdout()) }
    }

    /// Whether people look at the output as it comes.
    pub(crate) fn is_terminal(&self) -> bool {
        self.out.get_ref().is_terminal()
    }

    /// Writes a line.
    pub(crate) fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Writes a table: its head where none was written yet, and its rows.
    pub(crate) fn grid<const N: usize>(&mut self, grid: &mut Grid<N>) -> io::Result<()> {
        grid.write(&mut self.out)
    }

    /// Clears the screen of a terminal.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.out.write_all(b"\x1b[H\x1b[2J")
    }

    /// Lets what was written appear.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A bar on standard error, where that is a terminal: bytes of so many, or a count where nobody
/// knows how many.
pub(crate) fn progress(bytes: Option<u64>) -> ProgressBar {
    let (template, bar) = match bytes {
        Some(bytes) => ("{bar:40} {bytes}/{total_bytes}, {msg}", ProgressBar::new(bytes)),
        None => ("{spinner} {msg}", ProgressBar::new_spinner()),
    };
    let style = ProgressStyle::with_template(template);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
