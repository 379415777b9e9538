//! Results of lm-evaluation-harness, and its samples.
//!
//! A file of results is a row: one column for each task and metric (`arc_easy/acc`; a filter other than `none`
//! is added to the name), its standard error, and the number of samples. Samples of multiple-choice tasks
//! beside it give continuous metrics, which follow scaling laws where accuracy has thresholds: the negative
//! log-likelihood of the correct choice, its share of probability among the choices, and its bits per byte.
//! With one row for each sample, a document of a task is an item. The step is read from `revision=step1000` or `checkpoint-1000` in the arguments of the model.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use super::items::Item;
use super::json::{self, Scalar, Step};
use super::run::{Named, Run, Setting, State};
use super::walk::{self, Dir};
use super::{Points, Sink, Unit, bad_json, lines};
use crate::error::RunsError;

fn is_results(name: &str) -> bool {
    name == "results.json" || (name.starts_with("results_") && name.ends_with(".json"))
}

/// Whether a file of this name, which others use too, begins with results by task.
fn has_results(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).map(|file| file.take(1 << 16).read_to_end(&mut head));
    matches!(read, Ok(Ok(_))) && String::from_utf8_lossy(&head).contains("\"results\"")
}

/// One unit for each file of results, with the samples of the same time.
pub(super) fn find(dirs: &[Dir]) -> Vec<Unit> {
    let mut units = Vec::new();
    for dir in dirs {
        for name in dir.files.iter().filter(|name| is_results(name) && has_results(&dir.path.join(name))) {
            let stamp = name.trim_start_matches("results").trim_end_matches(".json");
            let suffix = format!("{stamp}.jsonl");
            let samples = dir
                .files
                .iter()
                .filter(|file| !stamp.is_empty() && file.starts_with("samples_") && file.ends_with(&suffix));
            let path = dir.path.join(name);
            let files = [path.clone()].into_iter().chain(samples.map(|file| dir.path.join(file))).collect();
            units.push(Unit { path, files });
        }
    }
    units
}

