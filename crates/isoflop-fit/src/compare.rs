//! Laws compared on the same rows: what each costs in parameters, and how well it forecasts rows that it has not seen.
//!
//! The rank is by the log score of rows held out at random. The best law is tested against each other one, paired row
//! by row (or cluster by cluster): the variance of the mean difference is that of the resampled t test of Nadeau and
//! Bengio (Machine Learning 52, 2003, section 3), which allows for the overlap of the training sets, and the level is
//! divided by the number of tests. A law that is not shown to be worse stands: two laws that stand cannot be told apart.
//!
//! *Determinism*: the seed decides starts, parts and replicates; any number of threads gives the same bits.

use std::sync::atomic::{AtomicUsize, Ordering};

use isoflop_formula::Formula;
use isoflop_laws::Law;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::backtest::{Backtest, Quiet, backtest};
use crate::certificate::Verdict;
use crate::comparison::{Compared, Comparison, Conclusion, Cross, Forward, LeftOut};
use crate::coordinates::slots;
use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, Task, fit, root};
use crate::log_scores::{dispersions, log_scores};
use crate::model::Model;
use crate::objective::Objective;
use crate::request::{self, FitOptions, StartPlan};
use crate::result::Fit;
use crate::score::spread_of_mean;
use crate::solve::CERTIFIED;
use crate::split::{Fold, random_folds, tables};
use crate::{sentence, stack};

/// Laws whose predictions differ by no more than this, relatively, say the same.
const SAME: f64 = 1e-6;
/// Starts of a second search where the first one ended without a certified optimum.
const MORE_STARTS: usize = 16;

/// A law with the table in the order of its inputs.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The law.
    pub law: Law,
    /// Its data; all candidates of a comparison have the same rows in the same order.
    pub data: Data,
}

/// How laws are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct CompareOptions {
    /// Options of every fit; its objective holds for all laws, the default one if it is `None`, whatever their recipes
    /// say. `bootstrap` replicates make the intervals of the backtest, for laws that are not shown to be worse.
    pub fit: FitOptions,
    /// Parts of the cross-validation; `None` for 10, or as many as there are clusters if these are fewer.
    pub parts: Option<usize>,
    /// Chance of telling laws apart that are not, over the whole comparison.
    pub significance: f64,
}

impl Default for CompareOptions {
    fn default() -> Self {
        CompareOptions { fit: FitOptions::default(), parts: None, significance: 0.05 }
    }
}

