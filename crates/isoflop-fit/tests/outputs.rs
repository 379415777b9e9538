//! Laws with several outputs, against estimates found independently.
#![allow(clippy::unwrap_used)]

mod common;

use common::{estimate, point};
use isoflop_fit::{Clusters, Data, FitOptions, fit, predict};
use isoflop_laws::Law;

const LAW: &str = "y ~ a + b * x; z ~ c + b * x";

/// Deviations without pattern, of size 1.
fn noise(i: usize) -> f64 {
    let u = ((i * 7919 + 104_729) % 1009) as f64 / 1009.0;
    3.4 * (u - 0.5)
}

fn law(text: &str) -> Law {
    Law::from_formula(text, &["x", "y", "z"], &[]).unwrap()
}

/// Rows `x`, an output of each: 40 of y with large noise, 15 of z with little.
fn columns() -> [(Vec<f64>, Vec<f64>); 2] {
    let row = |i: usize, start: f64, size: f64| {
        let x = i as f64 / 5.0;
        (x, start + 0.7 * x + size * noise(i + start as usize))
    };
    let y = (0..40).map(|i| row(i, 2.0, 0.8)).unzip();
    let z = (0..15).map(|i| row(2 * i, 5.0, 0.05)).unzip();
    [y, z]
}

fn stacked([y, z]: [(Vec<f64>, Vec<f64>); 2]) -> Data {
    // The inputs of the law are its first output and x.
    let part =
        |(x, output): (Vec<f64>, Vec<f64>)| Data { inputs: vec![vec![], x], output, ..Data::default() };
    Data::stacked(vec![part(y), part(z)])
}

/// `(a, c, b)` and the ratio of variances that minimise `n1 ln(SSR1) + n2 ln(SSR2)`, by iterated least squares in
/// closed form.
fn by_hand([(x1, y), (x2, z)]: &[(Vec<f64>, Vec<f64>); 2]) -> ([f64; 3], f64) {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let moments = |x: &[f64], y: &[f64]| {
        let (mx, my) = (mean(x), mean(y));
        let xx: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
        let xy: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
        (mx, my, xx, xy)
    };
    let ((mx1, my, xx1, xy1), (mx2, mz, xx2, xy2)) = (moments(x1, y), moments(x2, z));
    let (mut weight, mut answer) = (1.0, [0.0; 3]);
    for _ in 0..500 {
        let b = (xy1 + weight * xy2) / (xx1 + weight * xx2);
        answer = [my - b * mx1, mz - b * mx2, b];
        let square = |x: &[f64], y: &[f64], start: f64| {
            mean(&x.iter().zip(y).map(|(x, y)| (y - start - b * x).powi(2)).collect::<Vec<_>>())
        };
        weight = square(x1, y, answer[0]) / square(x2, z, answer[1]);
    }
    (answer, weight)
}

#[test]
fn outputs_are_weighed_by_their_own_noise() {
    let fitted = point(&law(LAW), &stacked(columns()), "squares");
    let ([a, c, b], weight) = by_hand(&columns());
    for (name, expected) in [("a", a), ("b", b), ("c", c)] {
        let found = estimate(&fitted, name);
        assert!((found - expected).abs() < 1e-8, "{name}: {found}, by hand {expected}");
    }
    let [y, z] = &fitted.outputs[..] else { panic!("{:?}", fitted.outputs) };
    assert_eq!((y.rows, z.rows, y.weight), (40, 15, 1.0));
    assert!((z.weight / weight - 1.0).abs() < 1e-7, "{} {weight}", z.weight);
    assert!(y.rmse > 5.0 * z.rmse && z.rmse > 0.0);
    // Without the weights the noisy output decides the slope.
    assert!(weight > 50.0);
}

#[test]
fn the_unit_of_an_output_does_not_matter() {
    let [y, (x, z)] = columns();
    let thousandths = [y.clone(), (x.clone(), z.iter().map(|z| 1000.0 * z).collect())];
    let plain = point(&law(LAW), &stacked([y, (x, z)]), "squares");
    let scaled = point(&law("y ~ a + b * x; z ~ c + 1000 * b * x"), &stacked(thousandths), "squares");
    assert!((estimate(&plain, "b") / estimate(&scaled, "b") - 1.0).abs() < 1e-8);
}

