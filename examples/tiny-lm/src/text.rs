//! The text, cut into a training part and a held-out part.

use std::path::Path;

use crate::rng::Rng;

/// Bytes of context of every model.
pub const SEQ_LEN: usize = 64;
/// The text is cut into blocks of this many bytes ...
const BLOCK: usize = 4096;
/// ... and the last of every `HELD_OUT_EVERY` blocks is held out.
const HELD_OUT_EVERY: usize = 32;

/// Training and held-out text.
pub struct Text {
    train: Vec<u8>,
    held_out: Vec<u8>,
}

impl Text {
    /// Reads and splits a file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let bytes = std::fs::read(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let text = Self::split(&bytes);
        if text.held_out.len() <= SEQ_LEN {
            return Err(format!(
                "{} has {} bytes: too short to hold out a part of it (at least {} are needed)",
                path.display(),
                bytes.len(),
                BLOCK * HELD_OUT_EVERY
            ));
        }
        Ok(text)
    }

    fn split(bytes: &[u8]) -> Self {
        let (mut train, mut held_out) = (Vec::new(), Vec::new());
        for (i, block) in bytes.chunks(BLOCK).enumerate() {
            let part = if i % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 { &mut held_out } else { &mut train };
            part.extend_from_slice(block);
        }
        Self { train, held_out }
    }

    /// Bytes that one pass over the training part can predict.
    pub fn train_len(&self) -> usize {
        (self.train.len() - 1) / SEQ_LEN * SEQ_LEN
    }

    /// Bytes of the held-out part that the loss is measured on.
    pub fn held_out_len(&self) -> usize {
        (self.held_out.len() - 1) / SEQ_LEN * SEQ_LEN
    }

    /// Starts of all training sequences in the order of `seed`; each sequence occurs once.
    pub fn train_order(&self, seed: u64) -> Vec<usize> {
        let mut starts: Vec<usize> = (0..self.train_len()).step_by(SEQ_LEN).collect();
        Rng::new(seed, 2).shuffle(&mut starts);
        starts
    }

    /// Inputs and targets of the training sequences that start at `starts`.
    pub fn train_batch(&self, starts: &[usize]) -> (Vec<u8>, Vec<u8>) {
        let cut = |shift: usize| {
            starts.iter().flat_map(|&s| &self.train[s + shift..s + shift + SEQ_LEN]).copied().collect()
        };
        (cut(0), cut(1))
    }

    /// Inputs and targets of the held-out part, in batches of `sequences` sequences.
    pub fn held_out_batches(&self, sequences: usize) -> impl Iterator<Item = (&[u8], &[u8])> {
        let n = self.held_out_len();
        let inputs = self.held_out[..n].chunks(sequences * SEQ_LEN);
        inputs.zip(self.held_out[1..=n].chunks(sequences * SEQ_LEN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_visits_every_sequence_once() {
        let text = Text::split(&vec![7; BLOCK * HELD_OUT_EVERY * 2]);
        let mut order = text.train_order(1);
        assert_ne!(order, text.train_order(2));
        order.sort_unstable();
        assert_eq!(order, (0..text.train_len()).step_by(SEQ_LEN).collect::<Vec<_>>());
    }

    #[test]
    fn targets_are_the_next_bytes() {
        let bytes: Vec<u8> = (0..BLOCK * HELD_OUT_EVERY).map(|i| (i % 251) as u8).collect();
        let text = Text::split(&bytes);
        let (inputs, targets) = text.train_batch(&[0, 640]);
        assert_eq!((inputs.len(), inputs[1..SEQ_LEN].to_vec()), (128, targets[..SEQ_LEN - 1].to_vec()));
        let scored: usize = text.held_out_batches(3).map(|(inputs, _)| inputs.len()).sum();
        assert_eq!(scored, text.held_out_len());
    }
}
