//! The evaluator: runs a [`Tape`] over blocks of rows, with the widest vectors that the machine has.

use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::past::{PastColumns, PastWorkspace};
use crate::root;
use crate::tape::{BLOCK, ColumnList, Equation, Op, Operand, ScalarOp, Tape};
use crate::vmath::{self, Simd};

/// Columns of equal length, padded so that whole vectors can be read: the rows that a tape runs over.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    rows: usize,
    data: Vec<Vec<f64>>,
    /// What sums over the past read.
    pub(crate) pasts: Vec<PastColumns>,
}

/// Rows are padded to a multiple of this with copies of the last row.
pub const LANES: usize = 8;

/// `rows` rounded up to whole vectors.
pub fn padded(rows: usize) -> usize {
    rows.div_ceil(LANES) * LANES
}

impl Columns {
    /// No columns yet, `rows` rows.
    pub fn new(rows: usize) -> Self {
        Columns { rows, data: Vec::new(), pasts: Vec::new() }
    }

    /// Number of rows, without padding.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub(crate) fn count(&self) -> usize {
        self.data.len()
    }

    /// Column `k` with its padding.
    pub fn column(&self, k: usize) -> &[f64] {
        &self.data[k]
    }

    /// Adds a column of [`Columns::rows`] values; the padding repeats the last.
    pub fn push(&mut self, mut values: Vec<f64>) {
        let last = values.last().copied().unwrap_or(1.0);
        values.resize(padded(self.rows), last);
        self.data.push(values);
    }

    /// Computes the nodes of `list` from the inputs, each a slice of `rows` values; those of the kind
    /// [`crate::InputKind::Earlier`] have the rows of all runs instead.
    ///
    /// `graph` must be the one that the list's tapes were compiled from.
    pub fn hoist(graph: &Graph, list: &ColumnList, inputs: &[&[f64]], rows: usize) -> Columns {
        let mut columns = Columns::new(rows);
        columns.extend(graph, list, inputs);
        columns
    }

    /// Adds the columns of `list` that came since the last call.
    pub fn extend(&mut self, graph: &Graph, list: &ColumnList, inputs: &[&[f64]]) {
        for &node in &list.nodes()[self.data.len()..] {
            let mut values = vec![0.0; self.rows];
            evaluate(graph, node, inputs, &[], &mut values);
            self.push(values);
        }
        list.pasts.extend(graph, &mut self.pasts, inputs);
    }
}

/// Values of one node on every row: `inputs[k]` holds input `k` (rows long), `params[k]` parameter `k`.
///
/// A convenience that compiles a tape for one use; `out` has one value per row.
///
/// ```
/// use isoflop_formula::{Graph, evaluate};
/// let mut g = Graph::new();
/// let (x, p) = (g.input(0), g.param(0));
/// let node = g.mul(p, x);
/// let mut out = [0.0; 3];
/// evaluate(&g, node, &[&[1.0, 2.0, 3.0]], &[10.0], &mut out);
/// assert_eq!(out, [10.0, 20.0, 30.0]);
/// ```
pub fn evaluate(graph: &Graph, node: NodeId, inputs: &[&[f64]], params: &[f64], out: &mut [f64]) {
    let mut list = ColumnList::default();
    let tape = Tape::compile(graph, &[node], &mut list, false);
    let mut ws = tape.workspace();
    tape.start(params, &mut ws);
    let mut pasts = Vec::new();
    list.pasts.extend(graph, &mut pasts, inputs);
    for (b, chunk) in out.chunks_mut(BLOCK).enumerate() {
        let row = b * BLOCK;
        let mut columns = Columns::new(chunk.len());
        std::mem::swap(&mut columns.pasts, &mut pasts);
        for &column in list.nodes() {
            if let Node::Input(k) | Node::Earlier(k) = graph.node(column) {
                columns.push(inputs[k as usize][row..row + chunk.len()].to_vec());
            }
        }
        tape.run(&columns, 0, chunk.len(), &mut ws);
        match tape.output(0, &columns, 0, &ws) {
            Output::Row(values) => chunk.copy_from_slice(&values[..chunk.len()]),
            Output::One(value) => chunk.fill(value),
        }
        std::mem::swap(&mut columns.pasts, &mut pasts);
    }
}

