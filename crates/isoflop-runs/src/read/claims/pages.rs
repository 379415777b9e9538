//! The headers of the pages of a column of a Parquet file. The library makes room for what they claim.

use bytes::Bytes;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

use super::thrift::Shape::{Any, Bool, Integer, Struct};
use super::thrift::{Fault, Kind, Shape, Walk};

/// Bytes read for a header at first; statistics with long texts need more.
const WINDOW: u64 = 256;

const HEADER: Shape = Struct(&[
    (1, Integer),
    (2, Integer),
    (3, Integer),
    (4, Integer),
    (5, Struct(&[(1, Integer), (2, Integer), (3, Integer), (4, Integer), (5, Any)])),
    (6, Struct(&[])),
    (7, Struct(&[(1, Integer), (2, Integer), (3, Bool)])),
    (
        8,
        Struct(&[
            (1, Integer),
            (2, Integer),
            (3, Integer),
            (4, Integer),
            (5, Integer),
            (6, Integer),
            (7, Bool),
        ]),
    ),
]);

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Data,
    Dictionary,
    /// An index, which readers step over.
    Other,
}

/// What the header of a page claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) role: Role,
    /// Where its bytes start in the file.
    pub(super) at: u64,
    pub(super) compressed: u64,
    pub(super) uncompressed: u64,
    pub(super) values: u64,
    /// The number of the encoding of the values.
    pub(super) encoding: u32,
    /// Bytes before the values that are never compressed.
    pub(super) plain: u64,
    pub(super) is_compressed: bool,
}

/// Where the pages of a column are: their first byte, and the byte after the last.
///
/// # Errors
/// The reason why the file is damaged, if that is not within its `size` bytes.
pub(super) fn range(column: &ColumnChunkMetaData, size: u64) -> Result<(u64, u64), String> {
    let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
    let length = column.compressed_size();
    let range = u64::try_from(start).ok().zip(u64::try_from(length).ok());
    let range = range.and_then(|(start, length)| Some((start, start.checked_add(length)?)));
    range.filter(|(_, end)| *end <= size).ok_or_else(|| {
        let name = column.column_path().string();
        format!(
            "{name}: {length} bytes of pages from byte {start} on are not within the {size} bytes of the file"
        )
    })
}

/// Hands over the pages between two bytes of a file, one after the other.
///
/// # Errors
/// The reason why the file is damaged, with the name of the column: a header that is none, or a page that goes on beyond
/// the last byte; or what `visit` says.
pub(super) fn walk<R: ChunkReader>(
    file: &R,
    name: &str,
    (start, end): (u64, u64),
    visit: &mut dyn FnMut(Page) -> Result<(), String>,
) -> Result<(), String> {
    let mut at = start;
    while at < end {
        let (length, page) = header(file, at, end).map_err(|reason| format!("{name}: {reason}"))?;
        at += length;
        if page.compressed > end - at {
            let (bytes, left) = (page.compressed, end - at);
            return Err(format!("{name}: a page claims {bytes} bytes where its column has {left} left"));
        }
        visit(Page { at, ..page })?;
        at += page.compressed;
    }
    Ok(())
}

/// The header that starts at a byte, and its length.
fn header<R: ChunkReader>(file: &R, at: u64, end: u64) -> Result<(u64, Page), String> {
    let mut window = WINDOW;
    loop {
        let length = window.min(end - at);
        let bytes: Bytes = file.get_bytes(at, length as usize).map_err(|error| error.to_string())?;
        match parse(&bytes) {
            Ok((length, page)) => return Ok((length as u64, page)),
            Err(Fault::CutOff) if length < end - at => window = window.saturating_mul(8),
            Err(fault) => return Err(fault.of("header of a page")),
        }
    }
}

/// The header at the start of the bytes, and its length.
pub(super) fn parse(bytes: &[u8]) -> Result<(usize, Page), Fault> {
    let mut walk = Walk::new(bytes);
    walk.expect(Kind::Struct, &HEADER)?;
    let length = walk.at();
    let mut walk = Walk::new(bytes);
    let mut page = Page {
        role: Role::Other,
        at: 0,
        compressed: 0,
        uncompressed: 0,
        values: 0,
        encoding: 0,
        plain: 0,
        is_compressed: true,
    };
    let (mut last, mut details_of) = (0, None);
    while let Some((id, kind)) = walk.field(last)? {
        in_order(&walk, last, id)?;
        match id {
            1 => {
                page.role = match number(&mut walk)? {
                    0 | 3 => Role::Data,
                    2 => Role::Dictionary,
                    _ => Role::Other,
                }
            }
            2 => page.uncompressed = number(&mut walk)?.into(),
            3 => page.compressed = number(&mut walk)?.into(),
            5 | 7 | 8 if details_of.replace(id).is_some() => {
                return Err(walk.wrong("a page of two kinds"));
            }
            5 | 7 | 8 => details(&mut walk, id == 8, &mut page)?,
            _ => walk.skip(kind)?,
        }
        last = id;
    }
    Ok((length, page))
}

/// The part of a header that a kind of page has.
fn details(walk: &mut Walk<'_>, is_second: bool, page: &mut Page) -> Result<(), Fault> {
    let mut last = 0;
    while let Some((id, kind)) = walk.field(last)? {
        in_order(walk, last, id)?;
        match (is_second, id, kind) {
            (_, 1, _) => page.values = number(walk)?.into(),
            (false, 2, _) | (true, 4, _) => page.encoding = number(walk)?,
            (true, 5 | 6, _) => page.plain += u64::from(number(walk)?),
            (true, 7, Kind::Bool(value)) => page.is_compressed = value,
            _ => walk.skip(kind)?,
        }
        last = id;
    }
    Ok(())
}

/// Fields come once and in order, as all writers have them: of two with one number, readers may take either.
fn in_order(walk: &Walk<'_>, last: i16, id: i16) -> Result<(), Fault> {
    if id > last { Ok(()) } else { Err(walk.wrong("fields out of order")) }
}

/// A size or a number of an enumeration; the library reads 32 bits of it.
fn number(walk: &mut Walk<'_>) -> Result<u32, Fault> {
    let value = i32::try_from(walk.integer()?).ok().and_then(|value| u32::try_from(value).ok());
    value.ok_or_else(|| walk.wrong("a size below zero or above 31 bits"))
}
