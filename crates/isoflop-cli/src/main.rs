//! `isoflop`: scaling laws from the command line.
//!
//! Data goes to stdout, messages to stderr. Exit codes: 0 done, 2 bad input, 3 a fit that is not certified
//! under `--strict`, 101 a mistake of the program, 130 interrupted.

mod again;
mod args;
mod commands;
mod errors;
mod interrupt;
mod messages;
mod output;
mod print;
mod progress;
mod save;

use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Mutex;

use clap::Parser;

use args::Cli;
use errors::Failure;
use messages::Messages;

/// Where the first panic happened, for the request to report it.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| format!("{}:{}", l.file(), l.line()));
        if let Ok(mut first) = PANIC.lock() {
            first.get_or_insert(place);
        }
    }));
    let code = panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        let place = PANIC.lock().ok().and_then(|mut first| first.take()).unwrap_or_default();
        messages::error(&format!(
            "error: internal error in isoflop {} ({place}). This is a mistake of the program, not of your \
             data: please report it with the command that you ran",
            env!("CARGO_PKG_VERSION")
        ));
        101
    });
    ExitCode::from(code)
}

fn run() -> u8 {
    interrupt::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is no reason to complain about help.
            let _ = error.print();
            return if error.use_stderr() { 2 } else { 0 };
        }
    };
    cli.global.color.write_global();
    let messages = Messages::new(&cli.global);
    match commands::run(&cli.command, &messages) {
        Ok(code) => code,
        Err(Failure::ClosedPipe) => 0,
        Err(Failure::Input(text)) => {
            messages::error(&text);
            2
        }
    }
}
