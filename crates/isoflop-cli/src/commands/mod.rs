//! One file per command.

mod completions;
mod cost;
mod demo;
mod fit;
mod hardware;
pub(crate) mod laws;
mod plan;
mod predict;

use crate::args::Command;
use crate::errors::Failure;
use crate::messages::Messages;

/// Runs a command; returns the exit code.
pub(crate) fn run(command: &Command, messages: &Messages) -> Result<u8, Failure> {
    match command {
        Command::Fit(args) => fit::run(args, messages),
        Command::Predict(args) => predict::run(args, messages),
        Command::Plan(args) => plan::run(args, messages),
        Command::Cost(args) => cost::run(args),
        Command::Hardware(args) => hardware::run(args),
        Command::Laws(args) => laws::run(args, messages),
        Command::Demo(args) => demo::run(args, messages),
        Command::Completions { shell } => completions::run(*shell),
    }
}
