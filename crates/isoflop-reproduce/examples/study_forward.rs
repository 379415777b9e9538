//! The forward study: do forecast intervals hold, and which objective forecasts best? Prints Markdown.
//!
//! Every table of `studies/forward.toml` below `../shared/data` is cut along its size at five places; the law is
//! fitted to the rows below each cut, with the forecast model learnt from these rows alone, and forecasts those above.
//! Nothing is tuned to a table.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::ExitCode;

use isoflop_fit::{Backtest, Cuts, FitOptions, Fold, Forecast, Objective, backtest, rolling_folds};
use isoflop_reproduce::{StudyCase, StudyTable};

const FOLDER: &str = "../shared/data";
const LEVEL: f64 = 0.9;
const REPLICATES: usize = 200;
const OBJECTIVES: [&str; 9] = [
    "huber-log",
    "squares-log",
    "squares",
    "huber",
    "student-t-log",
    "cauchy-log",
    "huber-density-log",
    "median-log",
    "student-t",
];
const BANDS: [(f64, f64); 5] = [(1.0, 2.0), (2.0, 5.0), (5.0, 10.0), (10.0, 100.0), (100.0, f64::INFINITY)];

#[derive(serde::Deserialize)]
struct List {
    table: Vec<StudyTable>,
}

/// A table with its splits and what came of them.
struct Studied {
    /// The entry of `forward.toml`, which may give several tables.
    source: String,
    name: String,
    law: String,
    rows: usize,
    folds: Vec<Fold>,
    /// Under the objective of the law, with intervals.
    forward: Backtest,
    /// Forward error under each of [`OBJECTIVES`], geometric mean over the splits; `None` where it does not apply.
    errors: Vec<Option<f64>>,
}

