//! From replicates to the two ends of an interval, and how sure the ends are.
//!
//! * *percentile*: the quantiles of the replicates.
//! * *BCa*: quantiles moved for bias and for a standard error that changes with the value (Efron 1987, equation 2.3;
//!   Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 14.3). The acceleration comes from refits
//!   without one unit each.
//! * *expanded*: quantiles at the levels of Student's distribution, and of the larger spread that a small table would show
//!   if its units were not the whole population (Hesterberg, What Teachers Should Know about the Bootstrap, The American
//!   Statistician 69, 2015, section 5.1).
//! * *smoothed*: the replicates of a robust fit, which is nearly a sum of absolute values, jump; their middle varies less
//!   from table to table than the fit does, and quantiles around it hold the truth too often. How much less is seen in how
//!   the replicates follow the weights of the units (Efron, Estimation and Accuracy after Model Selection, Journal of the
//!   American Statistical Association 109, 2014, theorem 1): the levels of *expanded* are drawn in by that. For a smooth
//!   objective there is little to draw in.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

use crate::error::FitError;
use crate::interval::Precision;

/// Fewer replicates than this have no quantiles worth the name.
const LEAST: usize = 10;

/// How ends are made of replicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Ends {
    /// Quantiles of the replicates: the usual bootstrap, too narrow on small tables.
    Percentile,
    /// Quantiles at levels widened for few units.
    Expanded,
    /// Bias-corrected and accelerated.
    Bca,
    /// Quantiles at levels widened for few units, and drawn in where the replicates jump.
    #[default]
    Smoothed,
}

impl Ends {
    /// All names.
    pub const NAMES: [&'static str; 4] = ["percentile", "expanded", "bca", "smoothed"];

    /// Name as on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Ends::Percentile => "percentile",
            Ends::Expanded => "expanded",
            Ends::Bca => "bca",
            Ends::Smoothed => "smoothed",
        }
    }

    /// Whether refits without one unit each are needed.
    pub(crate) fn needs_jackknife(self) -> bool {
        self == Ends::Bca
    }
}

impl std::str::FromStr for Ends {
    type Err = FitError;

    fn from_str(text: &str) -> Result<Self, FitError> {
        match text {
            "percentile" => Ok(Ends::Percentile),
            "expanded" => Ok(Ends::Expanded),
            "bca" => Ok(Ends::Bca),
            "smoothed" => Ok(Ends::Smoothed),
            _ => Err(FitError::UnknownEnds { name: text.to_string() }),
        }
    }
}

/// Rule that turns replicates of one quantity into ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) ends: Ends,
    /// Normal score of the upper level, already widened if the rule does so.
    pub(crate) z: f64,
}

impl Rule {
    /// The rule for intervals of `level` from `units` units of which `used` degrees of freedom went to parameters.
    pub(crate) fn new(ends: Ends, level: f64, units: usize, used: usize) -> Rule {
        let upper = 0.5 + 0.5 * level;
        // Parameters that vary within a cluster are not paid for by clusters alone: half of them are always left.
        let free = units.saturating_sub(used).max(units.div_ceil(2)).max(1) as f64;
        let z = match ends {
            Ends::Percentile | Ends::Bca => normal_quantile(upper),
            Ends::Expanded | Ends::Smoothed => student_quantile(upper, free) * (units as f64 / free).sqrt(),
        };
        Rule { ends, z }
    }

    /// By how much the rule draws in its levels for replicates of this order.
    fn smoothness(&self, order: &[usize], weights: Weights<'_>) -> f64 {
        if self.ends == Ends::Smoothed { smoothness(order, weights) } else { 1.0 }
    }

    /// The two levels at which to read the replicates, which lie below the estimate in a share `below` and have this
    /// `smoothness`.
    pub(crate) fn levels(&self, below: f64, acceleration: f64, smoothness: f64) -> (f64, f64) {
        let plain = (normal(-self.z * smoothness), normal(self.z * smoothness));
        if !(self.ends.needs_jackknife() && below > 0.0 && below < 1.0) {
            return plain;
        }
        let bias = normal_quantile(below);
        let moved = |z: f64| normal(bias + (bias + z) / (1.0 - acceleration * (bias + z)));
        let (low, high) = (moved(-self.z), moved(self.z));
        // Beyond the pole of the correction the levels would cross over.
        if low < high { (low, high) } else { plain }
    }
}

