//! What the user must mend, as text: one place where errors of all crates become a message.

use std::io;

use isoflop_laws::{LawError, LawErrors};
use isoflop_runs::RunsError;
use isoflop_study::StudyError;

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
    #[error("cannot save {path}: {reason}")]
    CannotSave { path: String, reason: String },
    #[error("say where to predict: --at {}, or a table of points", .inputs.iter().map(|i| format!("{i}=1B"))
        .collect::<Vec<_>>().join(","))]
    NoPoints { inputs: Vec<String> },
    #[error(
        "{path}: figures are written as SVG, PNG or Vega-Lite; name a file that ends in .svg, .png or .vl.json, or leave -o out \
         for the terminal"
    )]
    NotAFigure { path: String },
    #[error("the figures do not become a PNG: {reason}; write SVG instead")]
    NoPicture { reason: String },
    #[error("{path} is what `isoflop {name}` printed and needs no runs; leave {runs} out")]
    RunsOfResult { path: String, runs: String, name: &'static str },
    #[error("--only {asked}: {path} has {count} figures; give a number from 1 to {count}")]
    NoSuchFigure { path: String, asked: usize, count: usize },
    #[error(
        "{path} is no result of compare, backtest, profile, methods, contrast, influence, plan or next; print one with --format json"
    )]
    NotAResult { path: String },
    #[error(
        "a PDF is printed by Chromium, and {reason}; install chromium (on Debian: apt install chromium), or write .html and \
             print that"
    )]
    NoPrinter { reason: String },
    #[error("nothing to plot: {path}, printed by `isoflop {name}`, has no numbers that a figure could show")]
    EmptyResult { path: String, name: &'static str },
    #[error("{path} does not say how it was fitted from which runs: audit the runs themselves, with --law")]
    NotAudited { path: String },
    #[error("{path} is a saved fit and has its law; leave --law out, or name the runs to fit again")]
    LawOfSavedFit { path: String },
    #[error("nothing to plot: the law {formula} has no numeric input that varies over the runs")]
    NothingToPlot { formula: String },
    #[error(
        "say what the plan is for: a named plan, `isoflop plan compute-optimal {what} --flops 1e24` (`isoflop plan \
         --list` lists them), or --minimize and --over"
    )]
    NoAim { what: String },
    #[error(
        "the plan {plan} is made for {laws}: write `isoflop plan {plan} {}`, or a saved fit in place of LAW",
        if .roles.is_empty() { "LAW".to_owned() } else { .roles.iter().map(|role| format!("{role}=LAW")).collect::<Vec<_>>().join(" ") }
    )]
    PlanNeedsLaw { plan: String, laws: String, roles: Vec<String> },
    #[error("{path} is a run table: say which law to fit to it, --law chinchilla")]
    NextNeedsLaw { path: String },
    #[error("without runs there is nothing to fit: name one law with its coefficients, such as chinchilla@besiroglu, not {}", .given.join(" "))]
    OneLaw { given: Vec<String> },
    #[error("--design needs a range or a value for {name}, such as {name}=10M..1B:6")]
    NoLevels { name: String },
    #[error("--budgets is for laws of N and D; {law} reads {}: use --design", .inputs.join(", "))]
    NoBudgets { law: String, inputs: Vec<String> },
    #[error("{law} cannot be simulated: {reason}")]
    NotSimulated { law: String, reason: String },
    #[error(
        "{path}: runs are exported as Parquet or CSV; name a file that ends in .parquet or .csv, or - for CSV on stdout"
    )]
    NotATable { path: String },
    #[error("{path} is one of the files to read; name another file for the table")]
    OntoInput { path: String },
    #[error("{path} exists: a frozen forecast is not written over; name another file")]
    FrozenExists { path: String },
    #[error("{path}: {reason}")]
    BadFrozen { path: String, code: String, reason: String },
    #[error(
        "--observed is the result of one run, and {files} forecasts are given: score them one by one, or name the table \
         of the runs with --runs"
    )]
    ObservedOfMany { files: usize },
    #[error("--observed names {name}, but the forecast is one of {output}: write --observed {output}=1.93")]
    OtherOutput { name: String, output: String },
    #[error(
        "no run of the table has inputs within {within} of a forecast ({inputs}): nothing can be scored yet; see --within \
         and --map"
    )]
    NothingObserved { within: String, inputs: String },
    #[error("the job has {shards} shards, not {said}: write --shard K/{shards}")]
    OtherShards { said: usize, shards: usize },
    #[error("stdout cannot be written: {reason}")]
    Stdout { reason: String },
}

impl CliError {
    /// A short code that does not change between versions.
    fn code(&self) -> String {
        let code = match self {
            CliError::CannotSave { .. } => "C0301",
            CliError::NoPoints { .. } => "C0401",
            CliError::NotAFigure { .. } => "C0702",
            CliError::NoPicture { .. } => "C0705",
            CliError::RunsOfResult { .. } => "C0706",
            CliError::EmptyResult { .. } => "C0707",
            CliError::NoSuchFigure { .. } => "C0708",
            CliError::NotAResult { .. } => "C0709",
            CliError::NoPrinter { .. } => "C0710",
            CliError::NothingToPlot { .. } => "C0703",
            CliError::NotAudited { .. } => "C1101",
            CliError::LawOfSavedFit { .. } => "C0704",
            CliError::NoAim { .. } => "C0406",
            CliError::PlanNeedsLaw { .. } => "C0411",
            CliError::NextNeedsLaw { .. } => "C1203",
            CliError::OneLaw { .. } => "C1204",
            CliError::NoLevels { .. } => "C1205",
            CliError::NoBudgets { .. } => "C1206",
            CliError::NotSimulated { .. } => "C1207",
            CliError::NotATable { .. } => "C1301",
            CliError::OntoInput { .. } => "C1302",
            CliError::FrozenExists { .. } => "C1001",
            CliError::ObservedOfMany { .. } => "C1002",
            CliError::OtherOutput { .. } => "C1003",
            CliError::NothingObserved { .. } => "C1004",
            CliError::BadFrozen { code, .. } => return code.clone(),
            CliError::OtherShards { .. } => "C1407",
            CliError::Stdout { .. } => "C0502",
        };
        code.to_owned()
    }
}

impl Failure {
    /// An error with its code.
    pub(crate) fn new(code: &str, message: impl std::fmt::Display) -> Failure {
        Failure::Input(format!("error {code}: {message}"))
    }
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        Failure::new(&error.code(), error)
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        Failure::Input(error.report())
    }
}

impl From<RunsError> for Failure {
    fn from(error: RunsError) -> Self {
        StudyError::from(error).into()
    }
}

impl From<LawErrors> for Failure {
    fn from(errors: LawErrors) -> Self {
        StudyError::from(errors).into()
    }
}

impl From<LawError> for Failure {
    fn from(error: LawError) -> Self {
        StudyError::from(error).into()
    }
}

impl From<isoflop_fit::FitError> for Failure {
    fn from(error: isoflop_fit::FitError) -> Self {
        StudyError::from(error).into()
    }
}

impl From<isoflop_plan::PlanError> for Failure {
    fn from(error: isoflop_plan::PlanError) -> Self {
        StudyError::from(error).into()
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
