//! Any bytes as a Parquet file: a run table, a history of Weights & Biases, runs of Neptune and of Trackio.
#![no_main]

mod common;

use isoflop_runs::Tool;
use libfuzzer_sys::fuzz_target;

/// The Parquet library panics at some damaged files, which the readers turn into an error: only panics of our own
/// code end the search.
fn pass_over_panics_of_libraries() {
    let abort = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.location().is_none_or(|place| place.file().contains("isoflop") || place.file().starts_with("fuzz")) {
            abort(panic);
        }
    }));
}

fuzz_target!(init: pass_over_panics_of_libraries(), |bytes: &[u8]| {
    common::read("x.parquet", None, bytes);
    common::read("x.history.parquet", Tool::WandbHistory, bytes);
    common::read("RUN-1_part_0.parquet", Tool::Neptune, bytes);
    common::read("project.parquet", Tool::Trackio, bytes);
});
