//! The numbers of a fit: inputs, output, weights and groups, free of files and names of files.

use isoflop_formula::{Formula, InputKind, padded};

use crate::objective::Loss;

/// Rows to fit, column by column. All columns have the same length, but those that hold whole runs.
#[derive(Debug, Clone, Default)]
pub struct Data {
    /// Values of each input of the formula, in the order of its symbols; empty for an input that no row
    /// needs (the output's own place).
    pub inputs: Vec<Vec<f64>>,
    /// Which inputs are what sums over the past read, by position; see [`Data::past_of`].
    pub past: Vec<PastInput>,
    /// Observed output, in its own unit.
    pub output: Vec<f64>,
    /// Weight of each row, > 0; `None` is 1 everywhere.
    pub weights: Option<Vec<f64>>,
    /// Columns whose levels have parameters of their own.
    pub groups: Vec<Group>,
    /// Rows that are resampled together by the bootstrap; `None` resamples single rows.
    pub clusters: Option<Clusters>,
    /// Group column of each parameter of the formula, for grouped ones.
    pub group_of_param: Vec<Option<String>>,
    /// For the stacked rows of a law with several outputs, the family of each output that is a share or a count; empty if
    /// none is. Their weights are numbers of attempts.
    pub families: Vec<Option<Loss>>,
}

/// An input that a sum over the past reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PastInput {
    /// Its position among the inputs.
    pub input: usize,
    /// Whether it holds the rows of whole runs, and not one value per row of the data.
    pub whole: bool,
}

/// A column of levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Name of the column.
    pub column: String,
    /// Distinct values.
    pub levels: Vec<String>,
    /// Level of each row, by position in `levels`.
    pub codes: Vec<u32>,
}

/// Rows that belong together, such as the checkpoints of a run or all runs of a size.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// Name of the column that tells them apart.
    pub column: String,
    /// Cluster of each row, below `count`.
    pub codes: Vec<u32>,
    /// Number of clusters.
    pub count: usize,
}

impl Data {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.output.len()
    }

    /// [`Data::past`] for a formula.
    pub fn past_of(formula: &Formula) -> Vec<PastInput> {
        let kinds = formula.symbols.inputs.iter().map(|input| &input.kind).enumerate();
        kinds
            .filter(|(_, kind)| matches!(kind, InputKind::Earlier { .. } | InputKind::Row | InputKind::Here))
            .map(|(input, kind)| PastInput { input, whole: kind.is_earlier() })
            .collect()
    }

    /// Whether input `k` is a column of the rows that a fit sees, and not what a sum over the past reads.
    pub(crate) fn is_measured(&self, k: usize) -> bool {
        !self.past.iter().any(|past| past.input == k)
    }

    /// The group of column `name`.
    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|g| g.column == name)
    }

    /// Number of the 0/1 input that marks a level; these inputs come after those of the formula.
    pub(crate) fn indicator(&self, column: &str, level: usize) -> Option<u32> {
        let mut first = self.inputs.len();
        for group in &self.groups {
            if group.column == column {
                return Some((first + level) as u32);
            }
            first += group.levels.len();
        }
        None
    }

    /// Numbers of all indicator inputs.
    pub(crate) fn indicators(&self) -> std::ops::Range<u32> {
        let levels: usize = self.groups.iter().map(|g| g.levels.len()).sum();
        self.inputs.len() as u32..(self.inputs.len() + levels) as u32
    }

    /// All inputs with the indicators behind them, as the graph numbers them.
    pub(crate) fn all_inputs(&self) -> Vec<std::borrow::Cow<'_, [f64]>> {
        let plain = self.inputs.iter().map(|v| std::borrow::Cow::Borrowed(v.as_slice()));
        let marks = self.groups.iter().flat_map(|g| {
            (0..g.levels.len() as u32)
                .map(|l| std::borrow::Cow::Owned(g.codes.iter().map(|&c| f64::from(c == l)).collect()))
        });
        plain.chain(marks).collect()
    }

    /// Whether input `k` is positive on every row.
    pub(crate) fn is_positive(&self, k: usize) -> bool {
        self.inputs.get(k).is_some_and(|v| !v.is_empty() && v.iter().all(|&x| x > 0.0))
    }

    /// The centre of each input: the geometric mean where all values are positive, else the mean.
    pub(crate) fn centre(&self) -> Vec<f64> {
        let mean =
            |v: &[f64], f: fn(f64) -> f64| v.iter().map(|&x| f(x)).sum::<f64>() / v.len().max(1) as f64;
        (0..self.inputs.len())
            .map(|k| match &self.inputs[k] {
                v if v.is_empty() => 1.0,
                v if self.is_positive(k) => mean(v, f64::ln).exp(),
                v => mean(v, |x| x),
            })
            .collect()
    }

    /// The rows at `rows`, in that order, without clusters; what sums over the past read stays whole.
    pub fn subset(&self, rows: &[usize]) -> Data {
        let pick =
            |v: &Vec<f64>| if v.is_empty() { Vec::new() } else { rows.iter().map(|&r| v[r]).collect() };
        let is_whole = |k: usize| self.past.iter().any(|past| past.input == k && past.whole);
        let inputs = self.inputs.iter().enumerate();
        Data {
            inputs: inputs.map(|(k, v)| if is_whole(k) { v.clone() } else { pick(v) }).collect(),
            past: self.past.clone(),
            output: pick(&self.output),
            weights: self.weights.as_ref().map(pick),
            groups: self
                .groups
                .iter()
                .map(|g| Group { codes: rows.iter().map(|&r| g.codes[r]).collect(), ..g.clone() })
                .collect(),
            clusters: None,
            group_of_param: self.group_of_param.clone(),
            families: self.families.clone(),
        }
    }

    /// Weights padded with zeros to whole vectors.
    pub(crate) fn padded_weights(&self) -> Vec<f64> {
        let mut weights = self.weights.clone().unwrap_or_else(|| vec![1.0; self.rows()]);
        weights.resize(padded(self.rows()), 0.0);
        weights
    }
}
