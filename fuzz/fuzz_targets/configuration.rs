//! `deploylint.yaml`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::configuration(data));
