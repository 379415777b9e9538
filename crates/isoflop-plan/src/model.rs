//! A law with values for its parameters: what a plan predicts with.

use isoflop_fit::{FitError, InputRange, SavedFit, Verdict};
use isoflop_formula::{Formula, closest, parse_number};
use isoflop_laws::{Catalogue, CoefficientSet, Grade, Law, LawErrors, Levels, Standing};

use crate::error::PlanError;

/// Where published coefficients come from, and where they were measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// What may be said of the numbers.
    pub standing: Standing,
    /// How far they were checked.
    pub grade: Grade,
    /// Authors, year and arXiv number.
    pub source: String,
    /// Table, figure or passage.
    pub place: String,
    /// The runs behind them, in words.
    pub data: Option<String>,
    /// Input, smallest and largest value of these runs, as far as the source says.
    pub ranges: Vec<(String, f64, f64)>,
}

impl Measured {
    /// What is known of this coefficient set of the law.
    pub fn of(law: &Law, set: &CoefficientSet) -> Measured {
        let source = law.citation(&set.source).map_or_else(String::new, |work| {
            let year = work.year.map_or_else(String::new, |year| format!(" {year}"));
            let arxiv = work.arxiv.as_ref().map_or_else(String::new, |id| format!(", arXiv {id}"));
            format!("{}{year}{arxiv}", work.authors)
        });
        Measured {
            standing: set.standing(),
            grade: set.grade,
            source,
            place: set.place.clone(),
            data: set.data.clone(),
            ranges: set.range.clone(),
        }
    }
}

/// A law with parameter values, and draws of them where a fit has made some.
#[derive(Debug, Clone)]
pub struct Model {
    /// What it is called in messages: `chinchilla@besiroglu`, or the law of a fit.
    pub name: String,
    /// The law.
    pub formula: Formula,
    /// Names and values of the parameters; grouped ones by level, `A[llama]`.
    pub values: Vec<(String, f64)>,
    /// Other values of the same parameters, in the same order: bootstrap replicates.
    pub draws: Vec<Vec<f64>>,
    /// Where the runs of the fit lie; empty for coefficients from elsewhere.
    pub ranges: Vec<InputRange>,
    /// Where inputs usually lie, for starts of searches only.
    pub usual: Vec<(String, f64, f64)>,
    /// Inputs of which only whole numbers make sense.
    pub whole: Vec<String>,
    /// What to know before relying on it.
    pub warnings: Vec<String>,
    /// Where coefficients of the catalogue come from.
    pub source: Option<Measured>,
}

impl Model {
    /// The law of a saved fit, with its replicates as draws.
    ///
    /// # Errors
    /// A law that does not compile, as after editing the file by hand.
    pub fn from_fit(saved: &SavedFit) -> Result<Model, FitError> {
        let fit = &saved.fit;
        let mut warnings = Vec::new();
        if fit.certificate.verdict == Verdict::NotCertified {
            let reason = fit.certificate.reasons.first().map_or("see the report of the fit", String::as_str);
            warnings.push(format!("the fit is not certified: {reason}"));
        }
        Ok(Model {
            name: saved.law.clone(),
            formula: saved.formula()?,
            values: fit.parameters.iter().map(|p| (p.name.clone(), p.estimate)).collect(),
            draws: fit.draws.iter().filter(|draw| draw.len() == fit.parameters.len()).cloned().collect(),
            ranges: fit.ranges.clone(),
            usual: fit.ranges.iter().map(|r| (r.name.clone(), r.low, r.high)).collect(),
            whole: Vec::new(),
            warnings,
            source: None,
        })
    }

    /// A law of the catalogue at these values.
    pub fn from_law(name: &str, law: &Law, values: Vec<(String, f64)>) -> Model {
        let range = |(name, levels): &(String, Levels)| match levels {
            Levels::Numbers(list) => {
                let low = list.iter().copied().fold(f64::INFINITY, f64::min);
                let high = list.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                (low > 0.0 && low.is_finite()).then(|| (name.clone(), low, high))
            }
            Levels::Texts(_) | Levels::Formula(_) => None,
        };
        Model {
            name: name.to_owned(),
            formula: law.formula().clone(),
            values,
            draws: Vec::new(),
            ranges: Vec::new(),
            usual: law.design.iter().flat_map(|design| design.levels.iter().filter_map(range)).collect(),
            whole: law.inputs.iter().filter(|i| i.integer).map(|i| i.name.clone()).collect(),
            warnings: Vec::new(),
            source: None,
        }
    }

