//! The three approaches to the compute-optimal size, side by side on one table, and why they disagree.
//!
//! Hoffmann et al. 2022 (section 3) estimate the exponents a and b of `N* ~ C^a` and `D* ~ C^b` in three ways. Approach 1
//! takes the lower envelope of training curves, here also their convex hull; approach 2 takes the minimum of a parabola
//! through each budget's runs, here also that of a cubic, and the minimum corrected for the bias that a parabola has on
//! a curve that is none (Czech et al. 2026); approach 3 fits the law. All of them see the same resampled tables, so that
//! the interval of a difference is the difference's own and not that of two independent estimates.

mod budgets;
mod cause;
mod envelope;
mod parabola;
mod paths;

use isoflop_fit::{Data, FitOptions, Objective, Progress, Refitter, overridden};
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

pub use budgets::Slice;
pub use cause::{Cause, Disagreement};
pub use parabola::approach2_shift;

use crate::error::AuditError;
use crate::methods::envelope::Curves;
use crate::methods::paths::{Path, Paths};
use crate::numbers::{median, quantile, sorted};
pub(crate) use budgets::{group, sizes};

/// Parameters of approach 3.
const PARAMETERS: [&str; 5] = ["E", "A", "B", "alpha", "beta"];
/// Fewer replicates than this give no interval.
const LEAST: usize = 20;

/// What is asked.
#[derive(Debug, Clone)]
pub struct MethodsOptions {
    /// Objective, starts, seed, level and number of replicates.
    pub fit: FitOptions,
    /// Runs whose compute differs by less than this share belong to one budget.
    pub tolerance: f64,
    /// Budgets in FLOP at which N* is wanted; none takes the largest of the runs and ten times that.
    pub at: Vec<f64>,
}

impl Default for MethodsOptions {
    fn default() -> Self {
        let fit = FitOptions { bootstrap: 400, choices: false, ..FitOptions::default() };
        MethodsOptions { fit, tolerance: 0.1, at: Vec::new() }
    }
}

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ranged {
    /// The estimate from all rows.
    pub estimate: f64,
    /// Lower end; `None` without enough replicates.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// One way to the compute-optimal size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// Stable name, such as `approach-2-parabola`.
    pub name: String,
    /// Exponent of C in the compute-optimal N; `None` if the table does not carry the method.
    pub a: Option<Ranged>,
    /// Exponent of C in the compute-optimal D.
    pub b: Option<Ranged>,
    /// N* at each budget of [`Methods::at`].
    pub sizes: Vec<Ranged>,
    /// Points (budgets, hull corners, curves) that it rests on.
    pub points: usize,
    /// Replicates that it could use.
    pub replicates: usize,
    /// Why it is missing.
    pub missing: Option<String>,
}

/// All methods on one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Methods {
    /// Rows.
    pub rows: usize,
    /// FLOP per parameter and token, the median over the rows.
    pub flop: f64,
    /// Budgets in FLOP at which N* is given.
    pub at: Vec<f64>,
    /// Nominal coverage of the intervals.
    pub level: f64,
    /// Replicates asked for.
    pub replicates: usize,
    /// isoFLOP slices that were found.
    pub slices: Vec<Slice>,
    /// Rows in no slice.
    pub outside: usize,
    /// Exponents of N and D in the law.
    pub exponents: [f64; 2],
    /// Whether the fit of the law reached the tolerance of a certificate.
    pub certified: bool,
    /// The methods.
    pub methods: Vec<Method>,
    /// Methods whose N* at the last budget differs from that of the law by more than chance.
    pub disagreements: Vec<Disagreement>,
}

