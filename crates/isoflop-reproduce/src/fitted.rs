//! One law fitted to one table or to a part of it.

use isoflop_fit::{FitError, FitOptions, Objective, Overrides, fit, overridden};
use isoflop_formula::Formula;
use isoflop_laws::Law;
use isoflop_runs::Column;

use crate::bind;
use crate::description::Stage;
use crate::error::ReproduceError;
use crate::outcome::Optimum;
use crate::statistics::{self, Statistics};
use crate::steps::Work;

/// Objectives this close, relatively, are the same.
const SAME: f64 = 1e-6;

/// A finished fit with what its figures are computed from.
pub(crate) struct Fitted {
    pub(crate) case: Option<String>,
    /// All rows of the part, held-out ones too.
    pub(crate) work: Work,
    /// The rows that were fitted.
    rows: Work,
    formula: Formula,
    objective: Objective,
    weight: Option<String>,
    /// Objective at the optimum.
    value: f64,
    /// Parameters with their names.
    pub(crate) values: Vec<(String, f64)>,
    /// The source's own coefficients.
    pub(crate) published: Option<Vec<(String, f64)>>,
    free: Vec<String>,
}

impl Fitted {
    /// Fits a part of the table of a stage.
    pub(crate) fn new(stage: &Stage, case: Option<String>, work: Work) -> Result<Fitted, ReproduceError> {
        let id = work.id.clone();
        let broken = |source: FitError| ReproduceError::Fit { id: id.clone(), source: source.into() };
        let rows = match &stage.rows {
            Some(condition) => work.rows_where(condition)?,
            None => work.clone(),
        };
        let law = bind::law_of(&stage.law, &rows)?;
        let published = match stage.published.as_ref().and_then(|sets| sets.of(case.as_deref())) {
            None => None,
            Some(set) => {
                let values = law.coefficients(set).and_then(|set| set.complete());
                let none =
                    || ReproduceError::NoSet { id: id.clone(), law: law.id.clone(), set: set.to_owned() };
                Some(values.ok_or_else(none)?.to_vec())
            }
        };
        let mut overrides = Overrides {
            fix: stage.fix.iter().map(|(name, value)| (name.clone(), *value)).collect(),
            bounds: stage.bounds.iter().map(|(name, [low, high])| (name.clone(), *low, *high)).collect(),
            ties: stage.tie.iter().map(|(name, text)| (name.clone(), text.clone())).collect(),
        };
        let of_set = |name: &String| published.iter().flatten().find(|(known, _)| known == name).cloned();
        overrides.fix.extend(stage.hold.iter().filter_map(of_set));
        let objective = objective(stage, &law).map_err(broken)?;
        let formula = overridden(&law, &overrides).map_err(broken)?;
        let columns = bind::columns(&formula, &rows, stage.weight.as_deref())?;
        if stage.evaluate {
            let values = published.as_ref().ok_or_else(|| ReproduceError::NothingPublished {
                id: id.clone(),
                quantity: case.clone().unwrap_or_else(|| law.id.clone()),
            })?;
            // Nobody asks for the objective of what was not fitted.
            let value = f64::NAN;
            let (values, weight, free) = (values.clone(), stage.weight.clone(), Vec::new());
            return Ok(Fitted {
                case,
                work,
                rows,
                formula,
                objective,
                weight,
                value,
                values,
                free,
                published,
            });
        }
        let options = FitOptions {
            objective: Some(objective),
            starts: stage.starts.as_deref().unwrap_or("auto").parse().map_err(broken)?,
            bootstrap: 0,
            choices: false,
            overrides,
            ..FitOptions::default()
        };
        let found = fit(&law, &bind::data(&formula, columns), &options, &()).map_err(broken)?;
        Ok(Fitted {
            case,
            work,
            rows,
            formula,
            objective,
            weight: stage.weight.clone(),
            value: found.objective.value,
            values: (found.parameters.iter().map(|p| (p.name.clone(), p.estimate)))
                .chain(found.overdispersion.map(|rho| ("overdispersion".to_owned(), rho)))
                .collect(),
            free: found.parameters.iter().filter(|p| !p.fixed).map(|p| p.name.clone()).collect(),
            published,
        })
    }

