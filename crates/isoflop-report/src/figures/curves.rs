//! Learning curves against forecast: what the law says of the place where each run stands, beside the curve that led there.

use isoflop_figure::{Axis, Figure, Scale, Series};
use isoflop_fit::Data;
use isoflop_formula::InputKind;
use isoflop_study::{FEWEST_POINTS, Fitted, Point, significant};

use crate::figures::scene::{Numeric, Scene};
use crate::figures::{Shown, shown};

/// Name of the column of runs, which the readers of curves give.
const RUN: &str = "run";
/// Most runs that are drawn, and most points of each.
const MOST_RUNS: usize = 24;
const MOST_POINTS: usize = 160;
/// Runs with colours of their own; more share one.
const MOST_COLOURS: usize = 6;
/// How far to either side of its end the forecast of a run is drawn, as a factor, and at how many places.
const AROUND: (f64, usize) = (2.0, 9);
/// A curve begins far above where it ends: what is more than this share of the range of ends above them is cut off.
const HEADROOM: f64 = 1.0;

/// A curve: the run, and its rows in the order of the axis.
struct Curve<'a> {
    name: String,
    rows: Vec<usize>,
    data: &'a Data,
}

/// The figure; `None` without curves, and for a law whose forecast of a run is no single number.
pub(super) fn learning(scene: &Scene<'_>) -> Option<Shown> {
    if scene.formula.symbols.look_back() || !scene.formula.parts.is_empty() {
        return None;
    }
    let own = scene.data.clusters.as_ref().filter(|clusters| clusters.column == RUN);
    let (data, codes, names) = match (scene.curves, own) {
        (Some(curves), _) => (&curves.data, &curves.runs.codes, curves.runs.levels.as_slice()),
        (None, Some(clusters)) => (scene.data, &clusters.codes, &[][..]),
        (None, None) => return None,
    };
    let runs = runs(codes);
    let along = along(scene, data, &runs)?;
    let mut curves: Vec<Curve<'_>> = runs
        .into_iter()
        .filter(|(_, rows)| rows.len() >= FEWEST_POINTS)
        .map(|(code, mut rows)| {
            rows.sort_by(|a, b| value(data, along, *a).total_cmp(&value(data, along, *b)));
            let name = names.get(code as usize).cloned().unwrap_or_else(|| format!("run {}", code + 1));
            Curve { name, rows, data }
        })
        .collect();
    let total = curves.len();
    let every = total.div_ceil(MOST_RUNS).max(1);
    curves.sort_by(|a, b| a.end(along).total_cmp(&b.end(along)).then_with(|| a.name.cmp(&b.name)));
    let mut curves: Vec<Curve<'_>> = curves.into_iter().step_by(every).collect();
    if curves.len() <= MOST_COLOURS {
        curves.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if curves.is_empty() {
        return None;
    }
    let label = scene.output_name();
    let mut figure = Figure::new(
        format!("{label} by {}: curves and forecast", along.name),
        Axis { label: along.label.clone(), scale: Scale::Log, range: None, names: Vec::new() },
        Axis::linear(scene.output_label()),
    );
    let has_colours = curves.len() <= MOST_COLOURS;
    let colour = |k: usize| if has_colours { k } else { 0 };
    let entry = |curve: &Curve<'_>| if has_colours { curve.name.clone() } else { "runs".to_owned() };
    let mut rows = Vec::new();
    let mut forecasts: Vec<(usize, (f64, f64, f64))> = Vec::new();
    for (k, curve) in curves.iter().enumerate() {
        figure.series.push(Series::line(entry(curve), colour(k), curve.thinned(along)));
        let last = *curve.rows.last()?;
        let forecast = forecast(scene, data, last);
        let observed = data.output.get(last).copied().unwrap_or(f64::NAN);
        let (estimate, low, high) = forecast.unwrap_or((f64::NAN, f64::NAN, f64::NAN));
        forecasts.push((k, (estimate, low, high)));
        let inside = if low.is_finite() {
            if (low..=high).contains(&observed) { "inside" } else { "outside" }
        } else {
            ""
        };
        let text = |x: f64| if x.is_finite() { significant(x, 5) } else { String::new() };
        let ends = if low.is_finite() { format!("{} … {}", text(low), text(high)) } else { String::new() };
        rows.push(vec![
            curve.name.clone(),
            shown(curve.end(along)),
            text(observed),
            text(estimate),
            ends,
            inside.to_owned(),
        ]);
    }
    for (k, (_, low, high)) in &forecasts {
        let curve = curves.get(*k)?;
        let around = around(scene, data, along, curve);
        figure.series.push(Series::band(
            entry(curve),
            colour(*k),
            around.iter().map(|(x, f)| (*x, f.1, f.2)).collect(),
        ));
        figure.series.push(Series::dashed(
            entry(curve),
            colour(*k),
            around.iter().map(|(x, f)| (*x, f.0)).collect(),
        ));
        let x = curve.end(along);
        if low.is_finite() && high.is_finite() {
            figure.series.push(Series::line("", colour(*k), vec![(x, *low), (x, *high)]));
        }
    }
    let ends = forecasts.iter().filter_map(|(k, f)| Some((curves.get(*k)?.end(along), f.0)));
    figure.series.push(Series::points("forecast of the end", 6, ends.collect()));
    figure.y.range = range(&curves, &forecasts);
    figure.x.range = figure.y.range.and_then(|(_, top)| reach(&curves, along, top));
    figure.provenance.clone_from(&scene.provenance);
    let drawn = match every {
        1 => String::new(),
        every => format!(" Of the {total} runs one in {every} is drawn."),
    };
    let level = 100.0 * scene.level;
    let caption = format!(
        "The curve of each run, and what the law forecasts for a run of its size that ends where the curve stands now \
         (cross), or a little earlier or later (dashed), with the {} % interval for a new run. A run that is still far from \
         its end lies above.{drawn}",
        significant(level, 3)
    );
    let head = [RUN, along.name.as_str(), label, "forecast", "interval", "the run is"].map(str::to_owned);
    Some(Shown { caption, figure, head: head.to_vec(), rows })
}

fn value(data: &Data, input: &Numeric, row: usize) -> f64 {
    data.inputs.get(input.index).and_then(|values| values.get(row)).copied().unwrap_or(f64::NAN)
}

/// The rows of each run, in the order in which runs appear.
fn runs(codes: &[u32]) -> Vec<(u32, Vec<usize>)> {
    let mut runs: Vec<(u32, Vec<usize>)> = Vec::new();
    let mut places: std::collections::HashMap<u32, usize> = std::collections::HashMap::new();
    for (row, code) in codes.iter().enumerate() {
        let place = *places.entry(*code).or_insert_with(|| {
            runs.push((*code, Vec::new()));
            runs.len() - 1
        });
        if let Some(run) = runs.get_mut(place) {
            run.1.push(row);
        }
    }
    runs
}

/// The input that grows while a run goes on: tokens if there are any, else compute, else the first of the others.
fn along<'s>(scene: &'s Scene<'_>, data: &Data, runs: &[(u32, Vec<usize>)]) -> Option<&'s Numeric> {
    let grows = |input: &&Numeric| {
        let long = runs.iter().filter(|(_, rows)| rows.len() >= FEWEST_POINTS);
        let does = |rows: &[usize]| {
            let mut values: Vec<f64> = rows.iter().map(|row| value(data, input, *row)).collect();
            values.sort_by(f64::total_cmp);
            values.first().is_some_and(|low| *low > 0.0) && values.windows(2).all(|pair| pair[0] < pair[1])
        };
        let (count, good) =
            long.fold((0, 0), |(all, good), (_, rows)| (all + 1, good + usize::from(does(rows))));
        count > 0 && 2 * good > count
    };
    let found: Vec<&Numeric> = scene.inputs.iter().filter(grows).collect();
    let named = |name: &str| found.iter().find(|input| input.name == name).copied();
    named("D").or_else(|| named("C")).or_else(|| found.first().copied())
}

impl Curve<'_> {
    /// Where the run stands.
    fn end(&self, along: &Numeric) -> f64 {
        self.rows.last().map_or(f64::NAN, |row| value(self.data, along, *row))
    }

    /// Of each stretch of the curve its lowest and highest point, evenly on the log axis.
    fn thinned(&self, along: &Numeric) -> Vec<(f64, f64)> {
        let point = |row: &usize| {
            (value(self.data, along, *row), self.data.output.get(*row).copied().unwrap_or(f64::NAN))
        };
        let all: Vec<(f64, f64)> =
            self.rows.iter().map(point).filter(|p| p.0 > 0.0 && p.1.is_finite()).collect();
        let (Some(first), Some(last)) = (all.first(), all.last()) else { return Vec::new() };
        if all.len() <= MOST_POINTS {
            return all;
        }
        let width = (last.0 / first.0).ln() / (MOST_POINTS / 2) as f64;
        let piece = |p: &(f64, f64)| ((p.0 / first.0).ln() / width) as usize;
        let mut out = Vec::with_capacity(MOST_POINTS + 2);
        for stretch in all.chunk_by(|a, b| piece(a) == piece(b)) {
            let low = stretch.iter().min_by(|a, b| a.1.total_cmp(&b.1));
            let high = stretch.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let mut both: Vec<(f64, f64)> = low.into_iter().chain(high).copied().collect();
            both.sort_by(|a, b| a.0.total_cmp(&b.0));
            both.dedup();
            out.extend(both);
        }
        out
    }
}

