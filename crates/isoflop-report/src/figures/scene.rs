//! A fitted law with its rows: what all figures are made from.

use isoflop_figure::{Axis, Scale};
use isoflop_fit::{Data, Fit};
use isoflop_formula::{BLOCK, ColumnList, Columns, Formula, InputKind, NodeId, Output, Tape};
use isoflop_study::RunCurves;

use crate::figures::slices::Slice;

/// A ratio of largest to smallest value from which an axis is log.
const LOG_FROM: f64 = 5.0;

/// Most replicates that bands are drawn from: the ends of an interval hardly move with more.
const MOST_DRAWS: usize = 2000;

/// A fitted law with its rows.
#[derive(Debug)]
pub struct Scene<'a> {
    pub(crate) formula: &'a Formula,
    pub(crate) fit: &'a Fit,
    pub(crate) data: &'a Data,
    /// Curves of runs beside the rows.
    pub(crate) curves: Option<&'a RunCurves>,
    /// Numeric inputs.
    pub(crate) inputs: Vec<Numeric>,
    /// Combinations of texts among the rows, the most frequent first; one without a name if the law has no texts.
    pub(crate) kinds: Vec<Kind>,
    /// Prediction for each row; NaN for a level that the fit does not know.
    pub(crate) predicted: Vec<f64>,
    /// Coverage of the bands.
    pub(crate) level: f64,
    /// Where the numbers come from, in a line.
    pub(crate) provenance: String,
}

/// A numeric input and its range over the rows.
#[derive(Debug, Clone)]
pub(crate) struct Numeric {
    /// Position among the inputs of the formula.
    pub(crate) index: usize,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

/// Rows for which the law is the same function of its numbers.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// `family llama`; empty without texts.
    pub(crate) name: String,
    /// For each parameter of the formula its place in the fit; `None` if the fit lacks the level.
    slots: Option<Vec<usize>>,
    /// Comparisons with texts: input and 0 or 1.
    marks: Vec<(usize, f64)>,
    pub(crate) rows: Vec<usize>,
}

/// The law along some points.
#[derive(Debug, Clone, Default)]
pub(crate) struct Curve {
    pub(crate) estimate: Vec<f64>,
    /// Ends of the interval of the law; `None` without replicates.
    pub(crate) band: Option<Vec<(f64, f64)>>,
}

impl Numeric {
    pub(crate) fn varies(&self) -> bool {
        self.high > self.low
    }

    pub(crate) fn is_log(&self) -> bool {
        self.low > 0.0 && self.high / self.low >= LOG_FROM
    }

    /// How far the input spans: the log of the ratio of its ends, or a small number where it has none.
    pub(crate) fn breadth(&self) -> f64 {
        if self.low > 0.0 { (self.high / self.low).ln() } else { f64::from(u8::from(self.varies())) * 1e-3 }
    }

    /// An end of what is drawn beyond the runs: shares, and what looks like them, end at 1.
    pub(crate) fn capped(&self, end: f64) -> f64 {
        if self.low >= 0.0 && self.high <= 1.0 { end.min(1.0) } else { end }
    }

    pub(crate) fn axis(&self) -> Axis {
        let scale = if self.is_log() { Scale::Log } else { Scale::Linear };
        Axis { label: self.label.clone(), scale, range: None, names: Vec::new() }
    }

    /// `count` values from `low` to `high`, evenly spaced on the axis.
    pub(crate) fn grid(&self, low: f64, high: f64, count: usize) -> Vec<f64> {
        let share = |k: usize| k as f64 / (count.max(2) - 1) as f64;
        let value = |t: f64| match self.is_log() {
            true => (low.ln() + t * (high.ln() - low.ln())).exp(),
            false => low + t * (high - low),
        };
        (0..count).map(|k| value(share(k))).collect()
    }
}

