//! How long a full influence report takes: `influence PATH`, a CSV with the columns N, D and loss. Prints one line of
//! `key=value` pairs and the runs that decide most.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use isoflop_audit::{InfluenceOptions, influence};
use isoflop_fit::Data;
use isoflop_laws::Catalogue;

fn main() {
    let path = std::env::args().nth(1).expect("a table");
    let drop = std::env::args().nth(2).map_or(0, |n| n.parse::<usize>().unwrap());
    let text = std::fs::read_to_string(path).unwrap();
    let heads: Vec<&str> = text.lines().next().unwrap().split(',').collect();
    let mut rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|c| c.parse().unwrap()).collect()).collect();
    let place = |name: &str| heads.iter().position(|h| *h == name).unwrap();
    rows.sort_by(|a, b| b[place("loss")].total_cmp(&a[place("loss")]));
    rows.drain(..drop);
    let column = |name: &str| rows.iter().map(|r| r[place(name)]).collect::<Vec<f64>>();
    let law = Catalogue::containing("chinchilla").unwrap().find("chinchilla").unwrap().clone();
    let inputs = law.formula().symbols.inputs.iter().map(|i| match i.name.as_str() {
        "loss" => Vec::new(),
        name => column(name),
    });
    let data = Data { inputs: inputs.collect(), output: column("loss"), ..Data::default() };
    let full = InfluenceOptions::default();
    let bare = InfluenceOptions { choices: false, ..InfluenceOptions::default() };
    let mut times = Vec::new();
    for options in [&full, &bare] {
        let _ = influence(&law, &data, &[], options, &()).unwrap();
        let mut each: Vec<f64> = (0..9)
            .map(|_| {
                let start = Instant::now();
                let _ = influence(&law, &data, &[], options, &()).unwrap();
                start.elapsed().as_secs_f64()
            })
            .collect();
        each.sort_by(f64::total_cmp);
        times.push(each[4]);
    }
    let found = influence(&law, &data, &[], &full, &()).unwrap();
    let refits = found.rows + found.groups.len();
    println!("task=influence rows={} refits={refits} seconds={} without_choices={}", found.rows, times[0], times[1]);
    println!("{:?} {:?} {:?}", found.parameters, found.all, found.decision_error);
    println!("errors {:?}", found.errors);
    println!("suspects {:?} without {:?}", found.suspects, found.without);
    let mut top = found.single.clone();
    top.sort_by(|a, b| b.decision_share.unwrap().total_cmp(&a.decision_share.unwrap()));
    for row in &top[..12] {
        println!("row {} loss {} res {:.4} cook {:.3} factor {:?} share {:?} outlier {:.3} {}", row.row, data.output[row.row], row.residual, row.cook, row.decision_factor, row.decision_share, row.outlier, row.certified);
    }
    let out: Vec<_> = found.single.iter().filter(|r| r.outlier > 0.5).map(|r| (r.row, (r.outlier * 1000.0).round())).collect();
    println!("outliers {out:?} lost {}", found.lost);
    for c in &found.choices {
        println!("{} {:?} {:?}", c.name, c.cost, c.answer.as_ref().map(|a| (a.decision, a.certified, a.estimates.clone())));
    }
}
