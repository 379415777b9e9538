//! Plans as they are asked for: a law with values, and the request from a named plan and options.

use std::path::Path;

use isoflop_formula::parse_number;
use isoflop_plan::{Advice, Device, Laws, Model, NamedPlan, PlanError, Request};

use crate::catalogue::{catalogue, holding};
use crate::error::StudyError;
use crate::note::Listener;
use crate::saved::{formula_of, read_saved};

/// What a plan is asked for, as texts like those of the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanOptions {
    /// A named plan, or a file of the user's that ends in `.md`.
    pub plan: Option<String>,
    /// What should be small, where no plan is named.
    pub minimize: Option<String>,
    /// What should be large.
    pub maximize: Option<String>,
    /// What the equation among the constraints is solved for.
    pub solve: Option<String>,
    /// What is decided; `mix_*` stands for all inputs that begin so.
    pub over: Vec<String>,
    /// Shares that add up to 1: `mix_*` or `web,code,books`.
    pub simplex: Vec<String>,
    /// Names with formulas: `C = 6*N*D`.
    pub lets: Vec<String>,
    /// Constraints: `6*N*D <= 1e24`.
    pub constraints: Vec<String>,
    /// Values: `demand=1e13`.
    pub given: Vec<String>,
    /// A device, also with a precision: `h100:fp8`; or a file of the user's that ends in `.toml`.
    pub hardware: Option<String>,
    /// Formulas to report at the optimum: `D/N`, or `ratio = D/N`.
    pub report: Vec<String>,
    /// Loss of objective that counts as none, as a share.
    pub tolerance: f64,
    /// Starts of a search without proof.
    pub starts: usize,
    /// Coverage of the intervals.
    pub level: f64,
    /// Decisions in whole numbers.
    pub integer: Vec<String>,
}

impl Default for PlanOptions {
    fn default() -> Self {
        PlanOptions {
            plan: None,
            minimize: None,
            maximize: None,
            solve: None,
            over: Vec::new(),
            simplex: Vec::new(),
            lets: Vec::new(),
            constraints: Vec::new(),
            given: Vec::new(),
            hardware: None,
            report: Vec::new(),
            tolerance: 0.005,
            starts: 24,
            level: 0.9,
            integer: Vec::new(),
        }
    }
}

impl PlanOptions {
    /// The request, and the plan that it is made from, if one is named; [`NamedPlan::check`] says whether a model
    /// suits it.
    ///
    /// # Errors
    /// An unknown plan or device, texts that are no assignments, values that the plan needs and nobody gives.
    pub fn request(&self, notes: &dyn Listener) -> Result<(Request, Option<NamedPlan>), StudyError> {
        let named = self.plan.as_deref().map(|name| named(name, self)).transpose()?;
        if let Some(plan) = named.as_ref().filter(|plan| !plan.rule.is_empty()) {
            return Err(StudyError::OnlyRules { plan: plan.id.clone(), option: "a law" });
        }
        let request = match &named {
            Some(named) => {
                let asks = |name: &str| named.given.contains_key(name) || mentioned(self, name);
                with_options(named.request(&given(self, notes, asks)?)?, self)?
            }
            None => request(self, notes)?,
        };
        Ok((request, named))
    }
}

/// A named plan that asks nobody for a law.
#[derive(Debug, Clone, PartialEq)]
pub enum Lawless {
    /// The plan names the law itself.
    Law(String),
    /// The plan is a table of published rules, with what they say.
    Rules(Box<NamedPlan>, Vec<Advice>),
}

impl PlanOptions {
    /// What the named plan does without a law; `None` if it needs one. `folder` holds law files of the user's.
    ///
    /// # Errors
    /// An unknown plan, values that it needs and nobody gives, options that a table of rules has no use for.
    pub fn lawless(
        &self,
        folder: Option<&Path>,
        notes: &dyn Listener,
    ) -> Result<Option<Lawless>, StudyError> {
        let Some(name) = &self.plan else { return Ok(None) };
        let plan = named(name, self)?;
        if plan.rule.is_empty() {
            return Ok(plan.law.map(Lawless::Law));
        }
        if let Some(option) = self.decides() {
            return Err(StudyError::OnlyRules { plan: plan.id, option });
        }
        let given = given(self, notes, |name| plan.given.contains_key(name))?;
        let advice = plan.advise(&given, &catalogue(folder, notes)?)?;
        Ok(Some(Lawless::Rules(Box::new(plan), advice)))
    }

