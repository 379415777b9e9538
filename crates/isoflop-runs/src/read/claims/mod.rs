//! What a Parquet file claims to hold, checked before its library reads it: the library makes room for what it is told.
//!
//! [`open`] reads the footer, and [`check`] walks the headers of the pages of the wanted columns. What is refused is
//! either damaged, or stands for so much that a few bytes would cost seconds and gigabytes.

mod delta;
mod footer;
mod pages;
#[cfg(test)]
mod tests;
mod thrift;
mod unpack;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{Compression, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;

use crate::error::RunsError;
use crate::origin::Place;
use pages::{Page, Role};

/// Cells that are always allowed, 4 MiB of them.
const FREE_CELLS: u64 = if cfg!(test) { 1 << 16 } else { 1 << 19 };
/// Cells for each byte of the file beyond the first ones: a few bytes can stand for any number of equal cells.
const CELLS_PER_BYTE: u64 = 25;
const FREE_BYTES: u64 = 64 << 10;
/// Bytes of a cell in memory.
const CELL: u64 = 8;
/// Bytes that a cell takes in pages: 8 and what else belongs to it, dictionaries and marks of missing cells.
const BYTES_PER_CELL: u64 = 12;
/// Cells of runs for each that is not missing: the others are not kept.
const SPARSE: u64 = 16;
/// Bytes of text that are always decoded, most of them equal; beyond that, bytes for each byte of the file.
const FREE_TEXT: u64 = 64 << 20;
const TEXT_PER_BYTE: u64 = 200;
/// The least and the most bytes of text decoded at a time, and the least cells.
const TEXT_AT_ONCE: (u64, u64) = (4 << 20, 256 << 20);
const CELLS_AT_ONCE: u64 = 1 << 18;
/// Rows decoded at a time, at most.
const BATCH: u64 = 1 << 16;

/// What a file may stand for, by its size, and what it claims.
#[derive(Debug)]
pub(crate) struct Claims {
    name: String,
    /// Rows of all row groups.
    rows: u64,
    /// Columns that are read, each part of a nested one for itself.
    columns: u64,
    /// Cells of the columns that are read.
    cells: u64,
    /// Bytes of the longest text that may come in many rows.
    longest: u64,
    /// Whether texts may be kept as what they share with the one before.
    has_prefixes: bool,
    /// Cells that are not missing, and bytes of text, decoded so far by all threads.
    read: AtomicU64,
    text: AtomicU64,
    size: u64,
}

/// The footer of a file.
///
/// # Errors
/// The reason why the file is damaged.
pub(crate) fn open<R: ChunkReader>(file: &R) -> Result<ArrowReaderMetadata, String> {
    footer::check(file)?;
    ArrowReaderMetadata::load(file, ArrowReaderOptions::new()).map_err(|error| error.to_string())
}

/// Checks the pages of the wanted columns.
///
/// # Errors
/// [`RunsError::BadParquet`]: a negative number of rows, pages outside the file or over each other, headers that are none,
/// more values than rows, a dictionary of more values than its bytes can hold. [`RunsError::TooLarge`]: more bytes in pages
/// than a file of this size stands for.
pub(crate) fn check<R: ChunkReader + 'static>(
    file: &Arc<R>,
    metadata: &ParquetMetaData,
    wanted: &ProjectionMask,
    name: &str,
) -> Result<Claims, RunsError> {
    let size = file.len();
    let damaged = |reason: String| RunsError::BadParquet { file: name.to_owned(), reason };
    let is_wanted = |column: &usize| wanted.leaf_included(*column);
    let columns = (0..metadata.file_metadata().schema_descr().num_columns()).filter(is_wanted).count() as u64;
    let mut claims = Claims {
        name: name.to_owned(),
        rows: 0,
        columns,
        cells: 0,
        longest: 0,
        has_prefixes: false,
        read: AtomicU64::new(0),
        text: AtomicU64::new(0),
        size,
    };
    for group in metadata.row_groups() {
        let rows = u64::try_from(group.num_rows())
            .map_err(|_| damaged(format!("a row group claims {} rows", group.num_rows())))?;
        claims.rows = claims.rows.saturating_add(rows);
    }
    let (mut compressed, mut uncompressed) = (0_u64, 0_u64);
    for group in metadata.row_groups() {
        let rows = group.num_rows().unsigned_abs();
        for (_, column) in group.columns().iter().enumerate().filter(|(nth, _)| is_wanted(nth)) {
            let range = pages::range(column, size).map_err(damaged)?;
            compressed += range.1 - range.0;
            if compressed > size {
                return Err(damaged("pages of columns lie over each other".to_owned()));
            }
            let limit = claims.cells_allowed().saturating_mul(BYTES_PER_CELL);
            let found = chunk(file.as_ref(), column, range, rows, limit).map_err(damaged)?;
            uncompressed = uncompressed.saturating_add(found.bytes);
            if uncompressed > limit {
                return Err(claims.too_large(limit, "bytes of pages for a file of this size"));
            }
            let longest = claims.longest_text(file, column, rows, &found).map_err(damaged)?;
            claims.longest = claims.longest.max(longest);
            claims.has_prefixes |= found.prefixes > 0;
            claims.cells = claims.cells.saturating_add(found.cells);
        }
    }
    Ok(claims)
}

