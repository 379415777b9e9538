//! `isoflop forecast`: forecasts written down before the run and scored after it.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use isoflop_fit::{Freeze, FrozenForecast, ScoredForecast};
use isoflop_formula::parse_number;
use isoflop_runs::{Need, ReadOptions, RunTable, Selection, find_roles, parse_map};
use isoflop_study::{Fitted, Listener, StudyError, formula_of, read_saved};

use crate::args::{ForecastCommand, Format, FreezeArgs, ScoreArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::output::forecast::Scored;
use crate::output::number::percent;
use crate::save::Target;

/// Level of intervals of a fit that has none of its own.
const DEFAULT_LEVEL: f64 = 0.9;

/// Freezes or scores.
pub(crate) fn run(command: &ForecastCommand, messages: &Messages) -> Result<u8, Failure> {
    match command {
        ForecastCommand::Freeze(args) => freeze(args, messages),
        ForecastCommand::Score(args) => score(args, messages),
    }
}

fn freeze(args: &FreezeArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.output.is_file() {
        return Err(CliError::FrozenExists { path: args.output.display().to_string() }.into());
    }
    let saved = read_saved(&args.fit)?;
    let formula = formula_of(&saved, &args.fit.display().to_string())?;
    let fitted = Fitted { formula: &formula, fit: &saved.fit };
    let point = fitted.parse(&args.at)?;
    if !formula.parts.is_empty() {
        let (law, outputs) = (saved.law, formula.outputs().join(", "));
        return Err(StudyError::SeveralOutputs { law, outputs, what: "a frozen forecast" }.into());
    }
    let (formula, fit) = fitted.for_point(&point)?;
    let level = args.level.or(saved.fit.interval.as_ref().map(|i| i.level)).unwrap_or(DEFAULT_LEVEL);
    let freeze = Freeze {
        date: args.date.clone().unwrap_or_else(now),
        name: args.name.clone(),
        inputs: point.numbers,
        levels: point.texts,
        level,
    };
    let frozen = FrozenForecast::new(&saved, &formula, &fit, freeze)?;
    Target::check(&args.output)?.write(&(frozen.to_json()? + "\n"))?;
    if fit.forecast.as_ref().is_some_and(|model| model.misfit.cuts == 0) {
        messages.warning(
            "the misfit is a guess, wider than usual: the runs are too few, or of too few sizes, for a backtest within them",
        );
    }
    output::print(&output::forecast::frozen(&frozen, &args.output.display().to_string()))?;
    Ok(0)
}

fn score(args: &ScoreArgs, messages: &Messages) -> Result<u8, Failure> {
    let files = args
        .files
        .iter()
        .map(|path| Ok((path.display().to_string(), read(path)?)))
        .collect::<Result<Vec<_>, Failure>>()?;
    let observed = match &args.observed {
        Some(text) => vec![Some(given(text, &files)?)],
        None => from_runs(args, &files)?,
    };
    let mut scored = Vec::new();
    for ((file, frozen), observed) in files.into_iter().zip(observed) {
        match observed {
            Some(observed) => {
                let score = ScoredForecast::new(&frozen, observed);
                scored.push(Scored { file, frozen, score });
            }
            None => messages.warning(&format!("{file}: no run has its inputs yet; not scored")),
        }
    }
    match args.format {
        Format::Text => output::print(&output::forecast::text(&scored))?,
        Format::Json => output::print_json(&output::forecast::json(&scored))?,
    }
    Ok(0)
}

fn read(path: &Path) -> Result<FrozenForecast, Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| StudyError::CannotRead { path: name.clone(), reason: error.to_string() })?;
    FrozenForecast::from_json(&text).map_err(|error| {
        let code = StudyError::from(error);
        let (code, reason) = (code.code(), message(&code));
        CliError::BadFrozen { path: name, code, reason }.into()
    })
}

fn message(error: &StudyError) -> String {
    match error {
        StudyError::Fit(error) => error.message(),
        other => other.to_string(),
    }
}

/// `loss=1.93`, or the number alone.
fn given(text: &str, files: &[(String, FrozenForecast)]) -> Result<f64, Failure> {
    let [(_, frozen)] = files else {
        return Err(CliError::ObservedOfMany { files: files.len() }.into());
    };
    let (name, value) = text.split_once('=').map_or((frozen.output.as_str(), text), |(n, v)| (n.trim(), v));
    if name != frozen.output {
        let (name, output) = (name.to_owned(), frozen.output.clone());
        return Err(CliError::OtherOutput { name, output }.into());
    }
    parse_number(value.trim()).filter(|x| x.is_finite()).ok_or_else(|| {
        let example = "NAME=NUMBER, such as loss=1.93";
        StudyError::BadAssignment { option: "--observed", text: text.to_owned(), example }.into()
    })
}

/// The output of the run nearest to each forecast; `None` where none is near enough.
fn from_runs(args: &ScoreArgs, files: &[(String, FrozenForecast)]) -> Result<Vec<Option<f64>>, Failure> {
    let table = RunTable::read(&args.runs, &ReadOptions::default())?;
    let maps = args.maps.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>()?;
    let mapping = find_roles(&table, &maps)?;
    let mut observed = Vec::new();
    for (_, frozen) in files {
        let mut needs: Vec<Need> = frozen.inputs.iter().map(|(name, _)| Need::finite(name)).collect();
        needs.push(Need::finite(&frozen.output));
        let groups = frozen.levels.iter().map(|(name, _)| name.clone()).collect();
        let selected = table.select(&mapping, &Selection { needs, groups })?;
        let is_level = |row: usize| {
            selected.groups.iter().zip(&frozen.levels).all(|(group, (_, level))| {
                let code = group.codes.get(row).map(|&code| code as usize);
                code.and_then(|code| group.levels.get(code)) == Some(level)
            })
        };
        let off = |row: usize| {
            let values = selected.columns.iter().zip(&frozen.inputs);
            let far = values.map(|(column, (_, wanted))| (column.values[row] / wanted - 1.0).abs());
            far.fold(0.0, f64::max)
        };
        let rows = (0..selected.rows()).filter(|&row| is_level(row) && off(row) <= args.within);
        let nearest = rows.min_by(|&a, &b| off(a).total_cmp(&off(b)));
        let output = selected.columns.last();
        observed.push(nearest.and_then(|row| output.and_then(|column| column.values.get(row)).copied()));
    }
    if observed.iter().all(Option::is_none) {
        let inputs = files.first().map_or_else(String::new, |(_, frozen)| output::forecast::run(frozen));
        return Err(CliError::NothingObserved { within: percent(args.within), inputs }.into());
    }
    Ok(observed)
}

/// The clock of this machine: `2026-03-01T12:30:00Z`.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days after 1 January 1970, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    // Years begin in March, so that the day of a leap year is the last one (the algorithm of Hinnant, 2013).
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        let cases =
            [(0, (1970, 1, 1)), (11_016, (2000, 2, 29)), (19_782, (2024, 2, 29)), (20_513, (2026, 3, 1))];
        for (days, wanted) in cases {
            assert_eq!(date(days), wanted, "{days}");
        }
    }
}
