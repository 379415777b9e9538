//! Three fused CPU operations with their gradients.
//!
//! The same mathematics written with single tensor operations makes dozens of small temporaries,
//! which at this model size costs more time than the matrix products.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Result, Shape, Tensor, bail};

/// Added to the mean square in [`rms_norm`].
const NORM_EPS: f32 = 1e-6;

/// Scales every row (last dimension) of `x` to a root mean square of one; there is no learned gain.
pub fn rms_norm(x: &Tensor) -> Result<Tensor> {
    x.apply_op1(RmsNorm)
}

/// Causal attention weights from raw scores of shape (batch, heads, T, T).
///
/// Scores are multiplied by `scale`, and the linear distance penalty of each head (ALiBi: `slopes[h]`
/// per position) is taken off before the softmax. Later positions get weight zero.
pub fn causal_softmax(scores: &Tensor, scale: f32, slopes: &[f32]) -> Result<Tensor> {
    scores.apply_op1(CausalSoftmax { scale, slopes: slopes.to_vec() })
}

/// Mean cross-entropy in nats of `logits` (rows, classes) against one target class per row.
pub fn cross_entropy(logits: &Tensor, targets: &[u8]) -> Result<Tensor> {
    logits.apply_op1(CrossEntropy { targets: targets.to_vec() })
}

/// The values of a contiguous f32 tensor, whose last dimension is `Shape::dims().last()`.
fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => bail!("a fused operation needs a contiguous tensor"),
    }
}

/// Length of the last dimension.
fn row_len(layout: &Layout) -> Result<usize> {
    match layout.dims().last() {
        Some(&n) if n > 0 => Ok(n),
        _ => bail!("a fused operation needs a last dimension that is not empty"),
    }
}

/// Sum of products, in eight lanes so that the compiler can vectorise it.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; 8];
    let (ca, cb) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f32 = ca.remainder().iter().zip(cb.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in ca.zip(cb) {
        for i in 0..8 {
            lanes[i] += x[i] * y[i];
        }
    }
    lanes.iter().sum::<f32>() + tail
}

/// One over the root mean square of a row.
fn inverse_rms(row: &[f32]) -> f32 {
    1.0 / (dot(row, row) / row.len() as f32 + NORM_EPS).sqrt()
}

/// Replaces a row by its softmax and returns the logarithm of the normaliser.
fn softmax_in_place(row: &mut [f32]) -> f32 {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0f32;
    for v in row.iter_mut() {
        *v = (*v - max).exp();
        sum += *v;
    }
    let inv = 1.0 / sum;
    row.iter_mut().for_each(|v| *v *= inv);
    max + sum.ln()
}

struct RmsNorm;

impl CustomOp1 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut out = values(s, l)?.to_vec();
        for row in out.chunks_exact_mut(row_len(l)?) {
            let r = inverse_rms(row);
            row.iter_mut().for_each(|v| *v *= r);
        }
        Ok((CpuStorage::F32(out), l.shape().clone()))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        Ok(Some(x.contiguous()?.apply_op2_no_bwd(&grad.contiguous()?, &RmsNormGrad)?))
    }
}

struct RmsNormGrad;

impl CustomOp2 for RmsNormGrad {
    fn name(&self) -> &'static str {
        "rms-norm-grad"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (x, n) = (values(s1, l1)?, row_len(l1)?);
        let mut out = values(s2, l2)?.to_vec();
        for (g, x) in out.chunks_exact_mut(n).zip(x.chunks_exact(n)) {
            let r = inverse_rms(x);
            let along = dot(g, x) * r * r / n as f32;
            g.iter_mut().zip(x).for_each(|(g, x)| *g = r * (*g - x * along));
        }
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

struct CausalSoftmax {
    scale: f32,
    slopes: Vec<f32>,
}

impl CustomOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let t = row_len(l)?;
        let mut out = values(s, l)?.to_vec();
        for (index, row) in out.chunks_exact_mut(t).enumerate() {
            let slope = self.slopes[index / t % self.slopes.len()];
            let here = index % t;
            let (seen, later) = row.split_at_mut(here + 1);
            for (j, v) in seen.iter_mut().enumerate() {
                *v = *v * self.scale - slope * (here - j) as f32;
            }
            softmax_in_place(seen);
            later.fill(0.0);
        }
        Ok((CpuStorage::F32(out), l.shape().clone()))
    }

    fn bwd(&self, _x: &Tensor, y: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let op = SoftmaxGrad { scale: self.scale };
        Ok(Some(y.apply_op2_no_bwd(&grad.contiguous()?, &op)?))
    }
}

struct SoftmaxGrad {
    scale: f32,
}