/// Scratch memory of one thread for one tape; made once, then no evaluation allocates.
#[derive(Debug, Clone)]
pub struct Workspace {
    registers: Vec<f64>,
    scalars: Vec<f64>,
    /// Memory of the body of each equation.
    equations: Vec<Workspace>,
    /// Memory of each sum over the past.
    pasts: Vec<PastWorkspace>,
    simd: Simd,
}

/// An output of the last block.
#[derive(Debug, Clone, Copy)]
pub enum Output<'a> {
    /// One value per row of the block, padding included.
    Row(&'a [f64]),
    /// The same value on every row.
    One(f64),
}

impl Tape {
    /// Memory to run this tape in.
    pub fn workspace(&self) -> Workspace {
        Workspace {
            registers: vec![0.0; self.registers * BLOCK],
            scalars: vec![0.0; self.scalars.len()],
            equations: self.equations.iter().map(|equation| equation.body.workspace()).collect(),
            pasts: self.pasts.iter().map(|past| past.workspace()).collect(),
            simd: Simd::detect(),
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// Operations per row, a measure of cost.
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether nothing is computed per row.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Computes what depends on parameters alone; `params[k]` is parameter `k` of the lowered graph.
    pub fn start(&self, params: &[f64], ws: &mut Workspace) {
        for i in 0..self.scalars.len() {
            ws.scalars[i] = match self.scalars[i] {
                ScalarOp::Param(k) => params[k as usize],
                _ => self.scalar(i, ws),
            };
        }
        for (equation, ws) in self.equations.iter().zip(&mut ws.equations) {
            equation.body.start(params, ws);
        }
        for (past, ws) in self.pasts.iter().zip(&mut ws.pasts) {
            past.start(params, ws);
        }
    }

    /// Value of scalar `i`, from those before it.
    fn scalar(&self, i: usize, ws: &Workspace) -> f64 {
        let s = &ws.scalars;
        match self.scalars[i] {
            ScalarOp::Const(x) => x,
            // Given by `start` and `present`.
            ScalarOp::Param(_) | ScalarOp::Present(_) => s[i],
            ScalarOp::Unary(u, a) => u.apply(s[a as usize]),
            ScalarOp::Binary(b, x, y) => b.apply(s[x as usize], s[y as usize]),
            ScalarOp::If(c, a, b) => s[if s[c as usize] != 0.0 { a } else { b } as usize],
        }
    }

    /// Computes the scalars `moving` again, for another present row with the values `present`.
    pub(crate) fn present(&self, moving: &[u32], present: &[f64], ws: &mut Workspace) {
        for &i in moving {
            ws.scalars[i as usize] = match self.scalars[i as usize] {
                ScalarOp::Present(k) => present[k as usize],
                _ => self.scalar(i as usize, ws),
            };
        }
    }

    /// Runs rows `row..row + len` (`len` at most [`BLOCK`], `row` a multiple of [`LANES`]).
    ///
    /// # Panics
    /// If the columns are shorter than that, which is a mistake in this project.
    pub fn run(&self, columns: &Columns, row: usize, len: usize, ws: &mut Workspace) {
        let len = padded(len);
        assert!(len <= BLOCK && row.is_multiple_of(LANES) && row + len <= padded(columns.rows));
        for (k, past) in self.pasts.iter().enumerate() {
            past.run(columns, row, len, &mut ws.pasts[k], &mut ws.registers);
        }
        match ws.simd {
            // Safety: `Simd::detect` found these features on this machine.
            #[cfg(target_arch = "x86_64")]
            Simd::Avx512 => unsafe { run_avx512(self, columns, row, len, ws) },
            #[cfg(target_arch = "x86_64")]
            Simd::Avx2 => unsafe { run_avx2(self, columns, row, len, ws) },
            _ => run::<false>(self, columns, row, len, ws),
        }
    }

    /// Output `k` of the block that was run last, at the same `row`.
    #[inline]
    pub fn output<'a>(&self, k: usize, columns: &'a Columns, row: usize, ws: &'a Workspace) -> Output<'a> {
        match self.outputs[k] {
            Operand::Register(r) => Output::Row(&ws.registers[r as usize * BLOCK..][..BLOCK]),
            Operand::Column(c) => Output::Row(&columns.data[c as usize][row..]),
            Operand::Scalar(s) => Output::One(ws.scalars[s as usize]),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn run_avx512(tape: &Tape, columns: &Columns, row: usize, len: usize, ws: &mut Workspace) {
    run::<true>(tape, columns, row, len, ws);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(tape: &Tape, columns: &Columns, row: usize, len: usize, ws: &mut Workspace) {
    run::<true>(tape, columns, row, len, ws);
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Row(&'a [f64]),
    One(f64),
}

#[inline(always)]
fn run<const FMA: bool>(tape: &Tape, columns: &Columns, row: usize, len: usize, ws: &mut Workspace) {
    let base = ws.registers.as_mut_ptr();
    let Workspace { scalars, equations, .. } = ws;
    for &(register, op) in &tape.ops {
        debug_assert!((register as usize) < tape.registers);
        // Safety: every register number of a tape is below `tape.registers`, for which the workspace has room,
        // and the compiler never gives an operation a destination that it also reads.
        let out = unsafe { std::slice::from_raw_parts_mut(base.add(register as usize * BLOCK), len) };
        let get = |operand: Operand| match operand {
            Operand::Register(r) => {
                Source::Row(unsafe { std::slice::from_raw_parts(base.add(r as usize * BLOCK), len) })
            }
            Operand::Column(c) => Source::Row(&columns.data[c as usize][row..row + len]),
            Operand::Scalar(s) => Source::One(scalars[s as usize]),
        };
        match op {
            Op::Unary(u, a) => unary::<FMA>(u, out, get(a)),
            Op::Binary(b, x, y) => binary(b, out, get(x), get(y)),
            Op::MulAdd(a, b, c) => ternary(out, get(a), get(b), get(c), vmath::fma::<FMA>),
            Op::NegMulAdd(a, b, c) => {
                ternary(out, get(a), get(b), get(c), |a, b, c| vmath::fma::<FMA>(-a, b, c));
            }
            Op::MulSub(a, b, c) => {
                ternary(out, get(a), get(b), get(c), |a, b, c| vmath::fma::<FMA>(a, b, -c))
            }
            Op::Root(k) => {
                let (equation, ws) = (&tape.equations[k as usize], &mut equations[k as usize]);
                find_roots(equation, columns, row, ws, (get(equation.low), get(equation.high)), out);
            }
            Op::If(c, a, b) => ternary(out, get(c), get(a), get(b), |c, a, b| if c != 0.0 { a } else { b }),
        }
    }
}

/// The roots of an equation on a block of rows. Not inlined: its arrays would make the frame of every block large.
#[inline(never)]
fn find_roots(
    equation: &Equation,
    columns: &Columns,
    row: usize,
    ws: &mut Workspace,
    (low, high): (Source<'_>, Source<'_>),
    out: &mut [f64],
) {
    let len = out.len();
    let spread = |source: Source<'_>| {
        let mut values = [0.0; BLOCK];
        match source {
            Source::Row(row) => values[..len].copy_from_slice(row),
            Source::One(value) => values[..len].fill(value),
        }
        values
    };
    let body = &equation.body;
    let value = |x: &[f64], out: &mut [f64]| {
        ws.registers[..len].copy_from_slice(x);
        body.run(columns, row, len, ws);
        match body.output(0, columns, row, ws) {
            Output::Row(values) => out.copy_from_slice(&values[..len]),
            Output::One(value) => out.fill(value),
        }
    };
    root::solve(value, &spread(low)[..len], &spread(high)[..len], out);
}

#[inline(always)]
fn unary<const FMA: bool>(op: Unary, out: &mut [f64], a: Source<'_>) {
    match op {
        Unary::Neg => map(out, a, |x| -x),
        Unary::Not => map(out, a, |x| if x == 0.0 { 1.0 } else { 0.0 }),
        Unary::Exp => map(out, a, vmath::exp::<FMA>),
        Unary::Log => map(out, a, vmath::ln::<FMA>),
        Unary::Expm1 => map(out, a, vmath::expm1::<FMA>),
        Unary::Log1p => map(out, a, vmath::ln_1p::<FMA>),
        Unary::Log2 => map(out, a, vmath::log2::<FMA>),
        Unary::Log10 => map(out, a, vmath::log10::<FMA>),
        Unary::Sqrt => map(out, a, f64::sqrt),
        Unary::Abs => map(out, a, f64::abs),
        Unary::Sigmoid => map(out, a, vmath::sigmoid::<FMA>),
        Unary::Softplus => map(out, a, vmath::softplus::<FMA>),
        Unary::Tanh => map(out, a, vmath::tanh::<FMA>),
        Unary::Detach => map(out, a, |x| x),
        rare => map(out, a, |x| rare.apply(x)),
    }
}

#[inline(always)]
fn binary(op: Binary, out: &mut [f64], a: Source<'_>, b: Source<'_>) {
    let truth = |t: bool| if t { 1.0 } else { 0.0 };
    match op {
        Binary::Add => zip(out, a, b, |x, y| x + y),
        Binary::Sub => zip(out, a, b, |x, y| x - y),
        Binary::Mul => zip(out, a, b, |x, y| x * y),
        Binary::Div => zip(out, a, b, |x, y| x / y),
        Binary::Min => zip(out, a, b, f64::min),
        Binary::Max => zip(out, a, b, f64::max),
        Binary::Less => zip(out, a, b, |x, y| truth(x < y)),
        Binary::LessEqual => zip(out, a, b, |x, y| truth(x <= y)),
        rare => zip(out, a, b, |x, y| rare.apply(x, y)),
    }
}

#[inline(always)]
fn map(out: &mut [f64], a: Source<'_>, f: impl Fn(f64) -> f64) {
    match a {
        Source::Row(a) => {
            for (o, &x) in out.iter_mut().zip(a) {
                *o = f(x);
            }
        }
        Source::One(x) => out.fill(f(x)),
    }
}

#[inline(always)]
fn zip(out: &mut [f64], a: Source<'_>, b: Source<'_>, f: impl Fn(f64, f64) -> f64) {
    match (a, b) {
        (Source::Row(a), Source::Row(b)) => {
            for ((o, &x), &y) in out.iter_mut().zip(a).zip(b) {
                *o = f(x, y);
            }
        }
        (Source::Row(a), Source::One(y)) => map(out, Source::Row(a), |x| f(x, y)),
        (Source::One(x), b) => map(out, b, |y| f(x, y)),
    }
}

#[inline(always)]
fn ternary(out: &mut [f64], a: Source<'_>, b: Source<'_>, c: Source<'_>, f: impl Fn(f64, f64, f64) -> f64) {
    match (a, b, c) {
        (Source::Row(a), Source::Row(b), Source::Row(c)) => {
            for (((o, &x), &y), &z) in out.iter_mut().zip(a).zip(b).zip(c) {
                *o = f(x, y, z);
            }
        }
        (Source::One(x), b, c) => zip(out, b, c, |y, z| f(x, y, z)),
        (a, Source::One(y), c) => zip(out, a, c, |x, z| f(x, y, z)),
        (a, b, Source::One(z)) => zip(out, a, b, |x, y| f(x, y, z)),
    }
}
