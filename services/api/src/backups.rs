//! Backups of the region: written while it runs, to a directory of the machine it runs on.
//!
//! The answer comes when the backup is durable, however long that takes; it is written to its end
//! where the asker has gone. One is written at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use actix_web::HttpResponse;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use serde::{Deserialize, Serialize};
use tombolo_actors::BackedUp;
use tombolo_datatypes::JsonText;
use utoipa::ToSchema;

use crate::api::Api;
use crate::body::{Media, read_json};
use crate::problem::{Problem, excerpt};
use crate::region::vector_object;
use crate::rfc3339;

/// Where a backup is to be written.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackupRequest)]
pub(crate) struct Asked {
    /// An absolute path below the setting `backup.directory`, of a directory that is empty or not
    /// there.
    path: String,
}

/// A backup that is durable.
#[derive(Serialize, ToSchema)]
#[schema(as = Backup)]
pub(crate) struct Body {
    path: String,
    /// All that the region showed when it began, and nothing else.
    vector: BTreeMap<String, u64>,
    /// The digest of that, as of `/v1/digests`.
    digest: String,
    /// The items of that digest.
    items: u64,
    /// The length of its state file.
    bytes: u64,
    #[schema(format = DateTime)]
    taken_at: String,
    duration_ms: u64,
}

impl From<BackedUp> for Body {
    fn from(BackedUp { path, manifest, duration }: BackedUp) -> Self {
        Self {
            path: path.display().to_string(),
            vector: vector_object(&manifest.vector),
            digest: manifest.digest.to_string(),
            items: manifest.items,
            bytes: manifest.state_bytes,
            taken_at: rfc3339::text(manifest.taken_at_ms),
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

/// Answers `POST /v1/backups`.
pub(crate) async fn write(
    api: &Api,
    headers: &HeaderMap,
    payload: &mut Payload,
) -> Result<HttpResponse, Problem> {
    Media::check_json_or_undeclared(headers)?;
    let path = parse(&read_json(headers, payload, api.body_limits()).await?)?;
    let body = Body::from(api.region().back_up(path).await?);
    Ok(api.letterhead().show(StatusCode::CREATED, &body))
}

fn parse(text: &JsonText) -> Result<PathBuf, Problem> {
    let bad = |detail: String| Problem::BadBackup { detail };
    let asked: Asked =
        serde_json::from_str(text.as_str()).map_err(|error| bad(excerpt(&error.to_string())))?;
    if asked.path.is_empty() || asked.path.contains('\0') {
        return Err(bad("`path` is none".to_owned()));
    }
    Ok(asked.path.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_all_that_is_asked_for() {
        let parsed = |text: &str| {
            let path = parse(&JsonText::parse(text.as_bytes()).unwrap());
            path.map_err(|problem| problem.entry().code)
        };
        assert_eq!(parsed(r#"{"path":"/a"}"#), Ok("/a".into()));
        for bad in [
            "{}",
            "[]",
            "null",
            r#"{"path":1}"#,
            r#"{"path":""}"#,
            r#"{"path":"/a\u0000"}"#,
            r#"{"path":"/a","table":"t"}"#,
        ] {
            assert_eq!(parsed(bad), Err("bad_backup"), "{bad}");
        }
    }
}
