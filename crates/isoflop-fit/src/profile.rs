//! Profile likelihood: how much worse the law gets when a parameter, or a quantity made of parameters, is held
//! elsewhere and everything else is fitted again.
//!
//! A quantity is held by solving it for one parameter that occurs in it once, and putting that in the parameter's place
//! in the law: what is left is an ordinary fit, solved and certified like any other.
//!
//! The interval holds the values whose likelihood ratio stays below `n ln(1 + t^2 / (n - p))`, with the quantile `t` of
//! Student's distribution with `n - p` degrees of freedom: exact for a law that is linear in its parameters with normal
//! noise (Bates and Watts, Nonlinear Regression Analysis, 1988, section 6.1.2), and the usual chi-squared limit for many
//! rows. The likelihood is that of the density that the objective belongs to, its dispersion fitted each time. Rows count
//! as independent.
//!
//! *Determinism*: nothing is random after the first fit, whose starts the seed decides.

use isoflop_laws::Law;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::backtest::Quiet;
use crate::data::Data;
use crate::density::Density;
use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::hold::Held;
use crate::model::Model;
use crate::objective::Loss;
use crate::request::{self, FitOptions};
use crate::solve::{CERTIFIED, Solved};

/// Widest step of the search for an end, in doublings of the first.
const DOUBLINGS: usize = 60;

/// The profile of one quantity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// What was profiled.
    pub of: String,
    /// Its formula in the parameters.
    pub formula: String,
    /// What was minimised.
    pub objective: String,
    /// Rows.
    pub rows: usize,
    /// Its value at the optimum.
    pub estimate: f64,
    /// Nominal coverage of the interval.
    pub level: f64,
    /// Likelihood ratio at the ends of the interval.
    pub limit: f64,
    /// Lower end; `None` if there is none that refits reach.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
    /// Why an end is missing, or that it is a bound.
    pub notes: Vec<String>,
    /// The curve, from below the interval to above it.
    pub curve: Vec<ProfilePoint>,
    /// Names of the parameters of [`ProfilePoint::parameters`].
    pub parameters: Vec<String>,
}

/// One constrained refit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProfilePoint {
    /// Where the quantity was held.
    pub value: f64,
    /// Twice the drop of the log likelihood from the optimum.
    pub ratio: f64,
    /// All parameters of the refit.
    pub parameters: Vec<f64>,
}

/// Profiles `of`, which is a parameter, a derived quantity of the law, or a formula of its parameters, with `points`
/// values on the curve. The interval has the level of `options`; its bootstrap is not used.
///
/// # Errors
/// What is wrong with the request or the table; a quantity that is neither of the three, or cannot be solved for one of
/// its parameters; a fit that is not certified; a constrained refit that is better than the fit.
pub fn profile(
    law: &Law,
    data: &Data,
    of: &str,
    options: &FitOptions,
    points: usize,
    progress: &dyn Progress,
) -> Result<Profile, FitError> {
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(FitError::BadLevel { level: options.level });
    }
    let formula = request::overridden(law, &options.overrides)?;
    let objective = request::objective(law, options)?;
    let task = Task::new(&formula, data, objective, options.seed)?;
    let (best, starts) = task.search(&options.starts, &Quiet(progress))?;
    let best = best.ok_or(FitError::NoStart { tried: starts.tried })?;
    if best.gradient > CERTIFIED {
        return Err(FitError::NoOptimum { gradient: best.gradient });
    }
    let search = Search::new(law, &task, &best, of, options.level, &Stretch::default())?;
    let (ends, sides, notes) = search.ends(of)?;
    if progress.cancelled() {
        return Err(FitError::Cancelled);
    }
    let reach = |side: &End| match side {
        End::Found(refit) => refit.value,
        End::Bound(value) | End::Open(value) | End::Better(value) => *value,
    };
    let curve = search.curve(reach(&sides[0]), reach(&sides[1]), points);
    Ok(Profile {
        of: of.to_string(),
        formula: search.held.text.clone(),
        objective: objective.to_string(),
        rows: data.rows(),
        estimate: search.held.estimate,
        level: options.level,
        limit: search.limit,
        low: ends[0],
        high: ends[1],
        notes,
        curve,
        parameters: task.model.coordinates.slots.iter().map(|s| s.name.clone()).collect(),
    })
}

/// A refit with the quantity held.
#[derive(Debug, Clone)]
struct Refit {
    value: f64,
    ratio: f64,
    natural: Vec<f64>,
    /// Log scale of a free-scale objective, or the over-dispersion.
    theta_last: Option<f64>,
}

