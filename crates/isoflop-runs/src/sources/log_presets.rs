//! What the log lines of well-known training programs look like, after the format strings in their sources.

/// The log of one program.
pub(super) struct Preset {
    pub(super) name: &'static str,
    /// Tried in order; the first that is found takes the line.
    pub(super) lines: &'static [Rule],
    /// Lines with a setting in the group `value`.
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// Where on the line, or below it, further values stand.
    pub(super) more: More,
}

/// Values beside those of the patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum More {
    None,
    /// Between bars on the same line, as `name: value`.
    Bars,
    /// On the indented lines that follow, as `name=value`.
    Indented,
}

/// A line with values: the group `step` and groups for metrics.
pub(super) struct Rule {
    pub(super) pattern: &'static str,
    /// Groups and the metrics that they are.
    pub(super) metrics: &'static [(&'static str, &'static str)],
}

const fn rule(pattern: &'static str, metrics: &'static [(&'static str, &'static str)]) -> Rule {
    Rule { pattern, metrics }
}

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "nanoGPT",
        lines: &[
            rule(r"^iter (?P<step>\d+): loss (?P<loss>\S+), time [-\d.]+ms, mfu ", &[("loss", "train/loss")]),
            rule(
                r"^step (?P<step>\d+): train loss (?P<train>\S+), val loss (?P<val>\S+)",
                // The first is an estimate over many batches, unlike the loss of an iteration.
                &[("train", "train/loss_estimate"), ("val", "val/loss")],
            ),
        ],
        settings: &[
            (r"^tokens per iteration will be: (?P<value>[\d,]+)", "tokens_per_iter"),
            (r"^number of parameters: (?P<value>[\d.]+M)", "n_params"),
        ],
        more: More::None,
    },
    Preset {
        name: "Megatron-LM",
        lines: &[
            rule(r"\biteration +(?P<step>\d+)/ *\d+ \|.*\blm loss: ", &[]),
            rule(
                r"validation loss at iteration (?P<step>\d+) \| lm loss value: (?P<loss>\S+)",
                &[("loss", "lm loss validation")],
            ),
        ],
        settings: &[
            (r"^(?:\[\S+\]:|\d+:)?\s*seq_length \.{3,} (?P<value>\d+)\s*$", "seq_length"),
            (r"^(?:\[\S+\]:|\d+:)?\s*global_batch_size \.{3,} (?P<value>\d+)\s*$", "global_batch_size"),
        ],
        more: More::Bars,
    },
    Preset {
        name: "torchtitan",
        lines: &[
            rule(r"\bvalidate step: +(?P<step>\d+) +loss: +(?P<loss>\S+)", &[("loss", "val/loss")]),
            rule(
                r"\bstep: +(?P<step>\d+) +loss: +(?P<loss>\S+) +(?:grad_norm: +(?P<norm>\S+) +)?memory: ",
                &[("loss", "train/loss"), ("norm", "grad_norm")],
            ),
        ],
        settings: &[
            (r"\bsize: +(?P<value>[\d,]+) total parameters", "total_params"),
            (r"\bglobal batch size (?P<value>\d+),.* sequence length \d+", "global_batch_size"),
            (r"\bglobal batch size \d+,.* sequence length (?P<value>\d+)", "seq_len"),
        ],
        more: More::None,
    },
    Preset {
        name: "OLMo-core",
        // OLMo before OLMo-core prints `[step=N/M]` and other names in the same form.
        lines: &[rule(r"\[step=(?P<step>\d+)(?:/\d+)?(?:,epoch=[^\]]*)?\]\s*$", &[])],
        settings: &[],
        more: More::Indented,
    },
    Preset {
        name: "llm.c",
        lines: &[
            rule(
                r"^s:(?P<step>\d+) trl:(?P<loss>\S+) lr:(?P<lr>\S+) norm:(?P<norm>\S+)",
                &[("loss", "train/loss"), ("lr", "lr"), ("norm", "grad_norm")],
            ),
            rule(r"^s:(?P<step>\d+) tel:(?P<loss>\S+)", &[("loss", "val/loss")]),
            rule(r"^s:(?P<step>\d+) eval:(?P<score>\S+)", &[("score", "hellaswag")]),
        ],
        settings: &[],
        more: More::None,
    },
    Preset {
        name: "nanochat",
        lines: &[
            rule(r"^step (?P<step>\d+)/\d+ .*\| loss: (?P<loss>\S+) \|", &[("loss", "train/loss")]),
            rule(r"^Step (?P<step>\d+) \| Validation bpb: (?P<loss>\S+)", &[("loss", "validation_bpb")]),
        ],
        settings: &[
            (r"^Number of parameters: (?P<value>[\d,]+)", "n_params"),
            (r"^Total batch size (?P<value>[\d,]+) =>", "batch_tokens"),
        ],
        more: More::None,
    },
    Preset {
        name: "modded-nanogpt",
        lines: &[rule(
            r"^step:(?P<step>\d+)/\d+ val_loss:(?P<loss>[\d.]+|nan|inf) train_time:",
            &[("loss", "val/loss")],
        )],
        settings: &[],
        more: More::None,
    },
    Preset {
        name: "MaxText",
        lines: &[rule(
            r"\bcompleted step: (?P<step>\d+), .*\btotal_weights: (?P<weights>\d+), loss: (?P<loss>[^\s,]+)",
            &[("loss", "learning/loss"), ("weights", "total_weights")],
        )],
        settings: &[],
        more: More::None,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles_and_has_its_groups() {
        for preset in PRESETS {
            for Rule { pattern, metrics } in preset.lines {
                let pattern = regex::Regex::new(pattern).unwrap();
                let names: Vec<&str> = pattern.capture_names().flatten().collect();
                assert!(names.contains(&"step"), "{}", preset.name);
                assert!(metrics.iter().all(|(group, _)| names.contains(group)), "{}", preset.name);
            }
            for (pattern, _) in preset.settings {
                let pattern = regex::Regex::new(pattern).unwrap();
                assert!(pattern.capture_names().flatten().eq(["value"]));
            }
        }
    }
}
