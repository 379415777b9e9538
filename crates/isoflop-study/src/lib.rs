//! From a run table and a request to fits, comparisons, backtests, profiles and points: what all front ends share.
//!
//! A [`Request`] says which law is fitted to which columns and rows, and how. [`fit_table`] does it; [`Study`] binds
//! several laws to the same rows, for [`comparison`], [`backtests`] and [`profiles`]. What there is to say meanwhile goes
//! to a [`Listener`], errors are a [`StudyError`], results have one JSON layout. Nothing is printed.
//!
//! ```
//! use isoflop_study::{Notes, Request, catalogue, fit_json, fit_table};
//! use isoflop_runs::{ReadOptions, RunTable};
//!
//! let mut text = "n_params,val_loss\n".to_owned();
//! for n in [1e6, 3e6, 1e7, 3e7, 1e8, 3e8] {
//!     text += &format!("{n},{}\n", 1.7 + 400.0 / f64::powf(n, 0.34));
//! }
//! let table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default())?;
//! let law = Some("loss ~ E + A / N^alpha".to_owned());
//! let request = Request { law, bootstrap: 0, ..Request::default() };
//! let notes = Notes::default();
//! let finished = fit_table(table, &request, &catalogue(None, &notes)?, &notes, &())?;
//! assert!((finished.fit.parameters[0].estimate - 1.7).abs() < 1e-6);
//! assert_eq!(fit_json(&finished)["rows"]["used"], 6);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod again;
mod among;
mod backtest;
mod bind;
mod catalogue;
mod chances;
mod compare;
mod counting;
mod curves;
mod digits;
mod error;
mod job;
mod json;
mod next;
mod note;
mod outputs;
mod plan;
mod point;
mod pool;
mod profile;
mod reproduce;
mod request;
mod review;
mod saved;
mod shard;
mod study;

pub use again::{Again, Recipe, again_over, read_again};
pub use backtest::{Backtests, Hold, Tested, backtests};
pub use bind::{Bound, Wish, bind, law_of_formula, law_over, needs_of};
pub use catalogue::{catalogue, holding};
pub use chances::{Chance, QuickFit, chances, missing};
pub use compare::{CompareRequest, Compared, comparison};
pub use curves::{FEWEST_POINTS, RunCurves, read_curves};
pub use digits::{coverage, factor, percent, signed, significant, size, supported_places, to_places};
pub use error::StudyError;
pub use job::{Finished, Reason, Rows, columns, fit_table, prepare, read_table};
pub use json::{
    PER_TOKEN, Points, SCHEMA_VERSION, SurveyedJson, aim, all_points_json, audited_json, backtests_json,
    bibtex, chances_json, comparison_json, costs_json, evidence, fit_json, law_json, laws_json, next_json,
    notes_json, number, object, optional, plan_json, plans_json, profiles_json, reproduced_json,
    reviewed_json, roles_json, rules_json, verdict,
};
pub use next::{Basis, NextOptions, NextRuns, next_of};
pub use note::{Level, Listener, Note, Notes, counted};
pub use plan::{Lawless, PlanOptions, assignment, cost_given, device, laws_of, model, names_plan};
pub use point::{Fitted, Point, RunForecast, points_of};
pub use pool::{beside, with_threads};
pub use profile::profiles;
pub use reproduce::reproduce;
pub use request::{Changes, IntervalRequest, Request};
pub use review::{Audited, Reviewed, audit_of, contrast_of, influence_of, methods_of};
pub use saved::{formula_of, read_saved};
pub use shard::{GroupFit, JOB_SCHEMA_VERSION, Job, Reading, Results, Shard, Source, Work, shard_name};
pub use study::{Entries, Entry, Study, law_names, parse_cuts};
