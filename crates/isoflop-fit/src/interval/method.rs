//! The methods by name, and what they need.

use serde::{Deserialize, Serialize};

use crate::data::{Clusters, Data};
use crate::error::FitError;
use crate::fit::Task;
use crate::interval::{Ends, Prior, WildWeights};

/// How intervals are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IntervalMethod {
    /// [`Cluster`](Self::Cluster) where the table has clusters, else [`Point`](Self::Point).
    #[default]
    Auto,
    /// Bootstrap of rows, also where the table has clusters.
    Point,
    /// Bootstrap of clusters.
    Cluster,
    /// Like [`Cluster`](Self::Cluster) or [`Point`](Self::Point), but every unit has a random weight (exponential, mean 1) in place of a
    /// number of times that it was drawn: no replicate loses a unit.
    Weighted,
    /// Bootstrap of rows, or of clusters where there are any, within the levels of a column.
    Stratified,
    /// Bootstrap of residuals: inputs stay as they are, noise is taken to have one size.
    Residual,
    /// Residuals of each cluster (or row) times one random number: inputs stay as they are, noise may differ.
    WildCluster {
        /// The random numbers.
        weights: WildWeights,
    },
    /// Profile likelihood under the density that the objective belongs to.
    Profile,
    /// Profile likelihood, its limit moved by what the sandwich says of the density.
    RobustProfile,
    /// Normal around the optimum, by the curvature of the objective.
    Laplace,
    /// Normal around the optimum, by the spread of the gradients of rows or clusters.
    Sandwich,
    /// Bayesian sampling with Student-t noise.
    Nuts,
}

impl IntervalMethod {
    /// All names.
    pub const NAMES: [&'static str; 13] = [
        "auto",
        "point",
        "cluster",
        "weighted",
        "stratified",
        "residual",
        "wild-cluster",
        "wild-cluster-rademacher",
        "profile",
        "robust-profile",
        "laplace",
        "sandwich",
        "nuts",
    ];

    /// Name as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            IntervalMethod::Auto => "auto",
            IntervalMethod::Point => "point",
            IntervalMethod::Cluster => "cluster",
            IntervalMethod::Weighted => "weighted",
            IntervalMethod::Stratified => "stratified",
            IntervalMethod::Residual => "residual",
            IntervalMethod::WildCluster { weights: WildWeights::Webb } => "wild-cluster",
            IntervalMethod::WildCluster { weights: WildWeights::Rademacher } => "wild-cluster-rademacher",
            IntervalMethod::Profile => "profile",
            IntervalMethod::RobustProfile => "robust-profile",
            IntervalMethod::Laplace => "laplace",
            IntervalMethod::Sandwich => "sandwich",
            IntervalMethod::Nuts => "nuts",
        }
    }

    /// Whether it has replicates whose ends [`Ends`] decides.
    pub fn has_ends(self) -> bool {
        matches!(
            self,
            IntervalMethod::Auto
                | IntervalMethod::Point
                | IntervalMethod::Cluster
                | IntervalMethod::Weighted
                | IntervalMethod::Stratified
                | IntervalMethod::Residual
                | IntervalMethod::WildCluster { .. }
        )
    }

    /// Whether rows of a cluster count as one where the table has clusters.
    pub fn uses_clusters(self) -> bool {
        !matches!(
            self,
            IntervalMethod::Point
                | IntervalMethod::Residual
                | IntervalMethod::Profile
                | IntervalMethod::Laplace
                | IntervalMethod::Nuts
        )
    }

    /// The method itself for `Auto`.
    pub(crate) fn settled(self, data: &Data) -> IntervalMethod {
        match (self, &data.clusters) {
            (IntervalMethod::Auto, Some(_)) => IntervalMethod::Cluster,
            (IntervalMethod::Auto, None) => IntervalMethod::Point,
            (method, _) => method,
        }
    }

    /// Refuses what the method cannot do on this table.
    pub(crate) fn check(self, task: &Task<'_>, options: &IntervalOptions) -> Result<(), FitError> {
        let name = self.name();
        if self == IntervalMethod::Cluster && task.data.clusters.is_none() {
            return Err(FitError::NoClusters { method: name });
        }
        if self == IntervalMethod::Stratified && options.strata.is_none() {
            return Err(FitError::NoStrata);
        }
        if self != IntervalMethod::Stratified && options.strata.is_some() {
            return Err(FitError::StrataWithout { method: name });
        }
        let of_residuals = matches!(
            self,
            IntervalMethod::Residual | IntervalMethod::WildCluster { .. } | IntervalMethod::Nuts
        );
        if of_residuals && (task.objective.is_family() || task.model.outcomes.is_some()) {
            return Err(FitError::NoResiduals { method: name, objective: task.objective.name() });
        }
        if self != IntervalMethod::Nuts && !options.priors.is_empty() {
            return Err(FitError::PriorWithout { method: name });
        }
        Ok(())
    }

    /// The method in words, such as `bootstrap of clusters (run)`.
    pub(crate) fn words(self, task: &Task<'_>, options: &IntervalOptions) -> String {
        let clusters = task.data.clusters.as_ref().filter(|_| self.uses_clusters());
        let of = clusters.map_or_else(|| "rows".to_string(), |c| format!("clusters ({})", c.column));
        let strata = options.strata.as_ref().map_or("", |s| s.column.as_str());
        match self {
            IntervalMethod::Weighted => format!("bootstrap of {of} by random weights"),
            IntervalMethod::Stratified => format!("bootstrap of {of} within {strata}"),
            IntervalMethod::Residual => "bootstrap of residuals".to_string(),
            IntervalMethod::WildCluster { weights: WildWeights::Webb } => {
                format!("wild bootstrap of {of}, Webb weights")
            }
            IntervalMethod::WildCluster { .. } => format!("wild bootstrap of {of}, Rademacher weights"),
            IntervalMethod::Profile => "profile likelihood".to_string(),
            IntervalMethod::RobustProfile => format!("profile likelihood with the sandwich over {of}"),
            IntervalMethod::Laplace => "Laplace approximation".to_string(),
            IntervalMethod::Sandwich => format!("sandwich over {of}"),
            IntervalMethod::Nuts => "posterior by NUTS".to_string(),
            _ => format!("bootstrap of {of}"),
        }
    }
}

