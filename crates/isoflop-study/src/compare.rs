//! Comparisons of laws on the rows that all of them can use.

use isoflop_fit::{
    Candidate, CompareOptions, Comparison, Cuts, FitOptions, LeftOut, Objective, Progress, compare,
};
use isoflop_laws::Law;

use crate::bind::law_over;
use crate::chances::missing;
use crate::error::StudyError;
use crate::note::{Listener, counted};
use crate::pool::with_threads;
use crate::study::{Entries, Study};

/// `auto` takes no law with more parameters than one for this many rows.
pub(crate) const ROWS_PER_PARAMETER: usize = 3;

/// Which laws are compared, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareRequest {
    /// Ids or formulas; `auto` is every law of the catalogue that the table has the columns of, and rows enough for.
    pub laws: Vec<String>,
    /// What the laws of `auto` must predict.
    pub output: String,
    /// Cut along this input or column; `None` for C if it is there, else N, else no backtest.
    pub by: Option<String>,
    /// How many cuts, or where.
    pub cuts: Cuts,
    /// Random parts of the cross-validation; `None` for the default.
    pub parts: Option<usize>,
    /// Chance of telling laws apart that are equally good.
    pub significance: f64,
}

impl Default for CompareRequest {
    fn default() -> Self {
        CompareRequest {
            laws: vec!["auto".to_owned()],
            output: "loss".to_owned(),
            by: None,
            cuts: Cuts::Count(5),
            parts: None,
            significance: 0.05,
        }
    }
}

/// A comparison with what a report needs.
#[derive(Debug)]
pub struct Compared {
    /// The comparison.
    pub comparison: Comparison,
    /// The column of the backtest, if there was one.
    pub by: Option<String>,
    /// Seed of starts, parts and replicates.
    pub seed: u64,
}

/// Compares laws on the rows that all of them can use, under one objective.
///
/// # Errors
/// Laws or columns that do not exist; laws that predict different things, or none; whatever [`isoflop_fit::compare`]
/// refuses.
pub fn comparison(
    study: &Study,
    request: &CompareRequest,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Compared, StudyError> {
    let single = &study.request;
    let objective = single.common_objective()?;
    let mut left_out = Vec::new();
    let mut laws = Vec::new();
    for name in &request.laws {
        if name == "auto" {
            laws.extend(fitting(study, &request.output, objective, &mut left_out)?);
        } else {
            laws.push(study.law(name, notes)?);
        }
    }
    let mut seen: Vec<String> = Vec::new();
    laws.retain(|law| {
        let is_new = !seen.contains(&law.id);
        seen.push(law.id.clone());
        is_new
    });
    one_output(&laws)?;
    if laws.is_empty() {
        let output = request.output.clone();
        return Err(match left_out.first() {
            None => StudyError::NothingToCompare { output },
            Some(LeftOut { law, reason }) => {
                let (law, reason) = (law.clone(), reason.clone());
                StudyError::NothingFits { output, count: left_out.len(), law, reason }
            }
        });
    }
    let laws: Vec<(Law, Objective)> = laws.into_iter().map(|law| (law, objective)).collect();
    let by = match &request.by {
        Some(by) => Some(study.by(Some(by))?),
        // Without a natural column to cut along there is no backtest.
        None => study.by(None).ok(),
    };
    let entries = study.bind(laws, by.as_deref(), None, notes)?;
    let forward = match (&by, &request.by) {
        (Some(by), Some(_)) => entries.rolling(by, &request.cuts)?,
        (Some(by), None) => entries.rolling(by, &request.cuts).unwrap_or_default(),
        (None, _) => Vec::new(),
    };
    if forward.is_empty() {
        notes.warning("no backtest: no column to cut along, or too few runs; see --by and --cuts");
    }
    let by = by.filter(|_| !forward.is_empty());
    let options = CompareOptions {
        fit: FitOptions {
            objective: Some(objective),
            starts: single.starts.parse()?,
            bootstrap: single.bootstrap,
            level: single.level,
            seed: single.seed,
            choices: false,
            ..FitOptions::default()
        },
        parts: request.parts,
        significance: request.significance,
    };
    notes.info(&format!(
        "comparing {} on {}",
        counted(entries.laws.len(), "law"),
        counted(entries.places.len(), "row")
    ));
    let candidates = candidates(entries);
    let mut comparison =
        with_threads(single.threads, || compare(&candidates, &forward, &options, progress))??;
    comparison.left_out.extend(left_out);
    Ok(Compared { comparison, by, seed: single.seed })
}

fn candidates(entries: Entries) -> Vec<Candidate> {
    entries.laws.into_iter().map(|entry| Candidate { law: entry.law, data: entry.data }).collect()
}

/// All laws must predict the same thing.
fn one_output(laws: &[Law]) -> Result<(), StudyError> {
    let Some(first) = laws.first() else { return Ok(()) };
    match laws.iter().find(|law| law.output.name != first.output.name) {
        None => Ok(()),
        Some(other) => Err(StudyError::TwoOutputs {
            first: first.id.clone(),
            output: first.output.name.clone(),
            second: other.id.clone(),
            other: other.output.name.clone(),
        }),
    }
}

/// The laws of the catalogue for this output that the table has all columns of, and rows enough for. A law that would
/// cost the others more than one row in ten is left out.
fn fitting(
    study: &Study,
    output: &str,
    objective: Objective,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Law>, StudyError> {
    let mut found: Vec<(Law, usize)> = Vec::new();
    for law in study.catalogue.laws().iter().filter(|law| law.output.name == output) {
        if !missing(law, &study.table, &study.mapping).is_empty() {
            continue;
        }
        let law = law_over(law, &study.table)?;
        let mut leave = |reason: String| left_out.push(LeftOut { law: law.id.clone(), reason });
        match study.bind(vec![(law.clone(), objective)], None, None, &()) {
            Ok(entries) => {
                let rows = entries.places.len();
                let free = law.formula().symbols.params.iter().filter(|p| p.fixed.is_none()).count();
                if free * ROWS_PER_PARAMETER > rows {
                    leave(format!("{free} parameters are many for {rows} rows"));
                } else {
                    found.push((law, rows));
                }
            }
            Err(error) => {
                let text = error.report();
                leave(text.split_once(": ").map_or(text.clone(), |(_, reason)| reason.to_owned()));
            }
        }
    }
    let most = found.iter().map(|f| f.1).max().unwrap_or(0);
    let mut laws = Vec::new();
    for (law, rows) in found {
        if 10 * rows < 9 * most {
            let reason = format!("only {rows} of {most} rows have its columns");
            left_out.push(LeftOut { law: law.id, reason });
        } else {
            laws.push(law);
        }
    }
    Ok(laws)
}
