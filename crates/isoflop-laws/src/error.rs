//! What can be wrong with a law file or a law's name: one variant per kind of mistake.

use std::fmt;
use std::sync::Arc;

use isoflop_formula::{Diagnostics, Severity};

/// A line of a law file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user knows it, such as `laws/base/chinchilla.md`.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One mistake in a law file, or a law that cannot be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The messages name every field.
pub enum LawError {
    #[error("{path}: cannot read: {reason}")]
    Io { path: String, reason: String },
    #[error("{path}: no law files (*.md) in this folder; a law is a file AREA/ID.md or ID.md")]
    NoLaws { path: String },
    #[error("{path}: the id `{id}` is already taken by {first}; give one of them another id")]
    SameId { path: String, id: String, first: String },
    #[error("{place}: the file must start with a line `+++`, then TOML, then a second line `+++`")]
    NoFrontMatter { place: Place },
    #[error("{place}: the front matter is not valid TOML: {message}")]
    Toml { place: Place, message: String },
    #[error("{place}: unknown key `{key}` in {section}{}", did_you_mean(suggestion))]
    UnknownKey { place: Place, key: String, section: String, suggestion: Option<String> },
    #[error("{place}: {section} has no `{key}`; add it")]
    MissingKey { place: Place, key: String, section: String },
    #[error("{place}: `{key}` in {section} must be {expected}, not {found}")]
    WrongValue { place: Place, key: String, section: String, expected: String, found: String },
    #[error("{place}: {what} `{name}` is already there{}", first_at(*first))]
    Duplicate { place: Place, what: &'static str, name: String, first: Option<usize> },
    #[error(
        "{place}: {what} `{name}` must start with a letter and hold only {allowed}",
        allowed = if *lower_case { "lower-case letters, digits and _" } else { "letters, digits and _" }
    )]
    BadName { place: Place, what: &'static str, name: String, lower_case: bool },
    #[error("{place}: the {key} is `{value}` but the file lies at `{expected}`; make the two equal")]
    Misplaced { place: Place, key: &'static str, value: String, expected: String },
    #[error("{place}: heading `## {expected}` expected {}", match found {
        Some(found) => format!("here, found `{found}`"),
        None => "but the file ends".to_owned(),
    })]
    Heading { place: Place, expected: &'static str, found: Option<String> },
    #[error("{place}: `{found}` is not one of the five headings; use `###` below them")]
    ExtraHeading { place: Place, found: String },
    #[error("{place}: nothing stands under `## {heading}`; say it in a sentence or two")]
    EmptyHeading { place: Place, heading: &'static str },
    #[error("{place}: the formula under `{key}` in {section} is wrong: {}", first_message(diagnostics))]
    Formula { place: Place, key: String, section: String, diagnostics: Diagnostics },
    #[error("{place}: {what} `{name}` is declared but the formula does not use it")]
    Unused { place: Place, what: &'static str, name: String },
    #[error("{place}: parameter `{parameter}` has lower {lower} above upper {upper}; swap them")]
    Bounds { place: Place, parameter: String, lower: f64, upper: f64 },
    #[error("{place}: {set} gives no value for {}; add it{}", list(missing), if *may_be_partial {
        ", or mark the set `partial = true`"
    } else {
        ""
    })]
    MissingValues { place: Place, set: String, missing: Vec<String>, may_be_partial: bool },
    #[error("{place}: {set} names `{name}`, which is not one of {}", list(known))]
    UnknownName { place: Place, set: String, name: String, known: Vec<String> },
    #[error("{place}: {set} has {parameter} = {value}, outside the bounds {lower} to {upper}")]
    OutOfBounds { place: Place, set: String, parameter: String, value: f64, lower: f64, upper: f64 },
    #[error("law `{law}` needs a value for `{name}`")]
    NoValue { law: String, name: String },
    #[error("no law is called `{query}`{}", match suggestions.as_slice() {
        [] => "; `isoflop laws` lists them all".to_owned(),
        near => format!("; did you mean {}?", list(near)),
    })]
    UnknownLaw { query: String, suggestions: Vec<String> },
}

impl LawError {
    /// A short code that does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            LawError::Io { .. } => "LAW01",
            LawError::NoLaws { .. } => "LAW02",
            LawError::SameId { .. } => "LAW03",
            LawError::NoFrontMatter { .. } => "LAW04",
            LawError::Toml { .. } => "LAW05",
            LawError::UnknownKey { .. } => "LAW06",
            LawError::MissingKey { .. } => "LAW07",
            LawError::WrongValue { .. } => "LAW08",
            LawError::Duplicate { .. } => "LAW09",
            LawError::BadName { .. } => "LAW10",
            LawError::Misplaced { .. } => "LAW11",
            LawError::Heading { .. } => "LAW12",
            LawError::ExtraHeading { .. } => "LAW13",
            LawError::EmptyHeading { .. } => "LAW14",
            LawError::Formula { .. } => "LAW15",
            LawError::Unused { .. } => "LAW16",
            LawError::Bounds { .. } => "LAW17",
            LawError::MissingValues { .. } => "LAW18",
            LawError::UnknownName { .. } => "LAW19",
            LawError::OutOfBounds { .. } => "LAW20",
            LawError::NoValue { .. } => "LAW21",
            LawError::UnknownLaw { .. } => "LAW22",
        }
    }
}

impl LawError {
    /// Where in the file it is, if it is in one.
    pub fn place(&self) -> Option<&Place> {
        match self {
            LawError::Io { .. }
            | LawError::NoLaws { .. }
            | LawError::SameId { .. }
            | LawError::NoValue { .. }
            | LawError::UnknownLaw { .. } => None,
            LawError::NoFrontMatter { place }
            | LawError::Toml { place, .. }
            | LawError::UnknownKey { place, .. }
            | LawError::MissingKey { place, .. }
            | LawError::WrongValue { place, .. }
            | LawError::Duplicate { place, .. }
            | LawError::BadName { place, .. }
            | LawError::Misplaced { place, .. }
            | LawError::Heading { place, .. }
            | LawError::ExtraHeading { place, .. }
            | LawError::EmptyHeading { place, .. }
            | LawError::Formula { place, .. }
            | LawError::Unused { place, .. }
            | LawError::Bounds { place, .. }
            | LawError::MissingValues { place, .. }
            | LawError::UnknownName { place, .. }
            | LawError::OutOfBounds { place, .. } => Some(place),
        }
    }
}

/// All the mistakes found in one go; never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct LawErrors(pub Vec<LawError>);

impl fmt::Display for LawErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LawErrors {}

impl From<LawError> for LawErrors {
    fn from(error: LawError) -> Self {
        LawErrors(vec![error])
    }
}

fn did_you_mean(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn first_at(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(" (line {line})"))
}

/// The first error of a formula, with its help; the rest is for those who render the diagnostics.
fn first_message(diagnostics: &Diagnostics) -> String {
    let first = diagnostics.0.iter().find(|d| d.severity == Severity::Error).or(diagnostics.0.first());
    let Some(first) = first else { return "it does not compile".to_owned() };
    match &first.help {
        Some(help) => format!("{} ({help})", first.message),
        None => first.message.clone(),
    }
}

/// Names in backticks: `a`, `b` or `c`.
fn list(names: &[String]) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        text += match index {
            0 => "",
            _ if index + 1 == names.len() => " or ",
            _ => ", ",
        };
        text += &format!("`{name}`");
    }
    text
}
