//! Two recipes at scale: which is better where, by how much compute, and how sure is that.
//!
//! Each arm of the table is fitted on its own, and both together with shared exponents. What is compared is the loss that
//! each recipe reaches with a budget spent in its best way, `min over N of L(N, C / 6 N)`; for a law in one input, the law
//! itself. The effective compute multiplier at a budget C is how many times C the second recipe needs for the loss that
//! the first reaches with C. The crossover interval holds all budgets at which the interval of the difference of the two
//! losses has both signs, so that it covers as the interval of a difference does, and may be open: "no crossing shown".
//!
//! Intervals are those of a bootstrap within each arm, with the ends that `isoflop fit` has by default (see
//! [`isoflop_fit::EndRule`]); `examples/study_contrast.rs` measures their coverage.

mod arms;
mod curve;
mod next;
mod shared;

use isoflop_fit::{Data, EndRule, FitOptions, Group, Objective, Progress, overridden};
use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

pub use next::NextRun;
pub use shared::{SharedTest, Sharing};

use crate::contrast::arms::Fits;
use crate::contrast::curve::{Curve, Grid};
use crate::error::AuditError;
use crate::methods::Ranged;

/// Fewer replicates than this give no interval.
const LEAST: usize = 100;
/// Above this chance shared exponents are kept.
const KEEP: f64 = 0.1;
/// Scales at which the multiplier is given.
const SCALES: usize = 7;

/// What is asked.
#[derive(Debug, Clone)]
pub struct ContrastOptions {
    /// Objective, starts, seed, level and number of replicates (at least 100).
    pub fit: FitOptions,
    /// The two values of the column, in the order in which they are reported; `None` if it has two.
    pub between: Option<[String; 2]>,
    /// Which exponents the answer is based on; [`Sharing::Auto`] lets the test decide.
    pub sharing: Sharing,
    /// How far beyond the largest runs the comparison goes, as a factor of compute.
    pub reach: f64,
    /// How many further runs are proposed; 0 for none.
    pub proposals: usize,
}

impl Default for ContrastOptions {
    fn default() -> Self {
        ContrastOptions {
            fit: FitOptions { bootstrap: 1000, choices: false, ..FitOptions::default() },
            between: None,
            sharing: Sharing::Auto,
            reach: 100.0,
            proposals: 5,
        }
    }
}

/// Two recipes compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contrast {
    /// The column that tells the recipes apart.
    pub column: String,
    /// The two recipes: A and B of everything below.
    pub arms: [ArmFit; 2],
    /// Names of the parameters.
    pub parameters: Vec<String>,
    /// What was minimised.
    pub objective: String,
    /// Nominal coverage of all intervals.
    pub level: f64,
    /// Replicates asked for.
    pub replicates: usize,
    /// Replicates in which all fits are certified.
    pub solved: usize,
    /// Test of shared exponents.
    pub test: SharedTest,
    /// Whether everything below comes from the fit with shared exponents.
    pub is_shared: bool,
    /// What the scale is: `C` for laws in N and D, else the input of the law.
    pub scale: String,
    /// Smallest and largest scale of the runs.
    pub runs: [f64; 2],
    /// The comparison from small to large scales.
    pub points: Vec<ContrastPoint>,
    /// Scales at which the two fitted laws cross, within the reach.
    pub crossings: Vec<f64>,
    /// Scales at which the interval of the difference has both signs, around the crossing; open ends are `None`.
    pub crossing_interval: Option<[Option<f64>; 2]>,
    /// Smallest and largest scale compared.
    pub compared: [f64; 2],
    /// Which recipe is better below and above: see [`Verdict`].
    pub verdict: Verdict,
    /// Runs that would narrow the difference most, best first.
    pub next: Vec<NextRun>,
    /// Scale at which the proposed runs are judged.
    pub target: f64,
}

/// One recipe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmFit {
    /// Its value in the column.
    pub name: String,
    /// Its rows.
    pub rows: usize,
    /// Parameters of its own fit with their intervals.
    pub own: Vec<Ranged>,
    /// Parameters with shared exponents; `None` if that fit failed.
    pub shared: Option<Vec<Ranged>>,
    /// Whether its own fit reached the tolerance of a certificate.
    pub certified: bool,
}

