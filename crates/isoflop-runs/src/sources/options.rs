//! How runs become rows: which tool, which points, what to do with restarts.

use std::fmt;
use std::str::FromStr;

use crate::error::RunsError;

/// A tool that keeps runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tool {
    /// Weights & Biases: the `.wandb` files of run directories, offline or synced.
    Wandb,
    /// TensorBoard event files.
    TensorBoard,
    /// Hugging Face `Trainer`: `trainer_state.json`, with `config.json` beside it.
    HfTrainer,
    /// lm-evaluation-harness: `results_*.json` with its samples.
    LmEval,
    /// MLflow's file store, `mlruns`.
    Mlflow,
    /// MLflow's database, `mlflow.db`.
    MlflowDb,
    /// Trackio's databases, JSON lines, and Parquet export.
    Trackio,
    /// DVCLive directories.
    DvcLive,
    /// Logs of Inspect: `.eval` and `.json`.
    Inspect,
    /// ClearML offline sessions, as directories or archives.
    ClearMl,
    /// Parquet files of Neptune Exporter.
    Neptune,
    /// JSON lines exported from Aim.
    Aim,
    /// The history of runs of Weights & Biases as Parquet.
    WandbHistory,
    /// Lightning's `CSVLogger`.
    Lightning,
    /// CSV that a chart of Weights & Biases exports.
    WandbChart,
    /// Text logs, by preset or by a pattern.
    Log,
}

impl Tool {
    /// All tools.
    pub const ALL: &'static [Tool] = &[
        Tool::Wandb,
        Tool::TensorBoard,
        Tool::HfTrainer,
        Tool::LmEval,
        Tool::Mlflow,
        Tool::MlflowDb,
        Tool::Trackio,
        Tool::DvcLive,
        Tool::Inspect,
        Tool::ClearMl,
        Tool::Neptune,
        Tool::Aim,
        Tool::WandbHistory,
        Tool::Lightning,
        Tool::WandbChart,
        Tool::Log,
    ];

    /// The name for `--from`.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// The name for people.
    pub fn title(self) -> &'static str {
        self.names().1
    }

    fn names(self) -> (&'static str, &'static str) {
        match self {
            Tool::Wandb => ("wandb", "Weights & Biases"),
            Tool::TensorBoard => ("tensorboard", "TensorBoard"),
            Tool::HfTrainer => ("hf", "Hugging Face Trainer"),
            Tool::LmEval => ("lm-eval", "lm-evaluation-harness"),
            Tool::Mlflow => ("mlflow", "MLflow file store"),
            Tool::MlflowDb => ("mlflow-db", "MLflow database"),
            Tool::Trackio => ("trackio", "Trackio"),
            Tool::DvcLive => ("dvclive", "DVCLive"),
            Tool::Inspect => ("inspect", "Inspect"),
            Tool::ClearMl => ("clearml", "ClearML offline"),
            Tool::Neptune => ("neptune", "Neptune Exporter"),
            Tool::Aim => ("aim", "Aim export"),
            Tool::WandbHistory => ("wandb-history", "W&B history"),
            Tool::Lightning => ("lightning", "Lightning CSVLogger"),
            Tool::WandbChart => ("wandb-chart", "W&B chart export"),
            Tool::Log => ("log", "text logs"),
        }
    }

    /// Whether its files are told by what is in them, and may lie beside those of another tool.
    pub(super) fn is_found_last(self) -> bool {
        matches!(self, Tool::Lightning | Tool::WandbChart | Tool::Log)
    }
}

impl FromStr for Tool {
    type Err = RunsError;

    fn from_str(text: &str) -> Result<Self, RunsError> {
        Self::ALL.iter().copied().find(|tool| tool.name() == text).ok_or_else(|| RunsError::UnknownTool {
            text: text.to_owned(),
            known: Self::ALL.iter().map(|tool| tool.name()).collect::<Vec<_>>().join(", "),
        })
    }
}

/// Which points of a run's curve become rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Points {
    /// The last value of the loss.
    #[default]
    Final,
    /// The lowest finite value of the loss.
    Best,
    /// The mean of the last values of the loss.
    Last(usize),
    /// Every value of the loss, one row each.
    Every,
    /// The last value of the loss of every decay of the learning rate, that is where the rate is at most an eighth of the
    /// highest before: one row for each decay.
    Decayed,
    /// Every value of every metric, one row each, with columns `metric` and `value`.
    Values,
    /// Every item of an evaluation, one row each, with its scores over all attempts.
    Samples,
    /// The loss at these numbers of tokens, interpolated between the two values around each.
    At(Vec<f64>),
}

impl FromStr for Points {
    type Err = RunsError;

    fn from_str(text: &str) -> Result<Self, RunsError> {
        let bad = || RunsError::BadPoints { text: text.to_owned() };
        match text {
            "final" => return Ok(Points::Final),
            "best" => return Ok(Points::Best),
            "every" => return Ok(Points::Every),
            "decayed" => return Ok(Points::Decayed),
            "values" => return Ok(Points::Values),
            "samples" => return Ok(Points::Samples),
            _ => {}
        }
        if let Some(count) = text.strip_prefix("last:") {
            let count: usize = count.parse().map_err(|_| bad())?;
            return if count > 0 { Ok(Points::Last(count)) } else { Err(bad()) };
        }
        let list = text.strip_prefix("at:D=").ok_or_else(bad)?;
        let number =
            |text: &str| isoflop_formula::parse_number(text.trim()).filter(|&x| x > 0.0 && x.is_finite());
        list.split(',').map(number).collect::<Option<Vec<f64>>>().map(Points::At).ok_or_else(bad)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Points::Final => write!(f, "the final value"),
            Points::Best => write!(f, "the lowest value"),
            Points::Last(count) => write!(f, "the mean of the last {count} values"),
            Points::Every => write!(f, "every value"),
            Points::Decayed => write!(f, "the values at the ends of decays of the learning rate"),
            Points::Values => write!(f, "every value of every metric, not only"),
            Points::Samples => write!(f, "every sample"),
            Points::At(tokens) => {
                let tokens: Vec<String> = tokens.iter().map(|d| crate::cell::number_text(*d)).collect();
                write!(f, "the value at D = {}, interpolated in log D", tokens.join(", "))
            }
        }
    }
}

/// What to do with several values for one step, as a restarted run leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Restarts {
    /// Keep the one written last.
    #[default]
    Last,
    /// Keep the one written first.
    First,
    /// Refuse the run.
    Error,
}

impl FromStr for Restarts {
    type Err = RunsError;

    fn from_str(text: &str) -> Result<Self, RunsError> {
        match text {
            "last" => Ok(Restarts::Last),
            "first" => Ok(Restarts::First),
            "error" => Ok(Restarts::Error),
            _ => Err(RunsError::BadRestarts { text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_and_bad_ones_refused() {
        assert_eq!("last:5".parse::<Points>().unwrap(), Points::Last(5));
        assert_eq!("at:D=1B,2.5e9".parse::<Points>().unwrap(), Points::At(vec![1e9, 2.5e9]));
        for bad in ["", "last", "last:0", "last:x", "at:1e9", "at:D=", "at:D=-1", "all"] {
            assert_eq!(bad.parse::<Points>().unwrap_err().code(), "R0133", "{bad}");
        }
        for tool in Tool::ALL {
            assert_eq!(tool.name().parse::<Tool>().unwrap(), *tool);
        }
        assert!("wandbb".parse::<Tool>().unwrap_err().to_string().contains("hf"));
    }
}
