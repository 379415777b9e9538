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
fn what_is_given_adds_what_it_allows() {
    let place = Place::new();
    place.write("config.json", LLAMA);
    let cost = ["cost", "--arch", "config.json"];
    let plain = place.ok(&cost).stdout;
    assert!(plain.contains("states_zero_3") && !plain.contains("gpu_hours"), "{plain}");
    let run = ["--tokens", "15T", "--hardware", "h100", "--given", "gpus=1024,price=2.5,memory=8e10"];
    let text = place.ok(&[&cost[..], &run].concat()).stdout;
    for name in ["gpu_hours", "money", "energy_kwh", "sequences_that_fit", "decode_tokens_per_second"] {
        assert!(text.contains(name), "{name}: {text}");
    }
    assert!(!text.contains("co2_tonnes"), "no carbon was given: {text}");
    assert!(place.refused(&[&cost[..], &["--given", "gpu=8"]].concat()).contains("P0105"));
    assert!(place.refused(&[&cost[..], &["--given", "gpus=-8"]].concat()).contains("P0131"));
    assert!(place.refused(&[&cost[..], &["--given", "price=-2.5"]].concat()).contains("0 or more"));
    assert!(place.refused(&[&cost[..], &["--hardware", "h1000"]].concat()).contains("did you mean h100?"));
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
