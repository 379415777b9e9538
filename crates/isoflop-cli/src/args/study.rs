//! Commands that fit laws many times: backtest, compare, profile.

use std::path::PathBuf;

use clap::Args;

use super::{ChangeArgs, HoldArgs, StudyArgs, count, level};

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
    /// Instead of cutting at several places: hold out the runs with the largest value of --by alone
    #[arg(long, conflicts_with_all = ["leave_out", "cuts"])]
    pub(crate) leave_largest: bool,
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
