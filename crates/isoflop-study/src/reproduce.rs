//! Published results, rerun: which ones, from which folder.

use std::path::Path;

use isoflop_fit::Progress;
use isoflop_formula::closest;
use isoflop_reproduce::{Description, Outcome, builtin, run};

use crate::error::StudyError;
use crate::note::Listener;

/// Reruns the published results of these names, all of them without any, from the public tables below `data`. A result
/// whose tables are not there is left out and says so; one whose tables are there and do not fit says why.
///
/// # Errors
/// `data` is no folder, a name is not known, or `progress` says to stop.
///
/// ```
/// use isoflop_study::{reproduce, reproduced_json};
///
/// // Needs no tables: it follows from published coefficients.
/// let outcomes = reproduce(&["approach2-bias".to_owned()], ".".as_ref(), &(), &())?;
/// assert_eq!(reproduced_json(&outcomes)["results"][0]["status"], "done");
/// # Ok::<(), isoflop_study::StudyError>(())
/// ```
pub fn reproduce(
    names: &[String],
    data: &Path,
    listener: &dyn Listener,
    progress: &dyn Progress,
) -> Result<Vec<Outcome>, StudyError> {
    let all = builtin()
        .map_err(|error| StudyError::Description { code: error.code(), reason: plain(&error.to_string()) })?;
    let wanted: Vec<&Description> = if names.is_empty() {
        all.iter().collect()
    } else {
        names.iter().map(|name| find(&all, name)).collect::<Result<_, _>>()?
    };
    if !data.is_dir() {
        return Err(StudyError::NoFolder { path: data.display().to_string() });
    }
    let mut outcomes = Vec::new();
    for description in wanted {
        if progress.cancelled() {
            return Err(isoflop_fit::FitError::Cancelled.into());
        }
        listener.info(&format!("{}: {}", description.id, description.title));
        outcomes.push(run(description, data));
    }
    Ok(outcomes)
}

fn find<'a>(all: &'a [Description], name: &str) -> Result<&'a Description, StudyError> {
    let wanted = name.trim().to_lowercase().replace('-', "_");
    all.iter().find(|description| description.id == wanted).ok_or_else(|| StudyError::UnknownResult {
        name: name.to_owned(),
        close: closest(&wanted, all.iter().map(|d| d.id.as_str())).map(str::to_owned),
        known: all.iter().map(|d| d.id.clone()).collect(),
    })
}

/// Without the code in brackets that starts the messages of libraries.
pub(crate) fn plain(text: &str) -> String {
    let message = text.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    message.map_or(text, |(_, message)| message).to_owned()
}
