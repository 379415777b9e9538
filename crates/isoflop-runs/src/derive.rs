//! `--let` and `--where`: new columns and a choice of rows, in the formula language.

use std::borrow::Cow;

use isoflop_formula::{Formula, InputKind, InputSpec, Scope, Unit, closest, evaluate};

use crate::column::{Column, MISSING_CODE, Numbers};
use crate::error::RunsError;
use crate::mapping::Mapping;
use crate::mask::Mask;
use crate::roles::{Found, Role};
use crate::table::RunTable;

/// What a filter did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filtered {
    /// Rows kept.
    pub kept: usize,
    /// Rows removed because the condition is false.
    pub removed: usize,
    /// Rows removed because a column that the condition reads is missing or NaN there.
    pub undecided: usize,
    /// Texts compared with that no row has.
    pub unknown_texts: Vec<UnknownText>,
}

/// A text that a filter compares a column with and that no row has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownText {
    /// The column.
    pub column: String,
    /// The text.
    pub text: String,
    /// The text of the column that comes closest, if one does.
    pub suggestion: Option<String>,
}

impl std::fmt::Display for UnknownText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no row has {} == {:?}", self.column, self.text)?;
        match &self.suggestion {
            Some(text) => write!(f, "; did you mean {text:?}?"),
            None => Ok(()),
        }
    }
}

impl RunTable {
    /// Defines a column by a formula of columns and roles, such as `D = C / (6*N)`; it may replace a column,
    /// and the new column stands for its name in `mapping` from then on.
    ///
    /// A cell is missing where a column that the formula reads is missing.
    ///
    /// # Errors
    /// [`RunsError::BadLet`] and [`RunsError::Formula`], and text in a column that is used as a number.
    ///
    /// ```
    /// use isoflop_runs::{ReadOptions, RunTable, find_roles};
    /// let text = "n_params,flops\n1e6,6e15\n";
    /// let mut table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default())?;
    /// let mut mapping = find_roles(&table, &[])?;
    /// table.define(&mut mapping, "D = C / (6*N)")?;
    /// assert_eq!(table.number(mapping.column("D").unwrap())?.values, [1e9]);
    /// # Ok::<(), isoflop_runs::RunsError>(())
    /// ```
    pub fn define(&mut self, mapping: &mut Mapping, text: &str) -> Result<(), RunsError> {
        let (name, expression) = split_definition(text)?;
        let Values { mut values, missing, .. } = self.evaluate(mapping, "--let", expression)?;
        for row in missing.iter() {
            values[row] = f64::NAN;
        }
        let numbers = Numbers { values, missing };
        self.set_column(name, Column::Numbers(numbers));
        if Role::of(name).is_some() || mapping.binding(name).is_some() {
            mapping.bind(name, name, Found::Let);
        }
        Ok(())
    }

    /// Keeps the rows for which a condition of columns and roles is true, such as
    /// `C < 1e21 and family == "llama"`.
    ///
    /// A row is removed, and counted apart, where a column that the condition reads is missing or NaN.
    ///
    /// # Errors
    /// [`RunsError::Formula`], and text in a column that is used as a number.
    ///
    /// ```
    /// use isoflop_runs::{ReadOptions, RunTable, find_roles};
    /// let text = "params,family,loss\n1e6,llama,3.1\n1e9,llama,2.2\n1e6,gpt,3.3\n";
    /// let mut table = RunTable::from_reader("runs.csv", text.as_bytes(), &ReadOptions::default())?;
    /// let mapping = find_roles(&table, &[])?;
    /// let outcome = table.filter(&mapping, "N < 1e8 and family == 'llama'")?;
    /// assert_eq!((outcome.kept, outcome.removed), (1, 2));
    /// assert_eq!(table.place(0).to_string(), "runs.csv:2");
    /// # Ok::<(), isoflop_runs::RunsError>(())
    /// ```
    pub fn filter(&mut self, mapping: &Mapping, text: &str) -> Result<Filtered, RunsError> {
        let Values { values, missing, not_a_number, unknown_texts } =
            self.evaluate(mapping, "--where", text)?;
        let is_unknown = |row: usize| missing.contains(row) || not_a_number.contains(row);
        let undecided = (0..self.rows).filter(|&row| is_unknown(row)).count();
        let keep: Vec<bool> =
            values.iter().enumerate().map(|(row, &value)| value != 0.0 && !is_unknown(row)).collect();
        let before = self.rows;
        self.retain(&keep);
        Ok(Filtered { kept: self.rows, removed: before - self.rows - undecided, undecided, unknown_texts })
    }