impl Claims {
    /// Rows of all row groups.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    fn cells_allowed(&self) -> u64 {
        FREE_CELLS + CELLS_PER_BYTE.saturating_mul(self.size.saturating_sub(FREE_BYTES))
    }

    fn text_at_once(&self) -> u64 {
        self.size.saturating_mul(10).clamp(TEXT_AT_ONCE.0, TEXT_AT_ONCE.1)
    }

    fn too_large(&self, limit: u64, what: &'static str) -> RunsError {
        let place = Place { file: self.name.clone(), number: 1, is_line: false };
        RunsError::TooLarge { place, limit: usize::try_from(limit).unwrap_or(usize::MAX), what }
    }

    /// Whether a table may have that many cells.
    ///
    /// # Errors
    /// [`RunsError::TooLarge`] if not.
    pub(crate) fn as_table(&self) -> Result<(), RunsError> {
        self.at_most(self.cells_allowed())
    }

    /// Whether the columns of runs, in which most cells may be missing, may have that many cells.
    ///
    /// # Errors
    /// [`RunsError::TooLarge`] if not.
    pub(crate) fn as_runs(&self) -> Result<(), RunsError> {
        self.at_most(self.cells_allowed().saturating_mul(SPARSE))
    }

    fn at_most(&self, limit: u64) -> Result<(), RunsError> {
        match self.cells.max(self.rows) > limit {
            true => Err(self.too_large(limit, "cells for a file of this size")),
            false => Ok(()),
        }
    }

    /// Rows to decode at a time, so that what is decoded at once is in proportion to the file.
    pub(crate) fn batch(&self) -> usize {
        let cells = CELLS_AT_ONCE.max(self.size / CELL);
        // Columns are decoded at the same time.
        let threads = self.columns.clamp(1, rayon::current_num_threads() as u64);
        let rows = (cells / self.columns.max(1)).min(self.text_at_once() / threads / self.longest.max(1));
        usize::try_from(rows.clamp(1, BATCH)).unwrap_or(1)
    }

    /// Counts what was decoded.
    ///
    /// # Errors
    /// [`RunsError::TooLarge`]: more texts or cells that are not missing than a file of this size stands for.
    pub(crate) fn count(&self, batch: &RecordBatch) -> Result<(), RunsError> {
        let (mut cells, mut text) = (0, 0);
        batch.columns().iter().for_each(|array| self.count_array(array.as_ref(), &mut cells, &mut text));
        let cells = self.read.fetch_add(cells, Relaxed).saturating_add(cells);
        let text = self.text.fetch_add(text, Relaxed).saturating_add(text);
        // Texts that share their beginnings may all differ; others are as long as the pages, or repeat a dictionary.
        let free = if self.has_prefixes { TEXT_AT_ONCE.0 } else { FREE_TEXT };
        let limit = free + TEXT_PER_BYTE.saturating_mul(self.size.saturating_sub(FREE_BYTES));
        if text > limit {
            return Err(self.too_large(limit, "bytes of text for a file of this size"));
        }
        match cells > self.cells_allowed() {
            true => Err(self.too_large(self.cells_allowed(), "cells for a file of this size")),
            false => Ok(()),
        }
    }

    fn count_array(&self, array: &dyn Array, cells: &mut u64, text: &mut u64) {
        if let Some(group) = array.as_struct_opt() {
            return group.columns().iter().for_each(|child| self.count_array(child.as_ref(), cells, text));
        }
        *cells += (array.len() - array.null_count()) as u64;
        *text += match array.data_type() {
            DataType::Utf8 => array.as_string::<i32>().values().len(),
            DataType::LargeUtf8 => array.as_string::<i64>().values().len(),
            DataType::Utf8View => array.as_string_view().total_buffer_bytes_used(),
            DataType::Dictionary(..) if self.has_prefixes => array.get_array_memory_size(),
            _ => 0,
        } as u64;
    }

    /// Bytes of the longest text of a column that may come in many rows, as far as that matters; and whether the lengths
    /// of its texts are what they claim.
    fn longest_text<R: ChunkReader + 'static>(
        &self,
        file: &Arc<R>,
        column: &ColumnChunkMetaData,
        rows: u64,
        found: &Chunk,
    ) -> Result<u64, String> {
        if column.column_type() != Type::BYTE_ARRAY {
            return Ok(0);
        }
        let is_long =
            found.dictionary.unwrap_or(0).saturating_mul(self.rows.min(BATCH)) > self.text_at_once();
        if !is_long && !found.has_lengths {
            return Ok(0);
        }
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        Ok(unpack::longest(file, column, rows, found.has_lengths)?.max(found.prefixes))
    }
}

