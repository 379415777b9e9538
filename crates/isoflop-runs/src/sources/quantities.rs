//! N, D and C of a run where its tool did not log them: from the architecture, from steps times batch times
//! sequence length, and from 6 N D. What is computed gets a column of its own with a name that says how.

use super::architecture;
use super::run::{Named, Run, Setting};
use crate::roles::{Found, Role};

/// All weights of the architecture.
pub(super) const TOTAL_PARAMS: &str = "total_params";
/// Weights without embeddings and output layer.
pub(super) const NON_EMBEDDING_PARAMS: &str = "non_embedding_params";
/// Weights that Hugging Face counts for its FLOPs.
pub(super) const PARAMS_FROM_FLOS: &str = "params_from_total_flos";
/// Tokens seen.
pub(super) const TOKENS: &str = "tokens";
/// Training FLOP by the usual estimate.
pub(super) const FLOPS_6ND: &str = "flops_6nd";

/// A quantity computed for a run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Computed {
    pub(super) column: &'static str,
    /// How, for the user; the same for all runs of a kind.
    pub(super) how: String,
    /// Whether the user should look at it.
    pub(super) is_doubtful: bool,
    pub(super) value: Value,
}

/// The value of a computed quantity.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Constant(f64),
    /// So many for each unit of this metric, or of the step if there is none.
    Per(f64, Option<String>),
    /// 6 N D with this N, a number or a column, and the column of D.
    Flops {
        params: Source,
        tokens: Source,
    },
}

/// Where a quantity of a row comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Number(f64),
    Metric(String),
    Computed,
}

/// Settings that give the length of a sequence in tokens.
const SEQUENCE: [&str; 9] = [
    "seq_len",
    "seq_length",
    "sequence_length",
    "max_seq_len",
    "max_seq_length",
    "max_sequence_length",
    "context_length",
    "block_size",
    "ctx_len",
];
/// Settings that give tokens per step.
const STEP_TOKENS: [&str; 7] = [
    "batch_tokens",
    "tokens_per_batch",
    "tokens_per_step",
    "tokens_per_iter",
    "tokens_per_iteration",
    "global_batch_tokens",
    "global_batch_size_tokens",
];
/// Settings that give sequences per step, over all devices.
const GLOBAL_BATCH: [&str; 2] = ["global_batch_size", "global_train_batch_size"];
/// Metrics that count sequences seen.
const SAMPLES: [&str; 2] = ["consumed_samples", "consumed_train_samples"];

/// The quantities that this run lacks and that can be computed.
pub(super) fn compute(run: &Run) -> Vec<Computed> {
    let mut computed = Vec::new();
    let mut params = logged(run, Role::Params);
    if params.is_none() {
        params = parameters(run, &mut computed).map(Source::Number);
    }
    let mut tokens = logged(run, Role::Tokens);
    if tokens.is_none()
        && let Some(found) = tokens_seen(run)
    {
        computed.push(found);
        tokens = Some(Source::Computed);
    }
    if let (Some(params), Some(tokens)) = (params, tokens) {
        computed.push(Computed {
            column: FLOPS_6ND,
            how: "6 N D".into(),
            is_doubtful: false,
            value: Value::Flops { params, tokens },
        });
    }
    computed
}

/// The metric or setting that stands for a role, metrics first where both have the name.
fn logged(run: &Run, role: Role) -> Option<Source> {
    let metrics = run.metrics.iter().filter(|(_, series)| !series.points.is_empty());
    let metrics = metrics.filter_map(|(name, _)| Some((role.rank(name)?, Source::Metric(name.to_owned()))));
    let settings = run
        .config
        .iter()
        .filter_map(|(name, setting)| Some((role.rank(name)?, Source::Number(setting.number()?))));
    let mut best: Option<((Found, usize), Source)> = None;
    for (rank, source) in metrics.chain(settings) {
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            best = Some((rank, source));
        }
    }
    best.map(|(_, source)| source)
}

/// N from the architecture, else from Hugging Face's count of FLOPs.
fn parameters(run: &Run, computed: &mut Vec<Computed>) -> Option<f64> {
    let prefixes = run.config.iter().filter_map(|(name, _)| name.strip_suffix("model_type"));
    if let Some(count) = prefixes.filter_map(|prefix| architecture::count(&run.config, prefix)).next() {
        for (column, value, how) in [
            (TOTAL_PARAMS, count.total, "all weights of the architecture in the settings, tied ones once"),
            (
                NON_EMBEDDING_PARAMS,
                count.non_embedding,
                "the same without embeddings of tokens and positions and without the output layer",
            ),
        ] {
            let value = Value::Constant(value);
            computed.push(Computed { column, how: how.into(), is_doubtful: false, value });
        }
        return Some(count.total);
    }
    let last = |name: &str| Some(run.metrics.get(name)?.points.last()?.value).filter(|&x| x > 0.0);
    let tokens = last("num_input_tokens_seen")?;
    let value = (last("total_flos")? / (6.0 * tokens)).round();
    let how = "total_flos / (6 num_input_tokens_seen): Hugging Face counts all weights but the embeddings";
    let value_of = Value::Constant(value);
    computed.push(Computed {
        column: PARAMS_FROM_FLOS,
        how: how.into(),
        is_doubtful: false,
        value: value_of,
    });
    Some(value)
}

/// D from samples or steps.
fn tokens_seen(run: &Run) -> Option<Computed> {
    let sequence = setting(&run.config, &SEQUENCE);
    let of = |how: String, is_doubtful: bool, per: f64, metric: Option<String>| {
        Some(Computed { column: TOKENS, how, is_doubtful, value: Value::Per(per, metric) })
    };
    let samples = run.metrics.iter().find(|(name, _)| SAMPLES.contains(&crate::roles::plain(name).as_str()));
    if let (Some((samples, _)), Some((length, tokens))) = (samples, &sequence) {
        return of(format!("{samples} x {length}"), false, *tokens, Some(samples.to_owned()));
    }
    if let Some((name, tokens)) = setting(&run.config, &STEP_TOKENS) {
        return of(format!("step x {name}"), false, tokens, None);
    }
    let (length, tokens) = sequence?;
    if let Some((name, batch)) = setting(&run.config, &GLOBAL_BATCH) {
        return of(format!("step x {name} x {length}"), false, batch * tokens, None);
    }
    let (name, batch) = setting(&run.config, &["batch_size"])?;
    let (accumulation, times) = match setting(&run.config, &["gradient_accumulation_steps"]) {
        Some((name, times)) => (format!(" x {name}"), times),
        None => (String::new(), 1.0),
    };
    of(
        format!("step x {name} x {length}{accumulation}, right for one device"),
        true,
        batch * tokens * times,
        None,
    )
}

/// The first setting whose last part has one of these names, and its value.
fn setting(config: &Named<Setting>, names: &[&str]) -> Option<(String, f64)> {
    names.iter().find_map(|wanted| {
        config.iter().find_map(|(name, setting)| {
            let last = name.rsplit(['.', '/']).next().unwrap_or(name);
            let value = setting.number().filter(|&value| value > 0.0 && value.is_finite())?;
            (crate::roles::plain(last) == *wanted).then(|| (name.to_owned(), value))
        })
    })
}
