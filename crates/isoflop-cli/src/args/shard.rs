//! `isoflop shard`: plan, run, merge.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{FitArgs, Format, threads};

#[derive(Debug, Args)]
#[command(
    after_help = "For example: isoflop shard plan runs.csv --law chinchilla --bootstrap 100k --shards 400 -o job.json\n\
                  on any machines: isoflop shard run job.json --shard 17/400 -o out\n\
                  then: isoflop shard merge job.json out -o fit.json"
)]
pub(crate) struct ShardArgs {
    #[command(subcommand)]
    pub(crate) command: ShardCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ShardCommand {
    /// Find the optimum once, and write what every shard needs to one file
    Plan(Box<ShardPlanArgs>),
    /// Run one shard; one that is there and whole is not run again
    Run(ShardRunArgs),
    /// Make the fit, or the fits of all groups, from all shards: the bits of `isoflop fit` on one machine
    Merge(ShardMergeArgs),
}

#[derive(Debug, Args)]
#[command(
    mut_arg("save", |arg| arg.hide(true)), mut_arg("format", |arg| arg.hide(true)),
    mut_arg("strict", |arg| arg.hide(true)), mut_arg("plot", |arg| arg.hide(true))
)]
pub(crate) struct ShardPlanArgs {
    /// Into how many shards the work is divided
    #[arg(long, value_name = "K", value_parser = shards)]
    pub(crate) shards: usize,
    /// Write the job here
    #[arg(short, long, value_name = "JOB.JSON")]
    pub(crate) output: PathBuf,
    /// Put the rows into the job, for machines that cannot read RUNS under these names
    #[arg(long)]
    pub(crate) embed: bool,
    /// Instead of the replicates of one fit, one fit for each value of this column
    #[arg(long, value_name = "COL")]
    pub(crate) each: Option<String>,
    #[command(flatten)]
    pub(crate) fit: FitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShardRunArgs {
    /// The job
    #[arg(value_name = "JOB.JSON")]
    pub(crate) job: PathBuf,
    /// Which shard, counted from 1: 17/400, or 17
    #[arg(long, value_name = "K/N", value_parser = place)]
    pub(crate) shard: Place,
    /// Folder for the shards; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Threads; by default as many as the machine has
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct ShardMergeArgs {
    /// The job
    #[arg(value_name = "JOB.JSON")]
    pub(crate) job: PathBuf,
    /// Folder with the shards
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Save the fit, as `isoflop fit --save` does; the fits of groups as one file
    #[arg(short, long, value_name = "FIT.JSON")]
    pub(crate) output: Option<PathBuf>,
    /// How to print the fit
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Threads; by default as many as the machine has
    #[arg(long, value_name = "N", value_parser = threads)]
    pub(crate) threads: Option<usize>,
}

/// A shard, with the number of shards if it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) shard: usize,
    pub(crate) of: Option<usize>,
}

fn place(text: &str) -> Result<Place, String> {
    let number = |text: &str| text.trim().parse::<usize>().ok().filter(|n| *n > 0);
    let read = match text.split_once('/') {
        Some((shard, of)) => number(shard).zip(number(of)).map(|(shard, of)| Place { shard, of: Some(of) }),
        None => number(text).map(|shard| Place { shard, of: None }),
    };
    read.ok_or_else(|| "write 17/400, counted from 1".to_owned())
}

fn shards(text: &str) -> Result<usize, String> {
    match super::count(text) {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("it must be a whole number from 1 to 1 million".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(place("17/400"), Ok(Place { shard: 17, of: Some(400) }));
        assert_eq!(place("3"), Ok(Place { shard: 3, of: None }));
        assert!(["0/4", "x", "1/", "-1", ""].iter().all(|text| place(text).is_err()));
    }
}
