//! What the user must mend, as text: one place where errors of all crates become a message.

use std::io;

use isoflop_formula::Diagnostics;
use isoflop_laws::{LawError, LawErrors};
use isoflop_runs::RunsError;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something for the user to mend; the whole text, from `error` on.
    Input(String),
    /// Nobody reads stdout any more.
    ClosedPipe,
}

/// Errors of the command line itself.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // The messages name every field.
pub(crate) enum CliError {
    #[error(
        "say which law to fit with --law: one of {}, ... (`isoflop laws` lists all), or a formula such as \
         --law 'loss ~ E + A / N^alpha'", .some.join(", ")
    )]
    NoLaw { some: Vec<String> },
    #[error("{option} {text}: write {example}")]
    BadAssignment { option: &'static str, text: String, example: &'static str },
    #[error("the objective {objective} has no threshold; leave --delta out")]
    NoDelta { objective: String },
    #[error(
        "{place}: {column} is {value}, but {objective} takes its log ({count} of {rows} rows are not above 0); \
         leave these rows out with --where '{name} > 0', or choose an objective without -log"
    )]
    OutputNotPositive {
        place: String,
        name: String,
        column: String,
        value: f64,
        objective: String,
        count: usize,
        rows: usize,
    },
    #[error(
        "the law reads `{name}`, and no column has this name; say which one with --map {name}=COLUMN; the columns \
         are {}", .known.join(", ")
    )]
    NoColumn { name: String, known: Vec<String> },
    #[error("no row is left{}", listed(.reasons))]
    NoRows { reasons: Vec<String> },
    #[error("no row is left after --where {filter}")]
    FilteredAll { filter: String },
    #[error("cannot save {path}: {reason}")]
    CannotSave { path: String, reason: String },
    #[error("{path}: cannot be read: {reason}")]
    CannotRead { path: String, reason: String },
    #[error("{path}: {reason}")]
    BadSavedFit { path: String, reason: String },
    #[error("say where to predict: --at {}, or a table of points", .inputs.iter().map(|i| format!("{i}=1B"))
        .collect::<Vec<_>>().join(","))]
    NoPoints { inputs: Vec<String> },
    #[error("--at {text}: {name} is given twice")]
    GivenTwice { text: String, name: String },
    #[error("--at {text}: the law has no input {name}; it has {}", .inputs.join(", "))]
    UnknownInput { text: String, name: String, inputs: Vec<String> },
    #[error("--at {text}: a value for {} is missing", .missing.join(" and "))]
    MissingInput { text: String, missing: Vec<String> },
    #[error("the fit knows no {column} {level:?}; it knows {}", .known.join(", "))]
    UnknownLevel { column: String, level: String, known: Vec<String> },
    #[error("{path} does not say which runs it was made from; name them after it")]
    NoRuns { path: String },
    #[error(
        "{path}: plots are written as SVG; name a file that ends in .svg, or leave -o out for the terminal"
    )]
    NotSvg { path: String },
    #[error("{path} is a saved fit and has its law; leave --law out, or name the runs to fit again")]
    LawOfSavedFit { path: String },
    #[error("nothing to plot: the law {formula} has no numeric input that varies over the runs")]
    NothingToPlot { formula: String },
    #[error("no folder is called {path}: give the one that holds the public tables")]
    NoFolder { path: String },
    #[error("no result is called {name}{}", match .close {
        Some(close) => format!("; did you mean {close}?"),
        None => format!("; the results are {}", .known.join(", ")),
    })]
    UnknownResult { name: String, close: Option<String>, known: Vec<String> },
    #[error("the table has no column for C or N; say along which column to cut with --by")]
    NoCutColumn,
    #[error(
        "no law of the catalogue predicts {output} from the columns of this table; see `isoflop laws for`, --map and --let"
    )]
    NothingToCompare { output: String },
    #[error("{first} predicts {output} and {second} predicts {other}: compare laws that predict the same")]
    TwoOutputs { first: String, output: String, second: String, other: String },
    #[error(
        "say what the plan is for: a named plan, `isoflop plan compute-optimal {what} --flops 1e24` (`isoflop plan \
         --list` lists them), or --minimize and --over"
    )]
    NoAim { what: String },
    #[error("the plan {plan} has an objective of its own; leave out --minimize and --maximize")]
    TwoAims { plan: String },
    #[error("the threads cannot be started: {reason}")]
    Threads { reason: String },
    #[error("stdout cannot be written: {reason}")]
    Stdout { reason: String },
}

