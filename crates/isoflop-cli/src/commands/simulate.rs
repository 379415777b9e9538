//! `isoflop simulate`.

use isoflop_fit::simulate_output_at;
use isoflop_formula::{InputKind, parse_number};
use isoflop_plan::Model;
use isoflop_study::{Listener, StudyError, assignment, holding, model};

use crate::args::SimulateArgs;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::output::number::counted;
use crate::save::Target;

/// Tokens per parameter at the two ends of an isoFLOP slice.
const SLICE: (f64, f64) = (5.0, 80.0);
/// More rows than this are a slip of the pen.
const MOST_ROWS: usize = 10_000_000;

/// Columns with their names.
type Table = Vec<(String, Vec<f64>)>;

/// Makes the design, and runs it on the law.
pub(crate) fn run(args: &SimulateArgs, messages: &Messages) -> Result<u8, Failure> {
    let model = model(&args.law, args.folder.as_deref(), messages)?;
    let example = "NAME=TEXT, such as --given family=llama";
    let texts =
        args.given.iter().map(|text| assignment("--given", text, example)).collect::<Result<Vec<_>, _>>()?;
    if let Some((name, _)) = texts.iter().find(|(name, _)| !model.texts().contains(name)) {
        let text = args.given.join(",");
        return Err(StudyError::UnknownInput { text, name: name.clone(), inputs: model.texts() }.into());
    }
    let model = model.at(&texts)?;
    let names = inputs(&model)?;
    let mut table = match own_design(args, &names, messages)? {
        Some(table) => table,
        None if args.budgets.is_empty() => grid(args, &names)?,
        None => slices(args, &model, &names)?,
    };
    for (_, column) in &mut table {
        *column = column.iter().flat_map(|&x| std::iter::repeat_n(x, args.repeats)).collect();
    }
    let target = args.output.as_deref().map(Target::check).transpose()?;
    let outputs = simulated(args, &model, &table)?;
    table.extend(outputs);
    let rows = table.first().map_or(0, |(_, column)| column.len());
    let heads =
        texts.iter().map(|(name, _)| name.as_str()).chain(table.iter().map(|(name, _)| name.as_str()));
    let mut text = heads.collect::<Vec<_>>().join(",") + "\n";
    for row in 0..rows {
        let levels = texts.iter().map(|(_, level)| quoted(level));
        let cells: Vec<String> =
            levels.chain(table.iter().map(|(_, column)| column[row].to_string())).collect();
        text += &(cells.join(",") + "\n");
    }
    match target {
        Some(target) => target.write(&text)?,
        None => output::print(&text)?,
    }
    messages.info(&format!("{} of {}, noise {}", counted(rows, "run"), model.name, args.noise));
    Ok(0)
}

/// Names of the inputs, all of them numbers.
fn inputs(model: &Model) -> Result<Vec<String>, CliError> {
    let refuse = |reason: String| CliError::NotSimulated { law: model.name.clone(), reason };
    let output = model.formula.output.as_ref().map(|left| left.name.as_str());
    let mut names = Vec::new();
    for input in &model.formula.symbols.inputs {
        match &input.kind {
            // Decided by --given.
            InputKind::TextEquals { .. } => {}
            InputKind::Column if Some(input.name.as_str()) != output => names.push(input.name.clone()),
            InputKind::Column => {}
            InputKind::Earlier { .. } | InputKind::Row | InputKind::Here => {
                return Err(refuse("it looks back over a run".to_owned()));
            }
        }
    }
    Ok(names)
}

/// A cell of a CSV.
fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// The design of a law of the catalogue, where no other is asked for and it reads numbers alone.
fn own_design(args: &SimulateArgs, names: &[String], messages: &Messages) -> Result<Option<Table>, Failure> {
    let id = args.law.split([':', '@']).next().unwrap_or(&args.law);
    if !args.design.is_empty() || !args.budgets.is_empty() {
        return Ok(None);
    }
    let catalogue = holding(id, args.folder.as_deref(), messages)?;
    let Some(design) = catalogue.find(id).ok().and_then(|law| law.design.as_ref()) else { return Ok(None) };
    let made = design.table();
    let column = |name: &String| made.numbers.iter().find(|(known, _)| known == name).cloned();
    let table: Option<Table> = names.iter().map(column).collect();
    let table = table.filter(|_| made.texts.is_empty());
    if table.is_some() {
        messages.info(&format!("the design of {id}; another by --design or --budgets"));
    }
    Ok(table)
}

