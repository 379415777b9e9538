//! Counts over all runs, which end as notes.

use super::notes::RunsNote;
use super::options::{Points, Restarts, Tool};
use super::quantities::Computed;

/// A count of runs with the first of them.
#[derive(Debug, Default)]
struct Count {
    runs: usize,
    items: usize,
    first: String,
}

impl Count {
    fn add(&mut self, items: usize, run: &str) {
        if items > 0 {
            if self.runs == 0 {
                run.clone_into(&mut self.first);
            }
            self.runs += 1;
            self.items += items;
        }
    }
}

/// Counts over all runs of one path.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) runs: usize,
    pub(super) points: usize,
    /// Metrics to which the rule for points was applied.
    losses: Vec<String>,
    computed: Vec<(&'static str, String, bool, usize)>,
    restarted: Count,
    not_finite: Count,
    cut: Count,
    no_loss: Count,
    no_loss_metrics: Vec<String>,
    no_row: Vec<(&'static str, Count)>,
    /// Decimals of each loss: the most that any run has.
    decimals: Vec<(String, u32)>,
    out_of_reach: Count,
    /// Runs with fewer values than a mean asks for.
    short: Count,
    /// Runs that end with a high learning rate.
    high: Count,
    /// Runs that end with a low one.
    decayed: usize,
    numbered: Count,
    numbered_metric: String,
}

impl Tally {
    pub(super) fn loss(&mut self, metric: &str) {
        if !self.losses.iter().any(|known| known == metric) {
            self.losses.push(metric.to_owned());
        }
    }

    pub(super) fn restarted(&mut self, count: usize, run: &str) {
        self.restarted.add(count, run);
    }

    pub(super) fn not_finite(&mut self, count: usize, run: &str) {
        self.not_finite.add(count, run);
    }

    pub(super) fn out_of_reach(&mut self, count: usize, run: &str) {
        self.out_of_reach.add(count, run);
    }

    /// Notes how a run ends whose last values become rows: it has `values` of them, and its learning rate has come down or
    /// not.
    pub(super) fn ends(&mut self, points: &Points, values: usize, is_decayed: Option<bool>, run: &str) {
        if let Points::Last(count) = points
            && values < *count
        {
            self.short.add(1, run);
        }
        if let Points::Final | Points::Best | Points::Last(_) = points {
            self.decayed += usize::from(is_decayed == Some(true));
            self.high.add(usize::from(is_decayed == Some(false)), run);
        }
    }

    pub(super) fn cut(&mut self, run: &str) {
        self.cut.add(1, run);
    }

    pub(super) fn numbered(&mut self, metric: &str, run: &str) {
        if self.numbered.runs == 0 {
            metric.clone_into(&mut self.numbered_metric);
        }
        self.numbered.add(1, run);
    }

    pub(super) fn no_loss<'a>(&mut self, run: &str, metrics: impl Iterator<Item = &'a str>) {
        if self.no_loss.runs == 0 {
            self.no_loss_metrics = metrics.map(str::to_owned).collect();
        }
        self.no_loss.add(1, run);
    }

    pub(super) fn no_row(&mut self, run: &str, reason: &'static str) {
        let at = match self.no_row.iter().position(|(known, _)| *known == reason) {
            Some(at) => at,
            None => {
                self.no_row.push((reason, Count::default()));
                self.no_row.len() - 1
            }
        };
        self.no_row[at].1.add(1, run);
    }

    pub(super) fn computed(&mut self, found: &[Computed]) {
        for Computed { column, how, is_doubtful, .. } in found {
            match self.computed.iter_mut().find(|(known, by, ..)| known == column && by == how) {
                Some((.., runs)) => *runs += 1,
                None => self.computed.push((column, how.clone(), *is_doubtful, 1)),
            }
        }
    }

    /// Notes how finely the values of a loss are written.
    pub(super) fn decimals(&mut self, metric: &str, decimals: u32) {
        match self.decimals.iter_mut().find(|(known, _)| known == metric) {
            Some((_, most)) => *most = decimals.max(*most),
            None => self.decimals.push((metric.to_owned(), decimals)),
        }
    }

    /// Says what was read and noticed.
    pub(super) fn notes(self, path: &str, tool: Tool, points: &Points, restarts: Restarts) -> Vec<RunsNote> {
        let (runs, values) = (self.runs, self.points);
        let mut notes =
            vec![RunsNote::Read { path: path.to_owned(), tool: tool.title(), runs, points: values }];
        if !self.losses.is_empty() {
            notes.push(RunsNote::Taken { rule: points.to_string(), metrics: self.losses });
        }
        notes.extend(self.computed.into_iter().map(|(column, how, is_doubtful, runs)| RunsNote::Computed {
            column: column.to_owned(),
            how,
            runs,
            is_doubtful,
        }));
        if self.restarted.runs > 0 {
            let Count { runs, items: count, first } = self.restarted;
            let kept = if restarts == Restarts::First { "first" } else { "last" };
            notes.push(RunsNote::Restarted { count, runs, first, kept });
        }
        if self.not_finite.runs > 0 {
            let Count { runs, items: count, first } = self.not_finite;
            notes.push(RunsNote::NotFinite { count, runs, first });
        }
        if self.cut.runs > 0 {
            notes.push(RunsNote::Cut { runs: self.cut.runs, first: self.cut.first });
        }
        if self.no_loss.runs > 0 {
            let Count { runs, first, .. } = self.no_loss;
            notes.push(RunsNote::NoLoss { runs, first, metrics: self.no_loss_metrics });
        }
        notes.extend(self.no_row.into_iter().map(|(reason, Count { runs, first, .. })| RunsNote::NoRow {
            runs,
            first,
            reason,
        }));
        notes.extend(
            self.decimals
                .into_iter()
                .filter(|&(_, decimals)| decimals < MANY_DECIMALS)
                .map(|(metric, decimals)| RunsNote::Rounded { metric, decimals }),
        );
        if self.out_of_reach.runs > 0 {
            let Count { runs, items: count, first } = self.out_of_reach;
            notes.push(RunsNote::OutOfReach { count, runs, first });
        }
        if let (Count { runs: 1.., .. }, Points::Last(wanted)) = (&self.short, points) {
            let Count { runs, first, .. } = self.short;
            notes.push(RunsNote::Short { wanted: *wanted, runs, first });
        }
        if self.high.runs > 0 {
            let Count { runs, first, .. } = self.high;
            notes.push(RunsNote::HighRate { runs, first, decayed: self.decayed });
        }
        if self.numbered.runs > 0 {
            notes.push(RunsNote::Numbered { metric: self.numbered_metric, runs: self.numbered.runs });
        }
        notes
    }
}

/// Decimals from which on rounding is not worth a word.
pub(super) const MANY_DECIMALS: u32 = 5;

/// Decimals with which all of these values are written, at most [`MANY_DECIMALS`].
pub(super) fn decimals(values: impl Iterator<Item = f64>) -> u32 {
    let mut most = 0;
    for value in values.filter(|value| value.is_finite()) {
        while most < MANY_DECIMALS {
            let scaled = value * 10_f64.powi(i32::try_from(most).unwrap_or(0));
            if (scaled - scaled.round()).abs() <= 1e-9 * scaled.abs().max(1.0) {
                break;
            }
            most += 1;
        }
        if most == MANY_DECIMALS {
            break;
        }
    }
    most
}
