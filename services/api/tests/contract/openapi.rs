//! The document and the pages: what is answered has the shape that the document gives it.

use serde_json::Value;

use crate::support::{Reply, Running, absent, call, refused};

/// The headers of an answer that HTTP has, whatever is asked.
const OF_HTTP: [&str; 4] = ["connection", "content-length", "content-type", "date"];
/// Those that keep pages from being misused.
const OF_PAGES: [&str; 4] =
    ["cache-control", "content-security-policy", "referrer-policy", "x-content-type-options"];

/// Checks a reply against what the document says of `operation`: the status, the media type, and
/// that head and body have all that is required, and nothing that is not there.
pub(crate) fn check(document: &Value, (method, path): (&str, &str), reply: &Reply) {
    let operation = &document["paths"][path][method.to_lowercase()];
    let documented = &operation["responses"][reply.status.to_string()];
    assert!(documented.is_object(), "{method} {path}: {reply:?}");
    let headers = documented["headers"].as_object().unwrap();
    for (name, _) in headers.iter().filter(|(_, header)| header["required"] == true) {
        let is_there = reply.header(&name.to_lowercase()).is_some();
        assert!(is_there, "{method} {path}: {name}: {}", reply.head);
    }
    for line in reply.head.lines().skip(1) {
        let name = line.split(':').next().unwrap().to_lowercase();
        let is_documented = headers.keys().any(|header| header.to_lowercase() == name);
        let is_known = OF_HTTP.iter().chain(&OF_PAGES).any(|known| *known == name);
        assert!(is_documented || is_known, "{method} {path}: {}: {}", reply.status, line);
    }
    let Some(content) = documented.get("content") else {
        assert!(reply.body.is_empty(), "{method} {path}: {reply:?}");
        return;
    };
    let media = reply.header("content-type").unwrap().split(';').next().unwrap();
    let reference = content[media]["schema"]["$ref"].as_str().unwrap();
    if media.ends_with("json") {
        let body = serde_json::from_slice(&reply.body).unwrap();
        fits(document, reference, &body);
    }
}

/// Whether `body` has the shape of the schema that `reference` names.
fn fits(document: &Value, reference: &str, body: &Value) {
    let name = reference.strip_prefix("#/components/schemas/").unwrap();
    let schema = &document["components"]["schemas"][name];
    if let Some(shapes) = schema["oneOf"].as_array() {
        let names = shapes.iter().map(|shape| shape["$ref"].as_str().unwrap());
        // Which of them it is, the members tell.
        let wanted = if body.get("siblings").is_some() { "Siblings" } else { "Value" };
        let of = names.filter(|name| name.ends_with(wanted)).collect::<Vec<_>>();
        return fits(document, of[0], body);
    }
    let Some(properties) = schema["properties"].as_object() else { return };
    let required = schema["required"].as_array();
    for member in required.into_iter().flatten().map(|member| member.as_str().unwrap()) {
        assert!(body.get(member).is_some(), "{name} has {member}: {body}");
    }
    for (member, value) in body.as_object().unwrap() {
        assert!(properties.contains_key(member), "{name} has no {member}: {body}");
        let of = &properties[member];
        if let Some(reference) = of["$ref"].as_str() {
            fits(document, reference, value);
        }
        if let Some(reference) = of["items"]["$ref"].as_str() {
            value.as_array().unwrap().iter().for_each(|value| fits(document, reference, value));
        }
    }
}

