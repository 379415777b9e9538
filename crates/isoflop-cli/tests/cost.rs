//! `isoflop cost`, from the outside.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::Place;

const LLAMA: &str = r#"{"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "vocab_size": 128256,
    "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "max_position_embeddings": 131072,
    "tie_word_embeddings": false, "attention_bias": false}"#;

#[test]
fn a_config_gives_parameters_flops_and_memory() {
    let place = Place::new();
    place.write("config.json", LLAMA);
    let text = place.ok(&["cost", "--arch", "config.json", "--tokens", "15T"]).stdout;
    assert!(text.contains("8030261248") && text.contains("in all"), "{text}");
    let of = |rest: &[&str], name: &str| {
        let ended = place.ok(&[&["cost", "--arch", "config.json", "--format", "json"], rest].concat());
        let found: Value = serde_json::from_str(&ended.stdout).unwrap();
        let list = found["costs"].as_array().unwrap().clone();
        list.iter().find(|cost| cost["name"] == name).unwrap()["value"].as_f64().unwrap()
    };
    // Attention grows with the context, and the rest does not.
    let palm = |context: &str| of(&["--context", context], "palm");
    assert!((palm("16384") - palm("8192") - (palm("8192") - palm("0.0001"))).abs() < 1e-3 * palm("8192"));
    assert!((of(&["--context", "8192"], "palm") / of(&[], "hoffmann") - 1.202).abs() < 1e-3);
    assert_eq!(of(&["--bytes", "1"], "cache_bytes"), 65536.0);
}

#[test]
fn bad_configs_are_refused() {
    let place = Place::new();
    place.write("other.json", "{\"model_type\": \"mamba\"}");
    place.write("no.json", "model");
    assert!(place.refused(&["cost", "--arch", "absent.json"]).contains("absent.json"));
    assert!(place.refused(&["cost", "--arch", "other.json"]).contains("there are llama"));
    assert!(place.refused(&["cost", "--arch", "no.json"]).contains("no JSON"));
    assert!(place.refused(&["cost", "--arch", "no.json", "--context=0"]).contains("above 0"));
}
