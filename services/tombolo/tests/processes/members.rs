//! Regions that are added and removed while the others work: nothing that was acknowledged is lost,
//! and nothing of who was removed comes back.

use std::time::Duration;

use serde_json::{Value, json};
use tombolo_causality::RegionId;
use tombolo_topology::Settings;
use tombolo_topology::settings::Member;
use tombolo_wan::LinkShape;

use crate::kill::advance;
use crate::support::{
    Asked, Cluster, Distance, Level, Load, Region, Reply, Tally, eventually, free_ports, item,
    level,
};

/// The settings of a region that is to be added: it names itself and one member.
fn newcomer(cluster: &Cluster, name: &str) -> Region {
    newcomer_of(cluster, "a", name)
}

/// The same with another member.
fn newcomer_of(cluster: &Cluster, known: &str, name: &str) -> Region {
    let [api, admin, replication] = free_ports();
    let address = |port: u16| ([127, 0, 0, 1], port).into();
    let mut settings =
        Settings::for_region(RegionId::new(name).unwrap(), cluster.folder().join(name));
    settings.listen.api = address(api);
    settings.listen.admin = address(admin);
    settings.listen.replication = address(replication);
    settings.http.workers = 1;
    let known = [(known, cluster.at(known).replication), (name, address(replication))];
    let member = |(name, replication): (&str, std::net::SocketAddr)| Member {
        name: RegionId::new(name).unwrap(),
        replication: replication.into(),
    };
    settings.cluster.regions = known.map(member).to_vec();
    Region::new(&settings)
}

/// Has `asked` add `region`.
#[track_caller]
fn add(asked: &Region, region: &Region) -> Reply {
    let body = json!({"region": region.name, "replication": region.replication.to_string()});
    asked.tell_admin("POST", "/v1/members", Some(&body))
}

/// Has `asked` remove the region of that name.
#[track_caller]
fn remove(asked: &Region, name: &str) -> Reply {
    asked.ask_admin("DELETE", &format!("/v1/members/{name}"))
}

fn members(region: &Region) -> Value {
    region.ask_admin("GET", "/v1/members").expect(200)
}

/// The names of the members, as `region` shows them.
fn names(region: &Region) -> Vec<String> {
    let shown = members(region);
    let members = shown["members"].as_array().unwrap().iter();
    members.map(|member| member["region"].as_str().unwrap().to_owned()).collect()
}

fn eventually_ready(region: &Region) {
    eventually("it is ready", || region.ask("GET", "/readyz", None).status == 200);
}

/// Waits until the load has gone on for a while.
fn goes_on(region: &Region) {
    advance(region, 50);
}

#[test]
fn a_fourth_region_is_added_under_load_and_then_takes_part_in_everything() {
    let cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    Load::prepare(&cluster);
    let load = Load::begin(&cluster, 1);
    goes_on(a);

    // It may be there before it is added: it answers nothing and keeps trying.
    let mut d = newcomer(&cluster, "d");
    d.start();
    let waiting = d.ask("GET", &item("hits", "everyone"), None);
    assert_eq!((waiting.status, &waiting.body["code"]), (503, &json!("catching_up")));
    assert_eq!(d.ask("PUT", &item("marks", "d"), Some(&json!(1))).body["code"], "catching_up");
    assert_eq!(d.ask("GET", "/readyz", None).status, 503);
    eventually("it is told why", || {
        d.link("a")["reason"].as_str().is_some_and(|reason| reason.contains("not a member"))
    });
    goes_on(a);

    assert_eq!(add(b, &d).expect(201)["region"], "d");
    for region in [a, b, c] {
        assert_eq!(names(region), ["a", "b", "c", "d"], "{}", region.name);
        let counted = ["tombolo_members", "tombolo_membership_epoch"];
        assert_eq!(counted.map(|series| region.metric(series).to_string()), ["4", "1"]);
    }
    // The same again is the same.
    add(a, &d).expect(200);
    eventually_ready(&d);
    goes_on(c);
    let mut tally = Tally::default();
    load.end(&mut tally);
    let all = [a, b, c, &d];
    level(&all);
    tally.check_in(&all);
    assert!(tally.registers() > 100, "{}", tally.registers());
    assert_eq!(names(&d), ["a", "b", "c", "d"]);

    // It counts: for a write concern, for definitions, for digests.
    let held = a.ask("PUT", "/v1/tables/marks/items/all?w=4", Some(&json!(1)));
    assert_eq!(held.status, 201, "{held:?}");
    let too_many = a.ask("PUT", "/v1/tables/marks/items/all?w=5", Some(&json!(1)));
    assert_eq!(too_many.body["code"], "write_concern_too_large");
    d.define("late", "register");
    d.put("late", "of_d", 1);
    let level = level(&all);
    assert_eq!(level.replicas("d").len(), 1);
    let compared = d.ask_admin("POST", "/v1/verify").expect(200);
    let compared = compared["regions"].as_array().unwrap();
    assert_eq!(compared.len(), 3);
    assert!(compared.iter().all(|region| region["identical"] == true), "{compared:?}");
    for peer in ["a", "b", "c"] {
        eventually("its links are up", || d.link(peer)["state"] == "up");
    }
}