impl CliError {
    /// A short code that does not change between versions.
    fn code(&self) -> &'static str {
        match self {
            CliError::NoLaw { .. } => "C0101",
            CliError::BadAssignment { .. } => "C0102",
            CliError::NoDelta { .. } => "C0103",
            CliError::OutputNotPositive { .. } => "C0201",
            CliError::NoRows { .. } => "C0202",
            CliError::FilteredAll { .. } => "C0203",
            CliError::NoColumn { .. } => "C0204",
            CliError::CannotSave { .. } => "C0301",
            CliError::CannotRead { .. } => "C0302",
            CliError::BadSavedFit { .. } => "C0303",
            CliError::NoPoints { .. } => "C0401",
            CliError::GivenTwice { .. } => "C0402",
            CliError::UnknownInput { .. } => "C0403",
            CliError::MissingInput { .. } => "C0404",
            CliError::UnknownLevel { .. } => "C0405",
            CliError::NoRuns { .. } => "C0701",
            CliError::NotSvg { .. } => "C0702",
            CliError::NothingToPlot { .. } => "C0703",
            CliError::LawOfSavedFit { .. } => "C0704",
            CliError::NoFolder { .. } => "C0601",
            CliError::UnknownResult { .. } => "C0602",
            CliError::NoCutColumn => "C0801",
            CliError::NothingToCompare { .. } => "C0802",
            CliError::TwoOutputs { .. } => "C0803",
            CliError::NoAim { .. } => "C0406",
            CliError::TwoAims { .. } => "C0407",
            CliError::Threads { .. } => "C0501",
            CliError::Stdout { .. } => "C0502",
        }
    }
}

fn listed(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

impl Failure {
    /// An error with its code.
    pub(crate) fn new(code: &str, message: impl std::fmt::Display) -> Failure {
        Failure::Input(format!("error {code}: {message}"))
    }

    /// What is wrong, without the place underlined.
    pub(crate) fn first_line(&self) -> String {
        match self {
            Failure::Input(text) => text.lines().next().unwrap_or_default().to_owned(),
            Failure::ClosedPipe => String::new(),
        }
    }

    /// Errors in a formula that came from `origin`, with the place underlined.
    pub(crate) fn formula(origin: &str, text: &str, diagnostics: &Diagnostics) -> Failure {
        Failure::Input(format!("{}\n  in {origin}", diagnostics.render(text)))
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Failure::new(error.code(), error)
    }
}

impl From<RunsError> for Failure {
    fn from(error: RunsError) -> Self {
        match &error {
            RunsError::Formula { option, text, diagnostics } => Failure::formula(option, text, diagnostics),
            _ => Failure::new(error.code(), error),
        }
    }
}

impl From<LawErrors> for Failure {
    fn from(LawErrors(errors): LawErrors) -> Self {
        let lines: Vec<String> = errors.iter().map(|e| format!("error {}: {e}", e.code())).collect();
        Failure::Input(lines.join("\n"))
    }
}

impl From<LawError> for Failure {
    fn from(error: LawError) -> Self {
        LawErrors::from(error).into()
    }
}

impl From<isoflop_fit::FitError> for Failure {
    fn from(error: isoflop_fit::FitError) -> Self {
        if let isoflop_fit::FitError::Formula { text, diagnostics } = &error {
            return Failure::formula("the law with --fix, --bound and --tie", text, diagnostics);
        }
        // The messages of the fitter start with their code in brackets.
        let text = error.to_string();
        match text.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
            Some((code, message)) => Failure::new(code, message),
            None => Failure::Input(format!("error: {text}")),
        }
    }
}

impl From<isoflop_plan::PlanError> for Failure {
    fn from(error: isoflop_plan::PlanError) -> Self {
        match &error {
            isoflop_plan::PlanError::Formula { place, text, diagnostics } => {
                Failure::formula(place, text, diagnostics)
            }
            _ => Failure::new(error.code(), error),
        }
    }
}

impl From<isoflop_plan::ModelError> for Failure {
    fn from(error: isoflop_plan::ModelError) -> Self {
        match error {
            isoflop_plan::ModelError::Law(errors) => errors.into(),
            isoflop_plan::ModelError::Plan(error) => error.into(),
        }
    }
}

impl From<io::Error> for Failure {
    /// Errors in writing to stdout: all others are turned into a [`CliError`] where the path is known.
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ClosedPipe,
            _ => CliError::Stdout { reason: error.to_string() }.into(),
        }
    }
}
