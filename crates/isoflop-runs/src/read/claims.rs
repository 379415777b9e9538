//! What a Parquet file claims to hold, checked before its library makes room for it: the library believes these numbers.

use std::sync::Arc;

use parquet::basic::Type;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

/// The rows of all row groups.
///
/// # Errors
/// The reason why the file is damaged: a negative number of rows (a decoder takes it for a huge one and never comes to an
/// end), or a dictionary of more values than its bytes can hold (room is made for all of them).
pub(crate) fn rows<R: ChunkReader + 'static>(
    file: &Arc<R>,
    metadata: &ParquetMetaData,
) -> Result<u64, String> {
    let mut rows = 0_u64;
    for group in metadata.row_groups() {
        let Ok(claimed) = usize::try_from(group.num_rows()) else {
            return Err(format!("a row group claims {} rows", group.num_rows()));
        };
        rows = rows.saturating_add(claimed as u64);
        for column in group.columns() {
            dictionaries(file, column, claimed)?;
        }
    }
    Ok(rows)
}

/// Looks at the headers of the pages of a column; only dictionaries are unpacked.
fn dictionaries<R: ChunkReader + 'static>(
    file: &Arc<R>,
    column: &ColumnChunkMetaData,
    rows: usize,
) -> Result<(), String> {
    let said = |error: parquet::errors::ParquetError| error.to_string();
    let mut pages = SerializedPageReader::new(Arc::clone(file), column, rows, None).map_err(said)?;
    while let Some(next) = pages.peek_next_page().map_err(said)? {
        if !next.is_dict {
            pages.skip_next_page().map_err(said)?;
            continue;
        }
        if let Some(Page::DictionaryPage { buf, num_values, .. }) = pages.get_next_page().map_err(said)? {
            let bits = u64::from(num_values).saturating_mul(bits(column));
            if bits > buf.len() as u64 * 8 {
                let (name, bytes) = (column.column_path().string(), buf.len());
                return Err(format!("{name}: a dictionary of {bytes} bytes claims {num_values} values"));
            }
        }
    }
    Ok(())
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
