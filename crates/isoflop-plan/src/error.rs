//! What can be wrong with a plan.
// Long because every error of the crate is here, each with its sentence and the meaning of its fields.

use isoflop_formula::{Diagnostics, closest};

/// A plan that cannot be made; the message says why and what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// No decision variable.
    #[error("a plan needs something to decide: name it with --over, such as --over N,D")]
    NothingToDecide,
    /// A name stands for two things.
    #[error("{name} is {first} and {second}: leave one of them out")]
    TwoMeanings {
        /// The name.
        name: String,
        /// What it is.
        first: &'static str,
        /// What it is as well.
        second: &'static str,
    },
    /// The law reads a name that has no value.
    #[error("{law} needs {}: decide it (--over {name}) or give it (--given {name}=...)", .names.join(" and "), name = .names.first().map_or("", String::as_str))]
    MissingInputs {
        /// Name of the law.
        law: String,
        /// Inputs without a value.
        names: Vec<String>,
    },
    /// A parameter has no value.
    #[error("{law} has no value for {name}{}", .group.as_ref().map_or_else(String::new, |g| format!("; its values differ by {g}: give one with --given {g}={}", .levels.first().map_or("...", String::as_str))))]
    MissingParameter {
        /// Name of the law.
        law: Box<str>,
        /// The parameter.
        name: Box<str>,
        /// The text column that chooses its value.
        group: Option<Box<str>>,
        /// Levels that have one.
        levels: Vec<String>,
    },
    /// A level of a group that the law does not know.
    #[error("{law} has no values for {column}={level}{}; it has {}", near(.level, .known), .known.join(", "))]
    UnknownLevel {
        /// Name of the law.
        law: Box<str>,
        /// The text column.
        column: Box<str>,
        /// The level that was given.
        level: Box<str>,
        /// Levels that have values.
        known: Vec<String>,
    },
    /// A role of a law that cannot be one.
    #[error("the role {role} {reason}: write laws with roles as a=fit.json b=chinchilla@hoffmann")]
    BadRole {
        /// The role.
        role: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Several laws predict what a name asks for.
    #[error("{name} is predicted by {} laws: write {}", .choices.len(), .choices.join(" or "))]
    Ambiguous {
        /// The name.
        name: String,
        /// Names that say which.
        choices: Vec<String>,
    },
    /// Laws and definitions that need each other.
    #[error("what is needed goes round in a circle: {}; give one of them a value (--given)", .names.join(" needs "))]
    Circle {
        /// Each needs the next; the last is the first.
        names: Vec<String>,
    },
    /// Two laws mean different units by one name.
    #[error("{name} is in {} for {} and in {} for {}: bring one to the unit of the other with --let", .units[0].1, .units[0].0, .units[1].1, .units[1].0)]
    UnitsDiffer {
        /// The name.
        name: String,
        /// Law and unit of both.
        units: Box<[(String, String); 2]>,
    },
    /// One of several laws that no formula uses.
    #[error("no formula of the plan uses the law {role}: use what it predicts, {name}, or leave it out")]
    IdleLaw {
        /// Its role.
        role: String,
        /// Name of what it predicts.
        name: String,
    },
    /// A plan that is for laws with roles, and other laws.
    #[error("the plan {plan} is for {}: {what}", .roles.join(" and "))]
    Roles {
        /// Name of the plan.
        plan: String,
        /// Its roles as they are written, with what they are.
        roles: Vec<String>,
        /// What is wrong.
        what: String,
    },
    /// A pattern or list of names that fits nothing.
    #[error("{text} stands for no names of this plan: the laws read {}", .known.join(", "))]
    NoMatch {
        /// The pattern.
        text: String,
        /// Inputs of the laws.
        known: Vec<String>,
    },
    /// Shares that do not add up to 1.
    #[error("the shares {} add up to {sum}{}", .names.join(", "), if .rest.is_empty() { ", and must add up to 1".to_owned() } else { format!(", which leaves nothing for {}", .rest.join(", ")) })]
    Shares {
        /// Shares that were given.
        names: Vec<String>,
        /// Their sum.
        sum: f64,
        /// Shares that were to be decided.
        rest: Vec<String>,
    },
    /// Solving without exactly one equation.
    #[error("--solve {name} needs one equation, such as --subject-to 'loss == 2.0'; there are {equations}")]
    NoEquation {
        /// The unknown.
        name: String,
        /// How many there are.
        equations: usize,
    },
    /// An equation without a solution.
    #[error("no {name} above 0 solves `{text}`: {why}")]
    NoSolution {
        /// The unknown.
        name: String,
        /// The equation.
        text: String,
        /// Between which values the sides stay apart.
        why: String,
    },
    /// A given or defined name that nothing reads.
    #[error("{option} {name} is used by nothing: neither a formula of the plan nor {law} has it")]
    UnusedGiven {
        /// The option.
        option: &'static str,
        /// The name.
        name: String,
        /// Name of the law.
        law: String,
    },
    /// A given value that is not of the right kind.
    #[error("--given {name}={value} must be a number, such as 1e13 or 70B")]
    NotANumber {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// A given value that cannot be: a negative price, a utilisation above 1.
    #[error("--given {name}={value} cannot be: {} must be {}{}", .what.as_deref().unwrap_or(.name), .high.map_or_else(|| format!("{low} or more"), |high| format!("from {low} to {high}")), .what.as_ref().map_or_else(String::new, |_| format!(" ({name})")))]
    GivenOutside {
        /// The name.
        name: String,
        /// The value.
        value: f64,
        /// Lowest possible value.
        low: f64,
        /// Highest possible value, if there is one.
        high: Option<f64>,
        /// What it is, in words.
        what: Option<String>,
    },
    /// A formula of the plan does not compile.
    #[error("{}\n  in {place}", .diagnostics.render(text))]
    Formula {
        /// Option that it came from.
        place: String,
        /// The formula.
        text: String,
        /// What is wrong.
        diagnostics: Diagnostics,
    },
    /// A constraint without a comparison.
    #[error("--subject-to '{text}' is no constraint: it needs <=, >= or ==, such as '6*N*D <= 1e24'")]
    NoConstraint {
        /// The text.
        text: String,
    },
    /// A constraint that decides nothing.
    #[error("--subject-to '{text}' does not depend on what is decided ({})", .over.join(", "))]
    IdleConstraint {
        /// The text.
        text: String,
        /// Decision variables.
        over: Vec<String>,
    },
    /// An objective that decides nothing.
    #[error("the objective '{text}' does not depend on what is decided ({})", .over.join(", "))]
    IdleObjective {
        /// The text.
        text: String,
        /// Decision variables.
        over: Vec<String>,
    },
    /// A decision variable that nothing depends on.
    #[error(
        "nothing in the plan depends on {name}: leave it out of --over, or use it in the objective or a constraint"
    )]
    IdleVariable {
        /// The variable.
        name: String,
    },
    /// No point meets all constraints, and this is proved.
    #[error("no plan meets all constraints: {} cannot {} hold{hint}", quoted(.blame), if .blame.len() > 1 { "all" } else { "ever" })]
    Infeasible {
        /// Constraints that stand against each other.
        blame: Vec<String>,
        /// What to change, in words; may be empty.
        hint: String,
    },
    /// No point that meets all constraints was found.
    #[error("no plan was found that meets all constraints, from {starts} starts; {} are in the way at the best of them. This is a search, not a proof", quoted(.blame))]
    NoneFound {
        /// Starts tried.
        starts: usize,
        /// Constraints that were not met.
        blame: Vec<String>,
    },
    /// The objective gets better without end, or the constraints can only be met out of all proportion.
    #[error("the best plan has {} {beyond}: either nothing limits it, and a constraint such as --subject-to '{example}' is missing, or the constraints ask for more than the law gives", .names.join(" and "))]
    Unbounded {
        /// Variables that run away.
        names: Vec<String>,
        /// On which side, in words.
        beyond: &'static str,
        /// A constraint that would help.
        example: String,
    },
    /// The formulas have no value anywhere in the search.
    #[error(
        "the formulas of the plan have no finite value at any of {starts} starting points: check the given values"
    )]
    NoValue {
        /// Starts tried.
        starts: usize,
    },
    /// The solver could not finish.
    #[error(
        "the plan could not be solved to the accuracy that is promised; please report it with the command that you ran"
    )]
    NotSolved,
    /// A level or tolerance outside its range.
    #[error("{name} is {value}, but must lie between 0 and 1")]
    OutsideUnit {
        /// What it is.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A law by name is not understood.
    #[error("{text} is not understood: {reason}")]
    BadSource {
        /// The text.
        text: String,
        /// Why, and what to write.
        reason: String,
    },
    /// No named plan of this name.
    #[error("no plan is called {name}{}; there are {}", .near.as_ref().map_or_else(String::new, |near| format!(", did you mean {near}?")), .known.join(", "))]
    UnknownPlan {
        /// The name.
        name: String,
        /// A name that is close.
        near: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A named plan lacks a value.
    #[error("the plan {plan} needs {}", .missing.join(" and "))]
    PlanNeeds {
        /// Name of the plan.
        plan: String,
        /// What to give, with what it means.
        missing: Vec<String>,
    },
    /// No device of this name.
    #[error("no device is called {name}{}; there are {}; one of your own is a file, --hardware my-gpu.toml", .near.as_ref().map_or_else(String::new, |near| format!(", did you mean {near}?")), .known.join(", "))]
    UnknownDevice {
        /// The name.
        name: String,
        /// A name that is close.
        near: Option<String>,
        /// All names.
        known: Vec<String>,
    },
    /// A device without a peak at the precision asked for.
    #[error("{device} has no peak at {precision}; it has {}", .known.join(", "))]
    NoPeak {
        /// The device.
        device: String,
        /// The precision asked for.
        precision: String,
        /// Those it has.
        known: Vec<String>,
    },
    /// A law with sums over the past.
    #[error(
        "the law {law} looks back over a run, and a plan has no run: plan with a law of the end of training"
    )]
    LooksBack {
        /// Name of the law.
        law: String,
    },
    /// A law without the input that a named plan is about.
    #[error("the plan {plan} is about {name}, which {law} does not have: it is for {laws}")]
    LawLacks {
        /// Name of the plan.
        plan: String,
        /// Name of the law.
        law: String,
        /// The input.
        name: String,
        /// The laws that the plan is for.
        laws: String,
    },
    /// A number that must be positive.
    #[error("{name} is {value}, but must be above 0")]
    NotPositive {
        /// What it is.
        name: &'static str,
        /// Its value.
        value: f64,
    },
    /// A limit that is none.
    #[error(
        "--limit '{name}={low}..{high}': both ends must be positive, the lower first, such as --limit 'N=10M..1B'"
    )]
    BadLimit {
        /// The input.
        name: String,
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// A limit or a value for something that is no input.
    #[error("{law} has no input {name}; it has {}", .known.join(", "))]
    UnknownLimit {
        /// The name.
        name: String,
        /// Name of the law.
        law: String,
        /// Inputs of the law.
        known: Vec<String>,
    },
    /// An input of which no range is known.
    #[error(
        "where may {name} lie? Say it with --limit '{name}=LOW..HIGH', or hold it with --given {name}=..."
    )]
    NoLimit {
        /// The input.
        name: String,
    },
    /// Every candidate costs too much.
    #[error(
        "no run can be paid: the cheapest within the limits costs {cheapest:e}, and one may cost {most:e}"
    )]
    NothingAffordable {
        /// Cost of the cheapest candidate.
        cheapest: f64,
        /// What one run may cost.
        most: f64,
    },
    /// No candidate meets a condition.
    #[error("no run within the limits meets --keep '{text}'")]
    NothingKept {
        /// The condition.
        text: String,
    },
    /// A whole number that is not decided.
    #[error("--integer {name}: only what is decided ({}) can be a whole number", .over.join(", "))]
    WholeNotDecided {
        /// The name.
        name: String,
        /// Decision variables.
        over: Vec<String>,
    },
    /// A goal that is not understood.
    #[error("--goal '{text}': {reason}")]
    BadGoal {
        /// The text.
        text: String,
        /// What is wrong, and what to write.
        reason: String,
    },
    /// A law for which next runs cannot be chosen.
    #[error("next runs for {law} cannot be chosen: {what}")]
    NextCannot {
        /// Name of the law.
        law: String,
        /// Why.
        what: String,
    },
    /// Past runs without an input.
    #[error("the past runs have no {name} for all of their {rows} rows")]
    PastLacks {
        /// The input.
        name: String,
        /// Number of runs.
        rows: usize,
    },
    /// A goal point without an input.
    #[error("--goal needs a value of {name}")]
    GoalLacks {
        /// The input.
        name: String,
    },
    /// A goal without parameters.
    #[error("--goal '{text}' has no parameter of the law in it; it has {}", .known.join(", "))]
    IdleGoal {
        /// The formula.
        text: String,
        /// Parameters of the law.
        known: Vec<String>,
    },
    /// A rival that reads other columns.
    #[error("{rival} reads {name}, which {law} does not: only laws over the same inputs can be told apart")]
    RivalReads {
        /// Name of the rival.
        rival: String,
        /// Name of the law.
        law: String,
        /// The input.
        name: String,
    },
    /// A plan, device or architecture file that is not understood.
    #[error("{file}: {reason}")]
    BadFile {
        /// Name of the file.
        file: String,
        /// What is wrong in it.
        reason: String,
    },
}

