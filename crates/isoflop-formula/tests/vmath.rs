//! Accuracy and special values of the vector kernels, on every instruction set of this machine.
//!
//! The module is private to the crate, so its source is included here. The reference is computed in
//! double-double arithmetic (pairs of `f64`, about 100 bits). `ISOFLOP_VMATH_POINTS` sets the number
//! of random points per function and range; run with `--nocapture` to see the errors measured.

#[path = "../src/vmath.rs"]
mod vmath;

use vmath::Simd;

type SliceFunction = fn(Simd, &[f64], &mut [f64]);

const FUNCTIONS: [(&str, SliceFunction); 9] = [
    ("exp", vmath::exp_slice),
    ("ln", vmath::ln_slice),
    ("log2", vmath::log2_slice),
    ("log10", vmath::log10_slice),
    ("expm1", vmath::expm1_slice),
    ("ln_1p", vmath::ln_1p_slice),
    ("tanh", vmath::tanh_slice),
    ("sigmoid", vmath::sigmoid_slice),
    ("softplus", vmath::softplus_slice),
];

/// The unevaluated sum `high + low`, with |low| at most half an ulp of `high`.
#[derive(Clone, Copy)]
struct Double {
    high: f64,
    low: f64,
}

const LN_2: Double = Double { high: std::f64::consts::LN_2, low: 2.319_046_813_846_299_6e-17 };
const LN_10: Double = Double { high: std::f64::consts::LN_10, low: -2.170_756_223_382_249_4e-16 };
const ONE: Double = Double { high: 1.0, low: 0.0 };

impl Double {
    fn sum(a: f64, b: f64) -> Double {
        let high = a + b;
        let b_part = high - a;
        Double { high, low: (a - (high - b_part)) + (b - b_part) }
    }

    fn add(self, other: Double) -> Double {
        let high = Double::sum(self.high, other.high);
        let low = Double::sum(self.low, other.low);
        let high = Double::sum(high.high, high.low + low.high);
        Double::sum(high.high, high.low + low.low)
    }

    fn mul(self, other: Double) -> Double {
        let high = self.high * other.high;
        let rounding = self.high.mul_add(other.high, -high);
        Double::sum(high, rounding + (self.high * other.low + self.low * other.high))
    }

    fn div(self, other: Double) -> Double {
        let first = Double::from(self.high / other.high);
        let rest = self.add(other.mul(first).neg());
        let second = Double::from(rest.high / other.high);
        let rest = rest.add(other.mul(second).neg());
        first.add(second).add(Double::from(rest.high / other.high))
    }

    fn neg(self) -> Double {
        Double { high: -self.high, low: -self.low }
    }
}

impl From<f64> for Double {
    fn from(high: f64) -> Double {
        Double { high, low: 0.0 }
    }
}

/// The value `mantissa * 2^exponent`, so that a subnormal result keeps its reference bits.
struct Reference {
    mantissa: Double,
    exponent: i32,
}

impl From<Double> for Reference {
    fn from(mantissa: Double) -> Reference {
        Reference { mantissa, exponent: 0 }
    }
}

/// `x * 2^exponent`; exact unless the result is subnormal.
fn scale(mut x: f64, mut exponent: i32) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        x *= f64::powi(2.0, step);
        exponent -= step;
    }
    x
}

/// e^x - 1 for |x| < 0.36, by its Taylor series; the first term left out is below 1e-42 of the sum.
fn series(x: Double) -> Double {
    let mut sum = ONE;
    for n in (2..=28).rev() {
        sum = ONE.add(sum.mul(x).div(Double::from(f64::from(n))));
    }
    sum.mul(x)
}

fn exp(x: f64) -> Reference {
    let k = (x / LN_2.high).round();
    let r = Double::from(x).add(LN_2.mul(Double::from(-k)));
    Reference { mantissa: ONE.add(series(r)), exponent: k as i32 }
}

fn expm1(x: f64) -> Reference {
    if x.abs() < 0.3 {
        return series(Double::from(x)).into();
    }
    let Reference { mantissa, exponent } = exp(x.max(-100.0));
    let one = Double::from(scale(1.0, -exponent));
    Reference { mantissa: mantissa.add(one.neg()), exponent }
}

/// ln(1 + x) for -0.5 < x < 1: one Newton step from the `f64` value.
fn ln_1p_double(x: Double) -> Double {
    let guess = x.high.ln_1p();
    // 1 + d = (1 + x) e^-guess, where d is about 1e-16.
    let shrink = match guess.abs() < 0.3 {
        true => series(Double::from(-guess)),
        false => {
            let half = series(Double::from(-0.5 * guess)); // (1 + h)^2 - 1 = h (2 + h)
            half.mul(half.add(Double::from(2.0)))
        }
    };
    let d = shrink.add(x).add(x.mul(shrink));
    Double::from(guess).add(d).add(d.mul(d).mul(Double::from(-0.5)))
}

