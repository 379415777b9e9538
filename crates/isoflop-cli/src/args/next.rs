//! Commands about runs to do: next, simulate.

use std::path::PathBuf;

use clap::Args;
use isoflop_formula::parse_number;

use super::{StudyArgs, count, positive, threads};

#[derive(Debug, Args)]
#[command(
    after_help = "Goals: 'loss at N=70B,D=1.4T'; 'regret at 1e24', the decision of N and D for that budget; a_opt or any formula of \
                  parameters; 'against LAW', telling two laws apart. Before any run: isoflop next chinchilla@besiroglu \
                  --noise 0.5% --budget 2e20 --goal a_opt"
)]
pub(crate) struct NextArgs {
    #[command(flatten)]
    pub(crate) study: StudyArgs,
    /// The law to fit to the runs; without it RUNS is a law with its coefficients, and there are no runs yet
    #[arg(long, value_name = "ID|FORMULA", allow_hyphen_values = true)]
    pub(crate) law: Option<String>,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// What all new runs together may cost, in FLOP or in the unit of --cost
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) budget: f64,
    /// What is to be known better; several count equally
    #[arg(long = "goal", value_name = "GOAL", required = true, allow_hyphen_values = true)]
    pub(crate) goals: Vec<String>,
    /// What a run costs, as a formula of the inputs; 6*N*D, or C, where the law has these
    #[arg(long, value_name = "FORMULA")]
    pub(crate) cost: Option<String>,
    /// Where an input may lie: --limit N=10M..1B; by default from the smallest run to ten times the largest
    #[arg(long = "limit", value_name = "NAME=LOW..HIGH")]
    pub(crate) limits: Vec<String>,
    /// An input held at a value: --given U=1B; a text that the law compares or groups by: --given family=llama
    #[arg(long, value_name = "NAME=X,...", value_delimiter = ',')]
    pub(crate) given: Vec<String>,
    /// What a run must meet; where the law has N and D, by default D >= 2*N and D <= 500*N
    #[arg(long, value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) keep: Vec<String>,
    /// One run may cost this at most
    #[arg(long, value_name = "X", value_parser = positive)]
    pub(crate) largest: Option<f64>,
    /// At most this many runs
    #[arg(long, value_name = "K", default_value = "24", value_parser = threads)]
    pub(crate) runs_at_most: usize,
    /// At most this many runs of one configuration, with other seeds
    #[arg(long, value_name = "K", default_value = "3", value_parser = threads)]
    pub(crate) repeats: usize,
    /// About how many configurations to choose from
    #[arg(long, value_name = "K", default_value = "2500", value_parser = count)]
    pub(crate) candidates: usize,
    /// Standard deviation of a run around the law as a share, 0.5% or 0.005; by default that of the fit
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) noise: Option<f64>,
    /// Bootstrap replicates of the fit over which the design is averaged; 0 takes the estimate alone
    #[arg(long, value_name = "K", default_value = "8", value_parser = count)]
    pub(crate) draws: usize,
}

#[derive(Debug, Args)]
#[command(
    after_help = "For example: isoflop simulate chinchilla@besiroglu --design N=10M..1B:6,D=500M..20B:5 --noise 0.5% -o runs.csv\n\
                  or: isoflop simulate chinchilla@besiroglu --budgets 1e18,1e19,1e20 --sizes 7"
)]
pub(crate) struct SimulateArgs {
    /// A law with its coefficients (chinchilla@besiroglu), with values by hand, or a saved fit
    #[arg(value_name = "LAW")]
    pub(crate) law: String,
    /// Levels of each input: a range with a number of steps, evenly spaced in the logarithm, or a value; by default the
    /// design of the law's file
    #[arg(long, value_name = "NAME=LOW..HIGH:K,...", value_delimiter = ',', conflicts_with = "budgets")]
    pub(crate) design: Vec<String>,
    /// An isoFLOP design instead: these budgets, C = 6*N*D
    #[arg(long, value_name = "X,...", value_delimiter = ',', value_parser = positive)]
    pub(crate) budgets: Vec<f64>,
    /// Sizes on each budget, from 5 to 80 tokens per parameter
    #[arg(long, value_name = "K", default_value = "7", value_parser = threads, requires = "budgets")]
    pub(crate) sizes: usize,
    /// A text that the law compares or groups by: --given family=llama
    #[arg(long, value_name = "NAME=TEXT,...", value_delimiter = ',')]
    pub(crate) given: Vec<String>,
    /// Runs of each configuration
    #[arg(long, value_name = "K", default_value = "1", value_parser = threads)]
    pub(crate) repeats: usize,
    /// Standard deviation of a run around the law as a share, 0.5% or 0.005; 0 for none
    #[arg(long, value_name = "SHARE", default_value = "0.5%", value_parser = share)]
    pub(crate) noise: f64,
    /// Seed of the noise
    #[arg(long, default_value = "0", value_name = "S")]
    pub(crate) seed: u64,
    /// Folder with law files of your own
    #[arg(long = "laws", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// Write the table here; without it, to stdout
    #[arg(short, long, value_name = "FILE.csv")]
    pub(crate) output: Option<PathBuf>,
}

/// A share, in per cent or plain.
fn share(text: &str) -> Result<f64, String> {
    let value = match text.trim().strip_suffix('%') {
        Some(number) => parse_number(number.trim()).map(|x| x / 100.0),
        None => parse_number(text.trim()),
    };
    match value {
        Some(x) if (0.0..1.0).contains(&x) => Ok(x),
        _ => Err("write a share from 0 to 1, such as 0.5% or 0.005".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_per_cent_or_plain() {
        assert_eq!([share("0.5%"), share("0.005"), share("0")], [Ok(0.005), Ok(0.005), Ok(0.0)]);
        assert!(share("5").is_err() && share("-1%").is_err() && share("x").is_err());
    }
}