/// Runs all methods on `data`, which is bound to a law with the formula of Chinchilla. `compute` is the compute of each
/// row in FLOP. Clusters of the data are training curves; without them the runs of one size are taken for a curve.
///
/// # Errors
/// A law other than `E + A / N^alpha + B / D^beta`, a bad tolerance or budget, what is wrong with the table. Methods that
/// the table does not carry are no error: [`Method::missing`] says why.
pub fn methods(
    law: &Law,
    data: &Data,
    compute: &[f64],
    options: &MethodsOptions,
    progress: &dyn Progress,
) -> Result<Methods, AuditError> {
    if !(options.tolerance > 0.0 && options.tolerance < 1.0) {
        return Err(AuditError::BadTolerance { tolerance: options.tolerance });
    }
    if let Some(&budget) = options.at.iter().find(|b| !(**b > 0.0 && b.is_finite())) {
        return Err(AuditError::BadBudget { budget });
    }
    let formula = overridden(law, &options.fit.overrides)?;
    let objective = match options.fit.objective {
        Some(objective) => objective,
        None => Objective::recommended(law)?,
    };
    let column = |name: &'static str| {
        let place = formula.symbols.inputs.iter().position(|i| i.name == name);
        place.map(|k| data.inputs[k].as_slice()).filter(|v| !v.is_empty())
    };
    let (Some(n), Some(d)) = (column("N"), column("D")) else {
        return Err(AuditError::NotASurface { law: law.id.clone(), what: "the comparison of methods" });
    };
    let refitter = Refitter::new(&formula, data, objective, &options.fit.starts, options.fit.seed, progress)?;
    let mut places = [0; 5];
    for (place, name) in places.iter_mut().zip(PARAMETERS) {
        let missing = || AuditError::NotChinchilla { law: law.id.clone(), parameter: name.to_owned() };
        *place = refitter.slots().iter().position(|s| s.name == name).ok_or_else(missing)?;
    }
    let flop = median(compute.iter().zip(n).zip(d).map(|((c, n), d)| c / (n * d)));
    let groups = group(n, d, compute, options.tolerance);
    let curves = Curves::of(data, n, compute);
    let table = paths::Table { n, compute, loss: &data.output, flop, groups: &groups, curves: &curves };
    let largest = compute.iter().copied().fold(0.0, f64::max);
    let at = if options.at.is_empty() { vec![largest, 10.0 * largest] } else { options.at.clone() };
    let law_of = |estimates: &[f64]| places.map(|k| estimates[k]);

    let all = refitter.all();
    let parameters = law_of(&all.estimates);
    let full = table.paths(&vec![1.0; data.rows()], parameters);
    let strata = groups.strata(data.rows());
    let replicates: Vec<Paths> = {
        let weigh = |k: usize, weights: &mut [f64]| refitter.resample(Some(&strata), k, weights);
        let refits = refitter.refits(options.fit.bootstrap, weigh, progress)?;
        use rayon::prelude::*;
        refits
            .par_iter()
            .enumerate()
            .filter(|(_, refit)| refit.certified)
            .map(|(k, refit)| {
                let mut weights = vec![1.0; data.rows()];
                refitter.resample(Some(&strata), k, &mut weights);
                table.paths(&weights, law_of(&refit.estimates))
            })
            .collect()
    };
    let level = options.fit.level;
    let methods: Vec<Method> = (0..paths::NAMES.len())
        .map(|m| {
            let own: Vec<Path> = replicates.iter().filter_map(|r| r.list[m].clone().ok()).collect();
            method(m, &full.list[m], &own, &at, level)
        })
        .collect();
    let slices = table.slices(&full, parameters);
    let target = at.last().copied().unwrap_or(largest);
    let disagreements =
        cause::disagreements(&full, &replicates, &methods, &slices, parameters, target, level);
    Ok(Methods {
        rows: data.rows(),
        flop,
        at,
        level,
        replicates: options.fit.bootstrap,
        outside: groups.outside,
        slices,
        exponents: [parameters[3], parameters[4]],
        certified: all.certified,
        methods,
        disagreements,
    })
}

fn method(place: usize, full: &Result<Path, String>, own: &[Path], at: &[f64], level: f64) -> Method {
    let name = paths::NAMES[place].to_owned();
    let path = match full {
        Ok(path) => path,
        Err(reason) => {
            let missing = Some(reason.clone());
            return Method { name, a: None, b: None, sizes: Vec::new(), points: 0, replicates: 0, missing };
        }
    };
    let ranged = |of: &dyn Fn(&Path) -> f64| ranged(of(path), own.iter().map(of), level);
    Method {
        name,
        a: Some(ranged(&|p| p.n.1)),
        b: Some(ranged(&|p| p.d.1)),
        sizes: at.iter().map(|&c| ranged(&|p| p.size(c))).collect(),
        points: path.points,
        replicates: own.len(),
        missing: None,
    }
}

/// An estimate with the percentile interval of its replicates.
pub(crate) fn ranged(estimate: f64, replicates: impl Iterator<Item = f64>, level: f64) -> Ranged {
    let values = sorted(replicates);
    let end = |q: f64| (values.len() >= LEAST).then(|| quantile(&values, q));
    Ranged { estimate, low: end(0.5 - 0.5 * level), high: end(0.5 + 0.5 * level) }
}
