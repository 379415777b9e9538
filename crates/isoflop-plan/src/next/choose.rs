//! Choosing runs: exchange of single runs, with a price on cost that is tuned until the budget holds.

use rayon::prelude::*;

use crate::dense::solve_positive;
use crate::next::goal::{Aim, Lens, add};

/// Price of the whole budget, in the unit of the criterion, at which cost hardly counts.
const LEAST_PRICE: f64 = 1e-3;
/// Price at which hardly anything is worth its cost.
const MOST_PRICE: f64 = 1e3;
/// Trials of the price in between.
const TRIALS: usize = 12;
/// Exchange passes at one price.
const PASSES: usize = 2;
/// Exchange passes at the end, under the budget itself.
const LAST_PASSES: usize = 8;

/// What the runs may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Cost of all together.
    pub(crate) budget: f64,
    /// Number of runs, repeats included.
    pub(crate) runs: usize,
    /// Runs at one candidate.
    pub(crate) repeats: usize,
}

/// Candidates to run with their numbers of repeats, the dearest first. Lower is better for the criterion: the mean over
/// lenses and goals of the logarithm of the standard deviation, or of one over the evidence for one of two laws.
pub(crate) fn choose(lenses: &[Lens], costs: &[f64], limits: &Limits) -> Vec<(usize, usize)> {
    let search = Search { lenses, costs, limits };
    // Spread over all candidates: from no runs at all, a first one seems useless where it takes several to learn.
    let spread = |s: usize| Some((2 * s + 1) * costs.len() / (2 * limits.runs));
    let mut slots: Vec<Option<usize>> = (0..limits.runs).map(spread).collect();
    let mut best = (f64::INFINITY, slots.clone());
    let consider = |slots: &[Option<usize>], best: &mut (f64, Vec<Option<usize>>)| {
        let value = search.criterion(slots);
        let within = search.cost(slots) <= limits.budget;
        if within && value < best.0 {
            *best = (value, slots.to_vec());
        }
        within
    };
    let settle = |slots: &mut [Option<usize>], price: f64, budget: f64, passes: usize| {
        for _ in 0..passes {
            if !search.pass(slots, price, budget) {
                break;
            }
        }
    };
    // The price at which the budget is just spent, from the design that cost does not bind.
    let (mut low, mut high) = (LEAST_PRICE, MOST_PRICE);
    settle(&mut slots, low, f64::INFINITY, LAST_PASSES);
    let mut dear = slots.clone();
    if !consider(&slots, &mut best) {
        for _ in 0..TRIALS {
            let price = (low * high).sqrt();
            slots.clone_from(&dear);
            settle(&mut slots, price, f64::INFINITY, PASSES);
            if consider(&slots, &mut best) {
                high = price;
            } else {
                low = price;
                dear.clone_from(&slots);
            }
        }
    }
    if best.0.is_finite() {
        slots = best.1.clone();
    } else {
        slots.fill(None);
    }
    settle(&mut slots, 0.0, limits.budget, LAST_PASSES);
    consider(&slots, &mut best);
    counted(&best.1, costs)
}

fn counted(slots: &[Option<usize>], costs: &[f64]) -> Vec<(usize, usize)> {
    let mut list: Vec<usize> = slots.iter().flatten().copied().collect();
    list.sort_by(|&a, &b| costs[b].total_cmp(&costs[a]).then(a.cmp(&b)));
    list.chunk_by(|a, b| a == b).map(|same| (same[0], same.len())).collect()
}

struct Search<'a> {
    lenses: &'a [Lens],
    costs: &'a [f64],
    limits: &'a Limits,
}

