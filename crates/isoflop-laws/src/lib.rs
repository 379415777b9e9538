//! The catalogue of scaling laws: every law is a file under `laws/`, read and checked here.
//!
//! A law file holds TOML between `+++` lines (formula, inputs with units, parameters with bounds, coefficient
//! sets with their sources and grades, a design to simulate on, values it must give) and then prose under
//! fixed headings. A user's own folder of such files joins the embedded ones on equal terms.
//!
//! ```
//! use isoflop_laws::{Catalogue, Standing};
//!
//! let catalogue = Catalogue::builtin()?;
//! let law = catalogue.find("chinchilla")?;
//! assert_eq!(law.formula().text, "loss ~ E + A / N^alpha + B / D^beta");
//!
//! let set = law.coefficients("besiroglu").unwrap();
//! assert_eq!(set.standing(), Standing::Published);
//! let a = law.derive("a_opt", set.complete().unwrap(), &[])?;
//! assert!((a - 0.5126).abs() < 1e-4);
//! # Ok::<(), isoflop_laws::LawErrors>(())
//! ```

mod catalogue;
mod check;
mod coefficients;
mod error;
mod grade;
mod law;
mod packed;
mod parts;
mod prose;
mod read;
mod reader;
mod source;
mod tree;

pub use catalogue::{Catalogue, Overridden};
pub use coefficients::{CoefficientSet, Standing};
pub use error::{LawError, LawErrors, Place};
pub use grade::Grade;
pub use law::{Law, Origin};
pub use parts::{
    Citation, Derived, Design, DesignTable, Golden, Levels, Members, Parameter, Recipe, Value, Variable,
};
pub use prose::{HEADINGS, Prose};
