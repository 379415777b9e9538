//! What is asked of the next runs.

use std::fmt;

use isoflop_formula::parse_number;
use isoflop_laws::Law;

use crate::error::PlanError;
use crate::model::Model;
use crate::next::sensitivity::Sensitivity;

/// What is to be known better.
#[derive(Debug, Clone)]
pub enum Goal {
    /// The law's output at a point: inputs by name.
    Output {
        /// The point.
        point: Vec<(String, f64)>,
    },
    /// A formula of the law's parameters.
    Quantity {
        /// What to call it.
        name: String,
        /// Its formula, such as `beta / (alpha + beta)`.
        formula: String,
    },
    /// What the inputs that are best at this cost, chosen by the fitted law, lose against the best there are.
    Regret {
        /// The cost of the decision, in the unit of [`NextRequest::cost`].
        budget: f64,
    },
    /// Which of two laws is right. The rival must read inputs that the law has too.
    Doubt {
        /// The other law with its values.
        rival: Box<Model>,
    },
}

impl Goal {
    /// Reads `loss at N=70B,D=1.4T`, `regret at 1e24`, a derived quantity of the law such as `a_opt`, or a formula of its
    /// parameters.
    ///
    /// # Errors
    /// A point or a budget that is no number; what a formula lacks is found later.
    ///
    /// ```
    /// let catalogue = isoflop_laws::Catalogue::builtin()?;
    /// let law = catalogue.find("chinchilla")?;
    /// let goal = isoflop_plan::Goal::parse("loss at N=70B,D=1.4T", law).unwrap();
    /// assert_eq!(goal.to_string(), "output at N=7e10,D=1.4e12");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(text: &str, law: &Law) -> Result<Goal, PlanError> {
        let bad = |reason: String| PlanError::BadGoal { text: text.to_owned(), reason };
        let Some((what, at)) = text.split_once(" at ") else {
            let name = text.trim();
            // Only derived quantities without inputs of their own are functions of the parameters.
            let derived = law.derived(name).filter(|derived| derived.inputs.is_empty());
            let formula = derived.map_or_else(|| name.to_owned(), |derived| derived.text.clone());
            return Ok(Goal::Quantity { name: name.to_owned(), formula });
        };
        let number = |text: &str| parse_number(text.trim()).filter(|x| *x > 0.0 && x.is_finite());
        match what.trim() {
            "regret" => {
                let budget =
                    number(at).ok_or_else(|| bad("write the cost of the decision, regret at 1e24".into()))?;
                Ok(Goal::Regret { budget })
            }
            what if what == law.output.name => {
                let mut point = Vec::new();
                for part in at.split(',') {
                    let value =
                        part.split_once('=').and_then(|(name, x)| Some((name.trim().to_owned(), number(x)?)));
                    point
                        .push(value.ok_or_else(|| bad(format!("{part} is not NAME=NUMBER, such as N=70B")))?);
                }
                Ok(Goal::Output { point })
            }
            other => Err(bad(format!(
                "{other} is not what {} predicts: write '{} at ...', 'regret at ...', or a formula of parameters",
                law.id, law.output.name
            ))),
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::Output { point } => {
                let at: Vec<String> = point.iter().map(|(name, x)| format!("{name}={x:e}")).collect();
                write!(f, "output at {}", at.join(","))
            }
            Goal::Quantity { name, .. } => f.write_str(name),
            Goal::Regret { budget } => write!(f, "regret at {budget:e}"),
            Goal::Doubt { rival } => write!(f, "against {}", rival.name),
        }
    }
}

/// A question about the next runs.
#[derive(Debug, Clone)]
pub struct NextRequest {
    /// What is to be known better; several count equally.
    pub goals: Vec<Goal>,
    /// All runs together may cost this.
    pub budget: f64,
    /// What a run costs, as a formula of the inputs.
    pub cost: String,
    /// Lowest and highest value of inputs; inputs without take those of the runs, or where the law is usually read.
    pub limits: Vec<(String, f64, f64)>,
    /// Inputs held at a value.
    pub given: Vec<(String, f64)>,
    /// What a candidate must meet, as formulas of the inputs, such as `D >= 2*N`.
    pub keep: Vec<String>,
    /// One run may cost this at most.
    pub largest: f64,
    /// At most this many runs, repeats included.
    pub runs: usize,
    /// At most this many runs at the same inputs, with other seeds.
    pub repeats: usize,
    /// About this many candidates to choose from.
    pub candidates: usize,
    /// Standard deviation of a run around the law, as a share of the output.
    pub noise: f64,
    /// Coverage of the intervals.
    pub level: f64,
    /// Draws of the model over which the design is averaged; 0 takes the estimate alone.
    pub draws: usize,
}

impl NextRequest {
    /// Runs for one goal under a budget in training FLOP, `6*N*D`, with this relative noise.
    pub fn new(goal: Goal, budget: f64, noise: f64) -> NextRequest {
        NextRequest {
            goals: vec![goal],
            budget,
            cost: "6*N*D".to_owned(),
            limits: Vec::new(),
            given: Vec::new(),
            keep: Vec::new(),
            largest: f64::INFINITY,
            runs: 24,
            repeats: 3,
            candidates: 2500,
            noise,
            level: 0.9,
            draws: 8,
        }
    }

    pub(crate) fn check(&self) -> Result<(), PlanError> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(PlanError::OutsideUnit { name: "level", value: self.level });
        }
        let positive =
            [("--budget", self.budget), ("--noise", self.noise), ("--largest", self.largest)].into_iter();
        for (name, value) in positive {
            if value.is_nan() || value <= 0.0 {
                return Err(PlanError::NotPositive { name, value });
            }
        }
        for (name, value) in
            [("--runs-at-most", self.runs), ("--repeats", self.repeats), ("--candidates", self.candidates)]
        {
            if value == 0 {
                return Err(PlanError::NotPositive { name, value: 0.0 });
            }
        }
        for (name, low, high) in &self.limits {
            if !(*low > 0.0 && low <= high && high.is_finite()) {
                return Err(PlanError::BadLimit { name: name.clone(), low: *low, high: *high });
            }
        }
        Ok(())
    }
}

/// The runs that there are: one column for each input of the law's formula, in its order; that of the output may be
/// empty. The default has no runs.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// Values of each input.
    pub columns: Vec<Vec<f64>>,
    /// Number of runs.
    pub rows: usize,
}

impl Past {
    pub(crate) fn check(&self, law: &Sensitivity) -> Result<(), PlanError> {
        let complete = |k: usize| self.columns.get(k).is_some_and(|column| column.len() == self.rows);
        match law.inputs().find(|(k, _)| self.rows > 0 && !complete(*k)) {
            Some((_, name)) => Err(PlanError::PastLacks { name: name.to_owned(), rows: self.rows }),
            None => Ok(()),
        }
    }
}
