//! The beta-binomial likelihood of a share: a binomial whose rate differs from row to row.
//!
//! Attempts of one row resemble each other more than independent ones do (problems of one kind, samples of one model): the
//! rate of a row is drawn from a beta distribution with the law's value `p` as its mean, and the variance of `k` successes
//! in `n` attempts is `n p (1 - p) (1 + (n - 1) rho)`. `rho`, from 0 to 1, is the correlation of two attempts of one row
//! (Williams, Biometrics 31, 1975, 949; Prentice, JASA 81, 1986, 321, equation 2). With `theta = rho / (1 - rho)`, which is
//! `1 / (a + b)` of the beta distribution, the likelihood is
//!
//! `choose(n, k) prod_{j<k} (p + j theta) prod_{j<n-k} (1 - p + j theta) / prod_{j<n} (1 + j theta)`.
//!
//! It needs no gamma functions, whose differences lose all digits for small `theta`: the logs of these products are
//! `k ln p` and a sum of `ln(1 + j s)`, which vanishes with `s`, so that the binomial is the limit to the last digit. The
//! sum has its first terms added one by one and the rest by the formula of Euler and Maclaurin; so have its derivatives,
//! each written as a sum of positive terms.

/// Integer counts up to this are summed term by term.
const DIRECT: f64 = 40.0;
/// Terms are added one by one until `(1 + j s) / s` is as large as this: the asymptotic part then has all digits.
const REACH: f64 = 20.0;
/// A rate below this is none: its square has no reciprocal.
const LEAST: f64 = 1e-100;
/// `B_2i` for i = 1, 2, ...
const BERNOULLI: [f64; 7] =
    [1.0 / 6.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 5.0 / 66.0, -691.0 / 2730.0, 7.0 / 6.0];

/// The loss of one row and its derivatives in the value `f` of the law and in `theta`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counted {
    /// Minus the log likelihood, plus the one that a binomial has at the observed share: half the binomial deviance for
    /// `theta` = 0. Infinite where `f` is no share.
    pub(crate) loss: f64,
    /// Derivative of the log likelihood in `f`.
    pub(crate) pull: f64,
    /// Second derivative of the loss in `f`.
    pub(crate) bend: f64,
    /// What the row knows about `f`, nearly: `n / (f (1 - f) (1 + (n - 1) rho))`, above 0.
    pub(crate) weight: f64,
    /// Derivative of the loss in `theta`.
    pub(crate) slope: f64,
    /// Second derivative of the loss in `theta`.
    pub(crate) curve: f64,
    /// Mixed derivative of the loss in `f` and `theta`.
    pub(crate) cross: f64,
}

/// The row with share `y` of `n` attempts, at the value `f` of the law.
pub(crate) fn counted(y: f64, n: f64, f: f64, theta: f64) -> Counted {
    if !(f > LEAST && f < 1.0 && theta >= 0.0 && theta.is_finite()) {
        let none = f64::NAN;
        return Counted {
            loss: f64::INFINITY,
            pull: none,
            bend: none,
            weight: none,
            slope: none,
            curve: none,
            cross: none,
        };
    }
    let (k, g) = (successes(y, n), 1.0 - f);
    let (up, down) = (Sums::of(k, theta / f), Sums::of(n - k, theta / g));
    let all = Sums::of(n, theta);
    let part =
        |count: f64, share: f64, rate: f64| if count > 0.0 { count * (share / rate).ln() } else { 0.0 };
    Counted {
        loss: part(k, y, f) + part(n - k, 1.0 - y, g) - (up.log + down.log - all.log),
        pull: up.one / f - down.one / g,
        bend: up.two / (f * f) + down.two / (g * g),
        weight: n * (1.0 + theta) / (f * g * (1.0 + n * theta)),
        slope: all.first - up.first / f - down.first / g,
        curve: up.square / (f * f) + down.square / (g * g) - all.square,
        cross: up.mixed / (f * f) - down.mixed / (g * g),
    }
}

