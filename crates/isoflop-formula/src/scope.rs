//! What names mean before a formula is read: columns, output, declared parameters.

use crate::symbols::{InputKind, Symbols};
use crate::units::Unit;

/// The names that a formula may use.
///
/// The default knows no column and is closed; [`Scope::open`] takes every unknown name as a free parameter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// Numeric columns.
    pub inputs: Vec<InputSpec>,
    /// The output. If `None`, the one name on the left side of `~` is the output, with the unit it has among
    /// the inputs. In a bare expression it is a column like the others.
    pub output: Option<InputSpec>,
    /// Further outputs, for a law of several statements `loss ~ ...; error ~ ...`.
    pub further_outputs: Vec<InputSpec>,
    /// Text columns: for comparison with texts (`family == "llama"`) and as index (`A[family]`).
    pub text_columns: Vec<String>,
    /// Declared parameters. Those that the formula does not use are left out of the result.
    pub params: Vec<ParamSpec>,
    /// Sets of columns for `sum(i in mix: ...)`. A set that is not declared here has all numeric columns whose
    /// names start with its own and `_`: `mix_web` and `mix_code` make `mix`.
    pub sets: Vec<ColumnSet>,
    /// Whether unknown names become free parameters; otherwise they are errors.
    pub open: bool,
    /// Whether units are known to agree, so that they are not checked again.
    pub trusted: bool,
}

/// A set of columns that sums run over; the columns themselves are among the inputs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ColumnSet {
    /// Name of the set.
    pub name: String,
    /// What the names of its columns start with, such as `mix_`.
    pub prefix: String,
    /// The rest of the name of each column, such as `web`.
    pub members: Vec<String>,
}

/// A column with its unit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct InputSpec {
    /// Name of the column.
    pub name: String,
    /// Its unit; [`Unit::default`] if nobody declared one.
    pub unit: Unit,
}

/// What is declared about a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamSpec {
    /// Name of the parameter.
    pub name: String,
    /// Its unit; `None` absorbs what its term needs.
    pub unit: Option<Unit>,
    /// Lower bound, `-inf` if none.
    pub lower: f64,
    /// Upper bound, `+inf` if none.
    pub upper: f64,
    /// Value to hold it at.
    pub fixed: Option<f64>,
    /// Formula text that replaces the parameter, such as `alpha`; it may use parameters and numbers.
    pub tie: Option<String>,
    /// Typical size, for starting points only.
    pub scale: Option<f64>,
    /// Column whose levels each have a value of their own, so that plain `A` means `A[group]`.
    pub group: Option<String>,
}

impl Scope {
    /// A scope that takes unknown names as free parameters, with these columns.
    pub fn open(inputs: Vec<InputSpec>) -> Self {
        Self { inputs, open: true, ..Self::default() }
    }

    /// The closed scope in which a printed expression of these symbols means the same again.
    ///
    /// ```
    /// use isoflop_formula::{Formula, Scope, print};
    /// let f = Formula::expression("a * x^2", &Scope { open: true, ..Scope::default() }).unwrap();
    /// let text = print::text(&f.graph, &f.symbols, f.body);
    /// let again = Formula::expression(&text, &Scope::of(&f.symbols)).unwrap();
    /// assert_eq!(again.symbols, f.symbols);
    /// ```
    pub fn of(symbols: &Symbols) -> Self {
        let mut scope = Self::default();
        for input in &symbols.inputs {
            match &input.kind {
                InputKind::Column => {
                    scope.inputs.push(InputSpec { name: input.name.clone(), unit: input.unit });
                }
                InputKind::Earlier { column: Some(name), .. } => {
                    scope.inputs.push(InputSpec { name: name.clone(), unit: input.unit });
                }
                InputKind::TextEquals { column, .. } => scope.text_columns.push(column.clone()),
                InputKind::Earlier { column: None, .. } | InputKind::Row | InputKind::Here => {}
            }
        }
        for param in &symbols.params {
            scope.text_columns.extend(param.group.clone());
            scope.params.push(ParamSpec {
                name: param.name.clone(),
                unit: param.unit,
                lower: param.lower,
                upper: param.upper,
                fixed: param.fixed,
                tie: None,
                scale: param.scale,
                group: param.group.clone(),
            });
        }
        scope.inputs.sort_by(|a, b| a.name.cmp(&b.name));
        scope.inputs.dedup_by(|a, b| a.name == b.name);
        scope.text_columns.sort();
        scope.text_columns.dedup();
        scope
    }

    /// The declared outputs.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = &InputSpec> {
        self.output.iter().chain(&self.further_outputs)
    }

    pub(crate) fn input(&self, name: &str) -> Option<&InputSpec> {
        self.inputs.iter().find(|i| i.name == name)
    }

    /// What is declared about a parameter. A member `C[web]` of a family is declared as itself or as `C`.
    pub(crate) fn param(&self, name: &str) -> Option<&ParamSpec> {
        let declared = |name: &str| self.params.iter().find(|p| p.name == name);
        declared(name).or_else(|| name.strip_suffix(']').and_then(|rest| declared(rest.split_once('[')?.0)))
    }

    /// The members of a set, in the order of the columns; empty if there is no such set.
    pub(crate) fn members(&self, set: &str) -> Vec<String> {
        match self.sets.iter().find(|s| s.name == set) {
            Some(declared) => declared.members.clone(),
            None if self.names().any(|name| name == set) => Vec::new(),
            None => {
                let is_output = |name: &str| self.outputs().any(|output| output.name == name);
                let names = self.inputs.iter().map(|i| i.name.as_str()).filter(|n| !is_output(n));
                let member = |n: &str| Some(n.strip_prefix(set)?.strip_prefix('_')?.to_string());
                names.filter_map(member).filter(|m| !m.is_empty()).collect()
            }
        }
    }

    /// Whether `name` is a declared set.
    pub(crate) fn is_declared_set(&self, name: &str) -> bool {
        self.sets.iter().any(|s| s.name == name)
    }

    /// Whether a word is a member of some set and no column of its own.
    pub(crate) fn is_member(&self, word: &str) -> bool {
        let column = self.input(word).is_some() || self.is_text(word);
        let ends =
            |name: &str| name.strip_suffix(word).is_some_and(|set| set.len() > 1 && set.ends_with('_'));
        !column
            && (self.sets.iter().any(|s| s.members.iter().any(|m| m == word))
                || self.inputs.iter().any(|i| ends(&i.name)))
    }

    /// The column of a member.
    pub(crate) fn column_of(&self, set: &str, member: &str) -> String {
        match self.sets.iter().find(|s| s.name == set) {
            Some(declared) => format!("{}{member}", declared.prefix),
            None => format!("{set}_{member}"),
        }
    }

    pub(crate) fn is_text(&self, name: &str) -> bool {
        self.text_columns.iter().any(|c| c == name)
    }

    /// Every name that is declared, for suggestions.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let columns = self.inputs.iter().chain(self.outputs()).map(|i| i.name.as_str());
        columns
            .chain(self.sets.iter().map(|s| s.name.as_str()))
            .chain(self.params.iter().map(|p| p.name.as_str()))
            .chain(self.text_columns.iter().map(String::as_str))
    }
}

impl InputSpec {
    /// A column with its unit.
    pub fn new(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit }
    }
}

impl ParamSpec {
    /// A free parameter without bounds.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

impl Default for ParamSpec {
    fn default() -> Self {
        Self {
            name: String::new(),
            unit: None,
            lower: f64::NEG_INFINITY,
            upper: f64::INFINITY,
            fixed: None,
            tie: None,
            scale: None,
            group: None,
        }
    }
}
