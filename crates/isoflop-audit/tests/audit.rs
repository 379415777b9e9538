//! The audit: silent on a clean study, and loud where something is planted or known to be wrong.
#![allow(clippy::unwrap_used)]

mod support;

use isoflop_audit::{Audit, Columns, Severity, Subject, audit};
use isoflop_fit::{Data, FitOptions, Objective, Overrides, fit, overridden};
use support::{HOFFMANN, crossed, data, law, loss, normals, shared};

fn run(data: &Data, columns: &Columns, budget: Option<f64>, bootstrap: usize) -> Audit {
    run_law("chinchilla", Overrides::default(), data, columns, budget, bootstrap)
}

fn run_law(
    id: &str,
    overrides: Overrides,
    data: &Data,
    columns: &Columns,
    budget: Option<f64>,
    bootstrap: usize,
) -> Audit {
    let law = law(id);
    let objective = Objective::recommended(&law).unwrap();
    let options = FitOptions { bootstrap, choices: false, overrides, ..FitOptions::default() };
    let formula = overridden(&law, &options.overrides).unwrap();
    let fit = fit(&law, data, &options, &()).unwrap();
    let subject = Subject {
        law: &law,
        formula: &formula,
        data,
        fit: &fit,
        objective,
        options: &options,
        columns,
        budget,
    };
    audit(&subject, &()).unwrap()
}

/// 30 design points, ten of them with two more seeds, with all that a reader wants to know.
fn clean() -> (Data, Columns) {
    let (mut n, mut d) = crossed();
    let first = n.len();
    for k in 0..10 {
        for _ in 0..2 {
            n.push(n[3 * k]);
            d.push(d[3 * k]);
        }
    }
    let z = normals(21, n.len());
    let output =
        n.iter().zip(&d).zip(z).map(|((n, d), z)| loss(HOFFMANN, *n, *d) * (0.002 * z).exp()).collect();
    let rows = n.len();
    let number = |name: &str, value: f64| (name.to_owned(), vec![value; rows]);
    let mut numbers = vec![
        ("N".to_owned(), n.clone()),
        ("D".to_owned(), d.clone()),
        ("C".to_owned(), n.iter().zip(&d).map(|(n, d)| 6.0 * n * d).collect()),
        ("steps".to_owned(), d.iter().map(|d| d / 1e5).collect()),
        ("seed".to_owned(), (0..rows).map(|k| if k < first { 0.0 } else { 1.0 + (k % 2) as f64 }).collect()),
    ];
    numbers.extend([
        number("lr", 3e-4),
        number("min_lr", 3e-5),
        number("warmup", 100.0),
        number("batch_size", 256.0),
    ]);
    numbers.extend([number("vocab_size", 32_000.0), number("n_layers", 12.0), number("epochs", 1.0)]);
    let texts = vec![
        ("dataset".to_owned(), vec!["web".to_owned(); rows]),
        ("run".to_owned(), (0..rows).map(|k| format!("run-{k}")).collect()),
    ];
    let law = law("chinchilla");
    (data(&law, n, d, output), Columns { numbers, texts })
}

fn found<'a>(audit: &'a Audit, check: &str) -> Option<&'a isoflop_audit::Finding> {
    audit.findings.iter().find(|f| f.check == check)
}

#[test]
fn a_clean_study_has_no_finding_and_a_short_reach_is_fine() {
    let (data, columns) = clean();
    let audit = run(&data, &columns, Some(2e21), 200);
    assert!(audit.findings.is_empty(), "{:#?}", audit.findings);
    assert_eq!(audit.passed.len(), 21);
    assert!(
        audit.passed.iter().filter(|p| !p.was_made).all(|p| p.check == "grid-edge"),
        "{:#?}",
        audit.passed
    );
}

/// One thing wrong at a time, and the check that must see it.
#[test]
fn what_is_planted_is_found() {
    let (good, columns) = clean();
    let number = |name: &str, change: &dyn Fn(usize, f64) -> f64| {
        let mut columns = columns.clone();
        let column = columns.numbers.iter_mut().find(|(own, _)| own == name).unwrap();
        column.1.iter_mut().enumerate().for_each(|(k, v)| *v = change(k, *v));
        columns
    };
    let cases: Vec<(&str, Severity, Columns)> = vec![
        (
            "undecayed-learning-rate",
            Severity::Warning,
            number("min_lr", &|k, v| if k < 4 { 3e-4 } else { v }),
        ),
        ("warm-up", Severity::Warning, number("warmup", &|_, _| 2e4)),
        ("repeated-data", Severity::Serious, number("epochs", &|k, _| (k % 9) as f64)),
        ("counting", Severity::Warning, number("C", &|k, c| if k % 2 == 0 { 1.5 * c } else { c })),
        ("seeds", Severity::Note, number("seed", &|_, _| 0.0)),
    ];
    for (check, severity, columns) in cases {
        let audit = run(&good, &columns, None, 0);
        let finding = found(&audit, check).unwrap_or_else(|| panic!("{check}: {:#?}", audit.findings));
        assert_eq!(finding.severity, severity, "{finding:?}");
        assert!(finding.evidence.chars().any(|c| c.is_ascii_digit()) || check == "seeds", "{finding:?}");
    }

    let mut checkpoints = columns.clone();
    checkpoints.texts[1]
        .1
        .iter_mut()
        .take(20)
        .enumerate()
        .for_each(|(k, run)| *run = format!("run-{}", k / 2));
    let audit = run(&good, &checkpoints, Some(1e24), 0);
    assert!(found(&audit, "checkpoints").unwrap().evidence.contains("mixed"));
    assert_eq!(found(&audit, "extrapolation").unwrap().severity, Severity::Serious);

    let mut rounded = good.clone();
    rounded.output.iter_mut().for_each(|y| *y = (*y * 100.0).round() / 100.0);
    assert!(found(&run(&rounded, &columns, None, 0), "rounded-losses").is_some());

    let mut bad = good.clone();
    bad.output[29] *= 1.6;
    bad.output[12] *= 1.05;
    let audit = run(&bad, &columns, None, 0);
    assert_eq!(found(&audit, "diverged-runs").unwrap().rows, [29]);
    assert!(found(&audit, "undertuned-runs").is_some());
    assert!([12, 29].iter().all(|r| found(&audit, "outliers").unwrap().rows.contains(r)));
    assert_eq!(audit.worst(), Some(Severity::Serious));
    assert!(audit.findings.windows(2).all(|w| w[0].severity >= w[1].severity));
}

