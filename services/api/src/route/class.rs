//! Routes without their variable parts: what requests are counted by, and documented under.

use super::{ConflictAction, Door, KeyPlace, LinkAction, Route};
use crate::pages::Page;

/// A route, whatever table, key or peer it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RouteClass {
    Tables,
    Table,
    Item,
    ItemByQuery,
    Items,
    History,
    HistoryByQuery,
    Conflicts,
    ConflictRestore,
    ConflictDismiss,
    ConflictUndo,
    Region,
    Live,
    Ready,
    Digests,
    Verify,
    Backups,
    Links,
    LinkPause,
    LinkResume,
    LinkResync,
    Members,
    Member,
    Metrics,
    OpenApi,
    Docs,
    DocsScript,
    Console,
    ConsoleScript,
}

impl RouteClass {
    /// All of them, in the order of the documentation and of their numbers.
    pub(crate) const ALL: [Self; 29] = [
        Self::Tables,
        Self::Table,
        Self::Item,
        Self::ItemByQuery,
        Self::Items,
        Self::History,
        Self::HistoryByQuery,
        Self::Conflicts,
        Self::ConflictRestore,
        Self::ConflictDismiss,
        Self::ConflictUndo,
        Self::Region,
        Self::Live,
        Self::Ready,
        Self::Digests,
        Self::Verify,
        Self::Backups,
        Self::Links,
        Self::LinkPause,
        Self::LinkResume,
        Self::LinkResync,
        Self::Members,
        Self::Member,
        Self::Metrics,
        Self::OpenApi,
        Self::Docs,
        Self::DocsScript,
        Self::Console,
        Self::ConsoleScript,
    ];

    /// Its path, the variable parts in braces.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Tables => "/v1/tables",
            Self::Table => "/v1/tables/{table}",
            Self::Item => "/v1/tables/{table}/items/{key}",
            Self::ItemByQuery => "/v1/tables/{table}/item",
            Self::Items => "/v1/tables/{table}/items",
            Self::History => "/v1/tables/{table}/items/{key}/history",
            Self::HistoryByQuery => "/v1/tables/{table}/item/history",
            Self::Conflicts => "/v1/conflicts",
            Self::ConflictRestore => "/v1/conflicts/{id}/restore",
            Self::ConflictDismiss => "/v1/conflicts/{id}/dismiss",
            Self::ConflictUndo => "/v1/conflicts/{id}/undo",
            Self::Region => "/v1/region",
            Self::Live => "/livez",
            Self::Ready => "/readyz",
            Self::Digests => "/v1/digests",
            Self::Verify => "/v1/verify",
            Self::Backups => "/v1/backups",
            Self::Links => "/v1/links",
            Self::LinkPause => "/v1/links/{peer}/pause",
            Self::LinkResume => "/v1/links/{peer}/resume",
            Self::LinkResync => "/v1/links/{peer}/resync",
            Self::Members => "/v1/members",
            Self::Member => "/v1/members/{region}",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::Docs => Page::Docs.path(),
            Self::DocsScript => Page::DocsScript.path(),
            Self::Console => Page::Console.path(),
            Self::ConsoleScript => Page::ConsoleScript.path(),
        }
    }

    /// Whether its answer rests on what the region holds of tables and items.
    pub(crate) fn rests_on_state(self) -> bool {
        let path = self.template().replace(['{', '}'], "");
        Route::parse(&path, Door::Admin).is_some_and(Route::rests_on_state)
    }

    /// Whether a parameter that no call has is refused. What people, probes and scrapers ask may
    /// carry some of their own.
    pub(crate) fn knows_its_parameters(self) -> bool {
        self.template().starts_with("/v1/")
    }

    /// Whether only the admin listener has it.
    pub(crate) fn is_for_operators(self) -> bool {
        match self {
            Self::Digests
            | Self::Verify
            | Self::Backups
            | Self::Links
            | Self::LinkPause
            | Self::LinkResume
            | Self::LinkResync
            | Self::Members
            | Self::Member
            | Self::Metrics
            | Self::Console
            | Self::ConsoleScript => true,
            Self::Tables
            | Self::Table
            | Self::Item
            | Self::ItemByQuery
            | Self::Items
            | Self::History
            | Self::HistoryByQuery
            | Self::Conflicts
            | Self::ConflictRestore
            | Self::ConflictDismiss
            | Self::ConflictUndo
            | Self::Region
            | Self::Live
            | Self::Ready
            | Self::OpenApi
            | Self::Docs
            | Self::DocsScript => false,
        }
    }
}

impl Door {
    /// The routes that it has.
    pub(crate) fn classes(self) -> impl Iterator<Item = RouteClass> {
        let classes = RouteClass::ALL.into_iter();
        classes.filter(move |class| self == Self::Admin || !class.is_for_operators())
    }
}

impl Route<'_> {
    /// What it is without its variable parts.
    pub(crate) fn class(self) -> RouteClass {
        match self {
            Self::Tables => RouteClass::Tables,
            Self::Table { .. } => RouteClass::Table,
            Self::Item { key: KeyPlace::Path(_), .. } => RouteClass::Item,
            Self::Item { key: KeyPlace::Query, .. } => RouteClass::ItemByQuery,
            Self::Items { .. } => RouteClass::Items,
            Self::History { key: KeyPlace::Path(_), .. } => RouteClass::History,
            Self::History { key: KeyPlace::Query, .. } => RouteClass::HistoryByQuery,
            Self::Conflicts => RouteClass::Conflicts,
            Self::Conflict { action: ConflictAction::Restore, .. } => RouteClass::ConflictRestore,
            Self::Conflict { action: ConflictAction::Dismiss, .. } => RouteClass::ConflictDismiss,
            Self::Conflict { action: ConflictAction::Undo, .. } => RouteClass::ConflictUndo,
            Self::Region => RouteClass::Region,
            Self::Live => RouteClass::Live,
            Self::Ready => RouteClass::Ready,
            Self::Digests => RouteClass::Digests,
            Self::Verify => RouteClass::Verify,
            Self::Backups => RouteClass::Backups,
            Self::Links => RouteClass::Links,
            Self::Link { action: LinkAction::Pause, .. } => RouteClass::LinkPause,
            Self::Link { action: LinkAction::Resume, .. } => RouteClass::LinkResume,
            Self::Link { action: LinkAction::Resync, .. } => RouteClass::LinkResync,
            Self::Members => RouteClass::Members,
            Self::Member { .. } => RouteClass::Member,
            Self::Metrics => RouteClass::Metrics,
            Self::OpenApi => RouteClass::OpenApi,
            Self::Page(Page::Docs) => RouteClass::Docs,
            Self::Page(Page::DocsScript) => RouteClass::DocsScript,
            Self::Page(Page::Console) => RouteClass::Console,
            Self::Page(Page::ConsoleScript) => RouteClass::ConsoleScript,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_names_the_route_it_is_the_template_of() {
        for (number, class) in RouteClass::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, number, "{class:?}");
            let path = class.template().replace(['{', '}'], "");
            let parsed = Route::parse(&path, Door::Admin).map(Route::class);
            assert_eq!(parsed, Some(class), "{path}");
        }
    }
}