/// The change counters that a region shows of the replicas of `name`.
fn applied_of(region: &Region, name: &str) -> u64 {
    let level = Level::of(region);
    level.replicas(name).iter().map(|replica| level.vector[*replica]).sum()
}

#[test]
fn a_region_is_removed_under_load_and_the_others_level_to_its_end_around_a_cut() {
    let near = LinkShape::with_delay(Duration::from_millis(1));
    let cluster = Cluster::start_with(Distance::Relay(near), &|_| {});
    let [a, b, c] = cluster.all();
    Load::prepare(&cluster);
    cluster.level();
    // What c writes from now on reaches b, and a only from there.
    cluster.wan().cut("a", "c").unwrap();
    let load = Load::begin_in(&[a, b], 2);
    for nth in 0..50 {
        c.put("marks", &format!("of_c{nth}"), nth);
    }
    eventually("b has what c wrote", || applied_of(b, "c") == 50);
    remove(b, "c").expect(204);
    remove(a, "c").expect(204);
    goes_on(a);
    let mut tally = Tally::default();
    load.end(&mut tally);
    level(&[a, b]);
    tally.check_in(&[a, b]);
    for region in [a, b] {
        assert_eq!(applied_of(region, "c"), 50);
        assert_eq!(region.value("marks", "of_c49"), 49);
        let shown = members(region);
        assert_eq!((&shown["epoch"], names(region)), (&json!(1), vec!["a".into(), "b".into()]));
        let left = &shown["removed"][0];
        assert_eq!((&left["region"], &left["behind"]), (&json!("c"), &json!([])));
        let last: Vec<_> = left["last"].as_object().unwrap().values().collect();
        assert_eq!(last, [50]);
        let links = region.ask_admin("GET", "/v1/links").expect(200);
        assert_eq!(links["links"].as_array().unwrap().len(), 1, "{links}");
    }
    // Nothing waits for it any more.
    a.define("late", "register");
    assert_eq!(a.ask("PUT", &item("late", "k"), Some(&json!(1))).status, 201);
    let held = a.ask("PUT", "/v1/tables/late/items/k?w=2", Some(&json!(2)));
    assert_eq!(held.status, 200, "{held:?}");
    let too_many = a.ask("PUT", "/v1/tables/late/items/k?w=3", Some(&json!(1)));
    assert_eq!(too_many.body["code"], "write_concern_too_large");

    // c learns of it, keeps what it has for whoever reads, and takes nothing.
    eventually("c knows", || c.about()["is_member"] == false);
    let refused = c.ask("PUT", &item("marks", "k"), Some(&json!(1)));
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("not_a_member")));
    assert_eq!(c.value("marks", "of_c49"), 49);
    assert_eq!(c.ask("GET", "/readyz", None).status, 503);
}

#[test]
fn what_a_removed_region_had_not_shipped_is_refused_when_it_wakes_up_and_stays_readable() {
    let mut cluster = Cluster::start();
    cluster.at("a").define("notes", "register");
    cluster.at("c").put("notes", "shipped", 1);
    cluster.level();
    for peer in ["a", "b"] {
        cluster.at("c").steer(peer, "pause");
    }
    cluster.at("c").put("notes", "stranded", 1);
    let stranded = applied_of(cluster.at("c"), "c");
    cluster.at_mut("c").kill();
    remove(cluster.at("a"), "c").expect(204);

    for woken in 0..2 {
        cluster.at_mut("c").start();
        if woken == 0 {
            // It has paused the links, and knows of nothing before they are resumed.
            for peer in ["a", "b"] {
                cluster.at("c").steer(peer, "resume");
            }
        }
        let c = cluster.at("c");
        eventually("c is told", || c.about()["is_member"] == false);
        let refused = c.ask("PUT", &item("notes", "k"), Some(&json!(1)));
        assert_eq!((refused.status, &refused.body["code"]), (409, &json!("not_a_member")));
        assert_eq!(refused.body["outcome"], "not_applied");
        assert_eq!(c.value("notes", "stranded"), 1);
        // Its name is the one that it had.
        assert_eq!(applied_of(c, "c"), stranded);
        assert_eq!(Level::of(c).replicas("c").len(), 1);
        cluster.at_mut("c").kill();
    }

    // Added again, with the old directory: nothing of it comes in, and it takes no part.
    let address = cluster.at("c").replication.to_string();
    let body = json!({"region": "c", "replication": address});
    cluster.at("b").tell_admin("POST", "/v1/members", Some(&body)).expect(201);
    cluster.at_mut("c").start();
    let [a, b, c] = cluster.all();
    for region in [a, b] {
        eventually("it is refused", || {
            let reason = region.link("c")["reason"].as_str().unwrap_or_default().to_owned();
            reason.contains("life that was removed")
        });
        assert_eq!(region.value("notes", "stranded"), Value::Null);
        assert_eq!(applied_of(region, "c"), 1);
    }
    assert_eq!(c.about()["is_member"], false);

    // With an empty one it is a member like any other.
    cluster.at_mut("c").kill();
    std::fs::remove_dir_all(&cluster.at("c").data_dir).unwrap();
    cluster.at_mut("c").start();
    eventually_ready(cluster.at("c"));
    cluster.at("c").put("notes", "anew", 2);
    let level = cluster.level();
    assert_eq!(level.replicas("c").len(), 2);
    assert_eq!(cluster.at("a").value("notes", "anew"), 2);
}

