//! The main job: starts, solver, certificate, intervals and the answer under other objectives.

use isoflop_formula::{Formula, InputKind, NodeId, Part};
use isoflop_laws::Law;
use rayon::prelude::*;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::certificate::Starts;
use crate::certify::certify;
use crate::coordinates::{Slot, slots};
use crate::data::Data;
use crate::error::FitError;
use crate::interval::{self, Quantities};
use crate::model::{Model, Scale};
use crate::objective::{Loss, Objective};
use crate::outputs::{self, OutputFit};
use crate::probe::probe;
use crate::request::{self, FitOptions, StartPlan};
use crate::rescue;
use crate::result::{Choice, Fit, InputRange, ObjectiveValue, Parameter, Warning};
use crate::shards::Given;
use crate::solve::{CERTIFIED, Problem, Solved};
use crate::start::{self, Starter};
use crate::streams::{Purpose, Stream};

/// Data-scaled starts of `--starts auto`.
const AUTO_STARTS: usize = 8;
/// Larger tables are searched on a random part of this size; the optima found there are finished on all rows.
const SEARCH_ROWS: usize = 4096;
/// Two objectives this close, relatively, are the same optimum.
const SAME: f64 = 1e-6;

/// Hears how far a fit is, and can stop it.
pub trait Progress: Sync {
    /// Called as bootstrap replicates finish.
    fn replicates(&self, _done: usize, _total: usize) {}
    /// Asked between pieces of work; `true` ends the fit with [`FitError::Cancelled`].
    fn cancelled(&self) -> bool {
        false
    }
}

impl Progress for () {}

/// Fits `law` to `data`.
///
/// `data` has one value per row for every input of the law's formula; see [`Data`]. The work runs on the current
/// rayon pool and gives the same bits on any number of threads; `options.seed` decides starts and replicates.
///
/// # Errors
/// What is wrong with the request or the table, see [`FitError`]. A fit whose optimum could not be certified is no
/// error: its [`Fit::certificate`] says so.
pub fn fit(law: &Law, data: &Data, options: &FitOptions, progress: &dyn Progress) -> Result<Fit, FitError> {
    fit_given(law, data, options, None, progress)
}

/// What a fit works on: the formula of all outputs, and for a law with several of them the rows as they are weighed, with
/// what each output weighs.
pub(crate) struct Basis {
    pub(crate) formula: Formula,
    pub(crate) objective: Objective,
    weighed: Option<(Data, Vec<f64>)>,
}

impl Basis {
    pub(crate) fn new(
        law: &Law,
        data: &Data,
        options: &FitOptions,
        progress: &dyn Progress,
    ) -> Result<Basis, FitError> {
        let formula = request::overridden(law, &options.overrides)?.stacked();
        let objective = request::objective(law, options)?;
        let weighed = match formula.parts.is_empty() {
            true => None,
            false => {
                let search = (&options.starts, options.seed);
                Some(outputs::weighed(&formula, data, objective, search, progress)?)
            }
        };
        Ok(Basis { formula, objective, weighed })
    }

    /// The table with its law and objective; `data` as given to [`Basis::new`].
    pub(crate) fn task<'a>(&'a self, data: &'a Data, seed: u64) -> Result<Task<'a>, FitError> {
        let data = self.weighed.as_ref().map_or(data, |(data, _)| data);
        Task::new(&self.formula, data, self.objective, seed)
    }
}

