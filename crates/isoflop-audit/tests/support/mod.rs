//! Shared by the integration tests: simulated runs, and tables beside the checkout.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::print_stdout)]

use isoflop_fit::Data;
use isoflop_laws::{Catalogue, Law};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// E, A, B, alpha, beta.
pub type Values = [f64; 5];
/// The law as published by Hoffmann et al. 2022.
pub const HOFFMANN: Values = [1.69, 406.4, 410.7, 0.34, 0.28];

pub fn law(id: &str) -> Law {
    Catalogue::builtin().unwrap().find(id).unwrap().clone()
}

pub fn loss([e, a, b, alpha, beta]: Values, n: f64, d: f64) -> f64 {
    e + a / n.powf(alpha) + b / d.powf(beta)
}

/// Data for a law in N and D.
pub fn data(law: &Law, n: Vec<f64>, d: Vec<f64>, loss: Vec<f64>) -> Data {
    let inputs = law.formula().symbols.inputs.iter().map(|i| match i.name.as_str() {
        "N" => n.clone(),
        "D" => d.clone(),
        _ => Vec::new(),
    });
    Data { inputs: inputs.collect(), output: loss, ..Data::default() }
}

/// Standard normal numbers.
pub fn normals(seed: u64, count: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
        })
        .collect()
}

/// Sizes by tokens per parameter: 6 sizes from 20M to 2B, each at 5 ratios from 5 to 160.
pub fn crossed() -> (Vec<f64>, Vec<f64>) {
    let sizes = (0..6_i32).map(|k| 2e7 * 10_f64.powf(0.4 * f64::from(k)));
    let ratios: Vec<f64> = (0..5_i32).map(|k| 5.0 * 2.378_f64.powi(k)).collect();
    sizes.flat_map(|n| ratios.iter().map(move |r| (n, r * n)).collect::<Vec<_>>()).unzip()
}

/// isoFLOP slices: `sizes` sizes spaced evenly in the log from `N* offset / factor` to `N* offset factor` at each budget.
pub fn slices(
    values: Values,
    budgets: &[f64],
    sizes: usize,
    factor: f64,
    offset: f64,
) -> (Vec<f64>, Vec<f64>) {
    let [_, a, b, alpha, beta] = values;
    let g = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta));
    let (mut n, mut d) = (Vec::new(), Vec::new());
    for c in budgets {
        let best = g * (c / 6.0).powf(beta / (alpha + beta));
        for i in 0..sizes {
            let w = 2.0 * i as f64 / (sizes - 1) as f64 - 1.0;
            n.push(best * offset * factor.powf(w));
            d.push(c / (6.0 * n[n.len() - 1]));
        }
    }
    (n, d)
}

/// Columns of a CSV beside the checkout by name, all numbers; `None`, with a word, if it is not there.
pub fn shared(path: &str, names: &[&str]) -> Option<Vec<Vec<f64>>> {
    let full = format!("{}/../../../shared/data/{path}", env!("CARGO_MANIFEST_DIR"));
    let Ok(text) = std::fs::read_to_string(full) else {
        println!("skipped: ../shared/data/{path} is missing");
        return None;
    };
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next()?.split(',').collect();
    let places: Vec<usize> = names.iter().map(|n| heads.iter().position(|h| h == n).unwrap()).collect();
    let rows: Vec<Vec<&str>> = lines.map(|l| l.split(',').collect()).collect();
    Some(places.iter().map(|&p| rows.iter().map(|r| r[p].parse().unwrap_or(f64::NAN)).collect()).collect())
}
