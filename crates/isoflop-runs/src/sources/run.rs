//! The internal form that every reader ends in: a run with its settings and its metrics over steps.

use rustc_hash::FxHashMap;

use super::items::Item;
use super::json::Scalar;
use super::options::Restarts;
use crate::cell::{Cell, read_cell};

/// Named values in the order of first appearance.
#[derive(Debug, Clone)]
pub(crate) struct Named<T> {
    items: Vec<(String, T)>,
    index: FxHashMap<String, usize>,
    /// The one asked for last: names come again in the same order, or several times in a row.
    last: usize,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { items: Vec::new(), index: FxHashMap::default(), last: 0 }
    }
}

impl<T: Default> Named<T> {
    /// The value of this name, new if need be.
    pub(crate) fn entry(&mut self, name: &str) -> &mut T {
        let at = match self.find(name) {
            Some(at) => at,
            None => {
                self.index.insert(name.to_owned(), self.items.len());
                self.items.push((name.to_owned(), T::default()));
                self.items.len() - 1
            }
        };
        self.last = at;
        &mut self.items[at].1
    }

    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        let at = self.find(name)?;
        self.last = at;
        self.items.get_mut(at).map(|(_, value)| value)
    }

    fn find(&self, name: &str) -> Option<usize> {
        let is = |at: &usize| self.items.get(*at).is_some_and(|(known, _)| known == name);
        let next = if self.last + 1 < self.items.len() { self.last + 1 } else { 0 };
        [self.last, next].into_iter().find(is).or_else(|| self.index.get(name).copied())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.index.get(name).and_then(|&at| self.items.get(at)).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.items.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut T)> {
        self.items.iter_mut().map(|(name, value)| (name.as_str(), value))
    }
}

/// The value of a setting.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum Setting {
    #[default]
    Missing,
    Number(f64),
    Text(String),
}

impl Setting {
    /// The number, also from text: MLflow keeps all settings as text.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Setting::Number(value) => Some(*value),
            Setting::Text(text) => match read_cell(text, true) {
                Cell::Number(value) => Some(value),
                _ => None,
            },
            Setting::Missing => None,
        }
    }
}

impl From<Scalar<'_>> for Setting {
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Null => Setting::Missing,
            Scalar::Bool(value) => Setting::Number(f64::from(u8::from(value))),
            Scalar::Number(value) => Setting::Number(value),
            Scalar::Text(text) => Setting::Text(text.into_owned()),
        }
    }
}

/// One value of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Point {
    pub(crate) step: i64,
    pub(crate) value: f64,
}

/// Values of a metric; in rising order of steps once the run is settled.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    pub(crate) points: Vec<Point>,
}

impl Series {
    /// The last value at or before a step.
    pub(crate) fn at(&self, step: i64) -> Option<f64> {
        let after = self.points.partition_point(|point| point.step <= step);
        Some(self.points.get(after.checked_sub(1)?)?.value)
    }

    /// Sorts by step and keeps one value per step; returns how many values gave way to another.
    fn settle(&mut self, restarts: Restarts) -> usize {
        let points = &mut self.points;
        if points.is_sorted_by(|a, b| a.step < b.step) {
            return 0;
        }
        // Stable: of equal steps the one written last stays last.
        points.sort_by_key(|point| point.step);
        let before = points.len();
        if restarts == Restarts::Last {
            points.reverse();
            points.dedup_by_key(|point| point.step);
            points.reverse();
        } else {
            points.dedup_by_key(|point| point.step);
        }
        before - points.len()
    }
}

/// How a run ended, as far as its files say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Unknown,
    Running,
    Finished,
    Failed,
}

impl State {
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            State::Unknown => None,
            State::Running => Some("running"),
            State::Finished => Some("finished"),
            State::Failed => Some("failed"),
        }
    }
}

/// A run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run {
    /// Its name for people; the last part of the path if the tool keeps none.
    pub(crate) name: String,
    /// Its name for machines, if the tool gives one.
    pub(crate) id: String,
    /// The file or directory it was read from.
    pub(crate) path: String,
    pub(crate) state: State,
    /// Settings under dotted names.
    pub(crate) config: Named<Setting>,
    pub(crate) metrics: Named<Series>,
    /// Items of an evaluation, if they were asked for.
    pub(crate) items: Named<Item>,
    /// Whether its file stops inside a record, as a live file does.
    pub(crate) is_cut: bool,
}

impl Run {
    pub(crate) fn new(name: &str, path: &str) -> Self {
        Self { name: name.to_owned(), path: path.to_owned(), ..Self::default() }
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Setting>) {
        *self.config.entry(name) = value.into();
    }

    pub(crate) fn log(&mut self, metric: &str, step: i64, value: f64) {
        self.metrics.entry(metric).points.push(Point { step, value });
    }

    /// Values of all metrics.
    pub(crate) fn points(&self) -> usize {
        self.metrics.iter().map(|(_, series)| series.points.len()).sum()
    }

    /// Brings all metrics into order; returns how many values gave way to others of the same step.
    pub(crate) fn settle(&mut self, restarts: Restarts) -> usize {
        self.metrics.iter_mut().map(|(_, series)| series.settle(restarts)).sum()
    }
}
