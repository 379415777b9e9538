//! `isoflop compare`.

use isoflop_fit::{Candidate, CompareOptions, Comparison, FitOptions, LeftOut, Objective, compare};
use isoflop_laws::Law;

use crate::args::{CompareArgs, Format};
use crate::chances::missing;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output::number::counted;
use crate::progress::Bar;
use crate::study::{ChangeArgs, Entries, Study, law_names};
use crate::{job, output};

/// `auto` takes no law with more parameters than one for this many rows.
const ROWS_PER_PARAMETER: usize = 3;

/// A comparison with what a report needs.
pub(crate) struct Report {
    pub(crate) comparison: Comparison,
    /// The column of the backtest, if there was one.
    pub(crate) by: Option<String>,
    pub(crate) seed: u64,
}

/// Compares the laws on the rows that all of them can use, and reports.
pub(crate) fn run(args: &CompareArgs, messages: &Messages) -> Result<u8, Failure> {
    let study = Study::open(&args.study, &ChangeArgs::default(), args.folder.as_deref(), messages)?;
    let objective = objective(&study)?;
    let mut left_out = Vec::new();
    let names = law_names(&args.laws);
    let mut laws = Vec::new();
    for name in &names {
        if name == "auto" {
            laws.extend(fitting(&study, &args.output, objective, &mut left_out)?);
        } else {
            laws.push(study.law(name, messages)?);
        }
    }
    let mut seen: Vec<String> = Vec::new();
    laws.retain(|law| {
        let is_new = !seen.contains(&law.id);
        seen.push(law.id.clone());
        is_new
    });
    one_output(&laws)?;
    if laws.is_empty() {
        return Err(CliError::NothingToCompare { output: args.output.clone() }.into());
    }
    let laws: Vec<(Law, Objective)> = laws.into_iter().map(|law| (law, objective)).collect();
    let by = match &args.hold.by {
        Some(by) => Some(study.by(Some(by))?),
        // Without a natural column to cut along there is no backtest.
        None => study.by(None).ok(),
    };
    let entries = study.bind(laws, by.as_deref(), None, messages)?;
    let forward = match (&by, &args.hold.by) {
        (Some(by), Some(_)) => entries.rolling(by, &args.hold.cuts.0)?,
        (Some(by), None) => entries.rolling(by, &args.hold.cuts.0).unwrap_or_default(),
        (None, _) => Vec::new(),
    };
    if forward.is_empty() {
        messages.warning("no backtest: no column to cut along, or too few runs; see --by and --cuts");
    }
    let by = by.filter(|_| !forward.is_empty());
    let options = CompareOptions {
        fit: FitOptions {
            objective: Some(objective),
            starts: args.study.starts.parse()?,
            bootstrap: args.bootstrap,
            level: args.study.table.level,
            seed: args.study.table.seed,
            choices: false,
            ..FitOptions::default()
        },
        parts: args.parts,
        significance: args.significance,
    };
    messages.info(&format!(
        "comparing {} on {}",
        counted(entries.laws.len(), "law"),
        counted(entries.places.len(), "row")
    ));
    let candidates = candidates(entries);
    let mut comparison = job::with_threads(args.study.table.threads, || {
        let bar = Bar::counting(messages, "laws");
        compare(&candidates, &forward, &options, &bar)
    })??;
    comparison.left_out.extend(left_out);
    let report = Report { comparison, by, seed: args.study.table.seed };
    match args.study.format {
        Format::Text => output::print(&output::compare::text(&report))?,
        Format::Json => output::print_json(&output::compare::json(&report))?,
    }
    Ok(0)
}

/// One objective for all laws: likelihoods and errors on different scales cannot be compared.
fn objective(study: &Study) -> Result<Objective, Failure> {
    let objective: Objective = match &study.single.table.objective {
        Some(name) => name.parse()?,
        None => Objective::DEFAULT,
    };
    match study.single.table.delta {
        None => Ok(objective),
        Some(delta) if objective.has_delta() => Ok(objective.with_delta(delta)),
        Some(_) => Err(CliError::NoDelta { objective: objective.name() }.into()),
    }
}

fn candidates(entries: Entries) -> Vec<Candidate> {
    entries.laws.into_iter().map(|entry| Candidate { law: entry.law, data: entry.data }).collect()
}

/// All laws must predict the same thing.
fn one_output(laws: &[Law]) -> Result<(), CliError> {
    let Some(first) = laws.first() else { return Ok(()) };
    match laws.iter().find(|law| law.output.name != first.output.name) {
        None => Ok(()),
        Some(other) => Err(CliError::TwoOutputs {
            first: first.id.clone(),
            output: first.output.name.clone(),
            second: other.id.clone(),
            other: other.output.name.clone(),
        }),
    }
}

/// The laws of the catalogue for this output that the table has all columns of, and rows enough for. A law that would
/// cost the others more than one row in ten is left out.
fn fitting(
    study: &Study,
    output: &str,
    objective: Objective,
    left_out: &mut Vec<LeftOut>,
) -> Result<Vec<Law>, Failure> {
    let mut found: Vec<(Law, usize)> = Vec::new();
    let quiet = study.quiet();
    for law in study.catalogue.laws().iter().filter(|law| law.output.name == output) {
        if !missing(law, &study.table, &study.mapping).is_empty() {
            continue;
        }
        let law = study.over(law)?;
        let mut leave = |reason: String| left_out.push(LeftOut { law: law.id.clone(), reason });
        match study.bind(vec![(law.clone(), objective)], None, None, &quiet) {
            Ok(entries) => {
                let rows = entries.places.len();
                let free = law.formula().symbols.params.iter().filter(|p| p.fixed.is_none()).count();
                if free * ROWS_PER_PARAMETER > rows {
                    leave(format!("{free} parameters are many for {rows} rows"));
                } else {
                    found.push((law, rows));
                }
            }
            Err(Failure::ClosedPipe) => return Err(Failure::ClosedPipe),
            Err(Failure::Input(text)) => {
                leave(text.split_once(": ").map_or(text.clone(), |(_, reason)| reason.to_owned()));
            }
        }
    }
    let most = found.iter().map(|f| f.1).max().unwrap_or(0);
    let mut laws = Vec::new();
    for (law, rows) in found {
        if 10 * rows < 9 * most {
            let reason = format!("only {rows} of {most} rows have its columns");
            left_out.push(LeftOut { law: law.id, reason });
        } else {
            laws.push(law);
        }
    }
    Ok(laws)
}