    fn evaluate(&self, mapping: &Mapping, option: &'static str, text: &str) -> Result<Values, RunsError> {
        let formula = self.compile(mapping, option, text)?;
        let mut missing = Mask::default();
        let mut not_a_number = Mask::default();
        let mut unknown_texts = Vec::new();
        let mut inputs: Vec<Cow<'_, [f64]>> = Vec::new();
        let symbols = &formula.symbols.inputs;
        let earlier: Vec<&str> = symbols.iter().filter_map(|input| input.kind.earlier()).collect();
        let looks_back = symbols.iter().any(|input| input.kind == InputKind::Here);
        let runs = looks_back.then(|| self.runs(mapping, &earlier)).transpose()?;
        for input in symbols {
            match &input.kind {
                kind @ (InputKind::Earlier { .. } | InputKind::Row | InputKind::Here) => {
                    let column = kind.earlier().map(|name| mapping.resolve(self, name)).transpose()?;
                    let numbers = column.map(|column| self.number(column)).transpose()?;
                    let whole = |_: &str| numbers.map(|numbers| numbers.values.as_slice());
                    let values = runs.as_ref().and_then(|runs| runs.input(kind, 0..self.rows, whole));
                    inputs.push(Cow::Owned(values.unwrap_or_default()));
                }
                InputKind::Column => {
                    let numbers = self.number(mapping.resolve(self, &input.name)?)?;
                    numbers.missing.iter().for_each(|row| missing.insert(row));
                    let nans = numbers.values.iter().enumerate().filter(|(_, value)| value.is_nan());
                    nans.for_each(|(row, _)| not_a_number.insert(row));
                    inputs.push(Cow::Borrowed(&numbers.values));
                }
                InputKind::TextEquals { column, value } => {
                    let column = mapping.resolve(self, column)?;
                    let cells = self.text(column)?;
                    let codes = cells.codes.iter().enumerate().filter(|&(_, &code)| code == MISSING_CODE);
                    codes.for_each(|(row, _)| missing.insert(row));
                    inputs.push(Cow::Owned(cells.indicator(value)));
                    if !cells.levels.iter().any(|level| level == value) {
                        unknown_texts.push(UnknownText {
                            column: column.to_owned(),
                            text: value.clone(),
                            suggestion: closest(value, cells.levels.iter()).map(str::to_owned),
                        });
                    }
                }
            }
        }
        let inputs: Vec<&[f64]> = inputs.iter().map(AsRef::as_ref).collect();
        let mut values = vec![0.0; self.rows];
        evaluate(&formula.graph, formula.body, &inputs, &[], &mut values);
        Ok(Values { values, missing, not_a_number, unknown_texts })
    }

    fn compile(&self, mapping: &Mapping, option: &'static str, text: &str) -> Result<Formula, RunsError> {
        Formula::expression(text, &self.scope(mapping, false)).or_else(|diagnostics| {
            // A column of numbers with a few texts in it, used as a number: taking it for one makes the
            // evaluation name the first text and its line, which says more than "this is a text column".
            Formula::expression(text, &self.scope(mapping, true)).map_err(|_| RunsError::Formula {
                option,
                text: text.to_owned(),
                diagnostics: Box::new(diagnostics),
            })
        })
    }

    /// Names that a formula may use here: those of the mapping and all columns. Units stay undeclared,
    /// because a table may well be told that D = C / (6*N).
    fn scope(&self, mapping: &Mapping, mixed_as_numbers: bool) -> Scope {
        let bound = mapping.bindings().iter().map(|b| (b.name.as_str(), self.column(&b.column)));
        let all = bound.chain(self.columns().map(|(name, column)| (name, Some(column))));
        let mut scope = Scope::default();
        for (name, column) in all {
            let is_known =
                scope.inputs.iter().any(|i| i.name == name) || scope.text_columns.iter().any(|c| c == name);
            match column {
                _ if is_known => {}
                Some(Column::Text(text)) if !(mixed_as_numbers && text.has_numbers()) => {
                    scope.text_columns.push(name.to_owned());
                }
                Some(_) => scope.inputs.push(InputSpec::new(name, Unit::default())),
                None => {}
            }
        }
        scope
    }
}

/// Values of a formula, and the rows whose inputs are not known.
struct Values {
    values: Vec<f64>,
    missing: Mask,
    not_a_number: Mask,
    unknown_texts: Vec<UnknownText>,
}

/// Splits `D = C / (6*N)` at its first `=`.
fn split_definition(text: &str) -> Result<(&str, &str), RunsError> {
    let error = |reason| RunsError::BadLet { text: text.to_owned(), reason };
    let (name, expression) = text.split_once('=').ok_or(error("write NAME = FORMULA"))?;
    let name = name.trim();
    let bare = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
    let is_plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "_./".contains(c));
    match bare.or(is_plain(name).then_some(name)) {
        _ if expression.starts_with('=') => Err(error("one = defines, two compare")),
        Some("") => Err(error("the name before = is missing")),
        Some(name) => Ok((name, expression.trim())),
        None => Err(error("the part before = must be one name")),
    }
}
