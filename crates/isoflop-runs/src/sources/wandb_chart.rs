//! The CSV that a chart of Weights & Biases exports: a column for the x-axis, and for each run the columns
//! `RUN - METRIC`, `RUN - METRIC__MIN` and `RUN - METRIC__MAX`. W&B thins out the rows of long runs.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::run::Run;
use super::walk::Dir;
use super::{Sink, Unit};
use crate::column::Numbers;
use crate::error::RunsError;
use crate::read::ReadOptions;
use crate::table::RunTable;

/// Bytes of a header; one of very many runs is long.
const MAX_HEADER: u64 = 1 << 20;

/// One unit for each file whose header has the three columns of a run.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let files = dirs.iter().flat_map(|dir| dir.files.iter().map(|name| dir.path.join(name)));
    let charts = files.filter(|path| path.extension().is_some_and(|end| end == "csv") && is_chart(path));
    charts.map(|path| Unit { path: path.clone(), files: vec![path] }).collect()
}

fn is_chart(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut header = Vec::new();
    let read = BufReader::new(file.take(MAX_HEADER)).read_until(b'\n', &mut header);
    let header = String::from_utf8_lossy(&header);
    read.is_ok() && header.contains(" - ") && header.contains("__MIN\"") && header.contains("__MAX\"")
}

/// Reads all runs of a chart.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    for path in &unit.files {
        let table = RunTable::read_table(&path.display().to_string(), &ReadOptions::default())?;
        let names: Vec<&str> = table.names().collect();
        let Some(&axis) = names.first() else { continue };
        let x = table.number(axis)?;
        let is_extreme = |name: &str| name.ends_with("__MIN") || name.ends_with("__MAX");
        let curves = names.iter().skip(1).filter(|name| !is_extreme(name));
        let mut last: Option<Run> = None;
        for (name, label, metric) in
            curves.filter_map(|name| name.rsplit_once(" - ").map(|(run, metric)| (*name, run, metric)))
        {
            if metric == "_step" {
                continue;
            }
            if last.as_ref().is_none_or(|run| run.name != label)
                && let Some(done) = last.replace(Run::new(label, &format!("{} ({label})", path.display())))
            {
                sink.run(done)?;
            }
            let Some(run) = &mut last else { continue };
            let values = table.number(name)?;
            let steps = match table.column(&format!("{label} - _step")) {
                Some(_) => table.number(&format!("{label} - _step"))?,
                None => x,
            };
            curve(run, metric, axis, x, steps, values);
        }
        if let Some(done) = last {
            sink.run(done)?;
        }
    }
    Ok(())
}

fn curve(run: &mut Run, metric: &str, axis: &str, x: &Numbers, steps: &Numbers, values: &Numbers) {
    for (row, &value) in values.values.iter().enumerate() {
        let (Some(&step), Some(&x)) = (steps.values.get(row), x.values.get(row)) else { continue };
        if values.missing.contains(row) || !step.is_finite() {
            continue;
        }
        run.log(metric, step as i64, value);
        if !matches!(axis, "Step" | "_step")
            && run.metrics.get(axis).is_none_or(|known| known.at(step as i64) != Some(x))
        {
            run.log(axis, step as i64, x);
        }
    }
}
