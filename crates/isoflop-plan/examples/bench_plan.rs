//! The planner's side of `cargo xtask bench`: one line of `key=value` pairs on stdout.
//!
//! A compute-optimal plan with the 1000 replicates of a real fit, the slowest named plan of those with an example, and
//! `next` over 10 000 candidates.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use isoflop_fit::{FitOptions, fit, simulate};
use isoflop_laws::Catalogue;
use isoflop_plan::{Goal, Laws, Model, NamedPlan, NextRequest, Past, Request, next, plan, plan_laws};

fn main() {
    let catalogue = Catalogue::builtin().unwrap();
    let law = catalogue.find("chinchilla").unwrap();
    let data = simulate(law, 0.005, 1).unwrap();
    let options = FitOptions { bootstrap: 1000, choices: false, ..FitOptions::default() };
    let found = fit(law, &data, &options, &()).unwrap();
    let values = found.parameters.iter().map(|p| (p.name.clone(), p.estimate)).collect();
    let model = Model { draws: found.draws.clone(), ..Model::from_law("chinchilla", law, values) };
    let request =
        Request::minimize("loss").over(["N", "D"]).subject_to("6*N*D <= 1e24").report("ratio", "D/N");
    let optimal = middle(31, || drop(plan(&model, &request).unwrap()));

    let (mut slowest, mut name, mut plans) = (0.0, String::new(), 0);
    for named in NamedPlan::builtin().unwrap() {
        let Some(golden) = named.golden.first() else { continue };
        let given = golden.texts();
        let parse = |text: &String| Model::parse(text, &catalogue).unwrap();
        let mut act: Box<dyn FnMut()> = if named.rule.is_empty() {
            let laws = match (golden.laws.is_empty(), golden.law.as_ref().or(named.law.as_ref())) {
                (true, own) => Laws::one(parse(own.unwrap())),
                (false, _) => {
                    Laws::new(golden.laws.iter().map(|(role, text)| (role.clone(), parse(text))).collect())
                        .unwrap()
                }
            };
            let request = named.request(&given).unwrap();
            Box::new(move || drop(plan_laws(&laws, &request).unwrap()))
        } else {
            let (named, catalogue) = (named.clone(), &catalogue);
            Box::new(move || drop(named.advise(&given, catalogue).unwrap()))
        };
        plans += 1;
        let seconds = middle(3, &mut act);
        if seconds > slowest {
            (slowest, name) = (seconds, named.id.clone());
        }
    }

    let past = Past { columns: data.inputs.clone(), rows: data.output.len() };
    let goal = Goal::parse("loss at N=70B,D=1.4T", law).unwrap();
    let request = NextRequest { candidates: 10_000, ..NextRequest::new(goal, 3e21, 0.005) };
    let candidates = next(&model, &past, &request).unwrap().candidates;
    let runs = middle(3, || drop(next(&model, &past, &request).unwrap()));
    println!(
        "task=plan draws={} optimal={optimal} plans={plans} slowest={slowest} slowest_plan={name} next={runs} candidates={candidates}",
        model.draws.len()
    );
}

/// Median time of one call, in seconds.
fn middle(rounds: usize, mut act: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            act();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
