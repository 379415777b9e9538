//! The table of a result: files, roles and the steps before a fit.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;

use isoflop_runs::{Column, Mapping, ReadOptions, RunTable, RunsError, find_roles, parse_map};

use crate::description::Description;
use crate::error::ReproduceError;

/// Between the cells of a key: in no cell, one hopes, and a control character anyway.
const BETWEEN: &str = "\u{1f}";

/// A table with what its columns stand for.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    pub(crate) id: String,
    pub(crate) table: RunTable,
    pub(crate) mapping: Mapping,
    maps: Vec<(String, String)>,
}

/// Files that the steps read beside those of the description.
pub(crate) fn joined_files(description: &Description) -> impl Iterator<Item = &str> {
    description.steps.iter().filter_map(|step| join(step.strip_prefix("join ")?).map(|join| join.file))
}

/// Reads the files of the description below `folder` and does its steps.
pub(crate) fn prepare(description: &Description, folder: &Path) -> Result<Work, ReproduceError> {
    let id = &description.id;
    let runs = |source: RunsError| ReproduceError::Runs { id: id.clone(), source: source.into() };
    let maps = description.map.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>();
    let maps = maps.map_err(runs)?;
    let paths: Vec<_> = description.files.iter().map(|file| folder.join(file)).collect();
    let table = RunTable::read(&paths, &ReadOptions::default()).map_err(runs)?;
    let mapping = find_roles(&table, &maps).map_err(runs)?;
    let mut work = Work { id: id.clone(), table, mapping, maps };
    work.steps(&description.steps, folder)?;
    Ok(work)
}

impl Work {
    /// A table made here, such as the one that the fits before collected.
    pub(crate) fn of(id: &str, columns: Vec<(String, Column)>) -> Result<Work, ReproduceError> {
        let runs = |source: RunsError| ReproduceError::Runs { id: id.to_owned(), source: source.into() };
        let table = RunTable::from_columns(columns).map_err(runs)?;
        let mapping = find_roles(&table, &[]).map_err(runs)?;
        Ok(Work { id: id.to_owned(), table, mapping, maps: Vec::new() })
    }

    /// The rows for which a condition holds.
    pub(crate) fn rows_where(&self, condition: &str) -> Result<Work, ReproduceError> {
        let mut part = self.clone();
        part.table.filter(&part.mapping, condition).map_err(|source| self.runs(source))?;
        match part.table.rows() {
            0 => Err(ReproduceError::NoRows { id: self.id.clone(), step: format!("where {condition}") }),
            _ => Ok(part),
        }
    }

    /// The parts of the table that agree in some columns (`A, B`), in the order of first appearance, each with its
    /// name: the values, separated by blanks.
    pub(crate) fn parts(&self, names: &str) -> Result<Vec<(String, Work)>, ReproduceError> {
        let keys = self.keys(names)?;
        let mut parts: Vec<(&str, Vec<usize>)> = Vec::new();
        for (row, key) in keys.iter().enumerate() {
            match parts.iter_mut().find(|(known, _)| known == key) {
                Some((_, rows)) => rows.push(row),
                None => parts.push((key, vec![row])),
            }
        }
        let part = |(key, rows): (&str, Vec<usize>)| {
            let mut part = self.clone();
            part.take(&rows)?;
            Ok((key.replace(BETWEEN, " "), part))
        };
        parts.into_iter().map(part).collect()
    }