impl Search<'_> {
    fn cost(&self, slots: &[Option<usize>]) -> f64 {
        slots.iter().flatten().map(|&i| self.costs[i]).sum()
    }

    /// Puts the best candidate into every slot in turn; whether anything changed.
    fn pass(&self, slots: &mut [Option<usize>], price: f64, budget: f64) -> bool {
        let mut changed = false;
        for s in 0..slots.len() {
            let old = slots[s].take();
            let room = budget - self.cost(slots);
            let new = self.best(slots, price, room, old);
            changed |= new != old;
            slots[s] = new;
        }
        changed
    }

    /// The best addition to a set of runs that costs no more than `room`; `old` wins ties.
    fn best(&self, slots: &[Option<usize>], price: f64, room: f64, old: Option<usize>) -> Option<usize> {
        let states: Vec<State<'_>> = self.lenses.iter().map(|lens| State::new(lens, slots)).collect();
        let mut used = vec![0_usize; self.costs.len()];
        slots.iter().flatten().for_each(|&i| used[i] += 1);
        let score = |i: Option<usize>| {
            let value: f64 = states.iter().map(|state| state.with(i)).sum();
            value + i.map_or(0.0, |i| price * self.costs[i] / self.limits.budget)
        };
        let open = |&i: &usize| used[i] < self.limits.repeats && self.costs[i] <= room;
        let found = (0..self.costs.len())
            .into_par_iter()
            .with_min_len(512)
            .filter(open)
            .map(|i| (score(Some(i)), i))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // A run that adds nothing is none.
        let none = score(None);
        let old = old.filter(open);
        let keep = old.map_or(none, |i| score(Some(i)));
        match found {
            Some((value, i)) if value < keep - 1e-9 && value < none - 1e-9 => Some(i),
            _ if keep < none - 1e-9 => old,
            _ => None,
        }
    }

    fn criterion(&self, slots: &[Option<usize>]) -> f64 {
        self.lenses.iter().map(|lens| State::new(lens, slots).with(None)).sum()
    }
}

/// A lens with some runs done.
pub(crate) struct State<'a> {
    lens: &'a Lens,
    /// Inverse of the precision.
    spread: Vec<f64>,
    aims: Vec<Progress>,
}

/// How far an aim is with the runs of a state.
enum Progress {
    /// The variance, and the spread times each direction.
    Variance(f64, Vec<Vec<f64>>),
    /// The evidence, and the shift of the coordinates that hides most of the difference.
    Doubt(f64, Vec<f64>),
}

