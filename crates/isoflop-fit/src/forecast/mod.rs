//! Forecasts with an interval that holds beyond the runs.
//!
//! The error of a forecast has four parts, each estimated from the runs and each shown:
//!
//! * **parameters**: the law at the parameters of every bootstrap replicate;
//! * **noise**: the scatter of one run about the law ([`Noise`]);
//! * **misfit**: the law goes wrong beyond the runs, the more the further ([`Misfit`]), which a rolling origin within the
//!   runs shows: the law fitted to the smaller runs forecasts the larger ones, which are known ([`ForwardError`]);
//! * **choice**: other objectives give other answers; each counts by how well it forecasts the same known runs. Where
//!   other laws were weighed ([`weigh_laws`]), the forecast is the mixture of those that the runs leave standing.
//!
//! The parts are independent, and their sum is the error of the forecast of one new run. On the scale of the residuals
//! (the logarithm of the output for objectives that end in `-log`, else the output itself)
//!
//! ```text
//! y(x) = f(x; replicate) + noise(x) + rate d(x) t_4 + choice(x) z + (f_k(x) - f(x))
//! ```
//!
//! where `d` is the distance beyond the runs ([`Size::distance`]), `t_4` a Student-t `z` a normal variable, and `k`
//! a law drawn by its weight (the law of the fit alone, if none were weighed).
//! `cargo xtask study forward` measures how often the intervals hold on public tables.
//!
//! *Determinism*: the seed of the options decides the replicates of the rolling origin; nothing else is random.

mod among;
mod choice;
mod frozen;
mod misfit;
mod model;
mod noise;
mod predictive;
mod rolling;
mod size;
mod tally;

pub(crate) use among::Rival;
pub use among::{LawForecast, LawWeight, WeighedLaws, weigh_laws};
pub use choice::ChoiceWeight;
pub use frozen::{FROZEN_SCHEMA_VERSION, Freeze, FrozenForecast};
pub use misfit::Misfit;
pub use model::{ForecastModel, learn_forecast};
pub use noise::Noise;
pub use predictive::Parts;
pub(crate) use predictive::{Point, Predictive};
pub use rolling::ForwardError;
pub use size::Size;
pub(crate) use size::at_row;
pub use tally::{ScoredForecast, Tally};
