//! `isoflop fit`, and what is done with one fit: predict, plot, report.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use isoflop_study::{Request, law_names};

use super::table::ReadingArgs;
use super::{ChangeArgs, Format, IntervalArgs, PointFormat, TableArgs, count, level};

#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    /// Run tables: CSV, TSV, JSON lines or Parquet, plain or gzip/zstd; patterns such as 'runs/*.csv'; - is stdin.
    /// Or files and directories of a tool that keeps runs, see --from
    #[arg(required = true, value_name = "RUNS")]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) table: TableArgs,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
    /// A law by name (see `isoflop laws`), or a formula: 'loss ~ E + A / N^alpha'
    #[arg(long, value_name = "ID|FORMULA", allow_hyphen_values = true)]
    pub(crate) law: Option<String>,
    /// Folder with law files of your own
    #[arg(long, value_name = "DIR")]
    pub(crate) laws: Option<PathBuf>,
    /// Starting points: auto, a number, or hoffmann (the 4500-point grid of Hoffmann et al.)
    #[arg(long, default_value = "auto", value_name = "auto|K|hoffmann")]
    pub(crate) starts: String,
    /// Bootstrap replicates behind the intervals; 0 for no intervals
    #[arg(long, default_value = "1000", value_name = "K", value_parser = count)]
    pub(crate) bootstrap: usize,
    #[command(flatten)]
    pub(crate) interval: IntervalArgs,
    /// Laws that share the forecasts of this fit, by name or as formulas: auto is every law of the catalogue over the same
    /// columns. Their weights are those of `isoflop compare`
    #[arg(long, value_name = "auto|ID|FORMULA,...", allow_hyphen_values = true)]
    pub(crate) among: Vec<String>,
    /// Resample whole groups of rows that share a value of this column, such as N
    #[arg(long, value_name = "COL")]
    pub(crate) cluster: Option<String>,
    /// Save the fit for `isoflop predict`
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// How to print the fit
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Exit with 3 if the fit is not certified
    #[arg(long)]
    pub(crate) strict: bool,

    /// Draw the runs and the fitted law after the report
    #[arg(long)]
    pub(crate) plot: bool,
}

impl FitArgs {
    /// The request of these options.
    pub(crate) fn request(&self) -> Request {
        Request {
            law: self.law.clone(),
            cluster: self.cluster.clone(),
            changes: self.changes.changes(),
            starts: self.starts.clone(),
            bootstrap: self.bootstrap,
            interval: self.interval.request(),
            among: law_names(&self.among),
            ..self.table.request()
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A fit saved with `isoflop fit --save`
    #[arg(value_name = "FIT.JSON")]
    pub(crate) fit: PathBuf,
    /// A point: --at N=70B,D=1.4T
    #[arg(long = "at", value_name = "NAME=X,...")]
    pub(crate) at: Vec<String>,
    /// Tables of points, in any format that `fit` reads
    #[arg(value_name = "POINTS")]
    pub(crate) tables: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Column that stands for a name of the law, in tables of points
    #[arg(long = "map", value_name = "NAME=COLUMN")]
    pub(crate) maps: Vec<String>,
    /// Coverage of the intervals; by default that of the fit
    #[arg(long, value_name = "P", value_parser = level)]
    pub(crate) level: Option<f64>,
    /// How to print the predictions
    #[arg(long, value_enum, default_value_t = PointFormat::Text)]
    pub(crate) format: PointFormat,
}

#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// A fit saved with `isoflop fit --save`; or what compare, backtest, profile, methods, contrast, influence, plan, next or
    /// cost printed with --format json (- is stdin)
    #[arg(value_name = "FIT.JSON|RESULT.JSON")]
    pub(crate) fit: PathBuf,

    /// The run tables of the fit; by default those of the command that made it
    #[arg(value_name = "RUNS")]
    pub(crate) runs: Vec<String>,

    /// Loss curves of runs, files or directories of a tool: a figure holds them against the forecast of the fit
    #[arg(long, value_name = "RUNS")]
    pub(crate) curves: Vec<String>,

    /// Write all figures as one file, .svg, .png or .vl.json (Vega-Lite); - is SVG on stdout
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Only the figure with this number, from 1
    #[arg(long, value_name = "K", value_parser = count)]
    pub(crate) only: Option<usize>,

    /// Colours: auto follows the system of whoever looks at an SVG, and is light elsewhere
    #[arg(long, value_enum, default_value_t = Tint::Auto, value_name = "THEME")]
    pub(crate) theme: Tint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tint {
    Auto,
    Light,
    Dark,
}

#[derive(Debug, Args)]
#[command(mut_arg("runs", |arg| arg.value_name("RUNS|FIT.JSON").help(
    "Run tables to fit, with the options of `isoflop fit`; or one saved fit, then the tables it was made from, if they moved"
)))]
pub(crate) struct ReportArgs {
    /// Where to write the report: .html, .md for Markdown, or .pdf through Chromium
    #[arg(short, long, value_name = "FILE.HTML", required = true)]
    pub(crate) output: PathBuf,

    /// A result to show too: what compare, backtest, profile, methods, contrast, influence, plan, next or cost printed with
    /// --format json
    #[arg(long = "with", value_name = "RESULT.JSON")]
    pub(crate) with: Vec<PathBuf>,

    /// Loss curves of runs, files or directories of a tool: a figure holds them against the forecast of the fit
    #[arg(long, value_name = "RUNS")]
    pub(crate) curves: Vec<String>,

    #[command(flatten)]
    pub(crate) fit: FitArgs,
}
