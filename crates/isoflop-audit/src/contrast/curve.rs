//! The loss that a recipe reaches at each scale, as a curve that can be read both ways.

use isoflop_fit::{Data, EndRule};
use isoflop_formula::{Formula, InputKind, evaluate};

use crate::error::AuditError;
use crate::surface::{FLOP, Surface};

/// Points of a curve.
const POINTS: usize = 41;
/// How far beyond the scales compared a curve is known, as a factor: what a multiplier may reach.
const BEYOND: f64 = 1e4;
/// Steps in which crossings are looked for.
const STEPS: usize = 400;

/// The scales of a comparison.
pub(crate) struct Grid {
    kind: Kind,
    /// `C`, or the name of the input.
    pub(crate) name: String,
    /// Smallest and largest scale of the runs of both arms.
    pub(crate) runs: [f64; 2],
    /// Smallest and largest scale compared.
    pub(crate) compared: [f64; 2],
    logs: Vec<f64>,
}

enum Kind {
    /// The best N at a compute budget.
    Optimal(Box<Surface>),
    /// The law in one input.
    Single { formula: Box<Formula>, input: usize },
}

/// Loss over the log of the scale.
#[derive(Debug, Clone)]
pub(crate) struct Curve {
    start: f64,
    step: f64,
    loss: Vec<f64>,
}

impl Grid {
    pub(crate) fn new(
        formula: &Formula,
        arms: [&Data; 2],
        reach: f64,
        law: &str,
    ) -> Result<Grid, AuditError> {
        let output = formula.output.as_ref().map(|left| left.input as usize);
        let inputs: Vec<usize> = (0..formula.symbols.inputs.len())
            .filter(|k| Some(*k) != output && formula.symbols.inputs[*k].kind == InputKind::Column)
            .collect();
        let surfaces = arms.map(|data| Surface::new(formula, data));
        let (kind, name, runs) = match (surfaces, inputs.as_slice()) {
            ([Some(a), Some(b)], _) => {
                let (x, y) = (a.budgets(FLOP), b.budgets(FLOP));
                (Kind::Optimal(Box::new(a)), "C".to_owned(), [x.0.min(y.0), x.1.max(y.1)])
            }
            (_, &[input]) => {
                let values = || arms.into_iter().flat_map(|data| data.inputs[input].iter().copied());
                let runs = [values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max)];
                let name = formula.symbols.inputs[input].name.clone();
                (Kind::Single { formula: Box::new(formula.clone()), input }, name, runs)
            }
            _ => return Err(AuditError::NotASurface { law: law.to_owned(), what: "a contrast" }),
        };
        if !(runs[0] > 0.0 && runs[1].is_finite()) {
            return Err(AuditError::NotASurface { law: law.to_owned(), what: "a contrast" });
        }
        let compared = [runs[0], runs[1] * reach.max(1.0)];
        let (low, high) = ((compared[0] / BEYOND.sqrt()).ln(), (compared[1] * BEYOND).ln());
        let logs = (0..POINTS).map(|k| low + (high - low) * k as f64 / (POINTS - 1) as f64).collect();
        Ok(Grid { kind, name, runs, compared, logs })
    }

    /// The curve at these parameters; NaN where the law has no optimum.
    pub(crate) fn curve(&self, params: &[f64]) -> Curve {
        let loss = match &self.kind {
            Kind::Optimal(surface) => {
                let mut near: Option<f64> = None;
                let mut last: Option<f64> = None;
                self.logs
                    .iter()
                    .map(|c| {
                        let found = surface.lowest(params, c.exp(), FLOP, near);
                        // The next optimum, along the path so far.
                        near = found.map(|(n, _)| last.map_or(n, |before: f64| n * n / before));
                        last = found.map(|f| f.0);
                        found.map_or(f64::NAN, |f| f.1)
                    })
                    .collect()
            }
            Kind::Single { formula, input } => {
                let x: Vec<f64> = self.logs.iter().map(|c| c.exp()).collect();
                let columns: Vec<&[f64]> = (0..formula.symbols.inputs.len())
                    .map(|k| if k == *input { x.as_slice() } else { [].as_slice() })
                    .collect();
                let node = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
                let mut out = vec![0.0; x.len()];
                evaluate(&formula.graph, node, &columns, params, &mut out);
                out
            }
        };
        Curve { start: self.logs[0], step: self.logs[1] - self.logs[0], loss }
    }

    /// Places of N and D among the inputs, for a comparison over compute.
    pub(crate) fn places(&self) -> Option<(usize, usize)> {
        match &self.kind {
            Kind::Optimal(surface) => Some(surface.places()),
            Kind::Single { .. } => None,
        }
    }

    /// Loss of single runs of N and D (or at values of the input).
    pub(crate) fn runs_at(&self, params: &[f64], n: &[f64], d: &[f64]) -> Option<Vec<f64>> {
        match &self.kind {
            Kind::Optimal(surface) => Some(surface.at(params, n, d)),
            Kind::Single { .. } => None,
        }
    }
}

