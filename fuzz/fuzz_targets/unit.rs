//! A unit, and the settings of supervisor.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::unit(data));
