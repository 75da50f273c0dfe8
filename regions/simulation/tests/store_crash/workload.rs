//! What clients ask for: random commands on few tables and keys, so that they meet.

use tombolo_datatypes::{DataType, Element, JsonText, Operation};
use tombolo_replication::{
    Catalog, Consistency, ItemKey, Key, Strategy, TableName, TableShape, leader::Command,
};
use tombolo_resolvers::ResolverKind;
use tombolo_simulation::Random;

/// A counter that is only ever added to: its value is a plain sum.
pub(crate) const SUMS: &str = "sums";
/// A table that comes and goes.
pub(crate) const SCRATCH: &str = "scratch";

const TABLES: [(&str, DataType); 6] = [
    (SUMS, DataType::Counter),
    ("hits", DataType::Counter),
    ("notes", DataType::Register),
    ("tags", DataType::Set),
    ("flags", DataType::Flag),
    (SCRATCH, DataType::Register),
];

/// Keys that share beginnings, one that is long, one that is not ASCII.
const KEYS: [&str; 6] = ["a", "aa", "b", "\u{0}", "é/ü", "long"];

/// A command, and what it adds to an item of [`SUMS`].
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) command: Command,
    pub(crate) added: Option<i64>,
}

/// A command on a table that is there; nothing where the table drawn is not.
pub(crate) fn draft(random: &mut Random, catalog: &Catalog) -> Option<Draft> {
    let (name, data_type) = one_of(random, &TABLES);
    let table = catalog.by_name(name)?.id;
    let by = i64::try_from(random.below(40)).unwrap() - 15;
    let deletes = name != SUMS && random.one_in(5);
    let operation = match data_type {
        _ if deletes => Operation::Delete,
        DataType::Counter => Operation::Increment(by),
        DataType::Register => Operation::Put(value(random)),
        DataType::Set => elements(random),
        DataType::Flag => Operation::Switch(random.one_in(2)),
    };
    let command = Command::new(ItemKey { table, key: key(random) }, operation);
    Some(Draft { command, added: (name == SUMS).then_some(by) })
}

/// A table to define: the first that is missing.
pub(crate) fn missing_table(catalog: &Catalog) -> Option<(TableName, TableShape)> {
    let (name, data_type) = TABLES.iter().find(|(name, _)| catalog.by_name(name).is_none())?;
    let resolver = ResolverKind::of(*data_type)[0];
    let (strategy, consistency) = (Strategy::MultiLeader, Consistency::Eventual);
    let shape = TableShape { data_type: *data_type, resolver, strategy, consistency };
    Some((TableName::new(name).unwrap(), shape))
}

pub(crate) fn key(random: &mut Random) -> Key {
    let name = one_of(random, &KEYS);
    let long = "long".repeat(Key::BYTES_MAX / 4);
    Key::new(if name == "long" { &long } else { name }).unwrap()
}

/// Mostly short, some larger than half a journal segment, few larger than one.
fn value(random: &mut Random) -> JsonText {
    let len_max = match random.below(20) {
        0 => 6_000,
        1..5 => 2_500,
        _ => 120,
    };
    let len = usize::try_from(random.below(len_max)).unwrap();
    let text: String = random.bytes(len).into_iter().map(|b| char::from(b'a' + b % 26)).collect();
    JsonText::parse(format!("{text:?}").as_bytes()).unwrap()
}

fn elements(random: &mut Random) -> Operation {
    let mut some = || {
        let count = random.below(4);
        let elements = (0..count).map(|_| {
            let number = i64::try_from(random.below(8)).unwrap();
            Element::new(&JsonText::from(number)).unwrap()
        });
        elements.collect()
    };
    Operation::Elements { added: some(), removed: some() }
}

pub(crate) fn one_of<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[usize::try_from(random.below(choices.len() as u64)).unwrap()]
}
