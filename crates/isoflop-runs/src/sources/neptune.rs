//! Parquet files of Neptune Exporter, which is how runs of the hosted service outlived it:
//! `PROJECT/RUN_part_N.parquet`, a row for each setting and each value of a series.

use super::columns::{self, Batch, number, text};
use super::run::{Named, Run, Setting};
use super::walk::Dir;
use super::{Sink, Unit};
use crate::error::RunsError;

const COLUMNS: [&str; 9] = [
    "run_id",
    "attribute_path",
    "attribute_type",
    "step",
    "int_value",
    "float_value",
    "string_value",
    "bool_value",
    "project_id",
];

/// One unit for each run, with its parts in order.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for dir in dirs {
        let mut parts: Vec<(&str, u64, &String)> = dir
            .files
            .iter()
            .filter_map(|name| {
                let (run, part) = name.strip_suffix(".parquet")?.rsplit_once("_part_")?;
                Some((run, part.parse().ok()?, name))
            })
            .collect();
        parts.sort_unstable();
        let mut last = None;
        for (run, _, name) in parts {
            let path = dir.path.join(name);
            if let Some(unit) = units.last_mut().filter(|_| last == Some(run)) {
                unit.files.push(path);
                continue;
            }
            let found = columns::names(&path);
            if COLUMNS[..3].iter().all(|column| found.iter().any(|name| name == column)) {
                last = Some(run);
                units.push(Unit { path: path.clone(), files: vec![path] });
            }
        }
    }
    units
}

/// Reads the runs of a unit.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let mut runs: Named<Run> = Named::default();
    for file in &unit.files {
        let name = file.display().to_string();
        columns::read(file, &COLUMNS, &mut |batch| {
            take(batch, &name, &mut runs);
            Ok(())
        })?;
    }
    for (_, run) in runs.iter_mut() {
        sink.run(std::mem::take(run))?;
    }
    Ok(())
}

fn take(batch: &Batch, file: &str, runs: &mut Named<Run>) {
    let [ids, paths, kinds, strings, projects] = [0, 1, 2, 6, 8].map(|column| batch.texts(column));
    // Truth values are cast to 0 and 1; steps are decimals.
    let [steps, integers, floats, flags] = [3, 4, 5, 7].map(|column| batch.numbers(column));
    for row in 0..batch.rows() {
        let [Some(id), Some(path), Some(kind)] = [&ids, &paths, &kinds].map(|c| text(c.as_ref(), row)) else {
            continue;
        };
        let run = runs.entry(id);
        if run.path.is_empty() {
            run.path = format!("{file} ({id})");
            id.clone_into(&mut run.name);
            id.clone_into(&mut run.id);
            if let Some(project) = text(projects.as_ref(), row) {
                run.set("project", Setting::Text(project.to_owned()));
            }
        }
        match kind {
            "float_series" => {
                if let (Some(step), Some(value)) = (number(steps.as_ref(), row), number(floats.as_ref(), row))
                {
                    // Steps may be fractions of an epoch; whole numbers are what a run counts in.
                    run.log(path, step.round() as i64, value);
                }
            }
            "int" | "float" | "bool" => {
                let column = match kind {
                    "int" => &integers,
                    "float" => &floats,
                    _ => &flags,
                };
                if let Some(value) = number(column.as_ref(), row) {
                    run.set(path, Setting::Number(value));
                }
            }
            "string" => {
                let value = text(strings.as_ref(), row).unwrap_or_default();
                if path == "sys/name" && !value.is_empty() {
                    value.clone_into(&mut run.name);
                } else if !path.starts_with("sys/") {
                    run.set(path, Setting::Text(value.to_owned()));
                }
            }
            _ => {}
        }
    }
}
