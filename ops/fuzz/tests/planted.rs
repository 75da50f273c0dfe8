//! The smoke run would find something: decoders with a bug planted in each, and what is said.
#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test, and says where")]

use tombolo_fuzz::{Found, Seed, Smoke, Target, of_hex};

/// Enough for every bug here, and far from what every target is given.
const SMOKE: Smoke = Smoke { seed: 1, mutations: 20_000 };

fn target(run: fn(&[u8])) -> Target {
    Target {
        name: "planted",
        run,
        golden: &[],
        files: &[],
        memory_base_bytes_max: 4 << 10,
        memory_bytes_per_byte_max: 64,
    }
}

/// Seeds that none of the decoders here stumbles over.
fn seeds() -> Vec<Seed> {
    let bytes = [&[1, 3, b'a', b'b', b'c'][..], &[1, 0], &[1, 5, 2, 2, 9, 9, 9], &[2, 1, b'x']];
    let named = |(at, bytes): (usize, &&[u8])| Seed { name: at.to_string(), bytes: bytes.to_vec() };
    bytes.iter().enumerate().map(named).collect()
}

/// What is found, once it is known that it fails by itself and that a second run finds the same.
#[track_caller]
fn found(run: fn(&[u8])) -> Found {
    let found = SMOKE.run(&target(run), &seeds()).unwrap_err();
    assert!(found.mutation.is_some(), "{found}");
    let alone = [Seed { name: "alone".to_owned(), bytes: found.input.clone() }];
    let again = Smoke { mutations: 0, ..SMOKE }.run(&target(run), &alone).unwrap_err();
    assert_eq!((&again.input, &again.said), (&found.input, &found.said));
    assert_eq!(SMOKE.run(&target(run), &seeds()), Err(found.clone()));
    found
}

/// `1 │ length │ that many bytes`, with nothing wrong.
fn sound(bytes: &[u8]) {
    let [1, length, rest @ ..] = bytes else { return };
    let content = rest.get(..usize::from(*length));
    assert!(content.is_none_or(|content| content.len() <= bytes.len()));
}

/// The length is believed.
fn believes_lengths(bytes: &[u8]) {
    if let [1, length, rest @ ..] = bytes {
        assert_eq!(rest[..usize::from(*length)].len(), usize::from(*length));
    }
}

/// One structure of three conditions, none of which a seed meets beside another.
fn trips_over_one_structure(bytes: &[u8]) {
    if let [1, 3, content @ ..] = bytes
        && content.len() == 4
        && content.ends_with(b"x")
    {
        unreachable!("the structure");
    }
}

/// What is read does not come back: a length is written without its upper bit.
fn loses_a_bit(bytes: &[u8]) {
    if let [1, length, ..] = bytes {
        assert_eq!(length & 0x7f, *length, "another value comes back");
    }
}

/// Room is made for what is claimed.
fn makes_room(bytes: &[u8]) {
    if let [1, length, ..] = bytes {
        let room = Vec::<u8>::with_capacity(usize::from(*length) << 8);
        assert_eq!(room.len(), 0);
    }
}

#[test]
fn a_sound_decoder_passes() {
    let tally = SMOKE.run(&target(sound), &seeds()).unwrap();
    assert_eq!(tally.inputs, 4 + 20_000);
}

#[test]
fn a_length_that_is_believed_is_found_and_made_as_short_as_can_be() {
    let found = found(believes_lengths);
    assert!(matches!(*found.input, [1, 1..=255]), "{found}");
    assert!(found.said.contains("out of range"), "{found}");
}

#[test]
fn one_structure_in_which_it_panics_is_found() {
    let found = found(trips_over_one_structure);
    assert_eq!(found.input.len(), 6, "{found}");
    assert!(found.said.contains("the structure"), "{found}");
}

#[test]
fn a_value_that_does_not_come_back_is_found() {
    assert!(found(loses_a_bit).said.contains("another value comes back"));
}

#[test]
fn memory_for_what_is_only_claimed_is_found() {
    let found = found(makes_room);
    assert!(found.said.contains("bytes of memory"), "{found}");
    assert!(matches!(*found.input, [1, 17..=255]), "{found}");
}

#[test]
fn what_is_said_holds_the_input_as_the_corpus_would() {
    let found = found(trips_over_one_structure);
    let said = found.to_string();
    let (_, hex) = said.split_once("NAME.hex:\n").unwrap();
    assert_eq!(of_hex(hex), Some(found.input));
}
