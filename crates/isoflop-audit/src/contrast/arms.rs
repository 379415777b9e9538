//! The rows of each recipe, and its own fit with replicates.

use isoflop_fit::{Clusters, Data, FitOptions, Group, Objective, Progress, Refitter, Slot};
use isoflop_formula::Formula;

use crate::error::AuditError;
use crate::surface::params_at;

/// One recipe.
pub(crate) struct Arm {
    pub(crate) column: String,
    pub(crate) name: String,
    pub(crate) data: Data,
}

/// With more units than this, how often each was drawn is not kept.
const MOST_UNITS: usize = 1000;

/// A fit with its replicates.
pub(crate) struct Fits {
    pub(crate) slots: Vec<Slot>,
    pub(crate) free: usize,
    pub(crate) estimates: Vec<f64>,
    pub(crate) certified: bool,
    /// Values of the slots of each replicate; `None` where it has no certified optimum.
    pub(crate) replicates: Vec<Option<Vec<f64>>>,
    /// How often each unit (a row or a cluster) was drawn in each replicate; empty where there are too many units.
    pub(crate) drawn: Vec<Vec<f64>>,
    pub(crate) units: usize,
    /// Root mean square residual.
    pub(crate) noise: f64,
    /// Names of the exponents (of a fit with shared ones).
    pub(crate) exponents: Vec<String>,
}

impl Fits {
    /// Parameters of the formula at a level of the arm.
    pub(crate) fn params(&self, values: &[f64], level: usize) -> Vec<f64> {
        params_at(&self.slots, values, level)
    }

    /// How often each unit was drawn in the replicates `used`; empty if it is not known.
    pub(crate) fn drawn(&self, used: &[usize]) -> Vec<Vec<f64>> {
        used.iter().filter_map(|&k| self.drawn.get(k).cloned()).collect()
    }

    pub(crate) fn of(
        formula: &Formula,
        data: &Data,
        strata: Option<&[u32]>,
        objective: Objective,
        options: &FitOptions,
        progress: &dyn Progress,
    ) -> Result<Fits, isoflop_fit::FitError> {
        let refitter = Refitter::new(formula, data, objective, &options.starts, options.seed, progress)?;
        let all = refitter.all();
        let refits = refitter.refits(
            options.bootstrap,
            |k, weights| refitter.resample(strata, k, weights),
            progress,
        )?;
        let units = refitter.units(strata);
        let kept = if units <= MOST_UNITS { options.bootstrap } else { 0 };
        let residuals = refitter.residuals();
        let degrees = residuals.len().saturating_sub(refitter.free()).max(1) as f64;
        Ok(Fits {
            slots: refitter.slots().to_vec(),
            free: refitter.free(),
            estimates: all.estimates,
            certified: all.certified,
            replicates: refits.into_iter().map(|r| r.certified.then_some(r.estimates)).collect(),
            drawn: (0..kept).map(|k| refitter.drawn(strata, k)).collect(),
            units,
            noise: (residuals.iter().map(|r| r * r).sum::<f64>() / degrees).sqrt(),
            exponents: Vec::new(),
        })
    }
}

/// The two levels asked for, or the two that there are.
pub(crate) fn chosen<'a>(arm: &'a Group, between: Option<&[String; 2]>) -> Result<[&'a str; 2], AuditError> {
    let column = &arm.column;
    let present: Vec<&str> = arm
        .levels
        .iter()
        .enumerate()
        .filter(|(k, _)| arm.codes.iter().any(|&c| c as usize == *k))
        .map(|(_, level)| level.as_str())
        .collect();
    let known = || present.iter().map(|level| (*level).to_owned()).collect();
    match (between, present.as_slice()) {
        (Some([a, b]), _) => {
            let find = |level: &String| {
                present.iter().copied().find(|known| known == level).ok_or_else(|| AuditError::UnknownArm {
                    column: column.clone(),
                    level: level.clone(),
                    known: known(),
                })
            };
            let pair = [find(a)?, find(b)?];
            if pair[0] == pair[1] {
                return Err(AuditError::NotTwoArms { column: column.clone(), levels: vec![a.clone()] });
            }
            Ok(pair)
        }
        (None, &[a, b]) => Ok([a, b]),
        (None, _) => Err(AuditError::NotTwoArms { column: column.clone(), levels: known() }),
    }
}

/// The rows of one level.
pub(crate) fn subset(data: &Data, arm: &Group, name: &str) -> Arm {
    let rows: Vec<usize> = (0..data.rows()).filter(|&r| arm.levels[arm.codes[r] as usize] == name).collect();
    Arm { column: arm.column.clone(), name: name.to_owned(), data: rows_of(data, &rows) }
}

/// Some rows of a table.
pub(crate) fn rows_of(data: &Data, rows: &[usize]) -> Data {
    let clusters = data.clusters.as_ref().map(|clusters| {
        let mut known: Vec<u32> = Vec::new();
        let codes = rows
            .iter()
            .map(|&r| {
                let code = clusters.codes[r];
                known.iter().position(|&k| k == code).unwrap_or_else(|| {
                    known.push(code);
                    known.len() - 1
                }) as u32
            })
            .collect();
        Clusters { column: clusters.column.clone(), codes, count: known.len() }
    });
    Data { clusters, ..data.subset(rows) }
}

/// Each arm fitted on its own.
pub(crate) fn separate(
    formula: &Formula,
    arms: &[Arm; 2],
    objective: Objective,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<[Fits; 2], AuditError> {
    let fit = |arm: &Arm, seed: u64| {
        let options = FitOptions { seed, ..options.clone() };
        Fits::of(formula, &arm.data, None, objective, &options, progress).map_err(|source| match source {
            isoflop_fit::FitError::Cancelled => source.into(),
            source => AuditError::Arm {
                column: arm.column.clone(),
                level: arm.name.clone(),
                source: Box::new(source),
            },
        })
    };
    // The arms are independent, and so are their replicates.
    Ok([fit(&arms[0], options.seed)?, fit(&arms[1], options.seed ^ SECOND)?])
}

/// Turns the seed of the first arm into that of the second.
const SECOND: u64 = 0x9e37_79b9_7f4a_7c15;
