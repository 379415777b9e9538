//! The smallest fit there is, as a front end in Rust makes it: what `bench/python_peers.py` makes from Python.
//!
//! Prints one line of `key=value` pairs: medians of wall and mean of CPU seconds of a fit.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use isoflop_laws::Catalogue;
use isoflop_runs::{Column, RunTable};
use isoflop_study::{Changes, Notes, Request, fit_table};

/// Fits that are timed.
const ROUNDS: u32 = 2000;

fn main() {
    let columns = [("N", vec![1e6, 1e7, 1e8, 1e9]), ("loss", vec![3.2, 2.8, 2.5, 2.3])];
    let columns = columns.map(|(name, values)| (name.to_owned(), Column::from(values)));
    let table = RunTable::from_columns(columns.into()).unwrap();
    let request = Request {
        law: Some("loss ~ E + A / N^alpha".into()),
        changes: Changes { fixed: vec!["alpha=0.3".into()], ..Changes::default() },
        objective: Some("squares".into()),
        starts: "1".into(),
        bootstrap: 0,
        choices: false,
        ..Request::default()
    };
    let catalogue = Catalogue::containing("chinchilla").unwrap();
    let once = || fit_table(table.clone(), &request, &catalogue, &Notes::default(), &()).unwrap();
    for _ in 0..ROUNDS / 10 {
        once();
    }
    let before = cpu();
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            once();
            start.elapsed().as_secs_f64()
        })
        .collect();
    let spent = (cpu() - before) / f64::from(ROUNDS);
    times.sort_by(f64::total_cmp);
    println!("seconds={} cpu={spent} rows={}", times[times.len() / 2], table.rows());
}

/// CPU seconds of this process so far, all threads, where the system tells them (in steps of a hundredth on Linux).
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = text.rsplit(") ").next().unwrap_or_default();
    let ticks =
        ticks.split(' ').skip(11).take(2).filter_map(|number| number.parse::<f64>().ok()).sum::<f64>();
    ticks / 100.0
}
