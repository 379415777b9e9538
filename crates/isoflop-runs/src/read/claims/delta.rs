//! Texts that a Parquet file keeps by the differences of their lengths. The library makes room for as many lengths as
//! the page claims in its first bytes.

use super::thrift::{Fault, Walk};

/// Texts and their lengths, and texts as what they share with the one before.
pub(super) const LENGTHS: u32 = 6;
pub(super) const PREFIXES: u32 = 7;

/// Checks the lengths in front of the texts of a page of so many values.
///
/// # Errors
/// The reason why they are damaged: more lengths than values, or more than the bytes hold.
pub(super) fn check(bytes: &[u8], encoding: u32, values: u64) -> Result<(), String> {
    let fault = |fault: Fault| fault.of("lengths of texts");
    // Without a text there may be nothing at all.
    if bytes.is_empty() {
        return Ok(());
    }
    let end = numbers(bytes, values).map_err(fault)?;
    if encoding == PREFIXES {
        numbers(bytes.get(end..).unwrap_or_default(), values).map_err(fault)?;
    }
    Ok(())
}

/// Walks numbers kept as differences in blocks of small blocks, at most so many of them, and returns where they end.
fn numbers(bytes: &[u8], most: u64) -> Result<usize, Fault> {
    let mut walk = Walk::new(bytes);
    let (block, parts, count) = (walk.varint()?, walk.varint()?, walk.varint()?);
    walk.varint()?;
    if count > most {
        return Err(walk.wrong("there are more of them than values"));
    }
    if block == 0 || parts == 0 || !block.is_multiple_of(128) || !block.is_multiple_of(parts) {
        return Err(walk.wrong("blocks of a size that is none"));
    }
    let in_part = block / parts;
    let mut left = count.saturating_sub(1);
    while left > 0 {
        walk.varint()?;
        let mut length = 0_u64;
        for &width in walk.take(usize::try_from(parts).unwrap_or(usize::MAX))? {
            let bytes = u64::from(width).saturating_mul(in_part) / 8;
            // Parts after the last number have no bytes, whatever their width says.
            length = length.saturating_add(if left == 0 { 0 } else { bytes });
            left = left.saturating_sub(in_part);
        }
        // The last block may be cut short after the last number.
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(walk.at().saturating_add(length));
        }
        walk.take(length)?;
    }
    Ok(walk.at())
}
