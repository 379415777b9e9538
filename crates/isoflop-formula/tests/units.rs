//! The unit check on sums of power-law terms, against exact arithmetic on their exponents, and its promise:
//! a law that passes is the same law in other units, with other coefficients.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod common;

use common::value;
use isoflop_formula::{Formula, InputSpec, Scope, Unit};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

/// An exponent: twice its constant part, and the multiples of `alpha` and `beta`.
type Exponent = [i32; 3];

/// What stands before the powers.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coefficient {
    None,
    Number,
    Free(usize),
}

#[derive(Debug, Clone)]
struct Term {
    coefficient: Coefficient,
    /// Exponents of N (in param), D (in token) and L (in nat/token).
    powers: [Exponent; 3],
}

const COLUMNS: [&str; 3] = ["N", "D", "L"];

/// Exponents of nat, param and token in the unit of a product of the columns.
fn unit_of(powers: &[Exponent; 3]) -> [Exponent; 3] {
    let [n, d, l] = *powers;
    let minus = |a: Exponent, b: Exponent| [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
    [l, n, minus(d, l)]
}

/// The unit that is missing to that of the loss, nat/token.
fn missing(term: &Term) -> [Exponent; 3] {
    let loss = [[2, 0, 0], [0, 0, 0], [-2, 0, 0]];
    let unit = unit_of(&term.powers);
    std::array::from_fn(|b| std::array::from_fn(|k| loss[b][k] - unit[b][k]))
}

/// Whether coefficients exist that give every term the unit of the loss.
fn is_sound(terms: &[Term]) -> bool {
    let mut free: [Option<[Exponent; 3]>; 3] = [None; 3];
    terms.iter().all(|term| {
        let missing = missing(term);
        match term.coefficient {
            Coefficient::None => missing == [[0; 3]; 3],
            Coefficient::Number => missing.iter().all(|e| e[1] == 0 && e[2] == 0),
            Coefficient::Free(k) => *free[k].get_or_insert(missing) == missing,
        }
    })
}

fn law(terms: &[Term], numbers: &[f64]) -> String {
    let shown = terms.iter().zip(numbers).map(|(term, number)| {
        let mut factors = match term.coefficient {
            Coefficient::None => vec![],
            Coefficient::Number => vec![format!("{number:e}")],
            Coefficient::Free(k) => vec![format!("c{k}")],
        };
        for (column, [half, alpha, beta]) in COLUMNS.iter().zip(term.powers) {
            if [half, alpha, beta] != [0; 3] {
                factors.push(format!("{column}^({half} / 2 + {alpha} * alpha - {} * beta)", -beta));
            }
        }
        if factors.is_empty() { "L / L".into() } else { factors.join(" * ") }
    });
    format!("loss ~ {}", shown.collect::<Vec<_>>().join(" + "))
}

fn scope() -> Scope {
    let column = |name, unit| InputSpec::new(name, Unit::parse(unit).unwrap());
    Scope {
        inputs: vec![column("N", "param"), column("D", "token"), column("L", "nat/token")],
        output: Some(column("loss", "nat/token")),
        open: true,
        ..Scope::default()
    }
}

/// The law's value at a point, its parameters by name.
fn predict(text: &str, columns: [f64; 3], param: impl Fn(&str) -> f64) -> f64 {
    let law = Formula::compile(text, &scope()).unwrap();
    let inputs = law
        .symbols
        .inputs
        .iter()
        .map(|i| COLUMNS.iter().position(|c| *c == i.name).map_or(f64::NAN, |c| columns[c]));
    let inputs: Vec<f64> = inputs.collect();
    let params: Vec<f64> = law.symbols.params.iter().map(|p| param(&p.name)).collect();
    value(&law.graph, law.body, &inputs, &params, 0.0)
}

fn terms() -> impl Strategy<Value = Vec<Term>> {
    // Mostly zero, so that terms agree by chance often enough.
    let part = || prop_oneof![4 => Just(0), 1 => Just(1), 1 => Just(-1)];
    let half = prop_oneof![3 => Just(0), 2 => Just(2), 1 => Just(-2), 1 => Just(1)];
    let exponent = (half, part(), part()).prop_map(|(h, a, b)| [h, a, b]);
    let coefficient = prop_oneof![
        1 => Just(Coefficient::None),
        1 => Just(Coefficient::Number),
        4 => (0..3usize).prop_map(Coefficient::Free),
    ];
    let term = (coefficient, [exponent.clone(), exponent.clone(), exponent])
        .prop_map(|(coefficient, powers)| Term { coefficient, powers });
    proptest::collection::vec(term, 1..4)
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(3), failure_persistence: None, ..Config::with_cases(1500) })]

    #[test]
    fn passes_exactly_the_laws_that_can_be_rescaled(terms in terms()) {
        let numbers = [1.5, 0.25, 3.0];
        let text = law(&terms, &numbers);
        let compiled = Formula::compile(&text, &scope());
        prop_assert_eq!(compiled.is_ok(), is_sound(&terms), "{}", text);
        if compiled.is_err() {
            return Ok(());
        }

        // New units: nat, param and token that are so many times smaller.
        let (scales, exponents) = ([1.4, 0.3, 2.5], [0.5, 0.34, 0.28]);
        let power = |e: Exponent| -> f64 { e.iter().zip(exponents).map(|(&k, x)| f64::from(k) * x).sum() };
        let scale = |unit: [Exponent; 3]| -> f64 { (0..3).map(|b| f64::powf(scales[b], power(unit[b]))).product() };
        let old = [3.0, 0.7, 2.1];
        let mut new = old;
        for term in &terms {
            if let Coefficient::Free(k) = term.coefficient {
                new[k] = old[k] * scale(missing(term));
            }
        }
        let new_numbers: Vec<f64> = terms.iter().zip(numbers).map(|(t, x)| x * scale(missing(t))).collect();
        let param = |c: [f64; 3]| move |name: &str| match name {
            "alpha" => 0.34,
            "beta" => 0.28,
            c_k => c[c_k[1..].parse::<usize>().unwrap()],
        };
        for columns in [[1.0, 2.0, 3.0], [5.0, 0.4, 1.1]] {
            let [n, d, l] = columns;
            let rescaled = [n * scales[1], d * scales[2], l * scales[0] / scales[2]];
            let before = predict(&text, columns, param(old)) * scales[0] / scales[2];
            let after = predict(&law(&terms, &new_numbers), rescaled, param(new));
            prop_assert!((before / after - 1.0).abs() < 1e-9, "{}: {} {}", text, before, after);
        }
    }
}

#[test]
fn sound_and_unsound_laws_are_both_generated() {
    use proptest::strategy::ValueTree;
    let mut runner =
        proptest::test_runner::TestRunner::new(Config { rng_seed: RngSeed::Fixed(3), ..Config::default() });
    let sound = (0..1500).filter(|_| is_sound(&terms().new_tree(&mut runner).unwrap().current())).count();
    assert!((300..1200).contains(&sound), "{sound}");
}
