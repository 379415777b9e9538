//! The log posterior density, over coordinates without bounds and in units of its curvature at the mode.
//!
//! Positive parameters move by their logarithms and bounded ones by their log odds; behind them come the log of the scale
//! of the noise and the log of its degrees of freedom above 1.

use statrs::function::gamma::{digamma, ln_gamma};

use crate::accumulate::Order;
use crate::coordinates::Coordinate;
use crate::error::FitError;
use crate::interval::PriorLaw;
use crate::interval::nuts::{Target, inverse_root};
use crate::linalg::Symmetric;
use crate::model::{Model, Scale, Scratch};
use crate::objective::Kernel;
use crate::solve::typical_size;

/// Log of the norm of Student's distribution with `nu` degrees of freedom.
pub(crate) fn constant(nu: f64) -> f64 {
    ln_gamma(0.5 * (nu + 1.0)) - ln_gamma(0.5 * nu) - 0.5 * (nu * std::f64::consts::PI).ln()
}

/// How a coordinate of the model follows from one without bounds.
#[derive(Debug, Clone, Copy)]
enum Map {
    Free,
    Above(f64),
    Below(f64),
    Between(f64, f64),
}

impl Map {
    fn new(low: f64, high: f64) -> Map {
        match (low.is_finite(), high.is_finite()) {
            (true, true) => Map::Between(low, high),
            (true, false) => Map::Above(low),
            (false, true) => Map::Below(high),
            (false, false) => Map::Free,
        }
    }

    /// The coordinate, its derivative, the log of that, and the derivative of the log.
    fn at(self, u: f64) -> (f64, f64, f64, f64) {
        match self {
            Map::Free => (u, 1.0, 0.0, 0.0),
            Map::Above(low) => (low + u.exp(), u.exp(), u, 1.0),
            Map::Below(high) => (high - u.exp(), -u.exp(), u, 1.0),
            Map::Between(low, high) => {
                let share = 1.0 / (1.0 + (-u).exp());
                let log = (high - low).ln() - (-u).exp().ln_1p() - u.exp().ln_1p();
                (low + (high - low) * share, (high - low) * share * (1.0 - share), log, 1.0 - 2.0 * share)
            }
        }
    }

    /// The value without bounds for a coordinate, kept a little away from them.
    fn inverse(self, x: f64) -> f64 {
        match self {
            Map::Free => x,
            Map::Above(low) => (x - low).max(1e-3 * low.abs().max(1e-3)).ln(),
            Map::Below(high) => (high - x).max(1e-3 * high.abs().max(1e-3)).ln(),
            Map::Between(low, high) => {
                let share = ((x - low) / (high - low)).clamp(1e-3, 1.0 - 1e-3);
                (share / (1.0 - share)).ln()
            }
        }
    }
}

/// The log posterior density over whitened coordinates.
pub(crate) struct Density<'a> {
    model: &'a Model,
    laws: &'a [Option<PriorLaw>],
    maps: Vec<Map>,
    scratch: Scratch,
    weight: f64,
    /// Where the whitened coordinates are zero.
    centre: Vec<f64>,
    /// Their unit: coordinates are `centre + root z`.
    root: Vec<Vec<f64>>,
    theta: Vec<f64>,
}

