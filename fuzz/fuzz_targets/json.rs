//! Any bytes as the JSON files that tools keep runs in; the first byte chooses the tool.
#![no_main]

mod common;

use isoflop_runs::Tool;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let files = [
        ("trainer_state.json", Tool::HfTrainer),
        ("results_x.json", Tool::LmEval),
        ("x.jsonl", Tool::Trackio),
        ("x.jsonl", Tool::Aim),
        ("2026_x.json", Tool::Inspect),
    ];
    let (name, tool) = files[usize::from(choice) % files.len()];
    common::read(name, tool, bytes);
});
