//! `cargo xtask bench runs`: reading runs where they lie beside the tools' own readers.

use crate::command::{Show, run};
use crate::pairs::Pairs;
use crate::python::{self, Environment};
use crate::table::Table;
use crate::workspace::Workspace;

/// What is read, by whom else, and how many times faster it should be.
const PEERS: [(&str, &str, f64); 5] = [
    ("wandb", "W&B logs: wandb's DataStore", 20.0),
    ("tensorboard", "TensorBoard: EventAccumulator", 20.0),
    ("mlflow", "MLflow database: mlflow.search_runs", 5.0),
    ("csv", "CSV: polars", 1.0),
    // Polars may be up to one and a half times as fast.
    ("parquet", "Parquet: polars", 1.0 / 1.5),
];

/// Writes runs, reads them with both sides, and prints the table. The workspace must be built for release.
///
/// # Errors
/// No package index, or a reader that fails.
pub fn bench(workspace: &Workspace) -> Result<(), String> {
    let environment = Environment::make(workspace, python::READERS)?;
    let mut command = environment.command();
    command.arg(workspace.root.join("bench/runs.py")).arg(workspace.built("release/isoflop"));
    let done = run(&mut command, Show::Nothing)?;
    if !done.success {
        return Err(format!("the comparison of readers failed\n{}", done.stderr));
    }
    let mut table = Table::new(&[
        "",
        "ours, CPU",
        "peer, CPU",
        "ratio",
        "ours, wall",
        "peer, wall",
        "ratio",
        "ours, MiB",
        "peer, MiB",
        "target",
        "",
    ]);
    let mut said = String::new();
    for line in done.stdout.lines() {
        let Some(pairs) = Pairs::parse(line) else { continue };
        let Some((_, name, target)) = PEERS.iter().find(|(store, ..)| pairs.text("store") == Some(*store))
        else {
            continue;
        };
        let number = |key| pairs.number(key).unwrap_or(f64::NAN);
        let (cpu, wall) = (number("peer_cpu") / number("cpu"), number("peer_wall") / number("wall"));
        let text = |key| pairs.text(key).unwrap_or("?");
        said = format!("{} runs of {} steps, two metrics", text("runs"), text("steps"));
        let seconds = |key| format!("{:.2} s", number(key));
        table.row([
            (*name).to_owned(),
            seconds("cpu"),
            seconds("peer_cpu"),
            format!("{cpu:.2}"),
            seconds("wall"),
            seconds("peer_wall"),
            format!("{wall:.2}"),
            format!("{:.0}", number("rss")),
            format!("{:.0}", number("peer_rss")),
            format!(">= {target:.2}"),
            if cpu.min(wall) >= *target { "met" } else { "MISSED" }.to_owned(),
        ]);
    }
    println!("\n{said}; the peers' imports do not count; a target is met when both ratios reach it");
    table.print();
    Ok(())
}
