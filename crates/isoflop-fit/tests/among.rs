//! Laws that share a forecast.
#![allow(clippy::unwrap_used)]

use isoflop_fit::{FitError, FitOptions, Overrides, fit, learn_forecast, predict, simulate, weigh_laws};
use isoflop_laws::{Catalogue, Law};

fn options() -> FitOptions {
    FitOptions { bootstrap: 60, choices: false, ..FitOptions::default() }
}

fn power_law() -> Law {
    let mut law = Law::from_formula("loss ~ A / N^alpha + B / D^beta", &["N", "D", "loss"], &[]).unwrap();
    law.id = "no floor".into();
    law
}

#[test]
fn laws_that_the_runs_rule_out_have_no_weight_and_a_spare_parameter_shares_it() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let data = simulate(law, 0.005, 3).unwrap();
    // The same law with an exponent on the whole: as good, and no better.
    let text = "loss ~ E + (A / N^alpha + B / D^beta)^g";
    let mut wider = Law::from_formula(text, &["N", "D", "loss"], &[]).unwrap();
    wider.id = "wider".into();
    let mut found = fit(law, &data, &options(), &()).unwrap();
    let rivals = [power_law(), wider, law.clone()];
    let weighed = weigh_laws(law, &data, &rivals, &options(), &()).unwrap();
    let names: Vec<&str> = weighed.laws.iter().map(|law| law.law.as_str()).collect();
    assert!(names.starts_with(&["chinchilla"]) && !names.contains(&"no floor"), "{weighed:?}");
    assert!((weighed.laws.iter().map(|law| law.weight).sum::<f64>() - 1.0).abs() < 1e-12);

    found.forecast = learn_forecast(law, &data, &found, &options(), &()).unwrap();
    let point = [vec![("N".to_string(), 7e10), ("D".to_string(), 1.4e12)]];
    let alone = &predict(law.formula(), &found, &point, 0.9).unwrap()[0];
    found.forecast.as_mut().unwrap().laws = weighed.laws.clone();
    let shared = &predict(law.formula(), &found, &point, 0.9).unwrap()[0];
    assert_eq!(alone.parts.as_ref().unwrap().law, None);
    assert_eq!(shared.estimate, alone.estimate);
    assert_eq!(shared.laws.len(), weighed.laws.len());
    assert_eq!(shared.laws[0].estimate, Some(shared.estimate));
    // Half the width of the part, in the unit of the output, from what each law says.
    let shift =
        |law: &isoflop_fit::LawForecast| law.weight * (law.estimate.unwrap() / shared.estimate).ln().powi(2);
    let sd = shared.laws.iter().map(shift).sum::<f64>().sqrt();
    let half = shared.estimate * (1.644_853_627 * sd).sinh();
    assert!((shared.parts.as_ref().unwrap().law.unwrap() - half).abs() < 1e-6 * shared.estimate);
}

#[test]
fn the_law_of_the_fit_has_no_weight_where_the_runs_rule_it_out() {
    let catalogue = Catalogue::builtin().unwrap();
    let truth = catalogue.find("chinchilla").unwrap();
    let data = simulate(truth, 0.002, 4).unwrap();
    let law = power_law();
    let weighed =
        weigh_laws(&law, &own_order(&law, truth, &data), std::slice::from_ref(truth), &options(), &())
            .unwrap();
    assert!(weighed.laws[0].own && weighed.laws[0].weight == 0.0, "{weighed:?}");
    assert_eq!((weighed.laws[1].law.as_str(), weighed.laws[1].weight), ("chinchilla", 1.0));
    assert_eq!(weighed.laws[1].parameters.len(), 5);
}

#[test]
fn what_cannot_be_weighed_says_why() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let data = simulate(law, 0.005, 3).unwrap();
    let fixed = Overrides { fix: vec![("E".to_string(), 1.7)], ..Overrides::default() };
    let held = FitOptions { overrides: fixed, ..options() };
    let error = weigh_laws(law, &data, &[power_law()], &held, &()).unwrap_err();
    assert!(matches!(error, FitError::CannotWeigh { .. }), "{error}");
    let foreign = Law::from_formula("loss ~ E + A / S^a", &["S", "loss"], &[]).unwrap();
    let weighed = weigh_laws(law, &data, &[foreign], &options(), &()).unwrap();
    assert!(weighed.left_out[0].reason.contains("reads S"), "{:?}", weighed.left_out);
    assert_eq!(weighed.laws.len(), 1);
}

/// The columns of `data`, made for `of`, in the order of the inputs of `law`.
fn own_order(law: &Law, of: &Law, data: &isoflop_fit::Data) -> isoflop_fit::Data {
    let inputs = &of.formula().symbols.inputs;
    let column = |name: &str| inputs.iter().position(|input| input.name == name).unwrap();
    let ordered = law.formula().symbols.inputs.iter().map(|i| data.inputs[column(&i.name)].clone()).collect();
    isoflop_fit::Data { inputs: ordered, ..data.clone() }
}
