//! `isoflop profile`.

use isoflop_fit::{FitOptions, profile};

use crate::args::{Format, ProfileArgs};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::progress::Bar;
use crate::study::Study;
use crate::{job, output};

/// Profiles each quantity and reports.
pub(crate) fn run(args: &ProfileArgs, messages: &Messages) -> Result<u8, Failure> {
    let study = Study::open(&args.study, &args.changes, args.folder.as_deref(), messages)?;
    let law = study.law(&args.law, messages)?;
    let objective = job::objective(&study.single, &law)?;
    if args.study.cluster.is_some() {
        messages.warning(
            "profile likelihood takes rows as independent: with rows that belong together its intervals are too \
             narrow; `isoflop fit --cluster` resamples clusters",
        );
    }
    let entries = study.bind(vec![(law, objective)], None, None, messages)?;
    let Some(entry) = entries.laws.first() else { return Ok(0) };
    let options = FitOptions {
        objective: Some(objective),
        starts: args.study.starts.parse()?,
        bootstrap: 0,
        interval: isoflop_fit::IntervalOptions::default(),
        level: args.study.table.level,
        seed: args.study.table.seed,
        choices: false,
        overrides: job::overrides(&study.single)?,
    };
    let mut profiles = Vec::new();
    for of in &args.of {
        profiles.push(job::with_threads(args.study.table.threads, || {
            profile(&entry.law, &entry.data, of, &options, args.curve, &Bar::new(messages))
        })??);
    }
    match args.study.format {
        Format::Text => output::print(&output::profile::text(&entry.law, &profiles))?,
        Format::Json => {
            output::print_json(&output::profile::json(&entry.law, &profiles, args.study.table.seed))?
        }
    }
    Ok(0)
}
