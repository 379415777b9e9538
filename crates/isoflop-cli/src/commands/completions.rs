//! `isoflop completions SHELL`.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::errors::Failure;
use crate::output;

/// Prints the completion script.
pub(crate) fn run(shell: Shell) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "isoflop", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(0)
}
