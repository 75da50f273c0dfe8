//! libFuzzer on the target `tokens`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tombolo_fuzz::tokens(bytes));
