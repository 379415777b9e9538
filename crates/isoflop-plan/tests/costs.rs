//! Cost models against published counts.
#![allow(clippy::unwrap_used)]

use isoflop_plan::{Architecture, CostModel, costs_given};

#[test]
fn published_counts_come_out() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for model in CostModel::builtin().unwrap() {
        for golden in &model.golden {
            let text = serde_json::to_string(&golden.config).unwrap();
            let given: Vec<(String, f64)> = golden.given.iter().map(|(name, x)| (name.clone(), *x)).collect();
            let list = costs_given(&Architecture::parse("golden", &text).unwrap(), &given).unwrap();
            let found = list.iter().find(|cost| cost.name == golden.quantity).unwrap().value;
            let error = (found / golden.value - 1.0).abs();
            if error.is_nan() || error > golden.tolerance {
                let what = format!("{} of {}", golden.quantity, model.id);
                wrong.push(format!("{what}: {found}, not {} ({})", golden.value, golden.source));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 38, "{checked}");
}

#[test]
fn bad_configs_are_told() {
    let told = |text: &str| Architecture::parse("config.json", text).unwrap_err().to_string();
    assert!(told("[").contains("no JSON"));
    assert!(told("{}").contains("model_type"));
    assert!(told("{\"model_type\": \"mamba\"}").contains("there are llama"));
    assert!(told("{\"model_type\": \"llama\"}").contains("hidden_size or n_embd is missing"));
    assert!(told("{\"model_type\": \"llama\", \"hidden_size\": -3}").contains("must be a number above 0"));
}
