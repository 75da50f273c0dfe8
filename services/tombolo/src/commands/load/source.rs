//! The items of a file, one after the other, in memory only as many as are under way.
//!
//! Read by lines where its first line is an item, `{"key":…,"value":…}`. Else the whole of it is
//! one JSON document: an array of such items, or an object of keys and values. What a scan answers
//! beside key and value may stand there too and is left out.

mod document;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read, Stdin};
use std::path::Path;

use indicatif::{ProgressBar, ProgressBarIter};
use serde_json::value::RawValue;

use crate::commands::value::input;
use crate::failure::{Failure, Place};
use crate::output::progress;

/// What a region gives with an item that nobody can write.
const LEFT_OUT: [&str; 3] = ["version", "written_at", "written_in"];
/// The longest line: more than any value that a region takes.
const LINE_BYTES_MAX: u64 = 17 << 20;
/// The longest document that is not read by lines.
const DOCUMENT_BYTES_MAX: u64 = 256 << 20;

/// An item to be written.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) place: Place,
    pub(super) key: String,
    pub(super) value: Box<RawValue>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Source {
    name: String,
    bar: ProgressBar,
    entries: Entries,
}

#[derive(Debug)]
enum Entries {
    Lines { reader: Reader, first: Option<Vec<u8>>, nth: u64 },
    Document(std::vec::IntoIter<Result<Item, Failure>>),
}

type Reader = BufReader<ProgressBarIter<Origin>>;

#[derive(Debug)]
enum Origin {
    File(File),
    Stdin(Stdin),
}

impl Read for Origin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stdin(stdin) => stdin.read(buffer),
        }
    }
}

impl Source {
    /// Opens `file`, `-` for standard input, and sees how it is written.
    pub(super) fn open(file: &Path) -> Result<Self, Failure> {
        let name = file.display().to_string();
        let failed = |source| input(&name, source);
        let (origin, bytes) = if file == Path::new("-") {
            (Origin::Stdin(io::stdin()), None)
        } else {
            let file = File::open(file).map_err(failed)?;
            let bytes = file.metadata().map_err(failed)?.len();
            (Origin::File(file), Some(bytes))
        };
        let bar = progress(bytes);
        let reader = BufReader::new(bar.wrap_read(origin));
        Self::read(name, bar, reader)
    }

    fn read(name: String, bar: ProgressBar, mut reader: Reader) -> Result<Self, Failure> {
        let mut nth = 0;
        let mut first = Vec::new();
        while first.trim_ascii().is_empty() {
            nth += 1;
            first.clear();
            if read_line(&mut reader, &mut first).map_err(|source| input(&name, source))? == 0 {
                break;
            }
        }
        let entries = if first.is_empty() || item(Place::Line(nth), &first).is_ok() {
            Entries::Lines { reader, first: Some(first), nth }
        } else {
            let room = DOCUMENT_BYTES_MAX + 1;
            let mut whole = first;
            reader.take(room).read_to_end(&mut whole).map_err(|source| input(&name, source))?;
            Entries::Document(document::items(&name, &whole, DOCUMENT_BYTES_MAX)?.into_iter())
        };
        Ok(Self { name, bar, entries })
    }

    /// Shows how much of it is read.
    pub(super) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// The next item, or why an entry is none; nothing at the end.
    pub(super) fn next_item(&mut self) -> Result<Option<Result<Item, Failure>>, Failure> {
        let (reader, first, nth) = match &mut self.entries {
            Entries::Document(items) => return Ok(items.next()),
            Entries::Lines { reader, first, nth } => (reader, first, nth),
        };
        if let Some(line) = first.take() {
            return Ok((!line.is_empty()).then(|| item(Place::Line(*nth), &line)));
        }
        loop {
            let mut line = Vec::new();
            *nth += 1;
            let read = read_line(reader, &mut line).map_err(|source| input(&self.name, source))?;
            if read == 0 {
                return Ok(None);
            }
            if !line.trim_ascii().is_empty() {
                return Ok(Some(item(Place::Line(*nth), &line)));
            }
        }
    }
}

fn read_line(reader: &mut Reader, line: &mut Vec<u8>) -> io::Result<usize> {
    let read = reader.take(LINE_BYTES_MAX).read_until(b'\n', line)?;
    if u64::try_from(read).is_ok_and(|read| read == LINE_BYTES_MAX) && !line.ends_with(b"\n") {
        let reason = format!("a line has more than {LINE_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    Ok(read)
}

/// The item that `text` is.
fn item(place: Place, text: &[u8]) -> Result<Item, Failure> {
    let no_item = |detail: String| Failure::NoItem { place, detail };
    let members = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text);
    let mut members = members.map_err(|error| no_item(format!("it is no item: {error}")))?;
    let key = members.remove("key").and_then(|key| serde_json::from_str(key.get()).ok());
    let key = key.ok_or_else(|| no_item("`key` is missing or no text".to_owned()))?;
    let value = members.remove("value");
    let value = value.ok_or_else(|| no_item("`value` is missing".to_owned()))?.to_owned();
    match members.keys().find(|name| !LEFT_OUT.contains(&name.as_str())) {
        Some(name) => Err(no_item(format!("an item has no member {name:?}"))),
        None => Ok(Item { place, key, value }),
    }
}

#[cfg(test)]
mod tests;
