//! Every result against the public tables, where they are there: which figures are met is kept here by name.

use std::path::{Path, PathBuf};

use isoflop_reproduce::{Compared, Status, builtin, run};

/// Figures that are missed, and why: the word in the description of the result.
const MISSED: [(&str, &str); 5] = [
    ("chinchilla_density", "E"),
    ("muennighoff", "R_N"),
    ("muennighoff", "R_D"),
    ("vocabulary", "A2"),
    ("vocabulary", "alpha_v"),
];
/// Figures of each result, one for each case.
const FIGURES: [(&str, usize); 26] = [
    ("approach2_bias", 3),
    ("bnsl", 3),
    ("chinchilla", 6),
    ("chinchilla_density", 6),
    ("clip_laion", 4),
    ("clip_laion_retrieval", 4),
    ("clip_openai", 4),
    ("clip_openai_retrieval", 4),
    ("coverage", 21),
    ("coverage_rates", 14),
    ("critical_batch_size", 7),
    ("data_mixing", 12),
    ("gadre_error", 5),
    ("gadre_loss", 14),
    ("loss_to_loss", 1),
    ("muennighoff", 4),
    ("multi_power", 6),
    ("parscale", 12),
    ("porian", 5),
    ("quest", 16),
    ("sardana_plan", 4),
    ("step_law", 1),
    ("vocabulary", 9),
    ("vocabulary_by_budget", 7),
    ("vocabulary_by_derivative", 7),
    ("vocabulary_by_loss", 7),
];

fn tables() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}

#[test]
fn published_figures_are_met() {
    let folder = tables();
    if !folder.is_dir() {
        println!("skipped: ../shared/data is not there");
        return;
    }
    let mut met = 0;
    for description in builtin().unwrap() {
        let outcome = run(&description, &folder);
        let id = outcome.id.as_str();
        let (compared, optima) = match outcome.status {
            Status::Done { compared, optima } => (compared, optima),
            Status::LeftOut { missing } => {
                println!("{id} is left out: no {}", missing.join(", "));
                continue;
            }
            Status::Failed { code, reason } => panic!("{id}: {code} {reason}"),
        };
        let expected =
            FIGURES.iter().find(|(known, _)| *known == id).unwrap_or_else(|| panic!("{id} is new"));
        assert_eq!(compared.len(), expected.1, "{id}");
        for figure in &compared {
            let Compared { name, case, ours, published, .. } = figure;
            let may_miss = MISSED.contains(&(id, name));
            assert_eq!(figure.is_met(), !may_miss, "{id}: {name} {case:?}: {ours} against {published}");
            met += usize::from(figure.is_met());
        }
        for optimum in optima {
            assert!(optimum.ours < optimum.published, "{id}: the published optimum is lower: {optimum:?}");
        }
    }
    println!("{met} figures met");
}

#[test]
fn a_missing_table_leaves_a_result_out() {
    let descriptions = builtin().unwrap();
    let outcome = run(descriptions.iter().find(|d| d.id == "loss_to_loss").unwrap(), Path::new("nowhere"));
    let Status::LeftOut { missing } = outcome.status else { panic!("{outcome:?}") };
    assert_eq!(missing.len(), 3, "{missing:?}");
}

#[test]
fn every_description_is_counted() {
    let ids: Vec<String> = builtin().unwrap().into_iter().map(|d| d.id).collect();
    assert_eq!(ids, FIGURES.map(|(id, _)| id));
}
