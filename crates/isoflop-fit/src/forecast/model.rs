//! What a forecast needs beside the fit, estimated from the runs.

use isoflop_laws::Law;
use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::error::FitError;
use crate::fit::{Progress, Task};
use crate::forecast::among::LawWeight;
use crate::forecast::choice::{self, ChoiceWeight};
use crate::forecast::misfit::Misfit;
use crate::forecast::noise::Noise;
use crate::forecast::rolling::{ForwardError, Judged, rolling};
use crate::forecast::size::Size;
use crate::objective::Objective;
use crate::request::{self, FitOptions};
use crate::result::{Choice, Fit};

/// Noise, misfit and choice; the parameters are in the replicates of the fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ForecastModel {
    /// Coverage at which the misfit is calibrated.
    pub level: f64,
    /// The size of the runs; `None` if no input is positive and changes: then no point is beyond the runs.
    pub size: Option<Size>,
    /// Run-to-run noise.
    pub noise: Noise,
    /// Misfit of the law beyond the runs.
    pub misfit: Misfit,
    /// Weights of the objectives that the table was fitted under; empty if it was not, or without a rolling origin.
    pub choices: Vec<ChoiceWeight>,
    /// Laws that share the forecast ([`crate::weigh_laws`]), that of the fit first; empty if none were weighed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws: Vec<LawWeight>,
    /// Errors of the forecasts of known runs.
    pub errors: Vec<ForwardError>,
}

/// Estimates from the runs of `data` what forecasts with `fit`, the fit of `law` to them with the same `options`, need
/// beside it.
///
/// The cost is that of five more fits to parts of the runs, of 24 replicates each. `None` where the residuals are not on
/// the scale of the output nor its logarithm, so that there is no interval for a run: a raw objective and a law whose
/// left side is a function of the output.
///
/// # Errors
/// A fit that does not belong to the law, or [`FitError::Cancelled`]; a cut that cannot be fitted is left out.
///
/// ```
/// use isoflop_fit::{FitOptions, fit, learn_forecast, predict, simulate};
///
/// let catalogue = isoflop_laws::Catalogue::builtin()?;
/// let law = catalogue.find("chinchilla")?;
/// let data = simulate(law, 0.005, 1)?;
/// let options = FitOptions { bootstrap: 100, ..FitOptions::default() };
/// let mut found = fit(law, &data, &options, &())?;
/// found.forecast = learn_forecast(law, &data, &found, &options, &())?;
/// let point = [("N".to_string(), 70e9), ("D".to_string(), 1.4e12)];
/// let forecast = &predict(law.formula(), &found, &[point.to_vec()], 0.9)?[0];
/// assert!(forecast.parts.as_ref().is_some_and(|parts| parts.misfit.is_some()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn learn_forecast(
    law: &Law,
    data: &Data,
    fit: &Fit,
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<Option<ForecastModel>, FitError> {
    let formula = request::overridden(law, &options.overrides)?;
    let objective = request::objective(law, options)?;
    let is_plain = formula.output.as_ref().is_none_or(|o| o.prediction == formula.body);
    // Of several outputs each has noise of its own.
    let on_output = is_plain || objective.log || objective.is_family();
    if !on_output || !formula.parts.is_empty() {
        return Ok(None);
    }
    let task = Task::new(&formula, data, objective, options.seed)?;
    let estimates: Vec<f64> = fit.parameters.iter().map(|p| p.estimate).collect();
    if estimates.len() != task.model.coordinates.slots.len() {
        return Err(FitError::SavedLaw { reason: "the fit has other parameters than the law".to_string() });
    }
    let residuals = task.model.residuals(&task.model.internal(&estimates));
    let free = fit.parameters.iter().filter(|p| !p.fixed).count();
    let size = Size::of(&formula, data);
    let logs = size.as_ref().map_or_else(Vec::new, |size| size.logs(&formula, data));
    let noise = Noise::of(data, &residuals, free, &logs);
    let (choices, others): (Vec<&Choice>, Vec<Objective>) = fit
        .choices
        .iter()
        .filter(|c| c.certified)
        .filter_map(|c| Some((c, choice::objective_of(c)?)))
        .unzip();
    let mut errors = Vec::new();
    let mut weights = Vec::new();
    if let Some(size) = &size {
        let judged = Judged { formula: &formula, data, objective, others: &others, size, free };
        let found = rolling(&judged, options, progress)?;
        if !found.errors.is_empty() {
            weights = choice::weights(&found.others);
        }
        errors = found.errors;
    }
    let observed = &task.model.y[..data.rows()];
    let slope = if logs.is_empty() { 0.0 } else { spread(observed) / spread(&logs) };
    let choices = choices
        .iter()
        .zip(weights)
        .map(|(c, weight)| ChoiceWeight { objective: c.objective.clone(), delta: c.delta, weight })
        .collect();
    let misfit = Misfit::of(&errors, slope, options.level);
    Ok(Some(ForecastModel { level: options.level, size, noise, misfit, choices, laws: Vec::new(), errors }))
}

/// Standard deviation.
fn spread(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt()
}
