//! The study of choosing the objective: does looking at the fitting part tell which objective will forecast best? Prints
//! Markdown.
//!
//! Tables and splits are those of the forward study. Every rule sees the rows below the cut only: their residuals, or how
//! well the objectives forecast the larger ones among them. The rules were written down before they were tried.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::Path;
use std::process::ExitCode;

use isoflop_fit::{Cuts, Data, FitOptions, Fold, Objective, backtest, fit, rolling_folds};
use isoflop_reproduce::{StudyCase, StudyTable};

const FOLDER: &str = "../shared/data";
/// The default, then least squares on logarithms and on the output itself, then a rival.
const OBJECTIVES: [&str; 4] = ["huber-log", "squares-log", "squares", "student-t-log"];
/// Those that a rule chooses among: relative residuals under three densities.
const CHOICE: [usize; 3] = [0, 1, 3];
/// Cuts within the fitting part.
const INNER: usize = 3;
const NU: f64 = 4.0;

#[derive(serde::Deserialize)]
struct List {
    table: Vec<StudyTable>,
}

/// What one objective does on one split.
struct Tried {
    /// `ln predicted - ln observed` beyond the cut.
    outer: Vec<f64>,
    /// The same within the fitting part; empty if it could not be cut.
    inner: Vec<f64>,
    /// Residuals of the fit.
    residuals: Vec<f64>,
}

/// Weights of [`OBJECTIVES`] in the forecast of a split.
type Rule = fn(&[Tried]) -> [f64; 4];

const RULES: [(&str, Rule); 8] = [
    ("huber-log, the default", |_| only(0)),
    ("squares-log", |_| only(1)),
    ("squares", |_| only(2)),
    ("student-t-log", |_| only(3)),
    ("the most likely of normal, Laplace and Student-t", likeliest),
    ("the best forecaster within the fitting part", |tried| forecaster(tried, 0.0)),
    ("the same, if better than the default by a standard error", |tried| forecaster(tried, 1.0)),
    ("mean of the forecasts of huber-log and squares-log", |_| [0.5, 0.5, 0.0, 0.0]),
];

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
    let mut errors: Vec<[f64; RULES.len()]> = Vec::new();
    for table in &list.table {
        if !table.is_there(folder) {
            return Err(format!("{}: its files are not below {FOLDER}", table.name));
        }
        for case in table.cases(folder).map_err(|e| e.to_string())? {
            eprintln!("{}", case.name);
            errors.extend(of_table(&case, &table.by));
        }
    }
    report(&errors);
    Ok(())
}

/// The log of the error of each rule, mean over the splits; `None` if an objective has none.
fn of_table(case: &StudyCase, by: &str) -> Option<[f64; RULES.len()]> {
    let free = case.law.formula().symbols.params.iter().filter(|p| p.fixed.is_none()).count();
    let folds = rolling_folds(by, &case.by, &Cuts::Count(5), (3 * free).max(free + 5)).ok()?;
    let mut sums = [0.0; RULES.len()];
    for fold in &folds {
        let sizes: Vec<f64> = fold.train.iter().map(|&row| case.by[row]).collect();
        let inner = rolling_folds(by, &sizes, &Cuts::Count(INNER), free + 5).unwrap_or_default();
        let train = case.data.subset(&fold.train);
        let tried: Option<Vec<Tried>> =
            OBJECTIVES.iter().map(|name| under(name, case, fold, &train, &inner)).collect();
        let tried = tried?;
        for (sum, (_, rule)) in sums.iter_mut().zip(RULES) {
            let weights = rule(&tried);
            let forecast = |row: usize| -> f64 {
                tried.iter().zip(weights).filter(|(_, w)| *w > 0.0).map(|(t, w)| w * t.outer[row]).sum()
            };
            let errors: Vec<f64> = (0..tried[0].outer.len()).map(forecast).collect();
            *sum += rms(&errors).ln() / folds.len() as f64;
        }
    }
    sums.iter().all(|sum| sum.is_finite()).then_some(sums)
}

