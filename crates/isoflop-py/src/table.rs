//! Run tables between Python and Rust.

use std::ffi::CStr;

use arrow::array::{RecordBatch, RecordBatchIterator, RecordBatchReader};
use arrow::ffi_stream::{ArrowArrayStreamReader, FFI_ArrowArrayStream};
use isoflop_runs::{Column, ReadOptions, RunTable, RunsError, find_roles, parse_map};
use isoflop_study::{Level, Note, Notes, read_table};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyCapsule, PyList};

use crate::errors::raise;
use crate::work::{interruptible, unlocked};

/// The name that the Arrow PyCapsule interface gives to streams.
const STREAM: &CStr = c"arrow_array_stream";

/// A run table in memory.
#[pyclass(frozen, module = "isoflop._isoflop")]
pub(crate) struct Table {
    /// The table.
    pub(crate) table: RunTable,
    /// What there was to say when it was read.
    notes: Vec<(&'static str, String)>,
}

/// Cells of a column: floats as bytes with the rows that are missing as bytes of 0 and 1, or texts.
#[derive(FromPyObject)]
enum Cells {
    Numbers(PyBackedBytes, Option<PyBackedBytes>),
    Texts(Vec<Option<PyBackedStr>>),
}

impl Table {
    /// A table that was made here.
    pub(crate) fn of(table: RunTable) -> Table {
        Table { table, notes: Vec::new() }
    }
}

#[pymethods]
impl Table {
    /// Reads files, patterns or the directories of a tool.
    #[staticmethod]
    #[pyo3(signature = (paths, tool, points, restarts, log_pattern, loss))]
    fn read(
        py: Python<'_>,
        paths: Vec<String>,
        tool: Option<String>,
        points: String,
        restarts: String,
        log_pattern: Option<String>,
        loss: Option<String>,
    ) -> PyResult<Table> {
        interruptible(py, move |_| {
            let options = ReadOptions {
                from: tool.as_deref().map(str::parse).transpose()?,
                points: points.parse()?,
                restarts: restarts.parse()?,
                loss,
                log_pattern,
                ..ReadOptions::default()
            };
            let notes = Notes::default();
            let table = read_table(&paths, &options, &notes)?;
            Ok(Table { table, notes: kept(&notes) })
        })
    }

    /// A table of columns.
    #[staticmethod]
    fn from_columns(py: Python<'_>, columns: Vec<(String, Cells)>) -> PyResult<Table> {
        let columns = columns.into_iter().map(|(name, cells)| (name, column(&cells))).collect();
        unlocked(py, || Ok(Table::of(RunTable::from_columns(columns)?)))
    }

    /// A table from whatever has `__arrow_c_stream__`.
    #[staticmethod]
    fn from_arrow(py: Python<'_>, source: &Bound<'_, PyAny>) -> PyResult<Table> {
        let capsule = source.call_method0("__arrow_c_stream__")?.cast_into::<PyCapsule>()?;
        let pointer = capsule.pointer_checked(Some(STREAM))?;
        // SAFETY: a capsule of this name holds a stream by the Arrow PyCapsule interface, alive while the capsule is. The
        // reader moves it out and leaves a released one, which the capsule's destructor skips.
        #[allow(unsafe_code)]
        let reader = unsafe { ArrowArrayStreamReader::from_raw(pointer.cast().as_ptr()) };
        let bad = |error: arrow::error::ArrowError| {
            PyTypeError::new_err(format!("the Arrow stream is broken: {error}"))
        };
        let batches = reader.and_then(Iterator::collect::<Result<Vec<RecordBatch>, _>>).map_err(bad)?;
        unlocked(py, || Ok(Table::of(RunTable::from_record_batches("memory", &batches)?)))
    }

    /// Number of rows.
    #[getter]
    fn rows(&self) -> usize {
        self.table.rows()
    }

    /// Names of the columns.
    #[getter]
    fn names(&self) -> Vec<&str> {
        self.table.names().collect()
    }

