//! The inner loop: one pass over the rows gives the objective, its gradient and its curvature, block by block,
//! so that nothing of the size rows x parameters is ever stored.

use isoflop_formula::{BLOCK, Columns, Output, Tape, Workspace};

use crate::linalg::Symmetric;
use crate::objective::{Kernel, RowLoss};

/// Rows whose sums are made by one thread and joined in order.
const CHUNK: usize = 64 * BLOCK;

/// What one pass sums up. `theta` has `p` coordinates; with a free scale the log scale is coordinate `p`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    /// The objective.
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
    /// Per coordinate the sum of the absolute contributions to the gradient: the scale on which it is zero.
    pub(crate) activity: Vec<f64>,
    /// `J' W J` with the weights of reweighted least squares: always positive semidefinite.
    pub(crate) gauss: Symmetric,
    /// The exact second derivative of the objective; empty unless asked for.
    pub(crate) exact: Symmetric,
}

/// How far a pass goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    Value,
    Gradient,
    Newton,
}

/// One pass over all rows.
pub(crate) struct Pass<'a> {
    /// Outputs: value, then `p` first derivatives, then for `Newton` the lower triangle of the second.
    pub(crate) tape: &'a Tape,
    pub(crate) columns: &'a Columns,
    /// Observed values on the scale of the residual, padded.
    pub(crate) y: &'a [f64],
    /// Row weights, padded with zeros.
    pub(crate) weights: &'a [f64],
    pub(crate) kernel: Kernel,
    /// Scale that residuals are divided by; its logarithm is a coordinate if `free_scale`.
    pub(crate) scale: f64,
    pub(crate) free_scale: bool,
    pub(crate) coordinates: usize,
    pub(crate) order: Order,
}

