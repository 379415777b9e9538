//! Forecast models on tables whose law is known.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use common::{data, law};
use isoflop_fit::{
    Data, DataDigest, Fit, FitError, FitOptions, Freeze, FrozenForecast, SavedFit, fit, forecast_quantiles,
    learn_forecast, predict,
};
use isoflop_laws::Law;

fn loss(n: f64, d: f64) -> f64 {
    1.8 + 480.0 / n.powf(0.35) + 2000.0 / d.powf(0.37)
}

/// Seven sizes by seven token budgets with noise of half a per cent.
fn simulated(law: &Law, seed: u32) -> Data {
    let points: Vec<(f64, f64)> =
        (0..49).map(|k| (1e7 * 2.5_f64.powi(k / 7), 2e8 * 3_f64.powi(k % 7))).collect();
    let noise = |k: usize| 0.01 * (f64::from((k as u32 * 37 + seed * 11) % 49) / 48.0 - 0.5);
    let output = points.iter().enumerate().map(|(k, p)| loss(p.0, p.1) * noise(k).exp()).collect();
    let (n, d) = points.iter().copied().unzip();
    data(law, &[("N", n), ("D", d), ("loss", output)])
}

fn options() -> FitOptions {
    FitOptions { bootstrap: 100, ..FitOptions::default() }
}

fn learnt(law: &Law, data: &Data, options: &FitOptions) -> Fit {
    let mut found = fit(law, data, options, &()).unwrap();
    found.forecast = learn_forecast(law, data, &found, options, &()).unwrap();
    found
}

fn at(n: f64, d: f64) -> Vec<(String, f64)> {
    vec![("N".to_string(), n), ("D".to_string(), d)]
}

#[test]
fn a_forecast_has_its_parts_and_widens_with_the_distance() {
    let law = law("chinchilla");
    let data = simulated(&law, 1);
    let found = learnt(&law, &data, &options());
    let model = found.forecast.as_ref().unwrap();
    assert!(model.misfit.cuts >= 3 && model.misfit.rate > 0.0, "{:?}", model.misfit);
    assert!((model.choices.iter().map(|c| c.weight).sum::<f64>() - 1.0).abs() < 1e-9);
    let high = |name: &str| found.ranges.iter().find(|r| r.name == name).unwrap().high;
    let points: Vec<_> = [1.0, 3.0, 30.0].map(|k| at(k * high("N"), k * high("D"))).to_vec();
    let predictions = predict(law.formula(), &found, &points, 0.9).unwrap();
    let mut width = 0.0;
    for (p, k) in predictions.iter().zip([1.0_f64, 3.0, 30.0]) {
        let real = loss(k * high("N"), k * high("D"));
        let (low, high) = (p.low.unwrap(), p.high.unwrap());
        assert!(low < real && real < high, "{p:?} {real}");
        assert!(high - low > width);
        width = high - low;
        // Along the size, which is the product of the inputs.
        assert!((p.beyond.unwrap() / (k * k) - 1.0).abs() < 1e-9, "{p:?}");
        let parts = p.parts.as_ref().unwrap();
        assert_eq!(parts.misfit == Some(0.0), k == 1.0);
        assert!(parts.noise > 0.0 && parts.parameters.unwrap() > 0.0 && parts.choice.is_some());
    }
    let quantiles = forecast_quantiles(law.formula(), &found, &points[1], 100).unwrap();
    assert!(quantiles.windows(2).all(|q| q[0] <= q[1]));
    let ends = (predictions[1].low.unwrap(), predictions[1].high.unwrap());
    let inside = quantiles.iter().filter(|q| ends.0 <= **q && **q <= ends.1).count();
    assert!((89..=91).contains(&inside), "{inside}");
}

#[test]
fn the_same_seed_gives_the_same_model_on_any_number_of_threads() {
    let law = law("chinchilla");
    let data = simulated(&law, 2);
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| learnt(&law, &data, &FitOptions { bootstrap: 20, ..options() }).forecast)
    };
    assert_eq!(on(1), on(3));
}

/// Too few rows for a cut within them: no forward errors, and a misfit wider than expected.
#[test]
fn a_table_too_small_for_a_backtest_gets_a_wider_misfit() {
    let law = Law::from_formula("loss ~ E + A / N^alpha", &["N", "loss"], &[]).unwrap();
    let sizes = [1e6, 3e6, 1e7, 3e7, 1e8];
    let output = sizes
        .iter()
        .enumerate()
        .map(|(k, n)| 1.7 + 400.0 / f64::powf(*n, 0.34) + 1e-3 * f64::from(k as u32 % 2));
    let place = law.formula().output.as_ref().unwrap().input as usize;
    let mut inputs = vec![sizes.to_vec(); 2];
    inputs[place] = Vec::new();
    let data = Data { output: output.collect(), inputs, ..Data::default() };
    let found = learnt(&law, &data, &options());
    let model = found.forecast.as_ref().unwrap();
    assert_eq!((model.misfit.cuts, model.errors.len()), (0, 0));
    assert!(model.misfit.rate > 1.5 * model.misfit.expected && model.misfit.expected > 0.0);
    assert!(model.choices.is_empty());
    let p = &predict(law.formula(), &found, &[vec![("N".to_string(), 1e9)]], 0.9).unwrap()[0];
    let parts = p.parts.as_ref().unwrap();
    assert!(parts.misfit.unwrap() > 0.0 && parts.choice.is_none() && p.low.unwrap() < p.estimate);
}

/// Fits saved before there were forecast models.
#[test]
fn old_saved_fits_load_and_predict_with_the_parts_that_they_have() {
    let law = law("chinchilla");
    let data = simulated(&law, 3);
    let found = learnt(&law, &data, &options());
    let digest = DataDigest { sha256: "0".into(), rows: data.rows(), files: Vec::new() };
    let saved = SavedFit::new("chinchilla", law.formula(), found.clone(), digest, 0, Vec::new());
    let text = saved.to_json().unwrap();
    let back = SavedFit::from_json(&text).unwrap();
    assert_eq!(back.fit.forecast, found.forecast);

    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["fit"].as_object_mut().unwrap().remove("forecast").unwrap();
    let old = SavedFit::from_json(&value.to_string()).unwrap();
    assert!(old.fit.forecast.is_none());
    let point = at(1e12, 1e13);
    let p = &predict(law.formula(), &old.fit, std::slice::from_ref(&point), 0.9).unwrap()[0];
    let new = &predict(law.formula(), &found, std::slice::from_ref(&point), 0.9).unwrap()[0];
    let parts = p.parts.as_ref().unwrap();
    assert!(parts.misfit.is_none() && parts.choice.is_none() && parts.noise > 0.0);
    assert!(p.high.unwrap() - p.low.unwrap() < new.high.unwrap() - new.low.unwrap());
    let freeze =
        Freeze { date: "2026-03-01".into(), name: None, inputs: point, levels: Vec::new(), level: 0.9 };
    let error = FrozenForecast::new(&old, law.formula(), &old.fit, freeze.clone());
    assert!(matches!(error, Err(FitError::NoForecast)));

    let frozen = FrozenForecast::new(&saved, law.formula(), &found, freeze.clone()).unwrap();
    assert_eq!(FrozenForecast::from_json(&frozen.to_json().unwrap()).unwrap(), frozen);
    let bad = Freeze { date: "soon".into(), ..freeze };
    assert!(matches!(FrozenForecast::new(&saved, law.formula(), &found, bad), Err(FitError::BadDate { .. })));
}
