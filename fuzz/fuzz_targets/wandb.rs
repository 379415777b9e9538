//! Any bytes as the log of a run of Weights & Biases.
#![no_main]

mod common;

use isoflop_runs::Tool;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    common::read("run-x.wandb", Tool::Wandb, bytes);
});