fn main() -> ExitCode {
    match study() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn study() -> Result<(), String> {
    let list: List =
        toml::from_str(include_str!("../../../studies/forward.toml")).map_err(|e| e.to_string())?;
    let folder = Path::new(FOLDER);
    let mut studied = Vec::new();
    let mut left_out = Vec::new();
    for table in &list.table {
        if !table.is_there(folder) {
            return Err(format!("{}: its files are not below {FOLDER}", table.name));
        }
        for case in table.cases(folder).map_err(|e| e.to_string())? {
            eprintln!("{}", case.name);
            match one(&table.name, &case, &table.by) {
                Ok(done) => studied.push(done),
                Err(reason) => left_out.push((case.name, reason)),
            }
        }
    }
    coverage(&studied, &left_out);
    objectives(&studied);
    Ok(())
}

fn one(source: &str, case: &StudyCase, by: &str) -> Result<Studied, String> {
    let free = case.law.formula().symbols.params.iter().filter(|p| p.fixed.is_none()).count();
    // As `isoflop backtest` does: room for a fit to mean something.
    let least = (3 * free).max(free + 5);
    let folds = rolling_folds(by, &case.by, &Cuts::Count(5), least).map_err(|e| e.message())?;
    let options = FitOptions { bootstrap: REPLICATES, level: LEVEL, choices: false, ..FitOptions::default() };
    let forward = backtest(&case.law, &case.data, &folds, &options, &()).map_err(|e| e.message())?;
    let errors = OBJECTIVES.iter().map(|name| {
        let objective = Some(name.parse::<Objective>().ok()?);
        let options = FitOptions { objective, bootstrap: 0, ..options.clone() };
        let found = backtest(&case.law, &case.data, &folds, &options, &()).ok()?;
        let logs: Option<Vec<f64>> = found
            .folds
            .iter()
            .map(|f| Some(f.score.as_ref().filter(|s| s.failed == 0)?.rms_log?.ln()))
            .collect();
        let logs = logs?;
        Some((logs.iter().sum::<f64>() / logs.len() as f64).exp())
    });
    Ok(Studied {
        source: source.to_owned(),
        name: case.name.clone(),
        law: case.law.id.clone(),
        rows: case.data.rows(),
        errors: errors.collect(),
        folds,
        forward,
    })
}

fn coverage(studied: &[Studied], left_out: &[(String, String)]) {
    let all: Vec<&Forecast> = studied.iter().flat_map(|s| &s.forward.forecasts).collect();
    let splits: Vec<Vec<&Forecast>> = studied
        .iter()
        .flat_map(|s| {
            (0..s.folds.len()).map(|k| s.forward.forecasts.iter().filter(|f| f.fold == k).collect())
        })
        .filter(|split: &Vec<&Forecast>| !split.is_empty())
        .collect();
    println!("# Forecasts of runs that are known\n");
    println!(
        "Written by `cargo xtask study forward`. {} tables and {} splits of [forward.toml](forward.toml): the law is \
         fitted to the rows\nbelow a cut, with {REPLICATES} bootstrap replicates and a forecast model learnt from \
         these rows alone, and\nforecasts the rows above it with nominal {} % intervals. Nothing is tuned to a table. \
         The two constants of the method (a\nrate of a tenth of the slope, worth three cuts) are round figures chosen with \
         these tables at hand, so for these two the\ncoverage below is not out of sample.\n",
        studied.len(),
        splits.len(),
        100.0 * LEVEL
    );
    let mean = splits.iter().map(|s| inside(s)).sum::<f64>() / splits.len() as f64;
    println!("## Do {} % intervals hold?\n", 100.0 * LEVEL);
    println!("| forecasts | splits or forecasts | inside | median width |\n|---|---:|---:|---:|");
    println!(
        "| all, each forecast counting alike | {} | {} | {} |",
        all.len(),
        share(inside(&all)),
        width(&all)
    );
    println!("| all, each split counting alike | {} | {} | |", splits.len(), share(mean));
    for (low, high) in BANDS {
        let band: Vec<&Forecast> =
            all.iter().copied().filter(|f| f.beyond <= high && (f.beyond > low || low == 1.0)).collect();
        let name =
            if high.is_finite() { format!("{low} to {high} times") } else { format!("over {low} times") };
        println!("| beyond the runs {name} | {} | {} | {} |", band.len(), share(inside(&band)), width(&band));
    }
    println!("\nThe width is `high / low - 1`.\n\n## By table\n");
    println!(
        "| table | law | rows | splits | forecasts | inside | worst split | median width | median error |"
    );
    println!("|---|---|---:|---:|---:|---:|---:|---:|---:|");
    for s in studied {
        let all: Vec<&Forecast> = s.forward.forecasts.iter().collect();
        let worst = (0..s.folds.len())
            .map(|k| all.iter().copied().filter(|f| f.fold == k).collect::<Vec<_>>())
            .filter(|split| !split.is_empty())
            .map(|split| inside(&split))
            .fold(1.0, f64::min);
        let law = if s.law == "formula" { "formula" } else { &s.law };
        println!(
            "| {} | {law} | {} | {} | {} | {} | {} | {} | {:.2} % |",
            s.name,
            s.rows,
            s.folds.len(),
            all.len(),
            share(inside(&all)),
            share(worst),
            width(&all),
            100.0 * s.forward.total.median
        );
    }
    for (name, reason) in left_out {
        println!("\nLeft out: {name}: {reason}.");
    }
    println!();
}

fn objectives(studied: &[Studied]) {
    let used: Vec<&Studied> = studied.iter().filter(|s| s.errors.iter().all(Option::is_some)).collect();
    println!("## Which objective forecasts best?\n");
    println!(
        "Forward error on the same splits: root mean square of ln predicted - ln observed in %, geometric mean over \
         the splits\nof a table. {} tables with a positive output and a fit under every objective.\n",
        used.len()
    );
    println!("| table | {} |", OBJECTIVES.join(" | "));
    println!("|---|{}", "---:|".repeat(OBJECTIVES.len()));
    for s in &used {
        let errors: Vec<f64> = s.errors.iter().flatten().copied().collect();
        let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
        let cell = |e: &f64| {
            let text = format!("{:.3}", 100.0 * e);
            if *e <= best * (1.0 + 1e-9) { format!("**{text}**") } else { text }
        };
        println!("| {} | {} |", s.name, errors.iter().map(cell).collect::<Vec<_>>().join(" | "));
    }
    println!("\nEach objective beside the default, `{}`, and least squares, by table:\n", Objective::DEFAULT);
    let tables: Vec<Vec<f64>> =
        used.iter().map(|s| s.errors.iter().flatten().map(|e| e.ln()).collect()).collect();
    beside(&tables);
    println!(
        "\nThe tables of one source are not independent, so the same by source (an entry of forward.toml, geometric mean \
         over its tables):\n"
    );
    let mut sources: Vec<(&str, Vec<&Vec<f64>>)> = Vec::new();
    for (s, errors) in used.iter().zip(&tables) {
        match sources.iter_mut().find(|(known, _)| *known == s.source) {
            Some((_, list)) => list.push(errors),
            None => sources.push((&s.source, vec![errors])),
        }
    }
    let mean = |list: &Vec<&Vec<f64>>| {
        (0..OBJECTIVES.len()).map(|k| list.iter().map(|e| e[k]).sum::<f64>() / list.len() as f64).collect()
    };
    beside(&sources.iter().map(|(_, list)| mean(list)).collect::<Vec<Vec<f64>>>());
}

/// A row for each objective from the logarithms of its errors, `errors[table][objective]`.
fn beside(errors: &[Vec<f64>]) {
    let ratios = |of: usize, to: usize| -> Vec<f64> { errors.iter().map(|e| e[of] - e[to]).collect() };
    let within = |logs: &[f64], most: f64| {
        let count = logs.iter().filter(|l| **l <= most.ln() + 1e-9).count();
        format!("{count} of {}", logs.len())
    };
    println!(
        "| objective | error, default = 1 | no worse than the default | no worse within 5 % | no worse than \
         squares | no worse than squares-log | within 5 % of both |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for (k, name) in OBJECTIVES.iter().enumerate() {
        let (default, log, raw) = (ratios(k, 0), ratios(k, 1), ratios(k, 2));
        let both: Vec<f64> = log.iter().zip(&raw).map(|(a, b)| a.max(*b)).collect();
        println!(
            "| {name} | {:.3} | {} | {} | {} | {} | {} |",
            (default.iter().sum::<f64>() / default.len() as f64).exp(),
            within(&default, 1.0),
            within(&default, 1.05),
            within(&raw, 1.0),
            within(&log, 1.0),
            within(&both, 1.05)
        );
    }
}

fn inside(forecasts: &[&Forecast]) -> f64 {
    let hit =
        |f: &&&Forecast| f.low.zip(f.high).is_some_and(|(low, high)| low <= f.observed && f.observed <= high);
    forecasts.iter().filter(hit).count() as f64 / forecasts.len().max(1) as f64
}

fn width(forecasts: &[&Forecast]) -> String {
    let ends = forecasts.iter().filter_map(|f| f.low.zip(f.high)).filter(|(low, _)| *low > 0.0);
    let mut widths: Vec<f64> = ends.map(|(low, high)| high / low - 1.0).collect();
    widths.sort_by(f64::total_cmp);
    widths.get(widths.len() / 2).map_or_else(String::new, |w| format!("{:.1} %", 100.0 * w))
}

fn share(value: f64) -> String {
    format!("{:.1} %", 100.0 * value)
}
