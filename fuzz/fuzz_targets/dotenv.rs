//! An environment file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deploylint_fuzz::properties::dotenv(data));
