//! Every law of the catalogue that a budget can be planned with, against a dense grid.
#![allow(clippy::unwrap_used)]

use isoflop_laws::{Catalogue, Law, Value};
use isoflop_plan::{Method, Model, PlanError, Request, plan};

/// Middle of the design for each input that is not decided.
fn given(law: &Law) -> Option<Vec<(String, Value)>> {
    let table = law.design.as_ref()?.table();
    let row = table.rows / 2;
    let others = law.inputs.iter().filter(|input| input.name != "N" && input.name != "D");
    others
        .map(|input| {
            let text = || {
                let (_, column) = table.texts.iter().find(|(name, _)| *name == input.name)?;
                column.get(row).cloned().map(Value::Text)
            };
            let number = table.number(&input.name).and_then(|column| column.get(row).copied());
            Some((input.name.clone(), number.map(Value::Number).or_else(text)?))
        })
        .collect()
}

#[test]
fn no_grid_point_beats_a_plan() {
    let catalogue = Catalogue::builtin().unwrap();
    let (mut proved, mut searched, mut lines) = (0, 0, Vec::new());
    for law in catalogue.laws() {
        let has = |name: &str| law.inputs.iter().any(|input| input.name == name && input.set.is_none());
        let set = law.sets.iter().find(|set| set.complete().is_some());
        let (Some(set), true, "loss") = (set, has("N") && has("D"), law.output.name.as_str()) else {
            continue;
        };
        if law.formula().symbols.look_back() {
            continue;
        }
        let Some(given) = given(law) else { continue };
        let values = set.complete().unwrap();
        let model = Model::from_law(&law.id, law, values.to_vec());
        let mut request = Request::minimize("loss")
            .over(["N", "D"])
            .subject_to("6*N*D <= 1e21")
            .subject_to("N >= 1e6 and N <= 1e13")
            .subject_to("D >= 1e7 and D <= 1e14");
        for (name, value) in &given {
            request = match value {
                Value::Number(x) => request.given(name, x),
                Value::Text(text) => request.given(name, text),
                Value::Sequence(_) => unreachable!("the design of a law gives numbers and texts"),
            };
        }
        let found = match plan(&model, &request) {
            Ok(found) => found,
            Err(PlanError::Formula { .. }) => continue,
            Err(error) => {
                lines.push(format!("{}: {error}", law.id));
                continue;
            }
        };
        match found.method {
            Method::GeometricProgram => proved += 1,
            Method::MultiStart | Method::Convex | Method::Root => searched += 1,
        }
        let mut best = (f64::INFINITY, 0.0, 0.0);
        for i in 0..=70 {
            for j in 0..=70 {
                let (n, d) = (1e6 * 10_f64.powf(0.1 * f64::from(i)), 1e7 * 10_f64.powf(0.1 * f64::from(j)));
                if 6.0 * n * d > 1e21 {
                    continue;
                }
                let mut point = given.clone();
                point.extend([("N".to_owned(), Value::Number(n)), ("D".to_owned(), Value::Number(d))]);
                let loss = law.predict(values, &point).unwrap();
                if loss < best.0 {
                    best = (loss, n, d);
                }
            }
        }
        let loss = found.objective.estimate;
        if loss > best.0 + 1e-9 * best.0.abs() {
            lines.push(format!(
                "{}: {loss} but {} at N={:e} D={:e}, {:?}",
                law.id, best.0, best.1, best.2, found.starts
            ));
        }
    }
    assert!(lines.is_empty(), "{proved} proved, {searched} searched\n{}", lines.join("\n"));
    assert!(proved > 5 && searched > 5, "{proved} {searched}");
    eprintln!("{proved} proved, {searched} searched");
}
