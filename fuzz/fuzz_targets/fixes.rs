//! A script, and what its fixes make of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::fixes(data));
