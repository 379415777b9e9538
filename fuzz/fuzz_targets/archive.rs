//! Any bytes as a log of Inspect and as an offline session of ClearML.
#![no_main]

mod common;

use isoflop_runs::Tool;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    common::read("x.eval", Tool::Inspect, bytes);
    common::read("offline-x.zip", Tool::ClearMl, bytes);
});
