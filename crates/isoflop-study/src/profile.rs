//! Profile likelihoods of quantities of one law.

use isoflop_fit::{FitOptions, Profile, Progress, profile};
use isoflop_laws::Law;

use crate::error::StudyError;
use crate::job::with_threads;
use crate::note::Listener;
use crate::study::Study;

/// Profiles each quantity: a parameter, a derived quantity of the law, or a formula of parameters. `curve` is the
/// number of points of each curve.
///
/// # Errors
/// A law or columns that do not exist; whatever [`isoflop_fit::profile`] refuses.
pub fn profiles(
    study: &Study,
    law: &str,
    of: &[String],
    curve: usize,
    notes: &dyn Listener,
    progress: &dyn Progress,
) -> Result<(Law, Vec<Profile>), StudyError> {
    let request = &study.request;
    let law = study.law(law, notes)?;
    let objective = request.objective(&law)?;
    if request.cluster.is_some() {
        notes.warning(
            "profile likelihood takes rows as independent: with rows that belong together its intervals are too \
             narrow; `isoflop fit --cluster` resamples clusters",
        );
    }
    let entries = study.bind(vec![(law.clone(), objective)], None, None, notes)?;
    let options = FitOptions {
        objective: Some(objective),
        starts: request.starts.parse()?,
        bootstrap: 0,
        level: request.level,
        seed: request.seed,
        choices: false,
        overrides: request.changes.overrides()?,
    };
    let mut profiles = Vec::new();
    for entry in &entries.laws {
        for of in of {
            profiles.push(with_threads(request.threads, || {
                profile(&entry.law, &entry.data, of, &options, curve, progress)
            })??);
        }
    }
    Ok((law, profiles))
}
