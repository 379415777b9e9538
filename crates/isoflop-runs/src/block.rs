//! A block of rows of text on their way into the columns, which take their cells at the same time.

/// Bytes from which on a block is handed over.
const FULL: usize = if cfg!(test) { 1 << 10 } else { 1 << 20 };
/// Cells from which on it is worth waking other threads.
const LARGE: usize = 1 << 13;

/// Cells of whole rows, end to end with a line end after each: bytes that are no UTF-8 in one cell cannot become a
/// character with those of the next.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    /// The text of `bytes`, once it was looked at.
    text: String,
    /// Where each cell ends, row after row.
    ends: Vec<usize>,
    /// The line of each row.
    lines: Vec<u64>,
    /// Cells of a row.
    width: usize,
}

impl Block {
    /// An empty block for rows of this many cells.
    pub(crate) fn new(width: usize) -> Self {
        Self { width, ..Self::default() }
    }

    /// Adds a row, which must have the right number of cells.
    pub(crate) fn push<'a>(&mut self, line: u64, cells: impl Iterator<Item = &'a [u8]>) {
        for cell in cells {
            self.bytes.extend_from_slice(cell);
            self.ends.push(self.bytes.len());
            self.bytes.push(b'\n');
        }
        self.lines.push(line);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    /// Whether its cells are enough for several threads.
    pub(crate) fn is_large(&self) -> bool {
        self.ends.len() >= LARGE
    }

    /// Takes the bytes for text; else line and column of the first cell that is none.
    pub(crate) fn close(&mut self) -> Result<(), (u64, usize)> {
        match String::from_utf8(std::mem::take(&mut self.bytes)) {
            Ok(text) => {
                self.text = text;
                Ok(())
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let cell = self.ends.partition_point(|&end| end < at);
                let width = self.width.max(1);
                Err((self.lines.get(cell / width).copied().unwrap_or(0), cell % width))
            }
        }
    }

    /// The cells of a column, from the first row on; the block must be closed.
    pub(crate) fn column(&self, nth: usize) -> impl Iterator<Item = &str> {
        (0..self.lines.len()).map(move |row| {
            let cell = row * self.width + nth;
            let start = cell.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| end + 1);
            let end = self.ends.get(cell).copied().unwrap_or(start);
            self.text.get(start..end).unwrap_or_default()
        })
    }

    /// First line and number of rows of each stretch of rows that stand line under line.
    pub(crate) fn stretches(&self) -> impl Iterator<Item = (u64, usize)> {
        self.lines
            .chunk_by(|a, b| a + 1 == *b)
            .map(|lines| (lines.first().copied().unwrap_or(0), lines.len()))
    }

    /// Empties it for the next rows; memory is kept.
    pub(crate) fn clear(&mut self) {
        self.bytes = std::mem::take(&mut self.text).into_bytes();
        self.bytes.clear();
        self.ends.clear();
        self.lines.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_in_columns_and_bad_ones_are_found() {
        let mut block = Block::new(2);
        block.push(2, [&b"a"[..], b""].into_iter());
        block.push(3, [&b"b"[..], "é".as_bytes()].into_iter());
        block.push(7, [&b""[..], b"c"].into_iter());
        block.close().unwrap();
        assert_eq!(block.column(0).collect::<Vec<_>>(), ["a", "b", ""]);
        assert_eq!(block.column(1).collect::<Vec<_>>(), ["", "é", "c"]);
        assert_eq!(block.stretches().collect::<Vec<_>>(), [(2, 2), (7, 1)]);
        block.clear();
        // Two halves of one character are not a character.
        block.push(8, [&b"x"[..], b"y"].into_iter());
        block.push(9, [&b"\xc3"[..], b"\xa9"].into_iter());
        assert_eq!(block.close(), Err((9, 0)));
        let mut block = Block::new(2);
        block.push(4, [&b"1"[..], b"\xa9"].into_iter());
        assert_eq!(block.close(), Err((4, 1)));
    }
}
