//! The parts of a law that are plain data.

use isoflop_formula::Unit;

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
    /// Formula over the parameters of the law.
    pub text: String,
    /// What it means.
    pub description: String,
    pub(crate) formula: isoflop_formula::Formula,
}

impl Derived {
    /// The compiled formula; its symbols hold only parameters.
    pub fn formula(&self) -> &isoflop_formula::Formula {
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

/// A design to simulate the law on: every combination of the levels of the inputs.
#[derive(Debug, Clone, PartialEq)]
pub struct Design {
    /// Set whose values to use; without one, `values` are ours and belong to no source.
    pub coefficients: Option<String>,
    /// Names and values of all parameters.
    pub values: Vec<(String, f64)>,
    /// Relative standard deviation of the simulated noise.
    pub noise: f64,
    /// Inputs with their levels.
    pub levels: Vec<(String, Vec<f64>)>,
}

impl Design {
    /// One column per input, in the order of [`levels`](Self::levels): all combinations, last input fastest.
    pub fn columns(&self) -> Vec<Vec<f64>> {
        let rows: usize = self.levels.iter().map(|(_, levels)| levels.len()).product();
        let mut repeat = rows;
        self.levels
            .iter()
            .map(|(_, levels)| {
                repeat /= levels.len().max(1);
                (0..rows)
                    .filter_map(|row| levels.get(row / repeat.max(1) % levels.len().max(1)).copied())
                    .collect()
            })
            .collect()
    }
}

/// A value that the law must give, for tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// Coefficient set to use.
    pub coefficients: String,
    /// A derived quantity instead of the output.
    pub quantity: Option<String>,
    /// Inputs, empty for a derived quantity.
    pub inputs: Vec<(String, f64)>,
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
        let levels = vec![("N".to_owned(), vec![1.0, 2.0]), ("D".to_owned(), vec![10.0, 20.0, 30.0])];
        let design = Design { coefficients: None, values: Vec::new(), noise: 0.0, levels };
        let columns = design.columns();
        assert_eq!(columns[0], [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]);
        assert_eq!(columns[1], [10.0, 20.0, 30.0, 10.0, 20.0, 30.0]);
    }
}
