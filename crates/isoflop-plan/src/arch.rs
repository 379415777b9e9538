//! Architectures: a Hugging Face `config.json` as the names that cost formulas use.

use serde_json::Value;

use crate::error::PlanError;

/// Every `model_type` that some cost file counts.
const KNOWN: [&str; 14] = [
    "llama",
    "mistral",
    "mixtral",
    "qwen2",
    "qwen3",
    "qwen3_moe",
    "gemma",
    "gemma2",
    "olmo2",
    "phi3",
    "deepseek_v2",
    "deepseek_v3",
    "gpt2",
    "gpt_neox",
];

/// The numbers of an architecture that cost formulas may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// `model_type` of the config.
    pub model_type: String,
    /// Names and values: `L`, `d`, `n`, ...
    pub numbers: Vec<(&'static str, f64)>,
}

impl Architecture {
    /// Reads the text of a `config.json`. `file` is the name used in messages.
    ///
    /// # Errors
    /// Text that is no JSON object, a `model_type` without a cost model, a key that is missing or no positive number.
    ///
    /// ```
    /// let text = r#"{"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257,
    ///     "n_positions": 1024}"#;
    /// let gpt2 = isoflop_plan::Architecture::parse("config.json", text).unwrap();
    /// assert_eq!(gpt2.number("f"), Some(3072.0));
    /// ```
    pub fn parse(file: &str, text: &str) -> Result<Architecture, PlanError> {
        let bad = |reason: String| PlanError::BadFile { file: file.to_owned(), reason };
        let config: Value = serde_json::from_str(text).map_err(|error| bad(format!("no JSON: {error}")))?;
        let model_type = config.get("model_type").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !KNOWN.contains(&model_type.as_str()) {
            return Err(bad(format!(
                "its model_type is {model_type:?}, for which there is no cost model; there are {}",
                KNOWN.join(", ")
            )));
        }
        let optional = |keys: &[&str]| keys.iter().find_map(|key| config.get(*key)).filter(|v| !v.is_null());
        let number = |keys: &[&str]| match optional(keys) {
            None => Ok(None),
            Some(value) => match value.as_f64().filter(|x| *x > 0.0 && x.is_finite()) {
                Some(x) => Ok(Some(x)),
                None => Err(bad(format!("{} is {value}, but must be a number above 0", keys.join(" or ")))),
            },
        };
        let needed =
            |keys: &[&str]| number(keys)?.ok_or_else(|| bad(format!("{} is missing", keys.join(" or "))));
        let is_true = |key: &str| config.get(key).and_then(Value::as_bool);
        let is = |name: &str| model_type == name;
        let (gpt2, neox) = (is("gpt2"), is("gpt_neox"));
        let latent = is("deepseek_v2") || is("deepseek_v3");
        let biases = is_true("attention_bias") == Some(true) || is_true("mlp_bias") == Some(true);
        if biases && !neox {
            return Err(
                bad("it has attention_bias or mlp_bias, for which there is no cost model".to_owned()),
            );
        }
        let d = needed(&["hidden_size", "n_embd"])?;
        let n = needed(&["num_attention_heads", "n_head"])?;
        let m = number(&["num_key_value_heads"])?.unwrap_or(n);
        let layers = needed(&["num_hidden_layers", "n_layer"])?;
        let dense = match number(&["intermediate_size", "n_inner"])? {
            Some(f) => f,
            None if gpt2 => 4.0 * d,
            None => needed(&["intermediate_size"])?,
        };
        let positions = number(&["max_position_embeddings", "n_positions"])?;
        let experts = number(&["num_local_experts", "num_experts", "n_routed_experts"])?;
        let active = match experts {
            Some(_) => needed(&["num_experts_per_tok"])?,
            None => 1.0,
        };
        let expert = match number(&["moe_intermediate_size"])? {
            None if experts.is_some() && (latent || is("qwen3_moe")) => needed(&["moe_intermediate_size"])?,
            width => width.unwrap_or(dense),
        };
        let (mut head, mut latents) = (number(&["head_dim"])?.unwrap_or(d / n), [0.0; 5]);
        if latent {
            let key = |name: &str| needed(&[name]);
            let (nope, rope, value) =
                (key("qk_nope_head_dim")?, key("qk_rope_head_dim")?, key("v_head_dim")?);
            // Scores are products of queries, answers sums of values: on average this many numbers each.
            head = 0.5 * (nope + rope + value);
            latents = [number(&["q_lora_rank"])?.unwrap_or(0.0), key("kv_lora_rank")?, nope, rope, value];
        }
        let count = |key: &str| config.get(key).and_then(Value::as_f64).unwrap_or(0.0).max(0.0);
        let context = positions.unwrap_or(2048.0);
        let slides =
            !is("qwen2") && !is("qwen3") && !is("qwen3_moe") || is_true("use_sliding_window") == Some(true);
        let window = number(&["sliding_window"])?.filter(|_| slides);
        let flag = |yes: bool| f64::from(u8::from(yes));
        let numbers = vec![
            ("L", layers),
            ("d", d),
            ("n", n),
            ("m", m),
            ("h", head),
            ("f", if is("qwen3_moe") { expert } else { dense }),
            ("V", needed(&["vocab_size"])?),
            ("s", context),
            ("positions", if gpt2 { needed(&["n_positions", "max_position_embeddings"])? } else { 0.0 }),
            ("matrices", if gpt2 || neox { 2.0 } else { 3.0 }),
            ("tied", flag(is_true("tie_word_embeddings").unwrap_or(gpt2 || is("gemma") || is("gemma2")))),
            ("qkv_bias", flag(is("qwen2"))),
            ("norms", if is("gemma2") { 4.0 } else { 2.0 }),
            (
                "qk_norm",
                if is("olmo2") { (n + m) * head } else { 2.0 * head * flag(is("qwen3") || is("qwen3_moe")) },
            ),
            ("moe", flag(experts.is_some())),
            ("experts", experts.unwrap_or(1.0)),
            ("active_experts", active),
            ("shared_experts", count("n_shared_experts")),
            ("f_expert", expert),
            ("dense_layers", if experts.is_some() { count("first_k_dense_replace") } else { layers }),
            ("router_bias", flag(is("deepseek_v3"))),
            ("q_rank", latents[0]),
            ("kv_rank", latents[1]),
            ("nope", latents[2]),
            ("rope", latents[3]),
            ("v_head", latents[4]),
            ("window", window.unwrap_or(f64::MAX)),
            ("window_share", if is("gemma2") { 0.5 } else { 1.0 }),
            ("bytes", 2.0),
        ];
        Ok(Architecture { model_type, numbers })
    }

    /// The number of this name.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    /// Replaces the number of this name, such as the context `s`.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Architecture {
        self.numbers.iter_mut().filter(|(known, _)| *known == name).for_each(|number| number.1 = value);
        self
    }
}
