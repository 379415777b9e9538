//! Tables of a study: the same files, maps and steps as a published result, without figures to compare with.

use std::path::Path;

use isoflop_fit::{Data, overridden};
use isoflop_laws::Law;
use serde::Deserialize;

use crate::bind;
use crate::description::Description;
use crate::error::ReproduceError;
use crate::steps::prepare;

/// A table, or several that differ in a column, with the law to fit.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyTable {
    /// Name in the report.
    pub name: String,
    /// Files below the folder of the user, read as one.
    pub files: Vec<String>,
    /// `NAME=COLUMN`, as `--map`.
    #[serde(default)]
    pub map: Vec<String>,
    /// Steps, as `reproduce/README.md` explains them.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Columns (`A, B`) with one table for each of their values.
    pub per: Option<String>,
    /// Id of a law, or a formula with `~`.
    pub law: String,
    /// Column along which the runs are cut.
    pub by: String,
}

/// A table ready to be fitted.
#[derive(Debug, Clone)]
pub struct StudyCase {
    /// Name of the table, with the values of `per`.
    pub name: String,
    /// The law over its columns.
    pub law: Law,
    /// Inputs and output.
    pub data: Data,
    /// Values of the column along which it is cut.
    pub by: Vec<f64>,
}

impl StudyTable {
    /// Whether every file is there.
    pub fn is_there(&self, folder: &Path) -> bool {
        self.files.iter().all(|file| folder.join(file).is_file())
    }

    /// Reads the files below `folder`, does the steps and binds the law.
    ///
    /// # Errors
    /// Files that cannot be read, steps or laws that do not fit them.
    pub fn cases(&self, folder: &Path) -> Result<Vec<StudyCase>, ReproduceError> {
        let work = prepare(&Description::of_table(&self.name, &self.files, &self.map, &self.steps), folder)?;
        let parts = match &self.per {
            Some(names) => work.parts(names)?,
            None => vec![(String::new(), work)],
        };
        let case = |(part, work): (String, _)| {
            let law = bind::law_of(&self.law, &work)?;
            let broken = |source: isoflop_fit::FitError| ReproduceError::Fit {
                id: self.name.clone(),
                source: source.into(),
            };
            let formula = overridden(&law, &isoflop_fit::Overrides::default()).map_err(broken)?;
            let columns = bind::columns(&formula, &work, None)?;
            let all = work.numbers(&self.by)?;
            let by = columns.rows.iter().map(|&row| all[row]).collect();
            let name = format!("{} {part}", self.name).trim_end().to_owned();
            Ok(StudyCase { name, data: bind::data(&formula, columns), law, by })
        };
        parts.into_iter().map(case).collect()
    }
}
