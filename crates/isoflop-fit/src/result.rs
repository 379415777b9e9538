//! What a fit found, as data: every number that the command line, Python or a report shows.

use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::forecast::ForecastModel;
use crate::interval::{Ends, Posterior, Precision};
use crate::outputs::OutputFit;

/// A finished fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// What was minimised.
    pub objective: ObjectiveValue,
    /// Rows that the fit used.
    pub rows: usize,
    /// Every parameter, in the order of the formula; one per level for grouped ones.
    pub parameters: Vec<Parameter>,
    /// Quantities that the law derives from its parameters, such as `a_opt`.
    pub derived: Vec<Derived>,
    /// Estimated scale of the residuals, for objectives that estimate one.
    pub scale: Option<f64>,
    /// Estimated correlation `rho` of two attempts of one row, 0 for a binomial; for beta-binomial shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overdispersion: Option<f64>,
    /// How intervals were made; `None` if none were asked for.
    pub interval: Option<Interval>,
    /// Root mean square of the residuals on the scale of the objective (log residuals: dimensionless; raw
    /// residuals: unit of the output).
    pub rmse: f64,
    /// Root mean square of `ln y - ln f`; `None` if a value is not positive.
    pub rmse_log: Option<f64>,
    /// The proof, or the reason why there is none.
    pub certificate: Certificate,
    /// The same table under the other objectives.
    pub choices: Vec<Choice>,
    /// What the user should know.
    pub warnings: Vec<Warning>,
    /// Parameter values of each replicate that could be solved: `[replicate][parameter]`.
    pub draws: Vec<Vec<f64>>,
    /// Residuals on the scale of the objective: all of them up to 10 000 rows, else 10 001 evenly spaced quantiles.
    pub residuals: Vec<f64>,
    /// Smallest and largest value of each input over the rows used, in the order of the formula's inputs.
    pub ranges: Vec<InputRange>,
    /// For a law with several outputs, what belongs to each of them; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputFit>,
    /// Noise and misfit, which forecasts need beside the replicates ([`crate::learn_forecast`]); `None` if they were
    /// not estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<ForecastModel>,
}

/// An objective and its value at the optimum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveValue {
    /// Name, such as `huber-log`.
    pub name: String,
    /// Threshold, where the objective has one.
    pub delta: Option<f64>,
    /// Sum over rows at the optimum.
    pub value: f64,
}

/// One parameter of the law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    /// Name, with its level if grouped: `A[llama]`.
    pub name: String,
    /// Value at the optimum.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// Whether it lies at a bound.
    pub at_bound: bool,
    /// Whether it was held (`--fix`).
    pub fixed: bool,
}

/// A quantity computed from the parameters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Derived {
    /// Name, such as `a_opt`.
    pub name: String,
    /// Its formula in the parameters.
    pub formula: String,
    /// Value at the optimum.
    pub estimate: f64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
}

/// How intervals were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Nominal coverage, such as 0.9.
    pub level: f64,
    /// In words: `bootstrap of rows`, `bootstrap of clusters (column)`, `posterior by NUTS`.
    pub method: String,
    /// How replicates became ends, for a bootstrap; `None` in files of versions that knew percentiles only.
    #[serde(default)]
    pub ends: Option<Ends>,
    /// Units (rows or clusters) that were resampled; 0 where nothing was, and in files of earlier versions.
    #[serde(default)]
    pub units: usize,
    /// Degrees of freedom that went to parameters, where the ends are widened for few units.
    #[serde(default)]
    pub used: usize,
    /// Replicates asked for.
    pub replicates: usize,
    /// Replicates solved to certificate tolerance; only these are used.
    pub certified: usize,
    /// Number of clusters, for a cluster bootstrap.
    pub clusters: Option<usize>,
    /// How sure the ends are, for every quantity that has some.
    #[serde(default)]
    pub precision: Vec<Precision>,
    /// Priors and diagnostics of Bayesian sampling.
    #[serde(default)]
    pub posterior: Option<Posterior>,
}

/// The answer under one objective: one row of "how much does the choice matter".
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Name of the objective.
    pub objective: String,
    /// Threshold, where it has one.
    pub delta: Option<f64>,
    /// Whether its gradient reached certificate tolerance.
    pub certified: bool,
    /// Values in the order of [`Fit::parameters`].
    pub estimates: Vec<f64>,
    /// Values in the order of [`Fit::derived`].
    pub derived: Vec<f64>,
}

/// Something that the user should know, with a stable code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable code, such as `parameter-at-bound`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

/// The range of an input over the rows used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InputRange {
    /// Name of the input.
    pub name: String,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}
