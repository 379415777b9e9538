//! The noise that an objective is the likelihood of.
//!
//! Minimising a sum of losses `rho(r)` is maximum likelihood under the density `exp(-rho(r) / t) / Z(t)`, whatever the
//! dispersion `t`: squares give the normal, Huber its density, the quantile an asymmetric Laplace, Cauchy a Student-t.
//! So `t` can be estimated after the parameters (it is *profiled*), and laws fitted under one objective have comparable
//! likelihoods. Objectives that estimate a scale with the law have the scale here in place of `t`.

use statrs::function::erf::erf;
use statrs::function::gamma::ln_gamma;

use crate::objective::{Loss, Objective};

/// A density of residuals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Density {
    objective: Objective,
    /// Log of the dispersion, or of the scale for an objective that has one.
    log_scale: f64,
    /// Log of the normalising constant.
    log_norm: f64,
}

impl Density {
    /// The density with the dispersion of largest likelihood for `residuals`; `None` if all of them are zero or one is
    /// not finite, and for outcome families.
    pub(crate) fn of(objective: Objective, residuals: &[f64], weights: Option<&[f64]>) -> Option<Density> {
        let size = (residuals.iter().map(|r| r * r).sum::<f64>() / residuals.len().max(1) as f64).sqrt();
        // The likelihood of a share or a count is no function of its residual.
        if !(size > 0.0 && size.is_finite()) || objective.is_family() {
            return None;
        }
        let cost = |log_scale: f64| {
            let density = Density::at(objective, log_scale);
            let value = -density.sum(residuals, weights);
            if value.is_finite() { value } else { f64::INFINITY }
        };
        // Between a scale a billion times smaller than the residuals and one as much larger; squares and the like
        // have a dispersion of the size of the square.
        let (low, high) = match objective.loss {
            Loss::StudentT { .. } | Loss::HuberDensity => (-21.0, 21.0),
            _ => (-45.0, 45.0),
        };
        let centre = if high > 40.0 { 2.0 * size.ln() } else { size.ln() };
        let centre = match objective.loss {
            Loss::Quantile { .. } => size.ln(),
            _ => centre,
        };
        Some(Density::at(objective, minimum(&cost, centre + low, centre + high)))
    }

    fn at(objective: Objective, log_scale: f64) -> Density {
        Density { objective, log_scale, log_norm: log_norm(objective, log_scale) }
    }

    /// The dispersion: what the losses are divided by.
    pub(crate) fn dispersion(&self) -> f64 {
        self.log_scale.exp()
    }

    /// Log density of a residual.
    pub(crate) fn log(&self, r: f64) -> f64 {
        let scale = self.log_scale.exp();
        let loss = match self.objective.loss {
            Loss::StudentT { .. } | Loss::HuberDensity => {
                self.objective.kernel(self.objective.delta).at(r / scale).rho
            }
            // The loss itself and not the narrow Huber loss that the solver sees.
            Loss::Quantile { tau } => (if r >= 0.0 { tau * r } else { (tau - 1.0) * r }) / scale,
            _ => self.objective.kernel(self.objective.delta).at(r).rho / scale,
        };
        -loss - self.log_norm
    }

    /// Weighted sum of the log density over `residuals`.
    pub(crate) fn sum(&self, residuals: &[f64], weights: Option<&[f64]>) -> f64 {
        let weight = |k: usize| weights.and_then(|w| w.get(k)).copied().unwrap_or(1.0);
        residuals.iter().enumerate().map(|(k, &r)| weight(k) * self.log(r)).sum()
    }
}

/// Log of the integral of `exp(-loss)`.
fn log_norm(objective: Objective, log_scale: f64) -> f64 {
    let (t, delta) = (log_scale.exp(), objective.delta);
    match objective.loss {
        Loss::Squares => 0.5 * (std::f64::consts::TAU * t).ln(),
        Loss::Huber => (huber_half(delta, t) + huber_half(delta, t)).ln(),
        Loss::AsymmetricHuber { over } => (huber_half(delta, t) + huber_half(delta, t / over)).ln(),
        Loss::Quantile { tau } => log_scale + (1.0 / tau + 1.0 / (1.0 - tau)).ln(),
        Loss::HuberDensity => log_scale + (2.0 * huber_half(delta, 1.0)).ln(),
        Loss::StudentT { nu } => log_scale + 0.5 * nu.ln() + student(0.5 * (nu + 1.0)),
        Loss::Cauchy => {
            // `(1 + r^2 / delta^2)^-m` has an integral for m above 1/2 only.
            let m = 0.5 * delta * delta / t;
            if m > 0.5 { delta.ln() + student(m) } else { f64::INFINITY }
        }
        Loss::Binomial | Loss::BetaBinomial | Loss::Poisson => f64::INFINITY,
    }
}

