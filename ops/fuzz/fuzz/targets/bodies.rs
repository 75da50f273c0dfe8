//! libFuzzer on the target `bodies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tombolo_fuzz::bodies(bytes));
