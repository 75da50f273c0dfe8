//! libFuzzer on the target `frames`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tombolo_fuzz::frames(bytes));
