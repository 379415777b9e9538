//! The next runs as data.

use serde::Serialize;

use crate::next::candidates::Candidates;
use crate::next::request::{NextRequest, Past};
use crate::result::Warning;

/// Runs to do next, and what will be known then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Next {
    /// The runs, the dearest first.
    pub runs: Vec<NextRun>,
    /// Their cost together.
    pub cost: f64,
    /// What they might have cost.
    pub budget: f64,
    /// What is known now and will be known then, one for each goal.
    pub outlooks: Vec<Outlook>,
    /// Candidates that were chosen from.
    pub candidates: usize,
    /// The range of each input that was searched.
    pub limits: Vec<(String, f64, f64)>,
    /// Draws over which the design was averaged beside the estimate.
    pub draws: usize,
    /// Relative noise of a run that was reckoned with.
    pub noise: f64,
    /// Coverage of the intervals.
    pub level: f64,
    /// What to know.
    pub warnings: Vec<Warning>,
}

/// A run to do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NextRun {
    /// Inputs by name.
    pub inputs: Vec<(String, f64)>,
    /// How often, with other seeds.
    pub repeats: usize,
    /// Cost of one.
    pub cost: f64,
    /// What the law predicts.
    pub expected: f64,
}

/// What is known of a goal before and after the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    /// The goal in words.
    pub name: String,
    /// What `before` and `after` are.
    pub kind: OutlookKind,
    /// Its value for the estimated parameters; `None` for a regret or a comparison of laws.
    pub estimate: Option<f64>,
    /// Today; `None` where the runs that there are do not determine the law.
    pub before: Option<f64>,
    /// After the runs.
    pub after: f64,
    /// The interval expected after the runs, if they bear the estimate out.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
    /// The smallest and largest `after` over the draws of the model; equal to it without draws.
    pub after_range: (f64, f64),
}

/// What the numbers of an outlook mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutlookKind {
    /// Half the width of the interval, relative to the estimate.
    RelativeHalfWidth,
    /// Half the width of the interval.
    HalfWidth,
    /// Mean regret in the unit of the output.
    Regret,
    /// Expected logarithm of the odds for the right law of the two.
    LogOdds,
}

/// What to know about a choice of runs.
pub(crate) fn warnings(
    runs: &[NextRun],
    outlooks: &[Outlook],
    past: &Past,
    candidates: &Candidates,
    request: &NextRequest,
) -> Vec<Warning> {
    let mut list = Vec::new();
    let used: f64 = runs.iter().map(|run| run.cost * run.repeats as f64).sum();
    let count: usize = runs.iter().map(|run| run.repeats).sum();
    if used < 0.5 * request.budget && count == request.runs {
        let message = format!(
            "{:.0} % of the budget is left: the number of runs ({count}) is the limit, not the cost; allow more with --runs-at-most",
            100.0 * (1.0 - used / request.budget)
        );
        list.push(Warning::new("budget-left", message));
    }
    for (k, (name, low, high)) in candidates.limits.iter().enumerate() {
        let at = |end: f64| runs.iter().any(|run| run.inputs.get(k).is_some_and(|(_, x)| *x == end));
        if low < high && at(*high) {
            let message = format!(
                "some runs lie at the upper limit of {name}, {high:e}: a higher limit (--limit '{name}=LOW..HIGH') may do better"
            );
            list.push(Warning::new("at-limit", message));
        }
    }
    let vague = outlooks.iter().any(|o| o.kind == OutlookKind::RelativeHalfWidth && o.after > 0.2);
    if vague {
        let message =
            "the interval stays wide after these runs: the forecast of its width is then rough itself";
        list.push(Warning::new("wide-after", message.to_owned()));
    }
    if past.rows == 0 {
        let message = "no runs yet: all of this holds if the law and the values given are about right";
        list.push(Warning::new("no-runs", message.to_owned()));
    }
    list
}