fn under(name: &str, case: &StudyCase, fold: &Fold, train: &Data, inner: &[Fold]) -> Option<Tried> {
    let objective: Option<Objective> = Some(name.parse().ok()?);
    let options = FitOptions { objective, bootstrap: 0, choices: false, ..FitOptions::default() };
    let errors = |data: &Data, folds: &[Fold]| -> Option<Vec<f64>> {
        let found = backtest(&case.law, data, folds, &options, &()).ok()?;
        Some(found.forecasts.iter().map(|f| (f.predicted / f.observed).ln()).collect())
    };
    let outer = errors(&case.data, std::slice::from_ref(fold))?;
    let inner = if inner.is_empty() { None } else { errors(train, inner) };
    let residuals = fit(&case.law, train, &options, &()).map(|found| found.residuals).unwrap_or_default();
    Some(Tried { outer, inner: inner.unwrap_or_default(), residuals })
}

fn only(place: usize) -> [f64; 4] {
    std::array::from_fn(|k| f64::from(u8::from(k == place)))
}

/// The objective under whose density, with its scale estimated, the residuals of its fit are most likely.
fn likeliest(tried: &[Tried]) -> [f64; 4] {
    let likelihood = |place: usize| -> f64 {
        let residuals = &tried[place].residuals;
        let n = residuals.len() as f64;
        let square = residuals.iter().map(|r| r * r).sum::<f64>() / n;
        match place {
            0 => -n * (2.0 * residuals.iter().map(|r| r.abs()).sum::<f64>() / n).ln() - n,
            1 => -0.5 * n * ((std::f64::consts::TAU * square).ln() + 1.0),
            _ => {
                // Normalising constant of Student's density with four degrees of freedom: 3 / 8.
                let at = |scale: f64| -> f64 {
                    let tail: f64 = residuals.iter().map(|r| (r * r / (scale * scale * NU)).ln_1p()).sum();
                    n * (0.375 / scale).ln() - 0.5 * (NU + 1.0) * tail
                };
                let scales = (-60..=10).map(|k| square.sqrt() * (0.05 * f64::from(k)).exp());
                scales.map(at).fold(f64::NEG_INFINITY, f64::max)
            }
        }
    };
    only(CHOICE.into_iter().max_by(|&a, &b| likelihood(a).total_cmp(&likelihood(b))).unwrap_or(0))
}

/// The objective with the smallest forward error within the fitting part; another than the default only if its forecasts
/// are closer by more than `errors` standard errors.
fn forecaster(tried: &[Tried], errors: f64) -> [f64; 4] {
    let base = &tried[0].inner;
    let usable =
        |t: &Tried| !base.is_empty() && t.inner.len() == base.len() && t.inner.iter().all(|e| e.is_finite());
    if !usable(&tried[0]) {
        return only(0);
    }
    let ahead = |t: &Tried| -> bool {
        let gains: Vec<f64> = base.iter().zip(&t.inner).map(|(b, e)| b.abs() - e.abs()).collect();
        let n = gains.len() as f64;
        let mean = gains.iter().sum::<f64>() / n;
        let variance = gains.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / (n - 1.0);
        errors == 0.0 || mean > errors * (variance / n).sqrt()
    };
    let candidates = CHOICE.into_iter().filter(|&k| k == 0 || usable(&tried[k]) && ahead(&tried[k]));
    only(candidates.min_by(|&a, &b| rms(&tried[a].inner).total_cmp(&rms(&tried[b].inner))).unwrap_or(0))
}

fn rms(errors: &[f64]) -> f64 {
    (errors.iter().map(|e| e * e).sum::<f64>() / errors.len() as f64).sqrt()
}

fn report(errors: &[[f64; RULES.len()]]) {
    println!("# Choosing the objective\n");
    println!(
        "Written by `cargo xtask study choice`. Tables and splits are those of [forward.md](forward.md). On each split a rule \
         looks at the rows\nbelow the cut and chooses the objective that forecasts those above it; *within the fitting part* \
         means {INNER} cuts there, by root\nmean square log error. {} tables have a forecast under every objective. No worse \
         is within rounding.\n",
        errors.len()
    );
    println!(
        "| rule | error, default = 1 | no worse than huber-log | no worse than squares-log | no worse than squares |"
    );
    println!("|---|---:|---:|---:|---:|");
    for (k, (name, _)) in RULES.iter().enumerate() {
        let mean = errors.iter().map(|e| e[k] - e[0]).sum::<f64>() / errors.len() as f64;
        let share = |to: usize| {
            let count = errors.iter().filter(|e| e[k] - e[to] <= 1e-9).count();
            format!("{count} ({:.0} %)", 100.0 * count as f64 / errors.len() as f64)
        };
        println!("| {name} | {:.3} | {} | {} | {} |", mean.exp(), share(0), share(1), share(2));
    }
}