/// As [`fit`], with the replicates of the bootstrap if they were solved before.
pub(crate) fn fit_given(
    law: &Law,
    data: &Data,
    options: &FitOptions,
    given: Option<Given<'_>>,
    progress: &dyn Progress,
) -> Result<Fit, FitError> {
    if !(options.level > 0.0 && options.level < 1.0) {
        return Err(FitError::BadLevel { level: options.level });
    }
    let basis = Basis::new(law, data, options, progress)?;
    let task = basis.task(data, options.seed)?;
    let (formula, objective, data) = (&basis.formula, basis.objective, task.data);
    let (best, starts) = task.best(&options.starts, progress)?;
    if let Some(given) = given {
        given.check(&best, options)?;
    }
    let estimates = task.model.natural(&best.theta);

    let slots = &task.model.coordinates.slots;
    let quantities = Quantities::new(law, formula, slots, &options.interval.quantities)?;
    let mut found = None;
    if options.bootstrap > 0 {
        found = Some(interval::run(
            law,
            &task,
            &best,
            &quantities,
            options,
            given.map(|g| g.replicates),
            progress,
        )?);
    }
    let (draws, ends, interval, notes) = match found {
        Some(found) => (found.draws, found.ends, Some(found.interval), found.warnings),
        None => (Vec::new(), vec![None; quantities.len()], None, Vec::new()),
    };
    let mut certificate = certify(&task, &best, starts, &draws);
    if let Some(i) = &interval {
        certificate.note_lost(i.replicates - i.certified, i.replicates);
    }
    let choices = if options.choices { task.choices(&quantities, &best, progress)? } else { Vec::new() };
    let parameters: Vec<Parameter> = slots
        .iter()
        .enumerate()
        .map(|(s, slot)| Parameter {
            name: slot.name.clone(),
            estimate: estimates[s],
            low: ends[s].map(|e| e.0),
            high: ends[s].map(|e| e.1),
            at_bound: slot.fixed.is_none() && at_bound(slot, estimates[s]),
            fixed: slot.fixed.is_some(),
        })
        .collect();
    let derived = quantities.derived(&estimates, &ends);
    let residuals = task.model.residuals(&best.theta);
    let weights = basis.weighed.as_ref().map_or(&[][..], |(_, weights)| weights);
    let mut fit = Fit {
        outputs: of_outputs(formula, data, weights, &residuals),
        objective: ObjectiveValue {
            name: objective.name(),
            delta: objective.has_delta().then_some(objective.delta),
            value: best.value,
        },
        rows: data.rows(),
        parameters,
        derived,
        scale: objective.has_free_scale().then(|| best.theta.last().map_or(f64::NAN, |s| s.exp())),
        overdispersion: match task.problem(&task.model, &task.model.weights).last() {
            Scale::Spread => best.theta.last().map(|theta| theta / (1.0 + theta)),
            _ => None,
        },
        interval,
        rmse: rms(&residuals),
        rmse_log: task.rmse_log(&best.theta),
        certificate,
        choices,
        warnings: Vec::new(),
        draws,
        residuals: thin(residuals),
        ranges: ranges(formula, data),
        forecast: None,
    };
    fit.warnings = warnings(&fit, formula);
    fit.warnings.extend(uneven(&task, &best));
    fit.warnings.extend(notes);
    Ok(fit)
}

/// One table, law and objective, bound together.
pub(crate) struct Task<'a> {
    pub(crate) formula: &'a Formula,
    pub(crate) data: &'a Data,
    pub(crate) objective: Objective,
    pub(crate) model: Model,
    /// The node that is fitted: the prediction for log objectives, the right side for raw ones.
    pub(crate) root: NodeId,
    pub(crate) seed: u64,
}

impl<'a> Task<'a> {
    pub(crate) fn new(
        formula: &'a Formula,
        data: &'a Data,
        objective: Objective,
        seed: u64,
    ) -> Result<Self, FitError> {
        let slots = slots(formula, data);
        let free = slots.iter().filter(|s| s.fixed.is_none()).count();
        check(formula, data, objective, free)?;
        Task::unchecked(formula, data, objective, seed)
    }

    /// A task on a table that need not determine the law, such as a design with an input held at one value.
    pub(crate) fn unchecked(
        formula: &'a Formula,
        data: &'a Data,
        objective: Objective,
        seed: u64,
    ) -> Result<Self, FitError> {
        let slots = slots(formula, data);
        let root = root(formula, objective.log || objective.is_family());
        let model = Model::new(formula, root, data, slots, objective.log).under(data, objective);
        Ok(Task { formula, data, objective, model, root, seed })
    }

