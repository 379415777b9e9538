//! From a run table and a law to the numbers of a fit.

use isoflop_fit::{Clusters, Data, Group, Objective};
use isoflop_formula::{Binary, Formula, InputKind, Node, Unary};
use isoflop_laws::Law;
use isoflop_runs::{
    Column, Grouping, Mapping, Need, Role, RunTable, RunsError, Selected, SelectedColumn, Selection,
};

use crate::error::StudyError;
use crate::outputs::bind_outputs;

/// What a request adds to a law.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The objective, which may need an output above 0.
    pub objective: Objective,
    /// Column of weights.
    pub weight: Option<&'a str>,
    /// Column of clusters.
    pub cluster: Option<&'a str>,
    /// Columns that the work on the fit reads although the law does not.
    pub also: &'a [Need],
    /// Columns of levels that it reads.
    pub levels: &'a [String],
}

/// The numbers of a fit, and what became of the rows.
#[derive(Debug)]
pub struct Bound<'a> {
    /// The columns of the law.
    pub data: Data,
    /// The rows taken and left out. Its columns have moved into `data`.
    pub selected: Selected<'a>,
    /// For a law with several outputs, the rows that observe the further ones.
    pub further: Vec<Selected<'a>>,
    /// SHA-256 over the columns used, as hexadecimal text.
    pub digest: String,
    /// The columns of [`Wish::also`].
    pub also: Vec<Vec<f64>>,
    /// The columns of [`Wish::levels`].
    pub levels: Vec<Group>,
}

/// A law from a formula, in which every name that is not a column becomes a parameter.
///
/// # Errors
/// A formula that does not compile.
pub fn law_of_formula(text: &str, table: &RunTable, mapping: &Mapping) -> Result<Law, StudyError> {
    let bound = |b: &isoflop_runs::Binding| (b.name.clone(), table.column(&b.column));
    let own = table.columns().map(|(name, column)| (name.to_owned(), Some(column)));
    // A role without a column must end in "no column for N", not in a parameter called N.
    let roles = Role::ALL.iter().map(|role| (role.name().to_owned(), None));
    let (mut numbers, mut texts): (Vec<String>, Vec<String>) = Default::default();
    for (name, column) in mapping.bindings().iter().map(bound).chain(own).chain(roles) {
        if numbers.contains(&name) || texts.contains(&name) {
            continue;
        }
        match column {
            Some(Column::Text(_)) => texts.push(name),
            _ => numbers.push(name),
        }
    }
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    Law::from_formula(text, &numbers, &texts)
        .map_err(|diagnostics| StudyError::in_formula("--law", text, diagnostics))
}

/// A law over the columns of the table: sets such as `mix_*` become the columns that are there.
///
/// # Errors
/// A formula that does not compile with these columns.
pub fn law_over(law: &Law, table: &RunTable) -> Result<Law, StudyError> {
    let names: Vec<&str> = table.names().collect();
    law.over(names.into_iter())
        .map_err(|diagnostics| StudyError::in_formula("--law", &law.formula().text, diagnostics))
}

/// Takes the columns that the law reads, and the rows that can be used.
///
/// Rows with an input or output that is missing or not finite, or an input that is not positive where a power
/// or a log needs it, are left out and counted. An output that is not positive under a log objective is an
/// error instead: it is rarely a failed run and mostly the wrong column or the wrong objective.
///
/// The data of a law with several outputs are those of [`Formula::stacked`].
///
/// # Errors
/// Columns that are not there, or no row that has them all; an output that the objective cannot take.
pub fn bind<'a>(
    formula: &Formula,
    table: &'a RunTable,
    mapping: &Mapping,
    wish: Wish<'_>,
) -> Result<Bound<'a>, StudyError> {
    if !formula.parts.is_empty() {
        return bind_outputs(formula, table, mapping, wish);
    }
    let output = formula.output.as_ref().map_or(0, |left| left.input as usize);
    let inputs = &formula.symbols.inputs;

    let mut needs = needs_of(formula);
    needs.extend(wish.weight.map(Need::positive));
    needs.extend(wish.also.iter().cloned());
    let grouped = distinct(formula.symbols.params.iter().filter_map(|p| p.group.as_deref()));
    let groups =
        distinct(grouped.iter().copied().chain(wish.cluster).chain(wish.levels.iter().map(String::as_str)))
            .into_iter()
            .map(str::to_owned)
            .collect();
    check_columns(formula, table, mapping)?;
    let mut selected = table.select(mapping, &Selection { needs, groups })?;
    if selected.rows() == 0 {
        let reasons = selected.dropped.iter().map(ToString::to_string).collect();
        return Err(StudyError::NoRows { reasons });
    }
    check_output(table, &selected, output, wish.objective)?;

    let digest = selected.digest();
    // Columns move into the data where they can: a table may have ten million rows.
    let mut columns =
        selected.columns.iter_mut().map(|column| std::mem::take(&mut column.values).into_owned());
    let mut values: Vec<Vec<f64>> = columns.by_ref().take(inputs.len()).collect();
    let weights = wish.weight.and_then(|_| columns.next());
    let also: Vec<Vec<f64>> = columns.collect();
    let observed = values.get_mut(output).map(std::mem::take).unwrap_or_default();
    let grouping = |name: &str| selected.groups.iter().find(|g| g.name == name);
    let group =
        |g: &Grouping| Group { column: g.name.clone(), levels: g.levels.clone(), codes: g.codes.clone() };
    let data = Data {
        inputs: values,
        past: Data::past_of(formula),
        output: observed,
        weights,
        groups: grouped.iter().filter_map(|name| grouping(name)).map(group).collect(),
        group_of_param: formula.symbols.params.iter().map(|p| p.group.clone()).collect(),
        clusters: wish.cluster.and_then(grouping).map(|g| Clusters {
            column: g.name.clone(),
            codes: g.codes.clone(),
            count: g.levels.len(),
        }),
        families: Vec::new(),
    };
    let levels = wish.levels.iter().filter_map(|name| grouping(name)).map(group).collect();
    Ok(Bound { data, selected, further: Vec::new(), digest, also, levels })
}

