//! Samples of a log of Inspect: scores, metadata and tokens of every attempt, put together by item.
//!
//! Of an archive the short form of all samples is read (`summaries.json`, or its parts in the journal of an
//! evaluation that did not end), not the samples with their messages.

use super::archive::Archive;
use super::items::{Item, score};
use super::json::{self, Fault, Scalar, Step};
use super::run::{Named, Setting};
use crate::error::RunsError;

const SUMMARIES: &str = "summaries.json";
const PARTS: &str = "_journal/summaries/";

/// One attempt, of which the identity may come after the scores.
#[derive(Default)]
struct Attempt {
    index: usize,
    id: String,
    scores: Vec<(String, f64)>,
    amounts: Vec<(String, f64)>,
    labels: Vec<(String, Setting)>,
}

/// Takes the samples of an archive.
pub(super) fn of_archive(archive: &mut Archive, items: &mut Named<Item>) -> Result<(), RunsError> {
    let entries = match archive.has(SUMMARIES) {
        true => vec![SUMMARIES.to_owned()],
        false => parts(archive),
    };
    for entry in entries {
        let text = archive.text(&entry)?.unwrap_or_default();
        of_text(&text, 0, items).map_err(|fault| archive.error(&entry, fault.reason))?;
    }
    Ok(())
}

/// The parts of the journal in the order of their numbers.
fn parts(archive: &Archive) -> Vec<String> {
    let number = |name: &str| name.strip_prefix(PARTS)?.strip_suffix(".json")?.parse::<u64>().ok();
    let mut parts: Vec<(u64, String)> =
        archive.names().filter_map(|name| Some((number(&name)?, name.into_owned()))).collect();
    parts.sort_unstable();
    parts.into_iter().map(|(_, name)| name).collect()
}

/// Takes the samples of a log as one JSON document; what follows a fault is left out.
pub(super) fn of_log(text: &str, items: &mut Named<Item>) -> Result<(), Fault> {
    of_text(text, 1, items)
}

/// Takes the samples of a list that stands `depth` steps below the top.
fn of_text(text: &str, depth: usize, items: &mut Named<Item>) -> Result<(), Fault> {
    let mut attempt = Attempt::default();
    let walked = json::walk(text, &mut |path, scalar| {
        if depth == 1 && path.first().and_then(Step::key) != Some("samples") {
            return;
        }
        let Some([Step::Index(index), rest @ ..]) = path.get(depth..) else { return };
        if *index != attempt.index {
            std::mem::take(&mut attempt).finish(items);
            attempt.index = *index;
        }
        attempt.take(rest, &scalar);
    });
    attempt.finish(items);
    walked
}

impl Attempt {
    fn take(&mut self, path: &[Step<'_>], scalar: &Scalar<'_>) {
        match path {
            [Step::Key(key)] => match (&**key, scalar) {
                ("id", Scalar::Text(text)) => self.id = text.clone().into_owned(),
                ("id", Scalar::Number(number)) => self.id = crate::cell::number_text(*number),
                ("working_time", Scalar::Number(value)) => self.amounts.push(("working_time".into(), *value)),
                _ => {}
            },
            [Step::Key(key), Step::Key(scorer), Step::Key(part), rest @ ..]
                if key == "scores" && part == "value" =>
            {
                // A value may be a table of scores.
                let name = match json::dotted(rest, '/') {
                    Some(inner) if inner.is_empty() => scorer.clone().into_owned(),
                    Some(inner) => format!("{scorer}/{inner}"),
                    None => return,
                };
                self.scores.extend(score(scalar).map(|value| (name, value)));
            }
            [Step::Key(key), rest @ ..] if key == "metadata" && *scalar != Scalar::Null => {
                if let Some(name) = json::dotted(rest, '.').filter(|name| !name.is_empty()) {
                    self.labels.push((format!("metadata.{name}"), scalar.clone().into()));
                }
            }
            [Step::Key(key), Step::Key(_), Step::Key(kind)]
                if key == "model_usage" && matches!(&**kind, "input_tokens" | "output_tokens") =>
            {
                self.amounts.extend(scalar.number().map(|value| (format!("usage.{kind}"), value)));
            }
            _ => {}
        }
    }

    /// Adds the attempt to its item.
    fn finish(self, items: &mut Named<Item>) {
        if self.id.is_empty() {
            return;
        }
        let item = items.entry(&self.id);
        item.id = self.id;
        for (name, value) in self.scores {
            item.scores.entry(&name).add(value);
        }
        // Several models of one attempt add up.
        let mut amounts: Named<f64> = Named::default();
        for (name, value) in self.amounts {
            *amounts.entry(&name) += value;
        }
        for (name, value) in amounts.iter() {
            item.amounts.entry(name).add(*value);
        }
        for (name, value) in self.labels {
            *item.labels.entry(&name) = value;
        }
    }
}
