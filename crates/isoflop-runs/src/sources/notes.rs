//! What reading runs noticed: counted over all runs, because a sweep may have a hundred thousand.

use std::fmt;

/// Something that reading runs did or found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum RunsNote {
    /// What was read.
    Read {
        /// The path as given.
        path: String,
        /// The tool that made it.
        tool: &'static str,
        /// Runs in it.
        runs: usize,
        /// Values of metrics in them.
        points: usize,
    },
    /// Which points became rows.
    Taken {
        /// The rule, in words.
        rule: String,
        /// The metrics it was applied to.
        metrics: Vec<String>,
    },
    /// A quantity that was computed.
    Computed {
        /// The column.
        column: String,
        /// How.
        how: String,
        /// Runs for which it was.
        runs: usize,
        /// Whether it may well be wrong.
        is_doubtful: bool,
    },
    /// Runs in which several values stood at one step.
    Restarted {
        /// Values that gave way.
        count: usize,
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
        /// Which value was kept.
        kept: &'static str,
    },
    /// Values of the loss that are not finite.
    NotFinite {
        /// How many.
        count: usize,
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
    },
    /// Runs whose file stops inside a record.
    Cut {
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
    },
    /// Runs that have no metric that looks like a loss.
    NoLoss {
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
        /// Metrics of that run.
        metrics: Vec<String>,
    },
    /// Runs that gave no row, because they have no point that the rule asks for.
    NoRow {
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
        /// What is missing.
        reason: &'static str,
    },
    /// Points asked for that the curves of some runs do not reach.
    OutOfReach {
        /// How many.
        count: usize,
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
    },
    /// Runs with fewer values of the loss than the mean of the last ones asks for.
    Short {
        /// Values asked for.
        wanted: usize,
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
    },
    /// Runs that end before their learning rate has come down.
    HighRate {
        /// Runs.
        runs: usize,
        /// The first of the runs.
        first: String,
        /// Runs that end after theirs has.
        decayed: usize,
    },
    /// A loss written with few decimals.
    Rounded {
        /// The metric.
        metric: String,
        /// Decimals.
        decimals: u32,
    },
    /// A metric logged without steps: its values were numbered.
    Numbered {
        /// The first such metric.
        metric: String,
        /// Runs.
        runs: usize,
    },
}

impl RunsNote {
    /// A stable code for documentation and scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Read { .. } => "R0211",
            Self::Taken { .. } => "R0212",
            Self::Computed { .. } => "R0213",
            Self::Restarted { .. } => "R0214",
            Self::NotFinite { .. } => "R0215",
            Self::Cut { .. } => "R0216",
            Self::NoLoss { .. } => "R0217",
            Self::NoRow { .. } => "R0218",
            Self::Rounded { .. } => "R0219",
            Self::Numbered { .. } => "R0220",
            Self::OutOfReach { .. } => "R0221",
            Self::Short { .. } => "R0222",
            Self::HighRate { .. } => "R0223",
        }
    }

    /// Whether it is worth a warning rather than a line of information.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Read { .. } | Self::Taken { .. } => false,
            Self::Computed { is_doubtful, .. } => *is_doubtful,
            Self::Rounded { decimals, .. } => *decimals < 4,
            // Runs that are all alike can be compared with each other.
            Self::HighRate { decayed, .. } => *decayed > 0,
            _ => true,
        }
    }
}

impl fmt::Display for RunsNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, tool, runs, points } => {
                let runs = counted(*runs, "run");
                write!(f, "{path}: {runs} of {tool}, {points} values of metrics")
            }
            Self::Taken { rule, metrics } => {
                write!(f, "points: {rule} of {}", metrics.join(" or "))
            }
            Self::Computed { column, how, runs, is_doubtful } => {
                write!(f, "`{column}` is {how} ({})", counted(*runs, "run"))?;
                if *is_doubtful {
                    write!(f, "; if that is not right, log tokens, or define D with --let")?;
                }
                Ok(())
            }
            Self::Restarted { count, runs, first, kept } => write!(
                f,
                "{} more than once at one step in {} (first {first}): the one written {kept} counts; change \
                 that with --restarts",
                counted(*count, "value"),
                counted(*runs, "run")
            ),
            Self::NotFinite { count, runs, first } => write!(
                f,
                "{} of the loss not finite in {} (first {first})",
                counted(*count, "value"),
                counted(*runs, "run")
            ),
            Self::Cut { runs, first } => write!(
                f,
                "{} cut off inside a record (first {first}), as live files are: what comes before counts",
                counted(*runs, "run")
            ),
            Self::NoLoss { runs, first, metrics } => write!(
                f,
                "{} without a metric that looks like a loss (first {first}): the last value of every metric is \
                 taken; say which one is meant with --map loss=METRIC; it has {}",
                counted(*runs, "run"),
                listed(metrics)
            ),
            Self::NoRow { runs, first, reason } => {
                write!(f, "{} left out (first {first}): {reason}", counted(*runs, "run"))
            }
            Self::OutOfReach { count, runs, first } => write!(
                f,
                "{} missing in {} (first {first}): the curve has no values on both sides of these tokens",
                counted(*count, "point"),
                counted(*runs, "run")
            ),
            Self::Short { wanted, runs, first } => write!(
                f,
                "{} with fewer than {wanted} values of the loss (first {first}): the mean is over all that there are",
                counted(*runs, "run")
            ),
            Self::HighRate { runs, first, decayed } => {
                let runs = counted(*runs, "run");
                write!(
                    f,
                    "{runs} (first {first}) ended before the learning rate had come down to an eighth of its peak"
                )?;
                match decayed {
                    0 => Ok(()),
                    _ => write!(
                        f,
                        ", {decayed} after that: their losses are not of one kind; --points decayed takes the ends \
                         of decays alone"
                    ),
                }
            }
            Self::Rounded { metric, decimals } => write!(
                f,
                "{metric} is written with {decimals} decimals: nothing below {:.*} can be told apart",
                *decimals as usize,
                0.1_f64.powi(i32::try_from(*decimals).unwrap_or(0))
            ),
            Self::Numbered { metric, runs } => write!(
                f,
                "{metric} was logged without steps in {}: its values are numbered from 1",
                counted(*runs, "run")
            ),
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn listed(names: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut list = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none".into(),
        count if count > SHOWN => {
            list.push_str(&format!(" and {} more", count - SHOWN));
            list
        }
        _ => list,
    }
}
