//! What lies at paths, as text; a run that is followed also as JSON.

use isoflop_runs::{Column, Curve, Mapping, Role, RunSummary, Surveyed};
use isoflop_study::evidence;
use serde_json::{Value, json};

use crate::output::number::{counted, significant, size};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};
use crate::output::{SCHEMA_VERSION, number};

/// Metrics, columns and runs that are listed without `--all`.
const LISTED: usize = 20;

/// What was found, with the columns that stand for N, D, C and loss.
pub(crate) struct Shown<'a> {
    pub(crate) found: &'a Surveyed,
    pub(crate) mapping: Mapping,
}

/// All that was found, one part for each tool at each path.
pub(crate) fn text(shown: &[Shown<'_>], all: bool) -> String {
    let parts: Vec<String> = shown.iter().map(|shown| shown.text(all)).collect();
    parts.join("\n")
}

impl Shown<'_> {
    fn text(&self, all: bool) -> String {
        let found = self.found;
        let mut out = paint(style::BOLD, &self.heading()) + "\n";
        if found.table.rows() > 0 {
            out += &self.roles();
        }
        let mut tables: Vec<(&str, Table, usize)> = Vec::new();
        match found.tool {
            Some(_) if found.runs.is_empty() => {}
            Some(_) => {
                tables.push(("metrics", self.metrics(all), found.metrics.len()));
                tables.push(("runs", self.runs(all), found.runs.len()));
            }
            None => tables.push(("columns", self.columns(all), found.table.names().count())),
        }
        for (what, table, count) in tables {
            out += &format!("\n{}\n{}", paint(style::BOLD, what), table.render(2));
            if count > LISTED && !all {
                out += &paint(style::DIM, &format!("  and {} more; --all lists them\n", count - LISTED));
            }
        }
        let notes = found.notes().iter().filter(|note| note.is_warning()).map(ToString::to_string);
        let doubts = self.mapping.scale_doubts(&found.table);
        let problems = found.problems.iter().map(ToString::to_string);
        let lines: Vec<String> =
            problems.chain(notes).chain(doubts.iter().map(ToString::to_string)).collect();
        if !lines.is_empty() {
            out += &format!("\n{}\n", paint(style::BOLD, "to look at"));
            for line in lines {
                out += &format!("  {} {line}\n", paint(style::WARN, "!"));
            }
        }
        out
    }

    fn heading(&self) -> String {
        let found = self.found;
        match found.tool {
            Some(tool) => {
                let runs = counted(found.runs.len(), "run");
                format!("{}: {runs} of {} (--from {})", found.path, tool.title(), tool.name())
            }
            None if found.table.rows() == 0 => format!("{}: nothing that can be read", found.path),
            None => {
                let (rows, columns) = (found.table.rows(), found.table.names().count());
                format!(
                    "{}: a run table, {} of {}",
                    found.path,
                    counted(rows, "row"),
                    counted(columns, "column")
                )
            }
        }
    }

    /// A line for each role: the column, its range, and why it was taken.
    fn roles(&self) -> String {
        let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
        for role in Role::ALL {
            let Some(binding) = self.mapping.binding(role.name()) else {
                let advice = format!("no column found; say which one with --map {}=COLUMN", role.name());
                table.row([role.name().into(), styled(style::DIM, advice)]);
                continue;
            };
            let range = self.range(&binding.column, role != Role::Loss);
            let mut why = evidence(binding, self.found.notes());
            if !binding.others.is_empty() {
                why += &format!("; not {}", binding.others.join(", "));
            }
            table.row([
                role.name().into(),
                binding.column.clone().into(),
                range.into(),
                styled(style::DIM, why),
            ]);
        }
        table.render(2)
    }

    /// The lowest and the highest number of a column of the table.
    fn range(&self, column: &str, is_size: bool) -> String {
        let Ok(numbers) = self.found.table.number(column) else { return "not numbers".into() };
        let (low, high) = numbers.finite_range();
        range(low, high, is_size)
    }

    fn metrics(&self, all: bool) -> Table {
        let found = self.found;
        let mut table = Table::new([Align::Left]);
        let heads = ["metric", "runs", "values", "not finite", "steps", "range"];
        table.row(heads.map(|head| styled(style::DIM, head)));
        let mut sums: Vec<Sum> = vec![Sum::default(); found.metrics.len()];
        for curve in found.runs.iter().flat_map(|run| &run.curves) {
            if let Some(sum) = sums.get_mut(curve.metric) {
                sum.add(curve);
            }
        }
        let shown = if all { found.metrics.len() } else { LISTED };
        for (name, sum) in found.metrics.iter().zip(&sums).take(shown) {
            let bad = if sum.not_finite > 0 {
                styled(style::WARN, sum.not_finite.to_string())
            } else {
                Cell::from("")
            };
            let is_size = self.found.table.rows() > 0 && self.is_size(name);
            table.row([
                name.as_str().into(),
                sum.runs.to_string().into(),
                sum.values.to_string().into(),
                bad,
                if sum.first == sum.last {
                    sum.first.to_string()
                } else {
                    format!("{} .. {}", sum.first, sum.last)
                }
                .into(),
                range(sum.low, sum.high, is_size).into(),
            ]);
        }
        table
    }

    /// Whether a metric counts parameters, tokens or FLOP.
    fn is_size(&self, name: &str) -> bool {
        let sizes = [Role::Params, Role::Tokens, Role::Compute];
        sizes.iter().any(|role| self.mapping.column(role.name()) == Some(name))
    }

    fn runs(&self, all: bool) -> Table {
        let found = self.found;
        let loss = self.mapping.column("loss");
        let mut table = Table::new([Align::Left, Align::Left]);
        let heads = ["run", "state", "settings", "last step", loss.unwrap_or("")];
        table.row(heads.map(|head| styled(style::DIM, head)));
        let shown = if all { found.runs.len() } else { LISTED };
        for run in found.runs.iter().take(shown) {
            let state = match (run.state, run.is_cut) {
                (Some("failed"), _) => styled(style::WARN, "failed"),
                (_, true) => "running (cut off)".into(),
                (state, false) => state.unwrap_or("").into(),
            };
            let step = run.curves.iter().map(|curve| curve.last_step).max();
            let value = loss.and_then(|loss| curve_of(found, run, loss)).map(|curve| curve.last);
            table.row([
                run.name.as_str().into(),
                state,
                run.settings.to_string().into(),
                step.map_or_else(String::new, |step| step.to_string()).into(),
                value.map_or_else(String::new, |value| significant(value, 5)).into(),
            ]);
        }
        table
    }

    fn columns(&self, all: bool) -> Table {
        let mut table = Table::new([Align::Left, Align::Right, Align::Left]);
        table.row(["column", "filled", "holds"].map(|head| styled(style::DIM, head)));
        let rows = self.found.table.rows();
        let shown = if all { usize::MAX } else { LISTED };
        for (name, column) in self.found.table.columns().take(shown) {
            let filled = (0..rows).filter(|&row| !column.is_missing(row)).count();
            let holds = match column {
                Column::Numbers(_) => self.range(name, self.is_size(name)),
                Column::Text(text) => {
                    let some: Vec<&str> = text.levels.iter().take(3).collect();
                    let more = if text.levels.len() > 3 { ", ..." } else { "" };
                    format!("{}: {}{more}", counted(text.levels.len(), "text"), some.join(", "))
                }
            };
            table.row([name.into(), filled.to_string().into(), holds.into()]);
        }
        table
    }
}

