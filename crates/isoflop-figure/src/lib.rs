//! Figures as data: series over two axes, drawn as SVG, PNG, Vega-Lite or in the terminal.
//!
//! A [`Figure`] says what is to be seen and nothing about how. [`svg()`] gives text that is the same, byte for byte, for
//! the same figure; [`terminal()`] gives lines of braille dots that fit a width, [`png()`] a picture, and [`vega_lite()`] a
//! specification with the numbers themselves. All leave out what cannot be drawn (a
//! NaN, a zero on a log axis) and clip lines at the frame.
//!
//! ```
//! use isoflop_figure::{Axis, Figure, Series, Theme, svg, terminal};
//! let mut figure = Figure::new("loss by tokens", Axis::log("D"), Axis::linear("loss"));
//! figure.series.push(Series::points("runs", 0, vec![(1e9, 3.1), (1e10, 2.6), (1e11, 2.3)]));
//! assert!(svg(&figure, Theme::Auto).starts_with("<svg"));
//! assert!(terminal(&figure, 60, 14, false).lines().all(|line| line.chars().count() <= 60));
//! ```

mod canvas;
mod clip;
mod figure;
mod label;
mod palette;
mod png;
mod scale;
mod svg;
mod terminal;
mod text;
mod ticks;
mod vega;

pub use figure::{Axis, Figure, Note, Scale, Series, Shade, Shape};
pub use palette::{Theme, stylesheet};
pub use png::{PngError, png};
pub use svg::{SIZE, sheet, svg};
pub use terminal::terminal;
pub use vega::vega_lite;
