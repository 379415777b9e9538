//! The planner: from a law to the decision, with the price of being wrong.
//!
//! A plan has decision variables, an objective and constraints, all written in the formula language over a law with
//! values. It is solved in the logarithms of the decision variables: as a geometric program, with a proof that nothing
//! is better, where all sums have positive terms; from many starts otherwise.
//!
//! ```
//! use isoflop_laws::Catalogue;
//! use isoflop_plan::{Model, Request, plan};
//!
//! let model = Model::parse("chinchilla@hoffmann", &Catalogue::builtin()?).unwrap();
//! let request = Request::minimize("6*N*D").over(["N", "D"]).subject_to("loss <= 2.0");
//! let plan = plan(&model, &request).unwrap();
//! assert!(plan.constraints[0].shadow_price < 0.0); // a higher loss would be cheaper
//! # Ok::<(), isoflop_laws::LawErrors>(())
//! ```

mod arch;
mod barrier;
mod cost;
mod dense;
mod error;
mod form;
mod hardware;
mod model;
mod named;
mod next;
mod plan;
mod polish;
mod problem;
mod request;
mod result;
mod rules;
mod search;
mod signomial;
mod smooth;
mod solve;
mod whole;

pub use arch::Architecture;
pub use cost::{Cost, CostGolden, CostModel, CostQuantity, costs, costs_given};
pub use error::PlanError;
pub use hardware::{Device, Fact};
pub use model::{Measured, Model, ModelError};
pub use named::{Given, Golden, NamedPlan};
pub use next::{Goal, Next, NextRequest, NextRun, Outlook, OutlookKind, Past, next};
pub use plan::plan;
pub use request::{Request, Sense};
pub use result::{ConstraintResult, Method, Plan, Quantity, Range, Regret, Warning};
pub use rules::{Advice, Outside, Rule};
