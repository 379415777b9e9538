//! Sums over the past: for each row, a sum over the rows of its run up to it.
//!
//! The body of such a sum is a tape of its own. Its rows are those of the runs, one run after the other; what the
//! present row gives is a scalar to it, and so are the parameters. Rows at which a factor of the body is 0 add nothing
//! and are left out beforehand: a schedule that holds its learning rate for long has few rows at which it falls.

use crate::eval::{Columns, LANES, Output, Workspace, evaluate, padded};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::tape::{BLOCK, ColumnList, Operand, Purpose, ScalarOp, Tape};

/// What the sums of some tapes read, by the factors that their bodies share.
#[derive(Debug, Clone, Default)]
pub(crate) struct PastLists(Vec<PastList>);

#[derive(Debug, Clone)]
struct PastList {
    /// Factors of earlier inputs alone: rows at which one is 0 are left out.
    weights: Vec<NodeId>,
    /// An earlier input, for the number of rows; `None` if the bodies read none.
    length: Option<u32>,
    columns: ColumnList,
}

/// The columns of a [`PastList`].
#[derive(Debug, Clone)]
pub(crate) struct PastColumns {
    /// How many of the rows before each place were kept.
    before: Vec<u32>,
    /// Places that were kept.
    kept: Vec<u32>,
    columns: Columns,
}

/// Sums over the past that run together.
#[derive(Debug, Clone)]
pub(crate) struct PastPart {
    list: u32,
    body: Tape,
    here: Operand,
    row: Operand,
    /// Where the values of the present row are found.
    present: Vec<Operand>,
    /// The scalars of the body that depend on them.
    moving: Vec<u32>,
    /// The register of the first sum.
    first: u32,
}

/// Scratch memory of a [`PastPart`].
#[derive(Debug, Clone)]
pub(crate) struct PastWorkspace {
    body: Workspace,
    present: Vec<f64>,
    /// Sums that do not depend on the present row, over the kept rows `reached.0..reached.1`.
    running: Vec<f64>,
    reached: (usize, usize),
}

/// The factors of `body` that are made of earlier inputs alone, in the order of the graph.
pub(crate) fn weights(graph: &Graph, body: NodeId) -> Vec<NodeId> {
    let (mut stack, mut factors) = (vec![body], Vec::new());
    while let Some(id) = stack.pop() {
        match graph.node(id) {
            Node::Binary(Binary::Mul, a, b) => stack.extend([a, b]),
            Node::Binary(Binary::Div, top, _) => stack.push(top),
            Node::Unary(Unary::Neg, a) => stack.push(a),
            _ => factors.push(id),
        }
    }
    let mut earlier = false;
    factors.retain(|&id| {
        let leaves = graph.reachable(&[id]);
        earlier = leaves.iter().any(|&leaf| matches!(graph.node(leaf), Node::Earlier(_)));
        earlier && !leaves.iter().any(|&leaf| matches!(graph.node(leaf), Node::Input(_) | Node::Param(_)))
    });
    factors.sort_unstable();
    factors.dedup();
    factors
}

/// The nodes of a body that the present row alone gives; without `hoist` only the inputs themselves.
pub(crate) fn present(graph: &Graph, order: &[NodeId], hoist: bool) -> Vec<bool> {
    let (mut present, mut other) = (vec![false; graph.len()], vec![false; graph.len()]);
    for &id in order {
        let (mut is, mut not) = match graph.node(id) {
            Node::Input(_) => (true, false),
            Node::Earlier(_) | Node::Param(_) => (false, true),
            _ => (false, false),
        };
        for a in graph.arguments(id) {
            is |= present[a.index()] && hoist;
            not |= other[a.index()] || !hoist;
        }
        present[id.index()] = is && !not;
        other[id.index()] = not;
    }
    present
}

impl PastLists {
    /// The list of bodies with these factors.
    fn list(&mut self, graph: &Graph, weights: Vec<NodeId>, bodies: &[NodeId]) -> u32 {
        if let Some(k) = self.0.iter().position(|list| list.weights == weights) {
            return k as u32;
        }
        let length = graph.reachable(bodies).into_iter().find_map(|id| match graph.node(id) {
            Node::Earlier(k) => Some(k),
            _ => None,
        });
        self.0.push(PastList { weights, length, columns: ColumnList::default() });
        self.0.len() as u32 - 1
    }