impl<'a> State<'a> {
    pub(crate) fn new(lens: &'a Lens, slots: &[Option<usize>]) -> State<'a> {
        let n = lens.n;
        let mut precision = lens.precision.clone();
        let row = |i: usize| &lens.slopes[i * n..][..n];
        slots.iter().flatten().for_each(|&i| add(&mut precision, row(i), 1.0));
        let spread = inverse(&precision, n);
        let times = |v: &[f64]| -> Vec<f64> { spread.chunks_exact(n).map(|row| dot(row, v)).collect() };
        let aims = lens
            .aims
            .iter()
            .map(|aim| match aim {
                Aim::Variance(directions) => {
                    let moved: Vec<Vec<f64>> = directions.iter().map(|c| times(c)).collect();
                    Progress::Variance(directions.iter().zip(&moved).map(|(c, v)| dot(c, v)).sum(), moved)
                }
                Aim::Doubt(difference) => {
                    let mut pull = vec![0.0; n];
                    let mut squares = 0.0;
                    for &i in slots.iter().flatten() {
                        squares += difference[i] * difference[i];
                        pull.iter_mut().zip(row(i)).for_each(|(p, j)| *p += difference[i] * j);
                    }
                    let shift = times(&pull);
                    Progress::Doubt((squares - dot(&pull, &shift)).max(0.0), shift)
                }
            })
            .collect();
        State { lens, spread, aims }
    }

    /// The criterion with one candidate more, times the weight of the lens.
    fn with(&self, candidate: Option<usize>) -> f64 {
        let (mut sum, n) = (0.0, self.lens.n);
        let Some(i) = candidate else {
            for progress in &self.aims {
                sum += match progress {
                    Progress::Variance(variance, _) => 0.5 * variance.max(f64::MIN_POSITIVE).ln(),
                    Progress::Doubt(evidence, _) => -0.5 * evidence.ln_1p(),
                };
            }
            return self.lens.weight * sum;
        };
        let row = &self.lens.slopes[i * n..][..n];
        let own = 1.0 + self.spread.chunks_exact(n).zip(row).map(|(s, j)| j * dot(s, row)).sum::<f64>();
        for (progress, aim) in self.aims.iter().zip(&self.lens.aims) {
            sum += match (progress, aim) {
                (Progress::Variance(variance, moved), _) => {
                    let less: f64 = moved.iter().map(|v| dot(v, row).powi(2)).sum::<f64>() / own;
                    // Cancellation leaves no sense below this share.
                    0.5 * (variance - less).max(1e-12 * variance).max(f64::MIN_POSITIVE).ln()
                }
                (Progress::Doubt(evidence, shift), Aim::Doubt(difference)) => {
                    let new = difference[i] - dot(shift, row);
                    -0.5 * (evidence + new * new / own).ln_1p()
                }
                _ => 0.0,
            };
        }
        self.lens.weight * sum
    }

    /// For each aim its variance, or the evidence.
    pub(crate) fn reached(&self) -> Vec<f64> {
        let one = |progress: &Progress| match progress {
            Progress::Variance(value, _) | Progress::Doubt(value, _) => *value,
        };
        self.aims.iter().map(one).collect()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The inverse of a positive definite matrix, its diagonal scaled to 1 in between.
fn inverse(a: &[f64], n: usize) -> Vec<f64> {
    let scale: Vec<f64> = (0..n).map(|i| a[i * n + i].sqrt().recip()).collect();
    let scaled: Vec<f64> = (0..n * n).map(|k| a[k] * scale[k / n] * scale[k % n]).collect();
    let mut out = vec![0.0; n * n];
    for j in 0..n {
        let mut unit = vec![0.0; n];
        unit[j] = 1.0;
        for (i, x) in solve_positive(&scaled, &unit).unwrap_or(unit).into_iter().enumerate() {
            out[i * n + j] = x * scale[i] * scale[j];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A straight line with slopes (1, x): the variance of its value at `at`.
    fn line(xs: &[f64], at: f64) -> Lens {
        Lens {
            n: 2,
            precision: vec![1e-9, 0.0, 0.0, 1e-9],
            slopes: xs.iter().flat_map(|&x| [1.0, x]).collect(),
            aims: vec![Aim::Variance(vec![vec![1.0, at]])],
            weight: 1.0,
        }
    }

    #[test]
    fn a_line_is_best_forecast_from_its_ends_in_the_known_ratio() {
        // Hoel and Levine 1964: for extrapolation to z beyond [-1, 1] the ends get (z - 1) : (z + 1) of the runs.
        let xs: Vec<f64> = (0..21).map(|i| -1.0 + 0.1 * i as f64).collect();
        let limits = Limits { budget: 1e9, runs: 40, repeats: 40 };
        let found = choose(&[line(&xs, 3.0)], &[1.0; 21], &limits);
        let mut found = found;
        found.sort();
        assert_eq!(found, [(0, 13), (20, 27)]);
    }

    #[test]
    fn exchange_meets_the_best_of_all_sets_under_a_budget() {
        let xs: Vec<f64> = (0..8).map(|i| i as f64).collect();
        let costs: Vec<f64> = xs.iter().map(|x| 1.0 + x * x).collect();
        let lens = line(&xs, 10.0);
        let limits = Limits { budget: 60.0, runs: 4, repeats: 1 };
        let mut best = f64::INFINITY;
        for set in 0_u32..256 {
            let members: Vec<Option<usize>> = (0..8).filter(|i| set >> i & 1 == 1).map(Some).collect();
            let cost: f64 = members.iter().flatten().map(|&i| costs[i]).sum();
            if members.len() <= 4 && cost <= 60.0 {
                best = best.min(State::new(&lens, &members).reached()[0]);
            }
        }
        let found = choose(std::slice::from_ref(&lens), &costs, &limits);
        let slots: Vec<Option<usize>> = found.iter().map(|(i, _)| Some(*i)).collect();
        let reached = State::new(&lens, &slots).reached()[0];
        assert!(found.iter().map(|(i, k)| costs[*i] * *k as f64).sum::<f64>() <= 60.0);
        assert!(reached <= 1.02 * best, "{reached} {best}");
    }

    #[test]
    fn no_candidate_is_repeated_beyond_the_limit() {
        let lens = line(&[0.0, 1.0, 2.0], 5.0);
        let limits = Limits { budget: 1e9, runs: 24, repeats: 3 };
        let mut found = choose(&[lens], &[1.0; 3], &limits);
        found.sort();
        assert_eq!(found, [(0, 3), (1, 3), (2, 3)]);
    }

    #[test]
    fn laws_are_told_apart_where_no_refit_hides_the_difference() {
        // A constant fitted to a line through 0: a refit hides the mean, so the runs go to both ends.
        let xs: Vec<f64> = (0..11).map(|i| -1.0 + 0.2 * i as f64).collect();
        let lens = Lens {
            n: 1,
            precision: vec![1e-9],
            slopes: vec![1.0; 11],
            aims: vec![Aim::Doubt(xs.clone())],
            weight: 1.0,
        };
        let limits = Limits { budget: 10.0, runs: 6, repeats: 3 };
        let mut found = choose(&[lens], &[1.0; 11], &limits);
        found.sort();
        assert_eq!(found, [(0, 3), (10, 3)]);
    }
}
