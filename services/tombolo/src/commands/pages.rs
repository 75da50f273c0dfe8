//! A list that a region answers page by page, read to its end or to a limit.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::{Address, Call, Client, Resource};
use crate::failure::Failure;

/// See the module.
#[derive(Debug)]
pub(super) struct Pages {
    resource: Resource,
    page_items: u64,
    left: u64,
    next: Next,
}

#[derive(Debug)]
enum Next {
    First,
    At(String),
    Nothing,
}

#[derive(Deserialize)]
struct Page {
    #[serde(alias = "conflicts")]
    items: Vec<Box<RawValue>>,
    next: Option<String>,
}

impl Pages {
    /// The list that `resource` names, so many items at once, at most `limit` altogether. A limit
    /// of none is the region's to refuse.
    pub(super) fn new(resource: Resource, page_items: u64, limit: Option<u64>) -> Self {
        Self { resource, page_items, left: limit.unwrap_or(u64::MAX), next: Next::First }
    }

    /// The next page, which may be empty; nothing behind the last.
    pub(super) fn next_page(
        &mut self,
        client: &Client,
        url: &Address,
    ) -> Result<Option<Vec<Box<RawValue>>>, Failure> {
        let limit = self.left.min(self.page_items).to_string();
        let resource = self.resource.clone().with("limit", &limit);
        let resource = match &self.next {
            Next::First => resource,
            Next::At(cursor) => resource.with("cursor", cursor),
            Next::Nothing => return Ok(None),
        };
        let page: Page = client.ask(Call::new("GET", url, resource))?.read()?;
        let items = u64::try_from(page.items.len()).unwrap_or(u64::MAX);
        self.left = self.left.saturating_sub(items);
        self.next = match page.next {
            Some(cursor) if self.left > 0 => Next::At(cursor),
            _ => Next::Nothing,
        };
        Ok(Some(page.items))
    }
}
