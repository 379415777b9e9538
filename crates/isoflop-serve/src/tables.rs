//! The tables of a session: where their rows come from, and those that are in memory.
//!
//! A table is remembered by its files and how they are read. Its rows are kept while there is room and read again when
//! they were let go or when a file changed.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use isoflop_runs::{Column, ReadOptions, RunTable, Surveyed, find_roles, survey};
use isoflop_study::{notes_json, number, roles_json};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::error::{ApiError, ApiResult};
use crate::roots::{Marks, Roots};

/// Cells that are kept in memory over all tables: 512 MB of numbers.
const MOST_CELLS: usize = 64 << 20;
/// Tables that are remembered.
const MOST_TABLES: usize = 200;
/// Bytes of uploads that are kept, in units of the largest upload.
const UPLOADS: u64 = 8;
/// How many times larger than an upload its decompressed data may become, beyond what is always allowed.
const UPLOAD_RATIO: u64 = 4;

/// How a table is read; texts as on the command line.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Reading {
    /// Files or directories below the roots; empty for an upload.
    pub(crate) paths: Vec<String>,
    pub(crate) from: Option<String>,
    pub(crate) points: Option<String>,
    pub(crate) restarts: Option<String>,
    pub(crate) loss: Option<String>,
    pub(crate) log_pattern: Option<String>,
}

impl Reading {
    fn options(&self) -> ApiResult<ReadOptions> {
        let default = ReadOptions::default();
        Ok(ReadOptions {
            from: self.from.as_deref().map(str::parse).transpose()?,
            points: self.points.as_deref().map(str::parse).transpose()?.unwrap_or(default.points),
            restarts: self.restarts.as_deref().map(str::parse).transpose()?.unwrap_or(default.restarts),
            loss: self.loss.clone(),
            log_pattern: self.log_pattern.clone(),
            ..ReadOptions::default()
        })
    }
}

/// Where rows come from.
#[derive(Debug)]
pub(crate) struct Origin {
    pub(crate) id: String,
    /// What it is called: the name of the upload, or the first path.
    pub(crate) name: String,
    pub(crate) reading: Reading,
    /// The canonical paths, or the file of an upload.
    files: Vec<PathBuf>,
    upload: Option<(NamedTempFile, u64)>,
}

impl Origin {
    /// The runs as one names them on a command line.
    pub(crate) fn runs(&self) -> Vec<String> {
        if self.upload.is_some() { vec![self.name.clone()] } else { self.reading.paths.clone() }
    }
}

#[derive(Debug)]
struct Held {
    table: Arc<RunTable>,
    marks: Marks,
    used: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    origins: BTreeMap<u64, Arc<Origin>>,
    held: BTreeMap<u64, Held>,
    next: u64,
    clock: u64,
}

/// All tables.
#[derive(Debug)]
pub(crate) struct Tables {
    shelf: Mutex<Shelf>,
    upload_limit: u64,
}

impl Tables {
    pub(crate) fn new(upload_limit: u64) -> Tables {
        Tables { shelf: Mutex::default(), upload_limit }
    }

    /// Whether another upload of this size may be kept.
    pub(crate) fn check_room(&self, bytes: u64) -> ApiResult<()> {
        let kept: u64 =
            self.lock().origins.values().filter_map(|origin| origin.upload.as_ref()).map(|u| u.1).sum();
        if kept + bytes > UPLOADS * self.upload_limit {
            let message = "the uploads of this session fill their room; delete tables that are done with";
            return Err(ApiError::not_ready(message));
        }
        Ok(())
    }

    /// Remembers files below the roots as a table, and reads it.
    pub(crate) fn open(&self, reading: Reading, roots: &Roots) -> ApiResult<Value> {
        if reading.paths.is_empty() {
            return Err(ApiError::bad("name the files or directories of the table in `paths`"));
        }
        let files = reading.paths.iter().map(|path| roots.find_runs(path)).collect::<ApiResult<Vec<_>>>()?;
        let shown = files.iter().map(|file| roots.shown(file)).collect();
        let reading = Reading { paths: shown, ..reading };
        let name = reading.paths.first().cloned().unwrap_or_default();
        self.add(Origin { id: String::new(), name, reading, files, upload: None }, roots)
    }

    /// Remembers an uploaded file as a table, and reads it.
    pub(crate) fn upload(
        &self,
        name: &str,
        reading: Reading,
        file: NamedTempFile,
        bytes: u64,
        roots: &Roots,
    ) -> ApiResult<Value> {
        let path = file.path().to_owned();
        let upload = Some((file, bytes));
        self.add(
            Origin { id: String::new(), name: plain_name(name), reading, files: vec![path], upload },
            roots,
        )
    }

    /// Only what can be read is remembered.
    fn add(&self, mut origin: Origin, roots: &Roots) -> ApiResult<Value> {
        let number = {
            let mut shelf = self.lock();
            if shelf.origins.len() >= MOST_TABLES {
                return Err(ApiError::not_ready(format!("{MOST_TABLES} tables are open; delete some")));
            }
            shelf.next += 1;
            shelf.next
        };
        origin.id = format!("t{number}");
        let marks = marks(&origin, roots)?;
        let table = Arc::new(read(&origin)?);
        let value = table_json(&origin, &table)?;
        self.lock().origins.insert(number, Arc::new(origin));
        self.hold(number, table, marks);
        Ok(value)
    }

    /// Where a table comes from.
    pub(crate) fn origin(&self, id: &str) -> ApiResult<Arc<Origin>> {
        let missing = || ApiError::not_found("table", id);
        let number = key(id).ok_or_else(missing)?;
        self.lock().origins.get(&number).cloned().ok_or_else(missing)
    }

