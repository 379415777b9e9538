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
mod breakdown;
mod caution;
mod cost;
mod curves;
mod dense;
mod error;
mod expand;
mod form;
mod hardware;
mod laws;
mod model;
mod named;
mod names;
mod next;
mod plan;
mod polish;
mod problem;
mod request;
mod result;
mod rules;
mod search;
mod shape;
mod shares;
mod signomial;
mod smooth;
mod solve;
mod unknown;
mod whole;
mod words;

pub use arch::Architecture;
pub use breakdown::{Breakdown, Term, breakdown};
pub use cost::{Cost, CostGolden, CostModel, CostQuantity, costs, costs_given};
pub use curves::{Curves, Frontier, Slice, Valley, curves};
pub use error::PlanError;
pub use hardware::{Device, Fact};
pub use laws::Laws;
pub use model::{Measured, Model, ModelError};
pub use named::{Given, Golden, LawRole, NamedPlan};
pub use next::{Goal, Next, NextRequest, NextRun, Outlook, OutlookKind, Past, next};
pub use plan::{plan, plan_laws};
pub use request::{Request, Sense};
pub use result::{Beyond, ConstraintResult, Method, Plan, Quantity, Range, Regret, Warning};
pub use rules::{Advice, Outside, Rule};