/// The two recipes at one scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContrastPoint {
    /// The scale: FLOP, or the input of the law.
    pub scale: f64,
    /// Loss of both recipes, each at its best N.
    pub losses: [f64; 2],
    /// Loss of A minus loss of B: below 0 A is better.
    pub difference: Ranged,
    /// How many times the scale B needs for the loss of A: above 1 A is better. Infinite where B never reaches it.
    pub multiplier: Ranged,
}

/// Which recipe is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The first, at all scales compared.
    First,
    /// The second, at all scales compared.
    Second,
    /// The first below the crossing, the second above.
    FirstThenSecond,
    /// The second below the crossing, the first above.
    SecondThenFirst,
    /// The runs do not tell.
    Unknown,
}

/// Compares the two arms of `arm` (a column of levels over the rows of `data`) under `law`.
///
/// # Errors
/// A column that does not have two values, an arm that cannot carry the law (too few rows), a law without exponents,
/// fewer than 100 replicates asked for or solved.
pub fn contrast(
    law: &Law,
    data: &Data,
    arm: &Group,
    options: &ContrastOptions,
    progress: &dyn Progress,
) -> Result<Contrast, AuditError> {
    let replicates = options.fit.bootstrap;
    if replicates < LEAST {
        return Err(AuditError::TooFewReplicates { replicates, least: LEAST });
    }
    let formula = overridden(law, &options.fit.overrides)?;
    let objective = match options.fit.objective {
        Some(objective) => objective,
        None => Objective::recommended(law)?,
    };
    let names = arms::chosen(arm, options.between.as_ref())?;
    let arms = names.map(|name| arms::subset(data, arm, name));
    let grid = Grid::new(&formula, [&arms[0].data, &arms[1].data], options.reach, &law.id)?;
    let refits = arms::separate(&formula, &arms, objective, &options.fit, progress)?;
    let both = shared::fit(law, &formula, &arms, objective, &options.fit, progress)?;
    let test = shared::test(&both.exponents, &refits, &arms);

    let own: Vec<usize> =
        (0..replicates).filter(|&k| refits.iter().all(|r| r.replicates[k].is_some())).collect();
    let joint: Vec<usize> = (0..replicates).filter(|&k| both.replicates[k].is_some()).collect();
    let is_shared = match options.sharing {
        Sharing::Shared => true,
        Sharing::Separate => false,
        Sharing::Auto => test.p.is_some_and(|p| p > KEEP) && joint.len() >= LEAST,
    };
    let used = if is_shared { &joint } else { &own };
    if used.len() < LEAST {
        return Err(AuditError::LostReplicates { solved: used.len(), replicates });
    }
    let params = |place: usize, replicate: Option<usize>| -> Vec<f64> {
        let (source, whole) = if is_shared {
            (&both, both.estimates.clone())
        } else {
            (&refits[place], refits[place].estimates.clone())
        };
        let values = replicate.and_then(|k| source.replicates[k].clone()).unwrap_or(whole);
        source.params(&values, if is_shared { place } else { 0 })
    };
    let curves = |replicate: Option<usize>| -> [Curve; 2] {
        [0, 1].map(|place| grid.curve(&params(place, replicate)))
    };
    let full = curves(None);
    let draws: Vec<[Curve; 2]> = {
        use rayon::prelude::*;
        used.par_iter().map(|&k| curves(Some(k))).collect()
    };
    let rule = if is_shared { joint_rule(&both, used, options) } else { own_rule(&refits, used, options) };
    let point = |scale: f64| {
        let difference = |c: &[Curve; 2]| c[0].at(scale) - c[1].at(scale);
        let multiplier = |c: &[Curve; 2]| c[1].reaches(c[0].at(scale)) / scale;
        ContrastPoint {
            scale,
            losses: [full[0].at(scale), full[1].at(scale)],
            difference: ranged(difference(&full), draws.iter().map(difference), &rule),
            multiplier: ranged(multiplier(&full), draws.iter().map(multiplier), &rule),
        }
    };
    let crossings = curve::crossings(&full, grid.compared);
    let crossing_interval = curve::undecided(&full, &draws, grid.compared, &rule, &crossings);
    let verdict = verdict(&crossings, crossing_interval, &point(grid.compared[0]), &point(grid.compared[1]));
    let target =
        crossings.first().copied().unwrap_or(10.0 * grid.runs[1]).clamp(grid.runs[1], grid.compared[1]);
    let next = next::proposals(&grid, &arms, &refits, &own, target, options);
    let scales = (0..SCALES).map(|k| {
        let share = k as f64 / (SCALES - 1) as f64;
        (grid.runs[0].ln() + share * (grid.compared[1].ln() - grid.runs[0].ln())).exp()
    });
    let arm_fit = |place: usize| {
        let parameters = |fit: &Fits, level: usize, used: &[usize]| -> Vec<Ranged> {
            let rule = joint_rule(fit, used, options);
            let all = fit.params(&fit.estimates, level);
            let each: Vec<Vec<f64>> =
                used.iter().filter_map(|&k| Some(fit.params(fit.replicates[k].as_ref()?, level))).collect();
            (0..all.len()).map(|p| ranged(all[p], each.iter().map(|e| e[p]), &rule)).collect()
        };
        ArmFit {
            name: names[place].to_owned(),
            rows: arms[place].data.rows(),
            own: parameters(&refits[place], 0, &own),
            shared: (joint.len() >= LEAST).then(|| parameters(&both, place, &joint)),
            certified: refits[place].certified,
        }
    };
    Ok(Contrast {
        column: arm.column.clone(),
        parameters: formula.symbols.params.iter().map(|p| p.name.clone()).collect(),
        arms: [arm_fit(0), arm_fit(1)],
        objective: objective.to_string(),
        level: options.fit.level,
        replicates,
        solved: used.len(),
        test,
        is_shared,
        scale: grid.name.clone(),
        runs: grid.runs,
        points: scales.map(point).collect(),
        crossings,
        crossing_interval,
        compared: grid.compared,
        verdict,
        next,
        target,
    })
}

