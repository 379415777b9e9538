//! Both recipes in one fit: exponents shared, everything else per recipe. And the test whether they may be shared.
//!
//! The test is a Wald test with the covariance of the bootstrap: the differences of the exponents of the two separate
//! fits, over their spread in the replicates, against an F distribution with as many degrees of freedom as rows are left
//! after both fits. It holds for any objective and with clusters, where a likelihood ratio would not.

use isoflop_fit::{Data, FitOptions, Group, Objective, Progress};
use isoflop_formula::{Binary, Formula, InputSpec, Node, Scope};
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use crate::contrast::arms::{Arm, Fits};
use crate::error::AuditError;
use crate::numbers::{median, quantile, solve, sorted};

/// Name of the column of arms inside the joint fit.
const ARM: &str = "arm of the contrast";

/// Which exponents the answer is based on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// Shared if the test does not object.
    Auto,
    /// Shared.
    Shared,
    /// Each recipe its own.
    Separate,
}

/// The test of shared exponents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedTest {
    /// The exponents.
    pub exponents: Vec<String>,
    /// Their differences, first recipe minus second.
    pub differences: Vec<f64>,
    /// Robust standard errors of the differences, from the replicates.
    pub errors: Vec<f64>,
    /// Wald statistic per exponent.
    pub statistic: Option<f64>,
    /// Chance of one as large if the exponents are equal.
    pub p: Option<f64>,
}

