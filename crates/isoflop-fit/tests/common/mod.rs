//! Shared by the integration tests of the fitter.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::print_stdout)]

use isoflop_fit::{Data, Fit, FitOptions, fit};
use isoflop_laws::{Catalogue, Law};

/// The law `id` of the catalogue.
pub fn law(id: &str) -> Law {
    Catalogue::builtin().unwrap().find(id).unwrap().clone()
}

/// Data for a law from named columns; the output's own place among the inputs stays empty.
pub fn data(law: &Law, columns: &[(&str, Vec<f64>)]) -> Data {
    let formula = law.formula();
    let output = formula.output.as_ref().unwrap();
    let column = |name: &str| {
        columns.iter().find(|c| c.0 == name).unwrap_or_else(|| panic!("no column {name}")).1.clone()
    };
    Data {
        inputs: formula
            .symbols
            .inputs
            .iter()
            .map(|i| if i.name == output.name { Vec::new() } else { column(&i.name) })
            .collect(),
        output: column(&output.name),
        ..Data::default()
    }
}

/// The reconstructed Chinchilla table without its `drop` highest losses, if the shared data are there.
pub fn chinchilla(drop: usize) -> Option<Vec<(&'static str, Vec<f64>)>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/chinchilla245.csv");
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared/data/chinchilla245.csv is missing");
        return None;
    };
    let mut rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|c| c.parse().unwrap()).collect()).collect();
    let mut losses: Vec<f64> = rows.iter().map(|r| r[3]).collect();
    losses.sort_by(f64::total_cmp);
    let limit = losses[losses.len() - 1 - drop];
    rows.retain(|r| r[3] <= limit);
    let column = |k: usize| rows.iter().map(|r| r[k]).collect();
    Some(vec![("N", column(0)), ("D", column(1)), ("C", column(2)), ("loss", column(3))])
}

/// A fit without intervals and without other objectives.
pub fn point(law: &Law, data: &Data, objective: &str) -> Fit {
    let options = FitOptions {
        objective: Some(objective.parse().unwrap()),
        bootstrap: 0,
        choices: false,
        ..FitOptions::default()
    };
    fit(law, data, &options, &()).unwrap()
}

/// Estimate of a parameter.
pub fn estimate(fit: &Fit, name: &str) -> f64 {
    fit.parameters.iter().find(|p| p.name == name).unwrap().estimate
}