fn range(low: f64, high: f64, is_size: bool) -> String {
    let shown = |value: f64| if is_size { size(value) } else { short(value) };
    match (low.is_nan(), low == high) {
        (true, _) => "no finite value".into(),
        (_, true) => shown(low),
        _ => format!("{} .. {}", shown(low), shown(high)),
    }
}

/// Whole numbers as they are, others to five digits.
fn short(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        return format!("{value}");
    }
    let text = significant(value, 5);
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A metric over all runs.
#[derive(Clone)]
struct Sum {
    runs: usize,
    values: usize,
    not_finite: usize,
    first: i64,
    last: i64,
    low: f64,
    high: f64,
}

impl Default for Sum {
    fn default() -> Self {
        Sum {
            runs: 0,
            values: 0,
            not_finite: 0,
            first: i64::MAX,
            last: i64::MIN,
            low: f64::NAN,
            high: f64::NAN,
        }
    }
}

impl Sum {
    fn add(&mut self, curve: &Curve) {
        self.runs += 1;
        self.values += curve.values;
        self.not_finite += curve.not_finite;
        self.first = self.first.min(curve.first_step);
        self.last = self.last.max(curve.last_step);
        self.low = self.low.min(curve.low);
        self.high = self.high.max(curve.high);
    }
}

fn curve_of<'a>(found: &Surveyed, run: &'a RunSummary, metric: &str) -> Option<&'a Curve> {
    let at = found.metrics.iter().position(|name| name == metric)?;
    run.curves.iter().find(|curve| curve.metric == at)
}

/// Where a run that is followed stands.
pub(crate) struct Step<'a> {
    run: &'a RunSummary,
    metric: Option<&'a str>,
    pub(crate) step: i64,
    /// The loss; NaN if there is none.
    pub(crate) value: f64,
}

impl<'a> Step<'a> {
    /// The last step of a run, and its loss at the last step that has one.
    pub(crate) fn of(found: &'a Surveyed, run: &'a RunSummary, loss: Option<&'a str>) -> Step<'a> {
        let curve = loss.and_then(|loss| curve_of(found, run, loss));
        Step {
            run,
            metric: loss.filter(|_| curve.is_some()),
            step: run.curves.iter().map(|curve| curve.last_step).max().unwrap_or(0),
            value: curve.map_or(f64::NAN, |curve| curve.last),
        }
    }

    /// A line, with the change since the step and value `before`.
    pub(crate) fn text(&self, before: Option<(i64, f64)>) -> String {
        let mut line = format!("{}  step {}", paint(style::BOLD, &self.run.name), self.step);
        if let Some(metric) = self.metric {
            line += &format!("  {metric} {}", significant(self.value, 5));
            if let Some((_, value)) = before.filter(|(_, value)| value.is_finite() && self.value.is_finite())
            {
                line += &format!(" ({:+.4})", self.value - value);
            }
        }
        if let Some(state) = self.run.state {
            line += &format!("  {state}");
        }
        line + "\n"
    }

    /// One object, for one line.
    pub(crate) fn json(&self) -> Value {
        json!({
            "schema_version": SCHEMA_VERSION,
            "run": self.run.name,
            "id": self.run.id,
            "path": self.run.path,
            "state": self.run.state,
            "step": self.step,
            "metric": self.metric,
            "value": number(self.value),
        })
    }
}
