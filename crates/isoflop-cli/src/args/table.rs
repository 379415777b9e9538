//! Options that the commands on run tables share: how tables are read, laws changed and rows held out.

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use isoflop_fit::Cuts;
use isoflop_runs::{ReadOptions, RunsError, Tool, parse_map};
use isoflop_study::{Changes, Reading, Request, parse_cuts};

use super::{Format, level, positive, threads};

/// How the runs of a tool become rows.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReadingArgs {
    /// The tool that keeps the runs; by default found from the names of files and directories
    #[arg(long, value_name = "TOOL", value_parser = tools())]
    from: Option<String>,
    /// Points of each run: final, best, last:K (mean of the last K), every, decayed (ends of decays of the learning rate), at:D=1B,2B (interpolated), or samples (the items of an evaluation)
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
    /// The same as texts, as a job in shards keeps them.
    pub(crate) fn as_texts(&self, maps: &[String]) -> Reading {
        let maps = maps.iter().filter_map(|text| parse_map(text).ok());
        Reading {
            from: self.from.clone(),
            points: Some(self.points.clone()),
            restarts: Some(self.restarts.clone()),
            log_pattern: self.log_pattern.clone(),
            loss: maps.into_iter().find(|(name, _)| name == "loss").map(|(_, column)| column),
        }
    }

    /// The options for reading; the curve that `--map loss=...` names is the one that `--points` looks at.
    pub(crate) fn options(&self, maps: &[String]) -> Result<ReadOptions, RunsError> {
        self.as_texts(maps).options()
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
    /// with -log; binomial or beta-binomial (with over-dispersion) for shares, --weight gives the attempts; poisson for counts; by default what the law recommends, else huber-log
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

impl TableArgs {
    /// The request of these options; what other options say is left at its default.
    pub(crate) fn request(&self) -> Request {
        Request {
            maps: self.maps.clone(),
            lets: self.lets.clone(),
            filters: self.filters.clone(),
            weight: self.weight.clone(),
            objective: self.objective.clone(),
            delta: self.delta,
            level: self.level,
            seed: self.seed,
            threads: self.threads,
            ..Request::default()
        }
    }
}

/// Options of a study of one table.
#[derive(Debug, Clone, Args)]
pub(crate) struct StudyArgs {
    /// Run tables, as for `isoflop fit`
    #[arg(required = true, value_name = "RUNS")]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Rows that belong together share a value of this column, such as the run of a checkpoint
    #[arg(long, value_name = "COL")]
    pub(crate) cluster: Option<String>,
    /// Starting points of each fit: auto or a number
    #[arg(long, default_value = "auto", value_name = "auto|K")]
    pub(crate) starts: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Draw the main figure after the report
    #[arg(long)]
    pub(crate) plot: bool,
}

impl StudyArgs {
    /// The request of these options, with this many bootstrap replicates.
    pub(crate) fn request(&self, changes: Changes, bootstrap: usize) -> Request {
        Request {
            cluster: self.cluster.clone(),
            starts: self.starts.clone(),
            changes,
            bootstrap,
            choices: false,
            ..self.table.request()
        }
    }
}

/// Changes to the parameters of a law.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ChangeArgs {
    /// Hold a parameter: --fix E=1.69
    #[arg(long = "fix", value_name = "NAME=X")]
    pub(crate) fixed: Vec<String>,
    /// Bounds of a parameter, either end may be left out: --bound alpha=0..1
    #[arg(long = "bound", value_name = "NAME=LOW..HIGH")]
    pub(crate) bounds: Vec<String>,
    /// Replace a parameter by a formula of others: --tie beta=alpha
    #[arg(long = "tie", value_name = "NAME=FORMULA")]
    pub(crate) ties: Vec<String>,
}

impl ChangeArgs {
    /// The changes as plain data.
    pub(crate) fn changes(&self) -> Changes {
        Changes { fixed: self.fixed.clone(), bounds: self.bounds.clone(), ties: self.ties.clone() }
    }
}

/// Which rows are held out.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HoldArgs {
    /// Cut along this input or column: fit on the small, forecast the large; by default C if there, else N
    #[arg(long, value_name = "COL")]
    pub(crate) by: Option<String>,
    /// How many cuts, or where: --cuts 5, --cuts 1e20,1e21 (a number below 100 without e is a count)
    #[arg(long, default_value = "5", value_name = "K|X,...", value_parser = cuts)]
    pub(crate) cuts: CutList,
}

/// Cuts as the user gave them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CutList(pub(crate) Cuts);

impl Default for CutList {
    fn default() -> Self {
        CutList(Cuts::Count(5))
    }
}

fn cuts(text: &str) -> Result<CutList, String> {
    parse_cuts(text).map(CutList)
}
