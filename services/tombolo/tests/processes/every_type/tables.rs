//! A table for every data type and resolver, and what is asked of its items at random.

use tombolo_simulation::Random;

use super::cell::{ASCENDING, Change, Rule};
use super::item::{ELEMENTS, Operation, Type};

/// See the module.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) definition: &'static str,
    pub(super) data_type: Type,
    pub(super) rule: Rule,
    /// A random operation that is the change of that number.
    pub(super) operation: fn(&mut Random, Change) -> Operation,
}

pub(super) const TABLES: [Table; 10] = [
    Table {
        name: "last",
        definition: r#"{"type":"register","resolver":"last_write_wins"}"#,
        data_type: Type::Register,
        rule: Rule::Last,
        operation: unique,
    },
    Table {
        name: "first",
        definition: r#"{"type":"register","resolver":"first_write_wins"}"#,
        data_type: Type::Register,
        rule: Rule::First,
        operation: unique,
    },
    Table {
        name: "siblings",
        definition: r#"{"type":"register","resolver":"siblings"}"#,
        data_type: Type::Register,
        rule: Rule::All,
        operation: unique,
    },
    Table {
        name: "max",
        definition: r#"{"type":"register","resolver":"max"}"#,
        data_type: Type::Register,
        rule: Rule::Largest,
        operation: ranked,
    },
    Table {
        name: "min",
        definition: r#"{"type":"register","resolver":"min"}"#,
        data_type: Type::Register,
        rule: Rule::Smallest,
        operation: ranked,
    },
    Table {
        name: "counter",
        definition: r#"{"type":"counter","resolver":"merge"}"#,
        data_type: Type::Counter,
        rule: Rule::All,
        operation: counted,
    },
    Table {
        name: "add_wins",
        definition: r#"{"type":"set","resolver":"add_wins"}"#,
        data_type: Type::Set,
        rule: Rule::Side(true),
        operation: gathered,
    },
    Table {
        name: "remove_wins",
        definition: r#"{"type":"set","resolver":"remove_wins"}"#,
        data_type: Type::Set,
        rule: Rule::Side(false),
        operation: gathered,
    },
    Table {
        name: "enable_wins",
        definition: r#"{"type":"flag","resolver":"enable_wins"}"#,
        data_type: Type::Flag,
        rule: Rule::Side(true),
        operation: switched,
    },
    Table {
        name: "disable_wins",
        definition: r#"{"type":"flag","resolver":"disable_wins"}"#,
        data_type: Type::Flag,
        rule: Rule::Side(false),
        operation: switched,
    },
];

fn unique(random: &mut Random, change: Change) -> Operation {
    if random.one_in(5) { Operation::Delete } else { Operation::Put(format!("\"v{change}\"")) }
}

fn ranked(random: &mut Random, _: Change) -> Operation {
    let rank = usize::try_from(random.below(ASCENDING.len() as u64)).unwrap();
    if random.one_in(8) { Operation::Delete } else { Operation::Put(ASCENDING[rank].to_owned()) }
}

fn counted(random: &mut Random, _: Change) -> Operation {
    let by = i64::try_from(random.below(2_001)).unwrap() - 1_000;
    if random.one_in(8) { Operation::Delete } else { Operation::Increment(by) }
}

fn gathered(random: &mut Random, _: Change) -> Operation {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for nth in 0..ELEMENTS.len() {
        match random.below(4) {
            0 => added.push(nth),
            1 => removed.push(nth),
            _ => {}
        }
    }
    match random.below(8) {
        0 => Operation::Delete,
        1 | 2 => Operation::PutSet(added),
        _ => Operation::Change { added, removed },
    }
}

fn switched(random: &mut Random, _: Change) -> Operation {
    if random.one_in(8) { Operation::Delete } else { Operation::Put(random.one_in(2).to_string()) }
}
