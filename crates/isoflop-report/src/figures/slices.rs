//! A few values of the other inputs, at which the law is a line.

use isoflop_study::{significant, size};

use crate::figures::scene::{Numeric, Scene};

/// Most slices in a figure.
pub(crate) const MOST: usize = 5;
/// Runs within this factor of a slice are shown with it.
pub(crate) const NEAR: f64 = 1.15;

/// The law with all inputs but one held.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) name: String,
    /// Which combination of texts.
    pub(crate) kind: usize,
    /// Inputs of the formula and their values.
    pub(crate) at: Vec<(usize, f64)>,
    /// Runs that belong to it.
    pub(crate) rows: Vec<usize>,
}

/// The slices of a figure along `along`, and what tells them apart.
pub(crate) fn slices(scene: &Scene<'_>, along: &Numeric) -> (String, Vec<Slice>) {
    let held = |rows: &[usize]| -> Vec<(usize, f64)> {
        let others = scene.inputs.iter().filter(|input| input.index != along.index);
        others.map(|input| (input.index, scene.median(input, rows))).collect()
    };
    let all: Vec<usize> = (0..scene.data.rows()).collect();
    let others = scene.inputs.iter().filter(|input| input.index != along.index && input.varies());
    let by = others.max_by(|a, b| a.breadth().total_cmp(&b.breadth()));
    if scene.kinds.len() > 1 {
        // One value for all kinds, so that their lines can be compared.
        let most = scene.kinds.first().map_or(&all, |kind| &kind.rows);
        let middle = by.map(|by| (by, scene.median(by, most)));
        let near = |row: &usize| middle.is_none_or(|(by, value)| is_near(scene.value(by, *row), value, by));
        let at = |rows: &[usize]| {
            let mut at = held(rows);
            let (index, value) = middle.map_or((usize::MAX, 0.0), |(by, value)| (by.index, value));
            at.iter_mut().filter(|(k, _)| *k == index).for_each(|(_, held)| *held = value);
            at
        };
        let legend = middle.map_or_else(String::new, |(by, value)| format!("{} = {}", by.name, shown(value)));
        let kinds = scene.kinds.iter().enumerate().take(MOST);
        let slice = kinds.map(|(k, kind)| Slice {
            name: kind.name.clone(),
            kind: k,
            at: at(&kind.rows),
            rows: kind.rows.iter().copied().filter(near).collect(),
        });
        return (legend, slice.collect());
    }
    let Some(by) = by else {
        return (
            String::new(),
            vec![Slice { name: "runs and law".into(), kind: 0, at: held(&all), rows: all }],
        );
    };
    let slice = |value: f64| {
        let rows: Vec<usize> =
            all.iter().copied().filter(|row| is_near(scene.value(by, *row), value, by)).collect();
        let mut at = held(if rows.is_empty() { &all } else { &rows });
        at.iter_mut().filter(|(k, _)| *k == by.index).for_each(|(_, held)| *held = value);
        Slice { name: format!("{} = {}", by.name, shown(value)), kind: 0, at, rows }
    };
    (String::new(), chosen(scene, by, &all).into_iter().map(slice).collect())
}

/// Values of an input at which to cut: all if they are few, else in each fifth of them the one with the most runs.
fn chosen(scene: &Scene<'_>, by: &Numeric, rows: &[usize]) -> Vec<f64> {
    let mut values: Vec<f64> = rows.iter().map(|row| scene.value(by, *row)).collect();
    values.sort_by(f64::total_cmp);
    let all = values.clone();
    values.dedup();
    if values.len() <= MOST {
        return values;
    }
    let runs_near = |value: f64| {
        let (low, high) = reach(value, by);
        all.partition_point(|other| *other <= high) - all.partition_point(|other| *other < low)
    };
    let mut found: Vec<f64> = Vec::new();
    for k in 0..MOST {
        let part = values.get(k * values.len() / MOST..(k + 1) * values.len() / MOST).unwrap_or(&[]);
        // Of a long part some values will do; none may share its runs with the slice before.
        let some = part.iter().copied().step_by(part.len().div_ceil(50).max(1));
        let apart = some.filter(|value| found.last().is_none_or(|before| is_apart(*value, *before, by)));
        found.extend(apart.max_by_key(|value| runs_near(*value)));
    }
    found
}

/// Whether no run can be near both.
fn is_apart(value: f64, before: f64, by: &Numeric) -> bool {
    if by.low > 0.0 { value > before * NEAR * NEAR } else { value - before > (by.high - by.low) / 25.0 }
}

/// Whether a run belongs to a slice.
fn is_near(value: f64, slice: f64, by: &Numeric) -> bool {
    let (low, high) = reach(slice, by);
    (low..=high).contains(&value)
}

/// What belongs to a slice: within 15 %, or within a fiftieth of a range that has no ratio.
fn reach(slice: f64, by: &Numeric) -> (f64, f64) {
    if by.low > 0.0 {
        (slice / NEAR, slice * NEAR)
    } else {
        (slice - (by.high - by.low) / 50.0, slice + (by.high - by.low) / 50.0)
    }
}

/// A value in a legend.
pub(crate) fn shown(value: f64) -> String {
    if value.abs() >= 1e3 {
        size(format!("{value:.2e}").parse().unwrap_or(value))
    } else {
        let text = significant(value, 3);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_legends() {
        let texts = [16_183_300_000.0, 123.456, 0.05, 2.0, 57_334_200.0].map(shown);
        assert_eq!(texts, ["16.2B", "123", "0.05", "2", "57.3M"]);
    }

    #[test]
    fn no_run_is_near_two_slices() {
        let by = |low| Numeric { index: 0, name: String::new(), label: String::new(), low, high: 1000.0 };
        for (by, values) in [(by(1.0), [1.2, 1.5, 900.0]), (by(-1.0), [0.0, 41.0, 90.0])] {
            for before in values {
                for k in 0..2000 {
                    let (value, run) = (before + f64::from(k) * 0.1, before + f64::from(k) * 0.05);
                    let is_shared = is_near(run, value, &by) && is_near(run, before, &by);
                    assert!(!is_shared || !is_apart(value, before, &by), "{before} {run} {value}");
                }
            }
        }
    }
}
