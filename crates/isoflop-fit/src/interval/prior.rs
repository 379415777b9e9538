//! What is believed of a parameter before the runs.
//!
//! A user's prior is a line such as `alpha ~ normal(0.35, 0.1)`. A parameter without one has a weak prior made of what the
//! law file says of it:
//!
//! * between two finite bounds, all values alike: `uniform(lower, upper)`;
//! * positive without an upper bound: `lognormal(m, 3)` around the law's scale `m` (the estimate, where the law has no
//!   scale), which puts 95 % between `m / 360` and `360 m`;
//! * else `normal(m, 10 s)` around the estimate `m`, with the larger of estimate and scale as `s`.
//!
//! Every prior is cut off at the bounds.

use std::fmt;
use std::str::FromStr;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::coordinates::Slot;
use crate::error::FitError;
use crate::interval::ends::normal;

/// Spread of the logarithm under the weak prior of a positive parameter.
const WIDE: f64 = 3.0;
/// Bounds to which a prior gives less than this contradict it.
const CONTRADICTION: f64 = 1e-6;

/// The prior of one parameter.
///
/// ```
/// use isoflop_fit::Prior;
/// let prior: Prior = "alpha ~ normal(0.35, 0.1)".parse()?;
/// assert_eq!((prior.parameter.as_str(), prior.to_string().as_str()), ("alpha", "alpha ~ normal(0.35, 0.1)"));
/// # Ok::<(), isoflop_fit::FitError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Prior {
    /// Name of the parameter, with its level if it is grouped.
    pub parameter: String,
    /// Its distribution before it is cut off at the bounds.
    pub law: PriorLaw,
}

/// A distribution, in the unit of the parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PriorLaw {
    /// Mean and standard deviation.
    Normal(f64, f64),
    /// Median, and standard deviation of the natural logarithm.
    LogNormal(f64, f64),
    /// Lowest and highest value.
    Uniform(f64, f64),
    /// Degrees of freedom, centre and scale.
    Student(f64, f64, f64),
}

impl PriorLaw {
    /// Log density at `x` up to a constant, and its derivative.
    pub(crate) fn log(self, x: f64) -> (f64, f64) {
        match self {
            PriorLaw::Normal(mean, sd) => {
                let z = (x - mean) / sd;
                (-0.5 * z * z, -z / sd)
            }
            PriorLaw::LogNormal(median, sd) => {
                let z = (x / median).ln() / sd;
                (-0.5 * z * z - x.ln(), -(z / sd + 1.0) / x)
            }
            PriorLaw::Uniform(..) => (0.0, 0.0),
            PriorLaw::Student(degrees, centre, scale) => {
                let z = (x - centre) / scale;
                let rest = degrees + z * z;
                (-0.5 * (degrees + 1.0) * (z * z / degrees).ln_1p(), -(degrees + 1.0) * z / (scale * rest))
            }
        }
    }

    /// Chance of a value below `x`.
    fn below(self, x: f64) -> f64 {
        match self {
            PriorLaw::Normal(mean, sd) => normal((x - mean) / sd),
            PriorLaw::LogNormal(median, sd) if x > 0.0 => normal((x / median).ln() / sd),
            PriorLaw::LogNormal(..) => 0.0,
            PriorLaw::Uniform(low, high) => ((x - low) / (high - low)).clamp(0.0, 1.0),
            PriorLaw::Student(degrees, centre, scale) if x.is_finite() => {
                StudentsT::new(centre, scale, degrees).map_or(f64::NAN, |law| law.cdf(x))
            }
            PriorLaw::Student(..) => f64::from(u8::from(x > 0.0)),
        }
    }

    /// The values that it allows.
    fn support(self) -> (f64, f64) {
        match self {
            PriorLaw::Uniform(low, high) => (low, high),
            PriorLaw::LogNormal(..) => (0.0, f64::INFINITY),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }
}

impl fmt::Display for PriorLaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PriorLaw::Normal(mean, sd) => write!(f, "normal({mean}, {sd})"),
            PriorLaw::LogNormal(median, sd) => write!(f, "lognormal({median}, {sd})"),
            PriorLaw::Uniform(low, high) => write!(f, "uniform({low}, {high})"),
            PriorLaw::Student(degrees, centre, scale) => write!(f, "student({degrees}, {centre}, {scale})"),
        }
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ~ {}", self.parameter, self.law)
    }
}

impl FromStr for Prior {
    type Err = FitError;

    fn from_str(text: &str) -> Result<Self, FitError> {
        let bad = |reason: &str| FitError::BadPrior { text: text.to_string(), reason: reason.to_string() };
        let (parameter, law) = text.split_once('~').ok_or_else(|| bad("there is no ~"))?;
        let (name, list) = law
            .trim()
            .strip_suffix(')')
            .and_then(|open| open.split_once('('))
            .ok_or_else(|| bad("there is no distribution with numbers in parentheses"))?;
        let numbers: Vec<f64> = list
            .split(',')
            .map(|number| number.trim().parse::<f64>().ok().filter(|x| x.is_finite()))
            .collect::<Option<_>>()
            .ok_or_else(|| bad("what stands in the parentheses is no list of numbers"))?;
        let law = match (name.trim(), numbers.as_slice()) {
            ("normal", &[mean, sd]) if sd > 0.0 => PriorLaw::Normal(mean, sd),
            ("lognormal", &[median, sd]) if median > 0.0 && sd > 0.0 => PriorLaw::LogNormal(median, sd),
            ("uniform", &[low, high]) if low < high => PriorLaw::Uniform(low, high),
            ("student", &[degrees, centre, scale]) if degrees > 0.0 && scale > 0.0 => {
                PriorLaw::Student(degrees, centre, scale)
            }
            ("normal" | "lognormal" | "uniform", list) if list.len() != 2 => {
                return Err(bad("it takes two numbers"));
            }
            ("student", list) if list.len() != 3 => return Err(bad("it takes three numbers")),
            ("normal" | "lognormal" | "student", _) => return Err(bad("its scale must be positive")),
            ("uniform", _) => return Err(bad("its lower end must be below its upper")),
            _ => return Err(bad("there is no such distribution")),
        };
        Ok(Prior { parameter: parameter.trim().to_string(), law })
    }
}