    /// An option that only makes sense where something is decided.
    fn decides(&self) -> Option<&'static str> {
        let used = [
            ("--over", !self.over.is_empty()),
            ("--subject-to", !self.constraints.is_empty()),
            ("--integer", !self.integer.is_empty()),
            ("--report", !self.report.is_empty()),
        ];
        used.into_iter().find_map(|(option, used)| used.then_some(option))
    }
}

/// A law with values: a saved fit if there is such a file, else a law by name (`chinchilla@besiroglu`, or with values by
/// hand). `folder` holds law files of the user's.
///
/// # Errors
/// A file that is no saved fit; an unknown law or set of coefficients.
pub fn model(what: &str, folder: Option<&Path>, notes: &dyn Listener) -> Result<Model, StudyError> {
    let path = Path::new(what);
    if path.is_file() || path.extension().is_some_and(|ending| ending == "json") {
        let saved = read_saved(path)?;
        formula_of(&saved, what)?;
        return Ok(Model::from_fit(&saved)?);
    }
    let name = what.split([':', '@']).next().unwrap_or(what);
    Ok(Model::parse(what, &holding(name, folder, notes)?)?)
}

/// The laws of a plan: one, as [`model`] takes it, or several with a role each, `a=fit.json` and `b=chinchilla@hoffmann`.
///
/// # Errors
/// As [`model`]; several laws of which one has no role, roles that are no names or are there twice.
pub fn laws_of(texts: &[String], folder: Option<&Path>, notes: &dyn Listener) -> Result<Laws, StudyError> {
    let role_of = |text: &'_ String| {
        let is_file = Path::new(text).is_file();
        Laws::role_of(text).filter(|_| !is_file).map(|(role, what)| (role.to_owned(), what.to_owned()))
    };
    let mut list = Vec::new();
    for text in texts {
        list.push(match role_of(text) {
            Some((role, what)) => (role, model(&what, folder, notes)?),
            None if texts.len() == 1 => return Ok(Laws::one(model(text, folder, notes)?)),
            None => {
                let reason = "is missing: each of several laws needs one";
                return Err(PlanError::BadRole { role: format!("of {text}"), reason }.into());
            }
        });
    }
    Ok(Laws::new(list)?)
}

/// Whether the first of the words names a plan, and is not a law.
pub fn names_plan(words: &[String]) -> bool {
    let Some(first) = words.first() else { return false };
    let is_plan =
        || NamedPlan::find(first).is_ok() || Path::new(first).extension().is_some_and(|e| e == "md");
    Laws::role_of(first).is_none() && (words.len() > 1 || is_plan())
}

/// A named plan, or one in a file of the user's.
fn named(name: &str, args: &PlanOptions) -> Result<NamedPlan, StudyError> {
    if args.minimize.is_some() || args.maximize.is_some() || args.solve.is_some() {
        return Err(StudyError::TwoAims { plan: name.to_owned() });
    }
    Ok(if Path::new(name).extension().is_some_and(|ending| ending == "md") {
        let text = std::fs::read_to_string(name)
            .map_err(|error| StudyError::CannotRead { path: name.to_owned(), reason: error.to_string() })?;
        NamedPlan::parse(name, &text)?
    } else {
        NamedPlan::find(name)?
    })
}

/// The request that the options spell out.
fn request(args: &PlanOptions, notes: &dyn Listener) -> Result<Request, StudyError> {
    let request = match (&args.minimize, &args.maximize, &args.solve) {
        (_, _, Some(unknown)) => Request::solve(unknown.trim()),
        (_, Some(formula), _) => Request::maximize(formula),
        (formula, ..) => Request::minimize(formula.clone().unwrap_or_default()),
    };
    with_options(Request { given: given(args, notes, |name| mentioned(args, name))?, ..request }, args)
}

