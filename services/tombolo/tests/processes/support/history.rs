//! What sessions have asked and what was answered, in an order that a checker can go by.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::{PATIENCE, Version};

/// What an operation does to its item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Read,
    Write,
}

/// What became of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is answered: with what is there afterwards.
    Done(Version),
    /// It is refused by this code, and nothing was done.
    Refused(String),
    /// It may have been done.
    Unknown,
}

/// One operation of a session. All of a session are asked one after the other, each with the token
/// of the answer before it.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) session: usize,
    /// The region that was asked.
    pub(crate) region: String,
    /// The region that answered.
    pub(crate) served_by: String,
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// What was written, once in the whole history, or read; nothing where nothing was there.
    pub(crate) value: Option<String>,
    pub(crate) outcome: Outcome,
    /// When it began and ended, by one count of all such moments. Whoever saw a write ended after
    /// that write began.
    pub(crate) began: u64,
    pub(crate) ended: u64,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Takes down what many sessions do at once.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    record: Mutex<(u64, Vec<Operation>)>,
    grows: Condvar,
}

impl Recorder {
    /// The moment before an operation is asked.
    pub(crate) fn begin(&self) -> u64 {
        let mut record = self.record.lock().unwrap();
        record.0 += 1;
        record.0
    }

    /// Takes down an operation that ends now.
    pub(crate) fn end(&self, operation: Operation) {
        let mut record = self.record.lock().unwrap();
        record.0 += 1;
        let ended = record.0;
        record.1.push(Operation { ended, ..operation });
        self.grows.notify_all();
    }

    /// Waits until so many operations have ended.
    pub(crate) fn wait_for(&self, count: usize) {
        let record = self.record.lock().unwrap();
        let is_short = |record: &mut (u64, Vec<Operation>)| record.1.len() < count;
        let (record, waited) = self.grows.wait_timeout_while(record, PATIENCE, is_short).unwrap();
        let ended = record.1.clone();
        drop(record);
        let last = &ended[ended.len().saturating_sub(20)..];
        assert!(!waited.timed_out(), "{} of {count} operations: {last:#?}", ended.len());
    }

    /// How many operations have ended.
    pub(crate) fn len(&self) -> usize {
        self.record.lock().unwrap().1.len()
    }

    /// All operations that have ended.
    pub(crate) fn history(&self) -> Vec<Operation> {
        self.record.lock().unwrap().1.clone()
    }
}
