//! Commands about decisions: plan, cost, hardware.

use std::path::PathBuf;

use clap::Args;
use isoflop_study::PlanOptions;

use super::{Format, level, positive, threads};

#[derive(Debug, Args)]
#[command(after_help = "A named plan: isoflop plan compute-optimal fit.json --flops 1e24")]
pub(crate) struct PlanArgs {
    /// A saved fit, a law with its coefficients (chinchilla@besiroglu), or with values by hand
    /// (chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37); several laws with a role each, a=fit.json
    /// b=chinchilla@hoffmann, whose outputs are a_loss and b_loss in formulas
    #[arg(value_name = "[PLAN] WHAT", num_args = 1.., required_unless_present = "list")]
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
    /// Solve the equation of --subject-to for this: --solve D --subject-to 'loss = 2.0' --given N=7B; with --over, the
    /// least value that the rest allows
    #[arg(long, value_name = "NAME", conflicts_with_all = ["minimize", "maximize"])]
    pub(crate) solve: Option<String>,
    /// What is decided: --over N,D; --over 'mix_*' stands for all inputs that begin so
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) over: Vec<String>,
    /// Which of the decisions are whole numbers: --integer layers,gpus
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub(crate) integer: Vec<String>,
    /// Shares that add up to 1, decided where they are not given: --simplex 'mix_*' or --simplex web,code,books
    #[arg(long, value_name = "NAMES")]
    pub(crate) simplex: Vec<String>,
    /// A name for a formula, also as input of a law: --let 'C = 6*N*D'
    #[arg(long = "let", value_name = "NAME=FORMULA")]
    pub(crate) lets: Vec<String>,
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
    /// With --format json, the data of figures too: the best against the limit, the loss around every decision, slices
    #[arg(long)]
    pub(crate) curves: bool,
    /// Folder with law files of your own
    #[arg(long, value_name = "DIR")]
    pub(crate) laws: Option<PathBuf>,
    /// How to print the plan
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Draw the main figure after the plan
    #[arg(long)]
    pub(crate) plot: bool,
}

impl PlanArgs {
    /// The options as plain data, for the plan of this name.
    pub(crate) fn options(&self, plan: Option<&String>) -> PlanOptions {
        let mut given = self.given.clone();
        for (name, value) in [("flops", &self.flops), ("target", &self.target), ("demand", &self.demand)] {
            given.extend(value.iter().map(|value| format!("{name}={value}")));
        }
        PlanOptions {
            plan: plan.cloned(),
            minimize: self.minimize.clone(),
            maximize: self.maximize.clone(),
            solve: self.solve.clone(),
            over: self.over.clone(),
            simplex: self.simplex.clone(),
            lets: self.lets.clone(),
            constraints: self.constraints.clone(),
            given,
            hardware: self.hardware.clone(),
            report: self.report.clone(),
            tolerance: self.tolerance,
            starts: self.starts,
            level: self.level,
            integer: self.integer.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CostArgs {
    /// A config.json as on Hugging Face, such as those of Llama, Mistral, Qwen, Gemma, OLMo, DeepSeek, GPT-2 or Pythia
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
    /// What cost models ask besides: --given gpus=64,price=2.5 (costs/README.md lists the names)
    #[arg(long, value_name = "NAME=X,...", value_delimiter = ',')]
    pub(crate) given: Vec<String>,
    /// Take peak, memory, bandwidth and power from a device (`isoflop hardware`), such as h100 or h100:fp8
    #[arg(long, value_name = "NAME[:PRECISION]")]
    pub(crate) hardware: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Draw the parameters after the report
    #[arg(long)]
    pub(crate) plot: bool,
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
