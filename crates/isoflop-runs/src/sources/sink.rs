//! From runs to rows of the table.

use super::decay;
use super::options::{Points, Restarts};
use super::quantities::{self, Computed, Source, TOKENS, Value};
use super::run::{Run, Series, Setting};
use super::tally::{Tally, decimals};
use crate::builder::TableBuilder;
use crate::error::RunsError;
use crate::read::ReadOptions;
use crate::roles::{Found, Role};
use crate::survey::Survey;

/// Columns that every run has; settings and metrics of these names get a prefix.
const OWN: [&str; 4] = ["run", "run_id", "state", "step"];

/// Takes runs one by one and writes their rows.
pub(super) struct Sink<'a> {
    builder: &'a mut TableBuilder,
    pub(super) options: &'a ReadOptions,
    pub(super) tally: Tally,
    /// Takes a summary of each run, if somebody asked for one.
    survey: Option<&'a mut Survey>,
    /// Rows of this source so far.
    rows: u64,
}

/// A row to be: the step at which metrics are read, and values that replace them.
struct Row {
    step: i64,
    /// The loss, if it is not the one at the step.
    loss: Option<f64>,
    /// The tokens, if they are not the ones at the step; metrics other than the loss are missing then.
    tokens: Option<f64>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(
        builder: &'a mut TableBuilder,
        options: &'a ReadOptions,
        survey: Option<&'a mut Survey>,
    ) -> Self {
        Self { builder, options, tally: Tally::default(), survey, rows: 0 }
    }

    /// Whether the final point of each run is all that is wanted, and nobody asks about the curves.
    pub(super) fn wants_ends_alone(&self) -> bool {
        self.survey.is_none()
            && self.options.points == Points::Final
            && self.options.restarts == Restarts::Last
    }

    /// Writes the rows of a run.
    pub(super) fn run(&mut self, mut run: Run) -> Result<(), RunsError> {
        run.path = self.builder.named(run.path);
        self.tally.runs += 1;
        self.tally.points += run.points();
        let replaced = run.settle(self.options.restarts);
        if replaced > 0 && self.options.restarts == Restarts::Error {
            return Err(RunsError::Restarted { file: run.path, count: replaced });
        }
        self.tally.restarted(replaced, &run.path);
        if run.is_cut {
            self.tally.cut(&run.path);
        }
        if let Some(survey) = &mut self.survey {
            survey.add(&run);
        }
        if self.options.points == Points::Samples {
            return self.items(&run);
        }
        let computed = quantities::compute(&run);
        let loss = self.loss(&run);
        if let Some(name) = &loss {
            self.tally.loss(name);
            if let Some(series) = run.metrics.get(name) {
                let is_bad = |point: &&super::run::Point| !point.value.is_finite();
                self.tally.not_finite(series.points.iter().filter(is_bad).count(), &run.path);
                self.tally.decimals(name, decimals(series.points.iter().map(|point| point.value)));
            }
        } else {
            self.tally.no_loss(&run.path, run.metrics.iter().map(|(name, _)| name));
        }
        let rows = match self.rows_of(&run, loss.as_deref(), &computed) {
            Ok(rows) => rows,
            Err(reason) => {
                self.tally.no_row(&run.path, reason);
                return Ok(());
            }
        };
        if let Points::At(wanted) = &self.options.points {
            self.tally.out_of_reach(wanted.len() - rows.len(), &run.path);
        }
        if let Some(series) = loss.as_deref().and_then(|name| run.metrics.get(name)) {
            self.tally.ends(&self.options.points, series.points.len(), decay::is_over(&run), &run.path);
        }
        self.tally.computed(&computed);
        self.builder.origins.label(self.rows + 1, &run.path);
        let name = self.unique_name(&run);
        if self.options.points == Points::Values {
            return self.values(&run, &name);
        }
        for row in &rows {
            self.row(&run, &name, row, loss.as_deref(), &computed)?;
        }
        Ok(())
    }

    /// A row for every value of every metric.
    fn values(&mut self, run: &Run, name: &str) -> Result<(), RunsError> {
        for (metric, series) in run.metrics.iter() {
            for point in &series.points {
                self.head(run, name, point.step)?;
                self.text("metric", metric)?;
                self.number("value", point.value)?;
                self.settings(run, |name| matches!(name, "metric" | "value"))?;
                self.builder.end_row(self.rows)?;
            }
        }
        Ok(())
    }