/// An estimate with the ends that the rule finds among its replicates.
fn ranged(estimate: f64, replicates: impl Iterator<Item = f64>, rule: &EndRule) -> Ranged {
    let ends = rule.ends(&replicates.collect::<Vec<f64>>(), estimate);
    Ranged { estimate, low: ends.map(|e| e.0), high: ends.map(|e| e.1) }
}

/// The rule for quantities of one fit, from the replicates `used`.
fn joint_rule(fit: &Fits, used: &[usize], options: &ContrastOptions) -> EndRule {
    EndRule::new(options.fit.interval.ends, options.fit.level, fit.units, fit.free, fit.drawn(used))
}

/// The rule for quantities of two fits to different rows, from the replicates `used` of both.
fn own_rule(fits: &[Fits; 2], used: &[usize], options: &ContrastOptions) -> EndRule {
    let [a, b] = fits.each_ref().map(|fit| fit.drawn(used));
    let drawn = a.into_iter().zip(b).map(|(a, b)| [a, b].concat()).collect();
    let (units, free) = (fits[0].units + fits[1].units, fits[0].free + fits[1].free);
    EndRule::new(options.fit.interval.ends, options.fit.level, units, free, drawn)
}

/// The verdict: sides on which the interval of the difference has one sign.
fn verdict(
    crossings: &[f64],
    interval: Option<[Option<f64>; 2]>,
    first: &ContrastPoint,
    last: &ContrastPoint,
) -> Verdict {
    let sign = |point: &ContrastPoint| match (point.difference.low, point.difference.high) {
        (_, Some(high)) if high < 0.0 => -1,
        (Some(low), _) if low > 0.0 => 1,
        _ => 0,
    };
    match (sign(first), sign(last)) {
        (-1, -1) if crossings.is_empty() && interval.is_none() => Verdict::First,
        (1, 1) if crossings.is_empty() && interval.is_none() => Verdict::Second,
        (-1, 1) => Verdict::FirstThenSecond,
        (1, -1) => Verdict::SecondThenFirst,
        _ => match (crossings, interval) {
            // A crossing in the fit with both ends of its interval inside: the sides are those of the fit.
            ([_], Some([Some(_), Some(_)])) if first.difference.estimate < 0.0 => Verdict::FirstThenSecond,
            ([_], Some([Some(_), Some(_)])) => Verdict::SecondThenFirst,
            _ => Verdict::Unknown,
        },
    }
}