/// Compares `candidates`; `forward` are the folds of a backtest, none for no backtest.
///
/// # Errors
/// Candidates with different numbers of rows, more parts than rows or clusters, a wrong level. A law that cannot be
/// fitted is no error: it is left out with the reason.
pub fn compare(
    candidates: &[Candidate],
    forward: &[Fold],
    options: &CompareOptions,
    progress: &dyn Progress,
) -> Result<Comparison, FitError> {
    let Some(first) = candidates.first() else { return Err(FitError::NothingToCompare) };
    let objective = options.fit.objective.unwrap_or(Objective::DEFAULT);
    let plain =
        FitOptions { objective: Some(objective), bootstrap: 0, choices: false, ..options.fit.clone() };
    let rows = first.data.rows();
    if let Some(other) = candidates.iter().find(|c| c.data.rows() != rows) {
        return Err(FitError::DifferentRows {
            law: other.law.id.clone(),
            rows: other.data.rows(),
            first: rows,
        });
    }
    let clusters = first.data.clusters.as_ref();
    if let Some(c) = clusters.filter(|c| c.count < 2) {
        return Err(FitError::TooFewClusters { column: c.column.clone(), count: c.count });
    }
    let units = clusters.map_or(rows, |c| c.count);
    let parts = random_folds(rows, clusters, options.parts.unwrap_or(units.min(10)), options.fit.seed)?;

    let fitted: Vec<Result<Whole, FitError>> =
        candidates.par_iter().map(|c| whole(c, &plain, progress)).collect();
    let mut left_out = Vec::new();
    let mut wholes: Vec<Whole> = Vec::new();
    for (candidate, found) in candidates.iter().zip(fitted) {
        match found {
            Err(FitError::Cancelled) => return Err(FitError::Cancelled),
            Err(error) => left_out.push(LeftOut { law: candidate.law.id.clone(), reason: error.message() }),
            Ok(found) => match wholes.iter_mut().find(|w| w.says_the_same(&found)) {
                Some(known) => known.compared.same.push(found.compared.law),
                None => wholes.push(found),
            },
        }
    }

    let done = AtomicUsize::new(0);
    let steps = if forward.is_empty() { wholes.len() } else { 2 * wholes.len() };
    let step = || progress.replicates(done.fetch_add(1, Ordering::Relaxed) + 1, steps);
    let (own, tested): (Vec<&Candidate>, Vec<Tested>) = wholes
        .into_par_iter()
        .map(|whole| {
            let held_out = held_out(&whole, &parts, &plain, progress);
            step();
            (whole.candidate, Tested { compared: whole.compared, held_out })
        })
        .unzip();
    let mut laws = ranked(tested, objective, &first.data, parts.len(), options.significance);
    if !forward.is_empty() {
        // Intervals are most of the work, and nobody asks how often those of a law hold that is shown to be worse.
        let stands = |law: &Compared| law.cross.as_ref().is_some_and(|c| !c.worse);
        let backtests: Vec<Option<Backtest>> = own
            .par_iter()
            .zip(&laws)
            .map(|(candidate, law)| {
                let bootstrap = if stands(law) { options.fit.bootstrap } else { 0 };
                let options = FitOptions { bootstrap, ..plain.clone() };
                let ended =
                    backtest(&candidate.law, &candidate.data, forward, &options, &Quiet(progress)).ok();
                step();
                ended
            })
            .collect();
        laws.iter_mut().zip(forwards(&backtests, forward.len())).for_each(|(law, own)| law.forward = own);
    }
    if progress.cancelled() {
        return Err(FitError::Cancelled);
    }
    laws.sort_by(|a, b| score_of(b).total_cmp(&score_of(a)));
    let standing: Vec<String> =
        laws.iter().filter(|l| l.cross.as_ref().is_some_and(|c| !c.worse)).map(|l| l.law.clone()).collect();
    let compared = laws.iter().filter(|l| l.cross.is_some()).count();
    let conclusion = match (standing.as_slice(), compared) {
        (_, 0 | 1) => Conclusion::Nothing,
        ([one], _) => Conclusion::Best(one.clone()),
        _ => Conclusion::CannotTell(standing),
    };
    let mut comparison = Comparison {
        objective: objective.to_string(),
        rows,
        parts: parts.len(),
        forward_folds: forward.len(),
        level: options.fit.level,
        significance: options.significance,
        laws,
        left_out,
        conclusion,
        sentence: String::new(),
    };
    comparison.sentence = sentence::of(&comparison);
    Ok(comparison)
}

fn score_of(law: &Compared) -> f64 {
    law.cross.as_ref().map_or(f64::NEG_INFINITY, |c| c.log_score)
}

/// A law fitted to all rows.
struct Whole<'a> {
    candidate: &'a Candidate,
    formula: Formula,
    /// Values of the law on every row, on the scale of the residual.
    values: Vec<f64>,
    compared: Compared,
}

impl Whole<'_> {
    fn says_the_same(&self, other: &Whole<'_>) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= SAME * a.abs().max(1.0);
        self.compared.parameters == other.compared.parameters
            && self.values.iter().zip(&other.values).all(near)
    }
}

