//! Figures of fits and the report as one HTML page, for every front end.
//!
//! A [`Subject`] is a fit with its rows. [`page()`] gives a file that needs nothing else: verdict, parameters, forecast with
//! sliders, rows, certificate, figures; [`markdown`] the same in a text. [`figures_of`] gives the figures alone, each a [`Shown`]: a
//! [`Figure`](isoflop_figure::Figure), what it shows in words, and its table; [`result_figures`] those of a result
//! in JSON. Nothing is written or printed.
//!
//! ```
//! use isoflop_report::{Subject, figures_of, page};
//! use isoflop_study::{Notes, Request, catalogue, fit_table};
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
//! let subject = Subject::of_finished(&finished, &[]);
//! assert_eq!(figures_of(&subject.scene())[0].figure.title, "loss by N: runs and fitted law");
//! assert!(page(&subject).starts_with("<!DOCTYPE html>"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod figures;
mod markdown;
mod page;
mod results;
mod sections;
mod subject;
mod words;

pub use figures::{Scene, Shown, figures_of, main_figure};
pub use markdown::markdown;
pub use page::page;
pub use results::{result_figures, result_kind};
pub use subject::{ResultFile, Subject};
pub use words::{checks_of, shown_numbers};
