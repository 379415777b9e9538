//! The inner loop: one pass over the rows gives the objective, its gradient and its curvature, block by block,
//! so that nothing of the size rows x parameters is ever stored.

use isoflop_formula::{BLOCK, Columns, Output, Tape, Workspace};

use crate::linalg::Symmetric;
use crate::model::Scale;
use crate::objective::{Kernel, RowLoss};
use crate::outcomes::Outcomes;
use crate::overdispersed::Counted;

/// Rows whose sums are made by one thread and joined in order.
const CHUNK: usize = 64 * BLOCK;

/// What one pass sums up. `theta` has `p` coordinates; with a free scale its log is coordinate `p`, or with over-dispersed
/// shares their over-dispersion.
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
    /// Scale that residuals are divided by.
    pub(crate) scale: f64,
    /// Families of the rows, if they have some, and the over-dispersion.
    pub(crate) outcomes: Option<&'a Outcomes>,
    pub(crate) spread: f64,
    /// What the last coordinate is, if there is one beside those of the law.
    pub(crate) last: Scale,
    pub(crate) coordinates: usize,
    pub(crate) order: Order,
}

impl Pass<'_> {
    /// Runs the pass at the parameters that `ws` was started with. Large tables use all threads of the current
    /// pool; the sums are made per chunk of fixed size and joined in order, so the bits do not depend on it.
    pub(crate) fn run(&self, ws: &mut Workspace, sheet: &mut Sheet) -> Sums {
        let rows = self.columns.rows();
        if rows <= CHUNK {
            self.chunk(0, rows, ws, sheet);
            return sheet.raw.finish(self);
        }
        use rayon::prelude::*;
        let chunks: Vec<Raw> = (0..rows.div_ceil(CHUNK))
            .into_par_iter()
            .map_init(
                || (ws.clone(), Sheet::default()),
                |(ws, sheet), c| {
                    let start = c * CHUNK;
                    self.chunk(start, CHUNK.min(rows - start), ws, sheet);
                    std::mem::take(&mut sheet.raw)
                },
            )
            .collect();
        sheet.raw.clear(self);
        for chunk in &chunks {
            sheet.raw.add(chunk);
        }
        sheet.raw.finish(self)
    }

    fn chunk(&self, start: usize, rows: usize, ws: &mut Workspace, sheet: &mut Sheet) {
        sheet.raw.clear(self);
        let mut row = start;
        while row < start + rows {
            let len = BLOCK.min(start + rows - row);
            self.tape.run(self.columns, row, len, ws);
            self.block(row, isoflop_formula::padded(len), ws, sheet);
            row += len;
        }
    }

    fn block(&self, row: usize, len: usize, ws: &Workspace, sheet: &mut Sheet) {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                // Safety: the features are there.
                return unsafe { block_avx512(self, row, len, ws, sheet) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // Safety: the features are there.
                return unsafe { block_avx2(self, row, len, ws, sheet) };
            }
        }
        self.block_any::<false>(row, len, ws, sheet);
    }

    #[inline(always)]
    fn block_any<const FMA: bool>(&self, row: usize, len: usize, ws: &Workspace, sheet: &mut Sheet) {
        let Sheet { rows, raw } = sheet;
        self.losses::<FMA>(row, len, ws, rows, raw);
        if self.order == Order::Value {
            return;
        }
        let p = self.coordinates;
        let newton = self.order == Order::Newton;
        let psi = &rows.psi[..len];
        let [weighted, curved, fill_k, fill_l, fill_h] = &mut rows.scratch;
        let (weighted, curved) = (&mut weighted[..len], &mut curved[..len]);
        let mut slot = 0;
        for k in 0..p {
            let jk = column(self.tape.output(1 + k, self.columns, row, ws), fill_k, len);
            add_sum_and_size(&mut raw.gradient[k], &mut raw.activity[k], psi, jk);
            scaled(&rows.weight[..len], jk, weighted);
            if newton {
                scaled(&rows.curvature[..len], jk, curved);
            }
            for l in 0..=k {
                let jl = column(self.tape.output(1 + l, self.columns, row, ws), fill_l, len);
                add_dot::<FMA>(&mut raw.gauss[slot], weighted, jl);
                if newton {
                    add_dot::<FMA>(&mut raw.curved[slot], curved, jl);
                    match self.tape.output(1 + p + slot, self.columns, row, ws) {
                        Output::One(0.0) => {}
                        other => add_dot::<FMA>(&mut raw.bent[slot], psi, column(other, fill_h, len)),
                    }
                }
                slot += 1;
            }
            if self.has_last() {
                add_dot::<FMA>(&mut raw.cross[k], &rows.cross[..len], jk);
            }
        }
    }

    /// Residuals of a block and their losses, times the row weights.
    #[inline(always)]
    fn losses<const FMA: bool>(
        &self,
        row: usize,
        len: usize,
        ws: &Workspace,
        rows: &mut Rows,
        raw: &mut Raw,
    ) {
        let y = &self.y[row..row + len];
        let weights = &self.weights[row..row + len];
        let inverse = 1.0 / self.scale;
        let z = &mut rows.z[..len];
        match self.tape.output(0, self.columns, row, ws) {
            Output::Row(f) => {
                for ((z, y), f) in z.iter_mut().zip(y).zip(f) {
                    *z = (y - f) * inverse;
                }
            }
            Output::One(f) => {
                for (z, y) in z.iter_mut().zip(y) {
                    *z = (y - f) * inverse;
                }
            }
        }
        if let Some(outcomes) = self.outcomes {
            return self.families(outcomes, row, len, rows, raw);
        }
        match self.kernel {
            Kernel::Squares => rows.fill(y, weights, |_, z| Kernel::Squares.at(z)),
            Kernel::Huber { delta, up, down } => {
                rows.fill(y, weights, |_, z| Kernel::Huber { delta, up, down }.at(z));
            }
            kernel => rows.fill(y, weights, |y, z| kernel.of(y, z)),
        }
        add_dot::<FMA>(&mut raw.value, &rows.rho[..len], weights);
        if self.last == Scale::Free {
            for i in 0..len {
                rows.cross[i] = rows.psi[i] + rows.z[i] * rows.curvature[i];
            }
            add_dot::<FMA>(&mut raw.pull, &rows.z[..len], &rows.psi[..len]);
            add_dot::<FMA>(&mut raw.bend, &rows.z[..len], &rows.cross[..len]);
        }
    }

    /// [`Self::losses`] of rows that each have a family, with the sums of the over-dispersion.
    fn families(&self, outcomes: &Outcomes, row: usize, len: usize, rows: &mut Rows, raw: &mut Raw) {
        for i in 0..len {
            let w = self.weights[row + i];
            // Rows that were not drawn, and those that fill the last vector.
            let at = if w == 0.0 {
                Counted::default()
            } else {
                outcomes.at(row + i, self.y[row + i], rows.z[i], self.spread, self.kernel)
            };
            let lane = i % LANES;
            raw.value[lane] += w * at.loss;
            raw.pull[lane] += w * at.slope;
            raw.bend[lane] += w * at.curve;
            raw.size[lane] += w * at.slope.abs();
            raw.outer[lane] += w * at.slope * at.slope;
            rows.psi[i] = w * at.pull;
            rows.weight[i] = w * at.weight;
            rows.curvature[i] = w * at.bend;
            rows.cross[i] = w * at.cross;
        }
    }

    /// Whether there is a coordinate beside those of the law.
    fn has_last(&self) -> bool {
        matches!(self.last, Scale::Free | Scale::Spread)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")]
fn block_avx512(pass: &Pass<'_>, row: usize, len: usize, ws: &Workspace, sheet: &mut Sheet) {
    pass.block_any::<true>(row, len, ws, sheet);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn block_avx2(pass: &Pass<'_>, row: usize, len: usize, ws: &Workspace, sheet: &mut Sheet) {
    pass.block_any::<true>(row, len, ws, sheet);
}

/// Memory of one thread to make sums in, kept from pass to pass.
#[derive(Default)]
pub(crate) struct Sheet {
    rows: Box<Rows>,
    raw: Raw,
}

/// Per-row results of one block.
struct Rows {
    /// The scaled residual.
    z: [f64; BLOCK],
    /// The loss, not weighted by the row.
    rho: [f64; BLOCK],
    /// The rest is weighted.
    psi: [f64; BLOCK],
    weight: [f64; BLOCK],
    curvature: [f64; BLOCK],
    /// `psi + z * curvature`, for a free scale.
    cross: [f64; BLOCK],
    scratch: [[f64; BLOCK]; 5],
}

impl Default for Rows {
    fn default() -> Self {
        let zero = [0.0; BLOCK];
        let scratch = [zero; 5];
        Rows { z: zero, rho: zero, psi: zero, weight: zero, curvature: zero, cross: zero, scratch }
    }
}

impl Rows {
    #[inline(always)]
    fn fill(&mut self, y: &[f64], weights: &[f64], loss: impl Fn(f64, f64) -> RowLoss) {
        let len = y.len();
        let rows = self.rho[..len].iter_mut().zip(&mut self.psi[..len]).zip(&mut self.weight[..len]);
        let rows = rows.zip(&mut self.curvature[..len]).zip(&self.z[..len]).zip(&weights[..len]).zip(y);
        for ((((((rho, psi), weight), curvature), &z), &w), &y) in rows {
            let at = loss(y, z);
            *rho = at.rho;
            *psi = w * at.psi;
            *weight = w * at.weight;
            *curvature = w * at.curvature;
        }
    }
}

const LANES: usize = isoflop_formula::LANES;

/// Partial sums, one per vector lane; added up only when a chunk is done, so that the loops stay wide.
type Lanes = [f64; LANES];

fn total(lanes: &Lanes) -> f64 {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// A row of values, made in `fill` if the output is one value.
#[inline(always)]
fn column<'a>(output: Output<'a>, fill: &'a mut [f64; BLOCK], len: usize) -> &'a [f64] {
    match output {
        Output::Row(values) => &values[..len],
        Output::One(value) => {
            fill[..len].fill(value);
            &fill[..len]
        }
    }
}

#[inline(always)]
fn add_dot<const FMA: bool>(sums: &mut Lanes, a: &[f64], b: &[f64]) {
    let mut local = *sums;
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            local[lane] =
                if FMA { a[lane].mul_add(b[lane], local[lane]) } else { local[lane] + a[lane] * b[lane] };
        }
    }
    *sums = local;
}

#[inline(always)]
fn add_sum_and_size(sums: &mut Lanes, sizes: &mut Lanes, a: &[f64], b: &[f64]) {
    let (mut sum, mut size) = (*sums, *sizes);
    for (a, b) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            let product = a[lane] * b[lane];
            sum[lane] += product;
            size[lane] += product.abs();
        }
    }
    *sums = sum;
    *sizes = size;
}