    /// The values of a numeric column.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>, ReproduceError> {
        let column = self.mapping.resolve(&self.table, name).map_err(|source| self.runs(source))?;
        Ok(self.table.number(column).map_err(|source| self.runs(source))?.values.clone())
    }

    pub(crate) fn runs(&self, source: RunsError) -> ReproduceError {
        ReproduceError::Runs { id: self.id.clone(), source: source.into() }
    }

    /// Does some steps in order.
    pub(crate) fn steps(&mut self, steps: &[String], folder: &Path) -> Result<(), ReproduceError> {
        for step in steps {
            self.step(step, folder)?;
            if self.table.rows() == 0 {
                return Err(ReproduceError::NoRows { id: self.id.clone(), step: step.clone() });
            }
        }
        Ok(())
    }

    fn step(&mut self, step: &str, folder: &Path) -> Result<(), ReproduceError> {
        const KNOWN: &str = "let, where, file, every, lowest, minimum, bins, mean, join, pairs";
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        let bad = |form| ReproduceError::BadStep { id: self.id.clone(), step: step.to_owned(), form };
        match word {
            "let" => {
                let outcome = self.table.define(&mut self.mapping, rest);
                outcome.map_err(|source| ReproduceError::Runs { id: self.id.clone(), source: source.into() })
            }
            "where" => {
                *self = self.rows_where(rest)?;
                Ok(())
            }
            "file" => {
                let (file, folder) = rest.split_once(", ").ok_or_else(|| bad("file NEW, NEW"))?;
                let names: Vec<String> =
                    (0..self.table.rows()).map(|row| self.table.place(row).file).collect();
                let text = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned());
                let paths = names.iter().map(Path::new);
                let files: Vec<_> = paths.clone().map(|path| text(path.file_stem())).collect();
                let folders: Vec<_> =
                    paths.map(|path| text(path.parent().and_then(Path::file_name))).collect();
                self.add(file, Column::from_texts(files.iter().map(Option::as_deref)))?;
                self.add(folder, Column::from_texts(folders.iter().map(Option::as_deref)))
            }
            "every" => {
                let form = "every NUMBER of STEP with COLUMN per A, B";
                let (apart, rest) = rest.split_once(" of ").ok_or_else(|| bad(form))?;
                let (of, rest) = rest.split_once(" with ").ok_or_else(|| bad(form))?;
                let (with, per) = rest.split_once(" per ").ok_or_else(|| bad(form))?;
                let apart = apart.parse().ok().filter(|n| *n > 0).ok_or_else(|| bad(form))?;
                self.every(apart, of, with, per)
            }
            "lowest" => {
                let (of, per) = rest.split_once(" per ").ok_or_else(|| bad("lowest COLUMN per A, B"))?;
                let best = self.best_of_groups(of, per)?;
                let rows: Vec<usize> =
                    best.into_iter().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
                self.take(&rows)
            }
            "minimum" => {
                let form = "minimum NEW = COLUMN per A, B";
                let (new, rest) = rest.split_once(" = ").ok_or_else(|| bad(form))?;
                let (of, per) = rest.split_once(" per ").ok_or_else(|| bad(form))?;
                let values = self.numbers(of)?;
                let lowest: Vec<f64> = self.best_of_groups(of, per)?.iter().map(|&row| values[row]).collect();
                self.add(new, Column::from(lowest))
            }
            "bins" => {
                let form = "bins NEW = COUNT of COLUMN, MARGIN decades";
                let (new, rest) = rest.split_once(" = ").ok_or_else(|| bad(form))?;
                let (count, rest) = rest.split_once(" of ").ok_or_else(|| bad(form))?;
                let (of, margin) = rest.split_once(", ").ok_or_else(|| bad(form))?;
                let margin = margin.strip_suffix(" decades").ok_or_else(|| bad(form))?;
                let count: f64 = count.parse().map_err(|_| bad(form))?;
                let margin: f64 = margin.parse().map_err(|_| bad(form))?;
                let logs: Vec<f64> = self.numbers(of)?.iter().map(|x| x.log10()).collect();
                let low = logs.iter().copied().fold(f64::INFINITY, f64::min);
                let high = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max) + margin;
                let width = (high - low) / count;
                let centre =
                    |x: &f64| 10f64.powf(low + width * (((x - low) / width).floor().min(count - 1.0) + 0.5));
                self.add(new, Column::from(logs.iter().map(centre).collect::<Vec<_>>()))
            }
            "mean" => {
                let (of, per) = rest.split_once(" per ").ok_or_else(|| bad("mean COLUMN per A, B"))?;
                self.mean(of, per)
            }
            "join" => {
                let join = join(rest).ok_or_else(|| bad("join COLUMN from FILE by KEY where CONDITION"))?;
                self.join(&join, folder)
            }
            "pairs" => {
                let form = "pairs of KEY by A, B";
                let (key, by) = rest
                    .strip_prefix("of ")
                    .and_then(|rest| rest.split_once(" by "))
                    .ok_or_else(|| bad(form))?;
                self.pairs(key, by)
            }
            _ => {
                Err(ReproduceError::UnknownStep { id: self.id.clone(), word: word.to_owned(), known: KNOWN })
            }
        }
    }

    fn column(&self, name: &str) -> Result<&Column, ReproduceError> {
        let column = self.mapping.resolve(&self.table, name).map_err(|source| self.runs(source))?;
        self.table.require(column).map_err(|source| self.runs(source))
    }

    /// The cells of some columns (`A, B`) of each row as one text, to tell groups apart.
    fn keys(&self, names: &str) -> Result<Vec<String>, ReproduceError> {
        let mut keys = vec![String::new(); self.table.rows()];
        for (place, name) in names.split(',').map(str::trim).enumerate() {
            let column = self.column(name)?;
            for (row, key) in keys.iter_mut().enumerate() {
                if place > 0 {
                    *key += BETWEEN;
                }
                match column {
                    Column::Numbers(numbers) => *key += &numbers.values[row].to_string(),
                    Column::Text(text) => *key += text.get(row).unwrap_or_default(),
                }
            }
        }
        Ok(keys)
    }

    /// For each row the row of its group with the lowest value; the first of equals.
    fn best_of_groups(&self, of: &str, per: &str) -> Result<Vec<usize>, ReproduceError> {
        let (values, keys) = (self.numbers(of)?, self.keys(per)?);
        let mut best: HashMap<&str, usize> = HashMap::new();
        for (row, key) in keys.iter().enumerate().filter(|&(row, _)| !values[row].is_nan()) {
            let known = best.entry(key).or_insert(row);
            if values[row] < values[*known] {
                *known = row;
            }
        }
        // A group without any number keeps its rows.
        Ok(keys.iter().enumerate().map(|(row, key)| best.get(key.as_str()).copied().unwrap_or(row)).collect())
    }

    fn mean(&mut self, of: &str, per: &str) -> Result<(), ReproduceError> {
        let (values, keys) = (self.numbers(of)?, self.keys(per)?);
        let mut sums: HashMap<&str, (f64, f64)> = HashMap::new();
        let mut first = Vec::new();
        for (row, key) in keys.iter().enumerate() {
            let (sum, count) = sums.entry(key).or_insert_with(|| {
                first.push(row);
                (0.0, 0.0)
            });
            *sum += values[row];
            *count += 1.0;
        }
        let means = first.iter().map(|&row| sums.get(keys[row].as_str()).map_or(f64::NAN, |(s, n)| s / n));
        let means: Vec<f64> = means.collect();
        self.take(&first)?;
        self.add(of, Column::from(means))
    }

    /// A row for every `apart` of `of` from 0 to the last of each group, beside the rows that are there: `with` lies on
    /// the line between its neighbours, and before the first row it is that of the first row; the texts are those of
    /// the group, all else is missing.
    fn every(&mut self, apart: usize, of: &str, with: &str, per: &str) -> Result<(), ReproduceError> {
        let (steps, values, keys) = (self.numbers(of)?, self.numbers(with)?, self.keys(per)?);
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        for (row, key) in keys.iter().enumerate() {
            match groups.iter_mut().find(|(known, _)| known == key) {
                Some((_, rows)) => rows.push(row),
                None => groups.push((key, vec![row])),
            }
        }
        // For each new row: a row of its group, the row that it is itself, its step and its value.
        let (mut group, mut own, mut at, mut between) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (_, mut rows) in groups {
            rows.sort_by(|&a, &b| steps[a].total_cmp(&steps[b]));
            let last = rows.last().map_or(0.0, |&row| steps[row]);
            let new = (0..=last as usize).step_by(apart).map(|step| step as f64);
            let mut all: Vec<f64> = new.chain(rows.iter().map(|&row| steps[row])).collect();
            all.sort_by(f64::total_cmp);
            all.dedup();
            let mut next = 0;
            for step in all {
                while next + 1 < rows.len() && steps[rows[next]] < step {
                    next += 1;
                }
                let (high, low) = (rows[next], rows[next.saturating_sub(1)]);
                let share = ((step - steps[low]) / (steps[high] - steps[low])).clamp(0.0, 1.0);
                let line = values[low] + share * (values[high] - values[low]);
                group.push(high);
                own.push((steps[high] == step).then_some(high));
                at.push(step);
                between.push(if steps[high] == step || high == low { values[high] } else { line });
            }
        }
        let column = |(name, column): (String, Column)| match &column {
            Column::Text(_) => (name, taken(&column, &group)),
            Column::Numbers(numbers) => {
                let cell = |row: &Option<usize>| row.map(|row| numbers.values[row]).filter(|x| !x.is_nan());
                (name, Column::from_options(own.iter().map(cell)))
            }
        };
        let mut columns: Vec<(String, Column)> = self.named().into_iter().map(column).collect();
        columns.retain(|(name, _)| name != of && name != with);
        columns.push((of.to_owned(), Column::from(at)));
        columns.push((with.to_owned(), Column::from(between)));
        *self = Work::of(&self.id, columns)?;
        Ok(())
    }

    fn join(&mut self, join: &Join<'_>, folder: &Path) -> Result<(), ReproduceError> {
        let other = RunTable::read(&[folder.join(join.file)], &ReadOptions::default());
        let other = other.map_err(|source| self.runs(source))?;
        let mapping = find_roles(&other, &[]).map_err(|source| self.runs(source))?;
        let other = Work { id: self.id.clone(), table: other, mapping, maps: Vec::new() };
        let other = other.rows_where(join.condition)?;
        let (values, keys) = (other.numbers(join.column)?, other.keys(join.key)?);
        let values: HashMap<&String, f64> = keys.iter().zip(values).collect();
        let found = self.keys(join.key)?;
        let found: Vec<f64> = found.iter().map(|key| values.get(key).copied().unwrap_or(f64::NAN)).collect();
        self.add(join.column, Column::from(found))
    }

    /// Every ordered pair of rows that agree in `by` and differ in `key`, with all columns of both: `x_0`, `x_1`.
    fn pairs(&mut self, key: &str, by: &str) -> Result<(), ReproduceError> {
        let (own, groups) = (self.keys(key)?, self.keys(by)?);
        let rows = self.table.rows();
        let all = (0..rows).flat_map(|a| (0..rows).map(move |b| (a, b)));
        let pairs: Vec<(usize, usize)> =
            all.filter(|&(a, b)| groups[a] == groups[b] && own[a] != own[b]).collect();
        let mut columns = vec![(
            "pair".to_owned(),
            Column::from_texts(
                pairs
                    .iter()
                    .map(|&(a, b)| format!("{} -> {}", own[a], own[b]))
                    .collect::<Vec<_>>()
                    .iter()
                    .map(|text| Some(text.as_str())),
            ),
        )];
        for (name, column) in self.named() {
            for side in [0, 1] {
                let rows: Vec<usize> = pairs.iter().map(|&(a, b)| if side == 0 { a } else { b }).collect();
                columns.push((format!("{name}_{side}"), taken(&column, &rows)));
            }
        }
        *self = Work::of(&self.id, columns)?;
        Ok(())
    }

    /// All columns under the names that the description uses for them.
    fn named(&self) -> Vec<(String, Column)> {
        let name = |column: &str| {
            let mapped = self.maps.iter().find(|(_, mapped)| mapped == column);
            mapped.map_or(column, |(name, _)| name.as_str()).to_owned()
        };
        self.table.columns().map(|(column, cells)| (name(column), cells.clone())).collect()
    }

    pub(crate) fn take(&mut self, rows: &[usize]) -> Result<(), ReproduceError> {
        let columns = self.named().into_iter().map(|(name, column)| (name, taken(&column, rows))).collect();
        *self = Work::of(&self.id, columns)?;
        Ok(())
    }

    pub(crate) fn add(&mut self, name: &str, column: Column) -> Result<(), ReproduceError> {
        let mut columns = self.named();
        columns.retain(|(known, _)| known != name);
        columns.push((name.to_owned(), column));
        *self = Work::of(&self.id, columns)?;
        Ok(())
    }
}

/// The cells of a column at these rows.
fn taken(column: &Column, rows: &[usize]) -> Column {
    match column {
        Column::Numbers(numbers) => {
            Column::from_options(rows.iter().map(|&row| Some(numbers.values[row]).filter(|x| !x.is_nan())))
        }
        Column::Text(text) => Column::from_texts(rows.iter().map(|&row| text.get(row))),
    }
}

/// `join COLUMN from FILE by KEY where CONDITION`
struct Join<'a> {
    column: &'a str,
    file: &'a str,
    key: &'a str,
    condition: &'a str,
}

fn join(rest: &str) -> Option<Join<'_>> {
    let (column, rest) = rest.split_once(" from ")?;
    let (file, rest) = rest.split_once(" by ")?;
    let (key, condition) = rest.split_once(" where ")?;
    Some(Join { column, file, key, condition })
}