    /// The model of another formula over the same rows.
    pub(crate) fn model_of(&self, formula: &Formula, slots: Vec<Slot>) -> Model {
        let root = root(formula, self.objective.log || self.objective.is_family());
        Model::new(formula, root, self.data, slots, self.objective.log).under(self.data, self.objective)
    }

    pub(crate) fn problem<'b>(&'b self, model: &'b Model, weights: &'b [f64]) -> Problem<'b> {
        Problem { model, objective: self.objective, weights, linear: &[] }
    }

    /// The optimum from which everything else starts, and how the starts ended.
    pub(crate) fn best(
        &self,
        plan: &StartPlan,
        progress: &dyn Progress,
    ) -> Result<(Solved, Starts), FitError> {
        let (best, starts) = self.search(plan, progress)?;
        let Some(best) = best else { return Err(FitError::NoStart { tried: starts.tried }) };
        let lowest = probe(self, best.clone(), progress);
        let elsewhere = starts.agreeing + starts.elsewhere;
        let none = Starts { agreeing: 0, elsewhere, ..starts };
        Ok(if lowest.value < best.value { (lowest, none) } else { (best, starts) })
    }

    /// The best optimum over all starts, and how they ended.
    pub(crate) fn search(
        &self,
        plan: &StartPlan,
        progress: &dyn Progress,
    ) -> Result<(Option<Solved>, Starts), FitError> {
        let part = (self.data.rows() > SEARCH_ROWS).then(|| self.part());
        let (data, model) = part.as_ref().map_or((self.data, &self.model), |(d, m)| (d, m));
        let starts: Vec<Option<Vec<f64>>> = match plan {
            StartPlan::Hoffmann => {
                start::hoffmann(&self.model.coordinates.slots)?.into_iter().map(Some).collect()
            }
            StartPlan::At(values) => vec![Some(start::given(&self.model.coordinates.slots, values)?)],
            StartPlan::Auto | StartPlan::Count(_) => {
                let count = if let StartPlan::Count(k) = plan { *k } else { AUTO_STARTS };
                let root = root(self.formula, true);
                let starter =
                    Starter::new(self.formula, root, data, self.model.coordinates.slots.clone(), self.seed);
                (0..count).into_par_iter().map(|i| starter.start(i)).collect()
            }
        };
        let tried = starts.len();
        let starts: Vec<Vec<f64>> = starts.into_iter().flatten().collect();
        let first: Vec<Vec<f64>> = starts.iter().take(3).cloned().collect();
        // Pieces large enough that scratch memory is made a few times and not for every start.
        let piece = starts.len() / 64 + 1;
        let mut ends: Vec<Solved> = starts
            .into_par_iter()
            .with_min_len(piece)
            .map_init(
                || model.scratch(),
                |scratch, natural| {
                    if progress.cancelled() {
                        return Solved { value: f64::NAN, ..Solved::default() };
                    }
                    let mut theta = model.internal(&natural);
                    if *plan == StartPlan::Hoffmann {
                        start::revive(model, &data.output, &mut theta);
                    }
                    self.problem(model, &model.weights).solve(&theta, scratch)
                },
            )
            .collect();
        if progress.cancelled() {
            return Err(FitError::Cancelled);
        }
        ends.retain(|e| e.value.is_finite());
        let lowest = ends.iter().map(|e| e.value).fold(f64::INFINITY, f64::min);
        // Below rounding all values are equal.
        let rounding = 1e-24 * model.y.iter().zip(&model.weights).map(|(y, w)| w * y * y).sum::<f64>();
        let near = |e: &&Solved| e.value - lowest <= SAME * lowest.abs().max(f64::MIN_POSITIVE);
        let agrees = |e: &&Solved| near(e) || e.value - lowest <= rounding;
        let agreeing = ends.iter().filter(agrees).count();
        let elsewhere = ends.iter().filter(|e| !agrees(e) && e.gradient <= CERTIFIED).count();
        let starts = Starts { tried, agreeing, elsewhere, failed: tried - agreeing - elsewhere };
        // Among equals the one with the smallest gradient; the order of starts breaks ties.
        let best = ends.iter().filter(|e| near(e)).min_by(|a, b| a.gradient.total_cmp(&b.gradient)).cloned();
        let best = match best {
            Some(end) if end.gradient <= CERTIFIED || end.value <= rounding => Some(end),
            end => {
                let rescued = rescue::rescue(self, data, model, &first);
                let better = |r: &Solved| {
                    end.as_ref().is_none_or(|e| r.value < e.value || near(&r) && r.gradient < e.gradient)
                };
                rescued.filter(better).or(end.clone())
            }
        };
        let best = match (best, &part) {
            (Some(found), Some((_, model))) => {
                let natural = model.natural(&found.theta);
                let mut theta = self.model.internal(&natural);
                // The log scale, if there is one.
                theta.extend(&found.theta[model.len()..]);
                let problem = self.problem(&self.model, &self.model.weights);
                Some(problem.resolve(&theta, &mut self.model.scratch()))
            }
            (best, _) => best,
        };
        Ok((best, starts))
    }

    /// A random part of the table, with its model.
    fn part(&self) -> (Data, Model) {
        let mut stream = Stream::new(self.seed, Purpose::Subsample, 0);
        let rows: Vec<usize> = (0..SEARCH_ROWS).map(|_| stream.below(self.data.rows())).collect();
        let data = self.data.subset(&rows);
        let slots = self.model.coordinates.slots.clone();
        let model = Model::new(self.formula, self.root, &data, slots, self.objective.log);
        let model = model.under(&data, self.objective);
        (data, model)
    }

    /// The table under the other objectives, each started from this optimum and from a few fresh starts.
    fn choices(
        &self,
        quantities: &Quantities,
        best: &Solved,
        progress: &dyn Progress,
    ) -> Result<Vec<Choice>, FitError> {
        let positive = self.data.output.iter().all(|&y| y > 0.0);
        let all = [
            Objective { loss: Loss::Squares, log: false, delta: 1e-3 },
            Objective { loss: Loss::Squares, log: true, delta: 1e-3 },
            Objective { loss: Loss::Huber, log: true, delta: 1e-3 },
            Objective { loss: Loss::StudentT { nu: 4.0 }, log: true, delta: 1e-3 },
            Objective { loss: Loss::Cauchy, log: true, delta: 1e-3 },
            Objective { loss: Loss::HuberDensity, log: true, delta: 1e-3 },
        ];
        let natural = self.model.natural(&best.theta);
        // Shares of many attempts: with over-dispersion and without.
        let attempts = self.data.weights.as_ref().is_some_and(|w| w.iter().any(|n| *n > 1.0));
        let shares = matches!(self.objective.loss, Loss::Binomial | Loss::BetaBinomial) && attempts;
        let family = |loss| Objective { loss, log: false, delta: 1e-3 };
        let families = [family(Loss::Binomial), family(Loss::BetaBinomial)].into_iter().filter(|_| shares);
        let mut choices = Vec::new();
        // The weights of several outputs are no scale that all of them share.
        let several = !self.formula.parts.is_empty();
        let usable = |o: &Objective| (positive || !o.log) && !(several && o.has_free_scale());
        for objective in families.chain(all.into_iter().filter(usable)) {
            if progress.cancelled() {
                return Err(FitError::Cancelled);
            }
            let same = objective == self.objective;
            let (estimates, gradient) = if same {
                (natural.clone(), best.gradient)
            } else {
                let task = Task::new(self.formula, self.data, objective, self.seed)?;
                let (found, _) = task.search(&StartPlan::Count(3), progress)?;
                // On a large table the optima of all objectives are close, and a second search would be slow.
                let again = self.data.rows() <= SEARCH_ROWS || found.is_none();
                let from = again.then(|| {
                    let problem = task.problem(&task.model, &task.model.weights);
                    problem.solve(&task.model.internal(&natural), &mut task.model.scratch())
                });
                let ends = from.into_iter().chain(found).filter(|end| end.value.is_finite());
                let Some(end) = ends.min_by(|a, b| a.value.total_cmp(&b.value)) else { continue };
                (task.model.natural(&end.theta), end.gradient)
            };
            let derived = quantities.derived(&estimates, &[]);
            choices.push(Choice {
                objective: objective.name(),
                delta: objective.has_delta().then_some(objective.delta),
                certified: gradient <= CERTIFIED,
                derived: derived.iter().map(|d| d.estimate).collect(),
                estimates,
            });
        }
        Ok(choices)
    }

    /// Root mean square of log residuals, if there are such.
    fn rmse_log(&self, theta: &[f64]) -> Option<f64> {
        if self.objective.log {
            return Some(rms(&self.model.residuals(theta)));
        }
        let natural = self.model.natural(theta);
        let root = root(self.formula, true);
        let log = Model::new(self.formula, root, self.data, self.model.coordinates.slots.clone(), true);
        let value = rms(&log.residuals(&log.internal(&natural)));
        value.is_finite().then_some(value)
    }
}