/// The rule of a fit's own intervals, for quantities that are made of replicates elsewhere, of one fit or of several.
/// [`Ends::Bca`] is without its acceleration here, which needs refits without one unit each.
#[derive(Debug, Clone)]
pub struct EndRule {
    rule: Rule,
    weights: Vec<Vec<f64>>,
    units: usize,
}

impl EndRule {
    /// For intervals of `level` from replicates of a table of `units` units (rows or clusters), of whose degrees of freedom
    /// `used` went to parameters. `weights`, `[replicate][unit]`, is how often each unit was drawn, 1 on average; without
    /// it, [`Ends::Smoothed`] cannot see how the replicates jump and is [`Ends::Expanded`].
    pub fn new(ends: Ends, level: f64, units: usize, used: usize, weights: Vec<Vec<f64>>) -> EndRule {
        EndRule { rule: Rule::new(ends, level, units, used), weights, units }
    }

    /// The ends of a quantity whose smoothness and acceleration are known from another level.
    pub(crate) fn again(&self, values: &[f64], estimate: f64, known: &Precision) -> Option<(f64, f64)> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        if sorted.len() < LEAST {
            return None;
        }
        let below = share_below(&sorted, estimate);
        let (low, high) = self.rule.levels(below, known.acceleration, known.smoothness);
        Some((quantile(&sorted, low), quantile(&sorted, high)))
    }

    /// The ends among `values`, one for each replicate in the order of the weights, around `estimate`. An infinite value is
    /// a value like any other, what is no number is left out; `None` for fewer than ten.
    ///
    /// ```
    /// use isoflop_fit::{EndRule, Ends};
    /// let values: Vec<f64> = (0..=100).map(f64::from).collect();
    /// let rule = EndRule::new(Ends::Percentile, 0.9, 30, 2, Vec::new());
    /// let (low, high) = rule.ends(&values, 50.0).unwrap_or_default();
    /// assert!((low - 5.0).abs() < 1e-9 && (high - 95.0).abs() < 1e-9);
    /// ```
    pub fn ends(&self, values: &[f64], estimate: f64) -> Option<(f64, f64)> {
        let mut order: Vec<usize> = (0..values.len()).filter(|&i| !values[i].is_nan()).collect();
        if order.len() < LEAST {
            return None;
        }
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let sorted: Vec<f64> = order.iter().map(|&i| values[i]).collect();
        let weights = Weights { of: &self.weights, units: self.units };
        let smoothness = self.rule.smoothness(&order, weights);
        let (low, high) = self.rule.levels(share_below(&sorted, estimate), 0.0, smoothness);
        Some((quantile(&sorted, low), quantile(&sorted, high)))
    }
}

/// Ends of one interval with the errors that come from having finitely many replicates and units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) low_error: f64,
    pub(crate) high_error: f64,
    /// Relative error of the width, from leaving out units; `None` if replicates are too few to tell.
    pub(crate) width_error: Option<f64>,
    /// What the rule took from the replicates and from refits without one unit each.
    pub(crate) smoothness: f64,
    pub(crate) acceleration: f64,
}

/// What weight each unit had in each replicate, `[replicate][unit]`, with mean 1.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weights<'a> {
    pub(crate) of: &'a [Vec<f64>],
    pub(crate) units: usize,
}

/// The ends from the replicates `values` of a quantity whose estimate is `estimate`. `left_out` are its values in refits
/// without one unit each; `weights` may be empty.
pub(crate) fn ends(
    values: &[f64],
    estimate: f64,
    rule: Rule,
    left_out: &[f64],
    weights: Weights<'_>,
) -> Option<Found> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| values[i].is_finite()).collect();
    if order.len() < LEAST {
        return None;
    }
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let sorted: Vec<f64> = order.iter().map(|&i| values[i]).collect();
    let acceleration = acceleration(left_out);
    let smoothness = rule.smoothness(&order, weights);
    let (low_level, high_level) = rule.levels(share_below(&sorted, estimate), acceleration, smoothness);
    let (low, high) = (quantile(&sorted, low_level), quantile(&sorted, high_level));
    let mut found = Found {
        low,
        high,
        low_error: quantile_error(&sorted, low_level, sorted.len() as f64),
        high_error: quantile_error(&sorted, high_level, sorted.len() as f64),
        width_error: None,
        smoothness,
        acceleration,
    };
    let widths: Vec<f64> = (0..if weights.of.is_empty() { 0 } else { weights.units })
        .filter_map(|unit| {
            let part: Vec<f64> =
                order.iter().filter(|&&i| weights.of[i][unit] == 0.0).map(|&i| values[i]).collect();
            (part.len() >= LEAST).then(|| {
                let (low, high) = rule.levels(share_below(&part, estimate), acceleration, smoothness);
                quantile(&part, high) - quantile(&part, low)
            })
        })
        .collect();
    found.width_error = width_error(&widths, weights.units, &found);
    Some(found)
}

