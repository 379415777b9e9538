//! The run table: training runs read from CSV, TSV, JSON lines and Parquet, with roles and provenance.
//!
//! A [`RunTable`] is read from files, patterns, stdin or memory. [`find_roles`] says which columns stand for
//! parameters N, tokens D, compute C and loss; [`RunTable::define`] and [`RunTable::filter`] add columns and
//! choose rows in the formula language; [`RunTable::select`] takes the columns that a fit needs and counts
//! every row that it has to leave out, by reason, with the place of the first one.
//!
//! ```
//! use isoflop_runs::{Need, ReadOptions, RunTable, Selection, find_roles};
//!
//! let text = "n_params,flops,val_loss\n1e6,6e15,3.1\n1e7,6e17,2.6\n1e8,6e19,inf\n";
//! let mut runs = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default())?;
//! let mut mapping = find_roles(&runs, &[])?;
//! runs.define(&mut mapping, "D = C / (6*N)")?;
//! runs.filter(&mapping, "C < 1e21")?;
//!
//! let needs = ["N", "D", "loss"].map(Need::positive).to_vec();
//! let data = runs.select(&mapping, &Selection { needs, groups: vec![] })?;
//! assert_eq!(data.columns[1].values, [1e9, 1e10].as_slice());
//! assert_eq!(data.dropped[0].to_string(), "1 row left out: val_loss is not finite (first at runs.csv:4: inf)");
//! # Ok::<(), isoflop_runs::RunsError>(())
//! ```

mod arrow;
mod builder;
mod cell;
mod column;
mod derive;
mod error;
mod follow;
mod json_text;
mod mapping;
mod mask;
mod note;
mod origin;
mod read;
mod roles;
mod select;
mod sources;
mod survey;
mod table;
mod write;

pub use column::{Column, Levels, MISSING_CODE, Numbers, Text};
pub use derive::{Filtered, UnknownText};
pub use error::RunsError;
pub use follow::Follower;
pub use mapping::{Binding, Mapping, ScaleDoubt, find_roles, parse_map};
pub use mask::Mask;
pub use note::Note;
pub use origin::{Place, Source};
pub use read::{Format, ReadOptions};
pub use roles::{Found, Role};
pub use select::{DropReason, Dropped, Grouping, Need, Selected, SelectedColumn, Selection, joined_digest};
pub use sources::{Points, Restarts, RunsNote, Tool};
pub use survey::{Curve, RunSummary, Surveyed, survey};
pub use table::RunTable;
