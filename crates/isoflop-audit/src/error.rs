//! What can be wrong with a question about a fit.

use isoflop_fit::FitError;

/// A question that cannot be answered; the message says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A fit that cannot be done.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The law has no N and D to choose between.
    #[error(
        "{law} does not predict the loss from N and D, which {what} needs: name a law such as chinchilla"
    )]
    NotASurface {
        /// Name of the law.
        law: String,
        /// What was asked for.
        what: &'static str,
    },
    /// A tolerance that is no width of a budget.
    #[error("the tolerance {tolerance} is not a share of the compute between 0 and 1, such as 0.1")]
    BadTolerance {
        /// The value given.
        tolerance: f64,
    },
    /// A law whose parameters approach 3 does not know.
    #[error("approach 3 fits loss ~ E + A / N^alpha + B / D^beta, and {law} has no parameter {parameter}")]
    NotChinchilla {
        /// Name of the law.
        law: String,
        /// The missing parameter.
        parameter: String,
    },
    /// A budget that is no budget.
    #[error("the budget {budget} is not a positive number of FLOP, such as 1e24")]
    BadBudget {
        /// The value given.
        budget: f64,
    },
    /// Not two recipes.
    #[error(
        "the column {column} has {}: a contrast needs two; name them with --between A,B", if levels.len() == 1 { format!("only the value {}", levels[0]) } else { format!("{} values ({})", levels.len(), levels.join(", ")) }
    )]
    NotTwoArms {
        /// The column.
        column: String,
        /// Its values.
        levels: Vec<String>,
    },
    /// An arm that the table does not have.
    #[error("no row has {column} = {level}; the values are {}", known.join(", "))]
    UnknownArm {
        /// The column.
        column: String,
        /// The value asked for.
        level: String,
        /// Values in the table.
        known: Vec<String>,
    },
    /// An arm that cannot carry the law.
    #[error("{column} = {level}: {source}")]
    Arm {
        /// The column.
        column: String,
        /// The value.
        level: String,
        /// What is wrong with its fit.
        source: Box<FitError>,
    },
    /// The law cannot be fitted with shared exponents.
    #[error("{law} has no exponent that two recipes could share")]
    NoExponents {
        /// Name of the law.
        law: String,
    },
    /// Too few replicates.
    #[error("{replicates} replicates are too few for an interval: at least {least} are needed")]
    TooFewReplicates {
        /// Replicates asked for.
        replicates: usize,
        /// Replicates needed.
        least: usize,
    },
    /// A law with sums over the past, whose rows are steps of runs.
    #[error(
        "the law {law} looks back over the rows of a run: these questions are about laws whose rows are runs"
    )]
    LooksBack {
        /// Name of the law.
        law: String,
    },
    /// Replicates that could not be solved.
    #[error(
        "only {solved} of {replicates} replicates have a certified optimum: this table does not determine the law; see `isoflop fit`"
    )]
    LostReplicates {
        /// Replicates solved.
        solved: usize,
        /// Replicates asked for.
        replicates: usize,
    },
}

impl AuditError {
    /// A short code that does not change between versions; errors of the fitter bring their own in the message.
    pub fn code(&self) -> Option<&'static str> {
        Some(match self {
            AuditError::Fit(_) => return None,
            AuditError::NotASurface { .. } => "A0101",
            AuditError::BadTolerance { .. } => "A0103",
            AuditError::NotChinchilla { .. } => "A0104",
            AuditError::BadBudget { .. } => "A0105",
            AuditError::NotTwoArms { .. } => "A0106",
            AuditError::UnknownArm { .. } => "A0107",
            AuditError::Arm { .. } => "A0108",
            AuditError::NoExponents { .. } => "A0109",
            AuditError::TooFewReplicates { .. } => "A0110",
            AuditError::LostReplicates { .. } => "A0111",
            AuditError::LooksBack { .. } => "A0112",
        })
    }
}
