//! The tape compiler: a lowered graph becomes a short list of operations on blocks of rows.
//!
//! Nodes fall into three kinds. Those of parameters alone are scalars, computed once per evaluation. Those of
//! inputs alone are columns, computed once per table. Only the rest runs per row, in registers of [`BLOCK`]
//! values that stay in the first-level cache.

use rustc_hash::FxHashMap;

use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::past::{self, PastLists, PastPart};

/// Rows in a register.
pub const BLOCK: usize = 256;

/// The input-only nodes that some tapes read as columns; tapes of one model share one list.
#[derive(Debug, Clone, Default)]
pub struct ColumnList {
    nodes: Vec<NodeId>,
    index: FxHashMap<NodeId, u32>,
    /// What sums over the past read.
    pub(crate) pasts: PastLists,
}

impl ColumnList {
    /// The nodes in column order.
    pub fn nodes(&self) -> &[NodeId] {
        &self.nodes
    }

    /// Column of `node`, added at the end if new.
    pub(crate) fn intern(&mut self, node: NodeId) -> u32 {
        *self.index.entry(node).or_insert_with(|| {
            self.nodes.push(node);
            self.nodes.len() as u32 - 1
        })
    }
}

/// Where an operation finds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(u32),
    Column(u32),
    Scalar(u32),
}

/// One operation per row.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op {
    Unary(Unary, Operand),
    Binary(Binary, Operand, Operand),
    /// `a * b + c`
    MulAdd(Operand, Operand, Operand),
    /// `c - a * b`
    NegMulAdd(Operand, Operand, Operand),
    /// `a * b - c`
    MulSub(Operand, Operand, Operand),
    If(Operand, Operand, Operand),
    /// The root of equation `k` of the tape.
    Root(u32),
}

/// An equation of a tape: the tape of its body, which reads the unknown from register 0, and the ends of the range.
#[derive(Debug, Clone)]
pub(crate) struct Equation {
    pub(crate) body: Tape,
    pub(crate) low: Operand,
    pub(crate) high: Operand,
}

/// One operation per evaluation; its result has the number of its place.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ScalarOp {
    Const(f64),
    Param(u32),
    Unary(Unary, u32),
    Binary(Binary, u32, u32),
    If(u32, u32, u32),
    /// Value number `k` of the present row, in the body of a sum over the past; a node while it is compiled.
    Present(u32),
}

/// A compiled list of operations with its outputs. It holds no data and can be shared by threads; see
/// [`Tape::start`] and [`Tape::run`].
#[derive(Debug, Clone)]
pub struct Tape {
    pub(crate) scalars: Vec<ScalarOp>,
    pub(crate) ops: Vec<(u32, Op)>,
    pub(crate) outputs: Vec<Operand>,
    pub(crate) registers: usize,
    pub(crate) equations: Vec<Equation>,
    /// Sums over the past, computed before everything else.
    pub(crate) pasts: Vec<PastPart>,
}

/// What a tape is compiled for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Whole,
    /// The body of an equation with this unknown, which is in register 0.
    Equation(u32),
    /// The body of a sum over the past: its rows are those of the run, and what the present row gives is a scalar.
    Past,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Depends on nothing that varies by row.
    Scalar,
    /// Depends on inputs but on no parameter.
    Column,
    Row,
}

impl Tape {
    /// Compiles `outputs` of `graph`, which should be lowered.
    ///
    /// With `hoist`, every largest input-only node becomes a column of `columns`, to be computed once per table;
    /// without, only the inputs themselves are columns (the way to compute the hoisted ones).
    pub fn compile(graph: &Graph, outputs: &[NodeId], columns: &mut ColumnList, hoist: bool) -> Tape {
        Tape::compile_part(graph, outputs, columns, hoist, Purpose::Whole)
    }

