//! Comparisons as text.

use isoflop_fit::Compared;
use isoflop_study::Compared as Report;

use crate::output::backtest::with_error;
use crate::output::certificate;
use crate::output::number::{coverage, percent, significant};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

/// The sentence, the table and what its columns mean.
pub(crate) fn text(report: &Report) -> String {
    let comparison = &report.comparison;
    let mut out = format!("{}\n\n", paint(style::BOLD, &comparison.sentence));
    let level = coverage(comparison.level);
    let mut table = Table::new([
        Align::Left,
        Align::Right,
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
    let mut heads =
        vec!["law", "k", "certificate", "condition", "dAICc", "dBIC", "cv rms", "behind", "p", "weight"];
    let inside = format!("inside {level}");
    if report.by.is_some() {
        heads.extend(["forward", &inside, "forward p"]);
    }
    table.row(heads.into_iter().map(|head| styled(style::DIM, head)));
    let least = |of: fn(&Compared) -> Option<f64>| {
        comparison.laws.iter().filter_map(of).fold(f64::INFINITY, f64::min)
    };
    let (aicc, bic) = (least(|law| law.aicc), least(|law| law.bic));
    for law in &comparison.laws {
        table.row(cells(law, aicc, bic, comparison.forward_folds));
    }
    out += &table.render(0);
    for law in comparison.laws.iter().filter(|law| !law.same.is_empty()) {
        out += &format!(
            "{} {} here the same law as {}\n",
            law.same.join(", "),
            if law.same.len() == 1 { "is" } else { "are" },
            law.law
        );
    }
    for (law, cross) in comparison.laws.iter().filter_map(|law| Some((law, law.cross.as_ref()?))) {
        if cross.uncertified > 0 {
            let (bad, all) = (cross.uncertified, comparison.parts);
            out += &format!(
                "{} {}: {bad} of {all} parts without a certified optimum\n",
                paint(style::WARN, "!"),
                law.law
            );
        }
    }
    out += &left_out(report);
    out.push('\n');
    out += &paint(style::DIM, &legend(report));
    out.push('\n');
    out
}

fn cells(law: &Compared, aicc: f64, bic: f64, folds: usize) -> Vec<Cell> {
    let digits = |value: Option<f64>| value.map_or_else(String::new, |v| significant(v, 2));
    let above =
        |value: Option<f64>, least: f64| value.map_or_else(String::new, |v| format!("{:.1}", v - least));
    let standing = law.cross.as_ref().is_some_and(|c| !c.worse);
    let name = if standing { styled(style::BOLD, &law.law) } else { law.law.as_str().into() };
    let mut cells: Vec<Cell> = vec![
        name,
        law.parameters.to_string().into(),
        certificate::verdict(law.verdict).into(),
        law.condition.map_or_else(|| "flat".to_owned(), |c| format!("{c:.0e}")).into(),
        above(law.aicc, aicc).into(),
        above(law.bic, bic).into(),
    ];
    match &law.cross {
        None => cells.extend(["failed", "", "", ""].map(Cell::from)),
        Some(cross) => {
            let behind = match cross.behind_error {
                Some(error) => format!("{:.1} ± {:.1}", cross.behind, error),
                None => "best".to_owned(),
            };
            cells.extend([
                significant(cross.rms, 3).into(),
                behind.into(),
                digits(cross.p).into(),
                percent(if law.weight < 5e-4 { 0.0 } else { law.weight }).into(),
            ]);
        }
    }
    if let Some(forward) = &law.forward {
        let short =
            if forward.folds < folds { format!(" ({} of {folds})", forward.folds) } else { String::new() };
        let p = if forward.best { "best".to_owned() } else { digits(forward.p) };
        cells.extend([
            format!("{}{short}", with_error(&forward.score)).into(),
            forward.score.coverage.map_or_else(String::new, percent).into(),
            p.into(),
        ]);
    }
    cells
}

fn left_out(report: &Report) -> String {
    let list = &report.comparison.left_out;
    list.iter()
        .map(|law| format!("{} {} is left out: {}\n", paint(style::WARN, "!"), law.law, law.reason))
        .collect()
}

fn legend(report: &Report) -> String {
    let c = &report.comparison;
    let tests = c.laws.iter().filter(|law| law.cross.is_some()).count().saturating_sub(1).max(1);
    let mut out = format!(
        "\
{rows} rows, {objective} for every law; laws in bold are not shown to be worse than the best
k            free parameters
condition    of the curvature at the optimum; above 1e4 a direction is weakly determined, above 1e10 not at all
dAICc, dBIC  above the lowest; from the likelihood that the objective belongs to, its dispersion estimated and counted
cv rms       root mean square of the residuals of rows held out in {parts} random parts, on the scale of the objective
behind       log score of these rows: how much the best law has more, with the standard error of the difference
p            chance of this difference between equally good laws; worse below {limit} ({total} over all tests)
weight       share in the mixture of laws that scores the held-out rows best
",
        rows = c.rows,
        objective = c.objective,
        parts = c.parts,
        limit = significant(c.significance / tests as f64, 2),
        total = c.significance,
    );
    if let Some(by) = &report.by {
        out += &format!(
            "\
forward      root mean square log error of larger runs, cut {times} along {by}, with its standard error
inside       share of these runs inside the interval that predict gives, for laws in bold
forward p    as p, against the law with the smallest forward error, paired over cuts and runs
",
            times =
                if c.forward_folds == 1 { "once".to_owned() } else { format!("{} times", c.forward_folds) },
        );
    }
    out.trim_end().to_owned()
}