    /// A row for every item of an evaluation.
    fn items(&mut self, run: &Run) -> Result<(), RunsError> {
        if run.items.iter().next().is_none() {
            let reason =
                "it keeps no samples; --points samples is for evaluations (Inspect, lm-evaluation-harness)";
            self.tally.no_row(&run.path, reason);
            return Ok(());
        }
        self.builder.origins.label(self.rows + 1, &run.path);
        let name = self.unique_name(run);
        let step =
            run.metrics.iter().find_map(|(_, series)| series.points.last()).map_or(0, |point| point.step);
        for (_, item) in run.items.iter() {
            self.head(run, &name, step)?;
            self.text("item", &item.id)?;
            for (score, mean) in item.scores.iter() {
                self.number(&own_name(score, "score."), mean.value())?;
                self.number(&format!("{score}/attempts"), mean.count as f64)?;
                self.number(&format!("{score}/successes"), mean.sum)?;
            }
            for (amount, mean) in item.amounts.iter() {
                self.number(amount, mean.value())?;
            }
            for (label, setting) in item.labels.iter() {
                self.setting(label, setting)?;
            }
            self.settings(run, |name| item.scores.get(name).is_some() || name == "item")?;
            self.builder.end_row(self.rows)?;
        }
        Ok(())
    }

    /// The metric that the rule for points looks at: the one asked for, else the best by its name.
    fn loss(&self, run: &Run) -> Option<String> {
        let has = |name: &&String| run.metrics.get(name).is_some_and(|series| !series.points.is_empty());
        if let Some(name) = self.options.loss.as_ref().filter(has) {
            return Some(name.clone());
        }
        let ranked = run.metrics.iter().filter(|(_, series)| !series.points.is_empty());
        let best = ranked.filter_map(|(name, _)| Some((Role::Loss.rank(name)?, name)));
        best.min_by_key(|(rank, _)| *rank).map(|(_, name)| name.to_owned())
    }

    fn rows_of(
        &self,
        run: &Run,
        loss: Option<&str>,
        computed: &[Computed],
    ) -> Result<Vec<Row>, &'static str> {
        let at = |step: i64| Row { step, loss: None, tokens: None };
        let Some(series) = loss.and_then(|name| run.metrics.get(name)) else {
            let ends = run.metrics.iter().filter_map(|(_, series)| series.points.last());
            let starts = run.metrics.iter().filter_map(|(_, series)| series.points.first());
            let first = starts.map(|point| point.step).min();
            return match (&self.options.points, ends.map(|point| point.step).max()) {
                (_, None) => Err("it has no values of metrics"),
                (Points::Values | Points::Samples, _) => Ok(Vec::new()),
                (Points::Final, Some(last)) => Ok(vec![at(last)]),
                // All there is stands at one step, as in results of an evaluation.
                (Points::Every, last) if first == last => Ok(last.into_iter().map(at).collect()),
                _ => Err("it has no metric that looks like a loss; say which one with --map loss=METRIC"),
            };
        };
        let points = &series.points;
        let last = points.last().map_or(0, |point| point.step);
        match &self.options.points {
            Points::Final => Ok(vec![at(last)]),
            Points::Values | Points::Samples => Ok(Vec::new()),
            Points::Every => Ok(points.iter().map(|point| at(point.step)).collect()),
            Points::Decayed => Ok(decay::ends(run, series)?.into_iter().map(at).collect()),
            Points::Best => {
                let finite = points.iter().filter(|point| point.value.is_finite());
                let best = finite.min_by(|a, b| a.value.total_cmp(&b.value));
                best.map(|point| vec![at(point.step)]).ok_or("its loss has no finite value")
            }
            Points::Last(count) => {
                let tail = &points[points.len().saturating_sub(*count)..];
                let mean = tail.iter().map(|point| point.value).sum::<f64>() / tail.len() as f64;
                Ok(vec![Row { loss: Some(mean), ..at(last) }])
            }
            Points::At(wanted) => {
                let curve = curve(run, series, computed).ok_or("its tokens are not known")?;
                let rows: Vec<Row> =
                    wanted.iter().filter_map(|&tokens| interpolated(&curve, tokens)).collect();
                if rows.is_empty() { Err("its loss is not known around these tokens") } else { Ok(rows) }
            }
        }
    }

    /// The name, with the path where another run has the same.
    fn unique_name(&mut self, run: &Run) -> String {
        let name = if run.name.is_empty() { &run.id } else { &run.name };
        if self.builder.run_names.insert(name.clone()) {
            return name.clone();
        }
        let longer = format!("{name} ({})", if run.id.is_empty() { &run.path } else { &run.id });
        self.builder.run_names.insert(longer.clone());
        longer
    }

    fn row(
        &mut self,
        run: &Run,
        name: &str,
        row: &Row,
        loss: Option<&str>,
        computed: &[Computed],
    ) -> Result<(), RunsError> {
        self.head(run, name, row.step)?;
        let tokens_metric = run.metrics.iter().filter_map(|(name, _)| Some((Role::Tokens.rank(name)?, name)));
        let tokens_metric = tokens_metric.min_by_key(|(rank, _)| *rank).map(|(_, name)| name);
        for (name, series) in run.metrics.iter() {
            let is_loss = Some(name) == loss;
            let value = match (row.loss, row.tokens) {
                (Some(value), _) if is_loss => Some(value),
                (_, Some(tokens)) if Some(name) == tokens_metric => Some(tokens),
                // Between two points only the loss and the tokens are known.
                (_, Some(_)) => None,
                _ => series.at(row.step),
            };
            if let Some(value) = value {
                self.number(&own_name(name, "metric."), value)?;
            }
        }
        self.settings(run, |name| run.metrics.get(name).is_some())?;
        let mut tokens_seen = None;
        for Computed { column, value, .. } in computed {
            let value = match value {
                Value::Constant(value) => Some(*value),
                Value::Per(per, metric) => {
                    tokens_seen =
                        row.tokens.or_else(|| Some(per * count_at(run, metric.as_deref(), row.step)?));
                    tokens_seen
                }
                Value::Flops { params, tokens } => {
                    let of = |source: &Source| match source {
                        Source::Number(value) => Some(*value),
                        Source::Metric(name) => run.metrics.get(name)?.at(row.step),
                        Source::Computed => tokens_seen,
                    };
                    of(params).zip(row.tokens.or_else(|| of(tokens))).map(|(n, d)| 6.0 * n * d)
                }
            };
            if let Some(value) = value {
                self.number(column, value)?;
            }
        }
        self.builder.end_row(self.rows)
    }

    /// Begins a row with what every run has.
    fn head(&mut self, run: &Run, name: &str, step: i64) -> Result<(), RunsError> {
        self.rows += 1;
        self.text("run", name)?;
        if !run.id.is_empty() {
            self.text("run_id", &run.id)?;
        }
        if let Some(state) = run.state.name() {
            self.text("state", state)?;
        }
        self.number("step", step as f64)
    }

    /// The settings; those whose name is taken by a metric get a prefix.
    fn settings(&mut self, run: &Run, is_taken: impl Fn(&str) -> bool) -> Result<(), RunsError> {
        for (name, setting) in run.config.iter() {
            let name = match is_taken(name) {
                true => format!("config.{name}"),
                false => own_name(name, "config."),
            };
            self.setting(&name, setting)?;
        }
        Ok(())
    }

    fn setting(&mut self, name: &str, setting: &Setting) -> Result<(), RunsError> {
        match setting {
            Setting::Missing => Ok(()),
            Setting::Number(value) => self.number(name, *value),
            Setting::Text(text) => self.text(name, text),
        }
    }

    fn number(&mut self, column: &str, value: f64) -> Result<(), RunsError> {
        let column = self.builder.column(column, self.rows)?;
        if !self.builder.has_cell(column) {
            self.builder.number(column, value);
        }
        Ok(())
    }

    fn text(&mut self, column: &str, text: &str) -> Result<(), RunsError> {
        let column = self.builder.column(column, self.rows)?;
        if !self.builder.has_cell(column) {
            self.builder.cell(column, text, true);
        }
        Ok(())
    }
}

