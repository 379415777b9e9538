//! `isoflop forecast`: freeze and score.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Format, level, positive};

#[derive(Debug, Args)]
pub(crate) struct ForecastArgs {
    #[command(subcommand)]
    pub(crate) command: ForecastCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ForecastCommand {
    /// Write a forecast with data digest, law, interval and date to one file, before the run
    Freeze(FreezeArgs),
    /// Score frozen forecasts once the runs have ended: error, whether the interval held, CRPS, and a tally
    Score(ScoreArgs),
}

#[derive(Debug, Args)]
pub(crate) struct FreezeArgs {
    /// A fit saved with `isoflop fit --save`
    #[arg(value_name = "FIT.JSON")]
    pub(crate) fit: PathBuf,
    /// The run: --at N=70B,D=1.4T
    #[arg(long = "at", value_name = "NAME=X,...")]
    pub(crate) at: String,
    /// Where to write the forecast; a file that is there is left alone
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What the run is called
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    /// Date of the forecast, such as 2026-03-01; by default now, by the clock of this machine
    #[arg(long, value_name = "DATE")]
    pub(crate) date: Option<String>,
    /// Coverage of the interval; by default that of the fit
    #[arg(long, value_name = "P", value_parser = level)]
    pub(crate) level: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct ScoreArgs {
    /// Frozen forecasts
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the run of one forecast gave: --observed loss=1.93
    #[arg(long, value_name = "NAME=X", required_unless_present = "runs", conflicts_with = "runs")]
    pub(crate) observed: Option<String>,
    /// Tables of runs, in any format that `fit` reads; each forecast is scored by the run nearest to its inputs
    #[arg(long, value_name = "RUNS")]
    pub(crate) runs: Vec<String>,
    /// How far, relatively, the inputs of a run may lie from those of its forecast
    #[arg(long, default_value = "0.02", value_name = "X", value_parser = positive)]
    pub(crate) within: f64,
    /// Column of the runs that stands for a name of the law: --map loss=val_loss
    #[arg(long = "map", value_name = "NAME=COLUMN")]
    pub(crate) maps: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}
