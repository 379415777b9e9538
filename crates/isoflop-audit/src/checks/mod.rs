//! The audit: a list of checks on a fit and its table, each in a module of its own.
//!
//! The list follows what surveys of scaling-law papers find missing or wrong (Li et al. 2025, arXiv 2502.18969, section
//! 3): the form of the law, the training set-up, which data were extracted, how the law was fitted.

mod certificate;
mod checkpoints;
mod collinear;
mod conventions;
mod decisive;
mod design;
mod edges;
mod noise;
mod outliers;
mod reach;
mod repeats;
mod reporting;
mod rounding;
mod schedule;
mod subject;
mod undertuned;

use isoflop_fit::Progress;
use serde::{Deserialize, Serialize};

pub use subject::{Columns, Subject};

use crate::checks::subject::View;
use crate::error::AuditError;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth saying in the paper.
    Note,
    /// A reviewer would ask.
    Warning,
    /// The answer cannot be relied on as it is.
    Serious,
}

/// Something that a check found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code of the check, such as `collinear-inputs`.
    pub check: String,
    /// How much it matters.
    pub severity: Severity,
    /// What is wrong, with the numbers that show it.
    pub evidence: String,
    /// What to do about it.
    pub advice: String,
    /// Rows concerned, counted from 0; empty where it concerns the table as a whole.
    pub rows: Vec<usize>,
}

/// A check that found nothing, or could not be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Passed {
    /// Stable code of the check.
    pub check: String,
    /// The numbers that it looked at, or why it could not.
    pub evidence: String,
    /// Whether it was made.
    pub was_made: bool,
}

/// All checks on one fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// What was found, the most serious first.
    pub findings: Vec<Finding>,
    /// The other checks, in the order of the list.
    pub passed: Vec<Passed>,
}

impl Audit {
    /// The worst severity; `None` if nothing was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|f| f.severity).max()
    }
}

/// What one check says.
pub(crate) enum Outcome {
    Found(Severity, String, String),
    /// The same, about these rows.
    Rows(Severity, String, String, Vec<usize>),
    Fine(String),
    NotMade(String),
}

type Check = fn(&View<'_>) -> Outcome;

/// The list. A check is a module with a function from the view of the fit to an outcome.
const CHECKS: &[(&str, Check)] = &[
    ("certificate", certificate::check),
    ("wide-intervals", certificate::intervals),
    ("size-range", design::sizes),
    ("tokens-per-parameter", design::ratios),
    ("rows-per-parameter", design::rows),
    ("collinear-inputs", collinear::check),
    ("outliers", outliers::check),
    ("diverged-runs", undertuned::diverged),
    ("undertuned-runs", undertuned::check),
    ("decisive-runs", decisive::check),
    ("residual-pattern", noise::pattern),
    ("seeds", noise::seeds),
    ("rounded-losses", rounding::check),
    ("checkpoints", checkpoints::check),
    ("undecayed-learning-rate", schedule::decay),
    ("warm-up", schedule::warm_up),
    ("repeated-data", repeats::check),
    ("counting", conventions::check),
    ("grid-edge", edges::check),
    ("extrapolation", reach::check),
    ("reporting", reporting::check),
];

/// Makes all checks on a fit.
///
/// # Errors
/// [`isoflop_fit::FitError::Cancelled`], and what is wrong with the table for the fits that the checks make themselves.
pub fn audit(subject: &Subject<'_>, progress: &dyn Progress) -> Result<Audit, AuditError> {
    let view = View::new(subject, progress)?;
    let mut audit = Audit { findings: Vec::new(), passed: Vec::new() };
    for (name, check) in CHECKS {
        let check_name = (*name).to_owned();
        match check(&view) {
            Outcome::Found(severity, evidence, advice) => {
                audit.findings.push(Finding {
                    check: check_name,
                    severity,
                    evidence,
                    advice,
                    rows: Vec::new(),
                });
            }
            Outcome::Rows(severity, evidence, advice, rows) => {
                audit.findings.push(Finding { check: check_name, severity, evidence, advice, rows });
            }
            Outcome::Fine(evidence) => {
                audit.passed.push(Passed { check: check_name, evidence, was_made: true })
            }
            Outcome::NotMade(evidence) => {
                audit.passed.push(Passed { check: check_name, evidence, was_made: false });
            }
        }
    }
    // Stable, so that equals stay in the order of the list.
    audit.findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
    Ok(audit)
}
