//! Elementary functions that the compiler can vectorise: no branch, no call, no table.
//!
//! Each kernel takes one number. Inlined into a loop inside a function compiled for a wider
//! instruction set (`#[target_feature]`), it becomes straight-line vector code. The `FMA` flag
//! says whether that target has a fused multiply-add: without one, `f64::mul_add` is a slow
//! library call, so the kernels then round twice instead.
//!
//! Four facts shape the code. AVX2 has no conversion between `i64` and `f64`, so integers move
//! through the low mantissa bits of a large float. It has no arithmetic shift of 64-bit lanes, so
//! exponents are kept non-negative and shifted logically. A comparison with NaN is false, so each
//! clamp is written to let NaN through. And every special value is a select at the end, not an
//! early return.
//!
//! Two polynomials carry all the functions. Both were fitted by a Remez exchange at 60 digits; the
//! bounds quoted are for the coefficients after rounding to `f64`. The errors quoted in units in the
//! last place (ulp) are not proofs: they are the worst that `tests/vmath.rs` met, over all paths, with
//! one to two million points in each of its ranges. The two vector paths give identical bits, since they do
//! the same arithmetic; the portable path may differ from them in the last places.

use std::sync::OnceLock;

/// The instruction sets that a loop can be compiled for, from narrowest to widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Simd {
    /// What every processor of the build target has; `FMA = false`.
    Portable,
    /// `avx2,fma`: four numbers at a time; `FMA = true`.
    Avx2,
    /// `avx512f,avx512dq,avx512vl,avx512bw`: eight numbers at a time; `FMA = true`.
    Avx512,
}

impl Simd {
    /// The widest set that this machine runs; found once, then remembered.
    pub(crate) fn detect() -> Simd {
        static WIDEST: OnceLock<Simd> = OnceLock::new();
        *WIDEST.get_or_init(Simd::probe)
    }

    /// Every set that this machine runs, narrowest first.
    #[allow(dead_code)] // for tests that compare the paths
    pub(crate) fn available() -> Vec<Simd> {
        let all = [Simd::Portable, Simd::Avx2, Simd::Avx512];
        all.into_iter().filter(|&simd| simd <= Simd::detect()).collect()
    }

    /// This set, or the widest that the machine runs if it lacks this one.
    ///
    /// Dispatchers call it before entering a `#[target_feature]` function, which makes that call
    /// sound whatever value they were given.
    pub(crate) fn usable(self) -> Simd {
        self.min(Simd::detect())
    }

