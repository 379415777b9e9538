//! The fitter: objectives, solver, certificate and intervals.
//!
//! [`fit`] takes a law and the numbers of a table and gives a [`Fit`]: parameters with intervals, a
//! [`Certificate`] that says what is proved about the optimum and what is not, and the answer under other objectives.

mod accumulate;
mod backtest;
mod certificate;
mod certify;
mod compare;
mod comparison;
mod coordinates;
mod data;
mod density;
mod error;
mod fallback;
mod fit;
mod forecast;
mod hold;
mod interval;
mod linalg;
mod log_scores;
mod model;
mod objective;
mod outcomes;
mod outputs;
mod overdispersed;
mod predict;
mod probe;
mod profile;
mod recovery;
mod refit;
mod request;
mod rescue;
mod result;
mod saved;
mod score;
mod sentence;
mod shards;
mod simulate;
mod solve;
mod split;
mod stack;
mod start;
mod streams;
mod varpro;

pub use backtest::{Backtest, Band, FoldResult, Forecast, backtest};
pub use certificate::{Certificate, Direction, Influence, Starts, Term, Verdict};
pub use compare::{Candidate, CompareOptions, compare};
pub use comparison::{Compared, Comparison, Conclusion, Cross, Forward, LeftOut};
pub use coordinates::Slot;
pub use data::{Clusters, Data, Group, PastInput};
pub use error::FitError;
pub use fit::{Progress, fit};
pub use forecast::{
    ChoiceWeight, FROZEN_SCHEMA_VERSION, ForecastModel, ForwardError, Freeze, FrozenForecast, LawForecast,
    LawWeight, Misfit, Noise, Parts, ScoredForecast, Size, Tally, WeighedLaws, learn_forecast, weigh_laws,
};
pub use interval::{
    Convergence, EndRule, Ends, IntervalMethod, IntervalOptions, Loo, Posterior, Precision, Prior, PriorLaw,
    Replicate, Sampler, WildWeights,
};
pub use objective::{Loss, Objective};
pub use outputs::OutputFit;
pub use predict::{Prediction, forecast_quantiles, predict, predict_row};
pub use profile::{Profile, ProfilePoint, profile};
pub use recovery::{RECOVERED, Recovered, Recovery, recover, simulate};
pub use refit::{Refit, Refitter};
pub use request::{FitOptions, Overrides, StartPlan, overridden};
pub use result::{Choice, Derived, Fit, InputRange, Interval, ObjectiveValue, Parameter, Warning};
pub use saved::{DataDigest, SCHEMA_VERSION, SavedColumn, SavedFit, SavedParameter};
pub use score::Score;
pub use shards::{Optimum, fit_from_replicates, optimum, replicates};
pub use simulate::{simulate_at, simulate_output_at};
pub use split::{Cuts, Fold, group_folds, largest_fold, random_folds, rolling_folds};
