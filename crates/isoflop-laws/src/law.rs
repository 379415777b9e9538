//! A law: a compiled formula and all that is known about it.

use std::path::PathBuf;

use isoflop_formula::{Diagnostics, Formula, InputKind, InputSpec, NodeId, Runs, Scope, Unit, evaluate};

use crate::check;
use crate::coefficients::CoefficientSet;
use crate::error::{LawError, LawErrors};
use crate::grade::Grade;
use crate::parts::{Citation, Derived, Design, Golden, Members, Parameter, Recipe, Value, Variable};
use crate::prose::Prose;
use crate::read::read;

/// Where a law comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Embedded in the program.
    BuiltIn,
    /// A file of the user.
    File(PathBuf),
    /// A formula given on the spot.
    Formula,
}

/// A scaling law: its formula with declared inputs, output and parameters, and what is known about it.
///
/// ```
/// use isoflop_laws::Catalogue;
/// let catalogue = Catalogue::builtin()?;
/// let law = catalogue.find("chinchilla")?;
/// let values = law.coefficients("besiroglu").and_then(|set| set.complete()).unwrap();
/// let loss = law.predict(values, &[("N", 70e9), ("D", 1.4e12)])?;
/// assert!((loss - 1.97388).abs() < 1e-5);
/// # Ok::<(), isoflop_laws::LawErrors>(())
/// ```
#[derive(Debug, Clone)]
pub struct Law {
    /// Name by which it is asked for, in lower snake case.
    pub id: String,
    /// One line that says what it predicts from what.
    pub title: String,
    /// Part of the catalogue: the folder of its file.
    pub area: String,
    /// Other names people use.
    pub aliases: Vec<String>,
    /// How far the form of the law was checked; each coefficient set has its own grade.
    pub grade: Grade,
    /// What N, D and C count in the source.
    pub counting: Option<String>,
    /// Which decision it supports, in one line.
    pub decision: Option<String>,
    /// Inputs, in the order of the file.
    pub inputs: Vec<Variable>,
    /// What it predicts: the output of its first statement.
    pub output: Variable,
    /// The outputs of its further statements, `loss ~ ...; error ~ ...`; mostly none.
    pub further_outputs: Vec<Variable>,
    /// Parameters, in the order of the file.
    pub parameters: Vec<Parameter>,
    /// Quantities that follow from the parameters.
    pub derived: Vec<Derived>,
    /// How to fit it; without one, the fitter's default.
    pub recipe: Option<Recipe>,
    /// Known coefficients.
    pub sets: Vec<CoefficientSet>,
    /// Where to simulate it.
    pub design: Option<Design>,
    /// Values it must give.
    pub golden: Vec<Golden>,
    /// Works it comes from, the first one foremost.
    pub citations: Vec<Citation>,
    /// What the file says in words.
    pub prose: Prose,
    /// Where it comes from.
    pub origin: Origin,
    pub(crate) text: String,
    pub(crate) formula: Formula,
}

impl Law {
    /// Reads a law file. `file` is the name used in messages.
    ///
    /// # Errors
    /// Every mistake in the file, in the order of its lines.
    pub fn parse(file: &str, text: &str) -> Result<Law, LawErrors> {
        read(file, text, None, Origin::File(PathBuf::from(file)))
    }