/// Standard deviation of the middle of the replicates from table to table, relative to that of the replicates: 1 where
/// they follow the weights of the units in a straight line, less where they jump (Efron 2014, equation 3.14, less what
/// finitely many replicates add). `order` are the replicates by rising value; ranks stand for values, so that the answer
/// does not depend on the scale of the quantity. 1 where it cannot be known.
fn smoothness(order: &[usize], weights: Weights<'_>) -> f64 {
    /// Replicates never jump by as much as this.
    const LEAST_SMOOTH: f64 = 0.7;
    let (count, units) = (order.len() as f64, weights.units as f64);
    if weights.of.is_empty() || count < 2.0 * units {
        return 1.0;
    }
    let mut sums = vec![0.0; weights.units];
    let mut square = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        let score = normal_quantile((rank as f64 + 0.5) / count);
        square += score * score / count;
        sums.iter_mut().zip(&weights.of[i]).for_each(|(sum, w)| *sum += (w - 1.0) * score);
    }
    let followed: f64 = sums.iter().map(|sum| (sum / count).powi(2)).sum::<f64>() / square;
    (followed - units / count).max(0.0).sqrt().clamp(LEAST_SMOOTH, 1.0)
}

/// Jackknife-after-bootstrap standard error of a width, relative to it (Efron 1992, section 3), less what finitely many
/// replicates add to it: `(e - 1) n` times the Monte Carlo variance (Wager, Hastie and Efron 2014, equation 7).
fn width_error(widths: &[f64], units: usize, found: &Found) -> Option<f64> {
    let n = widths.len() as f64;
    // Units that are in nearly all replicates tell nothing.
    if widths.len() < 3 || widths.len() * 10 < units * 9 {
        return None;
    }
    let mean = widths.iter().sum::<f64>() / n;
    let spread = widths.iter().map(|w| (w - mean).powi(2)).sum::<f64>() * (n - 1.0) / n;
    let noise = found.low_error.powi(2) + found.high_error.powi(2);
    let rest = spread - (std::f64::consts::E - 1.0) * n * noise;
    let width = found.high - found.low;
    // The correction is itself known to about `sqrt(2 / n)` of its size.
    let floor = (std::f64::consts::E - 1.0) * n * noise * 2.0 * (2.0 / n).sqrt();
    (rest > floor && width > 0.0).then(|| rest.sqrt() / width)
}

/// Share of sorted values below `estimate`, ties counted half.
fn share_below(sorted: &[f64], estimate: f64) -> f64 {
    let less = sorted.partition_point(|v| *v < estimate);
    let upto = sorted.partition_point(|v| *v <= estimate);
    0.5 * (less + upto) as f64 / sorted.len() as f64
}

/// Acceleration from refits without one unit each (Efron and Tibshirani 1993, equation 14.15).
pub(crate) fn acceleration(left_out: &[f64]) -> f64 {
    let finite: Vec<f64> = left_out.iter().copied().filter(|v| v.is_finite()).collect();
    if finite.len() < 3 {
        return 0.0;
    }
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let (square, cube) = finite.iter().fold((0.0, 0.0), |(s, c), v| {
        let off = mean - v;
        (s + off * off, c + off * off * off)
    });
    if square > 0.0 { cube / (6.0 * square.powf(1.5)) } else { 0.0 }
}

/// The quantile of sorted values, by linear interpolation between order statistics.
pub(crate) fn quantile(sorted: &[f64], level: f64) -> f64 {
    let last = sorted.len() - 1;
    let place = level.clamp(0.0, 1.0) * last as f64;
    let (below, part) = (place.floor() as usize, place.fract());
    let (a, b) = (sorted[below], sorted[(below + 1).min(last)]);
    // Two infinite neighbours have no difference.
    if part == 0.0 || a == b { a } else { a + part * (b - a) }
}