/// What is known to be wrong with the public tables.
#[test]
fn public_tables_have_the_findings_that_they_deserve() {
    let law = law("chinchilla");
    let table = |columns: Vec<Vec<f64>>| {
        let [n, d, output] = <[Vec<f64>; 3]>::try_from(columns).unwrap();
        data(&law, n, d, output)
    };
    let none = Columns::default();
    if let Some(columns) = shared("quest_qat/runs_flat.csv", &["non_embedding_parameters", "tokens", "loss"])
    {
        let audit = run(&table(columns), &none, None, 0);
        assert_eq!(found(&audit, "collinear-inputs").unwrap().severity, Severity::Serious);
    }
    if let Some(columns) = shared("chinchilla245.csv", &["N", "D", "loss"]) {
        let mut highest: Vec<usize> = (0..columns[2].len()).collect();
        highest.sort_by(|&a, &b| columns[2][b].total_cmp(&columns[2][a]));
        let audit = run(&table(columns), &none, None, 0);
        let rows = &found(&audit, "outliers").unwrap().rows;
        assert!(highest[..5].iter().all(|r| rows.contains(r)), "{rows:?}");
        assert!(found(&audit, "decisive-runs").unwrap().evidence.contains("together"));
        assert!(found(&audit, "collinear-inputs").is_none() && found(&audit, "diverged-runs").is_none());
    } // Losses up to 11, from learning rates that were too high. Every fourth row, for time.
    if let Some(columns) = shared("steplaw/dense_lr_bs_loss.csv", &["N", "D", "smooth loss"]) {
        let columns: Vec<Vec<f64>> =
            columns.into_iter().map(|c| c.into_iter().step_by(4).collect()).collect();
        let loss = columns[2].clone();
        let audit = run(&table(columns), &none, None, 0);
        let finding = found(&audit, "diverged-runs").unwrap();
        assert_eq!(finding.severity, Severity::Serious);
        let wild = (0..loss.len()).filter(|&row| loss[row] > 5.0);
        assert!(
            wild.clone().count() > 5 && wild.clone().all(|row| finding.rows.contains(&row)),
            "{finding:?}"
        );
        assert_eq!(found(&audit, "undertuned-runs").unwrap().severity, Severity::Serious);
    }
}

/// Repeated data: with the other parameters held as published, the two that say what repeats are worth lie in a valley that
/// is nearly flat.
#[test]
fn the_flat_valley_of_repeated_data_is_found() {
    let names = ["params", "tokens", "unique_tokens", "val_loss", "notebook_cell"];
    let Some(columns) = shared("datablations/c4_oscar_val_losses.csv", &names) else { return };
    let kept = |k: usize| -> Vec<f64> {
        (0..columns[4].len()).filter(|&row| columns[4][row] == 25.0).map(|row| columns[k][row]).collect()
    };
    let law = law("muennighoff");
    let inputs = law.formula().symbols.inputs.iter().map(|input| match input.name.as_str() {
        "N" => kept(0),
        "D" => kept(1),
        "U" => kept(2),
        _ => Vec::new(),
    });
    let data = Data { inputs: inputs.collect(), output: kept(3), ..Data::default() };
    assert_eq!(data.rows(), 182);
    let published = [("E", 0.62548_f64.exp()), ("A", 6.2554_f64.exp()), ("B", 7.3050_f64.exp())];
    let fixed = published.into_iter().chain([("alpha", 0.35266), ("beta", 0.35266)]);
    let overrides = Overrides {
        fix: fixed.map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Overrides::default()
    };
    let audit = run_law("muennighoff", overrides, &data, &Columns::default(), None, 100);
    let finding = found(&audit, "wide-intervals").unwrap();
    assert!(finding.evidence.contains("R_N") && finding.evidence.contains("R_D"), "{finding:?}");
    let certificate = found(&audit, "certificate").unwrap();
    assert!(certificate.evidence.contains("several optima"), "{certificate:?}");
}
