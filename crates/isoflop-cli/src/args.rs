//! The command line as data.

use std::path::PathBuf;

use anstream::ColorChoice;
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use isoflop_formula::parse_number;
use isoflop_runs::{ReadOptions, RunsError, Tool, parse_map};

use crate::study::{ChangeArgs, HoldArgs, StudyArgs};

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
    /// Fit a law to runs
    Fit(Box<FitArgs>),
    /// Predict from a saved fit
    Predict(PredictArgs),
    /// Fit a law to the small runs and forecast the large ones, which are known
    Backtest(Box<BacktestArgs>),
    /// Compare laws on the same runs: which ones describe them, and which cannot be told apart
    Compare(Box<CompareArgs>),
    /// How far a parameter, or a quantity made of parameters, can be moved: profile likelihood
    Profile(Box<ProfileArgs>),
    /// Decide: from a law to the best numbers under your constraints, with the price of being wrong
    Plan(Box<PlanArgs>),
    /// Parameters, FLOP for each token and memory of an architecture
    Cost(CostArgs),
    /// List accelerators with their peaks, or show one with its sources
    Hardware(HardwareArgs),
    /// Draw a saved fit with its runs, in the terminal or as SVG
    Plot(PlotArgs),
    /// Write a fit as one HTML file that needs nothing else
    Report(Box<ReportArgs>),
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

/// How the runs of a tool become rows.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReadingArgs {
    /// The tool that keeps the runs; by default found from the names of files and directories
    #[arg(long, value_name = "TOOL", value_parser = tools())]
    from: Option<String>,
    /// Points of each run: final, best, last:K (mean of the last K), every, or at:D=1B,2B (interpolated)
    #[arg(long, default_value = "final", value_name = "RULE")]
    points: String,
    /// Which value counts where a restarted run has several at one step: last, first, or error
    #[arg(long, default_value = "last", value_name = "WHICH")]
    restarts: String,
    /// Read text logs with this pattern: named groups are metrics, and `step` is the step
    #[arg(long, value_name = "REGEX", allow_hyphen_values = true)]
    log_pattern: Option<String>,
}

impl ReadingArgs {
    /// The options for reading; the curve that `--map loss=...` names is the one that `--points` looks at.
    pub(crate) fn options(&self, maps: &[String]) -> Result<ReadOptions, RunsError> {
        let maps = maps.iter().filter_map(|text| parse_map(text).ok());
        Ok(ReadOptions {
            from: self.from.as_deref().map(str::parse).transpose()?,
            points: self.points.parse()?,
            restarts: self.restarts.parse()?,
            loss: maps.into_iter().find(|(name, _)| name == "loss").map(|(_, column)| column),
            log_pattern: self.log_pattern.clone(),
            ..ReadOptions::default()
        })
    }
}

fn tools() -> PossibleValuesParser {
    PossibleValuesParser::new(Tool::ALL.iter().map(|tool| PossibleValue::new(tool.name()).help(tool.title())))
}

/// How a table is read and what is minimised on it, for every command that fits.
#[derive(Debug, Clone, Args)]
pub(crate) struct TableArgs {
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// What to minimise: squares, huber, student-t, cauchy, asymmetric-huber, quantile, huber-density, each also
    /// with -log; binomial for shares (--weight gives the trials), poisson for counts; by default what the law recommends, else huber-log
    #[arg(long, value_name = "NAME")]
    pub(crate) objective: Option<String>,
    /// Threshold of the objective, in the unit of the residual
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) delta: Option<f64>,
    /// Column that stands for a name of the law: --map loss=val_loss
    #[arg(long = "map", value_name = "NAME=COLUMN")]
    pub(crate) maps: Vec<String>,
    /// Keep only these rows: --where 'C < 1e21 and family == "llama"'
    #[arg(long = "where", value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) filters: Vec<String>,
    /// Define a column: --let 'D = C / (6*N)'
    #[arg(long = "let", value_name = "NAME = EXPR")]
    pub(crate) lets: Vec<String>,
    /// Column with a weight for each row, above 0
    #[arg(long, value_name = "COL")]
    pub(crate) weight: Option<String>,
    /// Coverage of the intervals
    #[arg(long, default_value = "0.9", value_name = "P", value_parser = level)]
    pub(crate) level: f64,
    /// Seed: the same seed gives the same bits on any number of threads
    #[arg(long, default_value = "0", value_name = "S")]
    pub(crate) seed: u64,
    /// Threads; by default as many as the machine has
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
}

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

