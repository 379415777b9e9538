//! A law bound to a table: compiled tapes, observed values and weights, ready to be evaluated at any coordinates.

use isoflop_formula::{ColumnList, Columns, Formula, Node, NodeId, Output, Tape, Workspace, evaluate};

use crate::accumulate::{Order, Pass, Sheet, Sums};
use crate::coordinates::{Coordinate, Coordinates, Slot};
use crate::data::Data;
use crate::objective::{Kernel, Objective};
use crate::outcomes::Outcomes;

/// Laws with more free coordinates than this are solved without exact second derivatives, whose number grows
/// with the square.
const MOST_EXACT: usize = 24;

/// A law over a table on one scale of the output.
#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) coordinates: Coordinates,
    pub(crate) columns: Columns,
    /// Observed values on the scale of the residual, padded.
    pub(crate) y: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    /// What its rows are, where they are shares or counts of more than one kind, or over-dispersed.
    pub(crate) outcomes: Option<Outcomes>,
    /// Tapes for each order, unshifted and shifted.
    tapes: [[Option<Tape>; 3]; 2],
    natural: Tape,
    offsets: Tape,
}

/// Scratch memory of one thread for one model.
pub(crate) struct Scratch {
    tapes: [[Option<Workspace>; 3]; 2],
    sheet: Sheet,
}

/// What a pass has beside the coordinates of the law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    One,
    /// The last coordinate is the log of the scale of residuals.
    Free,
    /// Rows under the likelihood of their family, without over-dispersion.
    Rows,
    /// The last coordinate is the over-dispersion `rho / (1 - rho)` of shares.
    Spread,
}

impl Model {
    /// Binds `root`, a node of `formula`, to `data`. With `log` the residual is `ln y - ln f`.
    pub(crate) fn new(formula: &Formula, root: NodeId, data: &Data, slots: Vec<Slot>, log: bool) -> Model {
        Model::build(
            data,
            Coordinates::new(formula, data, slots, root, log, true),
            observed(formula, root, data, log),
        )
    }

    /// [`Model::new`] in the parameters' own space.
    pub(crate) fn plain(formula: &Formula, root: NodeId, data: &Data, slots: Vec<Slot>, log: bool) -> Model {
        Model::build(
            data,
            Coordinates::new(formula, data, slots, root, log, false),
            observed(formula, root, data, log),
        )
    }

    fn build(data: &Data, mut coordinates: Coordinates, mut y: Vec<f64>) -> Model {
        let p = coordinates.free.len();
        let mut list = ColumnList::default();
        let mut tapes: [[Option<Tape>; 3]; 2] = Default::default();
        for (shifted, tapes) in tapes.iter_mut().enumerate() {
            let root = coordinates.roots[shifted];
            if shifted == 1 && root == coordinates.roots[0] {
                break;
            }
            let g = &mut coordinates.graph;
            let mut outputs = vec![root];
            tapes[0] = Some(Tape::compile(g, &outputs, &mut list, true));
            outputs.extend((0..p).map(|j| g.derivative(root, Node::Param(j as u32))));
            tapes[1] = Some(Tape::compile(g, &outputs, &mut list, true));
            if p <= MOST_EXACT && shifted == 0 {
                for k in 0..p {
                    for l in 0..=k {
                        let second = g.derivative(outputs[1 + k], Node::Param(l as u32));
                        outputs.push(second);
                    }
                }
                tapes[2] = Some(Tape::compile(g, &outputs, &mut list, true));
            }
        }
        let inputs = data.all_inputs();
        let slices: Vec<&[f64]> = inputs.iter().map(AsRef::as_ref).collect();
        let columns = Columns::hoist(&coordinates.graph, &list, &slices, data.rows());
        y.resize(isoflop_formula::padded(y.len()), y.last().copied().unwrap_or(0.0));
        let mut none = ColumnList::default();
        let natural = Tape::compile(&coordinates.graph, &coordinates.natural, &mut none, true);
        let zero = coordinates.graph.number(0.0);
        let pairs: Vec<NodeId> =
            coordinates.offset.iter().flat_map(|o| o.map_or([zero, zero], |(o, s)| [o, s])).collect();
        let offsets = Tape::compile(&coordinates.graph, &pairs, &mut none, true);
        Model {
            coordinates,
            columns,
            y,
            weights: data.padded_weights(),
            outcomes: None,
            tapes,
            natural,
            offsets,
        }
    }

