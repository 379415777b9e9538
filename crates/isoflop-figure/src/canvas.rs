//! A canvas of braille dots, two by four in each character.

use crate::clip::{self, Place};

/// A character cell: dots, or a marker that hides them.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    dots: u8,
    marker: Option<char>,
    colour: Option<usize>,
}

/// Cells with dots and markers.
#[derive(Debug)]
pub(crate) struct Canvas {
    columns: usize,
    rows: usize,
    cells: Vec<Cell>,
}

impl Canvas {
    pub(crate) fn new(columns: usize, rows: usize) -> Canvas {
        Canvas { columns, rows, cells: vec![Cell::default(); columns * rows] }
    }

    /// Sets the dot at a place in the unit square.
    fn dot(&mut self, (x, y): Place, colour: usize) {
        // The braille block numbers its dots by columns, with the fourth row added later.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (width, height) = (self.columns * 2, self.rows * 4);
        let (column, row) = (nearest(x, width), nearest(1.0 - y, height));
        if let Some(cell) = self.cells.get_mut(row / 4 * self.columns + column / 2) {
            cell.dots |= BITS[row % 4][column % 2];
            cell.colour.get_or_insert(colour);
        }
    }

    /// A line of dots, each `every` steps; what lies outside is cut.
    pub(crate) fn line(&mut self, places: &[Place], every: usize, colour: usize) {
        let mut step = 0;
        for part in clip::line(places) {
            for pair in part.windows(2) {
                let (from, to) = (pair[0], pair[1]);
                let columns = (to.0 - from.0).abs() * (self.columns * 2) as f64;
                let rows = (to.1 - from.1).abs() * (self.rows * 4) as f64;
                let count = columns.max(rows).ceil().max(1.0);
                for k in 0..count as usize {
                    step += 1;
                    if step % every == 0 {
                        let t = k as f64 / count;
                        self.dot((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)), colour);
                    }
                }
            }
        }
    }

    /// A character at a place; it hides the dots there.
    pub(crate) fn mark(&mut self, place: Place, marker: char, colour: usize) {
        if clip::holds(place) {
            let (column, row) = (nearest(place.0, self.columns), nearest(1.0 - place.1, self.rows));
            if let Some(cell) = self.cells.get_mut(row * self.columns + column) {
                (cell.marker, cell.colour) = (Some(marker), Some(colour));
            }
        }
    }

    /// The characters of a row with their colours.
    pub(crate) fn row(&self, row: usize) -> impl Iterator<Item = (char, Option<usize>)> + '_ {
        let cells = self.cells.iter().skip(row * self.columns).take(self.columns);
        cells.map(|cell| {
            let dots = char::from_u32(0x2800 + u32::from(cell.dots)).filter(|_| cell.dots != 0);
            (cell.marker.or(dots).unwrap_or(' '), cell.colour)
        })
    }
}

fn nearest(share: f64, count: usize) -> usize {
    ((share * count as f64) as usize).min(count.saturating_sub(1))
}