#[inline(always)]
fn scaled(a: &[f64], b: &[f64], out: &mut [f64]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a * b;
    }
}

/// Sums of a chunk over scaled residuals, lower triangles packed row by row.
#[derive(Default)]
struct Raw {
    value: Lanes,
    /// Sums of `z psi` and `z (psi + z curvature)`, for the free scale.
    pull: Lanes,
    bend: Lanes,
    /// Sums of the absolute and the squared slopes of the over-dispersion, whose slopes and curvatures are in `pull` and
    /// `bend`.
    size: Lanes,
    outer: Lanes,
    gradient: Vec<Lanes>,
    activity: Vec<Lanes>,
    gauss: Vec<Lanes>,
    /// The two parts of the exact second derivative: curvature of the loss and of the law.
    curved: Vec<Lanes>,
    bent: Vec<Lanes>,
    cross: Vec<Lanes>,
}

impl Raw {
    /// Sets every sum that `pass` makes to zero.
    fn clear(&mut self, pass: &Pass<'_>) {
        let p = if pass.order == Order::Value { 0 } else { pass.coordinates };
        let packed = p * (p + 1) / 2;
        let exact = if pass.order == Order::Newton { packed } else { 0 };
        let zero = [0.0; LANES];
        (self.value, self.pull, self.bend, self.size, self.outer) = (zero, zero, zero, zero, zero);
        let sizes = [
            (&mut self.gradient, p),
            (&mut self.activity, p),
            (&mut self.gauss, packed),
            (&mut self.curved, exact),
            (&mut self.bent, exact),
            (&mut self.cross, if pass.has_last() { p } else { 0 }),
        ];
        for (sums, size) in sizes {
            sums.clear();
            sums.resize(size, zero);
        }
    }

