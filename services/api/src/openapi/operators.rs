//! What may be asked of the region itself: its health, links and digests, and its pages.

use super::operations::{Body, JSON, Operation, Reply, json, read};
use super::parameters::{MEMBER, PEER, Param, TABLE_IN_QUERY};
use super::problems::{
    ADD_MEMBER, BACK_UP, JSON_BODY, MEMBERS, OF_TABLE_ASKED, REMOVE_MEMBER, STEER,
};
use crate::route::{RouteClass, Verb};

const fn page(meaning: &'static str, media: &'static str) -> Reply {
    Reply { status: 200, meaning, body: Some((media, "Text")), headers: &[] }
}

static OF_PEER: &[&[&Param]] = &[&[&PEER]];
static LINK_NOW: &[Reply] = &[json(200, "The link as it now is.", "Link")];

const fn steer(class: RouteClass, id: &'static str, summary: &'static str) -> Operation {
    Operation {
        verb: Verb::Post,
        parameters: OF_PEER,
        ..read(class, id, "links", summary, LINK_NOW, STEER)
    }
}

pub(super) static OPERATIONS: [Operation; 19] = [
    read(
        RouteClass::Region,
        "get_region",
        "region",
        "Who this region is and how far it has come",
        &[json(200, "The region.", "Region")],
        &[],
    ),
    read(
        RouteClass::Live,
        "get_livez",
        "region",
        "Whether the process lives",
        &[json(200, "It does.", "Health")],
        &[],
    ),
    read(
        RouteClass::Ready,
        "get_readyz",
        "region",
        "Whether the region takes commands; other regions have no say in it",
        &[json(200, "It does.", "Health")],
        &[&["not_ready"]],
    ),
    Operation {
        parameters: &[&[&TABLE_IN_QUERY]],
        ..read(
            RouteClass::Digests,
            "get_digests",
            "region",
            "A digest of what is shown: equal vectors have equal digests",
            &[json(200, "The digest.", "Digest")],
            &[OF_TABLE_ASKED],
        )
    },
    Operation {
        verb: Verb::Post,
        ..read(
            RouteClass::Verify,
            "verify",
            "region",
            "Compare with every other region what is held, and repair what differs",
            &[json(200, "What came of it, by region.", "Verification")],
            &[&["verify_running", "stopping"]],
        )
    },
    Operation {
        verb: Verb::Post,
        body: Some(Body {
            meaning: "Where, on the machine of the region.",
            media: &[JSON],
            schema: "BackupRequest",
        }),
        ..read(
            RouteClass::Backups,
            "write_backup",
            "region",
            "Write a backup of what is shown now, while writes go on",
            &[json(201, "It is durable.", "Backup")],
            &[JSON_BODY, BACK_UP],
        )
    },
    read(
        RouteClass::Links,
        "list_links",
        "links",
        "The links to the other regions",
        &[json(200, "The links.", "Links")],
        &[],
    ),
    steer(
        RouteClass::LinkPause,
        "pause_link",
        "Stop all traffic with a region, in both directions; outlives a restart",
    ),
    steer(RouteClass::LinkResume, "resume_link", "End a pause"),
    Operation {
        problems: &[&["bad_path", "no_such_peer"], &["verify_running", "catching_up", "stopping"]],
        ..steer(
            RouteClass::LinkResync,
            "resync_link",
            "Begin to compare with a region all that both hold, and to repair what differs",
        )
    },
    read(
        RouteClass::Members,
        "list_members",
        "members",
        "The members, how far that is agreed, and what removed regions have left",
        &[json(200, "The members.", "Members")],
        &[],
    ),
    Operation {
        class: RouteClass::Members,
        verb: Verb::Post,
        id: "add_member",
        tag: "members",
        summary: "Add a region; answered when all members have confirmed it",
        parameters: &[],
        body: Some(Body {
            meaning: "The region that is added.",
            media: &[JSON],
            schema: "NewMember",
        }),
        replies: &[
            json(200, "It is a member already.", "Member"),
            json(201, "All members have confirmed it.", "Member"),
        ],
        problems: &[JSON_BODY, ADD_MEMBER, MEMBERS],
    },
    Operation {
        class: RouteClass::Member,
        verb: Verb::Delete,
        id: "remove_member",
        tag: "members",
        summary: "Remove a region; answered when all who stay have confirmed it",
        parameters: &[&[&MEMBER]],
        body: None,
        replies: &[Reply {
            status: 204,
            meaning: "All who stay have confirmed it.",
            body: None,
            headers: &[],
        }],
        problems: &[REMOVE_MEMBER, MEMBERS],
    },
    read(
        RouteClass::Metrics,
        "get_metrics",
        "region",
        "Metrics, for Prometheus",
        &[page("The metrics.", "text/plain")],
        &[],
    ),
    read(
        RouteClass::OpenApi,
        "get_openapi",
        "pages",
        "This document",
        &[json(200, "The document.", "Value")],
        &[],
    ),
    read(
        RouteClass::Docs,
        "get_docs",
        "pages",
        "This document, to browse",
        &[page("The page.", "text/html")],
        &[],
    ),
    read(
        RouteClass::DocsScript,
        "get_docs_script",
        "pages",
        "The script of that page",
        &[page("The script.", "text/javascript")],
        &[],
    ),
    read(
        RouteClass::Console,
        "get_console",
        "pages",
        "The region, its links, conflicts and tables at a glance",
        &[page("The page.", "text/html")],
        &[],
    ),
    read(
        RouteClass::ConsoleScript,
        "get_console_script",
        "pages",
        "The script of that page",
        &[page("The script.", "text/javascript")],
        &[],
    ),
];
