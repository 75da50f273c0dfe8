//! Tries a target on its seeds and on a number of their mutations, always the same.
//!
//! Three ways to fail: a property is violated, the code panics, an input takes more memory than its
//! length allows. What fails is made as short as it can be and told in full.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tombolo_simulation::Random;

use crate::mutator::Mutator;
use crate::shrink::shrink;
use crate::{Seed, Target, to_hex};

/// How a target is tried.
#[derive(Debug, Clone, Copy)]
pub struct Smoke {
    /// What the mutations follow.
    pub seed: u64,
    /// How many there are.
    pub mutations: u64,
}

/// What was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Inputs.
    pub inputs: u64,
    /// The most memory that one of them took at one time, in bytes.
    pub memory_bytes: u64,
}

/// An input that fails.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Found {
    /// The target.
    pub target: &'static str,
    /// The seed that the input is, or is made of.
    pub from: String,
    /// Which mutation, counted from 0; nothing where it is the seed itself.
    pub mutation: Option<u64>,
    /// The input, made as short as it could be.
    pub input: Vec<u8>,
    /// How it fails.
    pub said: String,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, from, mutation, input, said } = self;
        writeln!(f, "{target}: {said}")?;
        match mutation {
            Some(mutation) => writeln!(f, "input: mutation {mutation}, of {from}, made shorter")?,
            None => writeln!(f, "input: {from}, made shorter")?,
        }
        writeln!(f, "to keep it, write this as ops/fuzz/corpus/{target}/NAME.hex:")?;
        f.write_str(&to_hex(input))
    }
}

impl Smoke {
    /// Tries `target` on `seeds`, then on their mutations, up to the first that fails.
    pub fn run(&self, target: &Target, seeds: &[Seed]) -> Result<Tally, Found> {
        let mut tally = Tally { inputs: 0, memory_bytes: 0 };
        let mut random = Random::new(self.seed);
        for seed in seeds {
            tally.add(tried(target, (&seed.name, None), &seed.bytes)?);
        }
        for mutation in 0..self.mutations {
            // Each has a generator of its own, so that it is the same whatever came before it.
            let mut mutator = Mutator::new(seeds, Random::new(random.next_u64()));
            let (from, input) = mutator.next_input();
            tally.add(tried(target, (from, Some(mutation)), &input)?);
        }
        Ok(tally)
    }
}

impl Tally {
    fn add(&mut self, memory_bytes: u64) {
        self.inputs += 1;
        self.memory_bytes = self.memory_bytes.max(memory_bytes);
    }
}

/// The memory that `input` took at one time; where it fails, the shortest that fails so.
fn tried(
    target: &Target,
    (from, mutation): (&str, Option<u64>),
    input: &[u8],
) -> Result<u64, Found> {
    attempt(target, input).map_err(|_| {
        let input = shrink(input.to_vec(), |shorter| attempt(target, shorter).is_err());
        let said = attempt(target, &input).err().unwrap_or_default();
        Found { target: target.name, from: from.to_owned(), mutation, input, said }
    })
}

/// The memory that `input` took at one time, or how it fails.
fn attempt(target: &Target, input: &[u8]) -> Result<u64, String> {
    let mut caught = Ok(());
    let taken = allocation_counter::measure(|| {
        caught = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    });
    caught.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("it panics").to_owned()
    })?;
    let max = target.memory_bytes_max(input.len());
    if taken.bytes_max > max {
        let bytes = taken.bytes_max;
        return Err(format!("it takes {bytes} bytes of memory, {max} are allowed"));
    }
    Ok(taken.bytes_max)
}