    /// Computes what came since the last call.
    pub(crate) fn extend(&self, graph: &Graph, columns: &mut Vec<PastColumns>, inputs: &[&[f64]]) {
        for (k, list) in self.0.iter().enumerate() {
            if columns.len() == k {
                columns.push(list.rows(graph, inputs));
            }
            let PastColumns { kept, columns, .. } = &mut columns[k];
            for &node in &list.columns.nodes()[columns.count()..] {
                columns.push(list.column(graph, node, kept, inputs));
            }
        }
    }
}

impl PastList {
    /// Which rows are kept.
    fn rows(&self, graph: &Graph, inputs: &[&[f64]]) -> PastColumns {
        let rows = self.length.map_or(0, |k| inputs[k as usize].len());
        let all: Vec<u32> = (0..rows as u32).collect();
        let weights: Vec<Vec<f64>> =
            self.weights.iter().map(|&node| self.column(graph, node, &all, inputs)).collect();
        let kept: Vec<u32> =
            all.into_iter().filter(|&row| weights.iter().all(|w| w[row as usize] != 0.0)).collect();
        let mut before = vec![0; rows + 1];
        kept.iter().for_each(|&row| before[row as usize + 1] = 1);
        for row in 0..rows {
            before[row + 1] += before[row];
        }
        PastColumns { before, columns: Columns::new(kept.len()), kept }
    }

    /// Values of a node of earlier inputs at some rows.
    fn column(&self, graph: &Graph, node: NodeId, rows: &[u32], inputs: &[&[f64]]) -> Vec<f64> {
        let mut picked = vec![Vec::new(); inputs.len()];
        for id in graph.reachable(&[node]) {
            if let Node::Earlier(k) = graph.node(id) {
                picked[k as usize] = rows.iter().map(|&row| inputs[k as usize][row as usize]).collect();
            }
        }
        let slices: Vec<&[f64]> = picked.iter().map(Vec::as_slice).collect();
        let mut values = vec![0.0; rows.len()];
        evaluate(graph, node, &slices, &[], &mut values);
        values
    }
}

impl PastPart {
    /// Compiles sums with these bodies, which share `weights`; the first goes to register `first`.
    pub(crate) fn compile(
        graph: &Graph,
        bodies: &[NodeId],
        weights: Vec<NodeId>,
        (here, row): (Operand, Operand),
        first: u32,
        columns: &mut ColumnList,
        hoist: bool,
    ) -> PastPart {
        let list = columns.pasts.list(graph, weights, bodies);
        let own = &mut columns.pasts.0[list as usize].columns;
        let mut body = Tape::compile_part(graph, bodies, own, hoist, Purpose::Past);
        let (mut present, mut moving) = (Vec::new(), Vec::new());
        for i in 0..body.scalars.len() {
            let moves = |k: u32| moving.contains(&k);
            let is_moving = match &mut body.scalars[i] {
                ScalarOp::Present(node) => {
                    present.push(Operand::Column(columns.intern(NodeId(*node))));
                    *node = present.len() as u32 - 1;
                    true
                }
                ScalarOp::Const(_) | ScalarOp::Param(_) => false,
                ScalarOp::Unary(_, a) => moves(*a),
                ScalarOp::Binary(_, a, b) => moves(*a) || moves(*b),
                ScalarOp::If(a, b, c) => moves(*a) || moves(*b) || moves(*c),
            };
            if is_moving {
                moving.push(i as u32);
            }
        }
        PastPart { list, body, here, row, present, moving, first }
    }

    pub(crate) fn workspace(&self) -> PastWorkspace {
        PastWorkspace {
            body: self.body.workspace(),
            present: vec![0.0; self.present.len()],
            running: vec![0.0; self.body.outputs()],
            reached: (0, 0),
        }
    }

    pub(crate) fn start(&self, params: &[f64], ws: &mut PastWorkspace) {
        self.body.start(params, &mut ws.body);
        ws.reached = (0, 0);
        ws.running.fill(0.0);
    }

