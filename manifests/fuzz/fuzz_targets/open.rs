//! Opens any bytes as a bundle.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| manifests::fake::fuzz_entry(bytes));
