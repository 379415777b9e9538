//! Methods side by side, as text.

use isoflop_audit::{Cause, Disagreement, Methods};
use isoflop_study::Reviewed;

use crate::output::number::{counted, coverage, significant};
use crate::output::review::{flop, ranged, sized, three};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};

/// Name of a method for people.
fn title(name: &str) -> &'static str {
    match name {
        "approach-1-envelope" => "1  envelope of curves",
        "approach-1-hull" => "1  convex hull",
        "approach-2-parabola" => "2  parabolas",
        "approach-2-cubic" => "2  cubics",
        "approach-2-corrected" => "2  parabolas, bias corrected",
        _ => "3  the law",
    }
}

/// The methods, the slices and what disagrees.
pub(crate) fn text(reviewed: &Reviewed<Methods>) -> String {
    let found = &reviewed.answer;
    let mut out = format!("{}  {}\n", paint(style::BOLD, &reviewed.law.id), reviewed.law.formula().text);
    let about = format!(
        "{}, C = {} N D; N* ~ C^a and D* ~ C^b{}",
        counted(found.rows, "row"),
        significant(found.flop, 3),
        if found.certified { "" } else { "; the fit of the law is not certified" }
    );
    out += &format!("{}\n\n", paint(style::DIM, &about));
    out += &table(found);
    let missing = found.methods.iter().filter_map(|m| Some((title(&m.name), m.missing.as_ref()?)));
    for (name, reason) in missing {
        out += &format!("{}\n", paint(style::DIM, &format!("{name}: {reason}")));
    }
    if found.replicates > 0 {
        let worst = found.methods.iter().filter(|m| m.a.is_some()).map(|m| m.replicates).min().unwrap_or(0);
        let note = format!(
            "{} intervals from {} resampled tables, the same for all methods; the method with the fewest used {worst}",
            coverage(found.level),
            found.replicates
        );
        out += &format!("{}\n", paint(style::DIM, &note));
    }
    out.push('\n');
    if found.slices.is_empty() {
        out += "No budget has runs of 4 sizes: isoFLOP methods cannot be used; see --tolerance.\n";
    } else {
        out += &slices(found);
    }
    out.push('\n');
    if found.disagreements.is_empty() {
        out += &format!(
            "{} the methods agree with the law as far as these runs can tell\n",
            paint(style::GOOD, "✓")
        );
    }
    for one in &found.disagreements {
        out += &format!("{} {}\n", paint(style::WARN, "!"), words(one));
    }
    out
}

fn table(found: &Methods) -> String {
    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Right, Align::Left]);
    let mut head: Vec<Cell> = ["approach", "a", "", "b", ""].map(|h| styled(style::DIM, h)).to_vec();
    for budget in &found.at {
        head.push(styled(style::DIM, format!("N* at {}", flop(*budget))));
        head.push("".into());
    }
    table.row(head);
    for method in found.methods.iter().filter(|m| m.a.is_some()) {
        let mut row: Vec<Cell> = vec![styled(style::BOLD, title(&method.name))];
        for value in [&method.a, &method.b].into_iter().flatten() {
            row.extend(ranged(value).map(Cell::from));
        }
        for value in &method.sizes {
            row.extend(sized(value).map(Cell::from));
        }
        table.row(row);
    }
    table.render(0)
}

fn slices(found: &Methods) -> String {
    let mut table = Table::new([Align::Right; 9].to_vec());
    let head = ["budget", "runs", "sizes", "from", "to", "parabola", "corrected", "law", ""];
    table.row(head.map(|h| styled(style::DIM, h)));
    for slice in &found.slices {
        let size = |v: Option<f64>| v.map_or_else(|| "none".to_owned(), three);
        let off = slice.centre.max(1.0 / slice.centre);
        let mut notes = Vec::new();
        if slice.edge {
            notes.push("lowest at its edge".to_owned());
        }
        if off > 1.5 {
            notes.push(format!("off centre by a factor of {}", significant(off, 2)));
        }
        table.row([
            flop(slice.compute).into(),
            slice.rows.len().to_string().into(),
            slice.sizes.to_string().into(),
            three(slice.range[0]).into(),
            three(slice.range[1]).into(),
            size(slice.parabola).into(),
            size(slice.corrected).into(),
            three(slice.law).into(),
            styled(style::WARN, notes.join(", ")),
        ]);
    }
    let outside = format!("{} in no slice", counted(found.outside, "row"));
    table.render(0) + &paint(style::DIM, &outside) + "\n"
}

/// A disagreement in one sentence.
fn words(one: &Disagreement) -> String {
    let percent = |ratio: f64| format!("{:+.1} %", 100.0 * (ratio - 1.0));
    let interval = one.ratio.low.zip(one.ratio.high);
    let interval = interval.map_or_else(String::new, |(l, h)| format!(" ({} to {})", percent(l), percent(h)));
    let causes: Vec<&str> = one
        .causes
        .iter()
        .map(|cause| match cause {
            Cause::AsymmetricExponents => {
                "the exponents of N and D differ, and a parabola is no slice of such a law"
            }
            Cause::WideGrids => "the grids are wider than a parabola is good for",
            Cause::OffCentreGrids => "the sizes do not lie around the optimum",
            Cause::FewCurves => "curves or corners too far apart, lowest for want of neighbours",
            Cause::LawMisfit => {
                "not a bias of the method: these runs do not follow the law, or a few of them decide"
            }
        })
        .collect();
    let predicted = one.predicted.map_or_else(String::new, |p| format!("; its known bias is {}", percent(p)));
    format!(
        "{}: N* at {} is {} off the law's{interval}{predicted}. Likely: {}.",
        title(&one.method),
        flop(one.budget),
        percent(one.ratio.estimate),
        if causes.is_empty() { "noise in few slices" } else { "" }.to_owned() + &causes.join("; ")
    )
}