/// Forecasts for runs of this size that end a little earlier or later; none where other inputs move with the run.
fn around(scene: &Scene<'_>, data: &Data, along: &Numeric, curve: &Curve<'_>) -> Vec<(f64, (f64, f64, f64))> {
    let (Some(first), Some(last)) = (curve.rows.first(), curve.rows.last()) else { return Vec::new() };
    let moves = |input: &&Numeric| value(data, input, *first) != value(data, input, *last);
    if scene.inputs.iter().filter(moves).count() != 1 {
        return Vec::new();
    }
    let (factor, count) = AROUND;
    let place = |k: usize| factor.powf(2.0 * k as f64 / (count - 1) as f64 - 1.0) * curve.end(along);
    let at = |x: f64| Some((x, forecast_at(scene, data, *last, Some((along, x)))?));
    (0..count).filter_map(|k| at(place(k))).collect()
}

/// From where the first curve enters the frame to the end of the last forecast.
fn reach(curves: &[Curve<'_>], along: &Numeric, top: f64) -> Option<(f64, f64)> {
    let enters = |curve: &Curve<'_>| {
        let is_in = |row: &&usize| curve.data.output.get(**row).is_some_and(|y| *y <= top);
        curve.rows.iter().find(is_in).map(|row| value(curve.data, along, *row))
    };
    let low = curves.iter().filter_map(enters).fold(f64::INFINITY, f64::min);
    let high = curves.iter().map(|curve| curve.end(along)).fold(0.0, f64::max) * AROUND.0;
    (low > 0.0 && high.is_finite() && low < high).then_some((low, high))
}