/// Monte Carlo standard error of a quantile known from `count` independent values: half the distance between the
/// quantiles one binomial standard deviation to each side.
pub(crate) fn quantile_error(sorted: &[f64], level: f64, count: f64) -> f64 {
    let spread = (level * (1.0 - level) / count).sqrt();
    0.5 * (quantile(sorted, level + spread) - quantile(sorted, level - spread))
}

/// Distribution function of the standard normal.
pub(crate) fn normal(z: f64) -> f64 {
    Normal::standard().cdf(z)
}

/// Its inverse.
pub(crate) fn normal_quantile(p: f64) -> f64 {
    Normal::standard().inverse_cdf(p)
}

/// Quantile of Student's distribution.
pub(crate) fn student_quantile(p: f64, degrees: f64) -> f64 {
    StudentsT::new(0.0, 1.0, degrees).map_or(f64::NAN, |law| law.inverse_cdf(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Efron and Tibshirani 1993, table 14.1 and 14.2: variance of 26 spatial test scores, where BCa is known.
    const SCORES: [f64; 26] = [
        48., 36., 20., 29., 42., 42., 20., 42., 22., 41., 45., 14., 6., 0., 33., 28., 34., 4., 32., 24., 47.,
        41., 24., 26., 30., 41.,
    ];

    fn variance(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64
    }

    #[test]
    fn acceleration_of_the_textbook_example() {
        let left_out: Vec<f64> = (0..26)
            .map(|i| {
                let rest: Vec<f64> = (0..26).filter(|&k| k != i).map(|k| SCORES[k]).collect();
                variance(&rest)
            })
            .collect();
        // Printed below table 14.2 as 0.061.
        assert!((acceleration(&left_out) - 0.061).abs() < 5e-4, "{}", acceleration(&left_out));
    }

    #[test]
    fn levels_move_as_printed() {
        // z0 = 0.146 and a = 0.061 move the levels 5 % and 95 % to 11.0 % and 98.5 % (equation 14.12).
        let rule = Rule::new(Ends::Bca, 0.9, 26, 1);
        let (low, high) = rule.levels(normal(0.146), 0.061, 1.0);
        assert!((low - 0.110).abs() < 5e-4 && (high - 0.985).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn widened_levels_are_those_of_student() {
        let rule = Rule::new(Ends::Expanded, 0.9, 10, 1);
        assert!((rule.z - 1.833_112_9 * (10.0_f64 / 9.0).sqrt()).abs() < 1e-6);
        assert!(Rule::new(Ends::Expanded, 0.9, 100_000, 5).z - 1.644_853_6 < 1e-3);
    }

    /// Weights of 30 units in 3000 replicates, and the value of each replicate.
    fn replicates(value: impl Fn(&[f64]) -> f64) -> (Vec<Vec<f64>>, Vec<f64>) {
        let units =
            crate::interval::Units::rows(&crate::Data { output: vec![0.0; 30], ..Default::default() });
        let mut all = Vec::new();
        for number in 0..3000 {
            let mut drawn = Vec::new();
            units.draw(7, number, &mut drawn);
            all.push(drawn);
        }
        let values = all.iter().map(|w| value(w)).collect();
        (all, values)
    }

    #[test]
    fn means_are_smooth_and_medians_jump() {
        let x: Vec<f64> = (0..30).map(|i| normal_quantile((f64::from(i) + 0.5) / 30.0)).collect();
        let mean = |w: &[f64]| w.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() / 30.0;
        let median = |w: &[f64]| {
            let mut sum = 0.0;
            let at = w.iter().position(|w| {
                sum += w;
                sum >= 15.5
            });
            x[at.unwrap()]
        };
        let of = |value: &dyn Fn(&[f64]) -> f64| {
            let (weights, values) = replicates(value);
            let mut order: Vec<usize> = (0..values.len()).collect();
            order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
            smoothness(&order, Weights { of: &weights, units: 30 })
        };
        assert!(of(&mean) > 0.97, "{}", of(&mean));
        // The smoothed median of 30 normal values varies less than the median, about as much as their mean does.
        assert!((0.75..0.95).contains(&of(&median)), "{}", of(&median));
    }

    #[test]
    fn quantile_error_is_that_of_a_uniform() {
        let sorted: Vec<f64> = (0..=1000).map(|i| f64::from(i) / 1000.0).collect();
        let expected = (0.05 * 0.95 / 1000.0_f64).sqrt();
        assert!((quantile_error(&sorted, 0.05, 1000.0) / expected - 1.0).abs() < 1e-6);
    }
}
