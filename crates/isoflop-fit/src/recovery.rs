//! Self-recovery: a law simulated at known values and fitted again must give them back.
//!
//! A law that does not is either not determined by its design (the curvature at the truth says so, and in which
//! direction) or not found by the search; the two are told apart here.

use isoflop_formula::{Formula, InputKind, Node};
use isoflop_laws::{DesignTable, Law};

use crate::certificate::Direction;
use crate::certify::View;
use crate::coordinates::{Slot, slots};
use crate::data::{Data, Group};
use crate::error::FitError;
use crate::fit::{Task, root};
use crate::model::Model;
use crate::objective::{Loss, Objective};
use crate::outputs::{mean_loss, rows_of_outputs};
use crate::request::{self, FitOptions, StartPlan};
use crate::solve::Solved;
use crate::streams::{Purpose, Stream};

/// Largest relative error of a parameter that counts as given back.
pub const RECOVERED: f64 = 1e-6;
/// Numbers of starts that are tried in turn on exact data.
const STARTS: [usize; 3] = [8, 64, 512];

/// What came back of a simulated law.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// Rows of the design.
    pub rows: usize,
    /// Every free parameter.
    pub parameters: Vec<Recovered>,
    /// Starts that were needed to find the values again from exact data; `None` if they were not found.
    pub starts: Option<usize>,
    /// Condition number of the scaled curvature at the truth; `None` if a direction is flat.
    pub condition: Option<f64>,
    /// The worst-determined direction at the truth.
    pub direction: Option<Direction>,
}

/// A parameter of a simulated law.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovered {
    /// Its name, with its level if it is grouped.
    pub name: String,
    /// The value simulated with.
    pub truth: f64,
    /// The value found from exact data.
    pub exact: f64,
    /// The value found from data with noise.
    pub noisy: f64,
    /// `(noisy - truth)` in standard errors, on a log scale for positive parameters.
    pub z: f64,
}

impl Recovery {
    /// Whether the table determines all parameters at the truth, as far as doubles can tell.
    pub fn is_identifiable(&self) -> bool {
        self.condition.is_some_and(|c| c < 1e10)
    }

    /// Whether the table determines all parameters so well that noise of 1 % leaves them near the truth.
    pub fn is_firm(&self) -> bool {
        self.condition.is_some_and(|c| c < 1e5)
    }

    /// Whether exact data give every parameter back to [`RECOVERED`].
    pub fn is_recovered(&self) -> bool {
        self.starts.is_some()
    }
}

/// Simulates `law` on its design at the design's values, without noise and with relative noise of 1 %, and fits both
/// by least squares (on logs where the law's recipe is). `seed` decides starts and noise.
///
/// # Errors
/// [`FitError::NoDesign`], or what is wrong with the design as a table.
///
/// ```
/// let catalogue = isoflop_laws::Catalogue::builtin()?;
/// let found = isoflop_fit::recover(catalogue.find("chinchilla")?, 0)?;
/// assert!(found.is_recovered() && found.is_identifiable());
/// assert!(found.parameters.iter().all(|p| p.z.abs() < 6.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn recover(law: &Law, seed: u64) -> Result<Recovery, FitError> {
    let (data, slots, truth) = at_truth(law)?;
    let formula = &law.formula().stacked();
    let positive = data.output.iter().all(|&y| y > 0.0);
    let log = request::objective(law, &FitOptions::default())?.log && positive;
    let objective = Objective { loss: Loss::Squares, log, delta: 1e-3 };
    let noisy_output = noised(law, &data, log, 0.01, seed);
    let data = by_noise(formula, data, &noisy_output, objective, seed)?;

    let task = Task::unchecked(formula, &data, objective, seed)?;
    let at = Solved { theta: task.model.internal(&truth), ..Solved::default() };
    let (condition, direction) = {
        let view = View::new(&task, &at);
        // Unit errors: only the shape of the direction is wanted.
        let sizes: Vec<f64> = truth.iter().map(|t| t.abs().max(1e-300)).collect();
        view.worst_direction(&sizes)
    };
    let mut starts = None;
    let mut exact = vec![f64::NAN; truth.len()];
    for count in STARTS {
        let (found, _) = task.search(&StartPlan::Count(count), &())?;
        let Some(found) = found else { continue };
        exact = task.model.natural(&found.theta);
        if exact.iter().zip(&truth).all(|(e, t)| (e - t).abs() <= RECOVERED * t.abs().max(RECOVERED)) {
            starts = Some(count);
            break;
        }
    }

    let noisy_data = Data { output: noisy_output, ..data.clone() };
    let task = Task::unchecked(formula, &noisy_data, objective, seed)?;
    // From the truth: this is about the intervals and not about the search.
    let from = task.model.internal(&truth);
    let found = task.problem(&task.model, &task.model.weights).solve(&from, &mut task.model.scratch());
    let noisy = task.model.natural(&found.theta);
    let errors = View::new(&task, &found).plain_errors();
    let parameters = (0..slots.len())
        .filter(|&s| slots[s].fixed.is_none())
        .map(|s| {
            let (t, n) = (truth[s], noisy[s]);
            let z = if slots[s].lower >= 0.0 && t > 0.0 && n > 0.0 {
                (n / t).ln() * n / errors[s]
            } else {
                (n - t) / errors[s]
            };
            Recovered { name: slots[s].name.clone(), truth: t, exact: exact[s], noisy: n, z }
        })
        .collect();
    Ok(Recovery { rows: data.rows(), parameters, starts, condition, direction })
}

