//! Parameters counted from an architecture, as `config.json` of Hugging Face states it.
//!
//! Only families whose weights are known to the last bias are counted; for all others there is no answer
//! rather than a near one.

use super::run::{Named, Setting};

/// Weights of a model, by two conventions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Count {
    /// All weights, tied ones once.
    pub(super) total: f64,
    /// Without embeddings of tokens and positions and without the output layer.
    pub(super) non_embedding: f64,
}

/// Families that are counted.
const FAMILIES: [&str; 6] = ["llama", "mistral", "qwen2", "qwen3", "gpt2", "gpt_neox"];

/// Settings of mixtures of experts and adapters, whose weights this does not count.
const UNCOUNTED: [&str; 4] =
    ["num_experts", "num_local_experts", "n_routed_experts", "moe_intermediate_size"];

/// Counts the weights of the architecture in these settings; `prefix` is put before their names.
pub(super) fn count(config: &Named<Setting>, prefix: &str) -> Option<Count> {
    let get = |name: &str| config.get(&format!("{prefix}{name}"));
    let number = |name: &str| get(name)?.number().filter(|&x| (1.0..1e12).contains(&x) && x.fract() == 0.0);
    let flag = |name: &str, default: bool| match get(name) {
        Some(Setting::Number(value)) => *value != 0.0,
        _ => default,
    };
    if UNCOUNTED.iter().any(|name| number(name).is_some_and(|experts| experts > 1.0)) {
        return None;
    }
    let Some(Setting::Text(family)) = get("model_type") else { return None };
    let family = FAMILIES.into_iter().find(|known| known == family)?;
    let vocabulary = number("vocab_size")?;
    if family == "gpt2" {
        let (width, layers, positions) = (number("n_embd")?, number("n_layer")?, number("n_positions")?);
        let inner = number("n_inner").unwrap_or(4.0 * width);
        let attention = 4.0 * width * width + 4.0 * width;
        let mlp = 2.0 * width * inner + inner + width;
        let non_embedding = layers * (attention + mlp + 4.0 * width) + 2.0 * width;
        // The output layer is tied unless the file says otherwise.
        let output = if flag("tie_word_embeddings", true) { 0.0 } else { vocabulary * width };
        let embeddings = (vocabulary + positions) * width;
        return Some(Count { total: non_embedding + embeddings + output, non_embedding });
    }
    let (width, layers) = (number("hidden_size")?, number("num_hidden_layers")?);
    let inner = number("intermediate_size")?;
    let heads = number("num_attention_heads")?;
    let (layer, last_norm, tied) = if family == "gpt_neox" {
        let attention = 4.0 * width * width + if flag("attention_bias", true) { 4.0 * width } else { 0.0 };
        (attention + 2.0 * width * inner + inner + width + 4.0 * width, 2.0 * width, false)
    } else {
        let head = number("head_dim").unwrap_or(width / heads);
        let kv_heads = number("num_key_value_heads").unwrap_or(heads);
        let (queries, keys) = (heads * head, kv_heads * head);
        let mut attention = 2.0 * width * queries + 2.0 * width * keys;
        if family == "qwen2" {
            attention += queries + 2.0 * keys;
        } else if flag("attention_bias", false) {
            attention += queries + 2.0 * keys + width;
        }
        if family == "qwen3" {
            attention += 2.0 * head;
        }
        let mut mlp = 3.0 * width * inner;
        if flag("mlp_bias", false) {
            mlp += 2.0 * inner + width;
        }
        (attention + mlp + 2.0 * width, width, false)
    };
    let output = if flag("tie_word_embeddings", tied) { 0.0 } else { vocabulary * width };
    let non_embedding = layers * layer + last_norm;
    Some(Count { total: non_embedding + vocabulary * width + output, non_embedding })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(family: &str, settings: &[(&str, f64)]) -> Option<Count> {
        let mut config = Named::default();
        *config.entry("model_type") = Setting::Text(family.into());
        for &(name, value) in settings {
            *config.entry(name) = Setting::Number(value);
        }
        count(&config, "")
    }

    /// Sums over the published weight files: openai-community/gpt2, meta-llama/Llama-2-7b, EleutherAI/pythia-70m
    /// (whose model card gives both), Qwen/Qwen2-7B and Qwen/Qwen3-0.6B.
    #[test]
    fn published_models() {
        let gpt2 = [("vocab_size", 50257.0), ("n_embd", 768.0), ("n_layer", 12.0), ("n_positions", 1024.0)];
        assert_eq!(counted("gpt2", &gpt2).unwrap().total, 124_439_808.0);
        let llama = [
            ("vocab_size", 32000.0),
            ("hidden_size", 4096.0),
            ("num_hidden_layers", 32.0),
            ("intermediate_size", 11008.0),
            ("num_attention_heads", 32.0),
        ];
        assert_eq!(counted("llama", &llama).unwrap().total, 6_738_415_616.0);
        let pythia = [
            ("vocab_size", 50304.0),
            ("hidden_size", 512.0),
            ("num_hidden_layers", 6.0),
            ("intermediate_size", 2048.0),
            ("num_attention_heads", 8.0),
        ];
        let pythia = counted("gpt_neox", &pythia).unwrap();
        assert_eq!((pythia.total, pythia.non_embedding), (70_426_624.0, 18_915_328.0));
        let qwen2 = [
            ("vocab_size", 152_064.0),
            ("hidden_size", 3584.0),
            ("num_hidden_layers", 28.0),
            ("intermediate_size", 18944.0),
            ("num_attention_heads", 28.0),
            ("num_key_value_heads", 4.0),
        ];
        assert_eq!(counted("qwen2", &qwen2).unwrap().total, 7_615_616_512.0);
        let qwen3 = [
            ("vocab_size", 151_936.0),
            ("hidden_size", 1024.0),
            ("num_hidden_layers", 28.0),
            ("intermediate_size", 3072.0),
            ("num_attention_heads", 16.0),
            ("num_key_value_heads", 8.0),
            ("head_dim", 128.0),
            ("tie_word_embeddings", 1.0),
        ];
        assert_eq!(counted("qwen3", &qwen3).unwrap().total, 596_049_920.0);
    }

    #[test]
    fn unknown_families_and_experts_have_no_answer() {
        assert_eq!(counted("mamba", &[("vocab_size", 100.0)]), None);
        let moe = [("vocab_size", 100.0), ("num_local_experts", 8.0), ("hidden_size", 8.0)];
        assert_eq!(counted("mistral", &moe), None);
        assert_eq!(counted("llama", &[("vocab_size", 100.0)]), None);
    }
}
