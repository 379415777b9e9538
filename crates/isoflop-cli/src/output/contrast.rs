//! Two recipes compared, as text.

use isoflop_audit::{Contrast, Ranged, Verdict};
use isoflop_study::Reviewed;

use crate::output::number::{counted, coverage, percent, significant};
use crate::output::review::{flop, ranged, three};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

/// The verdict first, then the fits and the scales.
pub(crate) fn text(reviewed: &Reviewed<Contrast>) -> String {
    let found = &reviewed.answer;
    let [a, b] = [&found.arms[0].name, &found.arms[1].name];
    let mut out = format!("{}  {}\n", paint(style::BOLD, &reviewed.law.id), reviewed.law.formula().text);
    let about = format!(
        "{} = {a} ({}) and {b} ({}), {}, {} of {} replicates",
        found.column,
        counted(found.arms[0].rows, "row"),
        counted(found.arms[1].rows, "row"),
        found.objective,
        found.solved,
        found.replicates
    );
    out += &format!("{}\n\n", paint(style::DIM, &about));
    out += &format!("{}\n\n", paint(style::BOLD, &verdict(found)));
    out += &fits(found);
    out += &test(found);
    out.push('\n');
    out += &scales(found);
    if !found.next.is_empty() {
        out += &format!(
            "\nRuns that would narrow the difference at {} {} most:\n",
            flop(found.target),
            unit(found)
        );
        let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Right, Align::Right]);
        table.row(["recipe", "N", "D", "FLOP", "takes off its variance"].map(|h| styled(style::DIM, h)));
        for run in &found.next {
            table.row([
                Cell::from(run.arm.as_str()),
                three(run.n).into(),
                three(run.d).into(),
                flop(run.compute).into(),
                percent(run.reduction).into(),
            ]);
        }
        out += &table.render(0);
    }
    out
}

fn unit(found: &Contrast) -> &str {
    if found.scale == "C" { "FLOP" } else { &found.scale }
}

/// One sentence.
fn verdict(found: &Contrast) -> String {
    let [a, b] = [&found.arms[0].name, &found.arms[1].name];
    let unit = unit(found);
    let level = coverage(found.level);
    let range = format!("{} to {} {unit}", flop(found.compared[0]), flop(found.compared[1]));
    let interval = match found.crossing_interval {
        Some([Some(low), Some(high)]) => format!("{level}: {} to {}", flop(low), flop(high)),
        Some([Some(low), None]) => {
            format!("{level}: above {}, no upper end up to {}", flop(low), flop(found.compared[1]))
        }
        Some([None, Some(high)]) => {
            format!("{level}: below {}, no lower end down to {}", flop(high), flop(found.compared[0]))
        }
        _ => format!("{level}: anywhere from {range}"),
    };
    let crossing = found.crossings.first().map(|c| flop(*c));
    match (found.verdict, crossing) {
        (Verdict::First, _) => format!("{a} is better from {range}: no crossing."),
        (Verdict::Second, _) => format!("{b} is better from {range}: no crossing."),
        (Verdict::FirstThenSecond, Some(at)) => {
            format!("{a} is better below {at} {unit}, {b} above ({interval}).")
        }
        (Verdict::SecondThenFirst, Some(at)) => {
            format!("{b} is better below {at} {unit}, {a} above ({interval}).")
        }
        (_, Some(at)) => {
            format!(
                "The runs do not tell which is better at scale: the fitted laws cross at {at} {unit} ({interval})."
            )
        }
        _ => {
            let sign =
                |r: &Ranged| r.low.zip(r.high).map_or(0, |(l, h)| i32::from(l > 0.0) - i32::from(h < 0.0));
            let decided: Vec<(f64, i32)> =
                found.points.iter().map(|p| (p.scale, sign(&p.difference))).filter(|p| p.1 != 0).collect();
            match (decided.first(), decided.last()) {
                (Some((low, side)), Some((high, other))) if side == other => {
                    let better = if *side < 0 { a } else { b };
                    let (low, high) = (flop(*low), flop(*high));
                    let span =
                        if low == high { format!("at {low}") } else { format!("from {low} to {high}") };
                    format!("{better} is better {span} {unit}; elsewhere from {range} the runs do not tell.")
                }
                _ => format!("The runs do not tell the two apart from {range}."),
            }
        }
    }
}