    /// A law made from a formula alone, for `--law 'loss ~ E + A / N^alpha'`.
    ///
    /// `numbers` and `texts` are the column names of the data; any other name becomes a free parameter.
    /// N, D, C, S and the loss get their usual units, other columns an open one. Parameters have no bounds
    /// (the text cannot say that `A` is a size and `alpha` an exponent): a parameter that must not be
    /// negative, such as an irreducible loss, needs an explicit bound.
    ///
    /// # Errors
    /// What is wrong in the text.
    ///
    /// ```
    /// use isoflop_laws::Law;
    /// let law = Law::from_formula("loss ~ E + A / N^alpha", &["N", "loss", "seed"], &[])?;
    /// assert_eq!(law.output.name, "loss");
    /// assert_eq!(law.inputs.len(), 1);
    /// assert_eq!(law.parameters.len(), 3);
    /// # Ok::<(), isoflop_formula::Diagnostics>(())
    /// ```
    pub fn from_formula(text: &str, numbers: &[&str], texts: &[&str]) -> Result<Law, Diagnostics> {
        let scope = Scope {
            text_columns: texts.iter().map(|name| (*name).to_owned()).collect(),
            ..Scope::open(numbers.iter().map(|name| InputSpec::new(*name, usual_unit(name))).collect())
        };
        let formula = Formula::compile(text, &scope)?;
        let column = |name: &str, unit: Unit, text: bool| Variable {
            name: name.to_owned(),
            unit,
            description: "column of the data".to_owned(),
            text,
            integer: false,
            set: None,
        };
        let mut inputs: Vec<Variable> = Vec::new();
        // The first input is the first output itself.
        for input in formula.symbols.inputs.iter().skip(1) {
            let variable = match &input.kind {
                InputKind::Column | InputKind::Earlier { column: Some(_), .. } => {
                    column(&input.name, input.unit, false)
                }
                InputKind::TextEquals { column: name, .. } => column(name, Unit::default(), true),
                InputKind::Earlier { column: None, .. } | InputKind::Row | InputKind::Here => continue,
            };
            // A formula may compare one text column with several values.
            if !inputs.contains(&variable) {
                inputs.push(variable);
            }
        }
        let output = formula.output.as_ref().map_or_else(
            || column("", Unit::default(), false),
            |output| column(&output.name, output.unit, false),
        );
        let further = formula.parts.iter().skip(1).map(|part| &part.left);
        let further_outputs = further.map(|left| column(&left.name, left.unit, false)).collect();
        let parameters = formula.symbols.params.iter().map(|param| Parameter {
            name: param.name.clone(),
            lower: param.lower,
            upper: param.upper,
            fixed: param.fixed,
            scale: param.scale,
            unit: param.unit,
            description: "free parameter of the formula".to_owned(),
        });
        Ok(Law {
            id: "formula".to_owned(),
            title: text.to_owned(),
            area: "formula".to_owned(),
            aliases: Vec::new(),
            grade: Grade::Memory,
            counting: None,
            decision: None,
            parameters: parameters.collect(),
            inputs,
            output,
            further_outputs,
            derived: Vec::new(),
            recipe: None,
            sets: Vec::new(),
            design: None,
            golden: Vec::new(),
            citations: Vec::new(),
            prose: Prose::default(),
            origin: Origin::Formula,
            text: text.to_owned(),
            formula,
        })
    }

    /// The compiled formula, with the bounds, scales and units of the law in its symbols.
    pub fn formula(&self) -> &Formula {
        &self.formula
    }

    /// The names that the formula was compiled with. To hold, bound or tie parameters, change the scope's
    /// `params` and compile `formula().text` again.
    pub fn scope(&self) -> Scope {
        let outputs: Vec<Variable> = self.outputs().cloned().collect();
        check::scope(&self.inputs, &outputs, &self.parameters)
    }

    /// All that it predicts, in the order of its statements.
    pub fn outputs(&self) -> impl Iterator<Item = &Variable> + Clone {
        std::iter::once(&self.output).chain(&self.further_outputs)
    }

    /// The law over the columns of a table: each set of columns (`[inputs.mix]` with members) gets the columns of
    /// the table that begin with its prefix, and one value of each family of parameters per column.
    ///
    /// Without such columns, or without sets, the law comes back as it is.
    ///
    /// # Errors
    /// The formula does not compile over the columns found, which no shipped law does.
    pub fn over<'n>(&self, columns: impl Iterator<Item = &'n str> + Clone) -> Result<Law, Diagnostics> {
        let mut law = self.clone();
        let mut changed = false;
        for set in law.inputs.iter_mut().filter_map(|input| input.set.as_mut()) {
            let found = columns.clone().filter_map(|name| name.strip_prefix(set.prefix.as_str()));
            let found: Vec<String> = found.filter(|rest| !rest.is_empty()).map(str::to_owned).collect();
            if !found.is_empty() && found != set.names {
                *set = Members { prefix: set.prefix.clone(), names: found };
                changed = true;
            }
        }
        if changed {
            law.formula = Formula::compile(&self.formula.text, &law.scope())?;
            for derived in &mut law.derived {
                let scope = check::derived_scope(&law.inputs, &law.parameters, &derived.inputs);
                derived.formula = Formula::expression(&derived.text, &scope)?;
            }
        }
        Ok(law)
    }

    /// The whole text of the law file, from which [`Law::parse`] makes the law again; for a law made by
    /// [`Law::from_formula`], the formula.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The coefficient set with this id.
    pub fn coefficients(&self, id: &str) -> Option<&CoefficientSet> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// The work with this id.
    pub fn citation(&self, id: &str) -> Option<&Citation> {
        self.citations.iter().find(|citation| citation.id == id)
    }

    /// The derived quantity with this name.
    pub fn derived(&self, name: &str) -> Option<&Derived> {
        self.derived.iter().find(|derived| derived.name == name)
    }

    /// The predicted output at one point, for a law of several statements that of the first; for tables use [`formula`](Self::formula) and the evaluator.
    ///
    /// `values` and `inputs` are looked up by name and may hold more than is needed. For a law with sums over the past
    /// the inputs are sequences, a run up to the point. A grouped parameter `A[family]`
    /// is looked up as `A[llama]` and then as `A`.
    ///
    /// # Errors
    /// A parameter or an input without a value.
    pub fn predict<V: AsRef<str>, I: AsRef<str>, X: Clone + Into<Value>>(
        &self,
        values: &[(V, f64)],
        inputs: &[(I, X)],
    ) -> Result<f64, LawError> {
        let node = self.formula.output.as_ref().map_or(self.formula.body, |output| output.prediction);
        at_point(&self.id, &self.formula, node, values, inputs)
    }

    /// Relative difference between a golden value and what the law gives; NaN if it gives nothing.
    pub fn error(&self, golden: &Golden) -> f64 {
        let values = self.coefficients(&golden.coefficients).and_then(CoefficientSet::complete);
        let value = values.and_then(|values| {
            let found = match &golden.quantity {
                None => self.predict(values, &golden.inputs),
                Some(name) => self.derive(name, values, &golden.inputs),
            };
            found.ok()
        });
        value.map_or(f64::NAN, |value| (value / golden.value - 1.0).abs())
    }

    /// A derived quantity at the given parameter values, and inputs if it needs any; or an output of this name.
    ///
    /// # Errors
    /// No such quantity or output, or a parameter or an input without a value.
    pub fn derive<V: AsRef<str>>(
        &self,
        name: &str,
        values: &[(V, f64)],
        inputs: &[(String, Value)],
    ) -> Result<f64, LawError> {
        if let Some(k) = self.outputs().position(|output| output.name == name) {
            let formula = self.formula.part(k);
            let node = formula.output.as_ref().map_or(formula.body, |output| output.prediction);
            return at_point(&self.id, &formula, node, values, inputs);
        }
        let derived = self.derived(name).ok_or_else(|| no_value(&self.id, name))?;
        at_point(&self.id, &derived.formula, derived.formula.body, values, inputs)
    }
}

