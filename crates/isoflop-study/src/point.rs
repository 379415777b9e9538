//! Points to predict at: numbers for the inputs, texts for the columns that group or are compared.

use isoflop_fit::{Fit, Prediction, predict, predict_row};
use isoflop_formula::{Formula, InputKind, Node, parse_number};
use isoflop_runs::{Mapping, Need, RunTable, Selected, Selection};

use crate::error::StudyError;

/// A point.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Point {
    /// Inputs with their values.
    pub numbers: Vec<(String, f64)>,
    /// Text columns with their values, such as `family` and `llama`.
    pub texts: Vec<(String, String)>,
}

/// A fitted formula.
#[derive(Debug, Clone)]
pub struct Fitted<'a> {
    /// The formula with the changes of the fit applied.
    pub formula: &'a Formula,
    /// Its fit.
    pub fit: &'a Fit,
}

/// Forecasts at the rows of runs.
#[derive(Debug)]
pub struct RunForecast {
    /// The rows that can be used: what the law reads of each row itself.
    pub points: Vec<Point>,
    /// A prediction for each of them.
    pub predictions: Vec<Prediction>,
    /// Why other rows were left out.
    pub dropped: Vec<String>,
}

impl Fitted<'_> {
    /// Whether parameters, replicates and formula belong together, which a file edited by hand may not hold.
    pub fn is_consistent(&self) -> bool {
        let parameters = &self.fit.parameters;
        let mut slots = parameters.iter();
        // Parameters stand in the order of the formula, grouped ones with all their levels in a row.
        let in_order = self.formula.symbols.params.iter().all(|param| match &param.group {
            None => slots.next().is_some_and(|slot| slot.name == param.name),
            Some(_) => {
                let levels =
                    slots.clone().take_while(|slot| level_of(&slot.name, &param.name).is_some()).count();
                slots.by_ref().take(levels).count() > 0
            }
        });
        in_order && slots.next().is_none() && self.fit.draws.iter().all(|draw| draw.len() == parameters.len())
    }

    /// The law and the fit of each output: one, but for a law with several.
    pub fn outputs(&self) -> Vec<(Formula, Fit)> {
        let count = self.formula.parts.len().max(1);
        (0..count).map(|k| (self.formula.part(k), self.fit.of_output(k))).collect()
    }

    /// Names of the numbers that a point needs.
    pub fn numbers(&self) -> Vec<String> {
        let output = self.formula.output.as_ref().map(|left| left.name.as_str());
        let inputs = self.formula.symbols.inputs.iter();
        let numeric = inputs.filter(|i| i.kind == InputKind::Column && Some(i.name.as_str()) != output);
        numeric.map(|input| input.name.clone()).collect()
    }

    /// Names of the texts that a point needs.
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

    /// Reads `N=70B,D=1.4T,family=llama`.
    ///
    /// # Errors
    /// A name that the law does not have, is missing or is given twice; a value that is no number.
    pub fn parse(&self, text: &str) -> Result<Point, StudyError> {
        const EXAMPLE: &str = "NAME=NUMBER,NAME=NUMBER, such as N=70B,D=1.4T";
        if self.formula.symbols.look_back() {
            return Err(StudyError::LooksBack { text: text.to_owned() });
        }
        let (numbers, texts) = (self.numbers(), self.texts());
        let mut point = Point::default();
        let mut given: Vec<&str> = Vec::new();
        for part in text.split(',') {
            let bad =
                || StudyError::BadAssignment { option: "--at", text: text.to_owned(), example: EXAMPLE };
            let (name, value) = part.split_once('=').ok_or_else(bad)?;
            let (name, value) = (name.trim(), value.trim());
            if given.contains(&name) {
                return Err(StudyError::GivenTwice { text: text.to_owned(), name: name.to_owned() });
            }
            given.push(name);
            // A column may be both, as `seed` in `A[seed] + seed`.
            let (is_number, is_text) = (numbers.iter().any(|n| n == name), texts.iter().any(|n| n == name));
            if is_number {
                point.numbers.push((name.to_owned(), parse_number(value).ok_or_else(bad)?));
            }
            if is_text {
                point.texts.push((name.to_owned(), value.to_owned()));
            }
            if !is_number && !is_text {
                let inputs = numbers.into_iter().chain(texts).collect();
                return Err(StudyError::UnknownInput {
                    text: text.to_owned(),
                    name: name.to_owned(),
                    inputs,
                });
            }
        }
        let mut missing: Vec<String> = numbers.into_iter().chain(texts).collect();
        missing.retain(|name| !given.contains(&name.as_str()));
        if missing.is_empty() {
            Ok(point)
        } else {
            Err(StudyError::MissingInput { text: text.to_owned(), missing })
        }
    }

    /// Takes the columns of points from a table.
    ///
    /// # Errors
    /// Columns that are not there.
    pub fn select<'t>(&self, table: &'t RunTable, mapping: &Mapping) -> Result<Selected<'t>, StudyError> {
        let needs = self.numbers().into_iter().map(Need::finite).collect();
        Ok(table.select(mapping, &Selection { needs, groups: self.texts() })?)
    }

    /// Forecasts of the rows of runs, for a law with sums over the past.
    ///
    /// # Errors
    /// Columns that are not there; a level of a group that the fit does not know; inputs that the law cannot take.
    pub fn predict_runs(
        &self,
        table: &RunTable,
        mapping: &Mapping,
        level: f64,
    ) -> Result<RunForecast, StudyError> {
        let symbols = &self.formula.symbols.inputs;
        let output = self.formula.output.as_ref().map(|left| left.input as usize);
        let read = (0..symbols.len()).filter(|k| Some(*k) != output);
        let needs = read.clone().map(|k| Need::of(&symbols[k])).collect();
        let selected = table.select(mapping, &Selection { needs, groups: self.texts() })?;
        let column = |kind: &InputKind| {
            let place = read.clone().position(|k| symbols[k].kind == *kind)?;
            Some(&*selected.columns.get(place)?.values)
        };
        let (here, number) = (column(&InputKind::Here), column(&InputKind::Row));
        let (mut points, mut predictions) = (Vec::new(), Vec::new());
        for row in 0..selected.rows() {
            let at = |values: Option<&[f64]>| values.map_or(0, |values| values[row] as usize);
            let (last, rows) = (at(here), at(number));
            let mut inputs = vec![vec![f64::NAN]; symbols.len()];
            let mut point = Point::default();
            for (k, found) in read.clone().zip(&selected.columns) {
                inputs[k] = match &symbols[k].kind {
                    InputKind::Earlier { .. } => found.values[last + 1 - rows..=last].to_vec(),
                    InputKind::Row => vec![rows as f64],
                    InputKind::Here => vec![rows as f64 - 1.0],
                    InputKind::Column | InputKind::TextEquals { .. } => vec![found.values[row]],
                };
                if symbols[k].kind == InputKind::Column {
                    point.numbers.push((symbols[k].name.clone(), found.values[row]));
                }
            }
            for group in &selected.groups {
                point.texts.push((group.name.clone(), group.levels[group.codes[row] as usize].clone()));
            }
            let (formula, fit) = self.for_point(&point)?;
            predictions.push(predict_row(&formula, &fit, &point.numbers, inputs, level)?);
            points.push(point);
        }
        let dropped = selected.dropped.iter().map(ToString::to_string).collect();
        Ok(RunForecast { points, predictions, dropped })
    }

    /// The predictions with intervals of this coverage, in the order of the points.
    ///
    /// # Errors
    /// A level of a group that the fit does not know; inputs that the law cannot take.
    pub fn predict(&self, points: &[Point], level: f64) -> Result<Vec<Prediction>, StudyError> {
        let mut predictions = Vec::with_capacity(points.len());
        // Neighbouring points mostly have the same texts, and then the same law.
        for same in points.chunk_by(|a, b| a.texts == b.texts) {
            let numbers: Vec<Vec<(String, f64)>> = same.iter().map(|point| point.numbers.clone()).collect();
            let texts = same.first().map_or(&[][..], |point| &point.texts);
            predictions.extend(if texts.is_empty() {
                predict(self.formula, self.fit, &numbers, level)?
            } else {
                let (formula, fit) = self.at(texts)?;
                predict(&formula, &fit, &numbers, level)?
            });
        }
        Ok(predictions)
    }

    /// The law and the fit at the texts of a point.
    ///
    /// # Errors
    /// A level of a group that the fit does not know.
    pub fn for_point(&self, point: &Point) -> Result<(Formula, Fit), StudyError> {
        if point.texts.is_empty() {
            Ok((self.formula.clone(), self.fit.clone()))
        } else {
            self.at(&point.texts)
        }
    }

    /// The law and the fit for these texts alone: comparisons decided, one parameter in place of each group.
    fn at(&self, texts: &[(String, String)]) -> Result<(Formula, Fit), StudyError> {
        let text_of =
            |column: &str| texts.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text);
        let mut formula = self.formula.clone();
        let inputs = formula.symbols.inputs.clone();
        let mut decide = |graph: &mut isoflop_formula::Graph, node: Node| {
            let Node::Input(input) = node else { return None };
            match &inputs.get(input as usize)?.kind {
                InputKind::TextEquals { column, value } => {
                    Some(graph.number(f64::from(u8::from(same_level(text_of(column), value)))))
                }
                _ => None,
            }
        };
        formula.body = formula.graph.substitute(formula.body, &mut decide);
        if let Some(output) = &mut formula.output {
            output.prediction = formula.graph.substitute(output.prediction, &mut decide);
        }

        let mut slots = Vec::new();
        for param in &formula.symbols.params {
            slots.push(
                match &param.group {
                    None => self.slot(|name| name == param.name),
                    Some(column) => self.slot(|name| {
                        level_of(name, &param.name).is_some_and(|l| same_level(l, text_of(column)))
                    }),
                }
                .ok_or_else(|| {
                    self.unknown_level(param.group.as_deref().unwrap_or_default(), &param.name, text_of)
                })?,
            );
        }
        let mut fit = self.fit.clone();
        for choice in &mut fit.choices {
            choice.estimates =
                slots.iter().map(|&slot| choice.estimates.get(slot).copied().unwrap_or(f64::NAN)).collect();
        }
        fit.parameters = slots.iter().map(|&slot| self.fit.parameters[slot].clone()).collect();
        fit.draws =
            self.fit.draws.iter().map(|draw| slots.iter().map(|&slot| draw[slot]).collect()).collect();
        Ok((formula, fit))
    }

    fn slot(&self, is_it: impl Fn(&str) -> bool) -> Option<usize> {
        self.fit.parameters.iter().position(|p| is_it(&p.name))
    }

    fn unknown_level<'t>(&self, column: &str, param: &str, text_of: impl Fn(&str) -> &'t str) -> StudyError {
        let levels = self.fit.parameters.iter().filter_map(|p| level_of(&p.name, param));
        StudyError::UnknownLevel {
            column: column.to_owned(),
            level: text_of(column).to_owned(),
            known: levels.map(str::to_owned).collect(),
        }
    }
}

