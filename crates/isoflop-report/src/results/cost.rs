//! What the cost models say of an architecture: bars of quantities that share a unit.

use isoflop_figure::Axis;
use serde_json::Value;

use super::breakdown::{Bar, bars};
use super::{cell, head, list, num, text};
use crate::figures::Shown;

/// Quantities in one figure: title, what they are measured in, their names, what they are called, what tells them apart, and
/// the caption.
struct Group {
    title: &'static str,
    unit: &'static str,
    parts: &'static [(&'static str, &'static str, &'static str)],
    caption: &'static str,
}

const GROUPS: [Group; 3] = [
    Group {
        title: "parameters",
        unit: "parameters",
        parts: &[
            ("N_embedding", "embeddings", "part of all"),
            ("N_nonembedding", "all others", "part of all"),
            ("N_active", "active", "used by a token"),
        ],
        caption: "Where the parameters are, and how many of them a token uses.",
    },
    Group {
        title: "FLOP of a training token",
        unit: "FLOP",
        parts: &[
            ("hoffmann", "6 N (Hoffmann)", "convention"),
            ("kaplan", "without embeddings (Kaplan)", "convention"),
            ("hf_trainer", "Hugging Face trainer", "convention"),
            ("palm", "with attention (PaLM)", "convention"),
            ("megatron", "Megatron-LM", "convention"),
            ("chinchilla_appendix", "Chinchilla appendix F", "convention"),
            ("recomputed", "with attention, recomputed", "activations recomputed"),
        ],
        caption: "FLOP of one training token by each convention of counting, forward and backward.",
    },
    Group {
        title: "memory",
        unit: "bytes",
        parts: &[
            ("weights_and_gradients", "weights and gradients", "training"),
            ("optimizer_states", "optimiser", "training"),
            ("activations_selective", "activations", "training"),
            ("weight_bytes", "weights", "serving"),
            ("cache_bytes_context", "keys and values", "serving"),
        ],
        caption: "Memory of training (mixed precision and Adam, undivided) and of serving one full context.",
    },
];

/// Units of the axis, as bars begin at 0 and numbers are large.
const SIZES: [(f64, &str); 4] =
    [(1e15, "quadrillions of "), (1e12, "trillions of "), (1e9, "billions of "), (1e6, "millions of ")];

pub(super) fn figures(result: &Value) -> Vec<Shown> {
    GROUPS.iter().map(|group| figure(group, list(result, "costs"))).collect()
}

fn figure(group: &Group, costs: &[Value]) -> Shown {
    let mut kinds: Vec<&str> = Vec::new();
    let (mut all, mut rows, mut largest) = (Vec::new(), Vec::new(), 0.0f64);
    for (name, label, kind) in group.parts {
        let Some(cost) = costs.iter().find(|cost| text(cost, "name") == *name) else { continue };
        let value = num(cost, "value");
        if !value.is_finite() {
            continue;
        }
        if !kinds.contains(kind) {
            kinds.push(kind);
        }
        largest = largest.max(value);
        let of_run = num(cost, "of_run");
        rows.push(vec![(*label).to_owned(), cell(value), cell(of_run), text(cost, "description").to_owned()]);
        all.push(Bar {
            name: (*label).to_owned(),
            value,
            colour: kinds.len() - 1,
            group: (*kind).to_owned(),
        });
    }
    let (size, word) = SIZES.into_iter().find(|(size, _)| largest >= *size).unwrap_or((1.0, ""));
    all.iter_mut().for_each(|bar| bar.value /= size);
    let unit = format!("{word}{}", group.unit);
    Shown {
        caption: group.caption.to_owned(),
        figure: bars(group.title.into(), Axis::linear(unit), &all),
        head: head(&["quantity", group.unit, "in the whole run", "what it counts"]),
        rows,
    }
}
