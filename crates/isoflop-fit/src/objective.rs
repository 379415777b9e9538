//! What a fit minimises: a sum over rows of a loss of the residual, on the raw or the log output.

use std::fmt;

/// The loss of one residual `r = y - f`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// `r^2 / 2`.
    Squares,
    /// `r^2 / 2` within `delta`, `delta (|r| - delta / 2)` beyond (Huber 1964).
    Huber,
    /// Maximum likelihood under Student-t noise with `nu` degrees of freedom and a scale estimated with the law:
    /// `(nu + 1) / 2 log(1 + r^2 / (nu s^2)) + log s`.
    StudentT {
        /// Degrees of freedom, > 0.
        nu: f64,
    },
    /// `delta^2 / 2 log(1 + (r / delta)^2)`.
    Cauchy,
    /// [`Loss::Huber`] that counts `over` times where the law lies above the data, for lower envelopes.
    AsymmetricHuber {
        /// Weight of rows that the law overestimates, > 0; rows below count 1.
        over: f64,
    },
    /// The `tau` quantile: `tau r` above the law, `(tau - 1) r` below.
    Quantile {
        /// The quantile, between 0 and 1.
        tau: f64,
    },
    /// The density proportional to `exp(-Huber_delta(r / s)) / s` with `s` estimated with the law: the objective
    /// of the Chinchilla replication (Besiroglu et al. 2024).
    HuberDensity,
    /// Binomial likelihood of an observed share, as half the deviance per trial: `y log(y / f) + (1 - y)
    /// log((1 - y) / (1 - f))`. The row weight is the number of trials.
    Binomial,
    /// Beta-binomial likelihood of an observed share, for attempts that resemble each other within a row: the rate of a
    /// row varies about the law's value, and the variance of `k` successes in `n` attempts is
    /// `n p (1 - p) (1 + (n - 1) rho)`. `rho` is estimated with the law; at 0 this is [`Loss::Binomial`]. The row weight
    /// is the number of attempts.
    BetaBinomial,
    /// Poisson likelihood of an observed count, as half the deviance: `y log(y / f) - (y - f)`.
    Poisson,
}

/// A loss with its threshold and the scale of the output that it looks at.
///
/// ```
/// use isoflop_fit::Objective;
/// let objective: Objective = "huber-log".parse()?;
/// assert_eq!((objective.delta, objective.log), (1e-3, true));
/// # Ok::<(), isoflop_fit::FitError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// Loss of one residual.
    pub loss: Loss,
    /// Whether residuals are differences of logs (dimensionless) or of the output itself (its unit).
    pub log: bool,
    /// Threshold of the Huber and Cauchy losses, in the unit of the residual.
    pub delta: f64,
}