impl<'a> Scene<'a> {
    pub(crate) fn new(formula: &'a Formula, fit: &'a Fit, data: &'a Data, provenance: String) -> Scene<'a> {
        const LEVEL: f64 = 0.9;
        let output = formula.output.as_ref().map(|left| left.input as usize);
        let numeric = formula.symbols.inputs.iter().enumerate();
        let numeric = numeric.filter(|(k, input)| input.kind == InputKind::Column && Some(*k) != output);
        let inputs = numeric.map(|(index, input)| {
            let values = data.inputs.get(index).map_or(&[][..], Vec::as_slice);
            Numeric {
                index,
                name: input.name.clone(),
                label: labelled(&input.name, input.unit),
                low: values.iter().copied().fold(f64::INFINITY, f64::min),
                high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            }
        });
        let inputs = inputs.collect();
        let level = fit.interval.as_ref().map_or(LEVEL, |interval| interval.level);
        let kinds = kinds(formula, fit, data);
        let curves = None;
        let mut scene =
            Scene { formula, fit, data, curves, inputs, kinds, predicted: Vec::new(), level, provenance };
        scene.predicted = scene.predictions();
        scene
    }

    /// The input with the largest span.
    pub(crate) fn widest(&self) -> Option<&Numeric> {
        let varying = self.inputs.iter().filter(|input| input.varies());
        varying.max_by(|a, b| a.breadth().total_cmp(&b.breadth())).or(self.inputs.first())
    }

    pub(crate) fn input(&self, name: &str) -> Option<&Numeric> {
        self.inputs.iter().find(|input| input.name == name)
    }

    pub(crate) fn value(&self, input: &Numeric, row: usize) -> f64 {
        self.data.inputs.get(input.index).and_then(|values| values.get(row)).copied().unwrap_or(f64::NAN)
    }

    pub(crate) fn output_name(&self) -> &str {
        self.formula.output.as_ref().map_or("output", |left| &left.name)
    }

    pub(crate) fn output_label(&self) -> String {
        self.formula.output.as_ref().map_or_else(String::new, |left| labelled(&left.name, left.unit))
    }

    /// Median of an input over some rows.
    pub(crate) fn median(&self, input: &Numeric, rows: &[usize]) -> f64 {
        let mut values: Vec<f64> = rows.iter().map(|row| self.value(input, *row)).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    }

    /// The law with the numbers of a slice, except those of `columns`, which vary from point to point.
    pub(crate) fn curve(&self, slice: &Slice, columns: &[(usize, &[f64])]) -> Curve {
        let count = columns.first().map_or(0, |column| column.1.len());
        let Some(kind) = self.kinds.get(slice.kind) else { return Curve::default() };
        let Some(mut law) = Evaluator::new(self, kind, &slice.at, columns, count) else {
            return Curve { estimate: vec![f64::NAN; count], band: None };
        };
        let estimates: Vec<f64> = self.fit.parameters.iter().map(|p| p.estimate).collect();
        let estimate = law.values(&estimates);
        if self.fit.draws.is_empty() {
            return Curve { estimate, band: None };
        }
        let mut at: Vec<Vec<f64>> = vec![Vec::with_capacity(self.drawn()); count];
        for draw in self.draws() {
            at.iter_mut().zip(law.values(draw)).for_each(|(values, value)| values.push(value));
        }
        Curve { estimate, band: Some(at.into_iter().map(|values| ends(values, self.level)).collect()) }
    }

    /// The law with the estimates alone, along the same points as [`Scene::curve`].
    pub(crate) fn estimate(&self, slice: &Slice, columns: &[(usize, &[f64])]) -> Vec<f64> {
        let count = columns.first().map_or(0, |column| column.1.len());
        let law = self.kinds.get(slice.kind);
        let law = law.and_then(|kind| Evaluator::new(self, kind, &slice.at, columns, count));
        let estimates: Vec<f64> = self.fit.parameters.iter().map(|p| p.estimate).collect();
        law.map_or_else(|| vec![f64::NAN; count], |mut law| law.values(&estimates))
    }

    /// The law by every replicate, along the same points as [`Scene::curve`].
    pub(crate) fn replicates(&self, slice: &Slice, columns: &[(usize, &[f64])]) -> Vec<Vec<f64>> {
        let count = columns.first().map_or(0, |column| column.1.len());
        let Some(kind) = self.kinds.get(slice.kind) else { return Vec::new() };
        let Some(mut law) = Evaluator::new(self, kind, &slice.at, columns, count) else { return Vec::new() };
        self.draws().map(|draw| law.values(draw)).collect()
    }

    /// The replicates that bands are drawn from.
    fn draws(&self) -> impl Iterator<Item = &Vec<f64>> {
        self.fit.draws.iter().step_by(self.fit.draws.len().div_ceil(MOST_DRAWS).max(1))
    }

    /// How many they are.
    pub(crate) fn drawn(&self) -> usize {
        self.draws().count()
    }

    fn predictions(&self) -> Vec<f64> {
        let mut out = vec![f64::NAN; self.data.rows()];
        let estimates: Vec<f64> = self.fit.parameters.iter().map(|p| p.estimate).collect();
        for kind in &self.kinds {
            let columns: Vec<(usize, Vec<f64>)> = self
                .inputs
                .iter()
                .map(|input| (input.index, kind.rows.iter().map(|row| self.value(input, *row)).collect()))
                .collect();
            let columns: Vec<(usize, &[f64])> = columns.iter().map(|(k, c)| (*k, c.as_slice())).collect();
            let Some(mut law) = Evaluator::new(self, kind, &[], &columns, kind.rows.len()) else { continue };
            for (row, value) in kind.rows.iter().zip(law.values(&estimates)) {
                if let Some(place) = out.get_mut(*row) {
                    *place = value;
                }
            }
        }
        out
    }
}

/// Ends of the central interval of coverage `level`; NaN if a replicate has no value.
pub(crate) fn ends(mut values: Vec<f64>, level: f64) -> (f64, f64) {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return (f64::NAN, f64::NAN);
    }
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = share * (values.len() - 1) as f64;
        let (below, above) = (values[place.floor() as usize], values[place.ceil() as usize]);
        below + (above - below) * place.fract()
    };
    ((at((1.0 - level) / 2.0)), at((1.0 + level) / 2.0))
}