fn ln_double(x: Double) -> Reference {
    let mut k = x.high.log2().round() as i32;
    let mut m = Double { high: scale(x.high, -k), low: scale(x.low, -k) };
    if m.high > 1.5 || m.high < 0.7 {
        let step = if m.high > 1.5 { 1 } else { -1 };
        (k, m) = (k + step, Double { high: scale(m.high, -step), low: scale(m.low, -step) });
    }
    let whole = LN_2.mul(Double::from(f64::from(k)));
    whole.add(ln_1p_double(m.add(ONE.neg()))).into()
}

fn ln(x: f64) -> Reference {
    ln_double(Double::from(x))
}

fn log2(x: f64) -> Reference {
    ln(x).mantissa.div(LN_2).into()
}

fn log10(x: f64) -> Reference {
    ln(x).mantissa.div(LN_10).into()
}

fn ln_1p(x: f64) -> Reference {
    match x > -0.4 && x < 0.9 {
        true => ln_1p_double(Double::from(x)).into(),
        false => ln_double(Double::sum(1.0, x)),
    }
}

fn tanh(x: f64) -> Reference {
    let e = expm1(2.0 * x.clamp(-40.0, 40.0));
    let e = Double { high: scale(e.mantissa.high, e.exponent), low: scale(e.mantissa.low, e.exponent) };
    e.div(e.add(Double::from(2.0))).into()
}

fn sigmoid(x: f64) -> Reference {
    let e = exp(x);
    if x < -600.0 {
        return e; // 1 + e^x is 1 to 800 bits
    }
    let inverse = exp(-x.min(600.0));
    let high = scale(inverse.mantissa.high, inverse.exponent);
    let low = scale(inverse.mantissa.low, inverse.exponent);
    ONE.div(ONE.add(Double { high, low })).into()
}

fn softplus(x: f64) -> Reference {
    let e = exp(-x.abs());
    if x < -600.0 {
        return e; // ln(1 + e^x) is e^x to 800 bits
    }
    let small = Double { high: scale(e.mantissa.high, e.exponent), low: scale(e.mantissa.low, e.exponent) };
    Double::from(x.max(0.0)).add(ln_1p_double(small)).into()
}

/// The distance from `got` to the reference, in units in the last place of the reference.
fn ulps(got: f64, reference: &Reference) -> f64 {
    let Reference { mantissa, exponent } = *reference;
    let leading = mantissa.high.abs().log2().floor() as i32;
    let unit = (leading - 52).max(-1074 - exponent);
    let difference = (scale(got, -exponent) - mantissa.high) - mantissa.low;
    difference.abs() / scale(1.0, unit)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / f64::powi(2.0, 53)
    }

    /// Either sign, with the logarithm of the size uniform between two powers of two.
    fn any_size(&mut self, low: i32, high: i32) -> f64 {
        let size = self.uniform(f64::from(low), f64::from(high)).exp2();
        if self.bits() & 1 == 0 { size } else { -size }
    }
}

/// Points wanted of each sampler.
fn points() -> usize {
    std::env::var("ISOFLOP_VMATH_POINTS").ok().and_then(|text| text.parse().ok()).unwrap_or(20_000)
}

type Sampler = fn(&mut Random) -> f64;

/// Draws from each sampler, compares every path with the reference, and checks the worst error.
#[allow(clippy::print_stdout)] // shown only when a test fails or with --nocapture
fn check_accuracy(name: &str, reference: fn(f64) -> Reference, bound: f64, samplers: &[Sampler]) {
    let (_, function) = FUNCTIONS.into_iter().find(|(known, _)| *known == name).expect("a listed name");
    let mut random = Random(2_718_281_828);
    let mut worst = vec![(0.0f64, f64::NAN); Simd::available().len()];
    for sample in samplers {
        let x: Vec<f64> = (0..points()).map(|_| sample(&mut random)).collect();
        let expected: Vec<Reference> = x.iter().map(|&x| reference(x)).collect();
        for (simd, worst) in Simd::available().into_iter().zip(&mut worst) {
            let mut got = vec![f64::NAN; x.len()];
            function(simd, &x, &mut got);
            for ((&x, got), expected) in x.iter().zip(got).zip(&expected) {
                let error = ulps(got, expected);
                assert!(!error.is_nan(), "{simd:?} {name}({x:e}) = {got:e}");
                if error > worst.0 {
                    *worst = (error, x);
                }
            }
        }
    }
    for (simd, (error, x)) in Simd::available().into_iter().zip(worst) {
        println!("{name} {simd:?}: worst {error:.3} ulp at {x:e}");
        assert!(error <= bound, "{simd:?} {name}: {error:.3} ulp at {x:e}, allowed {bound}");
    }
}