impl Objective {
    /// The names that [`str::parse`] knows, each also with `-log` at the end.
    pub const NAMES: [&'static str; 7] =
        ["squares", "huber", "student-t", "cauchy", "asymmetric-huber", "quantile", "huber-density"];

    /// The outcome families: likelihoods of shares and counts, which have no `-log`.
    pub const FAMILIES: [&'static str; 3] = ["binomial", "beta-binomial", "poisson"];

    /// The default of isoflop: Huber on log residuals with delta 1e-3 (Hoffmann et al. 2022, section 3.3).
    pub const DEFAULT: Objective = Objective { loss: Loss::Huber, log: true, delta: 1e-3 };

    /// The same loss with another threshold.
    pub fn with_delta(self, delta: f64) -> Self {
        Objective { delta, ..self }
    }

    /// Name as on the command line, such as `huber-log`.
    pub fn name(&self) -> String {
        let base = match self.loss {
            Loss::Squares => "squares",
            Loss::Huber => "huber",
            Loss::StudentT { .. } => "student-t",
            Loss::Cauchy => "cauchy",
            Loss::AsymmetricHuber { .. } => "asymmetric-huber",
            Loss::Quantile { .. } => "quantile",
            Loss::HuberDensity => "huber-density",
            Loss::Binomial => "binomial",
            Loss::BetaBinomial => "beta-binomial",
            Loss::Poisson => "poisson",
        };
        if self.log { format!("{base}-log") } else { base.to_string() }
    }

    /// The loss of one residual, on the scale that [`log`](Self::log) says. For an objective with a free scale, the
    /// residual must be divided by it, and the log of the scale comes on top.
    pub fn loss_of(&self, residual: f64) -> f64 {
        self.kernel(self.delta).at(residual).rho
    }

    /// Whether a scale is estimated together with the law.
    pub fn has_free_scale(&self) -> bool {
        matches!(self.loss, Loss::StudentT { .. } | Loss::HuberDensity)
    }

    /// Whether the loss is the likelihood of a share or a count, and looks at the output itself however the law's
    /// left side is written.
    pub fn is_family(&self) -> bool {
        matches!(self.loss, Loss::Binomial | Loss::BetaBinomial | Loss::Poisson)
    }

    /// [`Self::is_family`] of the objective with this name.
    ///
    /// ```
    /// use isoflop_fit::Objective;
    /// assert!(Objective::is_name_of_family("beta-binomial") && !Objective::is_name_of_family("huber-log"));
    /// ```
    pub fn is_name_of_family(name: &str) -> bool {
        Self::FAMILIES.contains(&name)
    }

    /// Whether `delta` matters.
    pub fn has_delta(&self) -> bool {
        matches!(self.loss, Loss::Huber | Loss::Cauchy | Loss::AsymmetricHuber { .. } | Loss::HuberDensity)
    }

    /// The row kernel with threshold `delta` in place of the objective's own (the solver narrows it in steps).
    pub(crate) fn kernel(&self, delta: f64) -> Kernel {
        match self.loss {
            Loss::Squares => Kernel::Squares,
            Loss::Huber | Loss::HuberDensity => Kernel::Huber { delta, up: 1.0, down: 1.0 },
            Loss::AsymmetricHuber { over } => Kernel::Huber { delta, up: 1.0, down: over },
            // A pinball is a Huber loss of vanishing threshold, divided by it.
            Loss::Quantile { tau } => Kernel::Huber { delta, up: tau / delta, down: (1.0 - tau) / delta },
            Loss::Cauchy => Kernel::Cauchy { delta },
            Loss::StudentT { nu } => Kernel::StudentT { nu },
            // What it is without over-dispersion; the pass itself looks at the attempts of each row.
            Loss::Binomial | Loss::BetaBinomial => Kernel::Binomial,
            Loss::Poisson => Kernel::Poisson,
        }
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name())?;
        match self.loss {
            Loss::StudentT { nu } => write!(f, "({nu})"),
            Loss::AsymmetricHuber { over } => write!(f, "({:e}, over {over})", self.delta),
            Loss::Quantile { tau } => write!(f, "({tau})"),
            _ if self.has_delta() => write!(f, "({:e})", self.delta),
            _ => Ok(()),
        }
    }
}

impl std::str::FromStr for Objective {
    type Err = crate::FitError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || crate::FitError::UnknownObjective { name: text.to_string() };
        let lower = text.trim().to_ascii_lowercase();
        let (name, number) = match lower.strip_suffix(')').and_then(|open| open.split_once('(')) {
            Some((name, number)) => (name, Some(number.trim().parse::<f64>().map_err(|_| unknown())?)),
            None => (lower.as_str(), None),
        };
        let (base, log) = match name.strip_suffix("-log") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let positive = |standard: f64| match number {
            Some(given) if !(given > 0.0 && given.is_finite()) => Err(unknown()),
            given => Ok(given.unwrap_or(standard)),
        };
        let loss = match base {
            "squares" | "least-squares" | "ls" if number.is_none() => Loss::Squares,
            "huber" if number.is_none() => Loss::Huber,
            "student-t" | "student" | "t" => Loss::StudentT { nu: positive(4.0)? },
            "cauchy" if number.is_none() => Loss::Cauchy,
            "asymmetric-huber" | "asymmetric" => Loss::AsymmetricHuber { over: positive(10.0)? },
            "quantile" if number.is_none_or(|tau| tau < 1.0) => Loss::Quantile { tau: positive(0.5)? },
            "median" if number.is_none() => Loss::Quantile { tau: 0.5 },
            "huber-density" if number.is_none() => Loss::HuberDensity,
            "binomial" if number.is_none() && !log => Loss::Binomial,
            "beta-binomial" if number.is_none() && !log => Loss::BetaBinomial,
            "poisson" if number.is_none() && !log => Loss::Poisson,
            _ => return Err(unknown()),
        };
        Ok(Objective { loss, log, delta: 1e-3 })
    }
}

/// The loss as the inner loop sees it. `up` and `down` weigh rows above and below the law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kernel {
    Squares,
    Huber { delta: f64, up: f64, down: f64 },
    Cauchy { delta: f64 },
    StudentT { nu: f64 },
    Binomial,
    Poisson,
}

/// Loss of a residual with what the solver needs of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowLoss {
    pub(crate) rho: f64,
    /// First derivative of `rho`.
    pub(crate) psi: f64,
    /// `psi(r) / r`: the weight of reweighted least squares.
    pub(crate) weight: f64,
    /// Second derivative of `rho`.
    pub(crate) curvature: f64,
}

impl Kernel {
    /// Loss of an observed `y` with residual `r = y - f`; derivatives are those in `-f`.
    #[inline(always)]
    pub(crate) fn of(self, y: f64, r: f64) -> RowLoss {
        // `a log(a / b)`, 0 where nothing was seen.
        let part = |a: f64, b: f64| if a > 0.0 { a * (a / b).ln() } else { 0.0 };
        let f = y - r;
        match self {
            Kernel::Binomial if f > 0.0 && f < 1.0 => {
                let spread = 1.0 / (f * (1.0 - f));
                RowLoss {
                    rho: part(y, f) + part(1.0 - y, 1.0 - f),
                    psi: r * spread,
                    weight: spread,
                    curvature: y / (f * f) + (1.0 - y) / ((1.0 - f) * (1.0 - f)),
                }
            }
            Kernel::Poisson if f > 0.0 => {
                RowLoss { rho: part(y, f) - r, psi: r / f, weight: 1.0 / f, curvature: y / (f * f) }
            }
            // No such share or count: the solver steps back.
            Kernel::Binomial | Kernel::Poisson => {
                RowLoss { rho: f64::INFINITY, psi: f64::NAN, weight: f64::NAN, curvature: f64::NAN }
            }
            _ => self.at(r),
        }
    }

