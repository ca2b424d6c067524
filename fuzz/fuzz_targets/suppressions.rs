//! A script with comments that quiet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::suppressions(data));
