//! Every data type under every resolver, written in three regions that hear nothing of each other:
//! once they do, each shows what the promises say, and lists everything that was discarded.
//!
//! What is to be expected comes from a model that shares nothing with what is tested but the
//! words of the promises. The one thing that it takes from the regions is that later is larger: the
//! test lets their clock, which is one, move on between any two writes.

mod cell;
mod item;
mod settling;
mod tables;
mod world;

use self::tables::TABLES;
use self::world::World;
use crate::support::Seed;

/// The tables in which nothing is ever discarded.
const MERGING: [&str; 2] = ["siblings", "counter"];

#[test]
fn what_is_written_apart_is_shown_and_discarded_alike_everywhere() {
    let test = "what_is_written_apart_is_shown_and_discarded_alike_everywhere";
    let seed = Seed::of(test, 1);
    let mut world = World::new(seed.get());
    for _ in 0..3 {
        world.apart("pause");
        world.write_apart(6);
        world.apart("resume");
        world.compare();
        // On top of what is contested, by whoever has heard of it.
        world.write_in_turn();
        world.compare();
    }
    for table in TABLES {
        let conflicts = world.tally.get(table.name).copied().unwrap_or_default();
        assert_eq!(conflicts > 0, !MERGING.contains(&table.name), "{}: {conflicts}", table.name);
    }
}

#[test]
fn what_is_settled_anywhere_is_settled_alike_everywhere() {
    let test = "what_is_settled_anywhere_is_settled_alike_everywhere";
    let seed = Seed::of(test, 2);
    let mut world = World::new(seed.get());
    for _ in 0..3 {
        world.apart("pause");
        world.write_apart(4);
        world.apart("resume");
        world.compare();
        // One after the other, each in a region of its own, and the next once all have heard.
        for _ in 0..6 {
            world.settle(1);
            world.compare();
        }
        // The same conflicts settled in several regions at once, one way and the other.
        world.apart("pause");
        world.settle(30);
        world.write_apart(1);
        world.settle(30);
        world.apart("resume");
        world.compare();
    }
    for what in ["restored", "dismissed", "open", "already_written", "would_lose_again"] {
        assert!(world.tally.contains_key(what), "never {what}: {:?}", world.tally);
    }
}