impl<'a> Density<'a> {
    pub(crate) fn new(
        model: &'a Model,
        laws: &'a [Option<PriorLaw>],
        estimates: &[f64],
    ) -> Result<Density<'a>, FitError> {
        let p = model.len();
        let maps: Vec<Map> = (0..p)
            .map(|j| {
                let (low, high) = model.coordinates.bounds(j);
                Map::new(low, high)
            })
            .collect();
        let mut centre: Vec<f64> =
            model.internal(estimates).iter().zip(&maps).map(|(x, map)| map.inverse(*x)).collect();
        if centre.iter().any(|u| !u.is_finite()) {
            return Err(FitError::NoDensity);
        }
        let theta: Vec<f64> = centre.iter().zip(&maps).map(|(u, map)| map.at(*u).0).collect();
        let size = typical_size(&model.residuals(&theta), &model.weights);
        if size.is_nan() || size <= 0.0 {
            return Err(FitError::PerfectFit);
        }
        // Scale, and degrees of freedom above 1.
        centre.extend([size.ln(), 4.0_f64.ln()]);
        let root = (0..p + 2).map(|i| (0..p + 2).map(|k| f64::from(u8::from(i == k))).collect()).collect();
        Ok(Density {
            model,
            laws,
            maps,
            scratch: model.scratch(),
            weight: model.weights.iter().sum(),
            centre,
            root,
            theta: vec![0.0; p + 1],
        })
    }

    pub(crate) fn copy(&self) -> Density<'a> {
        Density {
            model: self.model,
            laws: self.laws,
            maps: self.maps.clone(),
            scratch: self.model.scratch(),
            weight: self.weight,
            centre: self.centre.clone(),
            root: self.root.clone(),
            theta: self.theta.clone(),
        }
    }

    fn place(&self, z: &[f64]) -> Vec<f64> {
        let moved = self.root.iter().map(|row| row.iter().zip(z).map(|(a, b)| a * b).sum::<f64>());
        self.centre.iter().zip(moved).map(|(c, m)| c + m).collect()
    }

    /// Natural values of all slots, the scale of the noise and its degrees of freedom.
    pub(crate) fn natural(&self, z: &[f64]) -> Vec<f64> {
        let u = self.place(z);
        let p = self.maps.len();
        let theta: Vec<f64> = u.iter().zip(&self.maps).map(|(u, map)| map.at(*u).0).collect();
        let mut all = self.model.natural(&theta);
        all.extend([u[p].exp(), 1.0 + u[p + 1].exp()]);
        all
    }

    /// Log density at coordinates without bounds, its gradient in `slope`.
    fn log(&mut self, u: &[f64], slope: &mut [f64]) -> f64 {
        let p = self.maps.len();
        let nu = 1.0 + u[p + 1].exp();
        for ((theta, u), map) in self.theta.iter_mut().zip(u).zip(&self.maps) {
            *theta = map.at(*u).0;
        }
        self.theta[p] = u[p];
        if !nu.is_finite() || !self.theta[p].exp().is_finite() {
            return f64::NEG_INFINITY;
        }
        let kernel = Kernel::StudentT { nu };
        let sums = self.model.pass(
            &self.theta,
            kernel,
            Scale::Free,
            &self.model.weights,
            Order::Gradient,
            &mut self.scratch,
        );
        if !sums.value.is_finite() || sums.gradient.len() != p + 1 {
            return f64::NEG_INFINITY;
        }
        let mut log = -sums.value + self.weight * constant(nu);
        let c = &self.model.coordinates;
        for j in 0..p {
            let (theta, unit, stretch, stretch_slope) = self.maps[j].at(u[j]);
            // What the prior of the parameter makes of its coordinate.
            let is_log =
                matches!(c.kinds[c.free[j]], Coordinate::Log | Coordinate::LogTerm | Coordinate::LogAlong(_));
            let (value, step) = if is_log { (theta.exp(), theta.exp()) } else { (theta, 1.0) };
            let (prior, prior_slope) = self.laws[c.free[j]].map_or((0.0, 0.0), |law| law.log(value));
            let (log_step, log_step_slope) = if is_log { (theta, 1.0) } else { (0.0, 0.0) };
            log += prior + log_step + stretch;
            slope[j] = (-sums.gradient[j] + prior_slope * step + log_step_slope) * unit + stretch_slope;
        }
        // The prior of the scale is flat in its logarithm.
        slope[p] = -sums.gradient[p];
        // Degrees of freedom: the likelihood, gamma(2, 0.1), and the derivative of `1 + exp(u)`.
        let loss = sums.value - self.weight * u[p];
        let pull = self.weight - sums.gradient[p];
        let of_losses = loss / (nu + 1.0) - 0.5 * pull / nu;
        let of_norm = 0.5 * (digamma(0.5 * (nu + 1.0)) - digamma(0.5 * nu) - 1.0 / nu);
        log += nu.ln() - 0.1 * nu + u[p + 1];
        slope[p + 1] = (self.weight * of_norm - of_losses + 1.0 / nu - 0.1) * u[p + 1].exp() + 1.0;
        log
    }

    /// Curvature of the log density, by differences of its gradient.
    fn curvature(&mut self, u: &[f64]) -> Symmetric {
        const STEP: f64 = 1e-4;
        let n = u.len();
        let mut rows = vec![vec![0.0; n]; n];
        let (mut up, mut down) = (vec![0.0; n], vec![0.0; n]);
        for (k, row) in rows.iter_mut().enumerate() {
            let mut there = u.to_vec();
            there[k] += STEP;
            self.log(&there, &mut up);
            there[k] -= 2.0 * STEP;
            self.log(&there, &mut down);
            row.iter_mut().zip(up.iter().zip(&down)).for_each(|(h, (a, b))| *h = (b - a) / (2.0 * STEP));
        }
        let mut h = Symmetric::zeros(n);
        for (i, row) in rows.iter().enumerate() {
            for (j, other) in rows[..=i].iter().enumerate() {
                h.set(i, j, 0.5 * (row[j] + other[i]));
            }
        }
        h
    }

    /// Moves the centre to the mode and takes the curvature there as the unit.
    pub(crate) fn climb(&mut self) -> Result<(), FitError> {
        /// No coordinate is wider than its prior lets it.
        const LEAST: f64 = 0.02;
        let n = self.centre.len();
        let mut u = self.centre.clone();
        let mut slope = vec![0.0; n];
        let mut here = self.log(&u, &mut slope);
        if !here.is_finite() {
            return Err(FitError::NoDensity);
        }
        for _ in 0..30 {
            let root = inverse_root(&self.curvature(&u), LEAST);
            let along: Vec<f64> = (0..n).map(|k| (0..n).map(|i| root[i][k] * slope[i]).sum()).collect();
            let move_: Vec<f64> =
                root.iter().map(|row| row.iter().zip(&along).map(|(a, b)| a * b).sum()).collect();
            let expected: f64 = move_.iter().zip(&slope).map(|(m, g)| m * g).sum();
            if expected < 1e-8 {
                break;
            }
            let mut share = 1.0;
            let mut next = None;
            while share > 1e-6 {
                let there: Vec<f64> = u.iter().zip(&move_).map(|(u, m)| u + share * m).collect();
                let mut there_slope = vec![0.0; n];
                let value = self.log(&there, &mut there_slope);
                if value.is_finite() && value > here {
                    next = Some((there, value, there_slope));
                    break;
                }
                share *= 0.5;
            }
            let Some((there, value, there_slope)) = next else { break };
            (u, here, slope) = (there, value, there_slope);
        }
        self.root = inverse_root(&self.curvature(&u), LEAST);
        self.centre = u;
        if self.root.iter().flatten().any(|v| !v.is_finite()) {
            return Err(FitError::NoDensity);
        }
        Ok(())
    }
}

