//! Aligned columns.

use anstyle::Style;

use crate::output::style::paint;

/// A cell: text without colour codes, and its style.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

/// Which side of a column is straight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells; the rows may differ in length.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<Cell>>,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell { text: text.into(), style: Style::new() }
    }
}

/// A cell in a style.
pub(crate) fn styled(style: Style, text: impl Into<String>) -> Cell {
    Cell { text: text.into(), style }
}

impl Table {
    /// An empty table; columns beyond `align` are aligned to the right.
    pub(crate) fn new(align: impl Into<Vec<Align>>) -> Table {
        Table { align: align.into(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Lines with `indent` blanks in front and two blanks between columns.
    pub(crate) fn render(&self, indent: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |k: usize| self.rows.iter().filter_map(|row| row.get(k)).map(Cell::width).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for row in &self.rows {
            let mut line = " ".repeat(indent);
            let last = row.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |k| k + 1);
            for (k, (cell, width)) in row.iter().zip(&widths).take(last).enumerate() {
                let gap = " ".repeat(width - cell.width());
                let text = if cell.style == Style::new() {
                    cell.text.clone()
                } else {
                    paint(cell.style, &cell.text)
                };
                let between = if k == 0 { "" } else { "  " };
                line += &match self.align.get(k) {
                    Some(Align::Left) if k + 1 == last => format!("{between}{text}"),
                    Some(Align::Left) => format!("{between}{text}{gap}"),
                    _ => format!("{between}{gap}{text}"),
                };
            }
            // A cell may end in blanks that only line up its digits.
            out += line.trim_end();
            out.push('\n');
        }
        out
    }
}

impl Cell {
    /// Columns of a terminal; every character that is printed here takes one.
    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_at_their_last_word() {
        let mut table = Table::new([Align::Left]);
        table.row(["name".into(), "value".into(), "note".into()]);
        table.row([Cell::from("α"), "1.5".into(), "".into()]);
        assert_eq!(table.render(1), " name  value  note\n α       1.5\n");
    }
}
