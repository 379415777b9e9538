//! The parts of a law that are plain data.

use isoflop_formula::{Formula, InputKind, Runs, Unit, evaluate};

/// An input or the output of a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Name in the formula and default column name.
    pub name: String,
    /// Unit of its values.
    pub unit: Unit,
    /// What it is and how it is counted.
    pub description: String,
    /// Whether it is a column of texts, used only for groups and comparisons (`unit = "text"`).
    pub text: bool,
    /// Whether only whole numbers make sense, such as bits, experts or layers.
    pub integer: bool,
    /// For a set of columns that `sum(i in NAME: ...)` runs over: which columns it has.
    pub set: Option<Members>,
}

/// The columns of a set: `mix_web` and `mix_code` are the members `web` and `code` of the prefix `mix_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members {
    /// What the names of the columns start with.
    pub prefix: String,
    /// The rest of each name.
    pub names: Vec<String>,
}

impl Members {
    /// Names of the columns.
    pub fn columns(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|name| format!("{}{name}", self.prefix))
    }
}

/// A parameter of a law.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Name in the formula.
    pub name: String,
    /// Smallest sensible value, `-inf` if none.
    pub lower: f64,
    /// Largest sensible value, `+inf` if none.
    pub upper: f64,
    /// Value to hold it at unless the user frees it.
    pub fixed: Option<f64>,
    /// Typical size; only a start for searches.
    pub scale: Option<f64>,
    /// Declared unit; most are left open and take what their term needs.
    pub unit: Option<Unit>,
    /// What it means.
    pub description: String,
}

/// A number that follows from the parameters, such as `a_opt = beta / (alpha + beta)`.
#[derive(Debug, Clone)]
pub struct Derived {
    /// Its name.
    pub name: String,
    /// Formula over the parameters of the law and [`Derived::inputs`].
    pub text: String,
    /// What it means.
    pub description: String,
    /// What it needs beside the parameters, with units: the budget of a closed-form optimum, say. Mostly empty.
    pub inputs: Vec<(String, Unit)>,
    pub(crate) formula: Formula,
}

impl Derived {
    /// The compiled formula; its symbols hold parameters and [`Derived::inputs`].
    pub fn formula(&self) -> &Formula {
        &self.formula
    }
}

/// How the law is fitted unless the user says otherwise. The fitting crate knows the objectives by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recipe {
    /// Name of the objective, such as `huber-log`.
    pub objective: String,
    /// Threshold of a Huber objective.
    pub delta: Option<f64>,
    /// Degrees of freedom of a Student-t objective.
    pub nu: Option<f64>,
    /// Level of a quantile objective, between 0 and 1.
    pub quantile: Option<f64>,
    /// Why, and how it differs from what the authors did.
    pub note: Option<String>,
}

/// A work that a law or a coefficient set comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    /// Short name, such as `hoffmann_2022`.
    pub id: String,
    /// Authors, as BibTeX wants them.
    pub authors: String,
    /// Year of the first version, if known.
    pub year: Option<u16>,
    /// Title.
    pub title: String,
    /// arXiv number.
    pub arxiv: Option<String>,
    /// `owner/name` of a public code repository.
    pub repository: Option<String>,
}

/// A design to simulate the law on: every combination of the levels of the inputs. A law with sums over the past has
/// the levels of `run`, texts, and of `step` too.
#[derive(Debug, Clone)]
pub struct Design {
    /// Set whose values to use; without one, `values` are ours and belong to no source.
    pub coefficients: Option<String>,
    /// Names and values of all parameters.
    pub values: Vec<(String, f64)>,
    /// Relative standard deviation of the simulated noise.
    pub noise: f64,
    /// Inputs with their levels.
    pub levels: Vec<(String, Levels)>,
}

/// What an input of a design takes.
#[derive(Debug, Clone)]
pub enum Levels {
    /// These numbers.
    Numbers(Vec<f64>),
    /// These texts.
    Texts(Vec<String>),
    /// What a formula of the other inputs gives, such as `C / (6 * N)`.
    Formula(Box<Formula>),
}

impl Levels {
    fn size(&self) -> usize {
        match self {
            Levels::Numbers(list) => list.len(),
            Levels::Texts(list) => list.len(),
            Levels::Formula(_) => 1,
        }
    }
}

/// The rows of a design.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DesignTable {
    /// Number of rows.
    pub rows: usize,
    /// Numeric columns by name.
    pub numbers: Vec<(String, Vec<f64>)>,
    /// Text columns by name.
    pub texts: Vec<(String, Vec<String>)>,
}

impl Design {
    /// Number of combinations of the levels; `None` if it is beyond all counting.
    pub(crate) fn rows(&self) -> Option<usize> {
        self.levels.iter().try_fold(1_usize, |rows, (_, levels)| rows.checked_mul(levels.size()))
    }

