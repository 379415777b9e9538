//! What a reader needs to repeat the runs, and the table does not say.

use crate::checks::subject::View;
use crate::checks::{Outcome, Severity};

/// What is asked for, and the columns that answer it.
const ITEMS: &[(&str, &[&str])] = &[
    ("learning rate", &["lr", "learning_rate", "max_lr", "peak_lr"]),
    ("batch size", &["bs", "batch_size", "global_bs", "global_batch_size", "batch"]),
    ("seed", &["seed", "random_seed"]),
    ("training data", &["dataset", "data", "corpus", "train_data", "train_dataset"]),
    ("tokeniser or vocabulary", &["tokenizer", "tokeniser", "vocab_size", "vocabulary"]),
    ("steps", &["steps", "step", "iterations", "train_steps", "ti"]),
    ("architecture", &["n_layers", "layers", "d_model", "h", "numl", "arch", "architecture", "hidden_size"]),
];

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let has = |names: &[&str]| view.number(names).is_some() || view.text(names).is_some();
    let missing: Vec<&str> = ITEMS.iter().filter(|(_, names)| !has(names)).map(|(item, _)| *item).collect();
    if missing.is_empty() {
        return Outcome::Fine("the table says how its runs were trained".into());
    }
    Outcome::Found(
        Severity::Note,
        format!("no column says: {}", missing.join(", ")),
        "Say it in the text: what differs between runs belongs into the table".into(),
    )
}
