//! Which resource a path names, and what may be asked of it.
//!
//! Works on the path as it was sent: a framework that decodes before it matches cannot tell a slash
//! that separates from one that belongs to a key. Matching allocates nothing and decodes nothing.

mod class;

use actix_web::http::Method;

pub(crate) use self::class::RouteClass;
use crate::pages::Page;

/// A resource, its variable parts still encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// `/v1/tables`
    Tables,
    /// `/v1/tables/{table}`
    Table { table: &'a str },
    /// `/v1/tables/{table}/items/{key}`, or `/v1/tables/{table}/item?key=`
    Item { table: &'a str, key: KeyPlace<'a> },
    /// `/v1/tables/{table}/items`
    Items { table: &'a str },
    /// `/v1/tables/{table}/items/{key}/history`, or `/v1/tables/{table}/item/history?key=`
    History { table: &'a str, key: KeyPlace<'a> },
    /// `/v1/conflicts`
    Conflicts,
    /// `/v1/conflicts/{id}/{restore|dismiss|undo}`
    Conflict { id: &'a str, action: ConflictAction },
    /// `/v1/region`
    Region,
    /// `/livez`
    Live,
    /// `/readyz`
    Ready,
    /// `/metrics`
    Metrics,
    /// `/openapi.json`
    OpenApi,
    /// A page, or what belongs to one
    Page(Page),
    /// `/v1/digests`
    Digests,
    /// `/v1/verify`
    Verify,
    /// `/v1/backups`
    Backups,
    /// `/v1/links`
    Links,
    /// `/v1/links/{peer}/{pause|resume|resync}`
    Link { peer: &'a str, action: LinkAction },
    /// `/v1/members`
    Members,
    /// `/v1/members/{region}`
    Member { region: &'a str },
}

/// Where an item's key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPlace<'a> {
    /// In the path: this.
    Path(&'a str),
    /// In the query, where proxies leave it alone.
    Query,
}

/// What can be done to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkAction {
    /// Stop all traffic of the pair.
    Pause,
    /// Let it go on.
    Resume,
    /// Send everything anew.
    Resync,
}

/// What can be done to a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConflictAction {
    /// Write the lost value anew.
    Restore,
    /// Let it go.
    Dismiss,
    /// Take back what was done to it.
    Undo,
}

/// Which listener a request came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// For applications.
    Api,
    /// For operators: everything.
    Admin,
}

/// A method that some resource knows. HEAD asks what GET asks; the answer's body is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Patch,
    Delete,
    Post,
}

impl Verb {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 5] = [Self::Get, Self::Put, Self::Patch, Self::Delete, Self::Post];

    /// The method's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Post => "POST",
        }
    }

    pub(crate) fn of(method: &Method) -> Option<Self> {
        match *method {
            Method::GET | Method::HEAD => Some(Self::Get),
            Method::PUT => Some(Self::Put),
            Method::PATCH => Some(Self::Patch),
            Method::DELETE => Some(Self::Delete),
            Method::POST => Some(Self::Post),
            _ => None,
        }
    }

    /// Whether it leaves everything as it is.
    pub(crate) fn is_safe(self) -> bool {
        self == Self::Get
    }
}

impl<'a> Route<'a> {
    /// The resource that `path` names on `door`.
    pub(crate) fn parse(path: &'a str, door: Door) -> Option<Self> {
        let route = match path {
            "/livez" => Self::Live,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            "/openapi.json" => Self::OpenApi,
            _ => match path.strip_prefix("/v1/") {
                Some(path) => Self::parse_v1(path)?,
                None => Self::Page(Page::parse(path)?),
            },
        };
        (door == Door::Admin || !route.class().is_for_operators()).then_some(route)
    }

    fn parse_v1(path: &'a str) -> Option<Self> {
        let mut segments = path.split('/');
        let route = match (segments.next()?, segments.next(), segments.next(), segments.next()) {
            ("tables", None, None, None) => Self::Tables,
            ("tables", Some(table), None, None) => Self::Table { table },
            ("tables", Some(table), Some("item"), None) => {
                Self::Item { table, key: KeyPlace::Query }
            }
            ("tables", Some(table), Some("items"), None) => Self::Items { table },
            ("tables", Some(table), Some("item"), Some("history")) => {
                Self::History { table, key: KeyPlace::Query }
            }
            ("tables", Some(table), Some("items"), Some(key)) => match segments.next() {
                None => Self::Item { table, key: KeyPlace::Path(key) },
                Some("history") => Self::History { table, key: KeyPlace::Path(key) },
                Some(_) => return None,
            },
            ("conflicts", None, None, None) => Self::Conflicts,
            ("conflicts", Some(id), Some(action), None) => {
                Self::Conflict { id, action: ConflictAction::parse(action)? }
            }
            ("region", None, None, None) => Self::Region,
            ("digests", None, None, None) => Self::Digests,
            ("verify", None, None, None) => Self::Verify,
            ("backups", None, None, None) => Self::Backups,
            ("links", None, None, None) => Self::Links,
            ("links", Some(peer), Some(action), None) => {
                Self::Link { peer, action: LinkAction::parse(action)? }
            }
            ("members", None, None, None) => Self::Members,
            ("members", Some(region), None, None) => Self::Member { region },
            _ => return None,
        };
        segments.next().is_none().then_some(route)
    }

