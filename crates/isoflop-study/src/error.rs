//! What can be wrong with a request: errors of this crate, and those of the crates below in one type.

use isoflop_audit::AuditError;
use isoflop_fit::FitError;
use isoflop_formula::Diagnostics;
use isoflop_laws::{LawError, LawErrors};
use isoflop_plan::{ModelError, PlanError};
use isoflop_runs::RunsError;

/// Work that cannot be done as asked; the message says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The messages name every field.
pub enum StudyError {
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
    #[error("{path}: cannot be read: {reason}")]
    CannotRead { path: String, reason: String },
    #[error("{path}: {reason}")]
    BadSavedFit { path: String, reason: String },
    #[error("--at {text}: {name} is given twice")]
    GivenTwice { text: String, name: String },
    #[error("--at {text}: the law has no input {name}; it has {}", .inputs.join(", "))]
    UnknownInput { text: String, name: String, inputs: Vec<String> },
    #[error("--at {text}: a value for {} is missing", .missing.join(" and "))]
    MissingInput { text: String, missing: Vec<String> },
    #[error(
        "--at {text}: the law looks back over the rows of a run, so one point is not enough; give a table with the \
         rows of each run, in which `run` tells runs apart and `step` orders them"
    )]
    LooksBack { text: String },
    #[error("the fit knows no {column} {level:?}; it knows {}", .known.join(", "))]
    UnknownLevel { column: String, level: String, known: Vec<String> },
    #[error("{path} does not say which runs it was made from; name them after it")]
    NoRuns { path: String },
    #[error(
        "{files}: no column tells the curves of runs apart; name it with --map run=COLUMN; the columns are {}", .known.join(", ")
    )]
    NoRunsColumn { files: String, known: Vec<String> },
    #[error("the table has no column for C or N; say along which column to cut with --by")]
    NoCutColumn,
    #[error(
        "no law of the catalogue predicts {output} from the columns of this table; see `isoflop laws for`, --map and --let"
    )]
    NothingToCompare { output: String },
    #[error(
        "the table has the columns of {count} law(s) of the catalogue for {output}, but none can be compared on it: {law}: {reason}; add runs, or name laws with --laws"
    )]
    NothingFits { output: String, count: usize, law: String, reason: String },
    #[error("{first} predicts {output} and {second} predicts {other}: compare laws that predict the same")]
    TwoOutputs { first: String, output: String, second: String, other: String },
    #[error(
        "{law} reads {input}, which {own} does not: a forecast of {own} would not know it; leave {law} out of --among"
    )]
    ForeignInput { law: String, input: String, own: String },
    #[error("--among needs the intervals that it widens; leave out --bootstrap 0")]
    AmongWithoutIntervals,
    #[error(
        "{law} predicts several outputs ({outputs}), and {what} is for laws with one: write out the statement of one of them"
    )]
    SeveralOutputs { law: String, outputs: String, what: &'static str },
    #[error("the plan {plan} has an objective of its own; leave out --minimize and --maximize")]
    TwoAims { plan: String },
    #[error("what does a run of {law} cost? Say it with --cost, as a formula of {}", .inputs.join(", "))]
    NoCost { law: String, inputs: Vec<String> },
    #[error(
        "how far do runs scatter around the law? Say it with --noise, such as --noise 0.5%{}",
        if *.has_runs { "; the runs do not say it" } else { "; without runs it is not known" }
    )]
    NoNoise { has_runs: bool },
    #[error("{path}: {reason}; plan it with `isoflop shard plan`")]
    BadJob { path: String, reason: String },
    #[error("{path}: {reason}; run this shard again")]
    BadShard { path: String, reason: String },
    #[error("there is no shard {shard}: the job has shards 1 to {shards}")]
    NoShard { shard: usize, shards: usize },
    #[error("{} of {shards} shards are missing: {}; run them, and merge again", .missing.len(), spans(.missing))]
    ShardsMissing { missing: Vec<usize>, shards: usize },
    #[error(
        "{tasks} tasks cannot be divided into {shards} shards: choose from 1 to {tasks}, or more replicates"
    )]
    TooManyShards { shards: usize, tasks: usize },
    #[error("the job {}", if *.is_groups { "has a fit for each group, not one fit" } else { "has one fit, not fits of groups" })]
    OtherWork { is_groups: bool },
    #[error("the rows are not those that the job was planned on (sha256 {now}, then {then}): plan it again")]
    OtherRows { now: String, then: String },
    #[error(
        "the plan {plan} is a table of published rules with laws of its own, which has no use for {option}: write \
         `isoflop plan {plan} --given ...`"
    )]
    OnlyRules { plan: String, option: &'static str },
    #[error("no folder is called {path}: give the one that holds the public tables")]
    NoFolder { path: String },
    #[error("no result is called {name}{}", match .close {
        Some(close) => format!("; did you mean {close}?"),
        None => format!("; the results are {}", .known.join(", ")),
    })]
    UnknownResult { name: String, close: Option<String>, known: Vec<String> },
    #[error("{reason}")]
    Description { code: &'static str, reason: String },
    #[error("the threads cannot be started: {reason}")]
    Threads { reason: String },
    /// A formula that does not compile.
    #[error("{origin} {text}: {diagnostics}")]
    Formula {
        /// Where it came from, such as `--law`.
        origin: String,
        /// The formula.
        text: String,
        /// What is wrong, with places in the text.
        diagnostics: Diagnostics,
    },
    /// What is wrong with a run table.
    #[error(transparent)]
    Runs(RunsError),
    /// What is wrong with a law file or the name of a law.
    #[error(transparent)]
    Laws(LawErrors),
    /// What is wrong with a fit.
    #[error(transparent)]
    Fit(FitError),
    /// What is wrong with a plan.
    #[error(transparent)]
    Plan(PlanError),
    /// What is wrong with a reviewer's question.
    #[error(transparent)]
    Audit(AuditError),
}