impl std::str::FromStr for IntervalMethod {
    type Err = FitError;

    fn from_str(text: &str) -> Result<Self, FitError> {
        Ok(match text {
            "auto" => IntervalMethod::Auto,
            "point" | "rows" => IntervalMethod::Point,
            "cluster" => IntervalMethod::Cluster,
            "weighted" => IntervalMethod::Weighted,
            "stratified" => IntervalMethod::Stratified,
            "residual" => IntervalMethod::Residual,
            "wild-cluster" | "wild" => IntervalMethod::WildCluster { weights: WildWeights::Webb },
            "wild-cluster-rademacher" | "wild-rademacher" => {
                IntervalMethod::WildCluster { weights: WildWeights::Rademacher }
            }
            "profile" => IntervalMethod::Profile,
            "robust-profile" => IntervalMethod::RobustProfile,
            "laplace" => IntervalMethod::Laplace,
            "sandwich" => IntervalMethod::Sandwich,
            "nuts" => IntervalMethod::Nuts,
            _ => return Err(FitError::UnknownInterval { name: text.to_string() }),
        })
    }
}

/// How intervals are to be found, and of what.
///
/// The number of replicates and the level are those of [`crate::FitOptions`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IntervalOptions {
    /// The method.
    pub method: IntervalMethod,
    /// How bootstrap replicates become ends.
    pub ends: Ends,
    /// Levels within which a stratified bootstrap draws: one code per row.
    pub strata: Option<Clusters>,
    /// Formulas of parameters that get an interval besides the law's own derived quantities.
    pub quantities: Vec<String>,
    /// Priors in place of the weak ones, for [`IntervalMethod::Nuts`].
    pub priors: Vec<Prior>,
    /// How much is sampled, for [`IntervalMethod::Nuts`].
    pub sampler: Sampler,
}

/// How much is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampler {
    /// Independent chains.
    pub chains: usize,
    /// Steps of each chain that are thrown away while it adapts.
    pub warmup: usize,
    /// Steps of each chain that are kept.
    pub draws: usize,
}

impl Default for Sampler {
    fn default() -> Self {
        Sampler { chains: 4, warmup: 1000, draws: 1000 }
    }
}

/// How sure the ends of one interval are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Precision {
    /// Name of the parameter or quantity.
    pub name: String,
    /// Monte Carlo standard error of the lower end: how much it would move with another seed.
    pub low_error: f64,
    /// That of the upper end.
    pub high_error: f64,
    /// Relative standard error of the width by the jackknife after the bootstrap: how much it would change with other
    /// runs. `None` where there is none, or where replicates are too few to tell.
    pub width_error: Option<f64>,
    /// By how much the levels at which replicates were read are drawn in; 1 for rules that draw in nothing.
    #[serde(default = "whole")]
    pub smoothness: f64,
    /// The acceleration of BCa; 0 for other rules.
    #[serde(default)]
    pub acceleration: f64,
}

fn whole() -> f64 {
    1.0
}