/// The prior of every slot, those that were `asked` for and weak ones for the rest, and the slots with bounds that all
/// priors allow; held slots have none. `estimates` are the values at the optimum.
pub(crate) fn settle(
    slots: &[Slot],
    estimates: &[f64],
    asked: &[Prior],
) -> Result<(Vec<Option<PriorLaw>>, Vec<Slot>), FitError> {
    let free = || slots.iter().filter(|slot| slot.fixed.is_none());
    for (k, prior) in asked.iter().enumerate() {
        if !free().any(|slot| slot.name == prior.parameter) {
            let known: Vec<&str> = free().map(|slot| slot.name.as_str()).collect();
            return Err(FitError::PriorOfNothing { name: prior.parameter.clone(), known: known.join(", ") });
        }
        if asked[..k].iter().any(|other| other.parameter == prior.parameter) {
            return Err(FitError::TwoPriors { name: prior.parameter.clone() });
        }
    }
    let mut narrowed = slots.to_vec();
    let mut laws = vec![None; slots.len()];
    for (k, slot) in slots.iter().enumerate().filter(|(_, slot)| slot.fixed.is_none()) {
        let law = match asked.iter().find(|prior| prior.parameter == slot.name) {
            None => weak(slot, estimates[k]),
            Some(prior) => {
                let chance = prior.law.below(slot.upper) - prior.law.below(slot.lower);
                if chance.is_nan() || chance < CONTRADICTION {
                    return Err(FitError::PriorOutsideBounds {
                        name: slot.name.clone(),
                        prior: prior.law.to_string(),
                        chance,
                        low: slot.lower,
                        high: slot.upper,
                    });
                }
                prior.law
            }
        };
        let (low, high) = law.support();
        narrowed[k].lower = slot.lower.max(low);
        narrowed[k].upper = slot.upper.min(high);
        laws[k] = Some(law);
    }
    Ok((laws, narrowed))
}

fn weak(slot: &Slot, estimate: f64) -> PriorLaw {
    let size = slot.scale.unwrap_or(0.0).abs();
    if slot.lower.is_finite() && slot.upper.is_finite() {
        PriorLaw::Uniform(slot.lower, slot.upper)
    } else if slot.lower >= 0.0 {
        let median = if size > 0.0 { size } else { estimate.abs().max(f64::MIN_POSITIVE) };
        PriorLaw::LogNormal(median, WIDE)
    } else {
        PriorLaw::Normal(estimate, 10.0 * size.max(estimate.abs()).max(f64::MIN_POSITIVE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(name: &str, lower: f64, upper: f64) -> Slot {
        Slot { name: name.into(), param: 0, level: None, lower, upper, fixed: None, scale: None }
    }

    #[test]
    fn priors_are_read_and_refused() {
        for text in ["a ~ normal(1, 2)", "a ~ lognormal(3, 0.5)", "a ~ uniform(0, 1)", "a ~ student(4, 0, 2)"]
        {
            assert_eq!(text.parse::<Prior>().unwrap().to_string(), text);
        }
        for text in [
            "a normal(1,2)",
            "a ~ normal",
            "a ~ normal(1)",
            "a ~ normal(1, -2)",
            "a ~ gamma(1, 2)",
            "a ~ uniform(2, 1)",
            "a ~ normal(x, 1)",
            "a ~ student(1, 2)",
        ] {
            assert!(text.parse::<Prior>().unwrap_err().to_string().starts_with("[T0811]"), "{text}");
        }
    }

    #[test]
    fn derivatives_are_those_of_the_density() {
        for law in [
            PriorLaw::Normal(0.3, 0.2),
            PriorLaw::LogNormal(0.7, 1.5),
            PriorLaw::Uniform(0.0, 2.0),
            PriorLaw::Student(3.0, 0.1, 0.4),
        ] {
            for x in [0.05, 0.4, 1.7] {
                let h = 1e-6;
                let slope = (law.log(x + h).0 - law.log(x - h).0) / (2.0 * h);
                assert!((slope - law.log(x).1).abs() < 1e-5 * (1.0 + slope.abs()), "{law} {x}");
            }
        }
    }

    #[test]
    fn a_prior_against_the_bounds_is_refused() {
        let slots = [slot("alpha", 0.0, 2.5)];
        let asked = |text: &str| settle(&slots, &[0.3], &[text.parse().unwrap()]);
        assert!(asked("alpha ~ normal(0.35, 0.1)").is_ok());
        for text in ["alpha ~ normal(-3, 0.1)", "alpha ~ uniform(3, 4)"] {
            assert!(asked(text).unwrap_err().to_string().starts_with("[T0813]"), "{text}");
        }
        assert!(asked("beta ~ normal(0, 1)").unwrap_err().to_string().starts_with("[T0812]"));
        let (_, narrowed) = asked("alpha ~ uniform(0.1, 5)").unwrap();
        assert_eq!((narrowed[0].lower, narrowed[0].upper), (0.1, 2.5));
    }
}