    fn add(&mut self, other: &Raw) {
        let single = [
            (&mut self.value, &other.value),
            (&mut self.pull, &other.pull),
            (&mut self.bend, &other.bend),
            (&mut self.size, &other.size),
            (&mut self.outer, &other.outer),
        ];
        let several = [
            (&mut self.gradient, &other.gradient),
            (&mut self.activity, &other.activity),
            (&mut self.gauss, &other.gauss),
            (&mut self.curved, &other.curved),
            (&mut self.bent, &other.bent),
            (&mut self.cross, &other.cross),
        ];
        let several = several.into_iter().flat_map(|(mine, theirs)| mine.iter_mut().zip(theirs));
        for (mine, theirs) in single.into_iter().chain(several) {
            for lane in 0..LANES {
                mine[lane] += theirs[lane];
            }
        }
    }

    fn finish(&self, pass: &Pass<'_>) -> Sums {
        let free_scale = pass.last == Scale::Free;
        let weight: f64 = if free_scale { pass.weights.iter().sum() } else { 0.0 };
        let log_scale = if free_scale { weight * pass.scale.ln() } else { 0.0 };
        let mut sums = Sums { value: total(&self.value) + log_scale, ..Sums::default() };
        if pass.order == Order::Value {
            return sums;
        }
        let p = pass.coordinates;
        let n = p + usize::from(pass.has_last());
        let inverse = 1.0 / pass.scale;
        sums.gradient = self.gradient.iter().map(|g| -total(g) * inverse).collect();
        sums.activity = self.activity.iter().map(|a| total(a) * inverse).collect();
        sums.gauss = unpack(p, n, |slot| total(&self.gauss[slot]) * inverse * inverse);
        if pass.order == Order::Newton {
            sums.exact = unpack(p, n, |slot| {
                total(&self.curved[slot]) * inverse * inverse - total(&self.bent[slot]) * inverse
            });
        }
        if pass.last == Scale::Spread {
            sums.gradient.push(total(&self.pull));
            sums.activity.push(total(&self.size));
            sums.gauss.set(p, p, total(&self.outer));
            if pass.order == Order::Newton {
                sums.exact.set(p, p, total(&self.bend));
                for (k, c) in self.cross.iter().enumerate() {
                    sums.exact.set(p, k, total(c));
                }
            }
        }
        if free_scale {
            let pull = total(&self.pull);
            sums.gradient.push(weight - pull);
            sums.activity.push(weight + pull.abs());
            // Fisher-like curvature of the log scale keeps the reweighted matrix positive definite.
            sums.gauss.set(p, p, pull.abs().max(1e-3 * weight));
            if pass.order == Order::Newton {
                sums.exact.set(p, p, total(&self.bend));
                for (k, c) in self.cross.iter().enumerate() {
                    sums.exact.set(p, k, total(c) * inverse);
                }
            }
        }
        sums
    }
}

/// An `n x n` matrix whose first `p` rows come from packed sums.
fn unpack(p: usize, n: usize, packed: impl Fn(usize) -> f64) -> Symmetric {
    let mut m = Symmetric::zeros(n);
    let mut slot = 0;
    for i in 0..p {
        for j in 0..=i {
            m.set(i, j, packed(slot));
            slot += 1;
        }
    }
    m
}
