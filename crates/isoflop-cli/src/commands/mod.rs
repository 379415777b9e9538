//! One file per command.

mod completions;
mod demo;
pub(crate) mod fit;
pub(crate) mod laws;
pub(crate) mod plot;
pub(crate) mod predict;
mod report;
pub(crate) mod reproduce;

use crate::args::Command;
use crate::errors::Failure;
use crate::messages::Messages;

/// Runs a command; returns the exit code.
pub(crate) fn run(command: &Command, messages: &Messages) -> Result<u8, Failure> {
    match command {
        Command::Fit(args) => fit::run(args, messages),
        Command::Predict(args) => predict::run(args, messages),
        Command::Plot(args) => plot::run(args, messages),
        Command::Report(args) => report::run(args, messages),
        Command::Laws(args) => laws::run(args, messages),
        Command::Reproduce(args) => reproduce::run(args, messages),
        Command::Demo(args) => demo::run(args, messages),
        Command::Completions { shell } => completions::run(*shell),
    }
}
