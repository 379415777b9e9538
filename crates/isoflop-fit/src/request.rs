//! What a user asks of a fit, and the law as that request changes it.

use isoflop_formula::{Formula, ParamSpec, Scope};
use isoflop_laws::Law;

use crate::error::FitError;
use crate::interval::IntervalOptions;
use crate::objective::{Loss, Objective};

/// How a fit is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// What to minimise; `None` takes the law's recipe, else [`Objective::DEFAULT`].
    pub objective: Option<Objective>,
    /// Where to start.
    pub starts: StartPlan,
    /// Replicates (or draws of an approximation) for intervals; 0 for no intervals.
    pub bootstrap: usize,
    /// How intervals are found, and of what.
    pub interval: IntervalOptions,
    /// Nominal coverage of the intervals, between 0 and 1.
    pub level: f64,
    /// Decides starting points, replicates and subsamples; same seed, same bits, on any number of threads.
    pub seed: u64,
    /// Whether the table is also fitted under the other objectives.
    pub choices: bool,
    /// Changes to the law's parameters.
    pub overrides: Overrides,
}

impl FitOptions {
    /// The most replicates, starts or draws (of all chains together) of one fit: ten million.
    pub const MOST: usize = 10_000_000;
}

impl Default for FitOptions {
    fn default() -> Self {
        FitOptions {
            objective: None,
            starts: StartPlan::Auto,
            bootstrap: 1000,
            interval: IntervalOptions::default(),
            level: 0.9,
            seed: 0,
            choices: true,
            overrides: Overrides::default(),
        }
    }
}

/// Where the solver starts.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum StartPlan {
    /// Data-scaled starts, as many as the default.
    #[default]
    Auto,
    /// This many data-scaled starts.
    Count(usize),
    /// The grid of 4500 points of Hoffmann et al. 2022 (section 3.3), for those who must reproduce it. Only for laws
    /// with the parameters E, A, B, alpha and beta. A term that is dead at its start, or drowns the others, starts
    /// between a hundredth and all of the output instead: the exponents and the other terms stay as in the paper.
    Hoffmann,
    /// One start, at these values of all free parameters by name.
    At(Vec<(String, f64)>),
}

impl std::str::FromStr for StartPlan {
    type Err = FitError;

    fn from_str(text: &str) -> Result<Self, FitError> {
        match text {
            "auto" => Ok(StartPlan::Auto),
            "hoffmann" => Ok(StartPlan::Hoffmann),
            number => match number.parse() {
                Ok(count) if count > 0 => Ok(StartPlan::Count(count)),
                _ => Err(FitError::BadStarts { text: text.to_string() }),
            },
        }
    }
}

/// Changes to the parameters of a law, by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Overrides {
    /// Parameters held at a value.
    pub fix: Vec<(String, f64)>,
    /// New bounds: lower, upper.
    pub bounds: Vec<(String, f64, f64)>,
    /// Parameters replaced by a formula of others, such as `beta` by `alpha`.
    pub ties: Vec<(String, String)>,
}

/// The formula of `law` with the overrides applied.
///
/// # Errors
/// A name that the law does not have, a value outside the bounds, a tie that does not compile.
pub fn overridden(law: &Law, overrides: &Overrides) -> Result<Formula, FitError> {
    let original = law.formula();
    if *overrides == Overrides::default() {
        return Ok(original.clone());
    }
    let mut scope = Scope { sets: law.scope().sets, ..original.scope() };
    for (name, low, high) in &overrides.bounds {
        if low.is_nan() || high.is_nan() || low >= high {
            return Err(FitError::EmptyBounds { parameter: name.clone(), low: *low, high: *high });
        }
        let spec = spec(&mut scope, name, "bound")?;
        (spec.lower, spec.upper) = (*low, *high);
    }
    for (name, value) in &overrides.fix {
        let spec = spec(&mut scope, name, "fix")?;
        if !(spec.lower..=spec.upper).contains(value) || !value.is_finite() {
            let (low, high) = (spec.lower, spec.upper);
            return Err(FitError::FixedOutsideBounds { parameter: name.clone(), value: *value, low, high });
        }
        spec.fixed = Some(*value);
    }
    for (name, text) in &overrides.ties {
        spec(&mut scope, name, "tie")?.tie = Some(text.clone());
    }
    Formula::compile(&original.text, &scope)
        .map_err(|diagnostics| FitError::Formula { text: original.text.clone(), diagnostics })
}

