//! A fit in parts: the optimum once, then any replicates by number, anywhere, then the fit from all of them.
//!
//! Every replicate has its own stream of random numbers, addressed by seed and number ([`crate::streams`]), and starts at
//! the optimum. So it is the same wherever and in whatever order it is solved, and the fit from the parts has the bits of
//! [`crate::fit`].
//!
//! *Determinism*: the seed of the options and the number decide a replicate. Builds with other vector instructions may
//! round differently: all parts should come from one build on one kind of processor. An optimum that differs is refused.

use std::ops::Range;

use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Basis, Progress, fit_given};
use crate::interval::{Replicate, some_replicates};
use crate::request::FitOptions;
use crate::result::Fit;
use crate::solve::Solved;

/// Where the search of a fit ended, in the coordinates of the solver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Optimum {
    /// Free coordinates, with the log scale at the end for objectives that have one.
    pub theta: Vec<f64>,
    /// The objective.
    pub value: f64,
    /// Largest entry of the projected gradient, relative to its scale.
    pub gradient: f64,
}

/// Replicates that were solved before, and where they started.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) optimum: &'a Optimum,
    pub(crate) replicates: &'a [Replicate],
}

impl Given<'_> {
    /// Refuses replicates of another fit.
    pub(crate) fn check(&self, best: &Solved, options: &FitOptions) -> Result<(), FitError> {
        if self.replicates.len() != options.bootstrap {
            return Err(FitError::ReplicateCount { given: self.replicates.len(), wanted: options.bootstrap });
        }
        let bits = |theta: &[f64]| theta.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        if bits(&best.theta) != bits(&self.optimum.theta) {
            return Err(FitError::OtherOptimum { here: best.value, there: self.optimum.value });
        }
        Ok(())
    }
}

/// The optimum that [`crate::fit`] would find with these arguments.
///
/// # Errors
/// What is wrong with the request or the table.
pub fn optimum(
    law: &Law,
    data: &Data,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Optimum, FitError> {
    let basis = Basis::new(law, data, options, progress)?;
    let (best, _) = basis.task(data, options.seed)?.best(&options.starts, progress)?;
    Ok(Optimum { theta: best.theta, value: best.value, gradient: best.gradient })
}

/// The replicates `numbers` (from 0) of the bootstrap that `options` ask for, solved from `optimum`.
///
/// # Errors
/// A method of intervals that has no replicates; what is wrong with the request or the table.
pub fn replicates(
    law: &Law,
    data: &Data,
    options: &FitOptions,
    optimum: &Optimum,
    numbers: Range<usize>,
    progress: &dyn Progress,
) -> Result<Vec<Replicate>, FitError> {
    let basis = Basis::new(law, data, options, progress)?;
    let task = basis.task(data, options.seed)?;
    let best = Solved {
        theta: optimum.theta.clone(),
        value: optimum.value,
        gradient: optimum.gradient,
        ..Solved::default()
    };
    some_replicates(&task, &best, options, numbers, progress)
}

/// The fit that [`crate::fit`] makes, bit for bit, from all its replicates in the order of their numbers.
///
/// # Errors
/// Too few replicates; another optimum here than theirs; and as for [`crate::fit`].
///
/// ```
/// use isoflop_fit::{Data, FitOptions, fit, fit_from_replicates, optimum, replicates, simulate};
///
/// let catalogue = isoflop_laws::Catalogue::builtin()?;
/// let law = catalogue.find("chinchilla")?;
/// let data: Data = simulate(law, 0.01, 1)?;
/// let options = FitOptions { bootstrap: 20, choices: false, ..FitOptions::default() };
/// let best = optimum(law, &data, &options, &())?;
/// let mut parts = replicates(law, &data, &options, &best, 0..13, &())?;
/// parts.extend(replicates(law, &data, &options, &best, 13..20, &())?);
/// let whole = fit_from_replicates(law, &data, &options, &best, &parts, &())?;
/// assert_eq!(whole, fit(law, &data, &options, &())?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fit_from_replicates(
    law: &Law,
    data: &Data,
    options: &FitOptions,
    optimum: &Optimum,
    replicates: &[Replicate],
    progress: &dyn Progress,
) -> Result<Fit, FitError> {
    fit_given(law, data, options, Some(Given { optimum, replicates }), progress)
}