/// The points of a selection.
pub fn points_of(selected: &Selected<'_>) -> Vec<Point> {
    let point = |row: usize| Point {
        numbers: selected
            .columns
            .iter()
            .filter_map(|c| Some((c.name.clone(), *c.values.get(row)?)))
            .collect(),
        texts: selected
            .groups
            .iter()
            .filter_map(|g| Some((g.name.clone(), g.levels.get(*g.codes.get(row)? as usize)?.clone())))
            .collect(),
    };
    (0..selected.rows()).map(point).collect()
}

/// `llama` for `A[llama]` and `A`.
fn level_of<'n>(name: &'n str, param: &str) -> Option<&'n str> {
    name.strip_prefix(param)?.strip_prefix('[')?.strip_suffix(']')
}

/// Levels of a numeric column are numbers in text form: 1e3 is 1000.
fn same_level(a: &str, b: &str) -> bool {
    a == b || parse_number(a).is_some_and(|x| parse_number(b) == Some(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_grouped_parameters() {
        assert_eq!(level_of("A[llama]", "A"), Some("llama"));
        assert_eq!(level_of("AB[llama]", "A"), None);
        assert_eq!(level_of("A", "A"), None);
        assert!(same_level("1e3", "1000") && same_level("x", "x") && !same_level("x", "y"));
    }
}