impl StudyError {
    /// A short code that does not change between versions.
    pub fn code(&self) -> String {
        let code = match self {
            StudyError::NoLaw { .. } => "C0101",
            StudyError::BadAssignment { .. } => "C0102",
            StudyError::NoDelta { .. } => "C0103",
            StudyError::OutputNotPositive { .. } => "C0201",
            StudyError::NoRows { .. } => "C0202",
            StudyError::FilteredAll { .. } => "C0203",
            StudyError::NoColumn { .. } => "C0204",
            StudyError::CannotRead { .. } => "C0302",
            StudyError::BadSavedFit { .. } => "C0303",
            StudyError::GivenTwice { .. } => "C0402",
            StudyError::UnknownInput { .. } => "C0403",
            StudyError::MissingInput { .. } => "C0404",
            StudyError::UnknownLevel { .. } => "C0405",
            StudyError::LooksBack { .. } => "C0408",
            StudyError::TwoAims { .. } => "C0407",
            StudyError::NoCost { .. } => "C1201",
            StudyError::NoNoise { .. } => "C1202",
            StudyError::BadJob { .. } => "C1401",
            StudyError::BadShard { .. } => "C1402",
            StudyError::NoShard { .. } => "C1403",
            StudyError::ShardsMissing { .. } => "C1404",
            StudyError::TooManyShards { .. } => "C1405",
            StudyError::OtherRows { .. } => "C1406",
            StudyError::OtherWork { .. } => "C1408",
            StudyError::OnlyRules { .. } => "C0409",
            StudyError::Threads { .. } => "C0501",
            StudyError::NoFolder { .. } => "C0601",
            StudyError::UnknownResult { .. } => "C0602",
            StudyError::Description { code, .. } => code,
            StudyError::NoRuns { .. } => "C0701",
            StudyError::NoRunsColumn { .. } => "C0711",
            StudyError::NoCutColumn => "C0801",
            StudyError::NothingToCompare { .. } | StudyError::NothingFits { .. } => "C0802",
            StudyError::TwoOutputs { .. } => "C0803",
            StudyError::ForeignInput { .. } => "C0805",
            StudyError::AmongWithoutIntervals => "C0806",
            StudyError::SeveralOutputs { .. } => "C0804",
            StudyError::Formula { diagnostics, .. } => diagnostics.0.first().map_or("", |first| first.code),
            StudyError::Runs(error) => error.code(),
            StudyError::Laws(LawErrors(errors)) => errors.first().map_or("", LawError::code),
            StudyError::Plan(error) => error.code(),
            StudyError::Fit(error) => return fit_code(error).0,
            StudyError::Audit(error) => error.code().unwrap_or_default(),
        };
        code.to_owned()
    }

