//! Commands on runs as such: runs, export.

use std::path::PathBuf;

use clap::Args;

use super::table::ReadingArgs;
use super::{Format, positive};

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// Files and directories: those of tools that keep runs, or run tables
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Column that stands for N, D, C or loss: --map loss=val_loss
    #[arg(long = "map", value_name = "NAME=COLUMN")]
    pub(crate) maps: Vec<String>,
    /// List all runs, metrics and columns, however many there are
    #[arg(long)]
    pub(crate) all: bool,
    /// Keep looking, and print a line for each run that goes on; Ctrl-C ends it
    #[arg(long)]
    pub(crate) follow: bool,
    /// Seconds between two looks of --follow
    #[arg(long, value_name = "S", default_value = "2", value_parser = positive, requires = "follow")]
    pub(crate) every: f64,
    /// End --follow after this many looks
    #[arg(long, value_name = "K", hide = true, requires = "follow")]
    pub(crate) looks: Option<u64>,
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(mut_arg("points", |arg| arg.default_value("every")))]
#[command(
    after_help = "One row for each value of the loss, a column for each metric and setting, computed N, D and C, and source_file, \
                  source_row and source_tool. With --points values, one row for each value of each metric."
)]
pub(crate) struct ExportArgs {
    /// Files and directories, as for `isoflop runs`
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<String>,
    /// Where to write the table: .parquet or .csv; - is CSV on stdout
    #[arg(short, long, value_name = "FILE", required = true)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Column that stands for N, D, C or loss: --map loss=val_loss
    #[arg(long = "map", value_name = "NAME=COLUMN")]
    pub(crate) maps: Vec<String>,
    /// Define a column: --let 'D = C / (6*N)'
    #[arg(long = "let", value_name = "NAME = EXPR")]
    pub(crate) lets: Vec<String>,
    /// Keep only these rows: --where 'C < 1e21 and family == "llama"'
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) filters: Vec<String>,
}