#[test]
fn exp_is_accurate() {
    check_accuracy(
        "exp",
        exp,
        1.1,
        &[
            |random| random.uniform(-745.0, 709.78),
            |random| random.uniform(-745.0, -708.0), // subnormal results
            |random| random.uniform(-2.0, 2.0),
            |random| random.any_size(-60, 9),
            // Where the reduction rounds k the other way.
            |random| (random.uniform(-1000.0, 1000.0).round() + 0.5) * LN_2.high + random.any_size(-60, -40),
        ],
    );
}

/// Ranges for a logarithm to any base.
const LOGARITHM_RANGES: [Sampler; 5] = [
    |random| f64::from_bits(random.bits() % f64::INFINITY.to_bits()), // every exponent
    |random| f64::from_bits(random.bits() % f64::MIN_POSITIVE.to_bits()), // subnormals
    |random| random.uniform(0.5, 2.0),
    |random| 1.0 + random.any_size(-52, -2),
    |random| std::f64::consts::SQRT_2 * (1.0 + random.any_size(-52, -5)),
];

#[test]
fn logarithms_are_accurate() {
    check_accuracy("ln", ln, 1.0, &LOGARITHM_RANGES);
    check_accuracy("log2", log2, 2.0, &LOGARITHM_RANGES);
    check_accuracy("log10", log10, 2.0, &LOGARITHM_RANGES);
}

#[test]
fn logarithms_of_powers_of_the_base_are_exact() {
    for power in -1074..=1023 {
        check_value("log2", scale(1.0, power), f64::from(power));
    }
    for power in 0..=22 {
        check_value("log10", f64::powi(10.0, power), f64::from(power)); // 10^22 is the last exact one
    }
}

#[test]
fn expm1_is_accurate() {
    check_accuracy(
        "expm1",
        expm1,
        2.0,
        &[
            |random| random.uniform(-50.0, 709.78),
            |random| random.uniform(-2.0, 2.0),
            |random| random.any_size(-1070, 5),
            |random| random.any_size(-60, 1),
        ],
    );
}

#[test]
fn ln_1p_is_accurate() {
    check_accuracy(
        "ln_1p",
        ln_1p,
        2.0,
        &[
            |random| random.uniform(-1.0, 3.0),
            |random| random.any_size(-1070, -1),
            |random| random.any_size(-60, -1),
            |random| random.any_size(-10, 1020).abs(),
            |random| random.any_size(-1, 70).abs(),
            |random| -1.0 + random.any_size(-53, -1).abs(),
        ],
    );
}

#[test]
fn tanh_is_accurate() {
    check_accuracy(
        "tanh",
        tanh,
        3.0,
        &[
            |random| random.uniform(-25.0, 25.0),
            |random| random.uniform(-2.0, 2.0),
            |random| random.any_size(-1000, 1000),
            |random| random.any_size(-60, 1),
        ],
    );
}

#[test]
fn sigmoid_is_accurate() {
    check_accuracy(
        "sigmoid",
        sigmoid,
        3.0,
        &[
            |random| random.uniform(-745.0, 700.0),
            |random| random.uniform(-745.0, -708.0),
            |random| random.uniform(-40.0, 40.0),
            |random| random.uniform(-2.0, 2.0),
            |random| random.any_size(-60, 9),
        ],
    );
}

#[test]
fn softplus_is_accurate() {
    check_accuracy(
        "softplus",
        softplus,
        3.0,
        &[
            |random| random.uniform(-745.0, 700.0),
            |random| random.uniform(-745.0, -708.0),
            |random| random.uniform(-40.0, 40.0),
            |random| random.uniform(-2.0, 2.0),
            |random| random.any_size(-60, 9),
        ],
    );
}

/// One call per path with the value in every lane of a block and in the scalar tail.
fn check_value(name: &str, x: f64, expected: f64) {
    let (_, function) = FUNCTIONS.into_iter().find(|(known, _)| *known == name).expect("a listed name");
    for simd in Simd::available() {
        let mut got = [1.5; 37];
        function(simd, &[x; 37], &mut got);
        for got in got {
            let same = got.to_bits() == expected.to_bits() || (got.is_nan() && expected.is_nan());
            assert!(same, "{simd:?} {name}({x:e}) = {got:e}, expected {expected:e}");
        }
    }
}

