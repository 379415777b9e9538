//! A law with values for its parameters: what a plan predicts with.

use isoflop_fit::{FitError, InputRange, SavedFit, Verdict};
use isoflop_formula::{Formula, Graph, InputKind, Node, closest, parse_number};
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
            let law = &with_domains(law, values).map_err(bad)?;
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
        let of_level = |level: &str| {
            let is_it =
                |(known, _): &(String, f64)| level_of(known, name).is_some_and(|l| same_level(l, level));
            self.values.iter().position(is_it)
        };
        level.and_then(of_level).or_else(|| position(name)).or_else(|| family().and_then(position))
    }
}

impl Model {
    /// Columns whose texts choose values of parameters or are compared, such as `family`.
    pub fn texts(&self) -> Vec<String> {
        let symbols = &self.formula.symbols;
        let compared = symbols.inputs.iter().filter_map(|input| match &input.kind {
            InputKind::TextEquals { column, .. } => Some(column.clone()),
            _ => None,
        });
        let mut names: Vec<String> =
            compared.chain(symbols.params.iter().filter_map(|p| p.group.clone())).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The law at these texts, such as `family` and `llama`: comparisons decided, one value in place of each group. What it
    /// gives needs numbers alone.
    ///
    /// # Errors
    /// A text column without a text; a level that has no values.
    pub fn at(&self, texts: &[(String, String)]) -> Result<Model, PlanError> {
        let text_of =
            |column: &str| texts.iter().find(|(name, _)| name == column).map(|(_, text)| text.as_str());
        let columns = self.texts();
        if let Some(column) = columns.iter().find(|column| text_of(column).is_none()) {
            return Err(PlanError::MissingInputs { law: self.name.clone(), names: vec![column.clone()] });
        }
        let mut model =
            Model { values: Vec::new(), draws: vec![Vec::new(); self.draws.len()], ..self.clone() };
        let inputs = model.formula.symbols.inputs.clone();
        let mut decide = |graph: &mut Graph, leaf: Node| {
            let Node::Input(k) = leaf else { return None };
            let InputKind::TextEquals { column, value } = &inputs.get(k as usize)?.kind else { return None };
            let is_it = text_of(column).is_some_and(|text| same_level(text, value));
            Some(graph.number(f64::from(u8::from(is_it))))
        };
        let formula = &mut model.formula;
        formula.body = formula.graph.substitute(formula.body, &mut decide);
        if let Some(output) = &mut formula.output {
            output.prediction = formula.graph.substitute(output.prediction, &mut decide);
        }
        for param in &mut formula.symbols.params {
            let column = param.group.take();
            let level = column.as_deref().and_then(text_of);
            let place = self.place(&param.name, level).ok_or_else(|| PlanError::UnknownLevel {
                law: self.name.clone(),
                column: column.unwrap_or_default(),
                level: level.unwrap_or_default().to_owned(),
                known: self.levels(&param.name),
            })?;
            model.values.push((param.name.clone(), self.values[place].1));
            for (own, draw) in model.draws.iter_mut().zip(&self.draws) {
                own.push(draw.get(place).copied().unwrap_or(f64::NAN));
            }
        }
        Ok(model)
    }

    /// Levels of which this parameter has values.
    pub(crate) fn levels(&self, name: &str) -> Vec<String> {
        self.values.iter().filter_map(|(known, _)| level_of(known, name)).map(str::to_owned).collect()
    }
}

/// `llama` for `A[llama]` and `A`.
fn level_of<'n>(known: &'n str, name: &str) -> Option<&'n str> {
    known.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')
}

/// Levels of a numeric column are numbers in text form: 1e3 is 1000.
pub(crate) fn same_level(a: &str, b: &str) -> bool {
    a == b || parse_number(a).is_some_and(|x| parse_number(b) == Some(x))
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

/// The law over the domains that the values by hand name, `C[web]=1.2`, where they are not those of its file.
fn with_domains(law: &Law, text: &str) -> Result<Law, String> {
    let mut sets = law.inputs.iter().filter_map(|input| input.set.as_ref());
    let (Some(set), None) = (sets.next(), sets.next()) else { return Ok(law.clone()) };
    let mut columns: Vec<String> = Vec::new();
    for part in text.split(',') {
        let name = part.split_once('=').map_or("", |(name, _)| name);
        let member = name.split_once('[').and_then(|(_, rest)| rest.trim().strip_suffix(']'));
        let column = member.map(|member| format!("{}{member}", set.prefix));
        columns.extend(column.filter(|column| !columns.contains(column)));
    }
    if columns.is_empty() {
        return Ok(law.clone());
    }
    law.over(columns.iter().map(String::as_str)).map_err(|diagnostics| diagnostics.to_string())
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