impl Target for Density<'_> {
    fn len(&self) -> usize {
        self.centre.len()
    }

    fn at(&mut self, z: &[f64], slope: &mut [f64]) -> f64 {
        let u = self.place(z);
        let n = u.len();
        let mut outer = vec![0.0; n];
        let log = self.log(&u, &mut outer);
        for (k, s) in slope.iter_mut().enumerate() {
            *s = (0..n).map(|i| self.root[i][k] * outer[i]).sum();
        }
        log
    }

    fn rescale(&mut self, root: &[Vec<f64>]) {
        let n = self.centre.len();
        self.root = self
            .root
            .iter()
            .map(|row| (0..n).map(|k| (0..n).map(|j| row[j] * root[j][k]).sum()).collect())
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::Task;
    use crate::interval::prior::settle;
    use crate::objective::Objective;
    use isoflop_laws::Catalogue;

    #[test]
    fn the_gradient_is_that_of_the_density() {
        let law = Catalogue::builtin().unwrap().find("chinchilla").unwrap().clone();
        let data = crate::simulate(&law, 0.01, 1).unwrap();
        let task = Task::new(law.formula(), &data, Objective::DEFAULT, 0).unwrap();
        let truth: Vec<f64> = law.design.as_ref().unwrap().values.iter().map(|v| v.1).collect();
        let asked =
            ["alpha ~ normal(0.3, 0.05)".parse().unwrap(), "E ~ student(4, 1.7, 0.1)".parse().unwrap()];
        let (laws, slots) = settle(&task.model.coordinates.slots, &truth, &asked).unwrap();
        let model = Model::plain(task.formula, task.root, task.data, slots, true);
        let mut density = Density::new(&model, &laws, &truth).unwrap();
        let u: Vec<f64> = density.centre.iter().enumerate().map(|(k, u)| u + 0.01 * k as f64).collect();
        let n = u.len();
        let (mut slope, mut none) = (vec![0.0; n], vec![0.0; n]);
        density.log(&u, &mut slope);
        for k in 0..n {
            let h = 1e-5;
            let mut at = |step: f64| {
                let mut there = u.clone();
                there[k] += step;
                density.log(&there, &mut none)
            };
            let numeric = (at(h) - at(-h)) / (2.0 * h);
            assert!((numeric - slope[k]).abs() < 1e-5 * (1.0 + numeric.abs()), "{k}: {numeric} {}", slope[k]);
        }
    }

    #[test]
    fn maps_and_their_inverses_agree() {
        for map in [Map::Free, Map::Above(0.3), Map::Below(2.0), Map::Between(-1.0, 2.5)] {
            for u in [-1.3, 0.2, 1.1] {
                let (x, slope, log, log_slope) = map.at(u);
                let h = 1e-6;
                let near = |f: &dyn Fn(f64) -> f64| (f(u + h) - f(u - h)) / (2.0 * h);
                assert!((map.inverse(x) - u).abs() < 1e-9);
                assert!((near(&|u| map.at(u).0) - slope).abs() < 1e-7);
                assert!((slope.abs().ln() - log).abs() < 1e-9);
                assert!((near(&|u| map.at(u).2) - log_slope).abs() < 1e-7);
            }
        }
    }
}
