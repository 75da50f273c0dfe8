//! libFuzzer on the target `settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tombolo_fuzz::settings(bytes));