#[test]
fn rows_of_one_run_are_drawn_together_and_every_output_is_predicted() {
    let mut data = stacked(columns());
    let codes = (0..40).chain((0..15).map(|i| 2 * i)).map(|run| run as u32).collect();
    data.clusters = Some(Clusters { column: "run".to_owned(), codes, count: 40 });
    let law = law(LAW);
    let options = FitOptions {
        objective: Some("squares".parse().unwrap()),
        bootstrap: 200,
        choices: false,
        ..FitOptions::default()
    };
    let fitted = fit(&law, &data, &options, &()).unwrap();
    assert_eq!(fitted.interval.as_ref().unwrap().clusters, Some(40));
    let at = |k: usize| {
        let points = [vec![("x".to_owned(), 2.0)]];
        predict(&law.formula().part(k), &fitted.of_output(k), &points, 0.9).unwrap().remove(0)
    };
    let (y, z) = (at(0), at(1));
    let width = |p: &isoflop_fit::Prediction| p.high.unwrap() - p.low.unwrap();
    assert!((y.estimate - estimate(&fitted, "a") - 2.0 * estimate(&fitted, "b")).abs() < 1e-12);
    // Each interval has the noise of its own output.
    assert!(width(&y) > 5.0 * width(&z), "{} {}", width(&y), width(&z));
}

#[test]
fn a_left_side_is_undone_in_predictions() {
    let [(x, y), (x2, z)] = columns();
    let data = stacked([(x, y.iter().map(|y| y.exp()).collect()), (x2, z)]);
    let law = law("log(y) ~ a + b * x; z ~ c + b * x");
    let options = FitOptions {
        objective: Some("squares".parse().unwrap()),
        bootstrap: 100,
        choices: false,
        ..FitOptions::default()
    };
    let fitted = fit(&law, &data, &options, &()).unwrap();
    let points = [vec![("x".to_owned(), 2.0)]];
    let found = predict(&law.formula().part(0), &fitted.of_output(0), &points, 0.9).unwrap().remove(0);
    let centre = (estimate(&fitted, "a") + 2.0 * estimate(&fitted, "b")).exp();
    assert!((found.estimate / centre - 1.0).abs() < 1e-12);
    let (low, high) = (found.low.unwrap(), found.high.unwrap());
    // Noise of 0.8 on the log: the interval is far from symmetric on the output.
    assert!(low > 0.0 && low < centre && high - centre > 1.5 * (centre - low), "{low} {centre} {high}");
}

#[test]
fn what_cannot_be_fitted_together_is_refused() {
    let [y, (x, z)] = columns();
    let few = stacked([y.clone(), (x[..2].to_vec(), z[..2].to_vec())]);
    let options = |objective: &str| FitOptions {
        objective: Some(objective.parse().unwrap()),
        bootstrap: 0,
        ..FitOptions::default()
    };
    let error = fit(&law(LAW), &few, &options("squares"), &()).unwrap_err().to_string();
    assert!(error.starts_with("[T0211] 2 row(s) observe z for the 2 free parameters"), "{error}");
    let all = stacked([y, (x, z)]);
    let error = fit(&law(LAW), &all, &options("student-t"), &()).unwrap_err().to_string();
    assert!(error.starts_with("[T0212]") && error.contains("y, z"), "{error}");
}

#[test]
fn robust_losses_weigh_by_their_own_mean() {
    let fitted = point(&law(LAW), &stacked(columns()), "huber");
    let loss = |k: usize| {
        let objective: isoflop_fit::Objective = "huber".parse().unwrap();
        let residuals = &fitted.outputs[k].residuals;
        residuals.iter().map(|r| objective.loss_of(*r)).sum::<f64>() / residuals.len() as f64
    };
    let weight = fitted.outputs[1].weight;
    assert!((weight * loss(1) / loss(0) - 1.0).abs() < 1e-3, "{weight} {} {}", loss(0), loss(1));
}
