//! What is known of each goal before and after the runs.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::error::PlanError;
use crate::next::choose::State;
use crate::next::goal::{Lens, columns_at, compiled};
use crate::next::request::{Goal, NextRequest, Past};
use crate::next::result::{Outlook, OutlookKind};
use crate::next::sensitivity::{Point, Sensitivity};
use crate::smooth::value_at;

/// The outlook on every goal; `lenses` are those of the estimate and then of its draws.
pub(crate) fn outlooks(
    law: &Sensitivity,
    best: &Point,
    lenses: &[Lens],
    counts: &[(usize, usize)],
    past: &Past,
    request: &NextRequest,
) -> Vec<Outlook> {
    let slots: Vec<Option<usize>> =
        counts.iter().flat_map(|&(i, repeats)| std::iter::repeat_n(Some(i), repeats)).collect();
    let Some(lens) = lenses.first() else { return Vec::new() };
    let (before, after) = (State::new(lens, &[]).reached(), State::new(lens, &slots).reached());
    let draws: Vec<Vec<f64>> = lenses.iter().map(|lens| State::new(lens, &slots).reached()).collect();
    let known = past.rows > law.len();
    let reach = |rows: usize| t_quantile(request.level, rows.saturating_sub(law.len()));
    let (wide, narrow) = (reach(past.rows), reach(past.rows + slots.len()));
    let mut list = Vec::new();
    for (k, goal) in request.goals.iter().enumerate() {
        let range = |f: &dyn Fn(f64) -> f64| {
            let values = draws.iter().filter_map(|draw| draw.get(k)).map(|x| f(*x));
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let half = |variance: f64, reach: f64| reach * variance.sqrt();
        let (estimate, kind) = match goal {
            Goal::Output { point } => (at(law, best, point).ok(), OutlookKind::RelativeHalfWidth),
            Goal::Quantity { name, formula } => {
                (value(law, best, name, formula).ok(), OutlookKind::HalfWidth)
            }
            Goal::Regret { .. } => (None, OutlookKind::Regret),
            Goal::Doubt { .. } => (None, OutlookKind::LogOdds),
        };
        let size = |variance: f64, reach: f64| match kind {
            OutlookKind::RelativeHalfWidth => half(variance, reach).exp_m1(),
            OutlookKind::HalfWidth => half(variance, reach),
            OutlookKind::Regret | OutlookKind::LogOdds => 0.5 * variance,
        };
        let reached = size(after[k], narrow);
        let (low, high) = match (estimate, kind) {
            (Some(x), OutlookKind::RelativeHalfWidth) => {
                (Some(x / (1.0 + reached)), Some(x * (1.0 + reached)))
            }
            (Some(x), _) => (Some(x - reached), Some(x + reached)),
            _ => (None, None),
        };
        let now = if kind == OutlookKind::LogOdds { None } else { known.then(|| size(before[k], wide)) };
        list.push(Outlook {
            name: goal.to_string(),
            kind,
            estimate,
            before: now,
            after: reached,
            low,
            high,
            after_range: range(&|x| size(x, narrow)),
        });
    }
    list
}

/// Half the width of a two-sided interval in standard deviations; that of the normal law where there are no degrees of
/// freedom to estimate the noise with.
fn t_quantile(level: f64, freedom: usize) -> f64 {
    let freedom = if freedom == 0 { 1e6 } else { freedom as f64 };
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::NAN, |law| law.inverse_cdf(0.5 + 0.5 * level))
}

fn at(law: &Sensitivity, best: &Point, point: &[(String, f64)]) -> Result<f64, PlanError> {
    Ok(law.predict(&columns_at(law, point)?, best).first().copied().unwrap_or(f64::NAN))
}

fn value(law: &Sensitivity, best: &Point, name: &str, text: &str) -> Result<f64, PlanError> {
    let (formula, names) = compiled(law, name, text)?;
    let place = |name: &String| law.names().iter().position(|known| known == name);
    let params: Vec<f64> =
        names.iter().map(|name| place(name).map_or(f64::NAN, |k| best.params[k])).collect();
    Ok(value_at(&formula.graph, formula.body, &[], &params))
}