/// The design of `law` as a table, with the law's own values for the output times noise of this relative `size` (on the
/// odds of an output between 0 and 1 that is fitted through them). `seed` decides the noise.
///
/// # Errors
/// [`FitError::NoDesign`], or what is wrong with the design as a table.
///
/// ```
/// let catalogue = isoflop_laws::Catalogue::builtin()?;
/// let law = catalogue.find("chinchilla")?;
/// let runs = isoflop_fit::simulate(law, 0.01, 7)?;
/// assert!(runs.rows() > 20 && runs.output.iter().all(|loss| *loss > 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn simulate(law: &Law, size: f64, seed: u64) -> Result<Data, FitError> {
    let (data, ..) = at_truth(law)?;
    let positive = data.output.iter().all(|&y| y > 0.0);
    let log = request::objective(law, &FitOptions::default())?.log && positive;
    Ok(Data { output: noised(law, &data, log, size, seed), ..data })
}

/// The outputs with noise of this size, each output of a law with several with noise of its own.
fn noised(law: &Law, data: &Data, log: bool, size: f64, seed: u64) -> Vec<f64> {
    let count = law.outputs().count();
    let rows = data.rows() / count;
    let part = |k: usize| {
        let (formula, output) = (law.formula().part(k), &data.output[k * rows..(k + 1) * rows]);
        with_noise(output, noise_of(&formula, output, log), size, (seed, k as u64))
    };
    (0..count).flat_map(part).collect()
}

/// The data with each output of a stacked formula weighed by its simulated noise.
fn by_noise(
    formula: &Formula,
    data: Data,
    noisy: &[f64],
    objective: Objective,
    seed: u64,
) -> Result<Data, FitError> {
    let rows = rows_of_outputs(formula, &data);
    if rows.is_empty() {
        return Ok(data);
    }
    let exact = Task::unchecked(formula, &data, objective, seed)?.model.y;
    let with_noise = Data { output: noisy.to_vec(), ..data.clone() };
    let noisy = Task::unchecked(formula, &with_noise, objective, seed)?.model.y;
    let residuals: Vec<f64> = noisy.iter().zip(&exact).map(|(a, b)| a - b).collect();
    let ones = vec![1.0; residuals.len()];
    let sizes: Vec<f64> = rows.iter().map(|rows| mean_loss(objective, &residuals, &ones, rows)).collect();
    let mut weights = vec![1.0; data.rows()];
    for (rows, size) in rows.iter().zip(&sizes) {
        rows.iter().for_each(|&row| weights[row] = sizes[0] / size);
    }
    Ok(Data { weights: Some(weights), ..data })
}

