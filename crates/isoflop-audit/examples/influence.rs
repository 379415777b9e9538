//! The Rust side of the influence benchmark: `influence influence --table PATH [--threads N]`, PATH a CSV with the columns
//! N, D and loss. Prints one line of `key=value` pairs; reading and a warm-up are not timed.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use isoflop_audit::{InfluenceOptions, influence};
use isoflop_fit::Data;
use isoflop_laws::Catalogue;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |flag: &str| arguments.iter().position(|a| a == flag).map(|i| arguments[i + 1].clone());
    let text = std::fs::read_to_string(value("--table").expect("--table PATH")).unwrap();
    let threads = value("--threads").map_or(1, |t| t.parse().unwrap());
    let heads: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|c| c.parse().unwrap()).collect()).collect();
    let column = |name: &str| {
        let place = heads.iter().position(|h| *h == name).unwrap();
        rows.iter().map(|r| r[place]).collect::<Vec<f64>>()
    };
    let law = Catalogue::containing("chinchilla").unwrap().find("chinchilla").unwrap().clone();
    let inputs = law.formula().symbols.inputs.iter().map(|i| match i.name.as_str() {
        "loss" => Vec::new(),
        name => column(name),
    });
    let data = Data { inputs: inputs.collect(), output: column("loss"), ..Data::default() };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let time = |options: &InfluenceOptions| {
            let mut times: Vec<f64> = (0..12)
                .map(|_| {
                    let start = Instant::now();
                    let _ = influence(&law, &data, &[], options, &()).unwrap();
                    start.elapsed().as_secs_f64()
                })
                .skip(1)
                .collect();
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        let full = InfluenceOptions::default();
        let found = influence(&law, &data, &[], &full, &()).unwrap();
        let refits = InfluenceOptions { choices: false, ..InfluenceOptions::default() };
        println!(
            "task=influence seconds={} without_choices={} rows={} refits={} lost={}",
            time(&full),
            time(&refits),
            found.rows,
            found.rows + found.groups.len(),
            found.lost
        );
    });
}
