//! Pages and queries of the user.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::rules(data));