/// The constraints, decisions and reports of the options added.
fn with_options(request: Request, args: &PlanOptions) -> Result<Request, StudyError> {
    let report = args.report.iter().map(|text| match text.split_once('=') {
        Some(_) => assignment("--report", text, "--report 'ratio = D/N'"),
        None => Ok((text.trim().to_owned(), text.clone())),
    });
    let mut request = Request {
        level: args.level,
        tolerance: args.tolerance,
        starts: args.starts,
        ..request.over(args.over.iter().map(|name| name.trim()))
    };
    request.whole.extend(args.integer.iter().map(|name| name.trim().to_owned()));
    request.constraints.extend(args.constraints.iter().cloned());
    request.simplex.extend(args.simplex.iter().cloned());
    for text in &args.lets {
        let (name, formula) = assignment("--let", text, "--let 'C = 6*N*D'")?;
        request.lets.retain(|(known, _)| *known != name);
        request.lets.push((name, formula));
    }
    for named in report {
        request.report.push(named?);
    }
    Ok(request)
}

/// All given values, and what the plan `asks` of the hardware.
fn given(
    args: &PlanOptions,
    notes: &dyn Listener,
    asks: impl Fn(&str) -> bool,
) -> Result<Vec<(String, String)>, StudyError> {
    let long = args.given.iter().map(|text| assignment("--given", text, "--given demand=1e13"));
    let mut given = long.collect::<Result<Vec<_>, _>>()?;
    if let Some(text) = &args.hardware {
        let (name, precision) = match text.rsplit_once(':') {
            Some((name, precision)) => (name, Some(precision)),
            None => (text.as_str(), None),
        };
        let device = device(name)?;
        for (name, value) in device.values(precision)? {
            if asks(name) && !given.iter().any(|(known, _)| known == name) {
                notes.info(&format!("{name} = {value:e} from {}", device.name));
                given.push((name.to_owned(), value.to_string()));
            }
        }
    }
    Ok(given)
}

/// What cost models are given: `gpus=64`, the numbers of a device, and training tokens as `D`.
///
/// # Errors
/// Texts that are no assignments or no numbers above 0, an unknown device.
pub fn cost_given(
    texts: &[String],
    hardware: Option<&str>,
    tokens: Option<f64>,
) -> Result<Vec<(String, f64)>, StudyError> {
    let mut given: Vec<(String, f64)> = tokens.iter().map(|tokens| ("D".to_owned(), *tokens)).collect();
    for text in texts {
        let (name, value) = assignment("--given", text, "--given gpus=64")?;
        let Some(number) = parse_number(&value).filter(|x| x.is_finite()) else {
            return Err(PlanError::NotANumber { name, value }.into());
        };
        if number < 0.0 {
            return Err(
                PlanError::GivenOutside { name, value: number, low: 0.0, high: None, what: None }.into()
            );
        }
        given.push((name, number));
    }
    if let Some(text) = hardware {
        let (name, precision) = text.rsplit_once(':').map_or((text, None), |(name, p)| (name, Some(p)));
        for (name, value) in device(name)?.values(precision)? {
            if !given.iter().any(|(known, _)| known == name) {
                given.push((name.to_owned(), value));
            }
        }
    }
    Ok(given)
}

/// Whether a formula of the options has this name.
fn mentioned(args: &PlanOptions, name: &str) -> bool {
    let formulas = args.minimize.iter().chain(&args.maximize).chain(&args.constraints).chain(&args.report);
    let formulas = formulas.chain(&args.lets);
    let words =
        |text: &String| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
    formulas.into_iter().any(words)
}

/// `NAME=TEXT`, both not empty.
///
/// # Errors
/// [`StudyError::BadAssignment`] with the `option` and an `example`.
pub fn assignment(
    option: &'static str,
    text: &str,
    example: &'static str,
) -> Result<(String, String), StudyError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(StudyError::BadAssignment { option, text: text.to_owned(), example }),
    }
}

/// A device of the list, or one in a file that ends in `.toml`.
///
/// # Errors
/// A device that does not exist, or a file with mistakes.
pub fn device(name: &str) -> Result<Device, StudyError> {
    if Path::new(name).extension().is_none_or(|ending| ending != "toml") {
        return Ok(Device::find(name)?);
    }
    let text = std::fs::read_to_string(name)
        .map_err(|error| StudyError::CannotRead { path: name.to_owned(), reason: error.to_string() })?;
    Ok(Device::parse(name, &text)?)
}