/// Log of the probability of share `y` of `n` attempts, with its binomial coefficient.
pub(crate) fn log_probability(y: f64, n: f64, f: f64, theta: f64) -> f64 {
    let k = successes(y, n);
    let part = |count: f64, share: f64| if count > 0.0 { count * share.ln() } else { 0.0 };
    let seen = part(k, y) + part(n - k, 1.0 - y);
    ln_choose(n, k) + seen - counted(y, n, f, theta).loss
}

/// Log of the binomial coefficient, for counts that need not be whole.
pub(crate) fn ln_choose(n: f64, k: f64) -> f64 {
    use statrs::function::gamma::ln_gamma;
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Successes behind a share: whole if they are nearly so, for shares are written with few digits or as quotients.
fn successes(y: f64, n: f64) -> f64 {
    let k = y * n;
    let whole = k.round();
    if (k - whole).abs() <= 1e-9 * n.max(1.0) { whole } else { k }
}

/// Sums over `j` from 0 to `k - 1` with `u = 1 + j s`.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    /// Of `ln u`.
    log: f64,
    /// Of `1 / u`.
    one: f64,
    /// Of `1 / u^2`.
    two: f64,
    /// Of `j / u`.
    first: f64,
    /// Of `j / u^2`.
    mixed: f64,
    /// Of `j^2 / u^2`.
    square: f64,
}

impl Sums {
    /// The sums for `k` terms; a `k` that is no whole number continues them as the gamma function continues factorials.
    fn of(k: f64, s: f64) -> Sums {
        let mut sums = Sums::default();
        if k.fract() == 0.0 && k <= DIRECT {
            (0..k as u32).for_each(|j| sums.add(f64::from(j), s, 1.0));
            return sums;
        }
        let ahead = if s > 0.0 { (REACH - 1.0 / s).ceil().max(0.0) } else { 0.0 };
        (0..ahead as u32).for_each(|j| sums.add(f64::from(j), s, 1.0));
        if k.fract() == 0.0 {
            sums.tail(ahead, k, s);
        } else {
            // As many terms further on, less those that this counts too much.
            sums.tail(ahead, ahead + k, s);
            (0..ahead as u32).for_each(|j| sums.add(k + f64::from(j), s, -1.0));
        }
        sums
    }

    fn add(&mut self, j: f64, s: f64, sign: f64) {
        let (x, v) = (j * s, 1.0 / (1.0 + j * s));
        self.log += sign * x.ln_1p();
        self.one += sign * v;
        self.two += sign * v * v;
        self.first += sign * j * v;
        self.mixed += sign * j * v * v;
        self.square += sign * (j * v) * (j * v);
    }

    /// Adds the terms from `m` to `k - 1` by Euler and Maclaurin.
    fn tail(&mut self, m: f64, k: f64, s: f64) {
        let (low, high, count) = (1.0 + m * s, 1.0 + k * s, k - m);
        let t = count * s / low;
        let shape = Shape::of(t);
        let (a, b) = (count / low, count / low * (count / low));
        // Integrals.
        let (one, two) = (a * shape.one, a / low / (1.0 + t));
        let mixed = b * shape.mixed;
        self.log += count * ((m * s).ln_1p() + shape.log);
        self.one += one;
        self.two += two;
        self.first += m * one + count * a * shape.first;
        self.mixed += m * two + mixed;
        self.square += m * m * two + 2.0 * m * mixed + b * count * shape.square;
        // Ends.
        for (x, u, sign) in [(m, low, 0.5), (k, high, -0.5)] {
            let v = 1.0 / u;
            self.log += sign * (x * s).ln_1p();
            self.one += sign * v;
            self.two += sign * v * v;
            self.first += sign * x * v;
            self.mixed += sign * x * v * v;
            self.square += sign * (x * v) * (x * v);
            self.corrections(x, u, s, -2.0 * sign);
        }
    }