    /// All combinations of the levels, last input fastest, with the inputs that follow from others.
    pub fn table(&self) -> DesignTable {
        let rows = self.rows().unwrap_or(0);
        let mut table = DesignTable { rows, ..DesignTable::default() };
        let mut repeat = rows;
        for (name, levels) in &self.levels {
            let size = levels.size().max(1);
            repeat /= size;
            let place = |row: usize| row / repeat.max(1) % size;
            match levels {
                Levels::Numbers(list) => {
                    table.numbers.push((name.clone(), (0..rows).map(|row| list[place(row)]).collect()));
                }
                Levels::Texts(list) => {
                    table.texts.push((name.clone(), (0..rows).map(|row| list[place(row)].clone()).collect()));
                }
                Levels::Formula(_) => {}
            }
        }
        for (name, levels) in &self.levels {
            if let Levels::Formula(formula) = levels {
                let columns: Option<Vec<Vec<f64>>> = formula
                    .symbols
                    .inputs
                    .iter()
                    .map(|input| table.input(&input.name, &input.kind))
                    .collect();
                let mut out = vec![f64::NAN; rows];
                if let Some(columns) = columns {
                    let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
                    evaluate(&formula.graph, formula.body, &slices, &[], &mut out);
                }
                table.numbers.push((name.clone(), out));
            }
        }
        table
    }
}

impl DesignTable {
    /// The numeric column of this name.
    pub fn number(&self, name: &str) -> Option<&[f64]> {
        self.numbers.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    /// The rows as runs, for sums over the past.
    pub fn runs(&self) -> Runs {
        let texts = self.text("run").unwrap_or_default();
        let code = |text: &String| texts.iter().position(|first| first == text).unwrap_or(0) as u32;
        let codes: Vec<u32> =
            if texts.is_empty() { vec![0; self.rows] } else { texts.iter().map(code).collect() };
        Runs::new(&codes, self.number("step"), |_| true)
    }

    /// What an input of a formula reads: one value per row, or for [`InputKind::Earlier`] one per row of all runs;
    /// `None` if its column is missing.
    pub fn input(&self, name: &str, kind: &InputKind) -> Option<Vec<f64>> {
        match kind {
            InputKind::Column => self.number(name).map(<[f64]>::to_vec),
            InputKind::TextEquals { column, value } => {
                Some(self.text(column)?.iter().map(|text| f64::from(u8::from(text == value))).collect())
            }
            past => self.runs().input(past, 0..self.rows, |name| self.number(name)),
        }
    }

    /// The text column of this name.
    pub fn text(&self, name: &str) -> Option<&[String]> {
        self.texts.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    /// One row as inputs of [`crate::Law::predict`]; with the rows of its run before it where the design has runs.
    pub fn row(&self, row: usize) -> Vec<(String, Value)> {
        let runs = self.text("run").map(|_| self.runs());
        let past = runs.as_ref().map(|runs| runs.past(row));
        let number = |values: &[f64]| match past {
            Some(past) => Value::Sequence(past.iter().map(|&row| values[row]).collect()),
            None => Value::Number(values[row]),
        };
        let numbers = self.numbers.iter().map(|(name, v)| (name.clone(), number(v)));
        let texts = self.texts.iter().map(|(name, v)| (name.clone(), Value::Text(v[row].clone())));
        numbers.chain(texts).collect()
    }
}

/// The value of one input.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of a numeric column.
    Number(f64),
    /// Of a text column.
    Text(String),
    /// Of a numeric column in the rows of a run up to the present one, first row first.
    Sequence(Vec<f64>),
}

impl Value {
    /// The number of the present row.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Value::Number(value) => Some(*value),
            Value::Sequence(values) => values.last().copied(),
            Value::Text(_) => None,
        }
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Number(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_owned())
    }
}

/// A value that the law must give, for tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// Coefficient set to use.
    pub coefficients: String,
    /// A derived quantity, or a further output, instead of the output.
    pub quantity: Option<String>,
    /// Inputs: those of the law, or those of the derived quantity.
    pub inputs: Vec<(String, Value)>,
    /// Expected value.
    pub value: f64,
    /// Largest relative difference.
    pub tolerance: f64,
    /// Who says so.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_design_is_the_full_grid() {
        let scope = isoflop_formula::Scope::open(vec![isoflop_formula::InputSpec::new("N", Unit::default())]);
        let double = Formula::expression("2 * N", &scope).unwrap();
        let levels = vec![
            ("C".to_owned(), Levels::Formula(Box::new(double))),
            ("N".to_owned(), Levels::Numbers(vec![1.0, 2.0])),
            ("family".to_owned(), Levels::Texts(vec!["a".into(), "b".into(), "c".into()])),
        ];
        let design = Design { coefficients: None, values: Vec::new(), noise: 0.0, levels };
        let table = design.table();
        assert_eq!(table.number("N").unwrap(), [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(table.text("family").unwrap(), ["a", "b", "c", "a", "b", "c"]);
        assert_eq!(table.number("C").unwrap(), [2.0, 2.0, 2.0, 4.0, 4.0, 4.0]);
    }
}