impl CustomOp2 for SoftmaxGrad {
    fn name(&self) -> &'static str {
        "causal-softmax-grad"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (y, n) = (values(s1, l1)?, row_len(l1)?);
        let mut out = values(s2, l2)?.to_vec();
        for (g, y) in out.chunks_exact_mut(n).zip(y.chunks_exact(n)) {
            let mean = dot(g, y);
            g.iter_mut().zip(y).for_each(|(g, y)| *g = self.scale * y * (*g - mean));
        }
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

struct CrossEntropy {
    targets: Vec<u8>,
}

impl CustomOp1 for CrossEntropy {
    fn name(&self) -> &'static str {
        "cross-entropy"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let n = row_len(l)?;
        let mut row = vec![0f32; n];
        let mut total = 0f64;
        for (logits, &target) in values(s, l)?.chunks_exact(n).zip(&self.targets) {
            row.copy_from_slice(logits);
            total += f64::from(softmax_in_place(&mut row) - logits[usize::from(target)]);
        }
        let mean = (total / self.targets.len() as f64) as f32;
        Ok((CpuStorage::F32(vec![mean]), Shape::from(())))
    }

    fn bwd(&self, logits: &Tensor, _loss: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        let op = CrossEntropyGrad { targets: &self.targets };
        Ok(Some(logits.apply_op1_no_bwd(&op)?.broadcast_mul(grad)?))
    }
}

struct CrossEntropyGrad<'a> {
    targets: &'a [u8],
}

impl CustomOp1 for CrossEntropyGrad<'_> {
    fn name(&self) -> &'static str {
        "cross-entropy-grad"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let n = row_len(l)?;
        let inv = 1.0 / self.targets.len() as f32;
        let mut out = values(s, l)?.to_vec();
        for (row, &target) in out.chunks_exact_mut(n).zip(self.targets) {
            softmax_in_place(row);
            row[usize::from(target)] -= 1.0;
            row.iter_mut().for_each(|v| *v *= inv);
        }
        Ok((CpuStorage::F32(out), l.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{D, Device, Var};

    use super::*;
    use crate::rng::Rng;

    fn random(shape: &[usize], seed: u64) -> Var {
        let mut rng = Rng::new(seed, 0);
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| rng.normal() as f32).collect();
        Var::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    /// Checks value and gradient of a fused operation against the same thing in plain operations.
    fn same(x: &Var, fused: &Tensor, plain: &Tensor) {
        let weights = random(fused.dims(), 9);
        let gradient = |y: &Tensor| {
            let loss = (y * weights.as_tensor()).unwrap().sum_all().unwrap();
            loss.backward().unwrap().get(x).unwrap().clone()
        };
        for (a, b) in [(fused.clone(), plain.clone()), (gradient(fused), gradient(plain))] {
            let gap = (a - b).unwrap().abs().unwrap().max_all().unwrap().to_scalar::<f32>().unwrap();
            assert!(gap < 1e-5, "differs by {gap}");
        }
    }

    #[test]
    fn rms_norm_is_right() {
        let x = random(&[5, 12], 1);
        let mean = (x.sqr().unwrap().mean_keepdim(D::Minus1).unwrap() + f64::from(NORM_EPS)).unwrap();
        same(&x, &rms_norm(&x).unwrap(), &x.broadcast_div(&mean.sqrt().unwrap()).unwrap());
    }

    #[test]
    fn causal_softmax_is_right() {
        let (t, slopes) = (6, [1.0, 0.1]);
        let x = random(&[3, 2, t, t], 2);
        let penalty = |h: usize, i: usize, j: usize| {
            if j > i { -1e9 } else { -slopes[h] * (i - j) as f32 }
        };
        let mask: Vec<f32> = (0..2 * t * t).map(|k| penalty(k / t / t, k / t % t, k % t)).collect();
        let mask = Tensor::from_vec(mask, (1, 2, t, t), &Device::Cpu).unwrap();
        let scores = (x.as_tensor() * 0.3).unwrap().broadcast_add(&mask).unwrap();
        let plain = candle_nn::ops::softmax(&scores, D::Minus1).unwrap();
        same(&x, &causal_softmax(&x, 0.3, &slopes).unwrap(), &plain);
    }

    #[test]
    fn cross_entropy_is_right() {
        let x = random(&[4, 7], 3);
        let targets = Tensor::new(&[0u32, 6, 2, 2], &Device::Cpu).unwrap();
        let plain = candle_nn::loss::cross_entropy(&x, &targets).unwrap();
        same(&x, &cross_entropy(&x, &[0, 6, 2, 2]).unwrap(), &plain);
    }
}