#[actix_rt::test]
async fn answers_have_the_shape_that_the_document_gives_them() {
    let running = Running::with_tables().await;
    running.define("set", r#"{"type":"set"}"#).await;
    running.define("flag", r#"{"type":"flag"}"#).await;
    running.define("max", r#"{"type":"register","resolver":"max"}"#).await;
    running.define("first", r#"{"type":"register","resolver":"first_write_wins"}"#).await;
    let document = running.get("/openapi.json").await.json();
    let (table, items) = ("/v1/tables/{table}", "/v1/tables/{table}/items");
    let (item, history) = (&*format!("{items}/{{key}}"), format!("{items}/{{key}}/history"));
    for (method, path, of, body, status) in [
        ("PUT", "/v1/tables/new", table, r#"{"type":"register"}"#, 201),
        ("PUT", "/v1/tables/new", table, r#"{"type":"register"}"#, 200),
        ("PUT", "/v1/tables/new", table, r#"{"type":"counter"}"#, 409),
        ("PUT", "/v1/tables/new", table, r#"{"type":"colour"}"#, 400),
        ("GET", "/v1/tables/new", table, "", 200),
        ("GET", "/v1/tables", "/v1/tables", "", 200),
        ("DELETE", "/v1/tables/new", table, "", 204),
        ("DELETE", "/v1/tables/new", table, "", 404),
        ("PUT", "/v1/tables/reg/items/k", item, "1", 201),
        ("PUT", "/v1/tables/reg/items/k", item, "2", 200),
        ("PUT", "/v1/tables/reg/items/k", item, "{", 400),
        ("GET", "/v1/tables/reg/items/k", item, "", 200),
        ("GET", "/v1/tables/reg/items/other", item, "", 404),
        ("GET", "/v1/tables/reg/items/k?r=2", item, "", 422),
        ("PATCH", "/v1/tables/cnt/items/k", item, r#"{"increment":2}"#, 200),
        ("PATCH", "/v1/tables/reg/items/k", item, r#"{"increment":2}"#, 422),
        ("DELETE", "/v1/tables/reg/items/k", item, "", 204),
        ("GET", "/v1/tables/cnt/item?key=k", "/v1/tables/{table}/item", "", 200),
        ("PATCH", "/v1/tables/set/items/k", item, r#"{"add":["a",1,null]}"#, 200),
        ("PUT", "/v1/tables/set/items/k", item, "1", 422),
        ("PATCH", "/v1/tables/flag/items/k", item, r#"{"enable":true}"#, 200),
        ("GET", "/v1/tables/flag/items/k", item, "", 200),
        ("PUT", "/v1/tables/max/items/k", item, "2", 201),
        ("PUT", "/v1/tables/max/items/k", item, "1", 200),
        ("PUT", "/v1/tables/first/items/k", item, "1", 201),
        ("PUT", "/v1/tables/first/items/k", item, "2", 409),
        ("DELETE", "/v1/tables/first/items/k", item, "", 422),
        ("PUT", "/v1/tables/reg/items/k?w=2", item, "1", 422),
        ("PUT", "/v1/tables/reg/items/k?session=none", item, "1", 400),
        ("GET", "/v1/tables/max/items/k/history", &history, "", 200),
        ("GET", "/v1/tables/cnt/item/history?key=k", "/v1/tables/{table}/item/history", "", 200),
        ("GET", "/v1/tables/max/items/none/history", &history, "", 404),
        ("GET", "/v1/tables/max/items", items, "", 200),
        ("GET", "/v1/tables/max/items?cursor=none", items, "", 400),
        ("GET", "/v1/conflicts", "/v1/conflicts", "", 200),
        ("GET", "/v1/conflicts?limit=0", "/v1/conflicts", "", 400),
        ("POST", "/v1/conflicts/none/dismiss", "/v1/conflicts/{id}/dismiss", "", 404),
        ("POST", "/v1/conflicts/none/undo", "/v1/conflicts/{id}/undo", "", 404),
        ("GET", "/v1/region", "/v1/region", "", 200),
        ("GET", "/livez", "/livez", "", 200),
        ("GET", "/readyz", "/readyz", "", 200),
        ("GET", "/openapi.json", "/openapi.json", "", 200),
        ("GET", "/docs", "/docs", "", 200),
        ("GET", "/docs.js", "/docs.js", "", 200),
    ] {
        let json = "Content-Type: application/json\r\n";
        let reply = running.call(method, path, if body.is_empty() { "" } else { json }, body).await;
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        check(&document, (method, of), &reply);
    }
    let conflicts = running.get("/v1/conflicts").await.json();
    let id = conflicts["conflicts"][0]["id"].as_str().unwrap();
    for (action, status) in
        [("restore", 422), ("undo", 409), ("dismiss", 200), ("dismiss", 409), ("undo", 200)]
    {
        let path = format!("/v1/conflicts/{id}/{action}");
        let reply = running.call("POST", &path, "", "").await;
        assert_eq!(reply.status, status, "{path}: {reply:?}");
        check(&document, ("POST", &format!("/v1/conflicts/{{id}}/{action}")), &reply);
    }
    running.stop().await;
}

#[actix_rt::test]
async fn conditions_and_named_requests_are_answered_as_the_document_says() {
    let running = Running::with_tables().await;
    let document = running.get("/openapi.json").await.json();
    let path = "/v1/tables/reg/items/k";
    for (header, body, status) in [
        ("If-None-Match: *", "1", 201),
        ("If-None-Match: *", "1", 412),
        ("If-None-Match: x", "1", 400),
        ("Idempotency-Key: a", "1", 200),
        ("Idempotency-Key: a", "2", 422),
    ] {
        let headers = format!("Content-Type: application/json\r\n{header}\r\n");
        let reply = running.call("PUT", path, &headers, body).await;
        assert_eq!(reply.status, status, "{header}: {reply:?}");
        check(&document, ("PUT", "/v1/tables/{table}/items/{key}"), &reply);
    }
    running.define("sib", r#"{"type":"register","resolver":"siblings"}"#).await;
    let first = running.put("/v1/tables/sib/items/k", "1").await;
    running.put("/v1/tables/sib/items/k", "2").await;
    let tag = first.header("etag").unwrap();
    let beside = format!("Content-Type: application/json\r\nIf-Match: {tag}\r\n");
    assert_eq!(running.call("PUT", "/v1/tables/sib/items/k", &beside, "3").await.status, 200);
    for (path, of) in [
        ("/v1/tables/sib/items/k", "/v1/tables/{table}/items/{key}"),
        ("/v1/tables/sib/items", "/v1/tables/{table}/items"),
        ("/v1/tables/sib/items/k/history", "/v1/tables/{table}/items/{key}/history"),
    ] {
        let reply = running.get(path).await;
        assert_eq!(reply.status, 200, "{path}");
        check(&document, ("GET", of), &reply);
    }
    running.stop().await;
}

#[actix_rt::test]
async fn operators_are_told_of_what_is_theirs() {
    let running = Running::start_with(|settings| {
        settings.cluster.regions.push(absent("eu-west"));
    })
    .await;
    let ask = async |method: &str, path: &str, host: &str| {
        call(running.admin, method, path, host, "").await
    };
    let document = ask("GET", "/openapi.json", "").await.json();
    for (method, path, of) in [
        ("GET", "/v1/links", "/v1/links"),
        ("POST", "/v1/links/eu-west/pause", "/v1/links/{peer}/pause"),
        ("POST", "/v1/links/eu-west/resume", "/v1/links/{peer}/resume"),
        ("POST", "/v1/links/eu-west/resync", "/v1/links/{peer}/resync"),
        ("POST", "/v1/links/mars/pause", "/v1/links/{peer}/pause"),
        ("POST", "/v1/verify", "/v1/verify"),
        ("POST", "/v1/backups", "/v1/backups"),
        ("GET", "/v1/digests", "/v1/digests"),
        ("GET", "/v1/digests?table=absent", "/v1/digests"),
        ("GET", "/metrics", "/metrics"),
        ("GET", "/console", "/console"),
        ("GET", "/console.js", "/console.js"),
        ("GET", "/v1/tables/absent", "/v1/tables/{table}"),
    ] {
        check(&document, (method, of), &ask(method, path, "").await);
    }
    let page = "Origin: http://evil.example\r\n";
    let foreign = ask("POST", "/v1/links/eu-west/pause", page).await;
    assert_eq!(foreign.refusal(), refused(403, "foreign_origin"));
    check(&document, ("POST", "/v1/links/{peer}/pause"), &foreign);

    let regional = running.get("/openapi.json").await.json();
    let is_there = |document: &Value, path: &str| document["paths"][path].is_object();
    assert!(is_there(&document, "/v1/links") && !is_there(&regional, "/v1/links"));
    assert!(is_there(&regional, "/v1/tables"));
    running.stop().await;
}

#[actix_rt::test]
async fn a_page_is_told_to_fetch_nothing_from_elsewhere() {
    let running = Running::start().await;
    let console = call(running.admin, "GET", "/console", "", "").await;
    for page in [running.get("/docs").await, console] {
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    }
    assert_eq!(running.get("/console").await.refusal(), refused(404, "no_such_route"));
    running.stop().await;
}