impl Curve {
    /// Loss at a scale, by cubic interpolation in its log.
    pub(crate) fn at(&self, scale: f64) -> f64 {
        self.at_log(scale.ln())
    }

    fn at_log(&self, x: f64) -> f64 {
        let place = (x - self.start) / self.step;
        let last = self.loss.len() - 1;
        if !(place >= 0.0 && place <= last as f64) {
            return f64::NAN;
        }
        let k = (place.floor() as usize).min(last - 1);
        let t = place - k as f64;
        let value = |i: usize| self.loss[i];
        let (a, b) = (value(k), value(k + 1));
        let slope_a = if k > 0 { 0.5 * (b - value(k - 1)) } else { b - a };
        let slope_b = if k + 2 <= last { 0.5 * (value(k + 2) - a) } else { b - a };
        let (t2, t3) = (t * t, t * t * t);
        (2.0 * t3 - 3.0 * t2 + 1.0) * a
            + (t3 - 2.0 * t2 + t) * slope_a
            + (3.0 * t2 - 2.0 * t3) * b
            + (t3 - t2) * slope_b
    }

    /// The scale at which the loss is reached: infinite if it never is, 0 if it is below the smallest scale known.
    pub(crate) fn reaches(&self, loss: f64) -> f64 {
        if loss.is_nan() || self.loss.iter().any(|v| v.is_nan()) {
            return f64::NAN;
        }
        // The first step that ends at or below the loss.
        let Some(k) = self.loss.iter().position(|v| *v <= loss) else { return f64::INFINITY };
        if k == 0 {
            return 0.0;
        }
        let (mut low, mut high) =
            (self.start + self.step * (k - 1) as f64, self.start + self.step * k as f64);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.at_log(middle) > loss { low = middle } else { high = middle }
        }
        (0.5 * (low + high)).exp()
    }
}

fn steps(range: [f64; 2]) -> impl Iterator<Item = f64> {
    let (low, high) = (range[0].ln(), range[1].ln());
    (0..=STEPS).map(move |k| low + (high - low) * k as f64 / STEPS as f64)
}

/// Scales within `range` at which the two curves cross.
pub(crate) fn crossings(pair: &[Curve; 2], range: [f64; 2]) -> Vec<f64> {
    let gap = |x: f64| pair[0].at_log(x) - pair[1].at_log(x);
    let places: Vec<f64> = steps(range).collect();
    let mut found = Vec::new();
    for w in places.windows(2) {
        let (mut low, mut high) = (w[0], w[1]);
        let side = gap(low);
        if side * gap(high) >= 0.0 || !gap(high).is_finite() {
            continue;
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if gap(middle) * side > 0.0 { low = middle } else { high = middle }
        }
        found.push((0.5 * (low + high)).exp());
    }
    found
}

/// The stretch of scales around the first crossing (or, without one, the stretch nearest the end of `range`) in which the
/// interval of the difference has both signs. `None` if there is no such scale; an end is `None` where the stretch runs to
/// the end of `range`.
pub(crate) fn undecided(
    full: &[Curve; 2],
    draws: &[[Curve; 2]],
    range: [f64; 2],
    rule: &EndRule,
    crossings: &[f64],
) -> Option<[Option<f64>; 2]> {
    let sign = |x: f64| {
        let gap = |pair: &[Curve; 2]| pair[0].at_log(x) - pair[1].at_log(x);
        match rule.ends(&draws.iter().map(gap).collect::<Vec<f64>>(), gap(full)) {
            Some((_, high)) if high < 0.0 => -1,
            Some((low, _)) if low > 0.0 => 1,
            _ => 0,
        }
    };
    let places: Vec<f64> = steps(range).step_by(4).collect();
    let signs: Vec<i32> = places.iter().map(|&x| sign(x)).collect();
    let near = match crossings.first() {
        // The step nearest to the crossing, whose own interval may be narrower than a step.
        Some(c) => (0..places.len())
            .min_by(|&a, &b| (places[a] - c.ln()).abs().total_cmp(&(places[b] - c.ln()).abs()))?,
        None => (0..places.len()).rev().find(|&k| signs[k] == 0)?,
    };
    let change = |mut inside: f64, mut outside: f64, side: i32| {
        for _ in 0..24 {
            let middle = 0.5 * (inside + outside);
            if sign(middle) == side { outside = middle } else { inside = middle }
        }
        Some(outside.exp())
    };
    // From the crossing itself outwards to the first step that is decided.
    let centre = crossings.first().map_or(places[near], |c| c.ln());
    let below = (0..places.len()).rev().find(|&k| places[k] < centre && signs[k] != 0);
    let above = (0..places.len()).find(|&k| places[k] > centre && signs[k] != 0);
    let gap = |x: f64| full[0].at_log(x) - full[1].at_log(x);
    debug_assert!(gap(centre).is_finite());
    Some([
        below.and_then(|k| change(centre, places[k], signs[k])),
        above.and_then(|k| change(centre, places[k], signs[k])),
    ])
}
