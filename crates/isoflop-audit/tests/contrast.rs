//! Two simulated recipes: a planted multiplier, a planted crossover, and none.
#![allow(clippy::unwrap_used)]

mod support;

use isoflop_audit::{Contrast, ContrastOptions, Sharing, Verdict, contrast};
use isoflop_fit::Group;
use support::{HOFFMANN, Values, crossed, data, law, loss, normals};

/// The recipe that needs `times` the compute of `values` for any loss.
fn slower(values: Values, times: f64) -> Values {
    let [e, a, b, alpha, beta] = values;
    let sum = alpha + beta;
    [e, a * times.powf(beta / sum * alpha), b * times.powf(alpha / sum * beta), alpha, beta]
}

fn run(recipes: [Values; 2], noise: f64, seed: u64, sharing: Sharing) -> Contrast {
    let law = law("chinchilla");
    let (sizes, tokens) = crossed();
    let z = normals(seed, 2 * sizes.len());
    let (mut n, mut d, mut output, mut codes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (k, values) in recipes.into_iter().enumerate() {
        for i in 0..sizes.len() {
            n.push(sizes[i]);
            d.push(tokens[i]);
            output.push(loss(values, sizes[i], tokens[i]) * (noise * z[k * sizes.len() + i]).exp());
            codes.push(k as u32);
        }
    }
    let arm = Group { column: "dataset".into(), levels: vec!["web".into(), "books".into()], codes };
    let mut options = ContrastOptions { sharing, ..ContrastOptions::default() };
    options.fit.bootstrap = 120;
    options.fit.objective = "squares-log".parse().ok();
    contrast(&law, &data(&law, n, d, output), &arm, &options, &()).unwrap()
}

#[test]
fn a_multiplier_is_found_at_all_scales() {
    let found = run([HOFFMANN, slower(HOFFMANN, 2.1)], 1e-5, 1, Sharing::Separate);
    for point in &found.points {
        assert!((point.multiplier.estimate / 2.1 - 1.0).abs() < 0.02, "{point:?}");
        assert!(point.losses[0] < point.losses[1]);
    }
    assert_eq!(found.verdict, Verdict::First);
    assert!(found.crossings.is_empty() && found.crossing_interval.is_none());
    assert_eq!(found.scale, "C");

    let noisy = run([HOFFMANN, slower(HOFFMANN, 2.1)], 0.003, 2, Sharing::Auto);
    assert!(noisy.is_shared && noisy.test.p.unwrap() > 0.1, "{:?}", noisy.test);
    let middle = noisy.points[2].multiplier;
    assert!((middle.estimate / 2.1 - 1.0).abs() < 0.06, "{middle:?}");
    assert!(middle.low.unwrap() < middle.estimate && middle.high.unwrap() > middle.estimate);
}

#[test]
fn a_crossover_is_found_with_its_interval() {
    // Lower floor, larger size term: worse small, better large.
    let late: Values = [1.60, 520.0, 460.0, 0.34, 0.28];
    let found = run([HOFFMANN, late], 1e-6, 3, Sharing::Separate);
    let [crossing] = found.crossings[..] else { panic!("{:?}", found.crossings) };
    let best = |[e, a, b, alpha, beta]: Values, c: f64| {
        let n = (alpha * a / (beta * b)).powf(1.0 / (alpha + beta)) * (c / 6.0).powf(beta / (alpha + beta));
        loss([e, a, b, alpha, beta], n, c / 6.0 / n)
    };
    assert!((best(HOFFMANN, crossing) - best(late, crossing)).abs() < 1e-5, "{crossing}");
    assert_eq!(found.verdict, Verdict::FirstThenSecond);
    let [Some(low), Some(high)] = found.crossing_interval.unwrap() else { panic!() };
    assert!(low < crossing && crossing < high && high / low < 1.1, "{low} {crossing} {high}");
    assert!(!found.next.is_empty() && found.next.iter().all(|run| run.compute <= found.runs[1]));
    assert!(found.next.windows(2).all(|w| w[0].reduction >= w[1].reduction));
}

#[test]
fn different_exponents_are_told_apart_and_equal_recipes_are_not() {
    let other: Values = [1.69, 150.0, 410.7, 0.28, 0.28];
    let found = run([HOFFMANN, other], 0.002, 4, Sharing::Auto);
    assert!(!found.is_shared && found.test.p.unwrap() < 0.05, "{:?}", found.test);
    let same = run([HOFFMANN, HOFFMANN], 0.003, 5, Sharing::Auto);
    assert_eq!(same.verdict, Verdict::Unknown, "{:?}", same.points);
    let middle = same.points[3].multiplier;
    assert!(middle.low.unwrap() < 1.0 && middle.high.unwrap() > 1.0);
}

#[test]
fn arms_that_are_not_two_are_errors() {
    let law = law("chinchilla");
    let (n, d) = crossed();
    let output: Vec<f64> = n.iter().zip(&d).map(|(n, d)| loss(HOFFMANN, *n, *d)).collect();
    let rows = n.len();
    let levels: Vec<String> = ["a", "b", "c"].map(String::from).to_vec();
    let arm = Group { column: "set".into(), levels, codes: (0..rows as u32).map(|k| k % 3).collect() };
    let table = data(&law, n, d, output);
    let code = |options: &ContrastOptions| contrast(&law, &table, &arm, options, &()).unwrap_err().code();
    assert_eq!(code(&ContrastOptions::default()), Some("A0106"));
    let between = Some(["a".to_owned(), "x".to_owned()]);
    assert_eq!(code(&ContrastOptions { between, ..ContrastOptions::default() }), Some("A0107"));
    let mut few = ContrastOptions { between: Some(["a".into(), "b".into()]), ..ContrastOptions::default() };
    few.fit.bootstrap = 10;
    assert_eq!(code(&few), Some("A0110"));
}