/// The node that predicts: the output itself (`natural`), or the left side of the law.
pub(crate) fn root(formula: &Formula, natural: bool) -> NodeId {
    match &formula.output {
        Some(output) if natural => output.prediction,
        _ => formula.body,
    }
}

fn check(formula: &Formula, data: &Data, objective: Objective, free: usize) -> Result<(), FitError> {
    let rows = data.rows();
    if free == 0 {
        return Err(FitError::NothingFree);
    }
    if rows <= free {
        return Err(FitError::TooFewRows { rows, parameters: free });
    }
    let name = formula.output.as_ref().map_or("output", |o| &o.name);
    if objective.log
        && let Some(row) = data.output.iter().position(|&y| y.is_nan() || y <= 0.0)
    {
        return Err(FitError::NotPositive {
            output: name.to_string(),
            row: row + 1,
            value: data.output[row],
        });
    }
    if let Some(row) = data.output.iter().position(|&y| match objective.loss {
        Loss::Binomial | Loss::BetaBinomial => !(0.0..=1.0).contains(&y),
        Loss::Poisson => y.is_nan() || y < 0.0,
        _ => false,
    }) {
        return Err(FitError::NoOutcome {
            family: objective.name(),
            output: name.to_string(),
            row: row + 1,
            value: data.output[row],
        });
    }
    if objective.loss == Loss::BetaBinomial {
        let largest = data.weights.as_ref().map(|w| w.iter().copied().fold(0.0, f64::max));
        if largest.is_none_or(|n| n <= 1.0) {
            return Err(FitError::NoAttempts { output: name.to_string() });
        }
    }
    for (input, values) in formula.symbols.inputs.iter().zip(&data.inputs) {
        if let (InputKind::Column, Some(&first)) = (&input.kind, values.first())
            && values.iter().all(|&x| x == first)
        {
            return Err(FitError::OneValue { input: input.name.clone(), value: first, rows });
        }
    }
    if let Some(clusters) = data.clusters.as_ref().filter(|c| c.count < 2) {
        return Err(FitError::TooFewClusters { column: clusters.column.clone(), count: clusters.count });
    }
    Ok(())
}

