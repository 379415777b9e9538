//! Developer commands, run as `cargo xtask COMMAND` from anywhere in the repository.
//!
//! `test` runs everything that a commit must pass; `gen` writes the law reference; `bench` measures this engine beside
//! what a user would do in Python; `study` runs simulation studies; `wheel` builds the Python wheel. They set up what they need (a Python environment below the target folder) and ask
//! nothing.

mod bench;
mod browser;
mod checks;
mod command;
mod counts;
mod instructions;
mod machine;
mod package;
mod pairs;
mod python;
mod readers;
mod reference;
mod smoke;
mod structure;
mod study;
mod table;
mod wheel;
mod workspace;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  test [STEP...]  everything a commit must pass, or only these steps: structure, reference, format, lints, tests,
                  doc-tests, addresses, documentation, command-line, oracles, python, browser, ray
  gen             write the law reference, docs/laws.md and docs/laws/, from the law files
  bench [--full] [ROW...]
                  time this engine beside scipy, simple-scaling-laws and numpyro, in the same run, or only these rows:
                  fit, grid, bootstrap, influence, bca, nuts, jacobian, catalogue, plans, scale, python,
                  runs (reading W&B, TensorBoard, MLflow, CSV and Parquet beside their own readers);
                  --full gives scipy all 4500 grid starts (about half a minute a round) instead of a sample
  instructions [--keep]
                  count the instructions of the bench tasks under valgrind and compare with bench/instructions.txt;
                  --keep writes the new counts there
  study [NAME...] run simulation studies and keep what they print as studies/NAME.md; without a name, list them
  wheel           build the Python wheel, install it into a clean environment of every Python on the path, and say how
                  large it is and how long its import takes
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["test", ref steps @ ..] => checks::run(steps),
        ["gen"] => reference::generate(),
        ["bench", ref words @ ..] => bench::run(words),
        ["instructions"] => instructions::run(false),
        ["instructions", "--keep"] => instructions::run(true),
        ["study", ref names @ ..] => study::run(names),
        ["wheel"] => wheel::run(),
        ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}
