//! One file per command.

mod audit;
pub(crate) mod backtest;
pub(crate) mod compare;
mod completions;
mod contrast;
mod cost;
mod demo;
mod export;
pub(crate) mod fit;
mod forecast;
mod hardware;
mod influence;
pub(crate) mod laws;
mod methods;
mod next;
mod plan;
pub(crate) mod plot;
pub(crate) mod predict;
mod profile;
mod report;
pub(crate) mod reproduce;
mod runs;
#[cfg(feature = "serve")]
mod serve;
mod shard;
mod simulate;

use std::path::Path;

use isoflop_study::{Request, Study, catalogue, read_table};

use crate::args::{Command, StudyArgs};
use crate::errors::Failure;
use crate::messages::Messages;

/// Runs a command; returns the exit code.
pub(crate) fn run(command: &Command, messages: &Messages) -> Result<u8, Failure> {
    match command {
        Command::Runs(args) => runs::run(args, messages),
        Command::Export(args) => export::run(args, messages),
        Command::Fit(args) => fit::run(args, messages),
        Command::Predict(args) => predict::run(args, messages),
        Command::Forecast(args) => forecast::run(&args.command, messages),
        Command::Backtest(args) => backtest::run(args, messages),
        Command::Compare(args) => compare::run(args, messages),
        Command::Profile(args) => profile::run(args, messages),
        Command::Methods(args) => methods::run(args, messages),
        Command::Contrast(args) => contrast::run(args, messages),
        Command::Influence(args) => influence::run(args, messages),
        Command::Audit(args) => audit::run(args, messages),
        Command::Plan(args) => plan::run(args, messages),
        Command::Next(args) => next::run(args, messages),
        Command::Simulate(args) => simulate::run(args, messages),
        Command::Cost(args) => cost::run(args, messages),
        Command::Hardware(args) => hardware::run(args),
        Command::Plot(args) => plot::run(args, messages),
        Command::Report(args) => report::run(args, messages),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args, messages),
        Command::Shard(args) => shard::run(args, messages),
        Command::Laws(args) => laws::run(args, messages),
        Command::Reproduce(args) => reproduce::run(args, messages),
        Command::Demo(args) => demo::run(args, messages),
        Command::Completions { shell } => completions::run(*shell),
    }
}

/// Reads the laws and the table of a study.
fn study(
    args: &StudyArgs,
    request: Request,
    folder: Option<&Path>,
    messages: &Messages,
) -> Result<Study, Failure> {
    let catalogue = catalogue(folder, messages)?;
    let table = read_table(&args.runs, &args.table.reading.options(&args.table.maps)?, messages)?;
    Ok(Study::new(table, request, catalogue, messages)?)
}
