//! What only the bytes of pages themselves tell, for the few pages that have to be unpacked for it.

use std::io::Read;
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;
use parquet::file::serialized_reader::SerializedPageReader;

use super::{delta, pages};

/// Bytes that one byte of gzip may stand for, and the bytes around them while a list of bytes grows.
const GZIP: u64 = 2 * 1032;

/// Checks the lengths of the texts of a column, if `has_lengths`, and finds the longest text of its dictionary.
///
/// # Errors
/// The reason why the pages are damaged.
pub(super) fn longest<R: ChunkReader + 'static>(
    file: &Arc<R>,
    column: &ColumnChunkMetaData,
    rows: usize,
    has_lengths: bool,
) -> Result<u64, String> {
    let said = |error: parquet::errors::ParquetError| error.to_string();
    let mut pages = SerializedPageReader::new(Arc::clone(file), column, rows, None).map_err(said)?;
    let mut longest = 0;
    while let Some(next) = pages.peek_next_page().map_err(said)? {
        if !next.is_dict && !has_lengths {
            pages.skip_next_page().map_err(said)?;
            continue;
        }
        match pages.get_next_page().map_err(said)? {
            Some(Page::DictionaryPage { buf, .. }) => longest = longest_of(&buf),
            Some(page) => lengths(&page, column)?,
            None => break,
        }
        // There is one dictionary.
        if !has_lengths {
            break;
        }
    }
    Ok(longest)
}

/// The longest of texts that lie one behind the other, each after its length.
fn longest_of(mut bytes: &[u8]) -> u64 {
    let mut longest = 0;
    while let Some((&length, rest)) = bytes.split_first_chunk() {
        let length = u32::from_le_bytes(length);
        longest = longest.max(length);
        bytes = rest.get(length as usize..).unwrap_or_default();
    }
    longest.into()
}

/// Checks the lengths of the texts of a page.
fn lengths(page: &Page, column: &ColumnChunkMetaData) -> Result<(), String> {
    let encoding = match page.encoding() {
        Encoding::DELTA_LENGTH_BYTE_ARRAY => delta::LENGTHS,
        Encoding::DELTA_BYTE_ARRAY => delta::PREFIXES,
        _ => return Ok(()),
    };
    let start = levels(page, column).ok_or("marks of missing cells that are longer than their page")?;
    let bytes = page.buffer().get(start..).ok_or("marks of missing cells that are longer than their page")?;
    delta::check(bytes, encoding, page.num_values().into())
}

/// Bytes of a page before its values: levels, which say which cells are missing and where lists start.
fn levels(page: &Page, column: &ColumnChunkMetaData) -> Option<usize> {
    let described = column.column_descr();
    match page {
        Page::DataPage { buf, num_values, def_level_encoding, rep_level_encoding, .. } => {
            let mut at = 0_usize;
            let levels = [
                (described.max_rep_level(), rep_level_encoding),
                (described.max_def_level(), def_level_encoding),
            ];
            for (most, encoding) in levels.into_iter().filter(|(most, _)| *most > 0) {
                let length = match encoding {
                    Encoding::RLE => 4 + u32::from_le_bytes(*buf.get(at..)?.first_chunk()?) as usize,
                    // Of old writers: as many bits as the highest level has, for each value.
                    _ => (u64::from(most.unsigned_abs().ilog2() + 1) * u64::from(*num_values)).div_ceil(8)
                        as usize,
                };
                at = at.checked_add(length)?;
            }
            Some(at)
        }
        Page::DataPageV2 { def_levels_byte_len, rep_levels_byte_len, .. } => {
            (*def_levels_byte_len as usize).checked_add(*rep_levels_byte_len as usize)
        }
        Page::DictionaryPage { .. } => None,
    }
}

/// Checks that a page of gzip, which the library unpacks to its end, is as long as it claims; without unpacking where it
/// cannot become longer than `limit`.
///
/// # Errors
/// The reason why the page is damaged, with the name of its column.
pub(super) fn gzip<R: ChunkReader>(
    file: &R,
    name: &str,
    page: &pages::Page,
    limit: u64,
) -> Result<(), String> {
    if page.compressed.saturating_mul(GZIP) <= limit {
        return Ok(());
    }
    let length = usize::try_from(page.compressed).unwrap_or(usize::MAX);
    let bytes = file.get_bytes(page.at, length).map_err(|error| error.to_string())?;
    let packed = usize::try_from(page.plain).ok().and_then(|plain| bytes.get(plain..)).unwrap_or_default();
    let claimed = page.uncompressed.saturating_sub(page.plain);
    let mut unpacked = MultiGzDecoder::new(packed).take(claimed + 1);
    // Damaged gzip is refused where it is read.
    let length = std::io::copy(&mut unpacked, &mut std::io::sink()).unwrap_or(0);
    match length > claimed {
        true => Err(format!("{name}: a page holds more than the {} bytes that it claims", page.uncompressed)),
        false => Ok(()),
    }
}