fn fits(found: &Contrast) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Right, Align::Left]);
    let [a, b] = &found.arms;
    let kind = if found.is_shared { "shared exponents" } else { "separate fits" };
    table.row([kind, a.name.as_str(), "", b.name.as_str(), ""].map(|h| styled(style::DIM, h)));
    let of = |arm: usize| match &found.arms[arm].shared {
        Some(shared) if found.is_shared => shared,
        _ => &found.arms[arm].own,
    };
    for (k, name) in found.parameters.iter().enumerate() {
        let mut row = vec![styled(style::BOLD, name)];
        row.extend(ranged(&of(0)[k]).map(Cell::from));
        row.extend(ranged(&of(1)[k]).map(Cell::from));
        table.row(row);
    }
    table.render(0)
}

fn test(found: &Contrast) -> String {
    let test = &found.test;
    let differences: Vec<String> = test
        .exponents
        .iter()
        .zip(&test.differences)
        .zip(&test.errors)
        .map(|((name, d), e)| format!("{name} {d:+.3} ± {}", significant(*e, 2)))
        .collect();
    let p = test.p.map_or_else(|| "?".to_owned(), |p| significant(p, 2));
    let text = format!(
        "test of equal exponents (Wald, spread from the replicates): {}; p = {p}{}",
        differences.join(", "),
        if found.is_shared { "" } else { ": everything here is from separate fits" }
    );
    let certified =
        found.arms.iter().filter(|arm| !arm.certified).map(|arm| arm.name.as_str()).collect::<Vec<_>>();
    let mut out = paint(style::DIM, &text) + "\n";
    if !certified.is_empty() {
        out +=
            &format!("{} the fit of {} is not certified\n", paint(style::WARN, "!"), certified.join(" and "));
    }
    out
}

fn scales(found: &Contrast) -> String {
    let mut table = Table::new([
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Left,
    ]);
    let [a, b] = [&found.arms[0].name, &found.arms[1].name];
    let head = [
        found.scale.clone(),
        a.clone(),
        b.clone(),
        "difference".to_owned(),
        String::new(),
        format!("{b} needs"),
        String::new(),
    ];
    table.row(head.map(|h| styled(style::DIM, h)));
    for point in &found.points {
        let beyond = point.scale > found.runs[1] * 1.001;
        let [difference, d_interval] = ranged(&point.difference);
        let [multiplier, m_interval] = times(&point.multiplier);
        let scale = if beyond { styled(style::DIM, flop(point.scale)) } else { flop(point.scale).into() };
        table.row([
            scale,
            format!("{:.4}", point.losses[0]).into(),
            format!("{:.4}", point.losses[1]).into(),
            difference.into(),
            d_interval.into(),
            multiplier.into(),
            m_interval.into(),
        ]);
    }
    let what = if found.scale == "C" { "compute" } else { "scale" };
    table.render(0)
        + &paint(
            style::DIM,
            &format!(
                "loss at the best N; {b} needs so many times the {what} for the loss of {a}; runs reach {} {}",
                flop(found.runs[1]),
                unit(found)
            ),
        )
        + "\n"
}

/// A multiplier with its interval.
fn times(value: &Ranged) -> [String; 2] {
    let shown = |v: f64| match v {
        v if v.is_infinite() => "∞".to_owned(),
        v if v.is_nan() => "?".to_owned(),
        v if !(0.01..1000.0).contains(&v) => format!("{v:.0e}x"),
        v => format!("{}x", significant(v, 3)),
    };
    let interval = value.low.zip(value.high).map(|(l, h)| format!("{} … {}", shown(l), shown(h)));
    [shown(value.estimate), interval.unwrap_or_default()]
}
