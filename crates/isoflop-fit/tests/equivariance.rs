//! Units do not matter: N in params or in millions, loss in nats or in bits, give the same fit.

mod common;

use common::{data, estimate, law, point};
use proptest::prelude::*;

/// A noisy table of the Besiroglu law; noise from a fixed sequence.
fn table(rows: usize, noise: f64) -> Vec<(&'static str, Vec<f64>)> {
    let mut state = 12345u64;
    let mut uniform = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let (mut n, mut d, mut loss) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let x = 10f64.powf(7.5 + 2.5 * uniform());
        let y = 10f64.powf(9.0 + 2.5 * uniform());
        let e = (uniform() + uniform() + uniform() - 1.5) * noise;
        n.push(x);
        d.push(y);
        loss.push((1.8172 + 482.01 / x.powf(0.3478) + 2085.43 / y.powf(0.3658)) * e.exp());
    }
    vec![("N", n), ("D", d), ("loss", loss)]
}

fn check(objective: &str, n_unit: f64, d_unit: f64, loss_unit: f64) {
    let law = law("chinchilla");
    let plain = table(120, 0.01);
    let scaled: Vec<(&str, Vec<f64>)> = plain
        .iter()
        .map(|(name, v)| {
            let unit = match *name {
                "N" => n_unit,
                "D" => d_unit,
                _ => loss_unit,
            };
            (*name, v.iter().map(|x| x / unit).collect())
        })
        .collect();
    let (a, b) = (point(&law, &data(&law, &plain), objective), point(&law, &data(&law, &scaled), objective));
    let of = |name: &str| (estimate(&a, name), estimate(&b, name));
    let same = |x: f64, y: f64, what: &str| {
        assert!((x / y - 1.0).abs() < 1e-9, "{objective}, {what}: {x} against {y}");
    };
    let (alpha, beta) = (of("alpha"), of("beta"));
    same(alpha.0, alpha.1, "alpha");
    same(beta.0, beta.1, "beta");
    same(of("E").0, of("E").1 * loss_unit, "E");
    same(of("A").0, of("A").1 * loss_unit * n_unit.powf(alpha.0), "A");
    same(of("B").0, of("B").1 * loss_unit * d_unit.powf(beta.0), "B");
    assert_eq!(a.certificate.verdict, b.certificate.verdict);
}

#[test]
fn millions_of_parameters_and_bits() {
    for objective in ["huber-log", "squares-log", "student-t-log"] {
        check(objective, 1e6, 1.0, 1.0);
        check(objective, 1.0, 1e9, 1.0);
        check(objective, 1.0, 1.0, std::f64::consts::LN_2);
        check(objective, 1e6, 1e9, std::f64::consts::LN_2);
    }
    check("squares", 1e6, 1e9, std::f64::consts::LN_2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_units(n in -12f64..12.0, d in -12f64..12.0, loss in -3f64..3.0) {
        check("huber-log", 10f64.powf(n), 10f64.powf(d), 10f64.powf(loss));
    }
}

#[test]
fn same_seed_same_bits_on_any_number_of_threads() {
    use isoflop_fit::{FitOptions, fit};
    let law = law("chinchilla");
    let data = data(&law, &table(300, 0.02));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let options = FitOptions { bootstrap: 60, ..FitOptions::default() };
        serde_json::to_string(&pool.install(|| fit(&law, &data, &options, &())).unwrap()).unwrap()
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn a_planted_law_without_noise_comes_back() {
    let law = law("chinchilla");
    let found = point(&law, &data(&law, &table(60, 0.0)), "squares-log");
    for (name, value) in [("A", 482.01), ("B", 2085.43), ("E", 1.8172), ("alpha", 0.3478), ("beta", 0.3658)] {
        assert!((estimate(&found, name) / value - 1.0).abs() < 1e-6, "{name} {}", estimate(&found, name));
    }
}
