//! Goals as mathematics: which variances count, at given values of the parameters.

use isoflop_formula::{Formula, ParamSpec, Scope};

use crate::error::PlanError;
use crate::model::Model;
use crate::next::candidates::Candidates;
use crate::next::request::{Goal, NextRequest, Past};
use crate::next::sensitivity::{Point, Sensitivity};
use crate::plan::plan;
use crate::request::Request;

/// Standard deviation of a coordinate before any run: a factor of 20. It only keeps sums finite; what the runs are to
/// determine they must determine themselves.
const BEFORE: f64 = 3.0;
/// Step for the second derivatives of a regret.
const STEP: f64 = 1e-2;

/// The law at one point of its parameters: what is known, what a candidate adds, and what counts.
#[derive(Debug, Clone)]
pub(crate) struct Lens {
    /// Number of coordinates.
    pub(crate) n: usize,
    /// Precision that the past runs give, with a trace of what is known beforehand.
    pub(crate) precision: Vec<f64>,
    /// Slopes of each candidate in standard deviations of a run: candidates times `n`.
    pub(crate) slopes: Vec<f64>,
    /// What counts.
    pub(crate) aims: Vec<Aim>,
    /// Share of this point in the whole.
    pub(crate) weight: f64,
}

/// One goal at one point.
#[derive(Debug, Clone)]
pub(crate) enum Aim {
    /// The sum of the variances along these directions.
    Variance(Vec<Vec<f64>>),
    /// How far the other law is, at each candidate, in standard deviations of a run.
    Doubt(Vec<f64>),
}

/// The lens at one point of the law.
pub(crate) fn lens(
    law: &Sensitivity,
    model: &Model,
    point: &Point,
    past: &Past,
    candidates: &Candidates,
    request: &NextRequest,
) -> Result<Lens, PlanError> {
    let mut lens = bare(law, point, past, &candidates.columns, request.noise);
    for goal in &request.goals {
        lens.aims.push(match goal {
            Goal::Output { point: at } => Aim::Variance(vec![output(law, point, at)?]),
            Goal::Quantity { name, formula } => Aim::Variance(vec![quantity(law, point, name, formula)?]),
            Goal::Regret { budget } => Aim::Variance(regret(law, model, point, *budget, request)?),
            Goal::Doubt { rival } => {
                let (other, at, columns) = rival_at(law, rival, &candidates.columns)?;
                let (own, its) = (law.predict(&candidates.columns, point), other.predict(&columns, &at));
                Aim::Doubt(differences(&own, &its, request.noise))
            }
        });
    }
    Ok(lens)
}

/// The lens of a rival law, which must be told from `law` as well.
pub(crate) fn rival_lens(
    law: &Sensitivity,
    model: &Model,
    rival: &Model,
    past: &Past,
    candidates: &Candidates,
    request: &NextRequest,
) -> Result<Lens, PlanError> {
    let (other, at, columns) = rival_at(law, rival, &candidates.columns)?;
    let (_, _, old) = rival_at(law, rival, &past.columns)?;
    let past = Past { columns: if past.rows == 0 { Vec::new() } else { old }, rows: past.rows };
    let mut lens = bare(&other, &at, &past, &columns, request.noise);
    let own = law.predict(&candidates.columns, &law.values(model)?);
    lens.aims.push(Aim::Doubt(differences(&other.predict(&columns, &at), &own, request.noise)));
    Ok(lens)
}

/// What is known at a point, without goals.
fn bare(law: &Sensitivity, point: &Point, past: &Past, columns: &[Vec<f64>], noise: f64) -> Lens {
    let n = law.len();
    let mut precision = vec![0.0; n * n];
    for i in 0..n {
        precision[i * n + i] = 1.0 / (BEFORE * BEFORE);
    }
    if past.rows > 0 {
        for row in law.slopes(&past.columns, point).chunks_exact(n) {
            add(&mut precision, row, noise.powi(-2));
        }
    }
    let slopes = law.slopes(columns, point).into_iter().map(|slope| slope / noise).collect();
    Lens { n, precision, slopes, aims: Vec::new(), weight: 1.0 }
}

