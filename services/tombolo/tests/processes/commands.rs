//! The commands that ask a region: what they answer, on which stream, and with which exit code.

mod loading;
mod session;

use serde_json::{Value, json};

use crate::support::{Asked, Cluster, Region, eventually};

/// A region with the tables `notes` and `hits`.
fn with_tables(region: &Region) {
    region.define("notes", "register");
    region.define("hits", "counter");
}

#[test]
fn items_are_written_read_changed_and_deleted() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    let ask = |arguments: &[&str]| Asked::of(a, arguments).expect(0);
    with_tables(a);

    let created = ask(&["put", "notes", "alice", "1.50"]);
    assert!(created.out.starts_with("alice created, version "), "{created:?}");
    let version = created.out.trim_end().rsplit_once(' ').unwrap().1.to_owned();
    let got = ask(&["get", "notes", "alice", "-o", "json"]);
    assert_eq!(got.json()["version"], *version);
    assert!(got.out.contains("\"value\":1.50,"), "{got:?}");
    let replaced = ask(&["-o", "json", "put", "notes", "alice", "--string", "it's \"me\""]);
    assert_eq!(replaced.json()["key"], "alice");
    let got = ask(&["get", "notes", "alice"]);
    let lines = got.lines();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("KEY    WRITTEN AT"), "{lines:?}");
    assert!(lines[1].starts_with("alice  20") && lines[1].ends_with(r#" "it's \"me\"""#));

    let piped = Asked::with_input(a, &["put", "notes", "piped", "-"], "[1,\n2]\n").expect(0);
    assert!(piped.out.starts_with("piped created"));
    assert_eq!(a.value("notes", "piped"), json!([1, 2]));

    let patched = ask(&["patch", "hits", "home", r#"{"increment":3}"#]);
    assert_eq!(patched.out, "KEY   VALUE\nhome  3\n");
    let patched = ask(&["patch", "hits", "home", r#"{"decrement":1}"#, "-o", "json"]);
    assert_eq!(patched.json()["value"], 2);

    assert_eq!(ask(&["delete", "notes", "alice"]).out, "alice deleted\n");
    let deleted = ask(&["delete", "notes", "piped", "-o", "json"]);
    assert_eq!(deleted.json(), json!({"key": "piped", "deleted": true}));
}

#[test]
fn a_key_is_the_same_item_wherever_it_is_written_in_the_request() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    with_tables(a);
    let keys = ["a/b", "a b+c", "100%", "é", "?x=1&y", "a\\b;c", "...", "tab\there"];
    for (nth, key) in (0..).zip(keys) {
        Asked::of(a, &["put", "notes", key, &nth.to_string()]).expect(0);
        let got = Asked::of(a, &["get", "notes", key, "-o", "json"]).expect(0).json();
        assert_eq!((&got["key"], &got["value"]), (&json!(key), &json!(nth)));
    }
    let scanned = Asked::of(a, &["scan", "notes", "-o", "json"]).expect(0);
    let mut sorted = keys;
    sorted.sort_unstable();
    let found = scanned.lines().into_iter().map(|line| {
        serde_json::from_str::<Value>(line).unwrap()["key"].as_str().unwrap().to_owned()
    });
    assert_eq!(found.collect::<Vec<_>>(), sorted);
    // A terminal is not spoken to by what clients have written.
    let shown = Asked::of(a, &["scan", "notes", "--prefix", "tab"]).expect(0);
    assert!(shown.lines()[1].starts_with("tab\\u{9}here"), "{shown:?}");
}

#[test]
fn the_exit_code_says_what_became_of_it() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    with_tables(a);
    let ask = |arguments: &[&str], code| Asked::of(a, arguments).expect(code).errors;

    let missing = ask(&["get", "notes", "nobody"], 3);
    assert_eq!(missing, "tombolo: No such item (no_such_item): there is no such item\n");
    ask(&["scan", "nothing"], 3);
    ask(&["delete", "notes", "nobody"], 3);
    ask(&["links", "pause", "atlantis"], 3);
    ask(&["put", "hits", "home", "1"], 4);
    ask(&["tables", "define", "notes", "--type", "counter"], 4);
    ask(&["scan", "notes", "--limit", "0"], 4);
    ask(&["get", "notes", "k", "--consistency", "best"], 4);
    let usage = ask(&["put", "notes", "k", "hello"], 2);
    assert!(usage.contains("--string"), "{usage}");
    ask(&["put", "notes", "k"], 2);
    ask(&["put", "notes", "k", "1", "--idempotency-key", "a\nb"], 2);
    ask(&["get", "notes", "k", "--url", "https://localhost"], 2);
    ask(&["put", "notes", "k", "@no/such/file"], 1);

    // Programs get the refusal as it came.
    let refused = ask(&["-o", "json", "put", "hits", "home", "1"], 4);
    let refused: Value = serde_json::from_str(&refused).unwrap();
    assert_eq!((&refused["status"], &refused["retryable"]), (&json!(422), &json!(false)));
}

#[test]
fn nobody_who_can_be_reached_is_an_exit_code_of_its_own() {
    // A port that was free a moment ago and that no system gives by itself.
    let [port] = crate::support::free_ports();
    let url = format!("127.0.0.1:{port}");
    for arguments in [
        &["get", "notes", "k"][..],
        &["put", "notes", "k", "1"],
        &["scan", "notes"],
        &["tables"],
        &["regions"],
        &["conflicts"],
    ] {
        let asked = Asked::nobody(&[arguments, &["--url", &url]].concat()).expect(5);
        assert!(asked.errors.contains("cannot be reached"), "{asked:?}");
        assert_eq!(asked.out, "");
    }
    let watched = Asked::nobody(&["watch", "--count", "1", &url]).expect(0);
    assert!(watched.out.contains("cannot be reached"), "{watched:?}");
}

#[test]
fn a_conflict_is_dismissed_and_that_is_undone() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    let ask = |arguments: &[&str]| Asked::of(a, arguments).expect(0);
    ask(&["tables", "define", "best", "--type", "register", "--resolver", "max"]);
    ask(&["put", "best", "k", "2"]);
    ask(&["put", "best", "k", "1"]);
    let id = ask(&["conflicts", "-o", "json"]).json()["id"].as_str().unwrap().to_owned();
    let shown = |verb| ask(&["conflicts", verb, &id]).lines()[1].to_owned();
    let listed = |state| ask(&["conflicts", "--state", state]).lines()[1..].join("\n");
    let row = |state: &str| format!("best   k    2 (a)  1 (a)  {state:5}  {id}");
    assert_eq!(shown("dismiss"), row("dismissed"));
    assert_eq!((listed("dismissed"), listed("open")), (row("dismissed"), String::new()));
    assert_eq!(shown("undo"), row("open"));
    assert_eq!(listed("open"), row("open"));
    let again = Asked::of(a, &["conflicts", "undo", &id]).expect(4);
    assert!(again.errors.contains("not_settled"), "{again:?}");
}

#[test]
fn tables_are_defined_listed_shown_altered_and_dropped() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    let ask = |arguments: &[&str]| Asked::of(a, arguments).expect(0);
    let row = "notes  register  last_write_wins  multi_leader  eventual     a,b,c";
    let head = "TABLE  TYPE      RESOLVER         STRATEGY      CONSISTENCY  REGIONS";
    assert_eq!(ask(&["tables", "define", "notes", "--type", "register"]).lines(), [head, row]);
    let all = ["--resolver", "last_write_wins", "--strategy", "multi_leader", "--regions", "a,b,c"];
    let again = [&["tables", "define", "notes", "--type", "register"][..], &all].concat();
    assert_eq!(ask(&again).lines(), [head, row]);
    assert_eq!(ask(&["tables"]).lines(), [head, row]);
    assert_eq!(ask(&["tables", "show", "notes"]).lines(), [head, row]);
    assert_eq!(ask(&["tables", "list", "-o", "json"]).json()["tables"][0]["name"], "notes");
    let alter = ["tables", "alter", "notes", "--consistency", "session"];
    let altered = "notes  register  last_write_wins  multi_leader  session      a,b,c";
    assert_eq!(ask(&alter).lines(), [head, altered]);
    assert_eq!(ask(&alter).lines(), [head, altered]);
    Asked::of(a, &["tables", "alter", "notes", "--consistency", "bounded"]).expect(4);
    Asked::of(a, &["tables", "alter", "absent", "--consistency", "session"]).expect(3);
    Asked::of(a, &["tables", "alter", "notes"]).expect(2);
    assert_eq!(ask(&["tables", "show", "notes"]).lines(), [head, altered]);
    assert_eq!(ask(&["tables", "drop", "notes"]).out, "notes dropped\n");
    assert_eq!(ask(&["tables", "-o", "json"]).json(), json!({"tables": []}));
}

#[test]
fn links_are_listed_paused_and_resumed() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    let ask = |arguments: &[&str]| Asked::of(a, arguments).expect(0);
    eventually("all links are up", || ["b", "c"].iter().all(|peer| a.link(peer)["state"] == "up"));
    let links = ask(&["links"]);
    let peers = links.lines().into_iter().map(|line| line.split_whitespace().next().unwrap());
    assert_eq!(peers.collect::<Vec<_>>(), ["PEER", "b", "c"]);

    assert_eq!(ask(&["links", "pause", "b", "-o", "json"]).json()["state"], "paused");
    let paused = ask(&["links"]);
    assert!(paused.lines()[1].starts_with("b     paused  "), "{paused:?}");
    assert_eq!(ask(&["links", "resume", "b"]).lines().len(), 2);
    eventually("the link is up again", || a.link("b")["state"] == "up");
}