    /// Reads `chinchilla@besiroglu` (a coefficient set of the catalogue) or `chinchilla:E=1.8,A=480,...` (values by hand).
    ///
    /// # Errors
    /// An unknown law or set, a set from memory or without all values, a parameter that is unknown, missing or no number.
    ///
    /// ```
    /// use isoflop_laws::Catalogue;
    /// use isoflop_plan::Model;
    /// let model = Model::parse("chinchilla:E=1.8,A=480,B=2080,alpha=0.35,beta=0.37", &Catalogue::builtin()?).unwrap();
    /// assert_eq!(model.values.len(), 5);
    /// # Ok::<(), isoflop_laws::LawErrors>(())
    /// ```
    pub fn parse(text: &str, catalogue: &Catalogue) -> Result<Model, ModelError> {
        let bad = |reason: String| ModelError::Plan(PlanError::BadSource { text: text.to_owned(), reason });
        if let Some((name, values)) = text.split_once(':') {
            let law = catalogue.find(name).map_err(LawErrors::from)?;
            return Ok(Model::from_law(name, law, by_hand(law, values).map_err(bad)?));
        }
        let (name, set) = text.split_once('@').unwrap_or((text, ""));
        let law = catalogue.find(name).map_err(LawErrors::from)?;
        let usable = || law.sets.iter().filter(|set| set.complete().is_some());
        let found =
            if set.is_empty() && usable().count() == 1 { usable().next() } else { law.coefficients(set) };
        match found.and_then(|set| Some((set, set.complete()?))) {
            Some((found, values)) => {
                let mut model = Model::from_law(&format!("{}@{}", law.id, found.id), law, values.to_vec());
                model.source = Some(Measured::of(law, found));
                Ok(model)
            }
            None => {
                let what = match found {
                    _ if set.is_empty() => "say which coefficients".to_owned(),
                    Some(_) => format!(
                        "the set {set} has no values that can predict (from memory, or not all of them)"
                    ),
                    None => match closest(set, law.sets.iter().map(|set| set.id.as_str())) {
                        Some(near) => {
                            format!("{} has no coefficient set {set}, did you mean {near}?", law.id)
                        }
                        None => format!("{} has no coefficient set {set}", law.id),
                    },
                };
                let known: Vec<String> = usable().map(|set| format!("{}@{}", law.id, set.id)).collect();
                let by_hand: Vec<String> = law.parameters.iter().map(|p| format!("{}=...", p.name)).collect();
                let by_hand = format!("{}:{}", law.id, by_hand.join(","));
                Err(bad(match known.is_empty() {
                    true => format!("{what}; write {by_hand}"),
                    false => format!("{what}; write one of {}, or {by_hand}", known.join(", ")),
                }))
            }
        }
    }

    /// The value of a parameter: that of its level, its own, or that of its family.
    pub(crate) fn place(&self, name: &str, level: Option<&str>) -> Option<usize> {
        let position = |wanted: &str| self.values.iter().position(|(known, _)| known == wanted);
        let family =
            || name.strip_suffix(']').and_then(|rest| rest.split_once('[')).map(|(family, _)| family);
        level
            .and_then(|level| position(&format!("{name}[{level}]")))
            .or_else(|| position(name))
            .or_else(|| family().and_then(position))
    }
}

/// Why a law cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// No such law.
    #[error(transparent)]
    Law(#[from] LawErrors),
    /// Its coefficients.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// `E=1.8,A=480`: one value for every parameter.
fn by_hand(law: &Law, text: &str) -> Result<Vec<(String, f64)>, String> {
    let params = &law.formula().symbols.params;
    let known = || params.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    let mut values: Vec<(String, f64)> = Vec::new();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| format!("{part} is not NAME=NUMBER"))?;
        let (name, value) = (name.trim(), value.trim());
        let number = parse_number(value).filter(|x| x.is_finite());
        let number = number.ok_or_else(|| format!("the value of {name}, {value}, is no number"))?;
        let is_it = |p: &str| {
            p == name
                || p.strip_prefix(name).is_some_and(|rest| rest.starts_with('['))
                || name.strip_prefix(p).is_some_and(|rest| rest.starts_with('['))
        };
        if !params.iter().any(|p| is_it(&p.name)) {
            return Err(format!("{} has no parameter {name}; it has {}", law.id, known()));
        }
        if values.iter().any(|(given, _)| given == name) {
            return Err(format!("{name} is given twice"));
        }
        values.push((name.to_owned(), number));
    }
    let has = |name: &str| {
        values.iter().any(|(given, _)| {
            let family =
                |long: &str, short: &str| long.strip_prefix(short).is_some_and(|r| r.starts_with('['));
            given == name || family(given, name) || family(name, given)
        })
    };
    let missing: Vec<&str> = params.iter().map(|p| p.name.as_str()).filter(|name| !has(name)).collect();
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(format!("a value for {} is missing", missing.join(" and ")))
    }
}
