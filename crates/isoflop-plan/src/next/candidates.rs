//! The runs that could be done: a grid over the inputs within the limits, each with its cost.

use isoflop_formula::{Formula, InputSpec, Scope, Unit, evaluate};

use crate::error::PlanError;
use crate::model::Model;
use crate::next::request::{NextRequest, Past};
use crate::next::sensitivity::{Point, Sensitivity};

/// How far beyond the largest past run an input may go if nothing is said.
const BEYOND: f64 = 10.0;

/// Runs to choose from.
#[derive(Debug, Clone)]
pub(crate) struct Candidates {
    /// Inputs of the law that have a grid: name, place in the formula.
    names: Vec<(String, usize)>,
    /// Values by place of the input in the formula.
    pub(crate) columns: Vec<Vec<f64>>,
    /// Cost of each.
    pub(crate) costs: Vec<f64>,
    /// Range of each input.
    pub(crate) limits: Vec<(String, f64, f64)>,
}

impl Candidates {
    pub(crate) fn new(
        law: &Sensitivity,
        model: &Model,
        past: &Past,
        request: &NextRequest,
    ) -> Result<Candidates, PlanError> {
        let names: Vec<(String, usize)> = law.inputs().map(|(k, name)| (name.to_owned(), k)).collect();
        let known = || names.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let asked = request.limits.iter().map(|l| &l.0).chain(request.given.iter().map(|g| &g.0));
        if let Some(name) = asked.into_iter().find(|name| !known().contains(name)) {
            return Err(PlanError::UnknownLimit {
                name: name.clone(),
                law: model.name.clone(),
                known: known(),
            });
        }
        let mut limits = Vec::new();
        for (name, k) in &names {
            let given = request.given.iter().find(|(known, _)| known == name).map(|&(_, x)| (x, x));
            let asked = request.limits.iter().find(|l| l.0 == *name).map(|l| (l.1, l.2));
            let usual = || model.usual.iter().find(|l| l.0 == *name).map(|l| (l.1, l.2));
            let limit = given.or(asked).or_else(|| seen(past, *k)).or_else(usual);
            let (low, high) = limit.ok_or_else(|| PlanError::NoLimit { name: name.clone() })?;
            limits.push((name.clone(), low, high));
        }
        let moving = limits.iter().filter(|(_, low, high)| low < high).count().max(1);
        // The finest grid with no more than the candidates asked for.
        let size = ((request.candidates as f64).powf(1.0 / moving as f64) + 1e-9).floor().max(2.0) as usize;
        let levels: Vec<Vec<f64>> =
            limits.iter().map(|(_, low, high)| geometric(*low, *high, size)).collect();
        let mut columns = vec![Vec::new(); law.width()];
        let rows: usize = levels.iter().map(Vec::len).product();
        let mut repeat = rows;
        for ((_, k), levels) in names.iter().zip(&levels) {
            repeat /= levels.len();
            columns[*k] = (0..rows).map(|row| levels[row / repeat % levels.len()]).collect();
        }
        let mut all = Candidates { names, columns, costs: vec![0.0; rows], limits };
        for text in &request.keep {
            let met = all.evaluate("--keep", text)?;
            all.keep(|i, _| met[i] != 0.0 && !met[i].is_nan());
            if all.costs.is_empty() {
                return Err(PlanError::NothingKept { text: text.clone() });
            }
        }
        all.costs = all.evaluate("--cost", &request.cost)?;
        let most = request.budget.min(request.largest);
        let cheapest = all.costs.iter().copied().fold(f64::INFINITY, f64::min);
        all.keep(|_, cost| cost > 0.0 && cost <= most);
        if all.costs.is_empty() {
            return Err(PlanError::NothingAffordable { cheapest, most });
        }
        Ok(all)
    }

    /// A formula of the inputs at each candidate.
    fn evaluate(&self, place: &str, text: &str) -> Result<Vec<f64>, PlanError> {
        let scope = Scope {
            inputs: self.names.iter().map(|(name, _)| InputSpec::new(name, Unit::default())).collect(),
            ..Scope::default()
        };
        let formula = Formula::expression(text, &scope).map_err(|diagnostics| PlanError::Formula {
            place: place.to_owned(),
            text: text.to_owned(),
            diagnostics,
        })?;
        let column = |name: &String| {
            let place = self.names.iter().find(|(known, _)| known == name).map(|(_, k)| *k);
            place.map_or(&[][..], |k| self.columns[k].as_slice())
        };
        let slices: Vec<&[f64]> = formula.symbols.inputs.iter().map(|input| column(&input.name)).collect();
        let mut out = vec![f64::NAN; self.costs.len()];
        evaluate(&formula.graph, formula.body, &slices, &[], &mut out);
        Ok(out)
    }

    /// Leaves out candidates at which the law has no positive finite value.
    pub(crate) fn keep_usable(&mut self, law: &Sensitivity, point: &Point) -> Result<(), PlanError> {
        let values = law.predict(&self.columns, point);
        self.keep(|i, _| values[i] > 0.0 && values[i].is_finite());
        if self.costs.is_empty() {
            return Err(PlanError::NextCannot {
                law: law.name.clone(),
                what: "it predicts no positive value within the limits".to_owned(),
            });
        }
        Ok(())
    }

    fn keep(&mut self, wanted: impl Fn(usize, f64) -> bool) {
        let rows: Vec<usize> = (0..self.costs.len()).filter(|&i| wanted(i, self.costs[i])).collect();
        for column in self.columns.iter_mut().filter(|column| !column.is_empty()) {
            *column = rows.iter().map(|&i| column[i]).collect();
        }
        self.costs = rows.iter().map(|&i| self.costs[i]).collect();
    }

    /// The inputs of one candidate.
    pub(crate) fn at(&self, i: usize) -> Vec<(String, f64)> {
        self.names.iter().map(|(name, k)| (name.clone(), self.columns[*k][i])).collect()
    }
}

/// From the smallest past value to [`BEYOND`] times the largest.
fn seen(past: &Past, input: usize) -> Option<(f64, f64)> {
    let column = past.columns.get(input).filter(|column| !column.is_empty())?;
    let low = column.iter().copied().fold(f64::INFINITY, f64::min);
    let high = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (low > 0.0 && high.is_finite()).then_some((low, high * BEYOND))
}

/// `size` values from `low` to `high`, evenly spaced in the logarithm and rounded to three digits in between.
fn geometric(low: f64, high: f64, size: usize) -> Vec<f64> {
    if low >= high {
        return vec![low];
    }
    let rounded = |x: f64| format!("{x:.2e}").parse().unwrap_or(x);
    let inner = |i: usize| rounded(low * (high / low).powf(i as f64 / (size - 1) as f64));
    let mut list: Vec<f64> = [low].into_iter().chain((1..size - 1).map(inner)).chain([high]).collect();
    list.retain(|x| (low..=high).contains(x));
    list.dedup();
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_are_even_and_keep_their_ends() {
        assert_eq!(geometric(1e6, 1e9, 4), [1e6, 1e7, 1e8, 1e9]);
        assert_eq!(geometric(5.0, 5.0, 9), [5.0]);
        let fine = geometric(1.0, 1.01, 30);
        assert_eq!((fine.first(), fine.last()), (Some(&1.0), Some(&1.01)));
        assert!(fine.windows(2).all(|w| w[0] < w[1]));
    }
}