/// `, did you mean llama?`
fn near(level: &str, known: &[String]) -> String {
    closest(level, known.iter().map(String::as_str))
        .map_or_else(String::new, |near| format!(", did you mean {near}?"))
}

fn quoted(list: &[String]) -> String {
    list.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" and ")
}

impl PlanError {
    /// A short code that does not change between versions.
    pub fn code(&self) -> &'static str {
        match self {
            PlanError::NothingToDecide => "P0101",
            PlanError::TwoMeanings { .. } => "P0102",
            PlanError::MissingInputs { .. } => "P0103",
            PlanError::MissingParameter { .. } => "P0104",
            PlanError::UnusedGiven { .. } => "P0105",
            PlanError::NotANumber { .. } => "P0106",
            PlanError::Formula { .. } => "P0107",
            PlanError::NoConstraint { .. } => "P0108",
            PlanError::IdleConstraint { .. } => "P0109",
            PlanError::IdleObjective { .. } => "P0110",
            PlanError::IdleVariable { .. } => "P0111",
            PlanError::OutsideUnit { .. } => "P0112",
            PlanError::BadSource { .. } => "P0113",
            PlanError::UnknownPlan { .. } => "P0114",
            PlanError::PlanNeeds { .. } => "P0115",
            PlanError::BadFile { .. } => "P0116",
            PlanError::LawLacks { .. } => "P0117",
            PlanError::UnknownDevice { .. } => "P0118",
            PlanError::NoPeak { .. } => "P0119",
            PlanError::LooksBack { .. } => "P0120",
            PlanError::UnknownLevel { .. } => "P0121",
            PlanError::BadRole { .. } => "P0122",
            PlanError::Ambiguous { .. } => "P0123",
            PlanError::Circle { .. } => "P0124",
            PlanError::UnitsDiffer { .. } => "P0125",
            PlanError::IdleLaw { .. } => "P0126",
            PlanError::Roles { .. } => "P0127",
            PlanError::NoMatch { .. } => "P0128",
            PlanError::Shares { .. } => "P0129",
            PlanError::NoEquation { .. } => "P0130",
            PlanError::NoSolution { .. } => "P0206",
            PlanError::GivenOutside { .. } => "P0131",
            PlanError::NotPositive { .. } => "P0301",
            PlanError::BadLimit { .. } => "P0302",
            PlanError::UnknownLimit { .. } => "P0303",
            PlanError::NoLimit { .. } => "P0304",
            PlanError::NothingAffordable { .. } => "P0305",
            PlanError::NextCannot { .. } => "P0306",
            PlanError::PastLacks { .. } => "P0307",
            PlanError::GoalLacks { .. } => "P0308",
            PlanError::IdleGoal { .. } => "P0309",
            PlanError::RivalReads { .. } => "P0310",
            PlanError::NothingKept { .. } => "P0311",
            PlanError::BadGoal { .. } => "P0312",
            PlanError::WholeNotDecided { .. } => "P0313",
            PlanError::Infeasible { .. } => "P0201",
            PlanError::NoneFound { .. } => "P0202",
            PlanError::Unbounded { .. } => "P0203",
            PlanError::NoValue { .. } => "P0204",
            PlanError::NotSolved => "P0205",
        }
    }
}