    /// The whole text for people, from `error` and the code on, with places in formulas underlined.
    ///
    /// ```
    /// use isoflop_study::StudyError;
    ///
    /// let error = StudyError::NoDelta { objective: "squares".to_owned() };
    /// assert_eq!(error.report(), "error C0103: the objective squares has no threshold; leave --delta out");
    /// ```
    pub fn report(&self) -> String {
        if let Some((origin, text, diagnostics)) = self.formula() {
            return format!("{}\n  in {origin}", diagnostics.render(text));
        }
        match self {
            StudyError::Laws(LawErrors(errors)) => {
                let lines: Vec<String> = errors.iter().map(|e| format!("error {}: {e}", e.code())).collect();
                lines.join("\n")
            }
            StudyError::Fit(error) => match fit_code(error) {
                (code, message) if code.is_empty() => format!("error: {message}"),
                (code, message) => format!("error {code}: {message}"),
            },
            other => format!("error {}: {other}", other.code()),
        }
    }

    /// What is wrong, without the place underlined.
    pub fn first_line(&self) -> String {
        self.report().lines().next().unwrap_or_default().to_owned()
    }

    /// Where a formula came from, the formula, and what is wrong with it; `None` for other errors.
    pub fn formula(&self) -> Option<(&str, &str, &Diagnostics)> {
        match self {
            StudyError::Formula { origin, text, diagnostics } => Some((origin, text, diagnostics)),
            StudyError::Runs(RunsError::Formula { option, text, diagnostics }) => {
                Some((option, text, diagnostics))
            }
            StudyError::Fit(FitError::Formula { text, diagnostics }) => {
                Some(("the law with --fix, --bound and --tie", text, diagnostics))
            }
            StudyError::Plan(PlanError::Formula { place, text, diagnostics }) => {
                Some((place, text, diagnostics))
            }
            _ => None,
        }
    }

    /// Errors in a formula that came from `origin`.
    pub(crate) fn in_formula(origin: &str, text: &str, diagnostics: Diagnostics) -> StudyError {
        StudyError::Formula { origin: origin.to_owned(), text: text.to_owned(), diagnostics }
    }
}

/// Code and message: the messages of the fitter start with their code in brackets.
fn fit_code(error: &FitError) -> (String, String) {
    let text = error.to_string();
    match text.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((code, message)) => (code.to_owned(), message.to_owned()),
        None => (String::new(), text),
    }
}

/// Numbers in rising order as `1-3,7`.
fn spans(numbers: &[usize]) -> String {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match parts.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => parts.push((number, number)),
        }
    }
    let shown = |&(a, b): &(usize, usize)| if a == b { a.to_string() } else { format!("{a}-{b}") };
    parts.iter().map(shown).collect::<Vec<_>>().join(",")
}

fn listed(reasons: &[String]) -> String {
    if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) }
}

impl From<RunsError> for StudyError {
    fn from(error: RunsError) -> Self {
        StudyError::Runs(error)
    }
}

impl From<LawErrors> for StudyError {
    fn from(errors: LawErrors) -> Self {
        StudyError::Laws(errors)
    }
}

impl From<LawError> for StudyError {
    fn from(error: LawError) -> Self {
        StudyError::Laws(error.into())
    }
}

impl From<AuditError> for StudyError {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Fit(error) => StudyError::Fit(error),
            other => StudyError::Audit(other),
        }
    }
}

impl From<FitError> for StudyError {
    fn from(error: FitError) -> Self {
        StudyError::Fit(error)
    }
}

impl From<PlanError> for StudyError {
    fn from(error: PlanError) -> Self {
        StudyError::Plan(error)
    }
}

impl From<ModelError> for StudyError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Law(errors) => errors.into(),
            ModelError::Plan(error) => error.into(),
        }
    }
}