fn at_bound(slot: &Slot, value: f64) -> bool {
    let near = |bound: f64| bound.is_finite() && (value - bound).abs() <= 1e-9 * (1.0 + bound.abs());
    near(slot.lower) || near(slot.upper)
}

/// A warning where shares scatter more than a binomial allows.
fn uneven(task: &Task<'_>, best: &Solved) -> Option<Warning> {
    let attempts = task.data.weights.as_ref().filter(|_| task.objective.loss == Loss::Binomial)?;
    let values = task.model.values(&best.theta);
    let part = |((y, f), n): ((&f64, &f64), &f64)| n * (y - f).powi(2) / (f * (1.0 - f));
    let square: f64 = task.data.output.iter().zip(&values).zip(attempts).map(part).sum();
    let left = task.data.rows().checked_sub(task.model.len()).filter(|left| *left > 0)? as f64;
    let limit = ChiSquared::new(left).ok()?.inverse_cdf(0.999);
    (square > limit).then(|| Warning {
        code: "over-dispersed".to_string(),
        message: format!(
            "the shares scatter {:.1} times as much about the law as independent attempts would (their variance; by chance in less than 1 of 1000 tables): likelihood intervals are too narrow; take --objective beta-binomial",
            square / left
        ),
    })
}

/// The two ends of the central interval of `level`, by linear interpolation between order statistics.
pub(crate) fn quantiles(values: &mut Vec<f64>, level: f64) -> Option<(f64, f64)> {
    values.retain(|v| v.is_finite());
    values.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let place = q * (values.len() - 1) as f64;
        let (below, part) = (place.floor() as usize, place.fract());
        let above = (below + 1).min(values.len() - 1);
        values[below] + part * (values[above] - values[below])
    };
    (values.len() >= 10).then(|| (at(0.5 - 0.5 * level), at(0.5 + 0.5 * level)))
}

