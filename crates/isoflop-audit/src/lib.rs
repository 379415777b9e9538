//! What a reviewer asks of a fit.
//!
//! * [`influence`]: which runs, and which choices, decide the answer. Every refit is exact.
//! * [`methods`]: the three approaches to the compute-optimal size side by side, and why they disagree.
//! * [`contrast`]: two recipes at scale, with the multiplier of effective compute and the crossover.
//! * [`audit`]: a list of checks, each with its evidence and what to do.
//!
//! All of them take a law, columns as slices and options, and give data. Rows are numbers from 0: whoever read the table
//! knows their places.
//!
//! ```
//! use isoflop_audit::{InfluenceOptions, influence};
//! use isoflop_fit::Data;
//! use isoflop_laws::Law;
//!
//! let law = Law::from_formula("loss ~ E + A / N^alpha", &["N", "loss"], &[])?;
//! let n: Vec<f64> = (0..12).map(|k| 1e6 * 2_f64.powi(k)).collect();
//! let ripple = |k: usize| 1.0 + 1e-3 * (k as f64 * 2.4).sin();
//! let mut loss: Vec<f64> =
//!     n.iter().enumerate().map(|(k, n)| (1.7 + 400.0 / n.powf(0.34)) * ripple(k)).collect();
//! loss[5] *= 1.05;
//! let data = Data { inputs: vec![vec![], n], output: loss, ..Data::default() };
//! let found = influence(&law, &data, &[], &InfluenceOptions::default(), &())?;
//! assert_eq!(found.suspects[0], 5);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod checks;
mod contrast;
mod error;
mod influence;
mod methods;
mod numbers;
mod surface;

pub use checks::{Audit, Columns, Finding, Passed, Severity, Subject, audit};
pub use contrast::{
    ArmFit, Contrast, ContrastOptions, ContrastPoint, NextRun, SharedTest, Sharing, Verdict, contrast,
};
pub use error::AuditError;
pub use influence::{
    Alternative, Answer, Convention, InfluenceOptions, Influences, Kind, LeftOutGroup, LeftOutRow, influence,
};
pub use methods::{
    Cause, Disagreement, Method, Methods, MethodsOptions, Ranged, Slice, approach2_shift, methods,
};
