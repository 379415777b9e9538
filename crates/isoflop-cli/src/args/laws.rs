//! Commands about laws and published results: laws, reproduce.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

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
