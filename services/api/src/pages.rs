//! Pages for people, each of one file and a script: nothing in them comes from elsewhere, so that
//! they work without a network, and a browser is told to fetch nothing from one.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};

use crate::api::Api;

/// A page, or the script of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Docs,
    DocsScript,
    Console,
    ConsoleScript,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What a page may do: its own script, its own style, and ask the listener that it came from.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

impl Page {
    const ALL: [Self; 4] = [Self::Docs, Self::DocsScript, Self::Console, Self::ConsoleScript];

    /// Its path. Pages name their script and what they ask beside themselves, so that they work
    /// below a prefix of a proxy's.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Docs => "/docs",
            Self::DocsScript => "/docs.js",
            Self::Console => "/console",
            Self::ConsoleScript => "/console.js",
        }
    }

    /// The page of that path.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|page| page.path() == path)
    }

    fn file(self) -> (&'static str, &'static str) {
        match self {
            Self::Docs => (HTML, include_str!("pages/docs.html")),
            Self::DocsScript => (SCRIPT, include_str!("pages/docs.js")),
            Self::Console => (HTML, tombolo_console::PAGE),
            Self::ConsoleScript => (SCRIPT, tombolo_console::SCRIPT),
        }
    }
}

/// Answers `GET` of a page.
pub(crate) fn show(api: &Api, page: Page) -> HttpResponse {
    let (content_type, text) = page.file();
    let content_type = HeaderValue::from_static(content_type);
    let mut reply = api.letterhead().reply(StatusCode::OK, content_type, text.into());
    let rules: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    for (name, value) in rules {
        reply.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_page_comes_from_elsewhere() {
        for page in [Page::Docs, Page::DocsScript] {
            let (_, text) = page.file();
            for outside in ["http://", "https://", "src=\"//", "@import", "url(", "innerHTML"] {
                assert!(!text.contains(outside), "{page:?} has {outside}");
            }
        }
    }
}
