//! Results that need no table: a few lines of arithmetic each.

use std::collections::BTreeMap;

use crate::error::ReproduceError;

/// Arguments by name.
type Arguments = BTreeMap<String, f64>;
/// What a procedure gives: names and values that the formulas of quantities use.
type Found = Vec<(String, f64)>;

/// Runs a procedure.
pub(crate) fn run(id: &str, name: &str, at: &Arguments) -> Result<Found, ReproduceError> {
    let value = |argument: &'static str| {
        let missing = || ReproduceError::NoArgument { id: id.to_owned(), name: name.to_owned(), argument };
        at.get(argument).copied().ok_or_else(missing)
    };
    let found = match name {
        "approach2_bias" => {
            approach2_bias(value("alpha")?, value("beta")?, value("factor")?, value("points")?)
        }
        "inference_plan" => {
            let law = Surface {
                e: value("E")?,
                a: value("A")?,
                b: value("B")?,
                alpha: value("alpha")?,
                beta: value("beta")?,
            };
            law.inference_plan(value("N")?, value("D_inference")?)
        }
        "vocabulary_by_budget" => {
            let compute = (value("N")? / value("n0")?).powi(2);
            vec![("C", compute), ("V", value("v0")? * compute.powf(value("power")?) / value("d")?)]
        }
        "vocabulary_by_derivative" => {
            vec![("V", value("v0")? * (value("N")? / value("n0")?).powf(value("power")?) / value("d")?)]
        }
        "vocabulary_by_loss" => {
            let compute = (value("N")? / value("n0")?).powi(2);
            let terms = [value("A2")?, value("alpha_v")?, value("B")?, value("alpha")?];
            vec![("V", vocabulary_by_loss(value("N")?, value("d")?, compute, terms))]
        }
        _ => return Err(ReproduceError::UnknownProcedure { id: id.to_owned(), name: name.to_owned() }),
    };
    Ok(found.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Relative error of the optimal N and D from a parabola through an isoFLOP slice without noise: `points` sizes spaced
/// evenly in the logarithm, from the optimum divided by `factor` to the optimum times it.
///
/// Around its optimum the slice of `E + A / N^alpha + B / D^beta` is, up to scale and offset,
/// `beta exp(-alpha w) + alpha exp(beta w)` with `w = ln(N / N_opt)`: the error does not depend on E, A, B or the
/// budget (Czech et al. 2026, section on Approach 2).
fn approach2_bias(alpha: f64, beta: f64, factor: f64, points: f64) -> Vec<(&'static str, f64)> {
    let places = (0..points as usize).map(|i| factor.ln() * (2.0 * i as f64 / (points - 1.0) - 1.0));
    let (mut s2, mut s4, mut f0, mut f1, mut f2) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for w in places {
        let f = beta * (-alpha * w).exp() + alpha * (beta * w).exp();
        s2 += w * w;
        s4 += w.powi(4);
        f0 += f;
        f1 += w * f;
        f2 += w * w * f;
    }
    // Least squares on a grid that is symmetric around 0: odd moments vanish.
    let slope = f1 / s2;
    let curvature = (f2 - s2 * f0 / points) / (s4 - s2 * s2 / points);
    let shift = -slope / (2.0 * curvature);
    vec![("N_error", shift.exp_m1()), ("D_error", (-shift).exp_m1())]
}

/// The vocabulary of least loss for `n` parameters beside it, width `d` and a budget of `compute` FLOP: where the terms
/// `A2 / Nv^alpha_v + B / D^alpha` of the loss, in millions of parameters `Nv = V d` and thousands of millions of tokens
/// `D = C / (6 (N + Nv))`, fall no further (Tao et al. 2024, approach 3 as in the authors' code).
fn vocabulary_by_loss(n: f64, d: f64, compute: f64, [a, alpha_v, b, alpha]: [f64; 4]) -> f64 {
    let steepness = |log_v: f64| {
        let vocabulary = log_v.exp() * d;
        let tokens = compute / (6.0 * (n + vocabulary));
        // Logarithms of both slopes along ln V: their difference has one root.
        let down = (a * alpha_v).ln() - alpha_v * (vocabulary / 1e6).ln();
        let up = (b * alpha * vocabulary / (n + vocabulary)).ln() - alpha * (tokens / 1e9).ln();
        up - down
    };
    let (mut low, mut high) = (0.0_f64, 25.0_f64);
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if steepness(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low.exp()
}

/// `E + A / N^alpha + B / D^beta`.
struct Surface {
    e: f64,
    a: f64,
    b: f64,
    alpha: f64,
    beta: f64,
}

impl Surface {
    /// The size and tokens that reach the loss of a compute-optimal model of `n` parameters at the least compute for
    /// training and `d_inference` tokens of inference, `6 N D + 2 N D_inference` (Sardana et al. 2024, equation 3).
    fn inference_plan(&self, n: f64, d_inference: f64) -> Vec<(&'static str, f64)> {
        // At a compute-optimal point the two terms are as 1 / alpha to 1 / beta.
        let term_n = self.a / n.powf(self.alpha);
        let d = (self.beta * self.b / (self.alpha * term_n)).powf(1.0 / self.beta);
        let reducible = term_n + self.b / d.powf(self.beta);
        let tokens = |n: f64| (self.b / (reducible - self.a / n.powf(self.alpha))).powf(1.0 / self.beta);
        let cost = |n: f64| n * (6.0 * tokens(n) + 2.0 * d_inference);
        // The cost has one minimum in the log of N between the smallest size that can reach the loss and `n`.
        let smallest = (self.a / reducible).powf(1.0 / self.alpha);
        let best = golden_section(|log_n| cost(log_n.exp()), (1.0001 * smallest).ln(), n.ln()).exp();
        vec![
            ("loss", self.e + reducible),
            ("D_base", d),
            ("N", best),
            ("D", tokens(best)),
            ("saved", 1.0 - cost(best) / cost(n)),
        ]
    }
}

/// The minimum of a function with one valley between `low` and `high`.
fn golden_section(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    for _ in 0..100 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if f(left) < f(right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parabola_is_right_when_the_exponents_are_equal() {
        for (_, error) in approach2_bias(0.31, 0.31, 16.0, 15.0) {
            assert!(error.abs() < 1e-12, "{error}");
        }
    }

    #[test]
    fn without_inference_the_optimal_model_stays() {
        let law = Surface { e: 1.69, a: 406.4, b: 410.7, alpha: 0.336, beta: 0.283 };
        let plan = law.inference_plan(30e9, 0.0);
        let of = |name: &str| plan.iter().find(|(known, _)| *known == name).unwrap().1;
        assert!(of("saved").abs() < 1e-9, "{plan:?}");
        assert!((of("N") / 30e9 - 1.0).abs() < 1e-3, "{plan:?}");
    }
}
