//! Backtests as text.

use isoflop_fit::{Backtest, Score, Verdict};
use isoflop_study::Tested;

use crate::output::certificate;
use crate::output::number::{counted, coverage, percent, signed, significant};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

/// What the columns mean; each is one line.
const LEGEND: &str = "\
error     median of |predicted / observed - 1| over the rows held out
bias      mean of predicted / observed - 1; above 0 the law promises too high a value
rms log   root mean square of ln predicted - ln observed, with its standard error
inside    share of the rows held out that lie inside the interval that predict gives
width     median width of that interval, relative to the forecast
beyond    how many times a row lies beyond the runs fitted";

/// One block per law, and what the columns mean.
pub(crate) fn text(tested: &[Tested], rows: usize) -> String {
    let mut out = String::new();
    for one in tested {
        out += &block(one, rows);
        out.push('\n');
    }
    out + &paint(style::DIM, LEGEND) + "\n"
}

fn block(tested: &Tested, rows: usize) -> String {
    let result = &tested.result;
    let title =
        if tested.law == tested.formula { String::new() } else { paint(style::BOLD, &tested.law) + "  " };
    let mut out = format!("{title}{}\n", tested.formula);
    let folds = counted(result.folds.len(), "fold");
    out += &paint(style::DIM, &format!("{}, {folds}, {}", counted(rows, "row"), result.objective));
    out.push('\n');
    let mut table = Table::new([
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Left,
    ]);
    let level = coverage(result.level);
    let heads = [
        "held out",
        "fitted",
        "rows",
        "error",
        "bias",
        "rms log",
        &format!("inside {level}"),
        "width",
        "certificate",
    ];
    table.row(heads.map(|head| styled(style::DIM, head)));
    for fold in &result.folds {
        let mut cells: Vec<Cell> = vec![fold.label.as_str().into(), fold.train.to_string().into()];
        match &fold.score {
            Some(score) => cells.extend(scores(score)),
            None => cells.extend(["", "", "", "", "", ""].map(Cell::from)),
        }
        cells.push(match fold.verdict {
            Some(verdict) => certificate::verdict(verdict).into(),
            None => styled(style::WARN, "no fit"),
        });
        table.row(cells);
    }
    let mut cells: Vec<Cell> = vec![styled(style::BOLD, "all"), "".into()];
    cells.extend(scores(&result.total));
    table.row(cells);
    for band in &result.bands {
        let label = match band.to {
            Some(to) if band.from == 1.0 => format!("beyond up to {to} times"),
            Some(to) => format!("beyond {} to {to} times", band.from),
            None => format!("beyond over {} times", band.from),
        };
        let mut cells: Vec<Cell> = vec![label.into(), "".into()];
        cells.extend(scores(&band.score));
        table.row(cells);
    }
    out += &table.render(0);
    for (label, reason) in troubles(result) {
        out += &format!("{} {label}: {reason}\n", paint(style::WARN, "!"));
    }
    if result.total.failed > 0 {
        let failed = counted(result.total.failed, "forecast");
        out += &format!("{} {failed} without a usable value, counted in no error\n", paint(style::WARN, "!"));
    }
    out
}

/// Folds without a certified fit, with the reason.
fn troubles(result: &Backtest) -> impl Iterator<Item = (&str, &str)> {
    let is_bad = |verdict: Option<Verdict>| matches!(verdict, None | Some(Verdict::NotCertified));
    let folds = result.folds.iter().filter(move |fold| is_bad(fold.verdict));
    folds.filter_map(|fold| Some((fold.label.as_str(), fold.reason.as_deref()?)))
}

/// Rows, error, bias, rms log, coverage, width.
pub(crate) fn scores(score: &Score) -> [Cell; 6] {
    let share = |value: Option<f64>| value.map_or_else(String::new, percent);
    [
        score.forecasts.to_string().into(),
        percent(score.median).into(),
        format!("{} %", signed(100.0 * score.bias)).into(),
        with_error(score).into(),
        share(score.coverage).into(),
        share(score.width.map(f64::exp_m1)).into(),
    ]
}

/// `0.0067 ± 0.0005`.
pub(crate) fn with_error(score: &Score) -> String {
    match (score.rms_log, score.rms_log_error) {
        (Some(rms), Some(error)) => format!("{} ± {}", significant(rms, 2), significant(error, 1)),
        (Some(rms), None) => significant(rms, 2),
        (None, _) => String::new(),
    }
}