/// Integral of `exp(-rho(r) / t)` over positive `r`, with the Huber loss of threshold `delta`.
fn huber_half(delta: f64, t: f64) -> f64 {
    let inside = (0.5 * std::f64::consts::PI * t).sqrt() * erf(delta / (2.0 * t).sqrt());
    inside + t / delta * (-0.5 * delta * delta / t).exp()
}

/// Log of the integral of `(1 + x^2)^-m`.
fn student(m: f64) -> f64 {
    0.5 * std::f64::consts::PI.ln() + ln_gamma(m - 0.5) - ln_gamma(m)
}

/// The minimum of a function with one valley, by golden sections after a coarse look.
pub(crate) fn minimum(f: &dyn Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    const LOOKS: usize = 60;
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let at = |k: usize| low + (high - low) * k as f64 / LOOKS as f64;
    let best = (0..=LOOKS).min_by(|&a, &b| f(at(a)).total_cmp(&f(at(b)))).unwrap_or(0);
    let (mut a, mut b) = (at(best.saturating_sub(1)), at((best + 1).min(LOOKS)));
    let (mut x, mut y) = (b - GOLDEN * (b - a), a + GOLDEN * (b - a));
    let (mut fx, mut fy) = (f(x), f(y));
    for _ in 0..80 {
        if fx <= fy {
            (b, y, fy) = (y, x, fx);
            x = b - GOLDEN * (b - a);
            fx = f(x);
        } else {
            (a, x, fx) = (x, y, fy);
            y = a + GOLDEN * (b - a);
            fy = f(y);
        }
    }
    0.5 * (a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 7] = [
        "squares",
        "huber",
        "student-t(3)",
        "cauchy",
        "asymmetric-huber(4)",
        "quantile(0.8)",
        "huber-density",
    ];

    fn sample() -> Vec<f64> {
        (0..40).map(|i| 0.02 * f64::from((i * 37) % 41 - 20) / 20.0 + 0.001).collect()
    }

    #[test]
    fn densities_integrate_to_one() {
        for name in NAMES {
            let objective: Objective = name.parse().unwrap();
            for delta in [1e-3, 0.05] {
                let density = Density::of(objective.with_delta(delta), &sample(), None).unwrap();
                // Integrated over u = asinh(r / 1e-4), which sees both the middle and far tails.
                let (mut sum, h) = (0.0, 1e-3);
                for k in -60_000..=60_000_i32 {
                    let u = f64::from(k) * h;
                    sum += density.log(1e-4 * u.sinh()).exp() * 1e-4 * u.cosh() * h;
                }
                assert!((sum - 1.0).abs() < 2e-3, "{name} {delta}: {sum}");
            }
        }
    }

    #[test]
    fn the_scale_is_that_of_largest_likelihood() {
        let residuals = sample();
        for name in NAMES {
            let objective: Objective = name.parse().unwrap();
            let best = Density::of(objective, &residuals, None).unwrap();
            for step in [-0.3, -0.01, 0.01, 0.3] {
                let other = Density::at(objective, best.log_scale + step);
                assert!(other.sum(&residuals, None) <= best.sum(&residuals, None), "{name} {step}");
            }
        }
        let squares = Density::of("squares".parse().unwrap(), &residuals, None).unwrap();
        let variance = residuals.iter().map(|r| r * r).sum::<f64>() / residuals.len() as f64;
        assert!((squares.log_scale.exp() / variance - 1.0).abs() < 1e-6);
        assert!(Density::of("squares".parse().unwrap(), &[0.0, 0.0], None).is_none());
    }
}