/// Every combination of the levels.
fn grid(args: &SimulateArgs, names: &[String]) -> Result<Table, Failure> {
    let mut levels: Vec<(String, Vec<f64>)> = Vec::new();
    for text in &args.design {
        let (name, values) = level(text)?;
        if !names.contains(&name) {
            let inputs = names.to_vec();
            return Err(StudyError::UnknownInput { text: text.clone(), name, inputs }.into());
        }
        if levels.iter().any(|(known, _)| *known == name) {
            return Err(StudyError::GivenTwice { text: args.design.join(","), name }.into());
        }
        levels.push((name, values));
    }
    if let Some(name) = names.iter().find(|name| !levels.iter().any(|(known, _)| known == *name)) {
        return Err(CliError::NoLevels { name: name.clone() }.into());
    }
    let rows = levels.iter().try_fold(args.repeats, |rows, (_, list)| rows.checked_mul(list.len()));
    let Some(rows) = rows.filter(|rows| *rows <= MOST_ROWS).map(|rows| rows / args.repeats) else {
        let reason = format!("the design has more than {MOST_ROWS} rows");
        return Err(CliError::NotSimulated { law: args.law.clone(), reason }.into());
    };
    let mut repeat = rows;
    let mut table = Table::new();
    for (name, list) in levels {
        repeat /= list.len();
        table.push((name, (0..rows).map(|row| list[row / repeat % list.len()]).collect()));
    }
    Ok(table)
}

/// `N=10M..1B:6` or `U=1B`.
fn level(text: &str) -> Result<(String, Vec<f64>), StudyError> {
    let example = "NAME=LOW..HIGH:STEPS or NAME=NUMBER, such as N=10M..1B:6";
    let bad = || StudyError::BadAssignment { option: "--design", text: text.to_owned(), example };
    let (name, levels) = assignment("--design", text, example)?;
    let number = |text: &str| parse_number(text.trim()).filter(|x| x.is_finite()).ok_or_else(bad);
    let Some((low, rest)) = levels.split_once("..") else { return Ok((name, vec![number(&levels)?])) };
    let (high, steps) = rest.split_once(':').ok_or_else(bad)?;
    let (low, high) = (number(low)?, number(high)?);
    let steps: usize =
        steps.trim().parse().ok().filter(|steps| (2..=100_000).contains(steps)).ok_or_else(bad)?;
    if low <= 0.0 || high <= low {
        return Err(bad());
    }
    Ok((name, geometric(low, high, steps)))
}

fn geometric(low: f64, high: f64, steps: usize) -> Vec<f64> {
    let part = |k: usize| k as f64 / (steps - 1).max(1) as f64;
    (0..steps).map(|k| (low * (high / low).powf(part(k))).round()).collect()
}

/// Slices of equal compute.
fn slices(args: &SimulateArgs, model: &Model, names: &[String]) -> Result<Table, CliError> {
    if names.len() != 2 || !names.iter().any(|n| n == "N") || !names.iter().any(|n| n == "D") {
        return Err(CliError::NoBudgets { law: model.name.clone(), inputs: names.to_vec() });
    }
    let mut table: Table = ["C", "N", "D"].map(|name| (name.to_owned(), Vec::new())).into();
    for &budget in &args.budgets {
        let at = |ratio: f64| (budget / (6.0 * ratio)).sqrt();
        for size in geometric(at(SLICE.1), at(SLICE.0), args.sizes) {
            for ((_, column), value) in table.iter_mut().zip([budget, size, budget / (6.0 * size)]) {
                column.push(value);
            }
        }
    }
    Ok(table)
}

/// The outputs of the law at every row.
fn simulated(args: &SimulateArgs, model: &Model, table: &Table) -> Result<Table, CliError> {
    let formula = &model.formula;
    let refuse = |reason: String| CliError::NotSimulated { law: model.name.clone(), reason };
    let mut params = Vec::new();
    for param in &formula.symbols.params {
        let family = param.name.split('[').next().unwrap_or(&param.name);
        let value = |name: &str| model.values.iter().find(|(known, _)| known == name).map(|(_, x)| *x);
        let value = value(&param.name).or_else(|| value(family)).or(param.fixed);
        params.push(value.ok_or_else(|| refuse(format!("{} has no value", param.name)))?);
    }
    let column = |name: &str| table.iter().find(|(known, _)| known == name).map(|(_, c)| c.clone());
    let columns: Vec<Vec<f64>> =
        formula.symbols.inputs.iter().map(|input| column(&input.name).unwrap_or_default()).collect();
    let mut outputs = Table::new();
    for (k, name) in formula.outputs().into_iter().enumerate() {
        let values = simulate_output_at(formula, k, &params, &columns, args.noise, args.seed);
        if let Some(row) = values.iter().position(|y| !y.is_finite()) {
            let at: Vec<String> = table.iter().map(|(name, c)| format!("{name}={:e}", c[row])).collect();
            return Err(refuse(format!("it has no value at {}", at.join(","))));
        }
        outputs.push((name.to_owned(), values));
    }
    Ok(outputs)
}