fn spec<'a>(scope: &'a mut Scope, name: &str, what: &'static str) -> Result<&'a mut ParamSpec, FitError> {
    let known: Vec<String> = scope.params.iter().map(|p| p.name.clone()).collect();
    match scope.params.iter_mut().find(|p| p.name == name) {
        Some(spec) => Ok(spec),
        None => Err(FitError::UnknownParameter { what, name: name.to_string(), known: known.join(", ") }),
    }
}

impl Objective {
    /// The objective of the law's recipe, or the default if it has none.
    ///
    /// # Errors
    /// The recipe names an objective that does not exist.
    ///
    /// ```
    /// let catalogue = isoflop_laws::Catalogue::builtin()?;
    /// let objective = isoflop_fit::Objective::recommended(catalogue.find("chinchilla")?)?;
    /// assert_eq!((objective.name().as_str(), objective.delta), ("huber-log", 1e-3));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn recommended(law: &Law) -> Result<Objective, FitError> {
        let Some(recipe) = &law.recipe else { return Ok(Objective::DEFAULT) };
        let mut objective: Objective = recipe.objective.parse()?;
        objective.delta = recipe.delta.unwrap_or(objective.delta);
        match &mut objective.loss {
            Loss::StudentT { nu } => *nu = recipe.nu.unwrap_or(*nu),
            Loss::Quantile { tau } => *tau = recipe.quantile.unwrap_or(*tau),
            _ => {}
        }
        Ok(objective)
    }
}

/// Refuses numbers of replicates, starts or draws that would exhaust memory long before they are done.
fn affordable(options: &FitOptions) -> Result<(), FitError> {
    let starts = match options.starts {
        StartPlan::Count(starts) => starts,
        _ => 0,
    };
    let sampler = &options.interval.sampler;
    let draws = sampler.chains.saturating_mul(sampler.draws.saturating_add(sampler.warmup));
    for (what, number) in [("replicates", options.bootstrap), ("starts", starts), ("draws", draws)] {
        if number > FitOptions::MOST {
            return Err(FitError::TooMany { what, number, most: FitOptions::MOST });
        }
    }
    Ok(())
}

/// The objective asked for, the law's own, or the default; refuses options that no machine can carry out.
pub(crate) fn objective(law: &Law, options: &FitOptions) -> Result<Objective, FitError> {
    affordable(options)?;
    let objective = match options.objective {
        Some(objective) => objective,
        None => Objective::recommended(law)?,
    };
    if objective.has_delta() && !(objective.delta > 0.0 && objective.delta.is_finite()) {
        return Err(FitError::BadDelta { delta: objective.delta });
    }
    Ok(objective)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interval::Sampler;

    #[test]
    fn numbers_that_would_exhaust_memory_are_refused() {
        let huge = FitOptions::MOST + 1;
        let sampler = IntervalOptions {
            sampler: Sampler { chains: usize::MAX, ..Sampler::default() },
            ..Default::default()
        };
        for (options, what) in [
            (FitOptions { bootstrap: huge, ..FitOptions::default() }, "10000001 replicates"),
            (FitOptions { starts: StartPlan::Count(huge), ..FitOptions::default() }, "10000001 starts"),
            (FitOptions { interval: sampler, ..FitOptions::default() }, "draws"),
        ] {
            let error = affordable(&options).unwrap_err().to_string();
            assert!(error.contains("T0820") && error.contains(what), "{error}");
        }
        assert!(affordable(&FitOptions { bootstrap: FitOptions::MOST, ..FitOptions::default() }).is_ok());
    }
}