    /// Writes the sums of a block of rows to their registers.
    pub(crate) fn run(
        &self,
        columns: &Columns,
        row: usize,
        len: usize,
        ws: &mut PastWorkspace,
        registers: &mut [f64],
    ) {
        let past = &columns.pasts[self.list as usize];
        let value = |operand: Operand, i: usize| match operand {
            Operand::Column(c) => columns.column(c as usize)[row + i],
            // All three are inputs, which are columns.
            Operand::Register(_) | Operand::Scalar(_) => f64::NAN,
        };
        for i in 0..len {
            let start = |k: usize| (self.first as usize + k) * BLOCK;
            if row + i >= columns.rows() && i > 0 {
                // Padding repeats the last row.
                for k in 0..self.body.outputs() {
                    registers[start(k) + i] = registers[start(k) + i - 1];
                }
                continue;
            }
            for (to, &from) in ws.present.iter_mut().zip(&self.present) {
                *to = value(from, i);
            }
            self.body.present(&self.moving, &ws.present, &mut ws.body);
            let rows = past.rows(value(self.here, i), value(self.row, i));
            for k in 0..self.body.outputs() {
                registers[start(k) + i] = if rows.is_some() { 0.0 } else { f64::NAN };
            }
            let Some((from, to)) = rows else { continue };
            if self.moving.is_empty() {
                self.run_on(past, from, to, ws);
                ws.running.iter().enumerate().for_each(|(k, sum)| registers[start(k) + i] = *sum);
            } else {
                self.add(past, from, to, &mut ws.body, |k, values, rows| {
                    registers[start(k) + i] += values.map_or_else(|value| value * rows as f64, sum);
                });
            }
        }
    }

    /// Brings sums that do not depend on the present row to `from..to`: mostly a few rows more than for the row before.
    /// They are added one by one from `from` on, so that it does not matter which rows came before.
    fn run_on(&self, past: &PastColumns, from: usize, to: usize, ws: &mut PastWorkspace) {
        if ws.reached.0 != from || ws.reached.1 > to {
            ws.reached = (from, from);
            ws.running.fill(0.0);
        }
        let PastWorkspace { body, running, reached, .. } = ws;
        self.add(past, reached.1, to, body, |k, values, rows| match values {
            Ok(values) => values.iter().for_each(|value| running[k] += value),
            Err(value) => (0..rows).for_each(|_| running[k] += value),
        });
        reached.1 = to;
    }

    /// Hands `take` the parts of the kept rows `from..to`, a block at a time, with their number: one for each row, or
    /// one for all.
    fn add(
        &self,
        past: &PastColumns,
        from: usize,
        to: usize,
        ws: &mut Workspace,
        mut take: impl FnMut(usize, Result<&[f64], f64>, usize),
    ) {
        let mut block = from / LANES * LANES;
        while block < to {
            let end = (block + BLOCK).min(padded(past.kept.len()));
            self.body.run(&past.columns, block, end - block, ws);
            let (low, high) = (from.max(block), to.min(end));
            for k in 0..self.body.outputs() {
                let values = match self.body.output(k, &past.columns, block, ws) {
                    Output::Row(values) => Ok(&values[low - block..high - block]),
                    Output::One(value) => Err(value),
                };
                take(k, values, high - low);
            }
            block = end;
        }
    }
}

impl PastColumns {
    /// The kept rows of the run from its first row to the place `here`, which is row number `row` of the run; `None`
    /// if there is no such place.
    fn rows(&self, here: f64, row: f64) -> Option<(usize, usize)> {
        let first = here + 1.0 - row;
        let is_place = first >= 0.0 && row >= 1.0 && here + 1.0 < self.before.len() as f64;
        is_place.then(|| (self.before[first as usize] as usize, self.before[here as usize + 1] as usize))
    }
}

/// One accumulator per lane, so that the sum runs in vectors and always in the same order.
fn sum(values: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let mut chunks = values.chunks_exact(LANES);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().sum::<f64>() + chunks.remainder().iter().sum::<f64>()
}
