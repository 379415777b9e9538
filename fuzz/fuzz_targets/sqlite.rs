//! Any bytes as a database of MLflow and as one of Trackio.
#![no_main]

mod common;

use isoflop_runs::Tool;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    common::read("x.db", Tool::MlflowDb, bytes);
    common::read("x.db", Tool::Trackio, bytes);
});
