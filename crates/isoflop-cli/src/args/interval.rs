//! How intervals are found, and of what.

use clap::Args;
use isoflop_fit::{Ends, IntervalMethod};
use isoflop_study::IntervalRequest;

/// Heading of these options.
const INTERVALS: &str = "Intervals";

/// Options of intervals.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = INTERVALS)]
pub(crate) struct IntervalArgs {
    /// How intervals are found: auto is cluster where rows belong together, else point
    #[arg(long, value_name = "METHOD", value_parser = IntervalMethod::NAMES)]
    pub(crate) interval: Option<String>,
    /// How bootstrap replicates become ends; smoothed is the default
    #[arg(long, value_name = "ENDS", value_parser = Ends::NAMES)]
    pub(crate) ends: Option<String>,
    /// Column within whose levels --interval stratified draws
    #[arg(long, value_name = "COL")]
    pub(crate) strata: Option<String>,
    /// A formula of parameters that gets an interval too: --of 'A / 1B^alpha'
    #[arg(long = "of", value_name = "FORMULA", allow_hyphen_values = true)]
    pub(crate) quantities: Vec<String>,
    /// A prior for --interval nuts: --prior 'alpha ~ normal(0.35, 0.1)'; also lognormal, uniform, student
    #[arg(long = "prior", value_name = "NAME ~ LAW")]
    pub(crate) priors: Vec<String>,
    /// Draws that each of the four chains of --interval nuts keeps; 1000 by default
    #[arg(long, value_name = "K")]
    pub(crate) draws: Option<usize>,
}

impl IntervalArgs {
    /// The request of these options.
    pub(crate) fn request(&self) -> IntervalRequest {
        IntervalRequest {
            method: self.interval.clone(),
            ends: self.ends.clone(),
            strata: self.strata.clone(),
            quantities: self.quantities.clone(),
            priors: self.priors.clone(),
            draws: self.draws,
        }
    }
}
