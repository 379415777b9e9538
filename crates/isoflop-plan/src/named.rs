//! Named plans: files that say what is decided, what should be best, and what must be given.

use std::collections::BTreeMap;

use isoflop_formula::{closest, parse_number};
use serde::Deserialize;

use crate::error::PlanError;
use crate::laws::Laws;
use crate::model::Model;
use crate::request::Request;
use crate::rules::Rule;

/// Name and text of every embedded plan file.
const BUILTIN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/plans.rs"));

/// A plan with a name: a [`Request`] that lacks only a law and the given values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedPlan {
    /// Name by which it is asked for; that of its file.
    pub id: String,
    /// What it is about: plans are listed by subject.
    #[serde(default = "own")]
    pub subject: String,
    /// The question that it answers, in one line.
    pub title: String,
    /// Which laws it is made for, in words.
    pub laws: String,
    /// The law that is taken where the user names none: `step_law_lr@printed`.
    pub law: Option<String>,
    /// Inputs that the law must have.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Laws that it needs, by role, where it needs several.
    #[serde(default)]
    pub roles: BTreeMap<String, LawRole>,
    /// What should be small; this, [`NamedPlan::maximize`] or [`NamedPlan::solve`].
    pub minimize: Option<String>,
    /// What should be large.
    pub maximize: Option<String>,
    /// What the equation among the constraints is solved for.
    pub solve: Option<String>,
    /// What is decided.
    #[serde(default)]
    pub over: Vec<String>,
    /// Shares that add up to 1, as [`Request::simplex`].
    #[serde(default)]
    pub simplex: Vec<String>,
    /// Decisions in whole numbers, as [`Request::whole`].
    #[serde(default)]
    pub integer: Vec<String>,
    /// Names with formulas, as [`Request::lets`].
    #[serde(default, rename = "let")]
    pub lets: BTreeMap<String, String>,
    /// Constraints.
    #[serde(default)]
    pub subject_to: Vec<String>,
    /// What must be given, with what it means.
    #[serde(default)]
    pub given: BTreeMap<String, Given>,
    /// What is shown beside the objective: name and formula.
    #[serde(default)]
    pub report: BTreeMap<String, String>,
    /// Published rules to evaluate instead of something to decide.
    #[serde(default)]
    pub rule: Vec<Rule>,
    /// Decisions that it must reproduce.
    #[serde(default)]
    pub golden: Vec<Golden>,
    /// The words after the facts.
    #[serde(skip)]
    pub prose: String,
}

/// A law that a named plan of several laws needs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawRole {
    /// Which law it is, in words.
    pub description: String,
    /// An example, as on the command line.
    pub example: String,
    /// Inputs that it must have.
    #[serde(default)]
    pub reads: Vec<String>,
    /// What it must predict.
    pub predicts: Option<String>,
}

/// A value that a named plan needs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// What it is, with its unit.
    pub description: String,
    /// An example, as on the command line.
    pub example: String,
    /// Its value where the user gives none.
    pub default: Option<f64>,
    /// The lowest value that it can have; 0 where the file says nothing.
    #[serde(default)]
    pub low: f64,
    /// The highest value that it can have: 1 for a share.
    pub high: Option<f64>,
}

/// A published decision.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// The law with its coefficients, `chinchilla@besiroglu`; left out, that of the plan.
    pub law: Option<String>,
    /// The laws by role, for a plan of several.
    #[serde(default)]
    pub laws: BTreeMap<String, String>,
    /// The given values.
    #[serde(default)]
    pub given: BTreeMap<String, toml::Value>,
    /// Name of the decision, the objective, a reported quantity or a rule.
    pub quantity: String,
    /// What it must be.
    pub value: f64,
    /// Relative.
    pub tolerance: f64,
    /// Where the value comes from.
    pub source: String,
}

/// Subjects in the order in which they are listed.
const SUBJECTS: [&str; 9] = [
    "budget",
    "serving",
    "data",
    "hyperparameters",
    "architecture",
    "precision",
    "fine-tuning and distillation",
    "test time",
    "reinforcement learning",
];