/// The forecast for a run that ends at a row, with the interval for a new run; `None` where the fit says nothing.
fn forecast(scene: &Scene<'_>, data: &Data, row: usize) -> Option<(f64, f64, f64)> {
    forecast_at(scene, data, row, None)
}

/// As [`forecast`], with another value of one input.
fn forecast_at(
    scene: &Scene<'_>,
    data: &Data,
    row: usize,
    other: Option<(&Numeric, f64)>,
) -> Option<(f64, f64, f64)> {
    let own = |input: &Numeric| match other {
        Some((along, x)) if along.index == input.index => x,
        _ => value(data, input, row),
    };
    let numbers = scene.inputs.iter().map(|input| (input.name.clone(), own(input)));
    let mut texts: Vec<(String, String)> = Vec::new();
    for group in &data.groups {
        let level = group.levels.get(*group.codes.get(row)? as usize)?;
        texts.push((group.column.clone(), level.clone()));
    }
    for (k, input) in scene.formula.symbols.inputs.iter().enumerate() {
        if let InputKind::TextEquals { column, value } = &input.kind
            && data.inputs.get(k).and_then(|values| values.get(row)).is_some_and(|mark| *mark != 0.0)
            && !texts.iter().any(|(known, _)| known == column)
        {
            texts.push((column.clone(), value.clone()));
        }
    }
    let point = Point { numbers: numbers.collect(), texts };
    let fitted = Fitted { formula: scene.formula, fit: scene.fit };
    let found = fitted.predict(&[point], scene.level).ok()?.into_iter().next()?;
    Some((found.estimate, found.low.unwrap_or(f64::NAN), found.high.unwrap_or(f64::NAN)))
}

/// From a little below all to some way above the ends, as the beginnings of curves would flatten the rest.
fn range(curves: &[Curve<'_>], forecasts: &[(usize, (f64, f64, f64))]) -> Option<(f64, f64)> {
    let ends = curves.iter().filter_map(|c| c.data.output.get(*c.rows.last()?).copied());
    let known = forecasts.iter().flat_map(|(_, (a, b, c))| [*a, *b, *c]);
    let all: Vec<f64> = ends.chain(known).filter(|x| x.is_finite()).collect();
    let low = all.iter().copied().fold(f64::INFINITY, f64::min);
    let high = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let width = (high - low).max(0.05 * high.abs());
    (width > 0.0).then_some((low - 0.1 * width, high + HEADROOM * width))
}
