//! A link that carries little: what is large takes its time and arrives, and the link stays up.

use std::num::NonZeroU64;
use std::time::Duration;

use tombolo_simulation::Random;
use tombolo_wan::LinkShape;

use crate::support::{Cluster, Distance, eventually, noise};

/// A megabyte takes several times as long as a peer may be silent.
const BYTES_PER_S: NonZeroU64 = NonZeroU64::new(256 << 10).unwrap();
/// Characters of a value that is nearly as long as a value may be.
const CHARACTERS: usize = (1 << 20) - 16;

#[test]
fn the_longest_value_crosses_a_slow_link_and_leaves_it_up() {
    let shape = LinkShape::with_delay(Duration::from_millis(5)).bandwidth(BYTES_PER_S);
    let cluster = Cluster::start_with(Distance::Relay(shape), &|_| {});
    let [a, b, c] = cluster.all();
    a.define("notes", "register");
    eventually("every link is up", || {
        [b, c].iter().all(|region| region.link("a")["state"] == "up")
    });
    let lost = || cluster.all().map(|region| region.log().matches("the link is down").count());
    let lost_before = lost();
    let value = noise(&mut Random::new(5), CHARACTERS);
    a.put("notes", "long", value.as_str());
    a.put("notes", "short", 1);
    for region in [b, c] {
        eventually("what is long arrives", || region.value("notes", "long") == value);
        eventually("what came after it arrives", || region.value("notes", "short") == 1);
    }
    cluster.level();
    assert_eq!(lost(), lost_before);
}
