//! A script, judged as the only file of a repo.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::check(data));