impl Pass<'_> {
    /// Runs the pass at the parameters that `ws` was started with. Large tables use all threads of the current
    /// pool; the sums are made per chunk of fixed size and joined in order, so the bits do not depend on it.
    pub(crate) fn run(&self, ws: &mut Workspace) -> Sums {
        let rows = self.columns.rows();
        if rows <= CHUNK {
            return self.chunk(0, rows, ws).finish(self);
        }
        use rayon::prelude::*;
        let chunks: Vec<Raw> = (0..rows.div_ceil(CHUNK))
            .into_par_iter()
            .map_init(
                || ws.clone(),
                |ws, c| {
                    let start = c * CHUNK;
                    self.chunk(start, CHUNK.min(rows - start), ws)
                },
            )
            .collect();
        let mut total = Raw::new(self);
        for chunk in &chunks {
            total.add(chunk);
        }
        total.finish(self)
    }

    fn chunk(&self, start: usize, rows: usize, ws: &mut Workspace) -> Raw {
        let mut raw = Raw::new(self);
        let mut row = start;
        while row < start + rows {
            let len = BLOCK.min(start + rows - row);
            self.tape.run(self.columns, row, len, ws);
            self.block(row, isoflop_formula::padded(len), ws, &mut raw);
            row += len;
        }
        raw
    }

    fn block(&self, row: usize, len: usize, ws: &Workspace, raw: &mut Raw) {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                // Safety: the features are there.
                return unsafe { block_avx512(self, row, len, ws, raw) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // Safety: the features are there.
                return unsafe { block_avx2(self, row, len, ws, raw) };
            }
        }
        self.block_any(row, len, ws, raw);
    }

    #[inline(always)]
    fn block_any(&self, row: usize, len: usize, ws: &Workspace, raw: &mut Raw) {
        let mut rows = Rows::default();
        self.losses(row, len, ws, &mut rows, raw);
        if self.order == Order::Value {
            return;
        }
        let p = self.coordinates;
        let inverse = 1.0 / self.scale;
        let psi = &rows.psi[..len];
        let mut scratch = [[0.0; BLOCK]; 2];
        let mut slot = 0;
        for k in 0..p {
            let jk = self.tape.output(1 + k, self.columns, row, ws);
            let (sum, size) = sum_and_size(psi, jk);
            raw.gradient[k] -= sum * inverse;
            raw.activity[k] += size * inverse;
            let [weighted, curved] = &mut scratch;
            scaled(&rows.weight[..len], jk, &mut weighted[..len]);
            if self.order == Order::Newton {
                scaled(&rows.curvature[..len], jk, &mut curved[..len]);
            }
            for l in 0..=k {
                let jl = self.tape.output(1 + l, self.columns, row, ws);
                raw.gauss[slot] += dot(&weighted[..len], jl) * inverse * inverse;
                if self.order == Order::Newton {
                    let hessian = self.tape.output(1 + p + slot, self.columns, row, ws);
                    let bend = match hessian {
                        Output::One(0.0) => 0.0,
                        other => dot(psi, other),
                    };
                    raw.exact[slot] += dot(&curved[..len], jl) * inverse * inverse - bend * inverse;
                }
                slot += 1;
            }
            if self.free_scale {
                raw.cross[k] += dot(&rows.cross[..len], jk) * inverse;
            }
        }
    }

    /// Residuals of a block and their losses, times the row weights.
    #[inline(always)]
    fn losses(&self, row: usize, len: usize, ws: &Workspace, rows: &mut Rows, raw: &mut Raw) {
        let y = &self.y[row..row + len];
        let weights = &self.weights[row..row + len];
        let inverse = 1.0 / self.scale;
        let z = &mut rows.cross[..len];
        match self.tape.output(0, self.columns, row, ws) {
            Output::Row(f) => {
                z.iter_mut().zip(y.iter().zip(f)).for_each(|(z, (y, f))| *z = (y - f) * inverse);
            }
            Output::One(f) => z.iter_mut().zip(y).for_each(|(z, y)| *z = (y - f) * inverse),
        }
        match self.kernel {
            Kernel::Squares => rows.fill(len, weights, raw, |z| Kernel::Squares.at(z)),
            Kernel::Huber { delta, up, down } => {
                rows.fill(len, weights, raw, |z| Kernel::Huber { delta, up, down }.at(z));
            }
            kernel => rows.fill(len, weights, raw, |z| kernel.at(z)),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn block_avx512(pass: &Pass<'_>, row: usize, len: usize, ws: &Workspace, raw: &mut Raw) {
    pass.block_any(row, len, ws, raw);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn block_avx2(pass: &Pass<'_>, row: usize, len: usize, ws: &Workspace, raw: &mut Raw) {
    pass.block_any(row, len, ws, raw);
}

/// Per-row results of one block.
struct Rows {
    psi: [f64; BLOCK],
    weight: [f64; BLOCK],
    curvature: [f64; BLOCK],
    /// First the scaled residual, then `psi + z * curvature`.
    cross: [f64; BLOCK],
}

impl Default for Rows {
    fn default() -> Self {
        Rows { psi: [0.0; BLOCK], weight: [0.0; BLOCK], curvature: [0.0; BLOCK], cross: [0.0; BLOCK] }
    }
}

impl Rows {
    #[inline(always)]
    fn fill(&mut self, len: usize, weights: &[f64], raw: &mut Raw, loss: impl Fn(f64) -> RowLoss) {
        let mut rho = [0.0; LANES];
        let mut pull = [0.0; LANES];
        let mut bend = [0.0; LANES];
        for start in (0..len).step_by(LANES) {
            for lane in 0..LANES {
                let i = start + lane;
                let (z, weight) = (self.cross[i], weights[i]);
                let at = loss(z);
                rho[lane] += weight * at.rho;
                self.psi[i] = weight * at.psi;
                self.weight[i] = weight * at.weight;
                self.curvature[i] = weight * at.curvature;
                let cross = weight * (at.psi + z * at.curvature);
                pull[lane] += weight * z * at.psi;
                bend[lane] += z * cross;
                self.cross[i] = cross;
            }
        }
        raw.value += total(rho);
        raw.pull += total(pull);
        raw.bend += total(bend);
    }
}

const LANES: usize = isoflop_formula::LANES;

#[inline(always)]
fn total(lanes: [f64; LANES]) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

#[inline(always)]
fn dot(a: &[f64], b: Output<'_>) -> f64 {
    let mut sums = [0.0; LANES];
    match b {
        Output::Row(b) => {
            for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
                for lane in 0..LANES {
                    sums[lane] += a[lane] * b[lane];
                }
            }
            total(sums)
        }
        Output::One(b) => {
            for a in a.as_chunks::<LANES>().0 {
                for lane in 0..LANES {
                    sums[lane] += a[lane];
                }
            }
            total(sums) * b
        }
    }
}

#[inline(always)]
fn sum_and_size(a: &[f64], b: Output<'_>) -> (f64, f64) {
    let mut sums = [0.0; LANES];
    let mut sizes = [0.0; LANES];
    let mut add = |a: &[f64; LANES], b: &[f64; LANES]| {
        for lane in 0..LANES {
            let product = a[lane] * b[lane];
            sums[lane] += product;
            sizes[lane] += product.abs();
        }
    };
    match b {
        Output::Row(b) => {
            a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0).for_each(|(a, b)| add(a, b));
        }
        Output::One(b) => a.as_chunks::<LANES>().0.iter().for_each(|a| add(a, &[b; LANES])),
    }
    (total(sums), total(sizes))
}

#[inline(always)]
fn scaled(a: &[f64], b: Output<'_>, out: &mut [f64]) {
    match b {
        Output::Row(b) => out.iter_mut().zip(a.iter().zip(b)).for_each(|(o, (a, b))| *o = a * b),
        Output::One(b) => out.iter_mut().zip(a).for_each(|(o, a)| *o = a * b),
    }
}

/// Sums of a chunk, lower triangles packed row by row.
struct Raw {
    value: f64,
    /// Sums of `z psi` and `z (psi + z curvature)`, for the free scale.
    pull: f64,
    bend: f64,
    gradient: Vec<f64>,
    activity: Vec<f64>,
    gauss: Vec<f64>,
    exact: Vec<f64>,
    cross: Vec<f64>,
}

impl Raw {
    fn new(pass: &Pass<'_>) -> Self {
        let p = if pass.order == Order::Value { 0 } else { pass.coordinates };
        let packed = p * (p + 1) / 2;
        let exact = if pass.order == Order::Newton { packed } else { 0 };
        Raw {
            value: 0.0,
            pull: 0.0,
            bend: 0.0,
            gradient: vec![0.0; p],
            activity: vec![0.0; p],
            gauss: vec![0.0; packed],
            exact: vec![0.0; exact],
            cross: vec![0.0; p],
        }
    }

    fn add(&mut self, other: &Raw) {
        self.value += other.value;
        self.pull += other.pull;
        self.bend += other.bend;
        let pairs = [
            (&mut self.gradient, &other.gradient),
            (&mut self.activity, &other.activity),
            (&mut self.gauss, &other.gauss),
            (&mut self.exact, &other.exact),
            (&mut self.cross, &other.cross),
        ];
        for (mine, theirs) in pairs {
            mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        }
    }

    fn finish(self, pass: &Pass<'_>) -> Sums {
        let weight: f64 = if pass.free_scale { pass.weights.iter().sum() } else { 0.0 };
        let log_scale = if pass.free_scale { weight * pass.scale.ln() } else { 0.0 };
        let mut sums = Sums { value: self.value + log_scale, ..Sums::default() };
        if pass.order == Order::Value {
            return sums;
        }
        let p = pass.coordinates;
        let n = p + usize::from(pass.free_scale);
        sums.gradient = self.gradient;
        sums.activity = self.activity;
        sums.gauss = unpack(&self.gauss, p, n);
        if pass.order == Order::Newton {
            sums.exact = unpack(&self.exact, p, n);
        }
        if pass.free_scale {
            sums.gradient.push(weight - self.pull);
            sums.activity.push(weight + self.pull.abs());
            // Fisher-like curvature of the log scale keeps the reweighted matrix positive definite.
            sums.gauss.set(p, p, self.pull.abs().max(1e-3 * weight));
            if pass.order == Order::Newton {
                sums.exact.set(p, p, self.bend);
                for (k, &c) in self.cross.iter().enumerate() {
                    sums.exact.set(p, k, c);
                }
            }
        }
        sums
    }
}

fn unpack(packed: &[f64], p: usize, n: usize) -> Symmetric {
    let mut m = Symmetric::zeros(n);
    let mut slot = 0;
    for i in 0..p {
        for j in 0..=i {
            m.set(i, j, packed[slot]);
            slot += 1;
        }
    }
    m
}