fn labelled(name: &str, unit: isoflop_formula::Unit) -> String {
    let unit = if unit.is_known() { unit.to_string() } else { String::new() };
    if unit.is_empty() || unit == "1" { name.to_owned() } else { format!("{name} ({unit})") }
}

/// The combinations of texts among the rows.
fn kinds(formula: &Formula, fit: &Fit, data: &Data) -> Vec<Kind> {
    let inputs = &formula.symbols.inputs;
    let compared: Vec<(usize, &str)> = inputs
        .iter()
        .enumerate()
        .filter_map(|(k, input)| match &input.kind {
            InputKind::TextEquals { value, .. } => Some((k, value.as_str())),
            _ => None,
        })
        .collect();
    let mut keys: Vec<(Vec<u32>, Kind)> = Vec::new();
    for row in 0..data.rows() {
        let mark =
            |&(k, _): &(usize, &str)| data.inputs.get(k).and_then(|c| c.get(row)).copied().unwrap_or(0.0);
        let codes = data.groups.iter().map(|g| g.codes.get(row).copied().unwrap_or(0));
        let key: Vec<u32> = codes.chain(compared.iter().map(|c| u32::from(mark(c) != 0.0))).collect();
        if let Some((_, kind)) = keys.iter_mut().find(|(known, _)| *known == key) {
            kind.rows.push(row);
            continue;
        }
        let level = |column: &str| {
            let group = data.groups.iter().find(|g| g.column == column)?;
            group.levels.get(*group.codes.get(row)? as usize)
        };
        let slots = formula.symbols.params.iter().map(|param| {
            let name = match &param.group {
                None => param.name.clone(),
                Some(column) => format!("{}[{}]", param.name, level(column)?),
            };
            fit.parameters.iter().position(|p| p.name == name)
        });
        let levels = data.groups.iter().filter_map(|g| level(&g.column).map(|l| format!("{} {l}", g.column)));
        let marked = compared.iter().filter(|c| mark(c) != 0.0).map(|c| c.1.to_owned());
        let mut name = levels.chain(marked).collect::<Vec<_>>().join(", ");
        if name.is_empty() && !key.is_empty() {
            name = "others".to_owned();
        }
        let marks = compared.iter().map(|c| (c.0, mark(c))).collect();
        keys.push((key, Kind { name, slots: slots.collect(), marks, rows: vec![row] }));
    }
    let mut kinds: Vec<Kind> = keys.into_iter().map(|(_, kind)| kind).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rows.len()));
    kinds
}

/// The law compiled for a set of points.
struct Evaluator<'k> {
    tape: Tape,
    columns: Columns,
    workspace: isoflop_formula::Workspace,
    slots: &'k [usize],
    count: usize,
}

impl<'k> Evaluator<'k> {
    /// `None` for a kind of which the fit knows no parameters.
    fn new(
        scene: &Scene<'_>,
        kind: &'k Kind,
        at: &[(usize, f64)],
        columns: &[(usize, &[f64])],
        count: usize,
    ) -> Option<Evaluator<'k>> {
        let formula = scene.formula;
        let node: NodeId = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
        let mut inputs = vec![vec![f64::NAN; count]; formula.symbols.inputs.len()];
        let fixed = at.iter().chain(&kind.marks).map(|(k, value)| (*k, vec![*value; count]));
        for (k, values) in fixed.chain(columns.iter().map(|(k, values)| (*k, values.to_vec()))) {
            *inputs.get_mut(k)? = values;
        }
        let slices: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
        let mut list = ColumnList::default();
        let tape = Tape::compile(&formula.graph, &[node], &mut list, true);
        let columns = Columns::hoist(&formula.graph, &list, &slices, count);
        let workspace = tape.workspace();
        Some(Evaluator { tape, columns, workspace, slots: kind.slots.as_deref()?, count })
    }

    /// The law at every point with these parameters of the fit.
    fn values(&mut self, parameters: &[f64]) -> Vec<f64> {
        let own: Vec<f64> =
            self.slots.iter().map(|slot| parameters.get(*slot).copied().unwrap_or(f64::NAN)).collect();
        self.tape.start(&own, &mut self.workspace);
        let mut out = Vec::with_capacity(self.count);
        for row in (0..self.count).step_by(BLOCK) {
            let length = BLOCK.min(self.count - row);
            self.tape.run(&self.columns, row, length, &mut self.workspace);
            match self.tape.output(0, &self.columns, row, &self.workspace) {
                Output::Row(values) => out.extend_from_slice(&values[..length]),
                Output::One(value) => out.extend(std::iter::repeat_n(value, length)),
            }
        }
        out
    }
}
