//! What a report is about.

use isoflop_fit::{Data, Fit};
use isoflop_formula::Formula;
use isoflop_study::{Again, Finished, Rows, RunCurves, counted};

use serde_json::Value;

use crate::figures::Scene;

/// A fit with its rows and its origin.
#[derive(Debug)]
pub struct Subject<'a> {
    /// Name of the law; `formula` for one without a name.
    pub law: &'a str,
    /// The fitted formula.
    pub formula: &'a Formula,
    /// The fit.
    pub fit: &'a Fit,
    /// The rows as the fit saw them.
    pub data: &'a Data,
    /// What became of the rows of the table.
    pub rows: &'a Rows,
    /// Whether the rows are those of the fit.
    pub is_same: bool,
    /// Place of each influential row of the certificate.
    pub influential: &'a [String],
    /// SHA-256 over the columns used.
    pub digest: &'a str,
    /// Seed of starts and replicates.
    pub seed: u64,
    /// The command that made the fit; empty if nothing says.
    pub made_by: &'a [String],
    /// The command that makes the report; empty if none does.
    pub command: &'a [String],
    /// Name of the file with the saved fit, if it is one.
    pub saved: Option<&'a str>,
    /// The curves of runs, to be held against the forecast; also without them if the rows are whole curves.
    pub curves: Option<&'a RunCurves>,
    /// Results that belong to it: of a comparison, a backtest, a plan.
    pub results: &'a [ResultFile],
}

/// A result in a file.
#[derive(Debug, Clone)]
pub struct ResultFile {
    /// Name of the file.
    pub name: String,
    /// What the command printed with `--format json`, as [`result_figures`](crate::result_figures) reads it.
    pub result: Value,
}

impl<'a> Subject<'a> {
    /// A fit that was just made by `command`.
    pub fn of_finished(finished: &'a Finished, command: &'a [String]) -> Subject<'a> {
        Subject {
            law: &finished.law.id,
            formula: &finished.formula,
            fit: &finished.fit,
            data: &finished.data,
            rows: &finished.rows,
            is_same: true,
            influential: &finished.influential,
            digest: &finished.digest,
            seed: finished.seed,
            made_by: command,
            command,
            saved: None,
            curves: None,
            results: &[],
        }
    }

    /// A saved fit whose rows were read again; `command` makes the report.
    pub fn of_saved(again: &'a Again, command: &'a [String]) -> Subject<'a> {
        let saved = &again.saved;
        Subject {
            law: &saved.law,
            formula: &again.formula,
            fit: &saved.fit,
            data: &again.data,
            rows: &again.rows,
            is_same: again.is_same,
            influential: &again.influential,
            digest: &saved.data.sha256,
            seed: saved.seed,
            made_by: &saved.command,
            command,
            saved: None,
            curves: None,
            results: &[],
        }
    }

    /// The fit with its rows, ready to be drawn.
    pub fn scene(&self) -> Scene<'a> {
        let mut scene = Scene::new(self.formula, self.fit, self.data, self.provenance());
        scene.curves = self.curves;
        scene
    }

    /// `chinchilla on 240 rows of runs.csv, seed 0, isoflop 0.1.0`: the line below the figures.
    pub fn provenance(&self) -> String {
        let files = match self.rows.sources.as_slice() {
            [(name, _)] => name.clone(),
            many => counted(many.len(), "file"),
        };
        let law = if self.law == "formula" { "a formula" } else { self.law };
        format!(
            "{law} on {} of {files}, seed {}, isoflop {}",
            counted(self.rows.used, "row"),
            self.seed,
            env!("CARGO_PKG_VERSION")
        )
    }
}