/// Parameters that stand in an exponent over an input.
fn exponents(formula: &Formula) -> Vec<usize> {
    let graph = &formula.graph;
    let root = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
    let nodes = graph.reachable(&[root]);
    let params = |id| -> Vec<usize> {
        let of = graph.reachable(&[id]);
        of.iter()
            .filter_map(|&n| if let Node::Param(k) = graph.node(n) { Some(k as usize) } else { None })
            .collect()
    };
    let reads = |id| graph.reachable(&[id]).iter().any(|&n| matches!(graph.node(n), Node::Input(_)));
    let mut found: Vec<usize> = nodes
        .iter()
        .filter_map(|&id| match graph.node(id) {
            Node::Binary(Binary::Pow, base, power) if reads(base) => Some(params(power)),
            _ => None,
        })
        .flatten()
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The joint fit.
pub(crate) fn fit(
    law: &Law,
    formula: &Formula,
    arms: &[Arm; 2],
    objective: Objective,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Fits, AuditError> {
    let shared = exponents(formula);
    if shared.is_empty() {
        return Err(AuditError::NoExponents { law: law.id.clone() });
    }
    let joint = grouped(law, formula, &shared)?;
    let data = together(&joint, formula, arms);
    let strata: Vec<u32> = (0..2).flat_map(|a| vec![a as u32; arms[a].data.rows()]).collect();
    let strata = data.clusters.is_none().then_some(strata.as_slice());
    let mut fits = Fits::of(&joint, &data, strata, objective, options, progress)?;
    fits.exponents = shared.iter().map(|&k| formula.symbols.params[k].name.clone()).collect();
    // The slots refer to the parameters of the joint formula, which has them in its own order.
    for slot in &mut fits.slots {
        let name = &joint.symbols.params[slot.param as usize].name;
        let place = formula.symbols.params.iter().position(|p| p.name == *name);
        slot.param = place.unwrap_or(slot.param as usize) as u32;
    }
    Ok(fits)
}

/// The formula with every parameter that is not shared made one per arm.
fn grouped(law: &Law, formula: &Formula, shared: &[usize]) -> Result<Formula, AuditError> {
    let mut scope = Scope { sets: law.scope().sets, ..Scope::of(&formula.symbols) };
    if let Some(output) = &formula.output {
        scope.output = Some(InputSpec { name: output.name.clone(), unit: output.unit });
        scope.inputs.retain(|i| i.name != output.name);
    }
    scope.text_columns.push(ARM.to_owned());
    let names: Vec<&str> = shared.iter().map(|&k| formula.symbols.params[k].name.as_str()).collect();
    for param in scope.params.iter_mut().filter(|p| p.fixed.is_none() && p.tie.is_none()) {
        if !names.contains(&param.name.as_str()) {
            param.group = Some(ARM.to_owned());
        }
    }
    let text = formula.to_text();
    Formula::compile(&text, &scope)
        .map_err(|diagnostics| isoflop_fit::FitError::Formula { text, diagnostics }.into())
}

/// The rows of both arms, first those of the first, bound to the joint formula.
fn together(joint: &Formula, formula: &Formula, arms: &[Arm; 2]) -> Data {
    let [a, b] = [&arms[0].data, &arms[1].data];
    let chain = |x: &[f64], y: &[f64]| x.iter().chain(y).copied().collect::<Vec<f64>>();
    let input = |name: &str| {
        let place = formula.symbols.inputs.iter().position(|i| i.name == name);
        place.map_or_else(Vec::new, |k| chain(&a.inputs[k], &b.inputs[k]))
    };
    let codes = |a_code: u32, b_code: u32| {
        (0..a.rows()).map(|_| a_code).chain((0..b.rows()).map(|_| b_code)).collect::<Vec<u32>>()
    };
    let own = Group {
        column: ARM.to_owned(),
        levels: vec![arms[0].name.clone(), arms[1].name.clone()],
        codes: codes(0, 1),
    };
    let clusters = a.clusters.as_ref().zip(b.clusters.as_ref()).map(|(x, y)| isoflop_fit::Clusters {
        column: x.column.clone(),
        codes: x.codes.iter().copied().chain(y.codes.iter().map(|c| c + x.count as u32)).collect(),
        count: x.count + y.count,
    });
    Data {
        inputs: joint.symbols.inputs.iter().map(|i| input(&i.name)).collect(),
        past: Data::past_of(joint),
        output: chain(&a.output, &b.output),
        weights: a.weights.as_ref().zip(b.weights.as_ref()).map(|(x, y)| chain(x, y)),
        groups: vec![own],
        clusters,
        group_of_param: joint.symbols.params.iter().map(|p| p.group.clone()).collect(),
        families: Vec::new(),
    }
}

/// The Wald test of equal exponents.
pub(crate) fn test(names: &[String], fits: &[Fits; 2], arms: &[Arm; 2]) -> SharedTest {
    let place = |fit: &Fits, name: &String| fit.slots.iter().position(|s| s.name == *name);
    let difference = |values: [&Vec<f64>; 2]| -> Vec<f64> {
        names
            .iter()
            .map(|name| match (place(&fits[0], name), place(&fits[1], name)) {
                (Some(a), Some(b)) => values[0][a] - values[1][b],
                _ => f64::NAN,
            })
            .collect()
    };
    let differences = difference([&fits[0].estimates, &fits[1].estimates]);
    let draws: Vec<Vec<f64>> = fits[0]
        .replicates
        .iter()
        .zip(&fits[1].replicates)
        .filter_map(|(a, b)| Some(difference([a.as_ref()?, b.as_ref()?])))
        .collect();
    let q = names.len();
    // Spread between quartiles, and correlations of values held within four of them: one replicate far out must not
    // decide the test.
    let centres: Vec<f64> = (0..q).map(|k| median(draws.iter().map(|d| d[k]))).collect();
    let errors: Vec<f64> = (0..q)
        .map(|k| {
            let values = sorted(draws.iter().map(|d| d[k]));
            (quantile(&values, 0.75) - quantile(&values, 0.25)) / 1.349
        })
        .collect();
    let bounded: Vec<Vec<f64>> = draws
        .iter()
        .map(|d| (0..q).map(|k| ((d[k] - centres[k]) / errors[k]).clamp(-4.0, 4.0)).collect())
        .collect();
    let product = |i: usize, j: usize| bounded.iter().map(|b| b[i] * b[j]).sum::<f64>();
    let degrees: f64 = (0..2).map(|k| arms[k].data.rows() as f64 - fits[k].free as f64).sum::<f64>().max(1.0);
    // Resampled residuals are smaller than the noise by the parameters spent.
    let rows: f64 = arms.iter().map(|a| a.data.rows() as f64).sum();
    let system: Vec<Vec<f64>> = (0..q)
        .map(|i| {
            let mut line: Vec<f64> = (0..q)
                .map(|j| {
                    product(i, j) / (product(i, i) * product(j, j)).sqrt() * errors[i] * errors[j] * rows
                        / degrees
                })
                .collect();
            line.push(differences[i]);
            line
        })
        .collect();
    let statistic = solve(system)
        .map(|x| x.iter().zip(&differences).map(|(x, d)| x * d).sum::<f64>() / q as f64)
        .filter(|s| s.is_finite() && *s >= 0.0);
    let law = FisherSnedecor::new(q as f64, degrees).ok();
    let p = statistic.zip(law).map(|(s, law)| law.sf(s));
    SharedTest { exponents: names.to_vec(), differences, errors, statistic, p }
}
