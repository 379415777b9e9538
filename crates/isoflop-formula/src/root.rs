//! Roots of many equations side by side: one bracket per row, all moved together.
//!
//! Chandrupatla's method (Advances in Engineering Software 28, 1997): inverse quadratic interpolation where the last
//! three points allow it, bisection elsewhere. It never leaves the bracket and needs about ten evaluations.

use crate::tape::BLOCK;

/// Bisection alone ends after so many halvings of any range of doubles.
const MOST: usize = 1100;

/// The last points of one row: `a` is the newest, and the root lies between `a` and `b`.
#[derive(Clone, Copy, Default)]
struct Bracket {
    a: f64,
    b: f64,
    c: f64,
    fa: f64,
    fb: f64,
    fc: f64,
    /// Where the next point lies between `a` and `b`.
    t: f64,
    done: bool,
}

/// Writes to `out` the `x` between `low` and `high` with `f(x) = 0`, row by row; NaN where `f` has the same sign at
/// both ends. `f` takes the points of all rows and writes the values.
pub(crate) fn solve(mut f: impl FnMut(&[f64], &mut [f64]), low: &[f64], high: &[f64], out: &mut [f64]) {
    let len = out.len();
    let (mut at_low, mut at_high) = ([0.0; BLOCK], [0.0; BLOCK]);
    f(low, &mut at_low[..len]);
    f(high, &mut at_high[..len]);
    let mut rows = [Bracket::default(); BLOCK];
    for (i, row) in rows[..len].iter_mut().enumerate() {
        *row = Bracket {
            a: high[i],
            b: low[i],
            c: low[i],
            fa: at_high[i],
            fb: at_low[i],
            fc: at_low[i],
            t: 0.5,
            done: false,
        };
        let ends = [(low[i], at_low[i]), (high[i], at_high[i])];
        if let Some((x, _)) = ends.iter().find(|(_, value)| *value == 0.0) {
            (row.a, row.fa, row.done) = (*x, 0.0, true);
        } else if row.fa.is_nan() || row.fb.is_nan() || (row.fa > 0.0) == (row.fb > 0.0) {
            (row.a, row.done) = (f64::NAN, true);
        }
    }
    let (mut x, mut value) = ([0.0; BLOCK], [0.0; BLOCK]);
    for _ in 0..MOST {
        if rows[..len].iter().all(|row| row.done) {
            break;
        }
        for (x, row) in x.iter_mut().zip(&rows[..len]) {
            *x = if row.done { row.a } else { row.a + row.t * (row.b - row.a) };
        }
        f(&x[..len], &mut value[..len]);
        for (i, row) in rows[..len].iter_mut().enumerate().filter(|(_, row)| !row.done) {
            row.take(x[i], value[i]);
        }
    }
    for (out, row) in out.iter_mut().zip(&rows) {
        *out = row.a;
    }
}

impl Bracket {
    fn take(&mut self, x: f64, fx: f64) {
        if (fx > 0.0) == (self.fa > 0.0) {
            (self.c, self.fc) = (self.a, self.fa);
        } else {
            (self.c, self.fc) = (self.b, self.fb);
            (self.b, self.fb) = (self.a, self.fa);
        }
        (self.a, self.fa) = (x, fx);
        let (best, least) = if self.fa.abs() < self.fb.abs() { (self.a, self.fa) } else { (self.b, self.fb) };
        let width = (self.b - self.a).abs();
        let share = (2.0 * f64::EPSILON * best.abs() + f64::MIN_POSITIVE) / width;
        if share > 0.5 || least == 0.0 || fx.is_nan() {
            (self.a, self.fa, self.done) = (if fx.is_nan() { f64::NAN } else { best }, least, true);
            return;
        }
        let xi = (self.a - self.b) / (self.c - self.b);
        let phi = (self.fa - self.fb) / (self.fc - self.fb);
        let inverse = phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi;
        let t = if inverse {
            self.fa / (self.fb - self.fa) * self.fc / (self.fb - self.fc)
                + (self.c - self.a) / (self.b - self.a) * self.fa / (self.fc - self.fa) * self.fb
                    / (self.fc - self.fb)
        } else {
            0.5
        };
        self.t = if t.is_finite() { t.clamp(share, 1.0 - share) } else { 0.5 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_found_to_the_last_digits() {
        let cubic = |x: &[f64], out: &mut [f64]| {
            for (i, (x, out)) in x.iter().zip(out).enumerate() {
                *out = x.powi(3) - (i as f64 + 1.0);
            }
        };
        let mut out = [0.0; 8];
        solve(cubic, &[0.0; 8], &[1e6; 8], &mut out);
        for (i, x) in out.iter().enumerate() {
            assert!((x / (i as f64 + 1.0).cbrt() - 1.0).abs() < 4e-16, "{i}: {x}");
        }
    }

    #[test]
    fn without_a_change_of_sign_there_is_no_root() {
        let square = |x: &[f64], out: &mut [f64]| out.iter_mut().zip(x).for_each(|(o, x)| *o = x * x + 1.0);
        let mut out = [0.0; 2];
        solve(square, &[-1.0; 2], &[1.0; 2], &mut out);
        assert!(out.iter().all(|x| x.is_nan()));
    }

    #[test]
    fn steep_and_flat_equations_end() {
        let steep = |x: &[f64], out: &mut [f64]| {
            for (x, out) in x.iter().zip(out) {
                *out = if *x < 0.3 { -1e300 } else { 1e-300 };
            }
        };
        let mut out = [0.0; 1];
        solve(steep, &[0.0], &[1.0], &mut out);
        assert!((out[0] - 0.3).abs() < 1e-15);
    }
}
