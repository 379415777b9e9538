//! Work in shards, for any machine that can start a program: a job in one file, shards that need nothing else, a merge.
//!
//! The tasks of a job are the replicates of one bootstrap, or the fits of many groups of rows ([`Work`]).
//!
//! A [`Job`] holds rows, request and the optimum from which every bootstrap replicate starts. A replicate is addressed
//! by seed and number, so shard k of n is the same wherever, whenever and however often it is run, and
//! [`Job::merge`] gives the bits of the fit on one machine. Shards are files with a checksum: one that is whole need not
//! be run again, one that is damaged or of another job is refused.
//!
//! ```
//! use isoflop_runs::{Column, RunTable};
//! use isoflop_study::{Job, Request, Source, catalogue, fit_table};
//!
//! let n: Vec<f64> = (0..12).map(|k| 1e6 * 2f64.powi(k)).collect();
//! let loss = n.iter().enumerate().map(|(k, n)| 1.7 + 400.0 / n.powf(0.34) + 0.003 * ((7 * k) % 5) as f64);
//! let numbers = |values: Vec<f64>| Column::from_options(values.into_iter().map(Some));
//! let columns = vec![("N".to_owned(), numbers(n.clone())), ("loss".to_owned(), numbers(loss.collect()))];
//! let table = RunTable::from_columns(columns)?;
//! let law = Some("loss ~ E + A / N^alpha".to_owned());
//! let request = Request { law, bootstrap: 40, choices: false, ..Request::default() };
//!
//! let laws = catalogue(None, &())?;
//! let job = Job::plan(Source::rows(&table), request.clone(), None, 4, Vec::new(), &laws, &(), &())?;
//! let shards: Vec<_> = (1..=4).map(|k| job.run(k, None, &laws, &())).collect::<Result<_, _>>()?;
//! let merged = job.merge(&shards, None, None, &laws, &(), &())?;
//! assert_eq!(merged.fit, fit_table(table, &request, &laws, &(), &())?.fit);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod job;
mod part;
mod source;

pub use job::{JOB_SCHEMA_VERSION, Job, Work};
pub use part::{GroupFit, Results, Shard, shard_name};
pub use source::{Reading, Source};