    /// Loss of residual `r`, for kernels that look at nothing else.
    #[inline(always)]
    pub(crate) fn at(self, r: f64) -> RowLoss {
        match self {
            Kernel::Binomial | Kernel::Poisson => self.of(f64::NAN, r),
            Kernel::Squares => RowLoss { rho: 0.5 * r * r, psi: r, weight: 1.0, curvature: 1.0 },
            Kernel::Huber { delta, up, down } => {
                let side = if r >= 0.0 { up } else { down };
                let size = r.abs();
                let inside = size <= delta;
                let clipped = if inside { r } else { delta.copysign(r) };
                RowLoss {
                    rho: side * (clipped * r - 0.5 * clipped * clipped),
                    psi: side * clipped,
                    weight: if inside { side } else { side * delta / size },
                    curvature: if inside { side } else { 0.0 },
                }
            }
            Kernel::Cauchy { delta } => {
                let z = r / delta;
                let u = 1.0 + z * z;
                RowLoss {
                    rho: 0.5 * delta * delta * u.ln(),
                    psi: r / u,
                    weight: 1.0 / u,
                    curvature: (1.0 - z * z) / (u * u),
                }
            }
            Kernel::StudentT { nu } => {
                let u = nu + r * r;
                RowLoss {
                    rho: 0.5 * (nu + 1.0) * (r * r / nu).ln_1p(),
                    psi: (nu + 1.0) * r / u,
                    weight: (nu + 1.0) / u,
                    curvature: (nu + 1.0) * (nu - r * r) / (u * u),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psi_and_curvature_are_the_derivatives_of_rho() {
        let kernels = [
            Kernel::Squares,
            Kernel::Huber { delta: 0.5, up: 1.0, down: 3.0 },
            Kernel::Cauchy { delta: 0.3 },
            Kernel::StudentT { nu: 4.0 },
        ];
        for kernel in kernels {
            for r in [-2.3, -0.41, -0.07, 0.02, 0.33, 1.9] {
                let h = 1e-6;
                let (up, down, here) = (kernel.at(r + h), kernel.at(r - h), kernel.at(r));
                assert!(((up.rho - down.rho) / (2.0 * h) - here.psi).abs() < 1e-8, "{kernel:?} {r}");
                assert!(((up.psi - down.psi) / (2.0 * h) - here.curvature).abs() < 1e-6, "{kernel:?} {r}");
                assert!((here.weight * r - here.psi).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn families_have_their_derivatives_and_vanish_at_a_perfect_fit() {
        for (kernel, y) in [(Kernel::Binomial, 0.3), (Kernel::Binomial, 0.0), (Kernel::Poisson, 4.0)] {
            for f in [0.05, 0.4, 0.9] {
                let h = 1e-6;
                let at = |f: f64| kernel.of(y, y - f);
                let (up, down, here) = (at(f + h), at(f - h), at(f));
                assert!(((up.rho - down.rho) / (2.0 * h) + here.psi).abs() < 1e-5, "{kernel:?} {f}");
                let bend = (down.psi - up.psi) / (2.0 * h);
                assert!((bend / here.curvature - 1.0).abs() < 1e-4, "{kernel:?} {f}");
            }
            assert!(y == 0.0 || kernel.of(y, 0.0).rho.abs() < 1e-15);
            assert!(kernel.of(y, y + 0.1).rho.is_infinite());
        }
    }

    #[test]
    fn names_parse_back() {
        for name in Objective::NAMES {
            for text in [name.to_string(), format!("{name}-log")] {
                assert_eq!(text.parse::<Objective>().unwrap().name(), text);
            }
        }
        for name in Objective::FAMILIES {
            assert_eq!(name.parse::<Objective>().unwrap().name(), name);
        }
        for text in
            ["binomial-log", "hubber", "huber(3)", "quantile(1)", "quantile-log(-1)", "student-t(x)", "t("]
        {
            assert!(text.parse::<Objective>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_in_parentheses_sets_the_shape() {
        let loss = |text: &str| text.parse::<Objective>().unwrap().loss;
        assert_eq!(loss("student-t-log(7)"), Loss::StudentT { nu: 7.0 });
        assert_eq!(loss("quantile-log(0.9)"), Loss::Quantile { tau: 0.9 });
        assert_eq!(loss("asymmetric-huber(3)"), Loss::AsymmetricHuber { over: 3.0 });
    }
}