/// The subject of a user's file that names none.
fn own() -> String {
    "your own".to_owned()
}

impl Golden {
    /// The given values as texts, as on the command line.
    pub fn texts(&self) -> Vec<(String, String)> {
        let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.given.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

impl NamedPlan {
    /// All embedded plans, by name.
    ///
    /// # Errors
    /// None in a tested build.
    pub fn builtin() -> Result<Vec<NamedPlan>, PlanError> {
        BUILTIN.iter().map(|(file, text)| NamedPlan::parse(file, text)).collect()
    }

    /// All embedded plans by subject, and by name within one.
    ///
    /// # Errors
    /// None in a tested build.
    ///
    /// ```
    /// let groups = isoflop_plan::NamedPlan::by_subject().unwrap();
    /// assert_eq!(groups[0].0, "budget");
    /// ```
    pub fn by_subject() -> Result<Vec<(String, Vec<NamedPlan>)>, PlanError> {
        let mut groups: Vec<(String, Vec<NamedPlan>)> =
            SUBJECTS.iter().map(|subject| ((*subject).to_owned(), Vec::new())).collect();
        for plan in NamedPlan::builtin()? {
            match groups.iter_mut().find(|(subject, _)| *subject == plan.subject) {
                Some((_, plans)) => plans.push(plan),
                None => groups.push((plan.subject.clone(), vec![plan])),
            }
        }
        groups.retain(|(_, plans)| !plans.is_empty());
        Ok(groups)
    }

    /// The embedded plan of this name.
    ///
    /// # Errors
    /// There is none; the closest name is in the message.
    ///
    /// ```
    /// let plan = isoflop_plan::NamedPlan::find("compute-optimal").unwrap();
    /// assert_eq!(plan.over, ["N", "D"]);
    /// ```
    pub fn find(name: &str) -> Result<NamedPlan, PlanError> {
        let plans = NamedPlan::builtin()?;
        let wanted = name.trim().to_lowercase().replace('_', "-");
        let near = closest(&wanted, plans.iter().map(|plan| plan.id.as_str())).map(str::to_owned);
        let known = plans.iter().map(|plan| plan.id.clone()).collect();
        let found = plans.into_iter().find(|plan| plan.id == wanted);
        found.ok_or_else(|| PlanError::UnknownPlan { name: name.to_owned(), near, known })
    }

    /// Reads a plan file: TOML between two `+++` lines, then words. `file` is the name used in messages.
    ///
    /// # Errors
    /// A file without the two lines, TOML that is not understood, both or neither of `minimize` and `maximize`.
    pub fn parse(file: &str, text: &str) -> Result<NamedPlan, PlanError> {
        let bad = |reason: String| PlanError::BadFile { file: file.to_owned(), reason };
        let rest = text.strip_prefix("+++").ok_or_else(|| bad("it must begin with a line +++".into()))?;
        let (facts, prose) =
            rest.split_once("\n+++").ok_or_else(|| bad("the facts must end with a line +++".into()))?;
        let mut plan: NamedPlan = toml::from_str(facts).map_err(|error| bad(error.to_string()))?;
        plan.prose = prose.trim().to_owned();
        let aims = [&plan.minimize, &plan.maximize, &plan.solve];
        let aims = aims.iter().filter(|aim| aim.is_some()).count();
        if aims != usize::from(plan.rule.is_empty()) {
            return Err(bad("it needs one of minimize, maximize and solve, or rules".into()));
        }
        if aims > 0 && plan.over.is_empty() && plan.simplex.is_empty() && plan.solve.is_none() {
            return Err(bad("it needs something to decide: over or simplex".into()));
        }
        Ok(plan)
    }

    /// Whether the law has the inputs that the plan is about.
    ///
    /// # Errors
    /// It lacks one.
    pub fn check(&self, model: &Model) -> Result<(), PlanError> {
        let has = |name: &String| model.formula.symbols.inputs.iter().any(|input| input.name == *name);
        match self.reads.iter().find(|name| !has(name)) {
            Some(name) => Err(PlanError::LawLacks {
                plan: self.id.clone(),
                law: model.name.clone(),
                name: name.clone(),
                laws: self.laws.clone(),
            }),
            None => Ok(()),
        }
    }

    /// Whether the laws have the roles and inputs that the plan is about.
    ///
    /// # Errors
    /// A role that is missing or unknown; a law that lacks an input, or predicts something else.
    pub fn check_laws(&self, laws: &Laws) -> Result<(), PlanError> {
        if self.roles.is_empty() {
            return laws.iter().try_for_each(|(_, model)| self.check(model));
        }
        let refuse = |what: String| {
            let role =
                |(name, role): (&String, &LawRole)| format!("{name}={} ({})", role.example, role.description);
            Err(PlanError::Roles {
                plan: self.id.clone(),
                roles: self.roles.iter().map(role).collect(),
                what,
            })
        };
        for (role, model) in laws.iter() {
            let Some(asked) = self.roles.get(role) else {
                let near = closest(role, self.roles.keys().map(String::as_str));
                return refuse(match near {
                    _ if role.is_empty() => format!("{} has no role", model.name),
                    Some(near) => format!("it has no role {role}, did you mean {near}?"),
                    None => format!("it has no role {role}"),
                });
            };
            let has = |name: &String| model.formula.symbols.inputs.iter().any(|input| input.name == *name);
            if let Some(name) = asked.reads.iter().find(|name| !has(name)) {
                return refuse(format!("{role} must read {name}, which {} does not", model.name));
            }
            let output = model.formula.output.as_ref().map(|left| left.name.as_str());
            if let Some(wanted) = asked.predicts.as_deref().filter(|wanted| output != Some(wanted)) {
                let output = output.unwrap_or("nothing");
                return refuse(format!("{role} must predict {wanted}, but {} predicts {output}", model.name));
            }
        }
        match self.roles.keys().find(|role| !laws.iter().any(|(known, _)| known == role.as_str())) {
            Some(role) => refuse(format!("{role} is missing")),
            None => Ok(()),
        }
    }

    /// The request with these given values; defaults of the file fill in what is not given.
    ///
    /// # Errors
    /// A value that the plan needs is not given, or one that cannot be.
    pub fn request(&self, given: &[(String, String)]) -> Result<Request, PlanError> {
        let given = self.filled(given)?;
        let mut request = match (&self.minimize, &self.maximize, &self.solve) {
            (_, _, Some(unknown)) => Request::solve(unknown),
            (_, Some(objective), _) => Request::maximize(objective),
            (objective, ..) => Request::minimize(objective.clone().unwrap_or_default()),
        };
        request.simplex.clone_from(&self.simplex);
        request.lets = self.lets.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
        request.over.clone_from(&self.over);
        request.whole.clone_from(&self.integer);
        request.constraints.clone_from(&self.subject_to);
        request.given = given;
        request.report = self.report.iter().map(|(name, text)| (name.clone(), text.clone())).collect();
        Ok(request)
    }

    /// The given values with the defaults of the file.
    pub(crate) fn filled(&self, given: &[(String, String)]) -> Result<Vec<(String, String)>, PlanError> {
        let is_given = |name: &String| given.iter().any(|(known, _)| known == name);
        let open = || self.given.iter().filter(|(name, _)| !is_given(name));
        let missing: Vec<String> = open()
            .filter(|(_, needed)| needed.default.is_none())
            .map(|(name, needed)| format!("--given {name}={} ({})", needed.example, needed.description))
            .collect();
        if !missing.is_empty() {
            return Err(PlanError::PlanNeeds { plan: self.id.clone(), missing });
        }
        for (name, text) in given {
            let (Some(asked), Some(value)) = (self.given.get(name), parse_number(text)) else { continue };
            if !(value >= asked.low && asked.high.is_none_or(|high| value <= high)) {
                return Err(PlanError::GivenOutside {
                    name: name.clone(),
                    value,
                    low: asked.low,
                    high: asked.high,
                    what: Some(asked.description.clone()),
                });
            }
        }
        let defaults = open().filter_map(|(name, needed)| Some((name.clone(), needed.default?.to_string())));
        Ok(given.iter().cloned().chain(defaults).collect())
    }
}
