//! Published run tables, where a checkout has them beside it: row counts and the roles that are found.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // Helpers are not seen as tests.

use std::path::PathBuf;

use isoflop_runs::{Found, ReadOptions, RunTable, find_roles};

fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        println!("skipped: ../shared/data/{name} is not there");
        return None;
    }
    Some(path)
}

/// Reads a table and checks its rows and the columns found for N, D, C and loss.
#[track_caller]
fn check(name: &str, rows: usize, roles: [Option<&str>; 4]) -> Option<RunTable> {
    let table = RunTable::read(&[shared(name)?], &ReadOptions::default()).unwrap();
    assert_eq!(table.rows(), rows, "{name}");
    let mapping = find_roles(&table, &[]).unwrap();
    assert_eq!(["N", "D", "C", "loss"].map(|role| mapping.column(role)), roles, "{name}");
    for column in roles.into_iter().flatten() {
        assert_eq!(table.number(column).unwrap().values.len(), rows);
    }
    Some(table)
}

#[test]
fn chinchilla() {
    let roles = [Some("N"), Some("D"), Some("C"), Some("loss")];
    let Some(table) = check("chinchilla245.csv", 245, roles) else { return };
    assert_eq!(table.number("loss").unwrap().values[0], 5.005_581_996_196_243);
    assert!(find_roles(&table, &[]).unwrap().bindings().iter().all(|b| b.found == Found::Name));
    let roles = [Some("Model Size"), None, Some("Training FLOP"), Some("loss")];
    check("chinchilla_robustness/data/epoch_research_svg_extracted_data.csv", 245, roles);
}

#[test]
fn other_papers() {
    check("steplaw/dense_lr_bs_loss.csv", 1911, [Some("N"), Some("D"), None, Some("loss")]);
    check("steplaw/moe_lr_bs_loss.csv", 708, [Some("N"), Some("D"), None, Some("loss")]);
    let roles = [Some("params"), Some("tokens"), None, Some("val_loss")];
    check("datablations/c4_oscar_val_losses.csv", 653, roles);
    check("gadre_overtraining/runs_flat.csv", 104, [Some("params"), Some("tokens"), None, None]);
    check("kyo_chinchilla/examples/llm/df.csv", 234, [Some("N"), Some("D"), Some("C"), Some("loss")]);
    check("porian_resolving/csv/isoflop_points.csv", 1748, [Some("n"), None, Some("flops"), Some("loss")]);
    let roles = [Some("non_embedding_parameters"), Some("tokens"), None, Some("loss")];
    check("quest_qat/runs_flat.csv", 104, roles);
}

#[test]
fn exports_of_trackers() {
    check("samples/csv/out/sweep.csv", 35, [Some("params"), Some("tokens"), Some("flops"), Some("loss")]);
    let roles = [Some("model.n_params"), Some("tokens"), None, Some("val/loss")];
    check("samples/csv/out/wandb_runs_table.csv", 6, roles);
    // A chart is read as runs, one row each; a chart has no N or D.
    check("samples/csv/out/wandb_chart.csv", 2, [None, None, None, Some("train/loss")]);
    let lightning = "samples/csv/out/lightning_logs/version_0/metrics.csv";
    if let Some(path) = shared(lightning) {
        let table = RunTable::read(&[path], &ReadOptions::default()).unwrap();
        assert!(table.number("step").is_ok());
    }
}

#[test]
fn many_files_as_one_table() {
    let folder = "language_monkeys/data/raw_data/pretraining_scaling";
    let Some(path) = shared(folder) else { return };
    let pattern = path.join("*log_probs.parquet");
    let table = RunTable::read(&[&pattern], &ReadOptions::default()).unwrap();
    assert!(table.sources().len() > 1);
    assert_eq!(table.sources().iter().map(|source| source.rows).sum::<usize>(), table.rows());
}

#[test]
fn every_csv_is_read_or_refused_with_a_place() {
    let Some(folder) = shared("") else { return };
    let pattern = folder.join("**/*.csv").to_string_lossy().into_owned();
    for path in glob::glob(&pattern).unwrap().filter_map(Result::ok) {
        if let Err(error) = RunTable::read(&[&path], &ReadOptions::default()) {
            println!("{} {error}", error.code());
            assert!(error.to_string().contains(&*path.to_string_lossy()), "{error}");
        }
    }
}