/// What the pages of a column of a row group claim.
#[derive(Debug, Default)]
struct Chunk {
    /// Bytes of all pages.
    bytes: u64,
    /// Bytes of the dictionary.
    dictionary: Option<u64>,
    /// Whether a page keeps texts behind their lengths.
    has_lengths: bool,
    /// Bytes of the largest page that keeps texts as what they share with the one before.
    prefixes: u64,
    /// Cells, with wide ones counted several times.
    cells: u64,
}

/// Walks the pages of a column of a row group; `limit` is what all pages together may claim.
fn chunk<R: ChunkReader>(
    file: &R,
    column: &ColumnChunkMetaData,
    range: (u64, u64),
    rows: u64,
    limit: u64,
) -> Result<Chunk, String> {
    let name = column.column_path().string();
    let (bits, codec) = (bits(column), column.compression());
    let is_text = column.column_type() == Type::BYTE_ARRAY;
    let (mut found, mut values) = (Chunk::default(), 0_u64);
    pages::walk(file, &name, range, &mut |page: Page| {
        let is_packed = page.is_compressed && codec != Compression::UNCOMPRESSED;
        let bytes = if is_packed { page.uncompressed } else { page.compressed };
        found.bytes = found.bytes.saturating_add(bytes);
        match page.role {
            Role::Dictionary if page.values.saturating_mul(bits) > bytes.saturating_mul(8) => {
                return Err(format!("{name}: a dictionary of {bytes} bytes claims {} values", page.values));
            }
            Role::Dictionary if found.dictionary.is_some() => {
                return Err(format!("{name}: there are two dictionaries"));
            }
            Role::Dictionary => found.dictionary = Some(bytes),
            Role::Data => {
                values = values.saturating_add(page.values);
                found.has_lengths |= is_text && [delta::LENGTHS, delta::PREFIXES].contains(&page.encoding);
                if is_text && page.encoding == delta::PREFIXES {
                    found.prefixes = found.prefixes.max(bytes);
                }
            }
            Role::Other => {}
        }
        match codec {
            // Beyond the limit, the column is refused anyway.
            Compression::GZIP(_) if is_packed && found.bytes <= limit => {
                unpack::gzip(file, &name, &page, limit)
            }
            _ => Ok(()),
        }
    })?;
    // In a list, a row has several values.
    if values > rows && column.column_descr().max_rep_level() == 0 {
        return Err(format!("{name}: pages claim {values} values in {rows} rows"));
    }
    found.cells = values.max(rows).saturating_mul(bits.div_ceil(8 * CELL));
    Ok(found)
}

/// The least that a value takes in a dictionary; of texts, their length.
fn bits(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 32,
        Type::INT64 | Type::DOUBLE => 64,
        Type::INT96 => 96,
        Type::FIXED_LEN_BYTE_ARRAY => {
            8 * u64::from(column.column_descr().type_length().max(1).unsigned_abs())
        }
    }
}