fn whole<'a>(
    candidate: &'a Candidate,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Whole<'a>, FitError> {
    let Candidate { law, data } = candidate;
    let formula = request::overridden(law, &options.overrides)?;
    let objective = request::objective(law, options)?;
    let is_plain = formula.output.as_ref().is_none_or(|o| o.prediction == formula.body);
    if !objective.log && !objective.is_family() && !is_plain {
        return Err(FitError::OtherScale { formula: formula.text });
    }
    let found: Fit = fit(law, data, options, &Quiet(progress))?;
    let estimates: Vec<f64> = found.parameters.iter().map(|p| p.estimate).collect();
    let (values, residuals) = at(&formula, data, data, objective, &estimates);
    let free = found.parameters.iter().filter(|p| !p.fixed).count();
    let log_likelihood = log_scores(objective, data, &residuals).map(|scores| scores.iter().sum::<f64>());
    // A dispersion counts as a parameter.
    let (k, n) = ((free + dispersions(objective)) as f64, data.rows() as f64);
    let certificate = found.certificate;
    let reason =
        certificate.reasons.into_iter().next().filter(|_| certificate.verdict == Verdict::NotCertified);
    let compared = Compared {
        law: law.id.clone(),
        formula: law.formula().text.clone(),
        same: Vec::new(),
        parameters: free,
        estimates: found.parameters.into_iter().map(|p| (p.name, p.estimate)).collect(),
        verdict: certificate.verdict,
        reason,
        condition: certificate.condition,
        log_likelihood,
        aicc: log_likelihood
            .filter(|_| n > k + 1.0)
            .map(|l| -2.0 * l + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0)),
        bic: log_likelihood.map(|l| -2.0 * l + k * n.ln()),
        cross: None,
        forward: None,
        weight: 0.0,
    };
    Ok(Whole { candidate, formula, values, compared })
}

/// Values of the law and residuals on the rows of `data`, at parameters that belong to the levels of `fitted`.
fn at(
    formula: &Formula,
    fitted: &Data,
    data: &Data,
    objective: Objective,
    parameters: &[f64],
) -> (Vec<f64>, Vec<f64>) {
    let root = root(formula, objective.log || objective.is_family());
    let model = Model::plain(formula, root, data, slots(formula, fitted), objective.log);
    let theta = model.internal(parameters);
    (model.values(&theta), model.residuals(&theta))
}

/// Rows forecast by fits that have not seen them.
struct HeldOut {
    residuals: Vec<f64>,
    /// Parts whose fit has no certified optimum.
    uncertified: usize,
}

/// The rows of one part with their residuals.
struct Part {
    rows: Vec<usize>,
    residuals: Vec<f64>,
    is_certified: bool,
}

/// The residual of every row at a fit to the parts that it is not in; `None` if a part cannot be fitted at all, or a row
/// not be forecast.
fn held_out(
    whole: &Whole<'_>,
    parts: &[Fold],
    options: &FitOptions,
    progress: &dyn Progress,
) -> Option<HeldOut> {
    let data = &whole.candidate.data;
    let objective = options.objective?;
    let ends: Vec<Option<Part>> = parts
        .par_iter()
        .map(|part| {
            let (train, held, rows) = tables(data, part);
            let task = Task::new(&whole.formula, &train, objective, options.seed).ok()?;
            let mut best = task.search(&options.starts, &Quiet(progress)).ok()?.0;
            if best.as_ref().is_none_or(|b| b.gradient > CERTIFIED) {
                // A law must not lose because the search did.
                let more = task.search(&StartPlan::Count(MORE_STARTS), &Quiet(progress)).ok()?.0;
                let ends = best.into_iter().chain(more);
                best = ends.min_by(|a, b| a.value.total_cmp(&b.value));
            }
            let best = best?;
            let parameters = task.model.natural(&best.theta);
            let (_, residuals) = at(&whole.formula, &train, &held, objective, &parameters);
            let usable = rows.len() == part.held.len() && residuals.iter().all(|r| r.is_finite());
            usable.then_some(Part { rows, residuals, is_certified: best.gradient <= CERTIFIED })
        })
        .collect();
    let mut found = HeldOut { residuals: vec![f64::NAN; data.rows()], uncertified: 0 };
    for end in ends {
        let Part { rows, residuals, is_certified } = end?;
        rows.iter().zip(residuals).for_each(|(&row, r)| found.residuals[row] = r);
        found.uncertified += usize::from(!is_certified);
    }
    Some(found)
}

struct Tested {
    compared: Compared,
    held_out: Option<HeldOut>,
}

