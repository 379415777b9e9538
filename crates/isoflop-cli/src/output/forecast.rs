//! Frozen forecasts and their scores as text and JSON.

use isoflop_fit::{FrozenForecast, LawForecast, ScoredForecast, Tally};
use serde_json::{Value, json};

use crate::output::number::{
    counted, coverage, factor, percent, signed, significant, size, supported_places, to_places,
};
use crate::output::points::{PARTS, parts};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Cell, Table, styled};
use isoflop_study::{SCHEMA_VERSION, number, optional};

/// What the columns mean; each is one line.
const LEGEND: &str = "\
error     observed minus forecast, and relative to the forecast
CRPS      continuous ranked probability score, in the unit of the output: 0 is best, the absolute error for a forecast
          without spread
place     share of the forecast that lies at or below the observed value; spread evenly if forecasts are right";

/// A forecast with its score and the file that it came from.
#[derive(Debug)]
pub(crate) struct Scored {
    pub(crate) file: String,
    pub(crate) frozen: FrozenForecast,
    pub(crate) score: ScoredForecast,
}

/// `N=70B, D=1.4T`, texts included.
pub(crate) fn run(frozen: &FrozenForecast) -> String {
    let numbers = frozen.inputs.iter().map(|(name, value)| format!("{name}={}", size(*value)));
    let texts = frozen.levels.iter().map(|(name, text)| format!("{name}={text}"));
    numbers.chain(texts).collect::<Vec<_>>().join(", ")
}

/// What was frozen.
pub(crate) fn frozen(frozen: &FrozenForecast, path: &str) -> String {
    let places = supported_places(frozen.low, frozen.high);
    let shown = |value: f64| places.map_or_else(|| significant(value, 5), |p| to_places(value, p));
    let level = coverage(frozen.level);
    let beyond = match frozen.beyond {
        Some(ratio) if ratio > 1.0 => format!(", {} times beyond the runs", factor(ratio)),
        Some(_) => ", inside the runs".to_owned(),
        None => String::new(),
    };
    let made_of = frozen.parts.as_ref().map_or_else(Default::default, parts);
    let known = PARTS.iter().zip(made_of).filter(|(name, text)| **name != "law" || text != "-");
    let made_of: Vec<String> = known.map(|(name, text)| format!("{name} {text}")).collect();
    let law = |law: &LawForecast| {
        let said = law.estimate.map_or_else(|| "no value".to_owned(), &shown);
        format!("{} {said} ({})", law.law, percent(law.weight))
    };
    let laws: Vec<String> = frozen.laws.iter().map(law).collect();
    let laws = if laws.is_empty() { String::new() } else { format!("laws by weight: {}\n", laws.join(", ")) };
    format!(
        "{} at {}: {}, {level} interval {} … {}{beyond}\n{}\n{laws}frozen {} as {path}\n",
        frozen.output,
        run(frozen),
        paint(style::BOLD, &shown(frozen.estimate)),
        shown(frozen.low),
        shown(frozen.high),
        paint(style::DIM, &format!("alone: {}", made_of.join(", "))),
        frozen.date
    )
}

/// A line for each forecast, and the tally.
pub(crate) fn text(scored: &[Scored]) -> String {
    let mut table = Table::new([
        Align::Left,
        Align::Left,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Right,
        Align::Left,
        Align::Right,
        Align::Right,
    ]);
    let heads = ["run", "frozen", "forecast", "observed", "interval", "error", "", "", "CRPS", "place"];
    table.row(heads.map(|head| styled(style::DIM, head)));
    for Scored { file, frozen, score } in scored {
        let places = supported_places(frozen.low, frozen.high);
        let shown = |value: f64| places.map_or_else(|| significant(value, 5), |p| to_places(value, p));
        let hit = if score.inside { Cell::from("inside") } else { styled(style::WARN, "outside") };
        table.row([
            frozen.name.as_deref().unwrap_or(file).into(),
            frozen.date.split('T').next().unwrap_or_default().into(),
            format!("{} {}", frozen.output, shown(frozen.estimate)).into(),
            significant(score.observed, 5).into(),
            format!("{} … {}", shown(frozen.low), shown(frozen.high)).into(),
            signed(score.error).into(),
            format!("{} %", signed(100.0 * score.relative)).into(),
            hit,
            significant(score.crps, 2).into(),
            percent(score.place).into(),
        ]);
    }
    let mut out = table.render(0);
    if let Some(tally) = tally(scored).filter(|tally| tally.count > 1) {
        let inside = counted(tally.count, "forecast");
        out += &format!(
            "\n{} of {inside} inside, {} expected; so few or fewer have a chance of {} if the intervals are right\n\
             median error {}, bias {} %, mean CRPS {} of the forecast\n",
            tally.inside,
            significant(tally.expected, 2),
            percent(tally.chance),
            percent(tally.median),
            signed(100.0 * tally.bias),
            percent(tally.crps)
        );
    }
    out + "\n" + &paint(style::DIM, LEGEND) + "\n"
}

fn tally(scored: &[Scored]) -> Option<Tally> {
    let pairs: Vec<_> = scored.iter().map(|s| (s.frozen.clone(), s.score.clone())).collect();
    Tally::of(&pairs)
}

/// `{schema_version, forecasts: [...], tally}`.
pub(crate) fn json(scored: &[Scored]) -> Value {
    let one = |Scored { file, frozen, score }: &Scored| {
        json!({
            "file": file,
            "name": frozen.name,
            "date": frozen.date,
            "law": frozen.law,
            "output": frozen.output,
            "run": run(frozen),
            "estimate": number(frozen.estimate),
            "level": number(frozen.level),
            "low": number(frozen.low),
            "high": number(frozen.high),
            "beyond": optional(frozen.beyond),
            "observed": number(score.observed),
            "error": number(score.error),
            "relative": number(score.relative),
            "inside": score.inside,
            "crps": number(score.crps),
            "place": number(score.place),
        })
    };
    let tally = tally(scored).map(|tally| {
        json!({
            "count": tally.count,
            "inside": tally.inside,
            "expected": number(tally.expected),
            "chance": number(tally.chance),
            "bias": number(tally.bias),
            "median_error": number(tally.median),
            "crps": number(tally.crps),
        })
    });
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "forecasts": scored.iter().map(one).collect::<Vec<_>>(),
        "tally": tally,
    })
}
