//! What a reviewer asks of a fit: methods, contrast, influence, audit.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ChangeArgs, StudyArgs, TableArgs, count, positive};

/// The law of a review.
#[derive(Debug, Clone, Args)]
pub(crate) struct LawArgs {
    /// A law by name, or a formula, as for `isoflop fit`
    #[arg(long, value_name = "ID|FORMULA", default_value = "chinchilla", allow_hyphen_values = true)]
    pub(crate) law: String,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Training curves for approach 1 are the rows that share a value of --cluster, else the runs of one size."
)]
pub(crate) struct MethodsArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    #[command(flatten)]
    pub(crate) law: LawArgs,
    /// Runs whose compute differs by less than this share have one budget
    #[arg(long, value_name = "SHARE", default_value = "0.1", value_parser = positive)]
    pub(crate) tolerance: f64,
    /// Budgets in FLOP at which the optimal size is wanted; by default the largest of the runs and ten times it
    #[arg(long, value_name = "C,...", value_delimiter = ',', value_parser = positive)]
    pub(crate) at: Vec<f64>,
    /// Bootstrap replicates behind the intervals; 0 for no intervals
    #[arg(long, default_value = "400", value_name = "K", value_parser = count)]
    pub(crate) bootstrap: usize,
}

#[derive(Debug, Args)]
pub(crate) struct ContrastArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    #[command(flatten)]
    pub(crate) law: LawArgs,
    /// The column that tells the two recipes apart
    #[arg(long, value_name = "COL")]
    pub(crate) arm: String,
    /// The two recipes, for a column with more than two values: --between c4,rpj
    #[arg(long, value_name = "A,B", value_parser = pair)]
    pub(crate) between: Option<Pair>,
    /// Whether the recipes share the exponents of the law; auto shares them unless a test objects
    #[arg(long, value_enum, default_value_t = Exponents::Auto)]
    pub(crate) exponents: Exponents,
    /// How far beyond the largest run to compare, as a factor
    #[arg(long, value_name = "X", default_value = "100", value_parser = positive)]
    pub(crate) reach: f64,
    /// Bootstrap replicates behind all intervals, at least 100
    #[arg(long, default_value = "1000", value_name = "K", value_parser = count)]
    pub(crate) bootstrap: usize,
}

/// Two names.
#[derive(Debug, Clone)]
pub(crate) struct Pair(pub(crate) [String; 2]);

fn pair(text: &str) -> Result<Pair, String> {
    match text.split(',').map(str::trim).collect::<Vec<_>>()[..] {
        [a, b] if !a.is_empty() && !b.is_empty() => Ok(Pair([a.to_owned(), b.to_owned()])),
        _ => Err("write two values of the column: A,B".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Exponents {
    Auto,
    Shared,
    Separate,
}

#[derive(Debug, Args)]
pub(crate) struct InfluenceArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    #[command(flatten)]
    pub(crate) law: LawArgs,
    /// Budget in FLOP at which the optimal size is the decision; by default ten times the largest run
    #[arg(long, value_name = "C", value_parser = positive)]
    pub(crate) budget: Option<f64>,
    /// How many suspect runs to leave out together
    #[arg(long, value_name = "K", default_value = "5", value_parser = count)]
    pub(crate) together: usize,
}

#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Run tables, as for `isoflop fit`; or a saved fit (FIT.JSON), which is fitted again from its own runs or those
    /// named after it
    #[arg(required = true, value_name = "RUNS")]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// A law by name, or a formula, as for `isoflop fit`; by default chinchilla
    #[arg(long, value_name = "ID|FORMULA", allow_hyphen_values = true)]
    pub(crate) law: Option<String>,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) changes: ChangeArgs,
    /// Rows that belong together share a value of this column, such as the run of a checkpoint
    #[arg(long, value_name = "COL")]
    pub(crate) cluster: Option<String>,
    /// Starting points: auto or a number
    #[arg(long, default_value = "auto", value_name = "auto|K")]
    pub(crate) starts: String,
    /// Bootstrap replicates behind the intervals; 0 for no intervals
    #[arg(long, default_value = "400", value_name = "K", value_parser = count)]
    pub(crate) bootstrap: usize,
    /// Compute in FLOP that the fit shall forecast
    #[arg(long, value_name = "C", value_parser = positive)]
    pub(crate) budget: Option<f64>,
    /// How to print; md is an appendix for a paper
    #[arg(long, value_enum, default_value_t = AuditFormat::Text)]
    pub(crate) format: AuditFormat,
    /// Exit with 3 if a finding is serious
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuditFormat {
    Text,
    Json,
    Md,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_recipes_are_two_names() {
        assert_eq!(pair("c4, rpj").unwrap().0, ["c4", "rpj"]);
        assert!(pair("c4").is_err() && pair("a,b,c").is_err() && pair("a,").is_err());
    }
}