/// Scores, tests and weights.
fn ranked(
    tested: Vec<Tested>,
    objective: Objective,
    data: &Data,
    parts: usize,
    significance: f64,
) -> Vec<Compared> {
    // Log density of every held-out row, with the dispersion that the held-out rows have.
    let scores: Vec<Option<Vec<f64>>> =
        tested.iter().map(|t| log_scores(objective, data, &t.held_out.as_ref()?.residuals)).collect();
    let sum = |scores: &Vec<f64>| scores.iter().sum::<f64>();
    let best = scores.iter().flatten().max_by(|a, b| sum(a).total_cmp(&sum(b))).cloned();
    let tests = scores.iter().flatten().count().saturating_sub(1).max(1);
    let shares = stack::weights(&scores.iter().flatten().cloned().collect::<Vec<_>>());
    let mut shares = shares.into_iter();
    let unit = |row: usize| data.clusters.as_ref().map_or(row, |c| c.codes[row] as usize);
    let units = data.clusters.as_ref().map_or(data.rows(), |c| c.count);
    tested
        .into_iter()
        .zip(scores)
        .map(|(tested, scores)| {
            let Tested { mut compared, held_out } = tested;
            let (Some(scores), Some(held), Some(best)) = (scores, held_out, &best) else {
                return compared;
            };
            compared.weight = shares.next().unwrap_or(0.0);
            let differences: Vec<(usize, f64)> =
                scores.iter().zip(best).enumerate().map(|(row, (s, b))| (unit(row), b - s)).collect();
            let behind = sum(best) - sum(&scores);
            let widened = (1.0 + parts as f64 / (parts as f64 - 1.0)).sqrt();
            let error = spread_of_mean(&differences).map(|e| e * widened * scores.len() as f64);
            let p = error.filter(|e| *e > 0.0).and_then(|e| two_sided(behind / e, units));
            let square: f64 = held.residuals.iter().map(|r| r * r).sum();
            let rms = (square / held.residuals.len() as f64).sqrt();
            compared.cross = Some(Cross {
                rms,
                uncertified: held.uncertified,
                log_score: sum(&scores),
                behind,
                behind_error: error.filter(|e| *e > 0.0),
                p,
                worse: p.is_some_and(|p| p < significance / tests as f64),
            });
            compared
        })
        .collect()
}

/// Chance of a Student-t variable beyond `t` on either side, for a mean over `units`.
fn two_sided(t: f64, units: usize) -> Option<f64> {
    let law = StudentsT::new(0.0, 1.0, units.saturating_sub(1).max(1) as f64).ok()?;
    t.is_finite().then(|| (2.0 * law.sf(t.abs())).min(1.0))
}

/// The backtests, each tested against the one with the smallest error.
fn forwards(tested: &[Option<Backtest>], folds: usize) -> Vec<Option<Forward>> {
    let fitted = |b: &Backtest| b.folds.iter().filter(|f| f.score.is_some()).count();
    let complete = |b: &Backtest| fitted(b) == folds && b.total.failed == 0 && b.total.rms_log.is_some();
    let errors = |b: &Backtest| -> Vec<(usize, f64)> {
        b.forecasts.iter().map(|f| (f.fold, (f.predicted / f.observed).ln().powi(2))).collect()
    };
    let rms = |b: &Backtest| b.total.rms_log.unwrap_or(f64::INFINITY);
    let all = tested.iter().enumerate().filter_map(|(k, t)| Some((k, t.as_ref()?)));
    let best = all.filter(|(_, b)| complete(b)).min_by(|a, b| rms(a.1).total_cmp(&rms(b.1)));
    tested
        .iter()
        .enumerate()
        .map(|(k, t)| {
            let own = t.as_ref()?;
            let is_best = best.is_some_and(|(place, _)| place == k);
            let p = best.filter(|_| !is_best && complete(own)).and_then(|(_, best)| {
                let pairs: Vec<(usize, f64)> =
                    errors(own).iter().zip(errors(best)).map(|(a, b)| (a.0, a.1 - b.1)).collect();
                let mean = pairs.iter().map(|p| p.1).sum::<f64>() / pairs.len().max(1) as f64;
                let error = spread_of_mean(&pairs).filter(|e| *e > 0.0)?;
                two_sided(mean / error, if folds > 1 { folds } else { pairs.len() })
            });
            Some(Forward { score: own.total.clone(), folds: fitted(own), p, best: is_best })
        })
        .collect()
}
