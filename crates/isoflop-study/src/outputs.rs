//! A law with several outputs on a table: a row that lacks one of them still observes the others.

use isoflop_fit::{Clusters, Data, Group};
use isoflop_formula::Formula;
use isoflop_laws::Law;
use isoflop_runs::{Mapping, RunTable, joined_digest};

use crate::bind::{Bound, Wish, bind};
use crate::error::StudyError;

/// Binds every output by itself and puts their rows below each other. Rows of the table belong together where no other
/// column of clusters is asked for: the outputs of one run share its luck.
pub(crate) fn bind_outputs<'a>(
    formula: &Formula,
    table: &'a RunTable,
    mapping: &Mapping,
    wish: Wish<'_>,
) -> Result<Bound<'a>, StudyError> {
    let mut levels = wish.levels.to_vec();
    levels.extend(wish.cluster.map(str::to_owned));
    let (mut parts, mut datas) = (Vec::new(), Vec::new());
    for k in 0..formula.parts.len() {
        let wish = Wish { cluster: None, levels: &levels, ..wish };
        let mut bound = bind(&formula.part(k), table, mapping, wish)?;
        datas.push(std::mem::take(&mut bound.data));
        parts.push(bound);
    }
    let mut parts = parts.into_iter();
    let Some(mut all) = parts.next() else { return Err(StudyError::NoRows { reasons: Vec::new() }) };
    let mut digests = vec![all.digest.clone()];
    for part in parts {
        all.also.iter_mut().zip(&part.also).for_each(|(column, more)| column.extend(more));
        all.levels.iter_mut().zip(&part.levels).for_each(|(group, more)| group.append(more));
        digests.push(part.digest);
        all.further.push(part.selected);
    }
    all.digest = joined_digest(digests.iter().map(String::as_str));
    all.data = Data::stacked(datas);
    let rows: Vec<usize> = (0..all.data.rows()).map(|row| all.table_row(row)).collect();
    all.data.clusters = Some(match wish.cluster.and_then(|_| all.levels.pop()) {
        Some(group) => of_group(group),
        None => of_rows(&rows),
    });
    Ok(all)
}

fn of_group(group: Group) -> Clusters {
    Clusters { column: group.column, codes: group.codes, count: group.levels.len() }
}

/// One cluster for each row of the table.
fn of_rows(rows: &[usize]) -> Clusters {
    let mut known = rows.to_vec();
    known.sort_unstable();
    known.dedup();
    let codes = rows.iter().map(|row| known.partition_point(|other| other < row) as u32).collect();
    Clusters { column: "row".to_owned(), codes, count: known.len() }
}

impl Bound<'_> {
    /// Position in the table of a row of [`Bound::data`], both counted from 0.
    pub fn table_row(&self, mut row: usize) -> usize {
        for selected in std::iter::once(&self.selected).chain(&self.further) {
            if row < selected.rows() {
                return selected.table_row(row);
            }
            row -= selected.rows();
        }
        row
    }

    /// Rows of the table that are used for some output.
    pub fn used(&self) -> usize {
        if self.further.is_empty() {
            return self.selected.rows();
        }
        let mut rows: Vec<usize> = (0..self.data.rows()).map(|row| self.table_row(row)).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.len()
    }
}

/// Nothing for a law with one output.
///
/// # Errors
/// [`StudyError::SeveralOutputs`], with what cannot be done.
pub(crate) fn one_output(law: &Law, what: &'static str) -> Result<(), StudyError> {
    one_output_of(law.formula(), &law.id, what)
}

/// [`one_output`] of a formula.
pub(crate) fn one_output_of(formula: &Formula, law: &str, what: &'static str) -> Result<(), StudyError> {
    match formula.parts.len() {
        0 => Ok(()),
        _ => {
            let outputs = formula.outputs().join(", ");
            Err(StudyError::SeveralOutputs { law: law.to_owned(), outputs, what })
        }
    }
}