/// One end of the interval.
enum End {
    Found(Refit),
    /// The bound of the quantity lies inside.
    Bound(f64),
    /// As far as refits went.
    Open(f64),
    /// A refit here was better than the fit.
    Better(f64),
}

/// How the limit of the likelihood ratio differs from that of a likelihood that is taken at its word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch {
    /// Factor of the limit: how much more the estimate varies than the likelihood says.
    pub(crate) factor: f64,
    /// Degrees of freedom of Student's distribution; `None` for rows less parameters.
    pub(crate) degrees: Option<f64>,
}

impl Default for Stretch {
    fn default() -> Self {
        Stretch { factor: 1.0, degrees: None }
    }
}

/// The two ends of the profile interval of `of` around the certified optimum `best`.
pub(crate) fn ends_of(
    law: &Law,
    task: &Task<'_>,
    best: &Solved,
    of: &str,
    level: f64,
    stretch: &Stretch,
) -> Result<[Option<f64>; 2], FitError> {
    Ok(Search::new(law, task, best, of, level, stretch)?.ends(of)?.0)
}

struct Search<'a> {
    task: &'a Task<'a>,
    held: Held,
    centre: Refit,
    /// Log likelihood of the fit.
    top: f64,
    limit: f64,
}

impl<'a> Search<'a> {
    fn new(
        law: &Law,
        task: &'a Task<'a>,
        best: &Solved,
        of: &str,
        level: f64,
        stretch: &Stretch,
    ) -> Result<Self, FitError> {
        let natural = task.model.natural(&best.theta);
        let held = Held::new(law, task.formula, &task.model.coordinates.slots, &natural, of)?;
        let top = likelihood(task, &task.model, best).ok_or(FitError::PerfectFit)?;
        let (n, p) = (task.data.rows() as f64, task.model.len() as f64);
        let left = (n - p).max(1.0);
        // The likelihood of counts has no dispersion to estimate, unless it is one with over-dispersion.
        let is_exact = matches!(task.objective.loss, Loss::Binomial | Loss::Poisson);
        let at = 0.5 + 0.5 * level;
        let t = match stretch.degrees.or((!is_exact).then_some(left)) {
            Some(degrees) => StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |law| law.inverse_cdf(at)),
            None => Normal::standard().inverse_cdf(at),
        };
        let limit = if task.objective.is_family() { t * t } else { n * (t * t / left).ln_1p() };
        let limit = stretch.factor * limit;
        let centre =
            Refit { value: held.estimate, ratio: 0.0, natural, theta_last: last_of(&task.model, best) };
        Ok(Search { task, held, centre, top, limit })
    }

    /// Both ends, as values and as they were found, and why one is missing.
    #[allow(clippy::type_complexity)]
    fn ends(&self, of: &str) -> Result<([Option<f64>; 2], [End; 2], Vec<String>), FitError> {
        let sides = [-1.0, 1.0].map(|side| self.end(side));
        let mut notes = Vec::new();
        let mut ends = [None, None];
        for (end, side) in ends.iter_mut().zip(&sides) {
            match side {
                End::Found(refit) => *end = Some(refit.value),
                End::Bound(value) => {
                    *end = Some(*value);
                    notes.push(format!("the interval ends at the bound {value} of {of}"));
                }
                End::Open(value) => notes.push(format!(
                    "no end found on one side: {of} was moved to {value:.4e} within the interval, and the law could not be fitted further out within the bounds of its parameters"
                )),
                End::Better(value) => return Err(FitError::BetterOptimum { of: of.to_string(), value: *value }),
            }
        }
        Ok((ends, sides, notes))
    }

    /// The law fitted again with the quantity at `value`, from the refit `from` nearby; `None` if it is not certified.
    fn refit(&self, value: f64, from: &Refit) -> Option<Refit> {
        let task = self.task;
        let (formula, slots) =
            self.held.at(task.formula, &task.model.coordinates.slots, &from.natural, value)?;
        let model = task.model_of(&formula, slots);
        let mut theta = model.internal(&from.natural);
        theta.extend(from.theta_last);
        let mut scratch = model.scratch();
        let problem = task.problem(&model, &model.weights);
        let end = problem.resolve(&theta, &mut scratch);
        if end.gradient > CERTIFIED || !end.value.is_finite() {
            return None;
        }
        let ratio = 2.0 * (self.top - likelihood(task, &model, &end)?);
        let mut natural = model.natural(&end.theta);
        self.held.complete(&formula, &task.model.coordinates.slots, &mut natural);
        // The parameter that the quantity was solved for has bounds too.
        let slots = &task.model.coordinates.slots;
        let inside =
            slots.iter().zip(&natural).all(|(slot, value)| (slot.lower..=slot.upper).contains(value));
        if !inside {
            return None;
        }
        Some(Refit { value, ratio, natural, theta_last: last_of(&model, &end) })
    }

    /// Walks from the optimum until the ratio passes the limit, then closes in on where it does.
    fn end(&self, side: f64) -> End {
        let centre = &self.centre;
        let mut step = 0.01 * centre.value.abs().max(1e-6);
        let mut inside = centre.clone();
        let bound = if side < 0.0 { self.held.lower } else { self.held.upper };
        let mut failures = 0;
        for _ in 0..DOUBLINGS {
            let wanted = inside.value + side * step;
            let value = if side * (wanted - bound) > 0.0 { bound } else { wanted };
            if value == inside.value {
                return End::Bound(bound);
            }
            match self.refit(value, &inside) {
                // Rounding of the likelihood of hundreds of rows.
                Some(refit) if refit.ratio < -1e-6 => return End::Better(refit.value),
                Some(refit) if refit.ratio > self.limit => return End::Found(self.close_in(inside, refit)),
                Some(refit) => {
                    inside = refit;
                    step *= 2.0;
                }
                None => {
                    failures += 1;
                    step *= 0.25;
                    if failures > 12 {
                        break;
                    }
                }
            }
        }
        End::Open(inside.value)
    }

    /// Where the ratio equals the limit between a refit inside and one outside: false position on the root of the
    /// ratio, which is nearly straight, with the Illinois rule against a standing end.
    fn close_in(&self, mut inside: Refit, mut outside: Refit) -> Refit {
        let height = |refit: &Refit| refit.ratio.max(0.0).sqrt() - self.limit.sqrt();
        let (mut low, mut high) = (height(&inside), height(&outside));
        for _ in 0..80 {
            let width = outside.value - inside.value;
            if width.abs() <= 1e-11 * outside.value.abs() || low.abs() < 1e-10 {
                break;
            }
            let share = (low / (low - high)).clamp(1e-3, 1.0 - 1e-3);
            let Some(next) = self.refit(inside.value + share * width, &inside) else { break };
            let found = height(&next);
            if found.abs() < 1e-10 {
                return next;
            }
            if found > 0.0 {
                (outside, high) = (next, found);
                low *= 0.5;
            } else {
                (inside, low) = (next, found);
                high *= 0.5;
            }
        }
        if low.abs() <= high.abs() { inside } else { outside }
    }

    /// Refits from a little below `low` to a little above `high`, walked from the optimum outwards.
    fn curve(&self, low: f64, high: f64, points: usize) -> Vec<ProfilePoint> {
        let centre = &self.centre;
        let room = 0.2 * (high - low);
        let (low, high) = ((low - room).max(self.held.lower), (high + room).min(self.held.upper));
        let value = |k: usize| low + (high - low) * k as f64 / points.saturating_sub(1).max(1) as f64;
        let (below, above): (Vec<f64>, Vec<f64>) =
            (0..points).map(value).partition(|value| *value < centre.value);
        let mut walked: Vec<Refit> = Vec::new();
        let mut from = centre.clone();
        for value in below.into_iter().rev() {
            let Some(refit) = self.refit(value, &from) else { break };
            from = refit.clone();
            walked.push(refit);
        }
        walked.reverse();
        walked.push(centre.clone());
        from = centre.clone();
        for value in above.into_iter().filter(|value| *value > centre.value) {
            let Some(refit) = self.refit(value, &from) else { break };
            from = refit.clone();
            walked.push(refit);
        }
        let point = |r: Refit| ProfilePoint { value: r.value, ratio: r.ratio, parameters: r.natural };
        walked.into_iter().map(point).collect()
    }
}

fn last_of(model: &Model, end: &Solved) -> Option<f64> {
    end.theta.get(model.len()).copied()
}

/// Log likelihood at the end of a fit.
fn likelihood(task: &Task<'_>, model: &Model, end: &Solved) -> Option<f64> {
    if task.objective.is_family() {
        // Up to a number that depends on the runs alone.
        return Some(-end.value);
    }
    let residuals = model.residuals(&end.theta);
    let weights = task.data.weights.as_deref();
    Some(Density::of(task.objective, &residuals, weights)?.sum(&residuals, weights))
}