#[test]
fn regions_that_answer_are_shown_also_where_others_do_not() {
    let mut cluster = Cluster::start();
    let urls = cluster.all().map(|region| region.api.to_string());
    let admins = cluster.all().map(|region| region.admin.to_string());
    let incarnation = cluster.at("a").about()["incarnation"].clone();
    let one = Asked::of(cluster.at("a"), &["regions", "-o", "json"]).expect(0).json();
    assert_eq!(one["regions"][0]["incarnation"], incarnation);

    cluster.at_mut("b").kill();
    let asking = [&["regions"][..], &urls.each_ref().map(String::as_str)].concat();
    let shown = Asked::nobody(&asking).expect(5);
    let names = shown.lines().into_iter().map(|line| line.split_whitespace().next().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["REGION", "a", "c"]);
    assert!(shown.errors.contains(&urls[1]), "{shown:?}");

    let watch = ["watch", "--interval-ms", "100", "--count", "2", "-o", "json"];
    let watch = [&watch[..], &admins.each_ref().map(String::as_str)].concat();
    let watched = Asked::nobody(&watch).expect(0);
    assert_eq!(watched.lines().len(), 2);
    for line in watched.lines() {
        let seen: Value = serde_json::from_str(line).unwrap();
        let regions = seen["regions"].as_array().unwrap();
        assert_eq!(regions[0]["region"]["region"], "a");
        assert_eq!(regions[0]["links"].as_array().unwrap().len(), 2);
        assert!(regions[1]["error"].as_str().unwrap().contains("cannot be reached"));
    }
}
