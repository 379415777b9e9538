//! Where the learning rate of a run has come down.
//!
//! A loss at a high learning rate lies above the one that the same run reaches once the rate has decayed, so that points of
//! both kinds do not lie on one law (Hoffmann et al. 2022, section 3.1; Hägele et al. 2024). A run that decays, goes on at a
//! high rate and decays again has a point to fit at each end.

use std::ops::RangeInclusive;

use super::run::{Run, Series};
use crate::roles::plain;

/// A rate of at most this part of the highest before it is low: cosines often end at a tenth.
const LOW: f64 = 0.125;

/// The curve of the learning rate, if the run has one; of several, one for each group of weights, that of the shortest name.
pub(super) fn rate(run: &Run) -> Option<&Series> {
    let is_rate = |name: &str| {
        let plain = plain(name);
        plain.contains("learning_rate") || plain.split('_').any(|word| word == "lr")
    };
    let rates = run.metrics.iter().filter(|(name, series)| is_rate(name) && series.points.len() > 1);
    rates.min_by_key(|(name, _)| name.len()).map(|(_, series)| series)
}

/// The steps at which the rate is low after it was high: a range for each decay, the last of them without end where the rate
/// stays low.
pub(super) fn decayed(rate: &Series) -> Vec<RangeInclusive<i64>> {
    let mut ranges = Vec::new();
    let (mut peak, mut start) = (0.0_f64, None);
    for point in rate.points.iter().filter(|point| point.value.is_finite()) {
        peak = peak.max(point.value);
        let is_low = peak > 0.0 && point.value <= LOW * peak;
        match (is_low, start) {
            (true, None) => start = Some(point.step),
            (false, Some(from)) => {
                ranges.push(from..=point.step - 1);
                start = None;
            }
            _ => {}
        }
    }
    ranges.extend(start.map(|from| from..=i64::MAX));
    ranges
}

/// Whether a run ends with its rate low; `None` if its rate is not known.
pub(super) fn is_over(run: &Run) -> Option<bool> {
    Some(decayed(rate(run)?).last().is_some_and(|last| *last.end() == i64::MAX))
}

/// For each decay the step of its last finite loss.
///
/// # Errors
/// What the run lacks.
pub(super) fn ends(run: &Run, loss: &Series) -> Result<Vec<i64>, &'static str> {
    let rate =
        rate(run).ok_or("it logged no learning rate, by which --points decayed finds the ends of decays")?;
    let decays = decayed(rate);
    if decays.is_empty() {
        return Err("its learning rate never came down to an eighth of its peak");
    }
    let last = |range: &RangeInclusive<i64>| {
        let mut points =
            loss.points.iter().filter(|point| range.contains(&point.step) && point.value.is_finite());
        points.next_back().map(|point| point.step)
    };
    let steps: Vec<i64> = decays.iter().filter_map(last).collect();
    if steps.is_empty() { Err("no loss was logged while its learning rate was low") } else { Ok(steps) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rates: &[f64]) -> Run {
        let mut run = Run::default();
        for (step, &rate) in rates.iter().enumerate() {
            run.log("train/learning_rate", step as i64, rate);
            run.log("loss", step as i64, 3.0);
        }
        run
    }

    fn ends_of(rates: &[f64]) -> Result<Vec<i64>, &'static str> {
        let run = run(rates);
        ends(&run, run.metrics.get("loss").unwrap())
    }

    #[test]
    fn every_decay_has_an_end_and_a_warm_up_is_none() {
        assert_eq!(ends_of(&[0.0, 1e-6, 1e-3, 5e-4, 1e-4]), Ok(vec![4]));
        assert_eq!(ends_of(&[0.0, 1.0, 1.0, 0.1, 0.0, 1.0, 1.0, 0.05, 0.05]), Ok(vec![4, 8]));
        // The second decay was cut off.
        assert_eq!(ends_of(&[1.0, 0.1, 1.0, 0.5]), Ok(vec![1]));
        assert!(ends_of(&[1e-6, 1e-3, 1e-3]).unwrap_err().contains("never came down"));
        assert!(ends(&Run::default(), &Series::default()).unwrap_err().contains("no learning rate"));
    }

    #[test]
    fn whether_a_run_is_over() {
        assert_eq!(is_over(&run(&[1.0, 0.1])), Some(true));
        assert_eq!(is_over(&run(&[1.0, 0.1, 1.0])), Some(false));
        assert_eq!(is_over(&run(&[1.0])), None);
    }

    #[test]
    fn names_of_rates() {
        for name in
            ["lr", "opt.lr", "lr-AdamW", "optim/LR (group 0)", "learning rate", "train/learning_rate", "lr/0"]
        {
            let mut run = Run::default();
            run.log(name, 0, 1.0);
            run.log(name, 1, 0.0);
            assert!(rate(&run).is_some(), "{name}");
        }
        let mut run = Run::default();
        run.log("flr", 0, 1.0);
        run.log("flr", 1, 0.0);
        assert!(rate(&run).is_none());
    }
}
