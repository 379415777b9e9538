//! Items of an evaluation: what one run scored on each sample, over all its attempts at it.
//!
//! Laws of coverage and pass@k need for each item how often it was tried and how often solved, and laws of task
//! length need what is known about it. So an item is a row: for each scorer `NAME` the mean score, `NAME/attempts`
//! and `NAME/successes` (the sum of the scores, which is not whole where a score is partial).

use super::json::Scalar;
use super::run::{Named, Setting};

/// One item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    /// What it is called; unique with the labels.
    pub(crate) id: String,
    /// What is known about it: task, metadata.
    pub(crate) labels: Named<Setting>,
    /// Scores, of which attempts are counted.
    pub(crate) scores: Named<Mean>,
    /// Other quantities of an attempt, such as tokens.
    pub(crate) amounts: Named<Mean>,
}

/// A mean over attempts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    pub(crate) sum: f64,
    pub(crate) count: usize,
}

impl Mean {
    pub(crate) fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1;
    }

    pub(crate) fn value(self) -> f64 {
        self.sum / self.count as f64
    }
}

/// The number of a score: Inspect writes correct, partial, incorrect and no answer as letters.
pub(super) fn score(value: &Scalar<'_>) -> Option<f64> {
    let Scalar::Text(text) = value else { return value.number() };
    match text.trim() {
        "C" => Some(1.0),
        "P" => Some(0.5),
        "I" | "N" => Some(0.0),
        other => match other.to_ascii_lowercase().as_str() {
            "yes" | "true" => Some(1.0),
            "no" | "false" => Some(0.0),
            number => number.parse().ok().filter(|value: &f64| value.is_finite()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_words_and_numbers_are_scores() {
        let text = |text: &'static str| score(&Scalar::Text(text.into()));
        assert_eq!(["C", "P", "I", "N"].map(text), [Some(1.0), Some(0.5), Some(0.0), Some(0.0)]);
        assert_eq!(
            ["Yes", "false", "0.25", "dunno", "inf"].map(text),
            [Some(1.0), Some(0.0), Some(0.25), None, None]
        );
        assert_eq!(score(&Scalar::Bool(true)), Some(1.0));
        assert_eq!(score(&Scalar::Null), None);
    }
}
