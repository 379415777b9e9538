//! `isoflop demo`: the main job on runs that are built in.

use std::path::PathBuf;

use clap::Parser;
use isoflop_fit::{Derived, Fit, Parameter, Verdict};
use isoflop_laws::Catalogue;
use isoflop_runs::{ReadOptions, RunTable};
use isoflop_study::{Finished, Fitted, Points, fit_table};

use crate::args::{Cli, Command, DemoArgs, FitArgs, PredictArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::output::number::{supported_places, to_places};
use crate::output::style::{self, paint};
use crate::progress::Bar;

/// Runs that this project trained itself; `demo/README.md` says how.
const RUNS: &str = include_str!("../../demo/runs.csv");
/// The name under which the commands know the runs.
const FILE: &str = "runs.csv";

const FIT: &str = "isoflop fit runs.csv --law chinchilla --cluster N --save fit.json";
const PREDICT: &str = "isoflop predict fit.json --at N=1M,D=4M --at N=4M,D=16M";
const COMPARE: &str = "isoflop compare runs.csv --laws chinchilla,busbridge_supervised,kaplan_nd";
const PLAN: &str = "isoflop plan compute-optimal fit.json --flops 1e15";
const REPORT: &str = "isoflop report fit.json runs.csv -o report.html";
const REFUSED: &str = "isoflop fit runs.csv --law chinchilla --where 'D < 300k' --bootstrap 0";

/// Shows the tour, or prints the runs.
pub(crate) fn run(args: &DemoArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.runs {
        output::print(RUNS)?;
        return Ok(0);
    }
    let catalogue = Catalogue::builtin()?;
    let messages = messages.muted();

    let count = table()?.rows();
    output::print(&format!(
        "{count} tiny language models, trained by this project on the bytes of one public-domain book.\n\
         What the commands below print, you can have yourself: isoflop demo --runs > runs.csv\n"
    ))?;

    heading("1. Fit a law, with intervals and a certificate", FIT)?;
    let finished = fitted(FIT, &catalogue, &messages)?;
    output::print(&output::fit_text::report(&finished))?;
    output::print(&format!("\n{}\n", meaning(&finished.fit)))?;

    heading("2. Forecast a model that was not trained", PREDICT)?;
    output::print(&forecast(&finished)?)?;

    heading("3. See it refuse: two token budgets cannot tell E, B and beta apart", REFUSED)?;
    output::print(&refusal(&fitted(REFUSED, &catalogue, &messages)?))?;

    let folder = Folder::new(&finished)?;
    heading("4. Ask whether another law describes these runs better", COMPARE)?;
    folder.perform(COMPARE, &messages)?;

    heading("5. Decide what to train with 80 times the compute of the largest run", PLAN)?;
    folder.perform(PLAN, &messages)?;

    output::print(&format!(
        "\n{}\n{}\n",
        paint(style::DIM, "All of it as one page with figures and a forecast to play with:"),
        paint(style::DIM, &format!("$ {REPORT}"))
    ))?;
    Ok(0)
}

/// The files that the commands name, in a folder that goes away with this value.
struct Folder(PathBuf);

impl Folder {
    fn new(finished: &Finished) -> Result<Folder, Failure> {
        let path = std::env::temp_dir().join(format!("isoflop-demo-{}", std::process::id()));
        let failed = |error: std::io::Error| CliError::CannotSave {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        std::fs::create_dir_all(&path).map_err(failed)?;
        let folder = Folder(path.clone());
        std::fs::write(folder.0.join(FILE), RUNS).map_err(failed)?;
        let saved = finished.saved(words(FIT)).to_json()?;
        std::fs::write(folder.0.join("fit.json"), saved).map_err(failed)?;
        Ok(folder)
    }

    /// Runs a command on the files of the folder.
    fn perform(&self, command: &str, messages: &Messages) -> Result<(), Failure> {
        let place = |word: String| {
            let file = self.0.join(&word);
            if file.is_file() { file.display().to_string() } else { word }
        };
        let parsed = Cli::try_parse_from(words(command).into_iter().map(place))
            .map_err(|error| Failure::Input(error.to_string()))?;
        super::run(&parsed.command, messages).map(|_| ())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nothing depends on it, and a temporary folder that stays is no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn heading(title: &str, command: &str) -> Result<(), Failure> {
    Ok(output::print(&format!(
        "\n{}\n{}\n\n",
        paint(style::BOLD, title),
        paint(style::DIM, &format!("$ {command}"))
    ))?)
}

fn table() -> Result<RunTable, Failure> {
    Ok(RunTable::from_reader(FILE, RUNS.as_bytes(), &ReadOptions::default())?)
}

/// Does what the command line would do, on the built-in runs.
fn fitted(command: &str, catalogue: &Catalogue, messages: &Messages) -> Result<Finished, Failure> {
    Ok(fit_table(table()?, &fit_args(command)?.request(), catalogue, messages, &Bar::new(messages))?)
}

fn parsed(command: &str) -> Result<Command, Failure> {
    Cli::try_parse_from(words(command))
        .map(|cli| cli.command)
        .map_err(|error| Failure::Input(error.to_string()))
}

fn fit_args(command: &str) -> Result<FitArgs, Failure> {
    match parsed(command)? {
        Command::Fit(args) => Ok(*args),
        _ => Err(Failure::Input(format!("error: no fit: {command}"))),
    }
}

fn predict_args(command: &str) -> Result<PredictArgs, Failure> {
    match parsed(command)? {
        Command::Predict(args) => Ok(args),
        _ => Err(Failure::Input(format!("error: no prediction: {command}"))),
    }
}

/// Splits a command as a shell does, as far as the commands above need it: blanks and single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (k, part) in command.split('\'').enumerate() {
        if k % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// What the fit says about these runs, in two sentences.
fn meaning(fit: &Fit) -> String {
    let rounded = |value: f64, low: f64, high: f64| {
        let places = supported_places(low, high).unwrap_or(3);
        [value, low, high].map(|x| to_places(x, places))
    };
    let mut sentences = Vec::new();
    if let Some(Parameter { estimate, low: Some(low), high: Some(high), .. }) =
        fit.parameters.iter().find(|p| p.name == "E")
    {
        let [value, low, high] = rounded(*estimate, *low, *high);
        sentences.push(format!(
            "By this law, {value} nat per byte ({low} to {high}) of the loss would remain at any size and any amount of text."
        ));
    }
    if let Some(Derived { estimate, low: Some(low), high: Some(high), .. }) =
        fit.derived.iter().find(|d| d.name == "a_opt")
    {
        let advice = match (*low, *high) {
            (low, _) if low > 0.5 => {
                "with more compute, parameters should grow faster than tokens (here: bytes)"
            }
            (_, high) if high < 0.5 => {
                "with more compute, tokens (here: bytes) should grow faster than parameters"
            }
            _ => "growing parameters and tokens at the same rate (0.5) agrees with these runs",
        };
        let [value, low, high] = rounded(*estimate, *low, *high);
        sentences.push(format!(
            "On these runs the best number of parameters grows as compute to the power {value} ({low} to {high}): {advice}."
        ));
    }
    sentences.join("\n")
}

fn forecast(finished: &Finished) -> Result<String, Failure> {
    let (formula, fit) = (&finished.formula, &finished.fit);
    let fitted = Fitted { formula, fit };
    let args = predict_args(PREDICT)?;
    let points = args.points.iter().map(|text| fitted.parse(text)).collect::<Result<Vec<_>, _>>()?;
    let level = fit.interval.as_ref().map_or(0.9, |interval| interval.level);
    let predictions = fitted.predict(&points, level)?;
    let points =
        Points { law: &finished.law.id, formula, fit, level, points: &points, predictions: &predictions };
    Ok(output::points::table(&points).render(0))
}

/// The verdict and its reasons.
fn refusal(finished: &Finished) -> String {
    let certificate = &finished.fit.certificate;
    let style = if certificate.verdict == Verdict::NotCertified { style::BAD } else { style::WARN };
    let verdict = paint(style, output::certificate::verdict(certificate.verdict));
    let reasons: String = certificate.reasons.iter().map(|reason| format!("  - {reason}\n")).collect();
    format!("certificate: {verdict}, because\n{reasons}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_commands_are_real_commands() {
        assert!(fit_args(FIT).is_ok() && fit_args(REFUSED).is_ok() && predict_args(PREDICT).is_ok());
        assert_eq!(fit_args(REFUSED).unwrap().table.filters, ["D < 300k"]);
        for command in [COMPARE, PLAN, REPORT] {
            assert!(parsed(command).is_ok(), "{command}");
        }
    }
}