    /// Whether its answer rests on what the region holds of tables and items.
    pub(crate) fn rests_on_state(self) -> bool {
        match self {
            Self::Tables
            | Self::Table { .. }
            | Self::Item { .. }
            | Self::Items { .. }
            | Self::History { .. }
            | Self::Conflicts
            | Self::Conflict { .. }
            | Self::Digests
            | Self::Verify
            | Self::Backups => true,
            Self::Region
            | Self::Live
            | Self::Ready
            | Self::Metrics
            | Self::OpenApi
            | Self::Page(_)
            | Self::Links
            | Self::Link { .. }
            | Self::Members
            | Self::Member { .. } => false,
        }
    }

    /// Whether `verb` may be asked of it.
    pub(crate) fn takes(self, verb: Verb) -> bool {
        match self {
            Self::Table { .. } | Self::Item { .. } => verb != Verb::Post,
            Self::Link { .. } | Self::Conflict { .. } | Self::Verify | Self::Backups => {
                verb == Verb::Post
            }
            Self::Members => matches!(verb, Verb::Get | Verb::Post),
            Self::Member { .. } => verb == Verb::Delete,
            _ => verb == Verb::Get,
        }
    }

    /// The `Allow` header: what may be asked of it.
    pub(crate) fn allow(self) -> &'static str {
        match self {
            Self::Table { .. } | Self::Item { .. } => "GET, HEAD, PUT, PATCH, DELETE",
            Self::Link { .. } | Self::Conflict { .. } | Self::Verify | Self::Backups => "POST",
            Self::Members => "GET, HEAD, POST",
            Self::Member { .. } => "DELETE",
            _ => "GET, HEAD",
        }
    }
}

impl ConflictAction {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "restore" => Some(Self::Restore),
            "dismiss" => Some(Self::Dismiss),
            "undo" => Some(Self::Undo),
            _ => None,
        }
    }
}

impl LinkAction {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "pause" => Some(Self::Pause),
            "resume" => Some(Self::Resume),
            "resync" => Some(Self::Resync),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_escapes_and_ends_at_a_bare_slash() {
        let key = |path| match Route::parse(path, Door::Api) {
            Some(Route::Item { table: "t", key }) => Some(key),
            _ => None,
        };
        assert_eq!(key("/v1/tables/t/items/a%2Fb"), Some(KeyPlace::Path("a%2Fb")));
        assert_eq!(key("/v1/tables/t/items/.."), Some(KeyPlace::Path("..")));
        assert_eq!(key("/v1/tables/t/items/"), Some(KeyPlace::Path("")));
        assert_eq!(key("/v1/tables/t/item"), Some(KeyPlace::Query));
        assert_eq!(key("/v1/tables/t/items/a/b"), None);
        assert_eq!(key("/v1/tables/t/item/a"), None);
    }

    #[test]
    fn items_without_a_key_are_all_of_them() {
        let items = Some(Route::Items { table: "t" });
        assert_eq!(Route::parse("/v1/tables/t/items", Door::Api), items);
        assert_ne!(Route::parse("/v1/tables/t/items/", Door::Api), items);
    }

    #[test]
    fn a_history_is_below_its_item_and_a_key_may_be_called_history() {
        let parse = |path| Route::parse(path, Door::Api);
        let history = |key| Some(Route::History { table: "t", key });
        assert_eq!(parse("/v1/tables/t/items/k/history"), history(KeyPlace::Path("k")));
        assert_eq!(parse("/v1/tables/t/item/history"), history(KeyPlace::Query));
        let item = Route::Item { table: "t", key: KeyPlace::Path("history") };
        assert_eq!(parse("/v1/tables/t/items/history"), Some(item));
        assert_eq!(parse("/v1/tables/t/items/k/history/x"), None);
        assert_eq!(parse("/v1/conflicts/1/forget"), None);
    }

    #[test]
    fn nothing_but_the_exact_path_matches() {
        for path in ["", "/", "*", "/v1", "/v1/", "/v1//tables", "/v2/tables", "/livez/", "//livez"]
        {
            assert_eq!(Route::parse(path, Door::Admin), None, "{path}");
        }
        for path in ["/v1/links/eu-west", "/v1/links/eu-west/stop", "/v1/links/a/pause/b"] {
            assert_eq!(Route::parse(path, Door::Admin), None, "{path}");
        }
    }

    #[test]
    fn what_is_for_operators_is_not_on_the_api_listener() {
        let link = Route::Link { peer: "eu-west", action: LinkAction::Pause };
        assert_eq!(Route::parse("/v1/links/eu-west/pause", Door::Admin), Some(link));
        for path in [
            "/v1/links/eu-west/pause",
            "/v1/links",
            "/v1/digests",
            "/v1/verify",
            "/v1/backups",
            "/v1/members",
        ] {
            assert_eq!(Route::parse(path, Door::Api), None, "{path}");
        }
    }

    #[test]
    fn allow_names_exactly_what_is_taken() {
        let verbs = [
            (Verb::Get, "GET, HEAD"),
            (Verb::Put, "PUT"),
            (Verb::Patch, "PATCH"),
            (Verb::Delete, "DELETE"),
            (Verb::Post, "POST"),
        ];
        let paths = [
            "/v1/tables",
            "/v1/tables/t",
            "/v1/tables/t/item",
            "/v1/tables/t/items",
            "/v1/tables/t/item/history",
            "/v1/conflicts",
            "/v1/conflicts/1/undo",
            "/v1/links/a/pause",
            "/v1/verify",
            "/v1/backups",
            "/v1/members",
            "/v1/members/a",
        ];
        for path in paths {
            let route = Route::parse(path, Door::Admin).unwrap();
            let taken = verbs.iter().filter(|(verb, _)| route.takes(*verb)).map(|(_, name)| *name);
            assert_eq!(taken.collect::<Vec<_>>().join(", "), route.allow(), "{path}");
        }
    }
}
