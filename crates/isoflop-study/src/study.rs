//! Several laws bound to the same rows of one table: what comparisons, backtests and profiles share.

use isoflop_fit::{Cuts, Data, Fold, Group, Objective, group_folds, largest_fold, rolling_folds};
use isoflop_formula::{Formula, parse_number};
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{Mapping, Need, RunTable};

use crate::bind::{Bound, Wish, bind, law_of_formula, law_over, needs_of};
use crate::error::StudyError;
use crate::job::{self, Rows};
use crate::note::Listener;
use crate::outputs::one_output;
use crate::request::Request;

/// Reads where to cut: `5` is a number of cuts, `1e20,1e21` are the cuts themselves. A number below 100 without an
/// exponent is a count.
///
/// # Errors
/// A sentence that says what to write.
pub fn parse_cuts(text: &str) -> Result<Cuts, String> {
    if let Ok(count @ 1..=99) = text.trim().parse::<usize>() {
        return Ok(Cuts::Count(count));
    }
    let bad = || "write a number of cuts from 1 to 99, or the cuts themselves: 1e20,3e20".to_owned();
    let values: Option<Vec<f64>> = text.trim_end_matches(',').split(',').map(parse_number).collect();
    let mut values = values.filter(|v| v.iter().all(|x| *x > 0.0 && x.is_finite())).ok_or_else(bad)?;
    values.sort_by(f64::total_cmp);
    values.dedup();
    Ok(Cuts::At(values))
}

/// A table and what its columns stand for.
#[derive(Debug)]
pub struct Study {
    /// The rows that the request keeps.
    pub table: RunTable,
    /// What its columns stand for.
    pub mapping: Mapping,
    /// Laws that can be named.
    pub catalogue: Catalogue,
    /// How a single law is fitted.
    pub request: Request,
}

/// A law on the rows that all laws of a study can use.
#[derive(Debug)]
pub struct Entry {
    /// The law, over the columns of the table.
    pub law: Law,
    /// Its formula with the changes of the request applied.
    pub formula: Formula,
    /// What is minimised.
    pub objective: Objective,
    /// The rows.
    pub data: Data,
}

/// Laws bound to the same rows.
#[derive(Debug)]
pub struct Entries {
    /// The laws.
    pub laws: Vec<Entry>,
    /// The column along which to cut, if one was asked for.
    pub by: Vec<f64>,
    /// The column of which to leave values out, if one was asked for.
    pub group: Option<Group>,
    /// Place of each row.
    pub places: Vec<String>,
}

impl Study {
    /// Finds the columns of a table and keeps the rows asked for.
    ///
    /// # Errors
    /// Columns that are not there; formulas that do not compile; filters that leave no row.
    pub fn new(
        mut table: RunTable,
        request: Request,
        catalogue: Catalogue,
        notes: &dyn Listener,
    ) -> Result<Study, StudyError> {
        let mapping = job::prepare(&mut table, &request, &mut Rows::default(), notes)?;
        Ok(Study { table, mapping, catalogue, request })
    }

    /// The law of this name, over the columns of the table, or of this formula.
    ///
    /// # Errors
    /// A law that does not exist, a formula that does not compile.
    pub fn law(&self, name: &str, notes: &dyn Listener) -> Result<Law, StudyError> {
        if name.contains('~') {
            let mut law = law_of_formula(name, &self.table, &self.mapping)?;
            job::tell_formula(&law, notes);
            // Several formulas must be told apart.
            law.id = name.split_whitespace().collect::<Vec<_>>().join(" ");
            return Ok(law);
        }
        law_over(self.catalogue.find(name)?, &self.table)
    }

    /// The column along which to cut: the one asked for, else C, else N.
    ///
    /// # Errors
    /// A column that is not there, or neither C nor N.
    pub fn by(&self, asked: Option<&str>) -> Result<String, StudyError> {
        if let Some(name) = asked {
            self.mapping.resolve(&self.table, name)?;
            return Ok(name.to_owned());
        }
        let known = |name: &&str| self.mapping.resolve(&self.table, name).is_ok();
        ["C", "N"]
            .iter()
            .find(|name| known(name))
            .map(|name| (*name).to_owned())
            .ok_or(StudyError::NoCutColumn)
    }