    /// The rows of a table, read again if its files changed.
    pub(crate) fn rows(&self, id: &str, roots: &Roots) -> ApiResult<(Arc<Origin>, Arc<RunTable>)> {
        let origin = self.origin(id)?;
        let number = key(id).unwrap_or_default();
        let marks = marks(&origin, roots)?;
        {
            let mut shelf = self.lock();
            shelf.clock += 1;
            let clock = shelf.clock;
            if let Some(held) = shelf.held.get_mut(&number).filter(|held| held.marks == marks) {
                held.used = clock;
                return Ok((origin, held.table.clone()));
            }
        }
        let table = Arc::new(read(&origin)?);
        self.hold(number, table.clone(), marks);
        Ok((origin, table))
    }

    /// What is said about a table.
    pub(crate) fn describe(&self, id: &str, roots: &Roots) -> ApiResult<Value> {
        let (origin, table) = self.rows(id, roots)?;
        table_json(&origin, &table)
    }

    /// What lies at the paths of a table: tools, runs, curves.
    pub(crate) fn survey(&self, id: &str, roots: &Roots) -> ApiResult<Vec<Surveyed>> {
        let origin = self.origin(id)?;
        if origin.upload.is_some() {
            return Err(ApiError::not_ready("an upload is one table: see the table itself"));
        }
        marks(&origin, roots)?;
        Ok(survey(&origin.reading.paths, &origin.reading.options()?)?)
    }

    /// All tables, the newest first.
    pub(crate) fn list(&self) -> Value {
        let shelf = self.lock();
        let short = |origin: &Arc<Origin>| json!({"id": origin.id, "name": origin.name, "upload": origin.upload.is_some()});
        json!({"tables": shelf.origins.values().rev().map(short).collect::<Vec<_>>()})
    }

    /// Forgets a table.
    pub(crate) fn forget(&self, id: &str) -> ApiResult<()> {
        let missing = || ApiError::not_found("table", id);
        let number = key(id).ok_or_else(missing)?;
        let mut shelf = self.lock();
        shelf.held.remove(&number);
        shelf.origins.remove(&number).map(|_| ()).ok_or_else(missing)
    }

    /// The files of a table as they are now.
    pub(crate) fn marks(&self, id: &str, roots: &Roots) -> ApiResult<Marks> {
        marks(&*self.origin(id)?, roots)
    }

    /// Keeps rows, and lets go those that were not used for longest.
    fn hold(&self, number: u64, table: Arc<RunTable>, marks: Marks) {
        let mut shelf = self.lock();
        if !shelf.origins.contains_key(&number) {
            return;
        }
        shelf.clock += 1;
        let used = shelf.clock;
        shelf.held.insert(number, Held { table, marks, used });
        let cells = |held: &Held| held.table.rows() * held.table.names().count();
        while shelf.held.values().map(cells).sum::<usize>() > MOST_CELLS && shelf.held.len() > 1 {
            let oldest = shelf.held.iter().min_by_key(|(_, held)| held.used).map(|(number, _)| *number);
            oldest.and_then(|number| shelf.held.remove(&number));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(id: &str) -> Option<u64> {
    id.strip_prefix('t')?.parse().ok()
}

/// The last part of a name, without what does not belong into one.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).take(120).collect();
    if plain.is_empty() { "upload.csv".to_owned() } else { plain }
}

fn marks(origin: &Origin, roots: &Roots) -> ApiResult<Marks> {
    if origin.upload.is_some() { Ok(Marks::new()) } else { roots.marks(&origin.files) }
}

fn read(origin: &Origin) -> ApiResult<RunTable> {
    let options = origin.reading.options()?;
    let Some((upload, _)) = &origin.upload else {
        return Ok(RunTable::read(&origin.reading.paths, &options)?);
    };
    let file = File::open(upload.path())
        .map_err(|error| ApiError::internal(format!("the upload is gone: {error}")))?;
    let options = ReadOptions { expansion_ratio: UPLOAD_RATIO, ..options };
    Ok(RunTable::from_reader(&origin.name, file, &options)?)
}

/// A table for the page: its columns with their ranges, and what they stand for.
fn table_json(origin: &Origin, table: &RunTable) -> ApiResult<Value> {
    let mapping = find_roles(table, &[])?;
    let column = |(name, column): (&str, &Column)| {
        let rows = column_rows(column);
        let missing = (0..rows).filter(|row| column.is_missing(*row)).count();
        match column {
            Column::Numbers(numbers) => {
                let (low, high) = numbers.finite_range();
                json!({"name": name, "kind": "number", "missing": missing, "low": number(low), "high": number(high),
                       "levels": null, "examples": null})
            }
            Column::Text(text) => {
                let some: Vec<&str> = text.levels.iter().take(3).collect();
                json!({"name": name, "kind": "text", "missing": missing, "low": null, "high": null,
                       "levels": text.levels.len(), "examples": some})
            }
        }
    };
    Ok(json!({
        "id": origin.id,
        "name": origin.name,
        "upload": origin.upload.is_some(),
        "paths": origin.reading.paths,
        "rows": table.rows(),
        "columns": table.columns().map(column).collect::<Vec<_>>(),
        "roles": roles_json(&mapping, table.notes()),
        "doubts": mapping.scale_doubts(table).iter().map(ToString::to_string).collect::<Vec<_>>(),
        "runs_column": table.runs_column(),
        "notes": notes_json(table.notes()),
    }))
}

fn column_rows(column: &Column) -> usize {
    match column {
        Column::Numbers(numbers) => numbers.values.len(),
        Column::Text(text) => text.codes.len(),
    }
}