    /// The model with the rows of `data` under the families that `objective` and the outputs have.
    pub(crate) fn under(mut self, data: &Data, objective: Objective) -> Model {
        if let Some((outcomes, weights)) = Outcomes::of(data, objective) {
            (self.outcomes, self.weights) = (Some(outcomes), weights);
        }
        self
    }

    /// Free coordinates, the scale not counted.
    pub(crate) fn len(&self) -> usize {
        self.coordinates.free.len()
    }

    /// Whether exact second derivatives are compiled.
    pub(crate) fn has_exact(&self) -> bool {
        self.tapes[0][2].is_some()
    }

    pub(crate) fn scratch(&self) -> Scratch {
        let tapes = [0, 1].map(|s| [0, 1, 2].map(|o| self.tapes[s][o].as_ref().map(Tape::workspace)));
        Scratch { tapes, sheet: Sheet::default() }
    }

    /// One pass at `theta` (with the log scale at the end if `scale` is free) under row weights `weights`.
    ///
    /// If the plain log-sum-exp overflows, the pass is done again with the shifted one.
    pub(crate) fn pass(
        &self,
        theta: &[f64],
        kernel: Kernel,
        scale: Scale,
        weights: &[f64],
        order: Order,
        scratch: &mut Scratch,
    ) -> Sums {
        let p = self.len();
        let run = |shifted: usize, order: Order, scratch: &mut Scratch| {
            let place = order as usize;
            let (tape, ws) = (self.tapes[shifted][place].as_ref()?, scratch.tapes[shifted][place].as_mut()?);
            tape.start(&theta[..p], ws);
            let pass = Pass {
                tape,
                columns: &self.columns,
                y: &self.y,
                weights,
                kernel,
                scale: if scale == Scale::Free { theta[p].exp() } else { 1.0 },
                outcomes: self.outcomes.as_ref().filter(|_| matches!(scale, Scale::Rows | Scale::Spread)),
                spread: if scale == Scale::Spread { theta[p] } else { 0.0 },
                last: scale,
                coordinates: p,
                order,
            };
            Some(pass.run(ws, &mut scratch.sheet))
        };
        let order = if order == Order::Newton && !self.has_exact() { Order::Gradient } else { order };
        let plain = run(0, order, scratch);
        match plain {
            Some(sums) if sums.value.is_finite() => sums,
            other => run(1, order.min(Order::Gradient), scratch)
                .or(other)
                .unwrap_or_else(|| Sums { value: f64::NAN, ..Sums::default() }),
        }
    }

