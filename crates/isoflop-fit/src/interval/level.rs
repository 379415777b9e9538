//! Intervals of a finished fit at another level, by the rule of the fit and from its own replicates.

use crate::interval::{EndRule, Ends};
use crate::result::Fit;

impl Fit {
    /// The two ends of every parameter (in the order of [`Fit::parameters`]) at `level`, such as 0.9, by the rule that made
    /// those of the fit: at the level of the fit they are the same. `None` for a parameter that was held.
    ///
    /// The whole is `None` where the fit does not know: it has no replicates or posterior draws (a profile, or a fit without
    /// intervals), or was saved by a version that did not write down what the rule needs.
    ///
    /// ```
    /// use isoflop_fit::{FitOptions, fit, simulate};
    /// let catalogue = isoflop_laws::Catalogue::containing("chinchilla")?;
    /// let law = catalogue.find("chinchilla")?;
    /// let options = FitOptions { bootstrap: 60, level: 0.9, choices: false, ..FitOptions::default() };
    /// let found = fit(law, &simulate(law, 0.01, 1)?, &options, &())?;
    /// let ends = found.ends_at(0.9).unwrap_or_default();
    /// assert_eq!(ends[0], found.parameters[0].low.zip(found.parameters[0].high));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ends_at(&self, level: f64) -> Option<Vec<Option<(f64, f64)>>> {
        let interval = self.interval.as_ref().filter(|_| !self.draws.is_empty())?;
        // Draws of a posterior or of a normal approximation are read as they are.
        let ends = interval.ends.unwrap_or(Ends::Percentile);
        if interval.units == 0 && ends != Ends::Percentile {
            return None;
        }
        let rule = EndRule::new(ends, level, interval.units, interval.used, Vec::new());
        let of = |place: usize| {
            let parameter = &self.parameters[place];
            let known = interval.precision.iter().find(|known| known.name == parameter.name)?;
            let values: Vec<f64> = self.draws.iter().map(|draw| draw[place]).collect();
            rule.again(&values, parameter.estimate, known)
        };
        Some((0..self.parameters.len()).map(of).collect())
    }
}