#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// A fit saved with `isoflop fit --save`
    #[arg(value_name = "FIT.JSON")]
    pub(crate) fit: PathBuf,

    /// The run tables of the fit; by default those of the command that made it
    #[arg(value_name = "RUNS")]
    pub(crate) runs: Vec<String>,

    /// Write all figures as one SVG file; - is stdout
    #[arg(short, long, value_name = "FILE.SVG")]
    pub(crate) output: Option<PathBuf>,

    /// Colours of the SVG: auto follows the system of whoever looks at it
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
    /// Where to write the report
    #[arg(short, long, value_name = "FILE.HTML", required = true)]
    pub(crate) output: PathBuf,

    #[command(flatten)]
    pub(crate) fit: FitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Laws by name or as formulas, separated by commas: --law chinchilla,'loss ~ E + A / N^alpha'
    #[arg(long = "law", value_name = "ID|FORMULA,...", required = true, allow_hyphen_values = true)]
    pub(crate) laws: Vec<String>,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) hold: HoldArgs,
    /// Instead of cutting: hold out each value of this column in turn, such as family or N
    #[arg(long, value_name = "COL", conflicts_with_all = ["by", "cuts"])]
    pub(crate) leave_out: Option<String>,
    /// Bootstrap replicates behind the intervals of each fit; 0 for no intervals
    #[arg(long, default_value = "200", value_name = "K", value_parser = count)]
    pub(crate) bootstrap: usize,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "One objective holds for all laws: huber-log, or that of --objective; recipes of laws are not used. The table is \
                        followed by a line for each of its columns."
)]
pub(crate) struct CompareArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// Laws by name or as formulas, separated by commas; auto is every law of the catalogue that the table has the
    /// columns of, and three rows for each parameter
    #[arg(long, value_name = "auto|ID|FORMULA,...", default_value = "auto", allow_hyphen_values = true)]
    pub(crate) laws: Vec<String>,
    /// What the laws of auto must predict
    #[arg(long, value_name = "NAME", default_value = "loss")]
    pub(crate) output: String,
    /// Folder with law files of your own
    #[arg(long = "laws-dir", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) hold: HoldArgs,
    /// Random parts of the cross-validation; by default 10, or one per cluster if these are fewer
    #[arg(long, value_name = "K", value_parser = count)]
    pub(crate) parts: Option<usize>,
    /// Chance of telling laws apart that are equally good
    #[arg(long, value_name = "P", default_value = "0.05", value_parser = level)]
    pub(crate) significance: f64,
    /// Bootstrap replicates behind the intervals of the backtest; 0 for no intervals
    #[arg(long, default_value = "100", value_name = "K", value_parser = count)]
    pub(crate) bootstrap: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// A law by name, or a formula, as for `isoflop fit`
    #[arg(long, value_name = "ID|FORMULA", allow_hyphen_values = true)]
    pub(crate) law: String,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// What to profile: a parameter, a derived quantity of the law such as a_opt, or a formula of parameters such as
    /// 'E + A / 70B^alpha'
    #[arg(long, value_name = "NAME|FORMULA", required = true, allow_hyphen_values = true)]
    pub(crate) of: Vec<String>,
    /// Points of the curve, which --format json holds
    #[arg(long, value_name = "K", default_value = "21", value_parser = count)]
    pub(crate) curve: usize,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// A fit saved with `isoflop fit --save`
    #[arg(value_name = "FIT.JSON")]
    pub(crate) fit: PathBuf,
    /// A point: --at N=70B,D=1.4T
    #[arg(long = "at", value_name = "NAME=X,...")]
    pub(crate) points: Vec<String>,
    /// Tables of points, in any format that `fit` reads
    #[arg(value_name = "POINTS")]
    pub(crate) tables: Vec<String>,
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
#[command(after_help = "A named plan: isoflop plan compute-optimal fit.json --flops 1e24")]
pub(crate) struct PlanArgs {
    /// A saved fit, a law with its coefficients (chinchilla@besiroglu), or with values by hand
    /// (chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37)
    #[arg(value_name = "[PLAN] WHAT", num_args = 1..=2, required_unless_present = "list")]
    pub(crate) words: Vec<String>,
    /// List the named plans and what they need
    #[arg(long)]
    pub(crate) list: bool,
    /// What should be small: the law's output, such as loss, or any formula of what is decided
    #[arg(long, value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) minimize: Option<String>,
    /// What should be large
    #[arg(long, value_name = "FORMULA", allow_hyphen_values = true, conflicts_with = "minimize")]
    pub(crate) maximize: Option<String>,
    /// What is decided: --over N,D
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) over: Vec<String>,
    /// A constraint with <=, >= or ==: --subject-to '6*N*D <= 1e24'
    #[arg(long = "subject-to", value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) constraints: Vec<String>,
    /// A value that formulas or the law need: --given demand=1e13,U=25B
    #[arg(long, value_name = "NAME=X,...", value_delimiter = ',')]
    pub(crate) given: Vec<String>,
    /// Training budget in FLOP: short for --given flops=X
    #[arg(long, value_name = "X")]
    pub(crate) flops: Option<String>,
    /// Loss to reach: short for --given target=X
    #[arg(long, value_name = "X")]
    pub(crate) target: Option<String>,
    /// Tokens to serve: short for --given demand=X
    #[arg(long, value_name = "X")]
    pub(crate) demand: Option<String>,
    /// Take peak, memory, bandwidth and power, where the plan asks for them, from a device (`isoflop hardware`), at
    /// bf16 or at a precision of your choice, --hardware h100:fp8; or from a file of your own, my-gpu.toml
    #[arg(long, value_name = "NAME[:PRECISION]")]
    pub(crate) hardware: Option<String>,
    /// Something else to show at the optimum: --report D/N, or with a name, --report 'ratio = D/N'
    #[arg(long, value_name = "FORMULA")]
    pub(crate) report: Vec<String>,
    /// Loss of objective that counts as none, as a share: how far a decision can move within it is shown
    #[arg(long, default_value = "0.005", value_name = "P", value_parser = level)]
    pub(crate) tolerance: f64,
    /// Starts of the search where the plan is not convex and the best cannot be proved
    #[arg(long, default_value = "24", value_name = "K", value_parser = threads)]
    pub(crate) starts: usize,
    /// Coverage of the intervals
    #[arg(long, default_value = "0.9", value_name = "P", value_parser = level)]
    pub(crate) level: f64,
    /// Folder with law files of your own
    #[arg(long, value_name = "DIR")]
    pub(crate) laws: Option<PathBuf>,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    /// A config.json as on Hugging Face: llama, mistral, mixtral, qwen2 or gpt2
    #[arg(long, value_name = "CONFIG.JSON")]
    pub(crate) arch: PathBuf,
    /// Context length; by default what the config allows at most
    #[arg(long, value_name = "S", value_parser = positive)]
    pub(crate) context: Option<f64>,
    /// Training tokens, for the FLOP of a whole run
    #[arg(long, value_name = "D", value_parser = positive)]
    pub(crate) tokens: Option<f64>,
    /// Bytes for each number when served
    #[arg(long, default_value = "2", value_name = "B", value_parser = positive)]
    pub(crate) bytes: f64,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct HardwareArgs {
    /// Name of a device, or a file; none for a list of all
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct LawsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<LawsCommand>,
    /// Words that the law must contain: its name, title, inputs, authors or text
    #[arg(value_name = "QUERY")]
    pub(crate) query: Vec<String>,
    /// Only laws with this input, such as D
    #[arg(long = "input", value_name = "NAME")]
    pub(crate) inputs: Vec<String>,
    /// Only laws with this output, such as loss
    #[arg(long, value_name = "NAME")]
    pub(crate) output: Option<String>,
    /// Only laws of this area, such as mixture
    #[arg(long, value_name = "NAME")]
    pub(crate) area: Option<String>,
    #[command(flatten)]
    pub(crate) options: LawsOptions,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LawsCommand {
    /// Everything that is known about one law
    Show {
        /// Name of the law
        id: String,
        #[command(flatten)]
        options: LawsOptions,
    },
    /// The works a law comes from, as BibTeX
    Cite {
        /// Name of the law
        id: String,
        /// Folder with law files of your own
        #[arg(long, value_name = "DIR")]
        laws: Option<PathBuf>,
    },
    /// Which laws a run table has the columns for, and what the others lack
    For {
        /// Run tables, as for `isoflop fit`
        #[arg(required = true, value_name = "RUNS")]
        runs: Vec<String>,
        /// Column that stands for a name of a law: --map loss=val_loss
        #[arg(long = "map", value_name = "NAME=COLUMN")]
        maps: Vec<String>,
        /// Define a column: --let 'D = C / (6*N)'
        #[arg(long = "let", value_name = "NAME = EXPR")]
        lets: Vec<String>,
        #[command(flatten)]
        options: LawsOptions,
    },
    /// Test laws: golden values, and whether a simulation on their design gives the parameters back
    Check {
        /// Names of laws; none for all (with --laws: all of your own)
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Seed of the starts and the noise
        #[arg(long, default_value = "0", value_name = "S")]
        seed: u64,
        #[command(flatten)]
        options: LawsOptions,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LawsOptions {
    /// Folder with law files of your own
    #[arg(long, value_name = "DIR")]
    pub(crate) laws: Option<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// Names of results; none for all
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Folder with the public tables, a folder for each source; results whose tables are not there are left out
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Exit with 3 if a figure is missed
    #[arg(long)]
    pub(crate) strict: bool,
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