    /// Everything that the formula of a quantity may name: parameters, and statistics of the rows `on`.
    /// With `each` the statistics are means over the parts of these rows that agree in these columns.
    pub(crate) fn names(
        &self,
        on: Option<&str>,
        each: Option<&str>,
    ) -> Result<Vec<(String, f64)>, ReproduceError> {
        let rows = match on {
            Some(condition) => &self.work.rows_where(condition)?,
            None => &self.rows,
        };
        let mut names = self.values.clone();
        names.extend(self.means(rows, each, &self.values)?);
        names.extend([("objective".to_owned(), self.value), ("delta".to_owned(), self.objective.delta)]);
        if self.free.is_empty() {
            // The published set itself.
            return Ok(names);
        }
        let there = self.objective_at_published()?;
        names.extend(there.map(|value| ("published_objective".to_owned(), value)));
        Ok(names)
    }

    /// All rows of the part that the law can be evaluated on, with its prediction as a column of this name.
    pub(crate) fn predicted(&self, name: &str) -> Result<Work, ReproduceError> {
        let columns = bind::columns(&self.formula, &self.work, self.weight.as_deref())?;
        let mut work = self.work.clone();
        work.take(&columns.rows)?;
        work.add(name, Column::from(statistics::predictions(&self.formula, &columns, &self.values)))?;
        Ok(work)
    }

    /// Our optimum beside the published one, where both are known and differ.
    pub(crate) fn optimum(&self) -> Result<Option<Optimum>, ReproduceError> {
        if self.free.is_empty() {
            return Ok(None);
        }
        let Some(published) = self.objective_at_published()? else { return Ok(None) };
        let both = |name: &String| {
            let of = |values: &[(String, f64)]| values.iter().find(|(known, _)| known == name).map(|v| v.1);
            Some((name.clone(), of(&self.values)?, of(self.published.as_deref()?)?))
        };
        let differ = (published - self.value).abs() > SAME * published.abs();
        Ok(differ.then(|| Optimum {
            case: self.case.clone(),
            ours: self.value,
            published,
            parameters: self.free.iter().filter_map(both).collect(),
        }))
    }

    /// An objective that estimates a scale has no value at coefficients without one.
    fn objective_at_published(&self) -> Result<Option<f64>, ReproduceError> {
        match &self.published {
            Some(values) if !self.objective.has_free_scale() => {
                Ok(Some(self.statistics(&self.rows, values)?.objective))
            }
            _ => Ok(None),
        }
    }

    /// The statistics of these rows, or their means over parts.
    fn means(
        &self,
        rows: &Work,
        each: Option<&str>,
        values: &[(String, f64)],
    ) -> Result<Vec<(String, f64)>, ReproduceError> {
        let Some(each) = each else { return Ok(self.statistics(rows, values)?.named().to_vec()) };
        let parts = rows.parts(each)?;
        let share = 1.0 / parts.len() as f64;
        let mut means: Vec<(String, f64)> = Vec::new();
        for (_, part) in &parts {
            for (place, (name, value)) in self.statistics(part, values)?.named().into_iter().enumerate() {
                match means.get_mut(place) {
                    Some((_, mean)) => *mean += share * value,
                    None => means.push((name, share * value)),
                }
            }
        }
        Ok(means)
    }

    fn statistics(&self, rows: &Work, values: &[(String, f64)]) -> Result<Statistics, ReproduceError> {
        let columns = bind::columns(&self.formula, rows, self.weight.as_deref())?;
        Ok(statistics::of(&self.formula, &columns, values, self.objective))
    }
}

/// The objective of the stage, else that of the law, with the stage's threshold.
fn objective(stage: &Stage, law: &Law) -> Result<Objective, FitError> {
    let recipe = law.recipe.as_ref();
    let mut objective: Objective = match (&stage.objective, recipe) {
        (Some(name), _) => name.parse()?,
        (None, Some(recipe)) => recipe.objective.parse()?,
        (None, None) => Objective::DEFAULT,
    };
    let of_law = recipe.filter(|_| stage.objective.is_none()).and_then(|recipe| recipe.delta);
    objective.delta = stage.delta.or(of_law).unwrap_or(objective.delta);
    Ok(objective)
}