#[test]
fn special_values_are_the_same_on_every_path() {
    let (inf, nan, smallest) = (f64::INFINITY, f64::NAN, f64::from_bits(1));
    for (name, _) in FUNCTIONS {
        check_value(name, nan, nan);
        check_value(name, -nan, nan);
    }
    let last_finite = f64::from_bits(0x4086_2e42_fefa_39ef); // the largest x whose e^x is finite
    for (x, expected) in [
        (0.0, 1.0),
        (-0.0, 1.0),
        (smallest, 1.0),
        (inf, inf),
        (-inf, 0.0),
        (last_finite.next_up(), inf),
        (f64::MAX, inf),
        (-746.0, 0.0),
        (f64::MIN, 0.0),
        (-745.133_219_101_941_1, smallest), // just above the midpoint of 0 and the smallest number
        (-745.133_219_101_941_2, 0.0),
    ] {
        check_value("exp", x, expected);
    }
    for (x, expected) in [
        (0.0, -inf),
        (-0.0, -inf),
        (1.0, 0.0),
        (inf, inf),
        (-inf, nan),
        (-1.0, nan),
        (-smallest, nan),
        (f64::MIN, nan),
    ] {
        for name in ["ln", "log2", "log10"] {
            check_value(name, x, expected);
        }
    }
    for (x, expected) in [
        (0.0, 0.0),
        (-0.0, -0.0),
        (smallest, smallest),
        (-smallest, -smallest),
        (1e-300, 1e-300),
        (inf, inf),
        (-inf, -1.0),
        (-50.0, -1.0),
        (last_finite.next_up(), inf),
        (f64::MIN, -1.0),
    ] {
        check_value("expm1", x, expected);
    }
    for (x, expected) in [
        (0.0, 0.0),
        (-0.0, -0.0),
        (smallest, smallest),
        (-1e-300, -1e-300),
        (-1.0, -inf),
        ((-1.0f64).next_down(), nan),
        (-inf, nan),
        (inf, inf),
    ] {
        check_value("ln_1p", x, expected);
    }
    for (x, expected) in [
        (0.0, 0.0),
        (-0.0, -0.0),
        (smallest, smallest),
        (inf, 1.0),
        (-inf, -1.0),
        (f64::MAX, 1.0),
        (-30.0, -1.0),
    ] {
        check_value("tanh", x, expected);
    }
    for (x, expected) in [(0.0, 0.5), (-0.0, 0.5), (inf, 1.0), (-inf, 0.0), (f64::MAX, 1.0), (f64::MIN, 0.0)]
    {
        check_value("sigmoid", x, expected);
    }
    for (x, expected) in [(inf, inf), (-inf, 0.0), (f64::MAX, f64::MAX), (f64::MIN, 0.0), (800.0, 800.0)] {
        check_value("softplus", x, expected);
    }
}

#[test]
fn the_largest_finite_results_are_finite() {
    let x = f64::from_bits(0x4086_2e42_fefa_39ef);
    for (name, function) in [("exp", vmath::exp_slice as SliceFunction), ("expm1", vmath::expm1_slice)] {
        for simd in Simd::available() {
            let mut got = [0.0; 9];
            function(simd, &[x; 9], &mut got);
            assert!(got.iter().all(|&got| ulps(got, &exp(x)) <= 1.0), "{simd:?} {name}: {got:?}");
        }
    }
    for simd in Simd::available() {
        let mut got = [0.0; 9];
        vmath::ln_slice(simd, &[f64::MAX; 9], &mut got);
        assert!(got.iter().all(|&got| ulps(got, &ln(f64::MAX)) <= 1.0), "{simd:?}: {got:?}");
    }
}

#[test]
fn fused_paths_agree_to_the_bit_and_no_length_changes_a_result() {
    let mut random = Random(31);
    let x: Vec<f64> = (0..67).map(|_| random.any_size(-20, 5)).collect();
    for (name, function) in FUNCTIONS {
        let evaluate = |simd, x: &[f64]| {
            let mut out = vec![0.0; x.len()];
            function(simd, x, &mut out);
            out.into_iter().map(f64::to_bits).collect::<Vec<u64>>()
        };
        for simd in Simd::available() {
            let whole = evaluate(simd, &x);
            for length in 0..x.len() {
                assert_eq!(evaluate(simd, &x[..length]), whole[..length], "{simd:?} {name}, length {length}");
            }
            if simd > Simd::Avx2 {
                assert_eq!(evaluate(Simd::Avx2, &x), whole, "{simd:?} {name}");
            }
        }
    }
}

#[test]
fn a_slice_call_stops_at_the_shorter_slice_and_takes_any_instruction_set() {
    for simd in [Simd::Portable, Simd::Avx2, Simd::Avx512] {
        assert!(Simd::available().contains(&simd.usable()));
        let mut out = [7.0; 5];
        vmath::exp_slice(simd, &[0.0; 3], &mut out);
        assert_eq!(out, [1.0, 1.0, 1.0, 7.0, 7.0]);
        vmath::ln_slice(simd, &[1.0; 9], &mut out);
        assert_eq!(out, [0.0; 5]);
    }
}
