//! The language model: a pre-norm decoder-only transformer over bytes.

use candle_core::{D, Device, Result, Tensor, Var};

use crate::ops;
use crate::rng::Rng;

/// Number of byte values.
pub const VOCAB: usize = 256;
/// Attention heads of every model.
pub const HEADS: usize = 4;

/// Width and depth of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Residual stream width, a multiple of [`HEADS`].
    pub width: usize,
    /// Number of transformer blocks.
    pub layers: usize,
}

impl Shape {
    /// Parameters outside the embedding table: 12 width² per block.
    pub fn non_embedding_params(&self) -> u64 {
        (12 * self.layers * self.width * self.width) as u64
    }

    /// All parameters; the embedding table is counted once, as input and output share it.
    pub fn params(&self) -> u64 {
        self.non_embedding_params() + (VOCAB * self.width) as u64
    }
}

struct Block {
    query: Var,
    key: Var,
    value: Var,
    out: Var,
    up: Var,
    down: Var,
}

/// A model with its weights.
pub struct Model {
    embedding: Var,
    blocks: Vec<Block>,
    slopes: Vec<f32>,
}

impl Model {
    /// A model with weights drawn from `rng`.
    ///
    /// Matrices that write to the residual stream start at zero, so that every block starts as the
    /// identity.
    pub fn new(shape: Shape, rng: &mut Rng) -> Result<Self> {
        let d = shape.width;
        let std = 0.5 / (d as f64).sqrt();
        let embedding = gaussian(VOCAB, d, 0.05, rng)?;
        let blocks = (0..shape.layers)
            .map(|_| {
                Ok(Block {
                    query: gaussian(d, d, std, rng)?,
                    key: gaussian(d, d, std, rng)?,
                    value: gaussian(d, d, std, rng)?,
                    out: zeros(d, d)?,
                    up: gaussian(d, 4 * d, std, rng)?,
                    down: zeros(4 * d, d)?,
                })
            })
            .collect::<Result<_>>()?;
        // The steepest head sees little but the last few bytes, the last one is almost flat.
        let slopes = (0..HEADS).map(|h| 0.25f32.powi(h as i32)).collect();
        Ok(Self { embedding, blocks, slopes })
    }

    /// All trainable weights.
    pub fn vars(&self) -> Vec<Var> {
        let blocks = self.blocks.iter().flat_map(|b| [&b.query, &b.key, &b.value, &b.out, &b.up, &b.down]);
        std::iter::once(&self.embedding).chain(blocks).cloned().collect()
    }

    /// Mean loss in nats per byte of `inputs` (sequences of `seq_len` bytes, one after the other)
    /// against `targets`, the byte that follows each of them.
    pub fn loss(&self, inputs: &[u8], targets: &[u8], seq_len: usize) -> Result<Tensor> {
        let rows = inputs.len();
        let ids: Vec<u32> = inputs.iter().map(|&b| u32::from(b)).collect();
        let ids = Tensor::from_vec(ids, rows, &Device::Cpu)?;
        let mut x = ops::rms_norm(&self.embedding.embedding(&ids)?)?;
        for block in &self.blocks {
            x = (&x + self.attention(block, &ops::rms_norm(&x)?, seq_len)?)?;
            let hidden = ops::rms_norm(&x)?.matmul(&block.up)?.relu()?.sqr()?;
            x = (&x + hidden.matmul(&block.down)?)?;
        }
        let logits = ops::rms_norm(&x)?.matmul(&self.embedding.t()?)?;
        ops::cross_entropy(&logits, targets)
    }

    fn attention(&self, block: &Block, x: &Tensor, seq_len: usize) -> Result<Tensor> {
        let (rows, width) = x.dims2()?;
        let head = width / HEADS;
        let split = |w: &Var| {
            x.matmul(w)?.reshape((rows / seq_len, seq_len, HEADS, head))?.transpose(1, 2)?.contiguous()
        };
        let (q, k, v) = (split(&block.query)?, split(&block.key)?, split(&block.value)?);
        let scores = q.matmul(&k.transpose(D::Minus1, D::Minus2)?)?;
        let weights = ops::causal_softmax(&scores, 1.0 / (head as f32).sqrt(), &self.slopes)?;
        let mixed = weights.matmul(&v)?.transpose(1, 2)?.contiguous()?;
        mixed.reshape((rows, width))?.matmul(&block.out)
    }
}

fn gaussian(rows: usize, cols: usize, std: f64, rng: &mut Rng) -> Result<Var> {
    let values: Vec<f32> = (0..rows * cols).map(|_| (rng.normal() * std) as f32).collect();
    Var::from_vec(values, (rows, cols), &Device::Cpu)
}

fn zeros(rows: usize, cols: usize) -> Result<Var> {
    Var::zeros((rows, cols), candle_core::DType::F32, &Device::Cpu)
}