fn own_name(name: &str, prefix: &str) -> String {
    if OWN.contains(&name) { format!("{prefix}{name}") } else { name.to_owned() }
}

/// A metric at a step, or the step itself.
fn count_at(run: &Run, metric: Option<&str>, step: i64) -> Option<f64> {
    match metric {
        Some(metric) => run.metrics.get(metric)?.at(step),
        None => Some(step as f64),
    }
}

/// Tokens, loss and step of each finite point of the loss, tokens rising.
fn curve(run: &Run, loss: &Series, computed: &[Computed]) -> Option<Vec<(f64, f64, i64)>> {
    let per = computed.iter().find_map(|found| match &found.value {
        Value::Per(per, metric) if found.column == TOKENS => Some((*per, metric.as_deref())),
        _ => None,
    });
    let logged = run.metrics.iter().filter_map(|(name, series)| Some((Role::Tokens.rank(name)?, series)));
    let logged = logged.min_by_key(|&(rank, _): &((Found, usize), _)| rank).map(|(_, series)| series);
    if per.is_none() && logged.is_none() {
        return None;
    }
    let tokens = |step: i64| match logged {
        Some(series) => series.at(step),
        None => per.and_then(|(per, metric)| Some(per * count_at(run, metric, step)?)),
    };
    let mut curve: Vec<(f64, f64, i64)> = Vec::new();
    for point in loss.points.iter().filter(|point| point.value.is_finite()) {
        if let Some(tokens) = tokens(point.step).filter(|&d| d > 0.0 && d.is_finite())
            && curve.last().is_none_or(|&(before, ..)| tokens > before)
        {
            curve.push((tokens, point.value, point.step));
        }
    }
    Some(curve)
}

/// The row at these tokens, if the curve has a point on either side.
fn interpolated(curve: &[(f64, f64, i64)], tokens: f64) -> Option<Row> {
    let after = curve.partition_point(|&(d, ..)| d < tokens);
    let &(right, right_loss, right_step) = curve.get(after)?;
    if right == tokens {
        return Some(Row { step: right_step, loss: Some(right_loss), tokens: Some(tokens) });
    }
    let &(left, left_loss, left_step) = curve.get(after.checked_sub(1)?)?;
    let share = (tokens / left).ln() / (right / left).ln();
    let loss = left_loss + share * (right_loss - left_loss);
    Some(Row { step: left_step, loss: Some(loss), tokens: Some(tokens) })
}