#[test]
fn a_region_is_removed_and_added_again_under_load_and_the_totals_stand() {
    let mut cluster = Cluster::start();
    Load::prepare(&cluster);
    let mut tally = Tally::default();
    let everywhere = Load::begin(&cluster, 3);
    goes_on(cluster.at("c"));
    everywhere.end(&mut tally);
    cluster.level();
    let load = Load::begin_in(&[cluster.at("a"), cluster.at("b")], 4);
    for round in 1..=2 {
        remove(cluster.at("b"), "c").expect(204);
        goes_on(cluster.at("a"));
        cluster.at_mut("c").kill();
        std::fs::remove_dir_all(&cluster.at("c").data_dir).unwrap();
        cluster.at_mut("c").start();
        add(cluster.at("b"), cluster.at("c")).expect(201);
        eventually_ready(cluster.at("c"));
        goes_on(cluster.at("b"));
        assert_eq!(members(cluster.at("c"))["epoch"], 2 * round);
    }
    load.end(&mut tally);
    cluster.level();
    tally.check(&cluster);
}

#[test]
fn members_that_are_killed_while_the_list_changes_come_back_to_the_list_as_it_is() {
    let mut cluster = Cluster::start();
    Load::prepare(&cluster);
    let mut d = newcomer(&cluster, "d");
    d.start();
    cluster.at_mut("b").kill();
    // b has not confirmed it, and is named; the same is asked for again once it is back.
    let pending = add(cluster.at("a"), &d);
    assert_eq!((pending.status, &pending.body["code"]), (503, &json!("membership_pending")));
    assert_eq!(pending.body["outcome"], "applied_locally");
    assert!(pending.body["detail"].as_str().unwrap().contains("[b]"), "{pending:?}");
    assert_eq!(members(cluster.at("a"))["members"][3]["unconfirmed_by"], json!(["b"]));
    cluster.at_mut("a").kill();
    cluster.at_mut("a").start();
    assert_eq!(names(cluster.at("a")), ["a", "b", "c", "d"]);
    eventually_ready(&d);
    d.kill();
    cluster.at_mut("b").start();
    add(cluster.at("c"), &d).expect(200);
    d.start();
    eventually_ready(&d);
    // d names only a in its file; it knows the others by the list.
    cluster.at_mut("a").kill();
    d.kill();
    d.start();
    d.increment("hits", "everyone", 5);
    for name in ["b", "c"] {
        let region = cluster.at(name);
        eventually("it has arrived without a", || region.value("hits", "everyone") == 5);
    }
    cluster.at_mut("a").start();
    let [a, b, c] = cluster.all();
    let all = [a, b, c, &d];
    assert_eq!(level(&all).items, 1);
    for region in all {
        assert_eq!(names(region), ["a", "b", "c", "d"], "{}", region.name);
    }
}

