//! One fit, solved again under other row weights: rows left out, resampled or counted more than once.
//!
//! What asks "and without this run?" a thousand times must not search a thousand times. A [`Refitter`] searches once;
//! every refit starts from that optimum and is solved to the tolerance of a certificate, as bootstrap replicates are.

use isoflop_formula::Formula;
use rayon::prelude::*;

use crate::Slot;
use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::interval::Units;
use crate::objective::Objective;
use crate::probe::probe;
use crate::request::StartPlan;
use crate::solve::{CERTIFIED, Solved};
use crate::streams::{Purpose, Stream};

/// A law, a table and an optimum from which to fit again.
pub struct Refitter<'a> {
    task: Task<'a>,
    best: Solved,
}

/// The end of a refit.
#[derive(Debug, Clone, PartialEq)]
pub struct Refit {
    /// Value of every parameter, in the order of [`Refitter::slots`].
    pub estimates: Vec<f64>,
    /// The objective under the weights of this refit.
    pub value: f64,
    /// Estimated scale of the residuals, for objectives that estimate one.
    pub scale: Option<f64>,
    /// Whether its gradient reached the tolerance of a certificate.
    pub certified: bool,
}

impl<'a> Refitter<'a> {
    /// Fits `formula` to `data` (see [`Data`]) under `objective`; `seed` decides starts and resampled tables.
    ///
    /// # Errors
    /// What is wrong with the table, as for [`crate::fit`]; [`FitError::NoStart`] if no start could be solved.
    ///
    /// ```
    /// use isoflop_fit::{Data, Objective, Refitter, StartPlan};
    /// let law = isoflop_laws::Law::from_formula("y ~ a + b * x", &["x", "y"], &[])?;
    /// let x: Vec<f64> = (0..9).map(f64::from).collect();
    /// let mut y: Vec<f64> = x.iter().map(|x| 1.0 + 2.0 * x).collect();
    /// y[4] += 3.0;
    /// let data = Data { inputs: vec![vec![], x], output: y, ..Data::default() };
    /// let objective: Objective = "squares".parse()?;
    /// let refitter = Refitter::new(law.formula(), &data, objective, &StartPlan::Auto, 0, &())?;
    /// let without = refitter.refits(1, |_, weights| weights[4] = 0.0, &())?;
    /// assert!((without[0].estimates[0] - 1.0).abs() < 1e-9);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        formula: &'a Formula,
        data: &'a Data,
        objective: Objective,
        starts: &StartPlan,
        seed: u64,
        progress: &dyn Progress,
    ) -> Result<Self, FitError> {
        let task = Task::new(formula, data, objective, seed)?;
        let (best, starts) = task.search(starts, progress)?;
        let best = best.ok_or(FitError::NoStart { tried: starts.tried })?;
        let best = probe(&task, best, progress);
        Ok(Refitter { task, best })
    }

    /// [`Self::new`] from one start, the parameters of a fit nearby by name, and without a search for other optima: for a
    /// law that differs from the fitted one in little.
    ///
    /// # Errors
    /// As for [`Self::new`]; [`FitError::NoStart`] if it cannot be solved from there.
    pub fn near(
        formula: &'a Formula,
        data: &'a Data,
        objective: Objective,
        values: &[(String, f64)],
        seed: u64,
    ) -> Result<Self, FitError> {
        let task = Task::new(formula, data, objective, seed)?;
        let value = |slot: &Slot| {
            let given = values.iter().find(|(name, _)| *name == slot.name);
            slot.fixed.unwrap_or_else(|| given.map_or(f64::NAN, |g| g.1))
        };
        let natural: Vec<f64> = task.model.coordinates.slots.iter().map(value).collect();
        let from = task.model.internal(&natural);
        let best = {
            let (mut scratch, problem) =
                (task.model.scratch(), task.problem(&task.model, &task.model.weights));
            let far = problem.solve(&from, &mut scratch);
            // Also without the detour over least squares, which may end in another valley.
            let close = (!objective.has_free_scale()).then(|| problem.resolve(&from, &mut scratch));
            let ends = close.into_iter().chain([far]).filter(|end| end.value.is_finite());
            ends.min_by(|a, b| a.value.total_cmp(&b.value))
        };
        let best = best.ok_or(FitError::NoStart { tried: 1 })?;
        Ok(Refitter { task, best })
    }

    /// The parameters: one per level for grouped ones.
    pub fn slots(&self) -> &[Slot] {
        &self.task.model.coordinates.slots
    }

    /// Number of free parameters.
    pub fn free(&self) -> usize {
        self.task.model.len()
    }

    /// The fit to all rows.
    pub fn all(&self) -> Refit {
        self.refit_of(&self.best)
    }

    /// Residuals of the fit to all rows, on the scale of the objective.
    pub fn residuals(&self) -> Vec<f64> {
        self.task.model.residuals(&self.best.theta)
    }

    /// Values of the law on all rows at other parameters (in the order of [`Self::slots`]), on the scale of the residuals.
    pub fn fitted(&self, estimates: &[f64]) -> Vec<f64> {
        self.task.model.values(&self.task.model.internal(estimates))
    }

    /// Solves `count` refits in parallel. `weigh` is given the number of the refit and the weights of all rows, which it
    /// changes: 0 leaves a row out.
    ///
    /// # Errors
    /// [`FitError::Cancelled`].
    pub fn refits(
        &self,
        count: usize,
        weigh: impl Fn(usize, &mut [f64]) + Sync,
        progress: &dyn Progress,
    ) -> Result<Vec<Refit>, FitError> {
        let rows = self.task.data.rows();
        let base = &self.task.model.weights;
        let refits = (0..count)
            .into_par_iter()
            .with_min_len(count / 64 + 1)
            .map_init(
                || (self.task.model.scratch(), base.clone()),
                |(scratch, weights), number| {
                    if progress.cancelled() {
                        return self.refit_of(&Solved { gradient: f64::INFINITY, ..self.best.clone() });
                    }
                    weights.copy_from_slice(base);
                    weigh(number, &mut weights[..rows]);
                    let end = self.task.problem(&self.task.model, weights).resolve(&self.best.theta, scratch);
                    self.refit_of(&end)
                },
            )
            .collect();
        if progress.cancelled() { Err(FitError::Cancelled) } else { Ok(refits) }
    }

    /// Multiplies the weights by how often each row is drawn in bootstrap replicate `replicate`. With `strata` (a number
    /// for each row), as many rows are drawn from each of them as it has; else clusters or rows as in [`crate::fit`].
    pub fn resample(&self, strata: Option<&[u32]>, replicate: usize, weights: &mut [f64]) {
        let drawn = self.drawn(strata, replicate);
        match self.clusters(strata) {
            Some(codes) => weights.iter_mut().zip(codes).for_each(|(w, &unit)| *w *= drawn[unit as usize]),
            None => weights.iter_mut().zip(drawn).for_each(|(w, d)| *w *= d),
        }
    }

    /// How often each unit, a row or a cluster, is drawn by [`Self::resample`].
    pub fn drawn(&self, strata: Option<&[u32]>, replicate: usize) -> Vec<f64> {
        let mut drawn = Vec::new();
        let Some(strata) = strata else {
            Units::natural(self.task.data).draw(self.task.seed, replicate as u64, &mut drawn);
            return drawn;
        };
        let mut stream = Stream::new(self.task.seed, Purpose::Bootstrap, replicate as u64);
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (row, &stratum) in strata.iter().enumerate() {
            let place = stratum as usize;
            if members.len() <= place {
                members.resize(place + 1, Vec::new());
            }
            members[place].push(row);
        }
        drawn.resize(strata.len(), 0.0);
        for rows in &members {
            for _ in 0..rows.len() {
                drawn[rows[stream.below(rows.len())]] += 1.0;
            }
        }
        drawn
    }

    /// How many units there are to draw.
    pub fn units(&self, strata: Option<&[u32]>) -> usize {
        match (self.clusters(strata), &self.task.data.clusters) {
            (Some(_), Some(clusters)) => clusters.count,
            _ => self.task.data.rows(),
        }
    }

    /// The cluster of each row, where clusters are drawn.
    fn clusters(&self, strata: Option<&[u32]>) -> Option<&[u32]> {
        let clusters = self.task.data.clusters.as_ref().filter(|_| strata.is_none());
        clusters.map(|clusters| clusters.codes.as_slice())
    }

    /// The input whose repeated values group the rows best: N if the law reads it, else its first column.
    pub fn sizes(&self) -> Option<(&str, &[f64])> {
        let inputs = &self.task.formula.symbols.inputs;
        let columns = || inputs.iter().zip(&self.task.data.inputs).filter(|(_, values)| !values.is_empty());
        let (input, values) = columns().find(|(input, _)| input.name == "N").or_else(|| columns().next())?;
        Some((&input.name, values))
    }

    fn refit_of(&self, end: &Solved) -> Refit {
        let scale =
            if self.task.objective.has_free_scale() { end.theta.last().map(|s| s.exp()) } else { None };
        Refit {
            estimates: self.task.model.natural(&end.theta),
            value: end.value,
            scale,
            certified: end.gradient <= CERTIFIED,
        }
    }
}
