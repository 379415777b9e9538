//! From a table and a law to the numbers of a fit.

use isoflop_fit::{Data, Group};
use isoflop_formula::Formula;
use isoflop_laws::Law;
use isoflop_runs::{Column, Need, RunsError, Selection};

use crate::error::ReproduceError;
use crate::steps::Work;

/// The law that a description names, over the columns of its table.
pub(crate) fn law_of(text: &str, work: &Work) -> Result<Law, ReproduceError> {
    let id = || work.id.clone();
    let broken = |diagnostics| ReproduceError::Formula { id: id(), text: text.to_owned(), diagnostics };
    let broken_law = |source| ReproduceError::Law { id: id(), source };
    if !text.contains('~') {
        let catalogue = isoflop_laws::Catalogue::containing(text).map_err(broken_law)?;
        let law = catalogue.find(text).map_err(|source| broken_law(source.into()))?;
        let names: Vec<&str> = work.table.names().collect();
        return law.over(names.into_iter()).map_err(broken);
    }
    let is_text = |column: &Column| matches!(column, Column::Text(_));
    let bound =
        work.mapping.bindings().iter().filter_map(|b| Some((b.name.as_str(), work.table.column(&b.column)?)));
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for (name, column) in bound.chain(work.table.columns()) {
        let names = if is_text(column) { &mut texts } else { &mut numbers };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Law::from_formula(text, &numbers, &texts).map_err(broken)
}

/// The columns that a formula reads, in the order of its symbols, and the weights.
pub(crate) struct Columns {
    pub(crate) inputs: Vec<Vec<f64>>,
    pub(crate) weights: Option<Vec<f64>>,
    /// Rows of the table.
    pub(crate) rows: Vec<usize>,
    groups: Vec<Group>,
}

/// Takes the rows in which every column that the formula reads has a number.
pub(crate) fn columns(
    formula: &Formula,
    work: &Work,
    weight: Option<&str>,
) -> Result<Columns, ReproduceError> {
    let symbols = &formula.symbols;
    let mut needs: Vec<Need> = symbols.inputs.iter().map(Need::of).collect();
    needs.extend(weight.map(Need::positive));
    let mut groups: Vec<String> = symbols.params.iter().filter_map(|p| p.group.clone()).collect();
    groups.sort();
    groups.dedup();
    let runs = |source: RunsError| work.runs(source);
    let selected = work.table.select(&work.mapping, &Selection { needs, groups }).map_err(runs)?;
    if selected.rows() == 0 {
        return Err(ReproduceError::NoRows { id: work.id.clone(), step: format!("fit {}", formula.text) });
    }
    let mut values: Vec<Vec<f64>> = selected.columns.iter().map(|column| column.values.to_vec()).collect();
    let weights = weight.and_then(|_| values.pop());
    let group = |g: &isoflop_runs::Grouping| Group {
        column: g.name.clone(),
        levels: g.levels.clone(),
        codes: g.codes.clone(),
    };
    let rows = (0..selected.rows()).map(|row| selected.table_row(row)).collect();
    Ok(Columns { inputs: values, weights, rows, groups: selected.groups.iter().map(group).collect() })
}

/// The same as the fitter takes it.
pub(crate) fn data(formula: &Formula, columns: Columns) -> Data {
    let output = formula.output.as_ref().map_or(0, |left| left.input as usize);
    let mut inputs = columns.inputs;
    let observed = inputs.get_mut(output).map(std::mem::take).unwrap_or_default();
    Data {
        inputs,
        past: Data::past_of(formula),
        output: observed,
        weights: columns.weights,
        groups: columns.groups,
        clusters: None,
        group_of_param: formula.symbols.params.iter().map(|p| p.group.clone()).collect(),
        families: Vec::new(),
    }
}
