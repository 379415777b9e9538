//! Published results, rerun from the public tables that they were made from.
//!
//! A result is a file under `reproduce/`: which tables, which rows, which law, and which numbers were published with
//! which tolerance. [`run`] reads the tables from a folder of the user's, fits with `isoflop-fit` and puts ours beside
//! theirs. What a file cannot say is a small numeric procedure.
//!
//! ```
//! use isoflop_reproduce::{Status, builtin, run};
//! use std::path::Path;
//!
//! let results = builtin()?;
//! let bias = results.iter().find(|result| result.id == "approach2_bias").unwrap();
//! let outcome = run(bias, Path::new("no tables needed"));
//! let Status::Done { compared, .. } = outcome.status else { panic!() };
//! assert!(compared.iter().all(|figure| figure.is_met()));
//! # Ok::<(), isoflop_reproduce::ReproduceError>(())
//! ```

mod bind;
mod description;
mod error;
mod fitted;
mod outcome;
mod procedures;
mod run;
mod statistics;
mod steps;
mod tables;

pub use description::{Description, builtin};
pub use error::ReproduceError;
pub use outcome::{Compared, Optimum, Outcome, Status};
pub use run::run;
pub use tables::{StudyCase, StudyTable};
