//! A text as the shell's statements and words, and as words of units and compose files.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint::mutations::properties::words(data));
