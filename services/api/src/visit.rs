//! One request on its way through the handlers, and the times of the write it led to.
//!
//! Stands in for the API in the handlers that write, so that what is measured needs no parameter of
//! its own.

use core::cell::Cell;
use core::ops::Deref;

use tombolo_actors::meters::WriteTimes;

use crate::api::Api;

/// See the module.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    api: &'a Api,
    times: Cell<Option<WriteTimes>>,
}

impl<'a> Visit<'a> {
    pub(crate) fn of(api: &'a Api) -> Self {
        Self { api, times: Cell::new(None) }
    }

    /// A write was acknowledged.
    pub(crate) fn wrote(&self, times: WriteTimes) {
        self.times.set(Some(times));
    }

    /// The times of the acknowledged write, where there was one.
    pub(crate) fn times(&self) -> Option<WriteTimes> {
        self.times.get()
    }
}

impl Deref for Visit<'_> {
    type Target = Api;

    fn deref(&self) -> &Api {
        self.api
    }
}
