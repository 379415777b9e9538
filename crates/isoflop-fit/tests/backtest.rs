//! Forecasts of held-out rows of a table whose law is known.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::{data, law};
use isoflop_fit::{Backtest, Cuts, Data, FitError, FitOptions, Group, backtest, group_folds, rolling_folds};
use isoflop_laws::Law;

/// A grid of sizes and tokens with the loss of the Chinchilla law times noise of `size`; C comes beside.
fn simulated(law: &Law, seed: u64, size: f64) -> (Data, Vec<f64>) {
    let (mut n, mut d, mut loss, mut c) = (vec![], vec![], vec![], vec![]);
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for i in 0..9 {
        for k in 0..7 {
            let (size_n, tokens) = (1e7 * 2_f64.powi(i), 2e8 * 3_f64.powi(k));
            let noise: f64 = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            n.push(size_n);
            d.push(tokens);
            c.push(6.0 * size_n * tokens);
            loss.push((1.8 + 480.0 / size_n.powf(0.35) + 2000.0 / tokens.powf(0.37)) * (size * noise).exp());
        }
    }
    (data(law, &[("N", n), ("D", d), ("loss", loss)]), c)
}

fn options() -> FitOptions {
    FitOptions { objective: Some("squares-log".parse().unwrap()), bootstrap: 200, ..FitOptions::default() }
}

fn by_compute(law: &Law, data: &Data, c: &[f64]) -> Backtest {
    let folds = rolling_folds("C", c, &Cuts::Count(3), 20).unwrap();
    backtest(law, data, &folds, &options(), &()).unwrap()
}

/// The errors are those of the noise and the parameters. The intervals hold more often than they say: they allow for a
/// law that goes wrong beyond the runs, and this one is the true one, up to 2000 times beyond them.
#[test]
fn a_true_law_forecasts_as_well_as_the_noise_lets_it() {
    let law = law("chinchilla");
    let (mut inside, mut total) = (0.0, 0.0);
    for seed in 1..=12 {
        let (data, c) = simulated(&law, seed, 0.01);
        let found = by_compute(&law, &data, &c);
        let score = &found.total;
        assert!(score.rms_log.unwrap() > 0.006 && score.rms_log.unwrap() < 0.03, "{score:?}");
        assert!(score.bias.abs() < 0.02 && score.failed == 0);
        assert_eq!(found.bands.iter().map(|b| b.score.forecasts).sum::<usize>(), found.forecasts.len());
        inside += score.coverage.unwrap() * score.forecasts as f64;
        total += score.forecasts as f64;
    }
    println!("{:.1} % of {total} rows inside their 90 % intervals", 100.0 * inside / total);
    assert!(inside / total > 0.93, "{}", inside / total);
}

/// A law without an irreducible loss promises too low a loss for large runs, more so the further away.
#[test]
fn a_wrong_law_is_found_out() {
    let law = Law::from_formula("loss ~ A / N^alpha + B / D^beta", &["N", "D", "loss"], &[]).unwrap();
    let (data, c) = simulated(&common::law("chinchilla"), 3, 0.003);
    let data = Data { inputs: data.inputs, output: data.output, ..Data::default() };
    let found = by_compute(&law, &data, &c);
    assert!(found.total.bias < -0.02, "{:?}", found.total);
    let far = found.bands.last().unwrap();
    assert!(far.score.bias < found.bands[0].score.bias);
    // The rolling origin within the runs has seen it coming.
    assert!(far.score.width.unwrap() > 2.0 * found.bands[0].score.width.unwrap());
    assert!(far.score.coverage.unwrap() > 0.5);
}

#[test]
fn the_same_seed_gives_the_same_bits_on_any_number_of_threads() {
    let law = law("chinchilla");
    let (data, c) = simulated(&law, 5, 0.01);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| by_compute(&law, &data, &c))
    };
    assert_eq!(on(1), on(3));
}

/// Forecasts do not come from rows that were held out: moving their outputs moves no forecast.
#[test]
fn held_out_rows_do_not_reach_the_fit() {
    let law = law("chinchilla");
    let (data, c) = simulated(&law, 7, 0.01);
    let folds = rolling_folds("C", &c, &Cuts::Count(1), 30).unwrap();
    let run = |data: &Data| backtest(&law, data, &folds, &options(), &()).unwrap().forecasts;
    let plain = run(&data);
    let mut moved = data.clone();
    folds[0].held.iter().for_each(|&row| moved.output[row] *= 2.0);
    for (a, b) in plain.iter().zip(run(&moved)) {
        assert_eq!((a.predicted, a.low, a.high), (b.predicted, b.low, b.high));
        assert_eq!(2.0 * a.observed, b.observed);
    }
}

#[test]
fn a_group_can_be_left_out_and_tells_how_far_it_lies() {
    let law = law("chinchilla");
    let (data, _) = simulated(&law, 9, 0.01);
    let codes = (0..63).map(|row| (row / 7 / 3) as u32).collect();
    let levels = ["small", "middle", "large"].map(String::from).to_vec();
    let folds = group_folds(&Group { column: "size".into(), levels, codes }).unwrap();
    let found = backtest(&law, &data, &folds, &options(), &()).unwrap();
    assert_eq!(found.forecasts.len(), 63);
    let beyond =
        |fold: usize| found.forecasts.iter().filter(|f| f.fold == fold).map(|f| f.beyond).fold(1.0, f64::max);
    assert!(
        (beyond(0) - 8.0).abs() < 1e-9 && (beyond(1) - 1.0).abs() < 1e-9 && (beyond(2) - 8.0).abs() < 1e-9
    );
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let law = law("chinchilla");
    let (data, _) = simulated(&law, 1, 0.01);
    let n = data.inputs[law.formula().symbols.inputs.iter().position(|i| i.name == "N").unwrap()].clone();
    // Up to the smallest size there is one size only.
    let folds = rolling_folds("N", &n, &Cuts::At(vec![1e7, 1e8]), 6).unwrap();
    let found = backtest(&law, &data, &folds, &options(), &()).unwrap();
    assert!(
        found.folds[0].score.is_none()
            && found.folds[0].reason.as_ref().unwrap().contains("one distinct value")
    );
    assert!(found.folds[1].score.is_some());
    let none = backtest(&law, &data, &folds[..1], &options(), &());
    assert!(matches!(none, Err(FitError::OneValue { .. })));
}