/// The design of a law with exact outputs, and the value of each slot that they come from.
fn at_truth(law: &Law) -> Result<(Data, Vec<Slot>, Vec<f64>), FitError> {
    let no_design = || FitError::NoDesign { law: law.id.clone() };
    let design = law.design.as_ref().ok_or_else(no_design)?;
    let formula = &law.formula().stacked();
    let mut data = bare(law.formula(), &design.table()).ok_or_else(no_design)?;
    if !formula.parts.is_empty() {
        data = Data::stacked(vec![data; formula.parts.len()]);
    }
    let slots = slots(formula, &data);
    let value = |name: &str| design.values.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    let truth: Vec<f64> = slots
        .iter()
        .map(|slot| {
            let family = slot.name.split('[').next().unwrap_or(&slot.name);
            value(&slot.name).or_else(|| value(family)).or(slot.fixed).ok_or_else(no_design)
        })
        .collect::<Result<_, _>>()?;
    let raw = Model::plain(formula, root(formula, true), &data, slots.clone(), false);
    data.output = raw.values(&raw.internal(&truth));
    Ok((data, slots, truth))
}

/// The kind of noise that has one size on the scale of the residuals.
fn noise_of(formula: &Formula, output: &[f64], log: bool) -> Noise {
    let positive = output.iter().all(|&y| y > 0.0);
    let plain =
        formula.output.as_ref().is_none_or(|left| formula.graph.node(left.lhs) == Node::Input(left.input));
    match (log || !plain && positive, plain, output.iter().all(|&y| y > 0.0 && y < 1.0)) {
        (false, true, _) | (false, _, false) => Noise::Spread,
        (_, false, true) if !log => Noise::Odds,
        _ => Noise::Relative,
    }
}

/// The inputs of a design without an output; `None` if a column is missing.
fn bare(formula: &Formula, table: &DesignTable) -> Option<Data> {
    let output = formula.output.as_ref()?;
    let mut inputs = Vec::new();
    for input in &formula.symbols.inputs {
        inputs.push(match &input.kind {
            InputKind::Column if input.name == output.name => Vec::new(),
            kind => table.input(&input.name, kind)?,
        });
    }
    let mut groups: Vec<Group> = Vec::new();
    for column in formula.symbols.params.iter().filter_map(|p| p.group.as_ref()) {
        if groups.iter().any(|g| g.column == *column) {
            continue;
        }
        let texts = table.text(column)?;
        let mut levels: Vec<String> = Vec::new();
        let codes = texts
            .iter()
            .map(|text| match levels.iter().position(|level| level == text) {
                Some(code) => code as u32,
                None => {
                    levels.push(text.clone());
                    levels.len() as u32 - 1
                }
            })
            .collect();
        groups.push(Group { column: column.clone(), levels, codes });
    }
    Some(Data {
        inputs,
        past: Data::past_of(formula),
        output: vec![1.0; table.rows],
        groups,
        group_of_param: formula.symbols.params.iter().map(|p| p.group.clone()).collect(),
        ..Data::default()
    })
}

/// What noise of 1 % is a share of, so that it has one size on the scale of the residuals.
#[derive(Clone, Copy)]
enum Noise {
    /// The value itself.
    Relative,
    /// The odds.
    Odds,
    /// The spread of the output.
    Spread,
}

fn with_noise(output: &[f64], kind: Noise, size: f64, (seed, task): (u64, u64)) -> Vec<f64> {
    // Task 1 is that of runs simulated at a user's inputs.
    let mut stream = Stream::new(seed, Purpose::Noise, task * 1000);
    let rows = output.len() as f64;
    let mean = output.iter().sum::<f64>() / rows;
    let spread = (output.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / rows).sqrt();
    output
        .iter()
        .map(|&y| {
            let noise = size * stream.normal();
            match kind {
                Noise::Relative => y * noise.exp(),
                Noise::Odds => 1.0 / (1.0 + (1.0 - y) / y * (-noise).exp()),
                Noise::Spread => y + spread * noise,
            }
        })
        .collect()
}
