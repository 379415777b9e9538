//! What an audit looks at: the fit, its rows, and every other column of the table.

use isoflop_fit::{Data, Fit, Objective, Progress};
use isoflop_formula::{Formula, evaluate};
use isoflop_laws::Law;

use crate::error::AuditError;
use crate::influence::{InfluenceOptions, Influences, OUTLIER, influence, outliers};

/// All columns of the table, on the rows of the fit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Columns of numbers, missing cells NaN.
    pub numbers: Vec<(String, Vec<f64>)>,
    /// Columns of text, missing cells empty.
    pub texts: Vec<(String, Vec<String>)>,
}

/// A fit to audit.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The law.
    pub law: &'a Law,
    /// Its formula, with the changes of the fit.
    pub formula: &'a Formula,
    /// The rows of the fit.
    pub data: &'a Data,
    /// The fit.
    pub fit: &'a Fit,
    /// What was minimised.
    pub objective: Objective,
    /// How the law was fitted, for the refits of the audit.
    pub options: &'a isoflop_fit::FitOptions,
    /// The table.
    pub columns: &'a Columns,
    /// Budget in FLOP that the fit shall forecast; `None` if nobody said.
    pub budget: Option<f64>,
}

/// A subject with what several checks need.
pub(crate) struct View<'a> {
    pub(crate) subject: &'a Subject<'a>,
    pub(crate) n: Option<&'a [f64]>,
    pub(crate) d: Option<&'a [f64]>,
    /// Relative residuals `ln y - ln f` of the fit; empty where an output is not positive.
    pub(crate) residuals: Vec<f64>,
    /// Chance of each row to be an outlier.
    pub(crate) outliers: Vec<f64>,
    /// Leave-one-out refits; `None` for tables too large for them.
    pub(crate) influence: Option<Influences>,
}

/// Larger tables are not refitted without each of their rows.
const MOST_ROWS: usize = 5000;

impl<'a> View<'a> {
    pub(crate) fn new(subject: &'a Subject<'a>, progress: &dyn Progress) -> Result<View<'a>, AuditError> {
        let Subject { law, formula, data, fit, objective, options, .. } = *subject;
        let input = |name: &str| {
            let place = formula.symbols.inputs.iter().position(|i| i.name == name);
            place.map(|k| data.inputs[k].as_slice()).filter(|v| !v.is_empty())
        };
        let chances = outliers(formula, data, objective, options.seed, progress)?;
        let suspects = chances.iter().filter(|chance| **chance > OUTLIER).count();
        let wanted = InfluenceOptions {
            fit: isoflop_fit::FitOptions { objective: Some(objective), ..options.clone() },
            choices: false,
            budget: subject.budget,
            // A handful of outliers hide each other: leaving out one of them changes little.
            together: if suspects * 10 <= data.rows() { suspects } else { 0 },
        };
        let influence = match data.rows() <= MOST_ROWS {
            true => Some(influence(law, data, &[], &wanted, progress)?),
            false => None,
        };
        let (n, d) = (input("N"), input("D"));
        Ok(View { subject, n, d, residuals: residuals(formula, data, fit), outliers: chances, influence })
    }

    pub(crate) fn rows(&self) -> usize {
        self.subject.data.rows()
    }

    /// N, or what stands for the size: the first input.
    pub(crate) fn sizes(&self) -> Option<(&str, &[f64])> {
        if let Some(n) = self.n {
            return Some(("N", n));
        }
        let data = self.subject.data;
        let mut inputs = self.subject.formula.symbols.inputs.iter().zip(&data.inputs);
        inputs
            .find(|(_, v)| !v.is_empty() && v.iter().all(|x| *x > 0.0))
            .map(|(i, v)| (i.name.as_str(), v.as_slice()))
    }

    /// The first column of numbers with one of these names (lower case, words joined by underscores).
    pub(crate) fn number(&self, names: &[&str]) -> Option<(&str, &[f64])> {
        let columns = &self.subject.columns.numbers;
        let find = |name: &&str| columns.iter().find(|(own, _)| plain(own) == **name);
        names.iter().find_map(find).map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// The first column of text with one of these names.
    pub(crate) fn text(&self, names: &[&str]) -> Option<(&str, &[String])> {
        let columns = &self.subject.columns.texts;
        let find = |name: &&str| columns.iter().find(|(own, _)| plain(own) == **name);
        names.iter().find_map(find).map(|(name, values)| (name.as_str(), values.as_slice()))
    }

    /// Whether the law reads a column of this name.
    pub(crate) fn law_reads(&self, name: &str) -> bool {
        self.subject.formula.symbols.inputs.iter().any(|i| i.name == name)
    }
}

/// Lower case, with single underscores between words.
pub(crate) fn plain(name: &str) -> String {
    // A ratio such as `D/N` is no path that ends in N.
    let last =
        name.rsplit(['/', '.', ':']).next().filter(|last| last.len() > 1).unwrap_or(name).to_lowercase();
    last.split([' ', '_', '-']).filter(|w| !w.is_empty()).collect::<Vec<_>>().join("_")
}

/// Relative residuals at the parameters of the fit.
fn residuals(formula: &Formula, data: &Data, fit: &Fit) -> Vec<f64> {
    let node = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
    let grouped = formula.symbols.params.iter().any(|p| p.group.is_some());
    if grouped || data.output.iter().any(|y| *y <= 0.0) {
        return Vec::new();
    }
    let value = |name: &str| fit.parameters.iter().find(|p| p.name == name).map_or(f64::NAN, |p| p.estimate);
    let params: Vec<f64> = formula.symbols.params.iter().map(|p| value(&p.name)).collect();
    let inputs: Vec<&[f64]> = data.inputs.iter().map(Vec::as_slice).collect();
    let mut out = vec![0.0; data.rows()];
    evaluate(&formula.graph, node, &inputs, &params, &mut out);
    let found: Vec<f64> = data.output.iter().zip(&out).map(|(y, f)| y.ln() - f.ln()).collect();
    if found.iter().all(|r| r.is_finite()) { found } else { Vec::new() }
}

/// A number with three digits, for evidence.
pub(crate) fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    if !(1e-3..1e5).contains(&x.abs()) {
        return format!("{x:.2e}");
    }
    let places = (2 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{x:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// `1 row`, `3 rows`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