/// What belongs to each output of a law with several; `formula` is the stacked one.
fn of_outputs(formula: &Formula, data: &Data, weights: &[f64], residuals: &[f64]) -> Vec<OutputFit> {
    let rows = outputs::rows_of_outputs(formula, data);
    let output = |((part, rows), weight): ((&Part, &Vec<usize>), &f64)| {
        let own: Vec<f64> = rows.iter().map(|&row| residuals[row]).collect();
        OutputFit {
            name: part.left.name.clone(),
            rows: rows.len(),
            weight: *weight,
            rmse: rms(&own),
            residuals: thin(own),
        }
    };
    formula.parts.iter().zip(&rows).zip(weights).map(output).collect()
}

fn rms(values: &[f64]) -> f64 {
    (values.iter().map(|v| v * v).sum::<f64>() / values.len().max(1) as f64).sqrt()
}

/// All residuals of a small table; evenly spaced quantiles of a large one.
fn thin(mut residuals: Vec<f64>) -> Vec<f64> {
    const MOST: usize = 10_000;
    if residuals.len() > MOST {
        residuals.sort_by(f64::total_cmp);
        let last = residuals.len() - 1;
        residuals = (0..=MOST).map(|i| residuals[i * last / MOST]).collect();
    }
    residuals
}

fn ranges(formula: &Formula, data: &Data) -> Vec<InputRange> {
    let output = formula.output.as_ref().map(|o| o.input as usize);
    formula
        .symbols
        .inputs
        .iter()
        .zip(&data.inputs)
        .enumerate()
        .filter(|(k, (input, v))| Some(*k) != output && input.kind == InputKind::Column && !v.is_empty())
        .map(|(_, (input, v))| InputRange {
            name: input.name.clone(),
            low: v.iter().copied().fold(f64::INFINITY, f64::min),
            high: v.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        })
        .collect()
}

fn warnings(fit: &Fit, formula: &Formula) -> Vec<Warning> {
    let mut list: Vec<Warning> = formula
        .warnings
        .iter()
        .map(|w| Warning { code: w.code.to_string(), message: w.message.clone() })
        .collect();
    let mut add = |code: &str, message: String| list.push(Warning { code: code.to_string(), message });
    for p in fit.parameters.iter().filter(|p| p.at_bound) {
        add("parameter-at-bound", format!("{} = {} lies at a bound of its range", p.name, p.estimate));
    }
    if let Some(interval) = &fit.interval {
        let lost = interval.replicates - interval.certified;
        if lost * 100 > interval.replicates {
            add(
                "replicates-lost",
                format!(
                    "{lost} of {} bootstrap replicates did not reach certificate tolerance and are left out",
                    interval.replicates
                ),
            );
        }
        if let Some(clusters) = interval.clusters.filter(|&c| c < 10) {
            add(
                "few-clusters",
                format!(
                    "only {clusters} clusters: intervals of a cluster bootstrap are too narrow below about 10"
                ),
            );
        }
    }
    if let Some(first) = fit.certificate.influential.first() {
        let count = fit.certificate.influential.len();
        add(
            "influential-rows",
            format!(
                "{count} row(s) move an answer by more than one standard error when left out; the worst moves {} by {:.1}",
                first.parameter, first.standard_errors
            ),
        );
    }
    list
}