    /// What there was to say when it was read: level and text.
    #[getter]
    fn notes(&self) -> Vec<(&'static str, String)> {
        self.notes.clone()
    }

    /// Files with their numbers of rows.
    #[getter]
    fn sources(&self) -> Vec<(String, usize)> {
        self.table.sources().iter().map(|source| (source.name.clone(), source.rows)).collect()
    }

    /// Which column stands for which name, with these maps.
    fn roles(&self, py: Python<'_>, map: Vec<String>) -> PyResult<Vec<(String, String)>> {
        let maps: Result<Vec<_>, RunsError> = map.iter().map(|text| parse_map(text)).collect();
        let mapping = maps.and_then(|maps| find_roles(&self.table, &maps));
        let mapping = mapping.map_err(|error| raise(py, &error.into()))?;
        Ok(mapping.bindings().iter().map(|b| (b.name.clone(), b.column.clone())).collect())
    }

    /// The columns in the form that `from_columns` takes.
    fn columns<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyAny>)>> {
        self.table.columns().map(|(name, column)| Ok((name.to_owned(), cells(py, column)?))).collect()
    }

    /// The table as an Arrow stream.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The interface allows to give the own schema whatever was asked for.
        let _ = requested_schema;
        let batch = self.table.to_record_batch().map_err(|error| PyTypeError::new_err(error.to_string()))?;
        let schema = batch.schema();
        let reader: Box<dyn RecordBatchReader + Send> =
            Box::new(RecordBatchIterator::new([Ok(batch)], schema));
        PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), STREAM)
    }

    fn __len__(&self) -> usize {
        self.table.rows()
    }
}

/// Notes as Python takes them.
pub(crate) fn kept(notes: &Notes) -> Vec<(&'static str, String)> {
    let level = |note: &Note| match note.level {
        Level::Detail => "detail",
        Level::Info => "info",
        Level::Warning => "warning",
    };
    notes.take().into_iter().map(|note| (level(&note), note.text)).collect()
}

/// Numbers as Python takes them.
pub(crate) fn floats<'py>(
    py: Python<'py>,
    values: impl ExactSizeIterator<Item = f64>,
) -> PyResult<Bound<'py, PyBytes>> {
    PyBytes::new_with(py, values.len() * 8, |bytes| {
        for (eight, value) in bytes.chunks_exact_mut(8).zip(values) {
            eight.copy_from_slice(&value.to_le_bytes());
        }
        Ok(())
    })
}

fn column(cells: &Cells) -> Column {
    match cells {
        Cells::Texts(texts) => Column::from_texts(texts.iter().map(|text| text.as_deref())),
        Cells::Numbers(bytes, missing) => {
            let value = |eight: &[u8]| f64::from_le_bytes(eight.try_into().unwrap_or_default());
            let is_missing =
                |row: usize| missing.as_ref().is_some_and(|m| m.get(row).is_some_and(|&b| b != 0));
            let rows = bytes.chunks_exact(8).enumerate();
            Column::from_options(rows.map(|(row, eight)| (!is_missing(row)).then(|| value(eight))))
        }
    }
}

fn cells<'py>(py: Python<'py>, column: &Column) -> PyResult<Bound<'py, PyAny>> {
    match column {
        Column::Numbers(numbers) => {
            let bytes = floats(py, numbers.values.iter().copied())?;
            let missing = (!numbers.missing.is_empty()).then(|| {
                let flags: Vec<u8> =
                    (0..numbers.values.len()).map(|row| u8::from(numbers.missing.contains(row))).collect();
                PyBytes::new(py, &flags)
            });
            Ok((bytes, missing).into_pyobject(py)?.into_any())
        }
        Column::Text(text) => {
            let cells = (0..text.codes.len()).map(|row| text.get(row));
            Ok(PyList::new(py, cells)?.into_any())
        }
    }
}

/// A copy that work can define columns in and filter.
pub(crate) fn copied(table: &Py<Table>) -> RunTable {
    table.get().table.clone()
}