/// The columns that a formula reads, in the order of its inputs.
pub fn needs_of(formula: &Formula) -> Vec<Need> {
    let output = formula.output.as_ref().map_or(0, |left| left.input as usize);
    (0..formula.symbols.inputs.len()).map(|k| need(formula, k, k == output)).collect()
}

/// Names of a law such as x and y are nobody's columns: says which name is meant before anything else fails.
fn check_columns(formula: &Formula, table: &RunTable, mapping: &Mapping) -> Result<(), StudyError> {
    let in_tables = formula.symbols.inputs.iter().filter(|input| match &input.kind {
        InputKind::Column | InputKind::TextEquals { .. } => true,
        past => past.earlier().is_some(),
    });
    for input in in_tables {
        match mapping.resolve(table, &input.name) {
            Err(RunsError::MissingColumn { suggestion: None, known, .. }) => {
                return Err(StudyError::NoColumn { name: input.name.clone(), known });
            }
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
    }
    Ok(())
}

fn distinct<'n>(names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn need(formula: &Formula, input: usize, is_output: bool) -> Need {
    let symbol = &formula.symbols.inputs[input];
    match &symbol.kind {
        InputKind::TextEquals { column, value } => Need::text_equals(column, value),
        // Whether the output must be positive depends on the objective; see `check_output`.
        InputKind::Column if is_output => Need::finite(&symbol.name),
        InputKind::Column if must_be_positive(formula, input as u32) => Need::positive(&symbol.name),
        _ => Need::of(symbol),
    }
}

/// Whether an input is N, D or C, or stands under a log or a power that is not a plain integer.
fn must_be_positive(formula: &Formula, input: u32) -> bool {
    let name = &formula.symbols.inputs[input as usize].name;
    if Role::of(name).is_some() {
        return true;
    }
    let graph = &formula.graph;
    let mut rest = vec![formula.body];
    let mut seen = vec![false; graph.len()];
    while let Some(id) = rest.pop() {
        if std::mem::replace(&mut seen[id.index()], true) {
            continue;
        }
        let base = match graph.node(id) {
            Node::Binary(Binary::Pow, base, power) => {
                let is_integer = graph.value(power).is_some_and(|p| p.fract() == 0.0);
                (!is_integer).then_some(base)
            }
            Node::Unary(Unary::Log | Unary::Log2 | Unary::Log10, argument) => Some(argument),
            _ => None,
        };
        if base.is_some_and(|base| graph.node(base) == Node::Input(input)) {
            return true;
        }
        rest.extend(graph.arguments(id));
    }
    false
}

fn check_output(
    table: &RunTable,
    selected: &Selected<'_>,
    output: usize,
    objective: Objective,
) -> Result<(), StudyError> {
    let Some(SelectedColumn { name, column, values }) = selected.columns.get(output) else { return Ok(()) };
    let is_bad = |&value: &f64| value <= 0.0;
    let Some(first) = values.iter().position(|value| objective.log && is_bad(value)) else { return Ok(()) };
    Err(StudyError::OutputNotPositive {
        place: table.place(selected.table_row(first)).to_string(),
        name: name.clone(),
        column: column.clone(),
        value: values[first],
        objective: objective.name(),
        count: values.iter().filter(|value| is_bad(value)).count(),
        rows: values.len(),
    })
}