    /// Values of the law on the scale of the residual, one per row.
    pub(crate) fn values(&self, theta: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.columns.rows());
        for shifted in 0..2 {
            let Some(tape) = &self.tapes[shifted][0] else { break };
            let mut ws = tape.workspace();
            tape.start(&theta[..self.len()], &mut ws);
            out.clear();
            for row in (0..self.columns.rows()).step_by(isoflop_formula::BLOCK) {
                let len = isoflop_formula::BLOCK.min(self.columns.rows() - row);
                tape.run(&self.columns, row, len, &mut ws);
                match tape.output(0, &self.columns, row, &ws) {
                    Output::Row(v) => out.extend_from_slice(&v[..len]),
                    Output::One(v) => out.extend(std::iter::repeat_n(v, len)),
                }
            }
            if out.iter().all(|v| v.is_finite()) {
                break;
            }
        }
        out
    }

    /// Residuals `y - f` on the scale of the residual, one per row.
    pub(crate) fn residuals(&self, theta: &[f64]) -> Vec<f64> {
        self.values(theta).iter().zip(&self.y).map(|(f, y)| y - f).collect()
    }

    /// Hands `visit` each row's part of the negative gradient, times its weight, one row after the other.
    pub(crate) fn row_gradients(
        &self,
        theta: &[f64],
        kernel: Kernel,
        last: Scale,
        mut visit: impl FnMut(&[f64]),
    ) {
        let p = self.len();
        let Some(tape) = &self.tapes[0][1] else { return };
        let mut ws = tape.workspace();
        tape.start(&theta[..p], &mut ws);
        let scale = if last == Scale::Free { theta[p].exp() } else { 1.0 };
        let spread = if last == Scale::Spread { theta[p] } else { 0.0 };
        let mut gradient = vec![0.0; p];
        for row in (0..self.columns.rows()).step_by(isoflop_formula::BLOCK) {
            let len = isoflop_formula::BLOCK.min(self.columns.rows() - row);
            tape.run(&self.columns, row, len, &mut ws);
            let outputs: Vec<Output<'_>> = (0..=p).map(|k| tape.output(k, &self.columns, row, &ws)).collect();
            let at = |o: &Output<'_>, i: usize| match o {
                Output::Row(v) => v[i],
                Output::One(v) => *v,
            };
            for i in 0..len {
                let y = self.y[row + i];
                let r = y - at(&outputs[0], i);
                let psi = match &self.outcomes {
                    Some(outcomes) => outcomes.at(row + i, y, r, spread, kernel).pull,
                    None => kernel.of(y, r / scale).psi / scale,
                };
                let pull = self.weights[row + i] * psi;
                for (g, o) in gradient.iter_mut().zip(&outputs[1..]) {
                    *g = pull * at(o, i);
                }
                visit(&gradient);
            }
        }
    }

    /// Value of every slot at free coordinates `theta`.
    pub(crate) fn natural(&self, theta: &[f64]) -> Vec<f64> {
        scalars(&self.natural, &theta[..self.len()])
    }

    /// Free coordinates of slot values, the inverse of [`Model::natural`].
    ///
    /// Values outside what a coordinate can hold (a zero for a logarithm) give non-finite coordinates.
    pub(crate) fn internal(&self, natural: &[f64]) -> Vec<f64> {
        let c = &self.coordinates;
        let plain = |slot: usize| match c.kinds[slot] {
            Coordinate::Log | Coordinate::LogTerm | Coordinate::LogAlong(_) => natural[slot].ln(),
            _ => natural[slot],
        };
        let mut theta: Vec<f64> = c.free.iter().map(|&s| plain(s)).collect();
        let offsets = scalars(&self.offsets, &theta);
        for (j, &slot) in c.free.iter().enumerate() {
            let (offset, slope) = (offsets[2 * slot], offsets[2 * slot + 1]);
            match c.kinds[slot] {
                Coordinate::LogTerm => theta[j] = slope * theta[j] + offset,
                Coordinate::LinearTerm => theta[j] *= offset.exp(),
                _ => {}
            }
        }
        theta
    }
}

/// The observed output on the scale of the residual: its log, or the left side of the law as it is written.
fn observed(formula: &Formula, root: NodeId, data: &Data, log: bool) -> Vec<f64> {
    match &formula.output {
        _ if log => data.output.iter().map(|y| y.ln()).collect(),
        Some(left) if root == formula.body && root != left.prediction => {
            let mut inputs: Vec<&[f64]> = vec![&[]; formula.symbols.inputs.len()];
            inputs[left.input as usize] = &data.output;
            // The left side of several outputs depends on which one a row observes.
            let marks = inputs.len() - formula.parts.len();
            inputs[marks..].iter_mut().zip(&data.inputs[marks..]).for_each(|(to, from)| *to = from);
            let mut y = vec![0.0; data.rows()];
            evaluate(&formula.graph, left.lhs, &inputs, &[], &mut y);
            y
        }
        _ => data.output.clone(),
    }
}

/// The outputs of a tape that depends on parameters alone.
fn scalars(tape: &Tape, theta: &[f64]) -> Vec<f64> {
    let mut ws = tape.workspace();
    tape.start(theta, &mut ws);
    let none = Columns::new(0);
    (0..tape.outputs())
        .map(|k| match tape.output(k, &none, 0, &ws) {
            Output::One(v) => v,
            Output::Row(_) => f64::NAN,
        })
        .collect()
}
