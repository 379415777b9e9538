//! The forecast of the page: the law as JavaScript, and the numbers that it needs.

use isoflop_formula::{InputKind, print::javascript};
use isoflop_study::number;
use serde_json::{Value, json};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::figures::Scene;

/// Most numbers of replicates in a page; of more replicates, every so many are taken.
const MOST_NUMBERS: usize = 12_000;
/// How far the sliders go beyond the runs: factors below and above on a log scale, else a share of the range.
const BEYOND: (f64, f64, f64) = (10.0, 1000.0, 1.0);
/// Our own script.
const SCRIPT: &str = include_str!("forecast.js");

/// What stands where the page cannot compute forecasts.
const NOTHING: &str = "<p>The law has no numeric input.</p>\n";
const LOOKS_BACK: &str = "<p>The law looks back over the rows of a run, so a single point has no forecast: \
    <code>isoflop predict</code> with a table of runs has.</p>\n";

/// The elements of the page.
pub(crate) fn section(scene: &Scene<'_>) -> String {
    let formula = scene.formula;
    if formula.symbols.look_back() {
        return LOOKS_BACK.to_owned();
    }
    if scene.inputs.is_empty() {
        return NOTHING.to_owned();
    }
    let node = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
    // No text of the law can end the script element.
    let law =
        javascript(&formula.graph, &formula.symbols, node).replace("</", "<\\/").replace("<!--", "<\\!--");
    let data = numbers(scene).to_string().replace('<', "\\u003c");
    format!(
        "<form id=\"forecast\" onsubmit=\"return false\"></form>\n<p id=\"answer\" role=\"status\" \
         aria-live=\"polite\"></p>\n<p id=\"parts\" class=\"faint\"></p>\n<p id=\"beyond\" class=\"faint\"></p>\n\
         <div id=\"budget\" hidden><h3>For a budget</h3>\n<p id=\"best\" role=\"status\"></p></div>\n<noscript><p>The forecast \
         needs JavaScript; <code>isoflop predict</code> gives the same numbers.</p></noscript>\n\
         <script type=\"application/json\" id=\"fit\">{data}</script>\n<script>\n\"use strict\";\n{{\nconst law = {law};\n\
         {SCRIPT}}}\n</script>\n"
    )
}

fn numbers(scene: &Scene<'_>) -> Value {
    let fit = scene.fit;
    let inputs = scene.inputs.iter().map(|input| {
        let (from, to) = if input.is_log() {
            (input.low / BEYOND.0, input.high * BEYOND.1)
        } else {
            let width = if input.varies() { input.high - input.low } else { input.high.abs().max(1.0) };
            (input.low - width * BEYOND.2, input.high + width * BEYOND.2)
        };
        json!({
            "name": input.name, "label": input.label, "log": input.is_log(), "from": number(from),
            "to": number(input.capped(to)), "low": number(input.low), "high": number(input.high), "value": number(input.high),
        })
    });
    let parameters = fit.parameters.iter().map(|p| {
        let parts = p.name.strip_suffix(']').and_then(|name| name.split_once('['));
        let is_grouped =
            |name: &str| scene.formula.symbols.params.iter().any(|q| q.name == name && q.group.is_some());
        match parts.filter(|(name, _)| is_grouped(name)) {
            Some((name, level)) => json!({"name": name, "level": level}),
            None => json!({"name": p.name, "level": null}),
        }
    });
    let stride = (fit.draws.len() * fit.parameters.len()).div_ceil(MOST_NUMBERS).max(1);
    let draws =
        fit.draws.iter().step_by(stride).map(|draw| draw.iter().copied().map(number).collect::<Value>());
    json!({
        "output": scene.output_name(),
        "log": fit.objective.name.ends_with("-log"),
        "level": scene.level,
        "inputs": inputs.collect::<Value>(),
        "texts": texts(scene),
        "parameters": parameters.collect::<Value>(),
        "estimate": fit.parameters.iter().map(|p| number(p.estimate)).collect::<Value>(),
        "draws": draws.collect::<Value>(),
        "model": model(scene),
        "normals": normals(scene),
        "z": normal(0.5 + 0.5 * scene.level),
    })
}

/// What `isoflop predict` knows beside the law: noise, misfit and choice. `null` for a fit that has not learnt it, or whose
/// residuals are on another scale than the output or its logarithm.
fn model(scene: &Scene<'_>) -> Value {
    let fit = scene.fit;
    let is_plain = scene.formula.output.as_ref().is_none_or(|left| left.prediction == scene.formula.body);
    let name = &fit.objective.name;
    let is_natural = is_plain || name.ends_with("-log") || isoflop_fit::Objective::is_name_of_family(name);
    let Some(model) = fit.forecast.as_ref().filter(|_| is_natural) else { return Value::Null };
    let choices = model.choices.iter().map(|weight| {
        let mut same =
            fit.choices.iter().filter(|c| c.objective == weight.objective && c.delta == weight.delta);
        let estimates = same.next().map_or(&[][..], |choice| &choice.estimates);
        let estimates: Vec<Value> = estimates.iter().copied().map(number).collect();
        json!({"weight": number(weight.weight), "estimates": estimates})
    });
    let size = model
        .size
        .as_ref()
        .map(|size| json!({"inputs": size.inputs, "low": number(size.low), "high": number(size.high)}));
    json!({
        "size": size,
        "noise": model.noise.quantiles.iter().copied().map(number).collect::<Vec<_>>(),
        "slope": number(model.noise.slope),
        "centre": number(model.noise.centre),
        "ends": [number(model.noise.ends.0), number(model.noise.ends.1)],
        "excess": number(model.noise.excess),
        "rate": number(model.misfit.rate),
        "choices": choices.collect::<Vec<_>>(),
    })
}

/// The lower half of the evenly spaced quantiles of the normal distribution that forecasts are made of; none where the
/// forecast needs none.
fn normals(scene: &Scene<'_>) -> Vec<f64> {
    const COUNT: usize = 2003;
    let model = scene.fit.forecast.as_ref();
    if !model.is_some_and(|model| model.noise.excess > 0.0 || !model.choices.is_empty()) {
        return Vec::new();
    }
    (0..=COUNT / 2).map(|k| normal((k as f64 + 0.5) / COUNT as f64)).collect()
}

fn normal(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share)
}

/// Text columns with the levels to choose from.
fn texts(scene: &Scene<'_>) -> Value {
    let mut columns: Vec<(String, Vec<String>)> =
        scene.data.groups.iter().map(|group| (group.column.clone(), group.levels.clone())).collect();
    let mut compared: Vec<(String, Vec<String>)> = Vec::new();
    for input in &scene.formula.symbols.inputs {
        let InputKind::TextEquals { column, value } = &input.kind else { continue };
        if columns.iter().any(|(known, _)| known == column) {
            continue;
        }
        match compared.iter_mut().find(|(known, _)| known == column) {
            Some((_, levels)) => levels.push(value.clone()),
            None => compared.push((column.clone(), vec![value.clone()])),
        }
    }
    // All texts that the law does not name are one to it.
    compared.iter_mut().for_each(|(_, levels)| levels.push("other".to_owned()));
    columns.extend(compared);
    columns.into_iter().map(|(name, levels)| json!({"name": name, "levels": levels})).collect()
}
