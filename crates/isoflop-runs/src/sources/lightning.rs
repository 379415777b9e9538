//! Lightning's `CSVLogger`: `metrics.csv` with a row for whatever was logged at a step, and `hparams.yaml` beside it.

use super::run::Run;
use super::walk::{self, Dir};
use super::{Sink, Unit, yaml};
use crate::column::Column;
use crate::error::RunsError;
use crate::read::ReadOptions;
use crate::table::RunTable;

const METRICS: &str = "metrics.csv";
const SETTINGS: &str = "hparams.yaml";

/// One unit for each version of an experiment.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let is_version =
        |dir: &&Dir| dir.has_file(METRICS) && (dir.has_file(SETTINGS) || dir.name().starts_with("version_"));
    let versions = dirs.iter().filter(is_version);
    versions.map(|dir| Unit { path: dir.path.clone(), files: vec![dir.path.join(METRICS)] }).collect()
}

/// Reads one run; its steps count from 0.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    for file in &unit.files {
        let dir = file.parent().unwrap_or(&unit.path);
        let mut run = Run::new(&walk::name_of(dir), &dir.display().to_string());
        let settings = dir.join(SETTINGS);
        if settings.is_file() {
            yaml::settings(&walk::read_text(&settings)?, &mut |name, value| run.set(name, value));
        }
        let table = RunTable::read_table(&file.display().to_string(), &ReadOptions::default())?;
        let steps = table.number("step")?;
        for (name, column) in table.columns().filter(|(name, _)| !matches!(*name, "step" | "epoch")) {
            let Column::Numbers(numbers) = column else { continue };
            for (row, (&value, &step)) in numbers.values.iter().zip(&steps.values).enumerate() {
                if !numbers.missing.contains(row) && step.is_finite() {
                    run.log(name, step as i64, value);
                }
            }
        }
        sink.run(run)?;
    }
    Ok(())
}
