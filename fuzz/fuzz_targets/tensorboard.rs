//! Any bytes as an event file of TensorBoard.
#![no_main]

mod common;

use isoflop_runs::Tool;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    common::read("events.out.tfevents.1.x", Tool::TensorBoard, bytes);
});
