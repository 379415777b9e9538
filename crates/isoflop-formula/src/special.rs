//! Scalar special functions that the standard library lacks.

/// `1 / (1 + exp(-x))` without overflow.
pub(crate) fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// `log(1 + exp(x))` without overflow.
pub(crate) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// Sign of `x`, 0 at 0.
pub(crate) fn sign(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

/// Logarithm of the absolute value of the gamma function.
pub(crate) fn lgamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// Derivative of [`lgamma`]: upward recurrence to x >= 10, then the asymptotic series
/// (Abramowitz and Stegun 6.3.5 and 6.3.18); reflection (6.3.7) for x <= 0.
pub(crate) fn digamma(mut x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        return if x == x.floor() { f64::NAN } else { digamma(1.0 - x) - PI / (PI * x).tan() };
    }
    let mut sum = 0.0;
    while x < 10.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let tail = r
        * (1.0 / 12.0
            - r * (1.0 / 120.0
                - r * (1.0 / 252.0 - r * (1.0 / 240.0 - r * (1.0 / 132.0 - r * (691.0 / 32760.0))))));
    sum + x.ln() - 0.5 / x - tail
}

/// Derivative of [`digamma`] (Abramowitz and Stegun 6.4.6, 6.4.7 and 6.4.12).
pub(crate) fn trigamma(mut x: f64) -> f64 {
    use std::f64::consts::PI;
    if x <= 0.0 {
        let s = (PI * x).sin();
        return if x == x.floor() { f64::NAN } else { PI * PI / (s * s) - trigamma(1.0 - x) };
    }
    let mut sum = 0.0;
    while x < 10.0 {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    let r = 1.0 / (x * x);
    let tail = r * (1.0 / 6.0 - r * (1.0 / 30.0 - r * (1.0 / 42.0 - r * (1.0 / 30.0 - r * (5.0 / 66.0)))));
    sum + 1.0 / x + 0.5 * r + tail / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digamma_and_trigamma_at_known_points() {
        let euler = 0.577_215_664_901_532_9;
        assert!((digamma(1.0) + euler).abs() < 1e-14);
        assert!((digamma(0.5) + euler + 2.0 * 2f64.ln()).abs() < 1e-14);
        assert!((trigamma(1.0) - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-13);
        assert!((digamma(-0.5) - (digamma(0.5) + 2.0)).abs() < 1e-13);
    }

    #[test]
    fn trigamma_is_the_slope_of_digamma() {
        for x in [0.3, 1.7, 9.9, 10.1, 250.0] {
            let h = 1e-5 * x;
            let slope = (digamma(x + h) - digamma(x - h)) / (2.0 * h);
            assert!((slope / trigamma(x) - 1.0).abs() < 1e-7, "x = {x}");
        }
    }
}