    /// [`Tape::compile`] of a whole or of a body.
    pub(crate) fn compile_part(
        graph: &Graph,
        outputs: &[NodeId],
        columns: &mut ColumnList,
        hoist: bool,
        purpose: Purpose,
    ) -> Tape {
        let order = outside_bodies(graph, outputs);
        let mut kind = vec![Kind::Scalar; graph.len()];
        for &id in &order {
            let unknown = matches!(graph.node(id), Node::Unknown(_));
            let varies = match graph.node(id) {
                Node::Input(_) => purpose != Purpose::Past,
                Node::Earlier(_) => true,
                _ => false,
            };
            let mut inputs = unknown || varies;
            let mut params = unknown || matches!(graph.node(id), Node::Param(_));
            if let Some(body) = body_of(graph, id) {
                // Roots are found row by row, also where all rows have the same.
                inputs = true;
                let body = graph.reachable(&[body]);
                params = body.into_iter().any(|part| matches!(graph.node(part), Node::Param(_)));
            }
            for a in graph.arguments(id).filter(|&a| !is_body(graph, id, a)) {
                inputs |= kind[a.index()] != Kind::Scalar;
                params |= kind[a.index()] == Kind::Row || uses_params(graph, a, &kind);
            }
            let is_leaf = matches!(graph.node(id), Node::Input(_) | Node::Earlier(_));
            kind[id.index()] = match (inputs, params) {
                (false, _) => Kind::Scalar,
                (true, false) if hoist || is_leaf => Kind::Column,
                _ => Kind::Row,
            };
        }
        let mut compiler = Compiler::new(graph, &kind, columns, &order, outputs, hoist);
        if purpose == Purpose::Past {
            compiler.present = past::present(graph, &order, hoist);
        }
        if let Purpose::Equation(unknown) = purpose {
            compiler.read_unknown(unknown, &order);
        }
        compiler.sums_over_the_past(&order);
        compiler.compile(&order, outputs)
    }
}

/// The nodes that `outputs` are made of, without the bodies of equations and of sums over the past.
fn outside_bodies(graph: &Graph, outputs: &[NodeId]) -> Vec<NodeId> {
    let mut seen = vec![false; graph.len()];
    outputs.iter().for_each(|id| seen[id.index()] = true);
    for index in (0..graph.len()).rev() {
        let id = NodeId(index as u32);
        if seen[index] {
            let outside = graph.arguments(id).filter(|&a| !is_body(graph, id, a));
            outside.for_each(|a| seen[a.index()] = true);
        }
    }
    (0..graph.len()).filter(|&i| seen[i]).map(|i| NodeId(i as u32)).collect()
}

/// The body of the equation whose root `id` is, or of the sum over the past that it is.
fn body_of(graph: &Graph, id: NodeId) -> Option<NodeId> {
    match graph.node(id) {
        Node::Root(k) => Some(graph.equation(k).body),
        Node::Past(body, ..) => Some(body),
        _ => None,
    }
}

/// Whether `argument` of `id` is a body.
fn is_body(graph: &Graph, id: NodeId, argument: NodeId) -> bool {
    body_of(graph, id) == Some(argument)
}

/// Whether a scalar node depends on a parameter (a constant does not).
fn uses_params(graph: &Graph, id: NodeId, kind: &[Kind]) -> bool {
    kind[id.index()] == Kind::Scalar && graph.value(id).is_none()
}

struct Compiler<'a> {
    graph: &'a Graph,
    kind: &'a [Kind],
    columns: &'a mut ColumnList,
    place: Vec<Option<Operand>>,
    /// How many row operations or outputs still read a node.
    uses: Vec<u32>,
    /// The last row operation that reads a node.
    reader: Vec<Option<NodeId>>,
    free: Vec<u32>,
    hoist: bool,
    /// In the body of a sum over the past: the nodes that the present row alone gives.
    present: Vec<bool>,
    tape: Tape,
}

impl<'a> Compiler<'a> {
    fn new(
        graph: &'a Graph,
        kind: &'a [Kind],
        columns: &'a mut ColumnList,
        order: &[NodeId],
        outputs: &[NodeId],
        hoist: bool,
    ) -> Self {
        let mut uses = vec![0; graph.len()];
        let mut reader = vec![None; graph.len()];
        for &id in order.iter().filter(|id| kind[id.index()] == Kind::Row) {
            for a in graph.arguments(id).filter(|&a| !is_body(graph, id, a)) {
                uses[a.index()] += 1;
                reader[a.index()] = Some(id);
            }
        }
        for id in outputs {
            uses[id.index()] += 1;
        }
        let tape = Tape {
            scalars: Vec::new(),
            ops: Vec::new(),
            outputs: Vec::new(),
            registers: 0,
            equations: Vec::new(),
            pasts: Vec::new(),
        };
        Compiler {
            graph,
            kind,
            columns,
            place: vec![None; graph.len()],
            uses,
            reader,
            free: Vec::new(),
            hoist,
            present: Vec::new(),
            tape,
        }
    }