#[test]
fn the_region_that_orders_is_removed_and_the_next_orders_from_then_on() {
    let mut cluster = Cluster::start();
    let [a, b, c] = cluster.all();
    Load::prepare(&cluster);
    let load = Load::begin_in(&[b, c], 5);
    let refused = remove(a, "a");
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("asked_to_leave")));
    remove(c, "a").expect(204);
    assert_eq!(a.ask("PUT", "/v1/tables/x", Some(&json!({"type": "flag"}))).status, 409);
    for region in [b, c] {
        assert_eq!(members(region)["orderer"], "b");
    }
    c.define("late", "register");
    let mut d = newcomer_of(&cluster, "b", "d");
    add(c, &d).expect(201);
    d.start();
    eventually_ready(&d);
    goes_on(b);
    let mut tally = Tally::default();
    load.end(&mut tally);
    let all = [b, c, &d];
    level(&all);
    tally.check_in(&all);
    remove(b, "d").expect(204);
    remove(b, "c").expect(204);
    assert_eq!(remove(b, "b").body["code"], "asked_to_leave");
    assert_eq!(names(b), ["b"]);
    b.define("alone", "register");
    // Also after a restart.
    cluster.at_mut("b").kill();
    cluster.at_mut("b").start();
    assert_eq!(names(cluster.at("b")), ["b"]);
    cluster.at("b").define("still_alone", "register");
}

#[test]
fn what_cannot_be_a_change_of_members_is_refused() {
    let mut cluster = Cluster::start();
    let a = cluster.at("a");
    assert_eq!(members(a)["epoch"], 0);
    let post = |body: Value| {
        let reply = cluster.at("b").tell_admin("POST", "/v1/members", Some(&body));
        (reply.status, reply.body["code"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let elsewhere = json!({"region": "c", "replication": "127.0.0.1:1"});
    assert_eq!(post(elsewhere), refused(409, "member_exists"));
    assert_eq!(post(json!({"region": "d"})), refused(400, "bad_member"));
    let unknown = json!({"region": "d", "replication": "d:1", "weight": 1});
    assert_eq!(post(unknown), refused(422, "unknown_member"));
    assert_eq!(remove(a, "d").body["code"], "no_such_member");
    assert_eq!(remove(a, "D%20").body["code"], "no_such_member");
    // What is so from the beginning is no change.
    add(a, cluster.at("c")).expect(200);
    assert_eq!(members(a)["epoch"], 0);
    // Without the region that orders nothing can be decided.
    cluster.at_mut("a").kill();
    let pending = remove(cluster.at("b"), "c");
    assert_eq!((pending.status, &pending.body["code"]), (503, &json!("membership_pending")));
    assert_eq!(pending.body["outcome"], "unknown");
}

#[test]
fn a_newcomer_whose_first_acquaintance_is_away_takes_what_another_member_shows() {
    let mut cluster = Cluster::start();
    Load::prepare(&cluster);
    cluster.at("a").increment("hits", "everyone", 7);
    cluster.level();
    let mut d = newcomer_of(&cluster, "b", "d");
    let settings = std::fs::read_to_string(&d.settings_file).unwrap();
    let c = cluster.at("c").replication;
    let and_c = format!("\n[[cluster.regions]]\nname = \"c\"\nreplication = \"{c}\"\n");
    std::fs::write(&d.settings_file, settings + &and_c).unwrap();
    d.start();
    eventually("it waits", || d.link("c")["reason"].is_string());
    // b holds the addition, and is gone before d could take anything from it.
    cluster.at_mut("b").kill();
    assert_eq!(add(cluster.at("a"), &d).status, 503);
    eventually_ready(&d);
    assert_eq!(d.value("hits", "everyone"), 7);
    cluster.at_mut("b").start();
    add(cluster.at("a"), &d).expect(200);
    let [a, b, c] = cluster.all();
    level(&[a, b, c, &d]);
}

#[test]
fn the_command_lists_adds_and_removes_members() {
    let cluster = Cluster::start();
    let a = cluster.at("a");
    let d = newcomer(&cluster, "d");
    let address = d.replication.to_string();
    let added = Asked::of(a, &["members", "add", "d", &address]).expect(0);
    assert_eq!(added.out, "d is a member\n");
    let listed = Asked::of(a, &["members"]).expect(0).out;
    let rows: Vec<Vec<_>> = listed.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["REGION", "STATE", "REPLICATION", "NOT", "YET", "CONFIRMED", "BY"]);
    assert_eq!(rows[1][..2], ["a", "orders"]);
    assert_eq!(rows[4], ["d", "member", &address]);
    let removed = Asked::of(a, &["members", "remove", "d", "-o", "json"]).expect(0).json();
    assert_eq!(removed, json!({"region": "d", "removed": true}));
    let listed = Asked::of(a, &["members", "list", "-o", "json"]).expect(0).json();
    assert_eq!((&listed["epoch"], &listed["removed"][0]["region"]), (&json!(2), &json!("d")));
    Asked::of(a, &["members", "remove", "mars"]).expect(3);
    Asked::of(a, &["members", "add", "d", "nowhere"]).expect(4);
    Asked::of(a, &["members", "remove", "a"]).expect(4);
}