    /// Binds the laws to the rows that have all columns that any of them reads.
    ///
    /// # Errors
    /// As for [`crate::bind`].
    pub fn bind(
        &self,
        laws: Vec<(Law, Objective)>,
        by: Option<&str>,
        group: Option<&str>,
        notes: &dyn Listener,
    ) -> Result<Entries, StudyError> {
        for (law, _) in &laws {
            one_output(law, "this command")?;
        }
        let overrides = self.request.changes.overrides()?;
        let mut formulas = Vec::new();
        for (law, _) in &laws {
            formulas.push(isoflop_fit::overridden(law, &overrides)?);
        }
        let mut also: Vec<Need> = by.map(Need::positive).into_iter().collect();
        let mut levels: Vec<String> = group.map(str::to_owned).into_iter().collect();
        for formula in &formulas {
            also.extend(
                needs_of(formula).into_iter().filter(|need| !also.contains(need)).collect::<Vec<_>>(),
            );
            levels.extend(formula.symbols.params.iter().filter_map(|p| p.group.clone()));
        }
        let mut entries = Entries { laws: Vec::new(), by: Vec::new(), group: None, places: Vec::new() };
        for (k, ((law, objective), formula)) in laws.into_iter().zip(formulas).enumerate() {
            let wish = Wish {
                objective,
                weight: self.request.weight.as_deref(),
                cluster: self.request.cluster.as_deref(),
                also: &also,
                levels: &levels,
            };
            let Bound { data, selected, also, levels, .. } =
                bind(&formula, &self.table, &self.mapping, wish)?;
            if k == 0 {
                for dropped in &selected.dropped {
                    notes.warning(&dropped.to_string());
                }
                entries.places = (0..selected.rows())
                    .map(|row| self.table.place(selected.table_row(row)).to_string())
                    .collect();
                entries.by = by.and_then(|_| also.into_iter().next()).unwrap_or_default();
                entries.group = group.and_then(|_| levels.into_iter().next());
            }
            entries.laws.push(Entry { law, formula, objective, data });
        }
        Ok(entries)
    }
}

impl Entries {
    /// The folds of a rolling origin that every law can be fitted to.
    ///
    /// # Errors
    /// Cuts that leave too few rows on a side.
    pub fn rolling(&self, by: &str, cuts: &Cuts) -> Result<Vec<Fold>, StudyError> {
        let most = self.free();
        // Where the program chooses, it leaves room for a fit to mean something.
        let least = if matches!(cuts, Cuts::Count(_)) { (3 * most).max(most + 5) } else { most + 1 };
        Ok(rolling_folds(by, &self.by, cuts, least)?)
    }

    /// The fold that holds out the runs of the largest size.
    ///
    /// # Errors
    /// One size, or too few rows below the largest.
    pub fn largest(&self, by: &str) -> Result<Vec<Fold>, StudyError> {
        Ok(largest_fold(by, &self.by, self.free() + 1)?)
    }

    /// Free parameters of the law that has most.
    fn free(&self) -> usize {
        let free = |entry: &Entry| entry.formula.symbols.params.iter().filter(|p| p.fixed.is_none()).count();
        self.laws.iter().map(free).max().unwrap_or(0)
    }

    /// One fold per value of the group column.
    ///
    /// # Errors
    /// A column with a single value.
    pub fn leaving_out(&self) -> Result<Vec<Fold>, StudyError> {
        self.group.as_ref().map_or_else(|| Ok(Vec::new()), |group| Ok(group_folds(group)?))
    }
}

/// Parts of a list of laws: commas inside parentheses or brackets belong to a formula.
pub fn law_names(lists: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for list in lists {
        let (mut depth, mut name) = (0_i32, String::new());
        for letter in list.chars() {
            match letter {
                '(' | '[' => depth += 1,
                ')' | ']' => depth -= 1,
                _ => {}
            }
            if letter == ',' && depth == 0 {
                names.push(std::mem::take(&mut name));
            } else {
                name.push(letter);
            }
        }
        names.push(name);
    }
    let mut names: Vec<String> =
        names.into_iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    let mut seen: Vec<String> = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_inside_a_formula_do_not_part_it() {
        let lists = ["chinchilla, loss ~ max(E, A / N^a),bnsl1,".to_owned(), "bnsl1".to_owned()];
        assert_eq!(law_names(&lists), ["chinchilla", "loss ~ max(E, A / N^a)", "bnsl1"]);
    }

    #[test]
    fn cuts_are_a_count_or_values() {
        assert_eq!(parse_cuts("7"), Ok(Cuts::Count(7)));
        assert_eq!(parse_cuts("3e20,1e20"), Ok(Cuts::At(vec![1e20, 3e20])));
        assert_eq!(parse_cuts("70B,"), Ok(Cuts::At(vec![70e9])));
        for bad in ["0", "-1", "x", "1e20,,2", ""] {
            assert!(parse_cuts(bad).is_err(), "{bad}");
        }
    }
}
