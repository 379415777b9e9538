//! The command line as data: one file per group of commands.

mod fit;
mod forecast;
mod interval;
mod laws;
mod next;
mod plan;
mod review;
mod runs;
#[cfg(feature = "serve")]
mod serve;
mod study;
mod table;

pub(crate) use fit::{FitArgs, PlotArgs, PredictArgs, ReportArgs, Tint};
pub(crate) use forecast::{ForecastArgs, ForecastCommand, FreezeArgs, ScoreArgs};
pub(crate) use interval::IntervalArgs;
pub(crate) use laws::{LawsArgs, LawsCommand, LawsOptions, ReproduceArgs};
pub(crate) use next::{NextArgs, SimulateArgs};
pub(crate) use plan::{CostArgs, HardwareArgs, PlanArgs};
pub(crate) use review::{AuditArgs, AuditFormat, ContrastArgs, Exponents, InfluenceArgs, MethodsArgs};
pub(crate) use runs::{ExportArgs, RunsArgs};
#[cfg(feature = "serve")]
pub(crate) use serve::ServeArgs;
pub(crate) use study::{BacktestArgs, CompareArgs, ProfileArgs};
pub(crate) use table::{ChangeArgs, HoldArgs, StudyArgs, TableArgs};

use anstream::ColorChoice;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use isoflop_formula::parse_number;

/// Heading of the options that every command has.
const GLOBAL: &str = "Global options";

/// Fit scaling laws to training runs, with a certificate.
#[derive(Debug, Parser)]
#[command(name = "isoflop", version, arg_required_else_help = true, propagate_version = true)]
#[command(after_help = "Start with `isoflop demo`. Numbers may be written 7B, 1.4T, 64k or 1e21.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// Say less on stderr; twice hides warnings too
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    pub(crate) quiet: u8,
    /// Say more on stderr
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = GLOBAL)]
    pub(crate) verbose: u8,
    /// Colours: auto looks at the terminal and at NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", help_heading = GLOBAL)]
    pub(crate) color: Color,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes the choice hold for stdout and stderr.
    pub(crate) fn write_global(self) {
        match self {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Say what runs lie at paths: tools, curves, ranges, and which columns stand for N, D, C and loss
    Runs(RunsArgs),
    /// Write runs of any tool as one table, CSV or Parquet
    Export(ExportArgs),
    /// Fit a law to runs
    Fit(Box<FitArgs>),
    /// Predict from a saved fit
    Predict(PredictArgs),
    /// Write a forecast down before the run, and score it after
    Forecast(ForecastArgs),
    /// Fit a law to the small runs and forecast the large ones, which are known
    Backtest(Box<BacktestArgs>),
    /// Compare laws on the same runs: which ones describe them, and which cannot be told apart
    Compare(Box<CompareArgs>),
    /// How far a parameter, or a quantity made of parameters, can be moved: profile likelihood
    Profile(Box<ProfileArgs>),
    /// The three approaches to the compute-optimal size side by side, and why they disagree
    Methods(Box<MethodsArgs>),
    /// Two recipes at scale: which is better where, and by how much compute
    Contrast(Box<ContrastArgs>),
    /// Which runs and choices decide the answer: every run and size left out in turn
    Influence(Box<InfluenceArgs>),
    /// What a reviewer would ask: a list of checks on runs and fit, each with its evidence
    Audit(Box<AuditArgs>),
    /// Decide: from a law to the best numbers under your constraints, with the price of being wrong
    Plan(Box<PlanArgs>),
    /// Choose the next runs: those within a budget that say most about what you want to know
    Next(Box<NextArgs>),
    /// Make a table of runs that a law would give, with noise
    Simulate(SimulateArgs),
    /// Parameters, FLOP for each token and memory of an architecture
    Cost(CostArgs),
    /// List accelerators with their peaks, or show one with its sources
    Hardware(HardwareArgs),
    /// Draw a saved fit with its runs, or a result, in the terminal or as SVG, PNG or Vega-Lite
    Plot(PlotArgs),
    /// Write a fit as one HTML file that needs nothing else, or as Markdown or PDF
    Report(Box<ReportArgs>),
    /// Explore runs in a browser: see, map, fit, compare, plan, report; on this machine alone
    #[cfg(feature = "serve")]
    Serve(ServeArgs),
    /// List laws, or show one
    Laws(LawsArgs),
    /// Rerun published results from public run tables, ours beside theirs
    Reproduce(ReproduceArgs),
    /// A tour on runs that are built in
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Print the built-in runs as CSV instead, to try your own commands on them
    #[arg(long)]
    pub(crate) runs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PointFormat {
    Text,
    Json,
    Csv,
}

fn number(text: &str) -> Result<f64, String> {
    parse_number(text).ok_or_else(|| "not a number; write 0.001, 1e-3, 64k or 1.4T".to_owned())
}

pub(crate) fn positive(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x > 0.0 { Ok(x) } else { Err("it must be above 0".to_owned()) })
}

pub(crate) fn level(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| {
        if x > 0.0 && x < 1.0 { Ok(x) } else { Err("it must lie between 0 and 1, such as 0.9".to_owned()) }
    })
}

pub(crate) fn count(text: &str) -> Result<usize, String> {
    const LARGEST: f64 = 1e6;
    number(text).and_then(|x| {
        if x.fract() == 0.0 && (0.0..=LARGEST).contains(&x) {
            Ok(x as usize)
        } else {
            Err("it must be a whole number from 0 to 1 million".to_owned())
        }
    })
}

pub(crate) fn threads(text: &str) -> Result<usize, String> {
    match count(text) {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("it must be a whole number from 1 to 1024".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn laws_takes_words_or_the_command_show() {
        let parse = |words: &[&str]| match Cli::try_parse_from(words).map(|cli| cli.command) {
            Ok(Command::Laws(laws)) => laws,
            other => panic!("{other:?}"),
        };
        assert_eq!(parse(&["isoflop", "laws", "power", "data"]).query, ["power", "data"]);
        let show = parse(&["isoflop", "laws", "show", "chinchilla", "--format", "json"]);
        assert!(matches!(show.command, Some(LawsCommand::Show { id, options })
            if id == "chinchilla" && options.format == Format::Json));
    }

    #[test]
    fn numbers_take_suffixes_and_are_checked() {
        assert_eq!(count("1k"), Ok(1000));
        assert_eq!(level("0.95"), Ok(0.95));
        for bad in ["1.5", "-1", "1B", "x"] {
            assert!(count(bad).is_err(), "{bad}");
        }
        assert!(level("90").is_err() && positive("0").is_err() && threads("0").is_err());
    }
}