/// Adds `weight` times the square of `row`.
pub(crate) fn add(matrix: &mut [f64], row: &[f64], weight: f64) {
    let n = row.len();
    for i in 0..n {
        for j in 0..n {
            matrix[i * n + j] += weight * row[i] * row[j];
        }
    }
}

/// Slopes of the logarithm of the output at a point.
fn output(law: &Sensitivity, point: &Point, at: &[(String, f64)]) -> Result<Vec<f64>, PlanError> {
    let columns = columns_at(law, at)?;
    let value = law.predict(&columns, point);
    let slopes = law.slopes(&columns, point);
    if value.iter().all(|x| *x > 0.0 && x.is_finite()) {
        Ok(slopes)
    } else {
        Err(PlanError::NextCannot {
            law: law.name.clone(),
            what: "it has no positive value at the point of --goal".to_owned(),
        })
    }
}

/// One row of inputs.
pub(crate) fn columns_at(law: &Sensitivity, at: &[(String, f64)]) -> Result<Vec<Vec<f64>>, PlanError> {
    let mut columns = vec![Vec::new(); law.width()];
    let known: Vec<String> = law.inputs().map(|(_, name)| name.to_owned()).collect();
    if let Some((name, _)) = at.iter().find(|(name, _)| !known.contains(name)) {
        return Err(PlanError::UnknownLimit { name: name.clone(), law: law.name.clone(), known });
    }
    for (k, name) in law.inputs() {
        let value = at.iter().find(|(given, _)| given == name).map(|(_, x)| *x);
        columns[k] = vec![value.ok_or_else(|| PlanError::GoalLacks { name: name.to_owned() })?];
    }
    Ok(columns)
}

/// A formula of the parameters, compiled, with the names of those it has.
pub(crate) fn compiled(
    law: &Sensitivity,
    name: &str,
    text: &str,
) -> Result<(Formula, Vec<String>), PlanError> {
    let spec = |name: &String| ParamSpec {
        name: name.clone(),
        lower: f64::NEG_INFINITY,
        upper: f64::INFINITY,
        ..ParamSpec::default()
    };
    let scope = Scope { params: law.names().iter().map(spec).collect(), ..Scope::default() };
    let formula = Formula::expression(text, &scope).map_err(|diagnostics| PlanError::Formula {
        place: format!("--goal {name}"),
        text: text.to_owned(),
        diagnostics,
    })?;
    let names: Vec<String> = formula.symbols.params.iter().map(|p| p.name.clone()).collect();
    if names.is_empty() {
        return Err(PlanError::IdleGoal { text: text.to_owned(), known: law.names().to_vec() });
    }
    Ok((formula, names))
}

fn quantity(law: &Sensitivity, point: &Point, name: &str, text: &str) -> Result<Vec<f64>, PlanError> {
    let (formula, names) = compiled(law, name, text)?;
    Ok(law.slopes_of(&formula.graph, formula.body, &names, point))
}

/// Directions whose summed squares are twice the mean regret of the decision: the Cholesky factor of the second
/// derivatives of `loss(best inputs of the moved law) - loss(best inputs)`, both under the law as it is.
fn regret(
    law: &Sensitivity,
    model: &Model,
    point: &Point,
    budget: f64,
    request: &NextRequest,
) -> Result<Vec<Vec<f64>>, PlanError> {
    let n = law.len();
    let chosen = |by: &[f64]| -> Result<f64, PlanError> {
        let moved = law.moved(point, by);
        let at = decided(law, model, &moved, budget, request)?;
        let value = law.predict(&columns_at(law, &at)?, point);
        Ok(value.first().copied().unwrap_or(f64::NAN))
    };
    let best = chosen(&vec![0.0; n])?;
    // The mean of both sides: odd powers drop out.
    let both = |i: usize, j: usize| -> Result<f64, PlanError> {
        let mut by = vec![0.0; n];
        by[i] += STEP;
        if j != i {
            by[j] += STEP;
        }
        let up = chosen(&by)?;
        by.iter_mut().for_each(|x| *x = -*x);
        Ok((0.5 * (up + chosen(&by)?) - best) / (STEP * STEP))
    };
    let mut curve = vec![0.0; n * n];
    for i in 0..n {
        curve[i * n + i] = both(i, i)?;
    }
    for i in 0..n {
        for j in 0..i {
            let value = 0.5 * (both(i, j)? - curve[i * n + i] - curve[j * n + j]);
            curve[i * n + j] = value;
            curve[j * n + i] = value;
        }
    }
    Ok(pivoted_factor(&mut curve, n))
}