fn at_point<V: AsRef<str>, I: AsRef<str>, X: Clone + Into<Value>>(
    law: &str,
    formula: &Formula,
    node: NodeId,
    values: &[(V, f64)],
    inputs: &[(I, X)],
) -> Result<f64, LawError> {
    let output = formula.output.as_ref().map(|output| output.name.as_str());
    let input = |name: &str| -> Option<Value> {
        inputs.iter().find(|(key, _)| key.as_ref() == name).map(|(_, value)| value.clone().into())
    };
    let length = |value: &Value| match value {
        Value::Sequence(values) => values.len(),
        _ => 1,
    };
    let rows =
        formula.symbols.inputs.iter().filter_map(|symbol| input(&symbol.name)).map(|v| length(&v)).max();
    let rows = rows.unwrap_or(1);
    let runs = Runs::new(&vec![0; rows], None, |_| true);
    let mut columns = Vec::new();
    for symbol in &formula.symbols.inputs {
        let value = match (&symbol.kind, input(&symbol.name)) {
            (InputKind::Column, Some(value)) => value.number().map(|value| vec![value]),
            // The prediction does not read the output's own column.
            (InputKind::Column, None) if output == Some(&symbol.name) => Some(vec![f64::NAN]),
            (InputKind::TextEquals { value: wanted, .. }, Some(Value::Text(value))) => {
                Some(vec![f64::from(u8::from(*wanted == value))])
            }
            (InputKind::Column | InputKind::TextEquals { .. }, _) => None,
            (past, value) => {
                let whole = match value {
                    // One number holds for the whole run.
                    Some(Value::Number(value)) => vec![value; rows],
                    Some(Value::Sequence(values)) if values.len() == rows => values,
                    _ => Vec::new(),
                };
                let whole = (!whole.is_empty()).then_some(whole.as_slice());
                runs.input(past, std::iter::once(rows - 1), |_| whole)
            }
        };
        columns.push(value.ok_or_else(|| no_value(law, &symbol.name))?);
    }
    let value = |name: &str| values.iter().find(|(key, _)| key.as_ref() == name).map(|&(_, value)| value);
    let mut params = Vec::new();
    for param in &formula.symbols.params {
        let level = param.group.as_deref().and_then(&input);
        let own = match level {
            Some(Value::Text(level)) => value(&format!("{}[{level}]", param.name)),
            _ => None,
        };
        let found = own.or_else(|| value(&param.name)).or_else(|| family(&param.name).and_then(value));
        params.push(found.ok_or_else(|| no_value(law, &param.name))?);
    }
    let columns: Vec<&[f64]> = columns.iter().map(|column| column.as_slice()).collect();
    let mut out = [0.0];
    evaluate(&formula.graph, node, &columns, &params, &mut out);
    Ok(out[0])
}

/// `C` of the member `C[web]`.
pub(crate) fn family(name: &str) -> Option<&str> {
    Some(name.strip_suffix(']')?.split_once('[')?.0)
}

fn no_value(law: &str, name: &str) -> LawError {
    LawError::NoValue { law: law.to_owned(), name: name.to_owned() }
}

/// What a column of this name nearly always holds.
fn usual_unit(name: &str) -> Unit {
    let unit = match name {
        "N" => "param",
        "D" => "token",
        "C" => "FLOP",
        "S" => "step",
        "loss" => "nat/token",
        _ => return Unit::default(),
    };
    Unit::parse(unit).unwrap_or_default()
}