    /// The terms with odd derivatives at one end.
    fn corrections(&mut self, x: f64, u: f64, s: f64, sign: f64) {
        let (w, v) = (s / u, 1.0 / u);
        // Powers 2i - 2 and 2i - 3 of w.
        let (mut even, mut before) = (1.0, 0.0);
        for (i, bernoulli) in BERNOULLI.iter().enumerate() {
            let order = 2.0 * (i as f64 + 1.0);
            let (b, odd) = (sign * bernoulli, even * w);
            let c = b / order;
            self.log += c / (order - 1.0) * odd;
            self.one -= c * odd * v;
            self.two -= b * odd * v * v;
            self.first += c * even * v * v;
            self.mixed += c * even * v * v * (order * v - 1.0);
            self.square +=
                if i == 0 { c * 2.0 * x * v * v * v } else { c * before * v * v * v * (2.0 - order * v) };
            (even, before) = (even * w * w, odd);
        }
    }
}

/// Integrals over z from 0 to 1, with `u = 1 + t z`: of `ln u`, `1 / u`, `z / u`, `z / u^2` and `z^2 / u^2`.
struct Shape {
    log: f64,
    one: f64,
    first: f64,
    mixed: f64,
    square: f64,
}

impl Shape {
    fn of(t: f64) -> Shape {
        if t > 0.25 {
            let one = t.ln_1p() / t;
            let end = 1.0 / (1.0 + t);
            return Shape {
                log: (1.0 + t) * one - 1.0,
                one,
                first: (1.0 - one) / t,
                mixed: (one - end) / t,
                square: (1.0 + end - 2.0 * one) / (t * t),
            };
        }
        let mut shape = Shape { log: 0.0, one: 0.0, first: 0.0, mixed: 0.0, square: 0.0 };
        let mut power = 1.0;
        for i in 0..28 {
            let i = f64::from(i);
            shape.log += power * t / ((i + 1.0) * (i + 2.0));
            shape.one += power / (i + 1.0);
            shape.first += power / (i + 2.0);
            shape.mixed += power * (i + 1.0) / (i + 2.0);
            shape.square += power * (i + 1.0) / (i + 3.0);
            power *= -t;
        }
        shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sums term by term.
    fn plain(k: u32, s: f64) -> Sums {
        let mut sums = Sums::default();
        (0..k).for_each(|j| sums.add(f64::from(j), s, 1.0));
        sums
    }

    fn list(sums: Sums) -> [f64; 6] {
        [sums.log, sums.one, sums.two, sums.first, sums.mixed, sums.square]
    }

    #[test]
    fn sums_by_their_formula_are_those_term_by_term() {
        for k in [41, 57, 400, 14_042] {
            for s in [1e-12, 1e-7, 1e-4, 3e-3, 0.02, 0.3, 1.0, 7.0, 1e3, 1e8] {
                let (found, wanted) = (Sums::of(f64::from(k), s), plain(k, s));
                for (place, (a, b)) in list(found).into_iter().zip(list(wanted)).enumerate() {
                    assert!((a - b).abs() <= 2e-12 * b.abs(), "{k} {s} {place}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn probabilities_are_those_of_scipy_and_of_sixty_digits() {
        let text = include_str!("../../../oracles/families/expected.json");
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let cases = expected["probabilities"].as_array().unwrap();
        assert!(cases.len() > 200);
        for case in cases {
            let of = |name: &str| case[name].as_f64().unwrap();
            let (n, k, rho) = (of("n"), of("k"), of("rho"));
            let found = log_probability(k / n, n, of("p"), rho / (1.0 - rho));
            // The binomial coefficient is made of logs as large as n ln n.
            let size = of("exact").abs().max(1e-2 * n * (1.0 + n).ln()).max(1.0);
            assert!((found - of("exact")).abs() <= 2e-13 * size, "{case}: {found}");
            if rho >= 1e-3 {
                assert!((found - of("scipy")).abs() <= 1e-9 * of("scipy").abs().max(1.0), "{case}: {found}");
            }
        }
    }

    #[test]
    fn counts_that_are_not_whole_lie_between_those_that_are() {
        for s in [0.0, 1e-6, 0.01, 0.5, 40.0] {
            for k in [0.5, 3.25, 60.75, 500.5] {
                // One term more is one term more.
                let (here, next) = (list(Sums::of(k, s)), list(Sums::of(k + 1.0, s)));
                let mut step = Sums::default();
                step.add(k, s, 1.0);
                for ((a, b), c) in here.into_iter().zip(next).zip(list(step)) {
                    assert!((b - a - c).abs() <= 1e-11 * b.abs().max(1.0), "{s} {k}: {a} {b} {c}");
                }
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_the_loss() {
        for (k, n) in [(0.0, 7.0), (7.0, 7.0), (3.0, 20.0), (61.0, 164.0), (12.4, 80.0), (9000.0, 14_042.0)] {
            for f in [1e-3_f64, 0.3, 0.62, 0.999] {
                for theta in [1e-5, 1e-3, 0.02, 0.4, 5.0] {
                    let y = k / n;
                    let at = |f: f64, theta: f64| counted(y, n, f, theta);
                    let (h, e) = (1e-6 * f.min(1.0 - f), 1e-5 * theta);
                    let here = at(f, theta);
                    let size = here.pull.abs() + (n * here.weight).sqrt();
                    let in_f = |of: &dyn Fn(Counted) -> f64| {
                        (of(at(f + h, theta)) - of(at(f - h, theta))) / (2.0 * h)
                    };
                    let in_t = |of: &dyn Fn(Counted) -> f64| {
                        (of(at(f, theta + e)) - of(at(f, theta - e))) / (2.0 * e)
                    };
                    let near = |a: f64, b: f64, size: f64, what: &str| {
                        assert!((a - b).abs() <= 1e-4 * size, "{what} at {k}/{n} {f} {theta}: {a} {b}");
                    };
                    near(in_f(&|c| c.loss), -here.pull, size, "pull");
                    near(in_f(&|c| -c.pull), here.bend, here.bend.abs() + size, "bend");
                    near(in_t(&|c| c.loss), here.slope, here.slope.abs() + n, "slope");
                    near(in_t(&|c| c.slope), here.curve, here.curve.abs() + n * n, "curve");
                    near(in_t(&|c| -c.pull), here.cross, here.cross.abs() + size, "cross");
                }
            }
        }
    }

    #[test]
    fn the_binomial_is_the_limit_to_the_last_digit() {
        for (k, n) in [(0.0, 30.0), (11.0, 30.0), (164.0, 164.0), (8000.0, 14_042.0)] {
            for f in [1e-12_f64, 0.01, 0.57, 1.0 - 1e-9] {
                let y: f64 = k / n;
                let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
                let binomial = n * (part(y, f) + part(1.0 - y, 1.0 - f));
                let none = counted(y, n, f, 0.0).loss;
                assert!((none - binomial).abs() <= 1e-14 * binomial.abs().max(1.0), "{none} {binomial}");
                // The first order in theta, which a difference of gamma functions would drown in rounding.
                let theta = 1e-15 * f.min(1.0 - f);
                let (near, slope) = (counted(y, n, f, theta).loss, counted(y, n, f, 0.0).slope);
                assert!((near - none - theta * slope).abs() <= 4e-15 * none.abs().max(1e-3), "{k} {f}");
            }
        }
    }

    #[test]
    fn rates_near_0_and_1_and_wide_spreads_are_safe() {
        for f in [1e-99, 1e-17, 0.5, 1.0 - f64::EPSILON] {
            for theta in [0.0, 1e-300, 1e-9, 1.0, 1e12] {
                for (k, n) in [(0.0, 10.0), (10.0, 10.0), (3.0, 1e6)] {
                    let at = counted(k / n, n, f, theta);
                    let all = [at.loss, at.pull, at.bend, at.weight, at.slope, at.curve, at.cross];
                    assert!(all.iter().all(|v| !v.is_nan()), "{f} {theta} {k}/{n}: {at:?}");
                }
            }
        }
        assert!(
            counted(0.5, 10.0, 0.0, 0.1).loss.is_infinite()
                && counted(0.5, 10.0, 1.0, 0.1).loss.is_infinite()
        );
    }
}
