//! Trains byte-level language models of many sizes and budgets and writes a table of the runs.

mod design;
mod model;
mod ops;
mod rng;
mod table;
mod text;
mod train;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::model::Shape;

/// Train tiny byte-level language models and write a table of runs.
///
/// Runs every pair of a size and a budget, cheapest first, and adds each finished run to the table at
/// once. Runs that the table has already are skipped, so the same command goes on after a cut-off.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Plain text to train on; 1/32 of it is held out
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// Table to write or to go on with
    #[arg(long, value_name = "CSV", default_value = "runs.csv")]
    out: PathBuf,
    /// Model sizes, as WIDTHxLAYERS
    #[arg(long, value_delimiter = ',', default_value = "16x2,24x2,32x3,48x3,64x4,96x4,128x5")]
    sizes: Vec<Shape>,
    /// Training budgets in bytes (one byte is one token)
    #[arg(
        long,
        value_delimiter = ',',
        value_name = "BYTES",
        default_value = "122880,245760,491520,983040,1966080,3932160"
    )]
    budgets: Vec<usize>,
    /// Leave out runs that cost more than this, at 6 × parameters × bytes
    #[arg(long, value_name = "FLOPS", default_value_t = 1.3e13)]
    max_flops: f64,
    /// Sets the first weights and the order of the data
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Multiply the learning rate of every run, to try out the rule
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    lr_factor: f64,
    /// Only try the program out: two sizes, one small budget
    #[arg(long)]
    smoke: bool,
    /// Print the runs and leave
    #[arg(long)]
    dry_run: bool,
}

fn main() -> ExitCode {
    match work(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn work(args: &Args) -> Result<(), String> {
    let text = text::Text::read(&args.text)?;
    let smoke = ([Shape { width: 16, layers: 2 }, Shape { width: 32, layers: 3 }], [16_384]);
    let (sizes, budgets) =
        if args.smoke { (&smoke.0[..], &smoke.1[..]) } else { (&args.sizes[..], &args.budgets[..]) };
    let runs = design::grid(sizes, budgets, args.seed, args.lr_factor, args.max_flops);
    let longest = runs.iter().map(|run| run.tokens).max().ok_or("no run is left: see --max-flops")?;
    if longest > text.train_len() {
        return Err(format!(
            "a budget of {longest} bytes is more than one pass over the {} training bytes of the text",
            text.train_len()
        ));
    }
    let mut out = std::io::stdout();
    let mut say = |line: String| writeln!(out, "{line}").map_err(|e| format!("cannot print: {e}"));
    if args.dry_run {
        for run in &runs {
            say(format!("{} {} parameters, {:.3e} FLOP", run.name(), run.shape.params(), run.flops()))?;
        }
        return say(format!("total {:.3e} FLOP", runs.iter().map(design::Run::flops).sum::<f64>()));
    }
    let mut table = table::Table::open(&args.out)?;
    say(format!("{} training bytes, {} held-out bytes", text.train_len(), text.held_out_len()))?;
    for (i, run) in runs.iter().enumerate() {
        let label = format!("[{}/{}] {}", i + 1, runs.len(), run.name());
        if table.has(run) {
            say(format!("{label}: in the table already"))?;
            continue;
        }
        let outcome = train::train(run, &text).map_err(|e| format!("{}: {e}", run.name()))?;
        if !outcome.loss.is_finite() {
            return Err(format!("{}: the loss is not finite; try a smaller --lr-factor", run.name()));
        }
        table.add(run, &outcome)?;
        let speed = run.flops() / outcome.wall_seconds / 1e9;
        let (loss, seconds) = (outcome.loss, outcome.wall_seconds);
        say(format!("{label}: loss {loss:.4}, {seconds:.1} s, {speed:.2} GFLOP/s"))?;
    }
    Ok(())
}
