//! The rows of a table as runs: what sums over the past go through.

use crate::symbols::InputKind;

/// Rows of a table in the order of their runs, one run after the other.
///
/// ```
/// use isoflop_formula::Runs;
/// // Two runs whose rows are mixed; steps say which row of a run comes first.
/// let runs = Runs::new(&[0, 1, 0, 1], Some(&[2.0, 1.0, 1.0, 2.0]), |_| true);
/// assert_eq!(runs.order(), [2, 0, 1, 3]);
/// assert_eq!(runs.earlier(&[10.0, 20.0, 30.0, 40.0], 0), [30.0, 10.0, 20.0, 40.0]);
/// assert_eq!(runs.earlier(&[10.0, 20.0, 30.0, 40.0], 1), [30.0, 30.0, 20.0, 20.0]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Runs {
    /// Rows of the table that count, run by run.
    order: Vec<usize>,
    /// Number of each of them in its run, from 1.
    number: Vec<usize>,
    /// For each row of the table: how many rows of its run count up to it, and how many count before its run.
    reached: Vec<(usize, usize)>,
}

impl Runs {
    /// `run[i]` is the run of row `i` of the table. Rows of a run come in the order of `step`, and of the table where
    /// there is no step or two are equal. Rows that do not count are no part of any past: a row without a learning
    /// rate says nothing about the schedule.
    pub fn new(run: &[u32], step: Option<&[f64]>, counts: impl Fn(usize) -> bool) -> Runs {
        let mut rows: Vec<usize> = (0..run.len()).collect();
        let step = |row: usize| step.and_then(|s| s.get(row)).copied().unwrap_or(0.0);
        rows.sort_by(|&a, &b| run[a].cmp(&run[b]).then(step(a).total_cmp(&step(b))));
        let mut runs = Runs { order: Vec::new(), number: Vec::new(), reached: vec![(0, 0); run.len()] };
        let (mut first, mut last) = (0, None);
        for row in rows {
            if last != Some(run[row]) {
                (first, last) = (runs.order.len(), Some(run[row]));
            }
            if counts(row) {
                runs.order.push(row);
                runs.number.push(runs.order.len() - first);
            }
            runs.reached[row] = (runs.order.len() - first, first);
        }
        runs
    }

    /// The rows of the table that count, in the order of their runs.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// A column in the order of the runs, each value from `lag` rows before, or from the first row of the run where
    /// it has not so many.
    pub fn earlier(&self, column: &[f64], lag: u32) -> Vec<f64> {
        let back = |at: usize| at - (lag as usize).min(self.number[at] - 1);
        (0..self.order.len()).map(|at| column[self.order[back(at)]]).collect()
    }

    /// The rows of the run of `row` up to it that count, first one first.
    pub fn past(&self, row: usize) -> &[usize] {
        let (reached, first) = self.reached[row];
        &self.order[first..first + reached]
    }

    /// Values of an input that only runs can give, for these rows of the table: `None` for columns of the table and
    /// of texts. `column` gives a whole column of the table.
    pub fn input<'c>(
        &self,
        kind: &InputKind,
        rows: impl Iterator<Item = usize>,
        column: impl FnOnce(&str) -> Option<&'c [f64]>,
    ) -> Option<Vec<f64>> {
        match kind {
            InputKind::Column | InputKind::TextEquals { .. } => None,
            InputKind::Earlier { column: Some(name), lag } => Some(self.earlier(column(name)?, *lag)),
            InputKind::Earlier { column: None, lag } => {
                Some(self.number.iter().map(|&n| n.saturating_sub(*lag as usize).max(1) as f64).collect())
            }
            InputKind::Row => Some(rows.map(|row| self.reached[row].0 as f64).collect()),
            InputKind::Here => {
                let here = |(reached, first): (usize, usize)| (first + reached) as f64 - 1.0;
                Some(rows.map(|row| here(self.reached[row])).collect())
            }
        }
    }
}