/// Reads one file of results and its samples.
pub(super) fn read(unit: &Unit, sink: &mut Sink<'_>) -> Result<(), RunsError> {
    let Some((results, samples)) = unit.files.split_first() else { return Ok(()) };
    let text = walk::read_text(results)?;
    let mut found: Vec<(String, f64)> = Vec::new();
    let mut run = Run::new("", &results.display().to_string());
    let mut has_results = false;
    json::walk(&text, &mut |path, scalar| match path {
        [Step::Key(top), Step::Key(task), Step::Key(metric)] if top == "results" => {
            has_results = true;
            // Missing standard errors are the text "N/A".
            if let Some(value) = scalar.number().filter(|_| metric != "sample_len") {
                found.push((column(task, metric), value));
            }
        }
        [Step::Key(top), Step::Key(task), Step::Key(count)] if top == "n-samples" && count == "effective" => {
            found.extend(scalar.number().map(|value| (format!("{task}/n_samples"), value)));
        }
        [Step::Key(top)] if top == "model_name" => {
            if let Scalar::Text(name) = scalar {
                run.name = name.into_owned();
            }
        }
        [Step::Key(top), Step::Key(name)]
            if top == "config" && matches!(&**name, "model" | "model_args" | "limit") =>
        {
            run.set(name, scalar);
        }
        [Step::Key(top), Step::Key(_), Step::Key(name)] if top == "config" && name == "pretrained" => {
            run.set("model_args", scalar);
        }
        _ => {}
    })
    .map_err(|fault| bad_json(results, &text, fault))?;
    if !has_results {
        let file = results.display().to_string();
        let reason = "there are no results of lm-evaluation-harness in it".into();
        return Err(RunsError::BadRunFile { file, place: "the whole file".into(), reason });
    }
    if run.name.is_empty() {
        run.name = results.parent().map(walk::name_of).unwrap_or_default();
    }
    let arguments = match run.config.get("model_args") {
        Some(Setting::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let step = checkpoint(&arguments).or_else(|| checkpoint(&run.path)).unwrap_or(0);
    let stamp = walk::name_of(results);
    let stamp = stamp.trim_start_matches("results").trim_end_matches(".json").to_owned();
    for path in samples {
        let name = walk::name_of(path);
        let task = name.trim_start_matches("samples_").trim_end_matches(&format!("{stamp}.jsonl")).to_owned();
        if sink.options.points == Points::Samples {
            items(path, &task, &mut run.items)?;
            continue;
        }
        found
            .extend(continuous(path)?.into_iter().map(|(metric, value)| (format!("{task}/{metric}"), value)));
    }
    for (name, value) in found {
        run.log(&name, step, value);
    }
    run.state = State::Finished;
    sink.run(run)
}

/// `acc,none` of a task as `task/acc`.
fn column(task: &str, metric: &str) -> String {
    match metric.split_once(',') {
        None | Some((_, "none")) => format!("{task}/{}", metric.trim_end_matches(",none")),
        Some((metric, filter)) => format!("{task}/{metric}/{filter}"),
    }
}

/// The step in `revision=step1000`, `step1000` or `checkpoint-1000`.
fn checkpoint(text: &str) -> Option<i64> {
    ["checkpoint-", "revision=step", "revision=main-step", "/step"].iter().find_map(|before| {
        let rest = &text[text.rfind(before)? + before.len()..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        rest[..digits].parse().ok()
    })
}

/// What one sample of a multiple-choice task says.
#[derive(Default)]
struct Sample {
    target: Option<usize>,
    log_likelihoods: Vec<f64>,
    /// Bytes of each continuation.
    bytes: Vec<usize>,
    document: String,
    filter: String,
    metrics: Vec<(String, f64)>,
}

/// Every sample of a task as an item: its metrics, and the continuous ones if it has choices.
fn items(path: &Path, task: &str, items: &mut Named<Item>) -> Result<(), RunsError> {
    lines::each(path, sample, |_, sample| {
        // A document stands once for each filter.
        let item = items.entry(&format!("{task} {} {}", sample.document, sample.filter));
        *item.labels.entry("task") = Setting::Text(task.to_owned());
        if !matches!(&*sample.filter, "" | "none") {
            *item.labels.entry("filter") = Setting::Text(sample.filter.clone());
        }
        for (name, value) in &sample.metrics {
            item.scores.entry(name).add(*value);
        }
        for (name, value) in CONTINUOUS.into_iter().zip(correct(&sample).into_iter().flatten()) {
            item.amounts.entry(name).add(value);
        }
        item.id = sample.document;
        ControlFlow::Continue(())
    })?;
    Ok(())
}

fn text_of(scalar: &Scalar<'_>) -> String {
    match scalar {
        Scalar::Text(text) => text.clone().into_owned(),
        Scalar::Number(value) => crate::cell::number_text(*value),
        _ => String::new(),
    }
}

/// Names of what [`correct`] gives.
const CONTINUOUS: [&str; 3] = ["correct_nll", "correct_prob", "correct_bits_per_byte"];

/// Means over the samples of a multiple-choice task; nothing for other tasks.
fn continuous(path: &Path) -> Result<Vec<(&'static str, f64)>, RunsError> {
    let (mut count, mut sums) = (0_u64, [0.0; 3]);
    lines::each(path, sample, |_, sample| {
        let Some(values) = correct(&sample) else {
            count = 0;
            return ControlFlow::Break(());
        };
        count += 1;
        for (sum, value) in sums.iter_mut().zip(values) {
            *sum += value;
        }
        ControlFlow::Continue(())
    })?;
    Ok(CONTINUOUS.into_iter().zip(sums.map(|sum| sum / count as f64)).filter(|_| count > 0).collect())
}

fn sample(text: &str) -> Result<Sample, json::Fault> {
    let mut sample = Sample::default();
    json::walk(text, &mut |path, scalar| match (path, &scalar) {
        ([Step::Key(key)], Scalar::Text(text)) if key == "target" => sample.target = text.parse().ok(),
        ([Step::Key(key)], Scalar::Number(value)) if key == "target" && *value >= 0.0 => {
            sample.target = Some(*value as usize);
        }
        ([Step::Key(key)], _) if key == "doc_id" => sample.document = text_of(&scalar),
        ([Step::Key(key)], Scalar::Text(text)) if key == "filter" => {
            sample.filter = text.clone().into_owned()
        }
        // What else is a number at the top is a metric.
        ([Step::Key(key)], Scalar::Number(_) | Scalar::Bool(_)) => {
            sample.metrics.extend(scalar.number().map(|value| (key.clone().into_owned(), value)));
        }
        ([Step::Key(key), Step::Index(_), Step::Index(0)], _) if key == "filtered_resps" => {
            let value = match &scalar {
                Scalar::Text(text) => text.parse().ok(),
                other => other.number(),
            };
            sample.log_likelihoods.push(value.unwrap_or(f64::NAN));
        }
        ([Step::Key(key), Step::Key(_), Step::Key(argument)], Scalar::Text(text))
            if key == "arguments" && argument == "arg_1" =>
        {
            sample.bytes.push(text.trim_start().len());
        }
        _ => {}
    })?;
    Ok(sample)
}

/// Negative log-likelihood, share of probability and bits per byte of the correct choice.
fn correct(sample: &Sample) -> Option<[f64; 3]> {
    let target = sample.target?;
    let own = *sample.log_likelihoods.get(target)?;
    if sample.log_likelihoods.len() < 2 {
        return None;
    }
    let share = 1.0 / sample.log_likelihoods.iter().map(|other| (other - own).exp()).sum::<f64>();
    let bytes = *sample.bytes.get(target).filter(|&&bytes| bytes > 0)? as f64;
    Some([-own, share, -own / std::f64::consts::LN_2 / bytes])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_checkpoints() {
        assert_eq!(checkpoint("pretrained=EleutherAI/pythia-70m,revision=step1000,dtype=float"), Some(1000));
        assert_eq!(checkpoint("pretrained=out/checkpoint-250"), Some(250));
        assert_eq!(checkpoint("pretrained=gpt2"), None);
        assert_eq!(column("arc", "acc,none"), "arc/acc");
        assert_eq!(column("gsm", "exact_match,strict-match"), "gsm/exact_match/strict-match");
    }
}
