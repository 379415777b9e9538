//! A result as its file under `reproduce/` describes it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::ReproduceError;

/// Name and text of every embedded description.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// What to read, what to fit and what was published. `reproduce/README.md` explains every key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Name by which it is asked for: that of its file.
    #[serde(skip)]
    pub id: String,
    /// One line.
    pub title: String,
    /// Where the published figures stand, unless a quantity has its own.
    pub source: String,
    /// Tables below the folder of the user, read as one.
    #[serde(default)]
    pub files: Vec<String>,
    /// `NAME=COLUMN`, as `--map`.
    #[serde(default)]
    pub(crate) map: Vec<String>,
    /// What is done to the table before a fit, in order.
    #[serde(default)]
    pub(crate) steps: Vec<String>,
    /// Fits in order; each reads the table that the one before collected.
    #[serde(default)]
    pub(crate) fit: Vec<Stage>,
    /// A numeric procedure in place of tables and fits.
    pub(crate) procedure: Option<String>,
    pub(crate) quantity: Vec<Quantity>,
    /// What the file says in words, below the facts.
    #[serde(skip)]
    pub words: String,
}

/// One law over one table, or over each part of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stage {
    /// Id of a law, or a formula with `~`.
    pub(crate) law: String,
    pub(crate) objective: Option<String>,
    pub(crate) delta: Option<f64>,
    /// Column of weights.
    pub(crate) weight: Option<String>,
    /// Steps before this fit, on what the fit before left.
    #[serde(default)]
    pub(crate) steps: Vec<String>,
    /// Rows that are fitted; the others stay for quantities with `on`.
    pub(crate) rows: Option<String>,
    /// Columns (`A, B`) with one fit for each of their values.
    pub(crate) per: Option<String>,
    /// The source's own optimum, to compare objectives with.
    pub(crate) published: Option<Sets>,
    /// Whether that set is taken as it is, without a fit.
    #[serde(default)]
    pub(crate) evaluate: bool,
    /// Parameters held at the values of that set.
    #[serde(default)]
    pub(crate) hold: Vec<String>,
    #[serde(default)]
    pub(crate) fix: BTreeMap<String, f64>,
    #[serde(default)]
    pub(crate) bounds: BTreeMap<String, [f64; 2]>,
    #[serde(default)]
    pub(crate) tie: BTreeMap<String, String>,
    /// As `--starts`.
    pub(crate) starts: Option<String>,
    /// Columns of the next table: a formula of the parameters each, one row per part; `case` is the part.
    #[serde(default)]
    pub(crate) collect: BTreeMap<String, String>,
    /// Instead: the same table for the next fit, with the predictions of this one as a column of this name.
    pub(crate) predict: Option<String>,
}

/// A set of coefficients of the law: one for all parts, or one for each.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sets {
    One(String),
    PerCase(BTreeMap<String, String>),
}

impl Sets {
    pub(crate) fn of(&self, case: Option<&str>) -> Option<&str> {
        match self {
            Sets::One(id) => Some(id),
            Sets::PerCase(ids) => ids.get(case?).map(String::as_str),
        }
    }
}

/// A number that somebody published.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quantity {
    pub(crate) name: String,
    /// Formula of parameters and statistics; the name, if there is none.
    pub(crate) formula: Option<String>,
    /// Instead: the mean over the rows of a formula of columns, and of the `prediction` if there is a fit.
    pub(crate) mean: Option<String>,
    /// Rows that the statistics look at; those of the fit, if there is none.
    pub(crate) on: Option<String>,
    /// The mean of the statistics over the parts of these rows that agree in these columns.
    pub(crate) each: Option<String>,
    /// Which fit, counted from 1; the last, if there is none.
    pub(crate) stage: Option<usize>,
    /// The mean over all parts instead of one figure for each.
    #[serde(default)]
    pub(crate) average: bool,
    /// Arguments of the procedure.
    #[serde(default)]
    pub(crate) at: BTreeMap<String, f64>,
    /// The figure; from the source's set of coefficients, if there is none.
    pub(crate) published: Option<Figure>,
    /// Largest relative difference.
    pub(crate) tolerance: Option<f64>,
    /// Instead: largest absolute difference, such as half a unit of the last digit printed.
    pub(crate) within: Option<f64>,
    pub(crate) source: Option<String>,
}

/// A published figure: one for all parts, or one for each.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Figure {
    One(f64),
    PerCase(BTreeMap<String, f64>),
}

impl Description {
    /// A table without fits and figures.
    pub(crate) fn of_table(name: &str, files: &[String], map: &[String], steps: &[String]) -> Description {
        Description {
            id: name.to_owned(),
            title: String::new(),
            source: String::new(),
            files: files.to_vec(),
            map: map.to_vec(),
            steps: steps.to_vec(),
            fit: Vec::new(),
            procedure: None,
            quantity: Vec::new(),
            words: String::new(),
        }
    }

    /// Reads a description; `file` is the name used in messages, and its stem the id.
    ///
    /// # Errors
    /// [`ReproduceError::Description`] with the line, for anything that is not as `reproduce/README.md` says.
    pub fn parse(file: &str, text: &str) -> Result<Description, ReproduceError> {
        let bad = |reason: String| ReproduceError::Description { file: file.to_owned(), reason };
        let parts = text.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n"));
        let (facts, words) = parts.ok_or_else(|| bad("it must hold TOML between two lines `+++`".into()))?;
        let mut description: Description = toml::from_str(facts).map_err(|error| bad(error.to_string()))?;
        let name = file.rsplit('/').next().unwrap_or(file);
        description.id = name.trim_end_matches(".md").to_owned();
        description.words = words.trim().to_owned();
        if description.fit.is_empty() && description.procedure.is_none() && description.files.is_empty() {
            return Err(bad("it has neither `files` nor a `procedure`".into()));
        }
        if description.fit.iter().any(|stage| stage.predict.is_some() && stage.per.is_some()) {
            return Err(bad("a fit with `per` cannot hand on its predictions".into()));
        }
        let stages = description.fit.len();
        if let Some(bad_one) =
            description.quantity.iter().find(|q| q.tolerance.is_some() == q.within.is_some())
        {
            return Err(bad(format!("`{}` needs either `tolerance` or `within`", bad_one.name)));
        }
        match description.quantity.iter().find(|q| q.stage.is_some_and(|s| s == 0 || s > stages)) {
            Some(quantity) => Err(bad(format!("`{}` asks for a stage that is not there", quantity.name))),
            None => Ok(description),
        }
    }
}

/// All embedded descriptions, by id.
///
/// # Errors
/// None in a tested build.
pub fn builtin() -> Result<Vec<Description>, ReproduceError> {
    BUILTIN.iter().map(|(file, text)| Description::parse(file, text)).collect()
}