    /// Keeps register 0 for the unknown.
    fn read_unknown(&mut self, unknown: u32, order: &[NodeId]) {
        self.tape.registers = 1;
        if let Some(id) = order.iter().find(|&&id| self.graph.node(id) == Node::Unknown(unknown)) {
            self.place[id.index()] = Some(Operand::Register(0));
            // Never given back.
            self.uses[id.index()] = u32::MAX / 2;
        }
    }

    /// Keeps a register for each sum over the past. Sums whose parts share their factors run together.
    fn sums_over_the_past(&mut self, order: &[NodeId]) {
        let mut groups: Vec<(Vec<NodeId>, NodeId, NodeId, Vec<NodeId>)> = Vec::new();
        for &id in order.iter().filter(|id| self.kind[id.index()] == Kind::Row) {
            if let Node::Past(body, here, row) = self.graph.node(id) {
                let weights = past::weights(self.graph, body);
                let same = groups.iter_mut().find(|(w, h, r, _)| *w == weights && (*h, *r) == (here, row));
                match same {
                    Some((.., sums)) => sums.push(id),
                    None => groups.push((weights, here, row, vec![id])),
                }
            }
        }
        for (weights, here, row, sums) in groups {
            let bodies: Vec<NodeId> = sums.iter().filter_map(|&id| body_of(self.graph, id)).collect();
            let (here, row) = (self.operand(here), self.operand(row));
            let first = self.tape.registers as u32;
            self.tape.registers += sums.len();
            for (register, id) in (first..).zip(&sums) {
                self.place[id.index()] = Some(Operand::Register(register));
                // Never given back: the sums are written before the first operation.
                self.uses[id.index()] = u32::MAX / 2;
            }
            let part =
                PastPart::compile(self.graph, &bodies, weights, (here, row), first, self.columns, self.hoist);
            self.tape.pasts.push(part);
        }
    }

    fn compile(mut self, order: &[NodeId], outputs: &[NodeId]) -> Tape {
        for &id in order {
            let is_past = matches!(self.graph.node(id), Node::Past(..));
            if self.kind[id.index()] == Kind::Row && !is_past && !self.fuses_into_user(id) {
                self.row(id);
            }
        }
        self.tape.outputs = outputs.iter().map(|&id| self.operand(id)).collect();
        self.tape
    }

    /// A product read by nothing but one sum is computed there, as a multiply-add; of two such products
    /// the second. So is one that is only negated.
    fn fuses_into_user(&self, id: NodeId) -> bool {
        let Some(user) = self.reader[id.index()] else { return false };
        self.is_single_product(id)
            && match self.graph.node(user) {
                Node::Binary(Binary::Add | Binary::Sub, a, b) => {
                    a != b && (b == id || !self.is_single_product(b))
                }
                Node::Unary(Unary::Neg, _) => true,
                _ => false,
            }
    }

    fn is_single_product(&self, id: NodeId) -> bool {
        self.kind[id.index()] == Kind::Row
            && self.uses[id.index()] == 1
            && matches!(self.graph.node(id), Node::Binary(Binary::Mul, ..))
    }

    /// Emits the row operation of `id`.
    fn row(&mut self, id: NodeId) {
        let (op, read) = match self.graph.node(id) {
            Node::Unary(Unary::Neg, a) if self.is_unplaced_product(a) => self.negated_product(a),
            Node::Unary(u, a) => (Op::Unary(u, self.operand(a)), vec![a]),
            Node::Binary(add @ (Binary::Add | Binary::Sub), a, b) => self.sum(add, a, b),
            Node::Binary(b, x, y) => (Op::Binary(b, self.operand(x), self.operand(y)), vec![x, y]),
            Node::If(c, a, b) => (Op::If(self.operand(c), self.operand(a), self.operand(b)), vec![c, a, b]),
            Node::Root(k) => {
                let equation = self.graph.equation(k);
                let body = Tape::compile_part(
                    self.graph,
                    &[equation.body],
                    self.columns,
                    self.hoist,
                    Purpose::Equation(equation.unknown),
                );
                let (low, high) = (self.operand(equation.low), self.operand(equation.high));
                self.tape.equations.push(Equation { body, low, high });
                (Op::Root(self.tape.equations.len() as u32 - 1), vec![equation.low, equation.high])
            }
            Node::Input(_) | Node::Earlier(_) | Node::Const(_) | Node::Param(_) => return,
            Node::Unknown(_) | Node::Past(..) => return,
        };
        // The destination is taken before the arguments are given back: an operation never writes what it reads.
        let register = self.free.pop().unwrap_or_else(|| {
            self.tape.registers += 1;
            self.tape.registers as u32 - 1
        });
        self.tape.ops.push((register, op));
        self.place[id.index()] = Some(Operand::Register(register));
        for a in read {
            self.uses[a.index()] -= 1;
            if let (0, Some(Operand::Register(r))) = (self.uses[a.index()], self.place[a.index()]) {
                self.free.push(r);
            }
        }
    }