    #[cfg(target_arch = "x86_64")]
    fn probe() -> Simd {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw");
        match (avx2, avx512) {
            (true, true) => Simd::Avx512,
            (true, false) => Simd::Avx2,
            (false, _) => Simd::Portable,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn probe() -> Simd {
        Simd::Portable
    }
}

/// 1.5 * 2^52. Adding it to a number below 2^51 rounds that number to an integer, which the low
/// bits of the sum then hold; any integer added beforehand is an exponent bias for free.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// 2^52. Its mantissa bits are zero, so an integer below 2^52 can be put there to become a float.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const MANTISSA: u64 = (1 << 52) - 1;
/// Exponent bias of `f64`.
const BIAS: i32 = 1023;
/// ln 2 with the low 32 bits cleared, so that its product with an exponent is exact.
const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_0000_0000);
/// ln 2 - `LN2_HI`.
const LN2_LO: f64 = 4.749_325_039_031_672_6e-7;
/// The logarithm of 2 to base 10, in two parts for the same reason.
const LOG10_2_HI: f64 = f64::from_bits(0x3fd3_4413_0000_0000);
/// What `LOG10_2_HI` leaves out.
const LOG10_2_LO: f64 = 7.508_597_826_552_624e-8;
/// Where `expm1(x)`, `ln_1p(x)` and `x` are the same number: 2^-54.
const TINY: f64 = 5.551_115_123_125_783e-17;

/// (e^r - 1 - r) / r^2 on |r| <= ln(2)/2, lowest power first. The error it leaves in e^r is below
/// 2^-56.3 relative.
const EXP: [f64; 10] = [
    0.500_000_000_000_001_1,
    0.166_666_666_666_664_13,
    0.041_666_666_666_530_155,
    0.008_333_333_333_494_461,
    0.001_388_888_894_363_013_4,
    0.000_198_412_695_065_787_23,
    2.480_149_309_888_739e-5,
    2.755_758_637_378_518e-6,
    2.763_024_838_532_302e-7,
    2.500_006_162_553_128e-8,
];

/// (2 atanh(s) - 2 s) / s^3 as a polynomial in s^2, for s up to 3 - 2 sqrt 2, lowest power first. The
/// error it leaves in 2 atanh(s) is below 2^-58.8 relative.
const LN: [f64; 7] = [
    0.666_666_666_666_673_4,
    0.399_999_999_994_143_15,
    0.285_714_287_424_753_85,
    0.222_221_985_634_492_9,
    0.181_835_648_679_547_55,
    0.153_140_358_143_240_84,
    0.147_961_055_559_574_76,
];

/// `a * b + c`: one rounding where the target has the instruction, two elsewhere.
#[inline(always)]
pub(crate) fn fma<const FMA: bool>(a: f64, b: f64, c: f64) -> f64 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// A polynomial with coefficients lowest power first; `square` is `x * x`.
///
/// Even and odd powers are summed apart by Horner's rule: two chains half as long, which the
/// processor runs at the same time.
#[inline(always)]
fn polynomial<const FMA: bool, const N: usize>(x: f64, square: f64, coefficients: &[f64; N]) -> f64 {
    let (mut same, mut other) = (coefficients[N - 1], coefficients[N - 2]);
    for i in (0..N - 2).rev() {
        (same, other) = (other, fma::<FMA>(same, square, coefficients[i]));
    }
    // The last step left the even powers, which end in the constant, in `other`.
    fma::<FMA>(same, x, other)
}

/// `x`, but at least `low` and at most `high`; NaN stays NaN.
#[inline(always)]
fn clamp(x: f64, low: f64, high: f64) -> f64 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// `x = k ln 2 + r` with `k` an integer and |r| <= ln(2)/2, for |x| < 1100.
struct Reduced {
    /// The float `ROUND + bias + k`: `k + bias` is in its low mantissa bits.
    shifted: f64,
    r: f64,
    /// What rounding took from `r`.
    r_low: f64,
}

#[inline(always)]
fn reduce<const FMA: bool>(x: f64, bias: i32) -> Reduced {
    let magic = ROUND + f64::from(bias);
    let shifted = fma::<FMA>(x, std::f64::consts::LOG2_E, magic);
    let k = shifted - magic;
    let high = fma::<FMA>(-k, LN2_HI, x); // exact with or without FMA
    let low = k * LN2_LO;
    let r = high - low;
    Reduced { shifted, r, r_low: (high - r) - low }
}

/// e^x. Worst error seen: 1.06 ulp, gradual underflow included.
///
/// Below -745.13 the result is 0, above 709.78 infinity; NaN gives NaN.
#[inline(always)]
pub(crate) fn exp<const FMA: bool>(x: f64) -> f64 {
    // Beyond these bounds the result is 0 or infinity anyhow, and k stays in range.
    let Reduced { shifted, r, .. } = reduce::<FMA>(clamp(x, -746.0, 710.0), 2 * BIAS);
    let square = r * r;
    let tail = fma::<FMA>(square, polynomial::<FMA, 10>(r, square, &EXP), r);
    // 2^k itself may overflow or be subnormal, so it is applied as two factors of about 2^(k/2).
    let exponents = shifted.to_bits();
    let first = exponents >> 1;
    let second = exponents.wrapping_sub(first);
    (1.0 + tail) * f64::from_bits(first << 52) * f64::from_bits(second << 52)
}

/// e^x - 1, accurate for small `x` too. Worst error seen: 1.62 ulp.
#[inline(always)]
pub(crate) fn expm1<const FMA: bool>(x: f64) -> f64 {
    // One less in the exponent: 2^1024 does not exist, but half of it does.
    let Reduced { shifted, r, r_low } = reduce::<FMA>(clamp(x, -60.0, 710.0), BIAS - 1);
    let square = r * r;
    let tail = r + fma::<FMA>(square, polynomial::<FMA, 10>(r, square, &EXP), r_low);
    let half_scale = f64::from_bits(shifted.to_bits() << 52);
    let result = 2.0 * fma::<FMA>(half_scale, tail, half_scale - 0.5);
    if x.abs() < TINY { x } else { result } // keeps -0 and subnormals
}

/// ln(1 + f) + k ln 2, for 1 + f between about sqrt(1/2) and sqrt(2).
#[inline(always)]
fn ln_reduced<const FMA: bool>(f: f64, k: f64) -> f64 {
    // With s = f / (2 + f), ln(1 + f) = 2 atanh(s) = f - (f^2/2 - s (f^2/2 + s^2 P(s^2))). The
    // leading f carries no error of this sum, so only the small remainder does.
    let s = f / (2.0 + f);
    let z = s * s;
    let half_square = 0.5 * f * f;
    let inner = fma::<FMA>(z, polynomial::<FMA, 7>(z, z * z, &LN), half_square);
    let remainder = half_square - fma::<FMA>(s, inner, k * LN2_LO);
    fma::<FMA>(k, LN2_HI, f - remainder)
}

/// `u = m 2^k` with `m` from sqrt(1/2) up to sqrt(2), for positive normal `u`.
///
/// Returns `m - 1`, which is exact, and the biased exponent `k + 1023`.
#[inline(always)]
fn split(u: f64) -> (f64, u64) {
    let sqrt_half = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    // Moving sqrt(1/2) to 1 makes the exponent field step where m should wrap.
    let moved = u.to_bits().wrapping_add(1.0f64.to_bits() - sqrt_half);
    let m = f64::from_bits((moved & MANTISSA) + sqrt_half);
    (m - 1.0, moved >> 52)
}

/// A non-negative integer below 2^52, less `bias`, as a float.
#[inline(always)]
fn to_float(integer: u64, bias: f64) -> f64 {
    f64::from_bits(integer | TWO_52.to_bits()) - (TWO_52 + bias)
}

/// Any positive finite `x`, subnormals included, as `(1 + f) 2^k`, with `1 + f` from sqrt(1/2) to sqrt(2).
#[inline(always)]
fn split_any(x: f64) -> (f64, f64) {
    let subnormal = x < f64::MIN_POSITIVE;
    let scaled = x * (4.0 * TWO_52); // 2^54
    let (f, exponent) = split(if subnormal { scaled } else { x });
    (f, to_float(exponent, f64::from(BIAS)) - if subnormal { 54.0 } else { 0.0 })
}

/// The logarithm of `x` to any base above 1, given what it is if `x` is positive and finite.
#[inline(always)]
fn or_special(x: f64, finite: f64) -> f64 {
    let at_most_zero = if x == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    let result = if x <= 0.0 { at_most_zero } else { finite };
    // Infinity and NaN are their own logarithms.
    if x == f64::INFINITY || x.is_nan() { x } else { result }
}

/// Natural logarithm. Worst error seen: 0.86 ulp, subnormals and the neighbourhood of 1 included.
///
/// Zero of either sign gives negative infinity, a negative number NaN.
#[inline(always)]
pub(crate) fn ln<const FMA: bool>(x: f64) -> f64 {
    let (f, k) = split_any(x);
    or_special(x, ln_reduced::<FMA>(f, k))
}

/// Logarithm to base 2, exact for powers of 2. Worst error seen: 1.81 ulp; special values as [`ln`].
#[inline(always)]
pub(crate) fn log2<const FMA: bool>(x: f64) -> f64 {
    let (f, k) = split_any(x);
    let fraction = ln_reduced::<FMA>(f, 0.0);
    or_special(x, fma::<FMA>(fraction, std::f64::consts::LOG2_E, k))
}

/// Logarithm to base 10, exact for powers of 10. Worst error seen: 1.79 ulp; special values as [`ln`].
#[inline(always)]
pub(crate) fn log10<const FMA: bool>(x: f64) -> f64 {
    let (f, k) = split_any(x);
    let fraction = ln_reduced::<FMA>(f, 0.0);
    let low = fma::<FMA>(fraction, std::f64::consts::LOG10_E, k * LOG10_2_LO);
    or_special(x, fma::<FMA>(k, LOG10_2_HI, low))
}

/// ln(1 + x), accurate for small `x` too. Worst error seen: 1.39 ulp.
///
/// -1 gives negative infinity, anything below NaN.
#[inline(always)]
pub(crate) fn ln_1p<const FMA: bool>(x: f64) -> f64 {
    let u = 1.0 + x;
    let lost = x - (u - 1.0); // what rounding took from 1 + x; exact up to 2^53
    let (f, exponent) = split(u);
    // In the units of f the lost part is lost / 2^k. It is too small to matter above 2^53, and 2^-k does
    // not exist for the largest k.
    let inverse_scale = f64::from_bits((2 * BIAS as u64).wrapping_sub(exponent) << 52);
    let correction = if u < 2.0 * TWO_52 { lost * inverse_scale } else { 0.0 };
    let finite = ln_reduced::<FMA>(f + correction, to_float(exponent, f64::from(BIAS)));
    let at_most_zero = if u == 0.0 { f64::NEG_INFINITY } else { f64::NAN };
    let result = if u <= 0.0 { at_most_zero } else { finite };
    if x.abs() < TINY || x == f64::INFINITY || x.is_nan() { x } else { result }
}

/// Hyperbolic tangent. Worst error seen: 2.50 ulp.
#[inline(always)]
pub(crate) fn tanh<const FMA: bool>(x: f64) -> f64 {
    // Above 22 the result rounds to 1, and e^44 - 1 is far from overflow.
    let t = expm1::<FMA>(clamp(2.0 * x.abs(), 0.0, 44.0));
    (t / (t + 2.0)).copysign(x)
}

/// The logistic function 1 / (1 + e^-x). Worst error seen: 2.27 ulp, tails included.
#[inline(always)]
pub(crate) fn sigmoid<const FMA: bool>(x: f64) -> f64 {
    let small = exp::<FMA>(-x.abs());
    let numerator = if x < 0.0 { small } else { 1.0 };
    numerator / (1.0 + small)
}

/// ln(1 + e^x), the smooth version of max(x, 0). Worst error seen: 1.66 ulp, tails included.
#[inline(always)]
pub(crate) fn softplus<const FMA: bool>(x: f64) -> f64 {
    let small = exp::<FMA>(-x.abs());
    // ln(1 + small) needs less than `ln_1p`: 1 + small is at most 2, so k is 0 or 1.
    let wide = small > std::f64::consts::SQRT_2 - 1.0;
    let f = if wide { 0.5 * (small - 1.0) } else { small };
    let positive = if x > 0.0 { x } else { 0.0 };
    positive + ln_reduced::<FMA>(f, if wide { 1.0 } else { 0.0 })
}

/// Defines `$name(simd, x, out)`, which applies `$kernel` to each element.
macro_rules! slice_function {
    ($(#[$doc:meta])* $name:ident, $kernel:ident) => {
        $(#[$doc])*
        ///
        /// Stops at the end of the shorter slice. A set that the machine lacks is replaced by the
        /// widest that it has.
        #[allow(dead_code)] // a fused loop over the scalar kernel may be all that is needed
        pub(crate) fn $name(simd: Simd, x: &[f64], out: &mut [f64]) {
            #[inline(always)]
            fn apply<const FMA: bool>(x: &[f64], out: &mut [f64]) {
                for (out, &x) in out.iter_mut().zip(x) {
                    *out = $kernel::<FMA>(x);
                }
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            fn avx2(x: &[f64], out: &mut [f64]) {
                apply::<true>(x, out);
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw")]
            fn avx512(x: &[f64], out: &mut [f64]) {
                apply::<true>(x, out);
            }

            match simd.usable() {
                // SAFETY: `usable` returns only instruction sets that this machine was found to have.
                #[cfg(target_arch = "x86_64")]
                Simd::Avx512 => unsafe { avx512(x, out) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Simd::Avx2 => unsafe { avx2(x, out) },
                _ => apply::<false>(x, out),
            }
        }
    };
}

slice_function!(
    /// [`exp`] of each element of `x`, into `out`.
    exp_slice, exp
);
slice_function!(
    /// [`ln`] of each element of `x`, into `out`.
    ln_slice, ln
);
slice_function!(
    /// [`log2`] of each element of `x`, into `out`.
    log2_slice, log2
);
slice_function!(
    /// [`log10`] of each element of `x`, into `out`.
    log10_slice, log10
);
slice_function!(
    /// [`expm1`] of each element of `x`, into `out`.
    expm1_slice, expm1
);
slice_function!(
    /// [`ln_1p`] of each element of `x`, into `out`.
    ln_1p_slice, ln_1p
);
slice_function!(
    /// [`tanh`] of each element of `x`, into `out`.
    tanh_slice, tanh
);
slice_function!(
    /// [`sigmoid`] of each element of `x`, into `out`.
    sigmoid_slice, sigmoid
);
slice_function!(
    /// [`softplus`] of each element of `x`, into `out`.
    softplus_slice, softplus
);