/// Best inputs at a cost, for the law at this point.
pub(crate) fn decided(
    law: &Sensitivity,
    model: &Model,
    point: &Point,
    budget: f64,
    request: &NextRequest,
) -> Result<Vec<(String, f64)>, PlanError> {
    let output = model.formula.output.as_ref().map_or("loss", |left| left.name.as_str());
    let mut ask = Request::minimize(output).subject_to(format!("{} <= {budget:e}", request.cost));
    for (_, name) in law.inputs() {
        ask = match request.given.iter().find(|(given, _)| given == name) {
            Some((_, x)) => ask.given(name, x),
            None => ask.over([name]),
        };
    }
    let values = law.names().iter().cloned().zip(point.params.iter().copied()).collect();
    let moved = Model { values, draws: Vec::new(), ..model.clone() };
    let plan = plan(&moved, &ask)?;
    let decided = plan.decision.into_iter().map(|q| (q.name, q.estimate));
    Ok(decided.chain(request.given.iter().cloned()).collect())
}

/// Vectors whose squares add up to a matrix without negative curvature, to rounding.
fn pivoted_factor(a: &mut [f64], n: usize) -> Vec<Vec<f64>> {
    let largest = |a: &[f64]| (0..n).map(|i| (i, a[i * n + i])).max_by(|p, q| p.1.total_cmp(&q.1));
    let top = largest(a).map_or(0.0, |(_, x)| x);
    let mut vectors = Vec::new();
    while let Some((i, pivot)) = largest(a) {
        if vectors.len() == n || pivot <= 1e-4 * top || pivot <= 0.0 {
            break;
        }
        let vector: Vec<f64> = (0..n).map(|k| a[i * n + k] / pivot.sqrt()).collect();
        add(a, &vector, -1.0);
        vectors.push(vector);
    }
    vectors
}

/// The rival with its values, and the columns of `law` in the rival's order.
type Rival = (Sensitivity, Point, Vec<Vec<f64>>);

fn rival_at(law: &Sensitivity, rival: &Model, columns: &[Vec<f64>]) -> Result<Rival, PlanError> {
    let other = Sensitivity::new(rival)?;
    let at = other.values(rival)?;
    let mut own = vec![Vec::new(); other.width()];
    for (k, name) in other.inputs() {
        let place = law.inputs().find(|(_, known)| *known == name).map(|(k, _)| k);
        let place = place.ok_or_else(|| PlanError::RivalReads {
            rival: rival.name.clone(),
            law: law.name.clone(),
            name: name.to_owned(),
        })?;
        own[k] = columns.get(place).cloned().unwrap_or_default();
    }
    Ok((other, at, own))
}

/// `ln other - ln own` in standard deviations.
fn differences(own: &[f64], other: &[f64], noise: f64) -> Vec<f64> {
    let one = |(own, other): (&f64, &f64)| {
        let d = (other / own).ln() / noise;
        if d.is_finite() { d } else { 0.0 }
    };
    own.iter().zip(other).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_squares_to_its_matrix() {
        let whole = [5.0, 2.0, 4.0, 2.0, 1.0, 1.0, 4.0, 1.0, 5.0];
        let vectors = pivoted_factor(&mut whole.to_vec(), 3);
        let mut sum = vec![0.0; 9];
        vectors.iter().for_each(|v| add(&mut sum, v, 1.0));
        assert!(sum.iter().zip(whole).all(|(a, b)| (a - b).abs() < 1e-10), "{sum:?}");
    }
}