    fn is_unplaced_product(&self, id: NodeId) -> bool {
        self.place[id.index()].is_none() && self.is_single_product(id)
    }

    /// `0 - x * y` in one operation, for the negative exponents of power laws.
    fn negated_product(&mut self, product: NodeId) -> (Op, Vec<NodeId>) {
        let Node::Binary(_, x, y) = self.graph.node(product) else {
            return (Op::Unary(Unary::Neg, self.operand(product)), vec![product]);
        };
        self.tape.scalars.push(ScalarOp::Const(0.0));
        let zero = Operand::Scalar(self.tape.scalars.len() as u32 - 1);
        (Op::NegMulAdd(self.operand(x), self.operand(y), zero), vec![x, y])
    }

    fn sum(&mut self, op: Binary, a: NodeId, b: NodeId) -> (Op, Vec<NodeId>) {
        let unplaced =
            |s: &Self, id: NodeId| s.kind[id.index()] == Kind::Row && s.place[id.index()].is_none();
        for (product, other, left) in [(b, a, false), (a, b, true)] {
            if let Node::Binary(Binary::Mul, x, y) = self.graph.node(product)
                && unplaced(self, product)
            {
                let (x1, y1, c) = (self.operand(x), self.operand(y), self.operand(other));
                let fused = match (op, left) {
                    (Binary::Add, _) => Op::MulAdd(x1, y1, c),
                    (_, false) => Op::NegMulAdd(x1, y1, c),
                    (_, true) => Op::MulSub(x1, y1, c),
                };
                return (fused, vec![x, y, other]);
            }
        }
        (Op::Binary(op, self.operand(a), self.operand(b)), vec![a, b])
    }

    fn operand(&mut self, id: NodeId) -> Operand {
        if let Some(place) = self.place[id.index()] {
            return place;
        }
        let place = match self.kind[id.index()] {
            Kind::Scalar => Operand::Scalar(self.scalar(id)),
            _ => Operand::Column(self.columns.intern(id)),
        };
        self.place[id.index()] = Some(place);
        place
    }

    /// Emits the scalar operations that `id` needs, arguments first.
    fn scalar(&mut self, id: NodeId) -> u32 {
        let mut result = 0;
        let is_present = |id: NodeId| self.present.get(id.index()).is_some_and(|&is| is);
        for step in self.graph.reachable_above(&[id], &is_present) {
            if let Some(Operand::Scalar(s)) = self.place[step.index()] {
                result = s;
                continue;
            }
            let of = |a: NodeId| match self.place[a.index()] {
                Some(Operand::Scalar(s)) => s,
                _ => 0, // arguments come first in the order, so they always have a place
            };
            let op = match self.graph.node(step) {
                _ if self.present.get(step.index()).is_some_and(|&is| is) => ScalarOp::Present(step.0),
                Node::Const(bits) => ScalarOp::Const(f64::from_bits(bits)),
                Node::Param(k) => ScalarOp::Param(k),
                // These are never scalars.
                Node::Input(_) | Node::Earlier(_) | Node::Unknown(_) | Node::Root(_) | Node::Past(..) => {
                    ScalarOp::Const(f64::NAN)
                }
                Node::Unary(u, a) => ScalarOp::Unary(u, of(a)),
                Node::Binary(b, x, y) => ScalarOp::Binary(b, of(x), of(y)),
                Node::If(c, a, b) => ScalarOp::If(of(c), of(a), of(b)),
            };
            self.tape.scalars.push(op);
            result = self.tape.scalars.len() as u32 - 1;
            self.place[step.index()] = Some(Operand::Scalar(result));
        }
        result
    }
}
