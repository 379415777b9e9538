//! `isoflop runs`.

use std::collections::HashMap;
use std::time::Duration;

use isoflop_runs::{Follower, Surveyed, find_roles, parse_map, survey};
use isoflop_study::{Listener, SurveyedJson};

use crate::args::{Format, RunsArgs};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::output::runs::{Shown, Step};

/// Says what is there, once or until Ctrl-C.
pub(crate) fn run(args: &RunsArgs, messages: &Messages) -> Result<u8, Failure> {
    if args.follow {
        return follow(args, messages);
    }
    let mut found = survey(&args.paths, &args.reading.options(&args.maps)?)?;
    let maps = args.maps.iter().map(|text| parse_map(text)).collect::<Result<Vec<_>, _>>()?;
    let is_there = |found: &Surveyed| !found.runs.is_empty() || found.table.rows() > 0;
    if !found.iter().any(is_there)
        && let Some(problem) = found.iter_mut().find_map(|found| found.problems.drain(..).next())
    {
        return Err(problem.into());
    }
    let mut shown = Vec::new();
    for found in &found {
        // A column that one of several paths lacks is no mistake.
        let known = maps.iter().filter(|(_, column)| found.table.column(column).is_some());
        shown.push(Shown { found, mapping: find_roles(&found.table, &known.cloned().collect::<Vec<_>>())? });
    }
    for (_, column) in &maps {
        if !found.is_empty() && found.iter().all(|found| found.table.column(column).is_none()) {
            found[0].table.require(column)?;
        }
    }
    match args.format {
        Format::Text => output::print(&output::runs::text(&shown, args.all))?,
        Format::Json => output::stream_json(&SurveyedJson::new(shown.iter().map(|s| (s.found, &s.mapping))))?,
    }
    Ok(0)
}

/// A line for each run that changed between two looks.
fn follow(args: &RunsArgs, messages: &Messages) -> Result<u8, Failure> {
    let options = args.reading.options(&args.maps)?;
    let mut follower = Follower::new(&args.paths, &options);
    // Step and value of the loss at the last look, for each run.
    let mut last: HashMap<(String, String), (i64, f64)> = HashMap::new();
    let mut is_told = false;
    for look in 1_u64.. {
        let found = follower.look()?;
        for found in &found {
            for problem in &found.problems {
                messages.warning(&problem.to_string());
            }
            let mapping = find_roles(&found.table, &[])?;
            for run in &found.runs {
                let step = Step::of(found, run, options.loss.as_deref().or(mapping.column("loss")));
                let key = (run.path.clone(), run.id.clone());
                let before = last.insert(key, (step.step, step.value));
                if before.is_some_and(|before| before.0 == step.step) {
                    continue;
                }
                match args.format {
                    Format::Text => output::print(&step.text(before))?,
                    Format::Json => output::print(&format!("{}\n", step.json()))?,
                }
            }
        }
        if look == 1 && last.is_empty() && !is_told {
            messages.info("no runs yet; looking again until there are");
            is_told = true;
        }
        if args.looks.is_some_and(|looks| look >= looks) {
            break;
        }
        std::thread::sleep(Duration::try_from_secs_f64(args.every.min(86_400.0)).unwrap_or_default());
    }
    Ok(0)
}
