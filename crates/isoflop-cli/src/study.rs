//! What the commands share that fit laws many times: their options, and several laws bound to the same rows.

use std::path::Path;

use clap::Args;
use isoflop_fit::{Cuts, Data, Fold, Group, Objective, group_folds, rolling_folds};
use isoflop_formula::{Formula, parse_number};
use isoflop_laws::{Catalogue, Law};
use isoflop_runs::{Mapping, Need, RunTable};

use crate::args::{FitArgs, Format, TableArgs};
use crate::bind::{Bound, Wish, bind, law_of_formula, needs_of};
use crate::commands::laws::catalogue;
use crate::errors::{CliError, Failure};
use crate::job::{self, Rows};
use crate::messages::Messages;
use crate::output::number::counted;

/// Options of a study of one table.
#[derive(Debug, Clone, Args)]
pub(crate) struct StudyArgs {
    /// Run tables, as for `isoflop fit`
    #[arg(required = true, value_name = "RUNS")]
    pub(crate) runs: Vec<String>,
    #[command(flatten)]
    pub(crate) table: TableArgs,
    /// Rows that belong together share a value of this column, such as the run of a checkpoint
    #[arg(long, value_name = "COL")]
    pub(crate) cluster: Option<String>,
    /// Starting points of each fit: auto or a number
    #[arg(long, default_value = "auto", value_name = "auto|K")]
    pub(crate) starts: String,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

/// Changes to the parameters of a law.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ChangeArgs {
    /// Hold a parameter: --fix E=1.69
    #[arg(long = "fix", value_name = "NAME=X")]
    pub(crate) fixed: Vec<String>,
    /// Bounds of a parameter, either end may be left out: --bound alpha=0..1
    #[arg(long = "bound", value_name = "NAME=LOW..HIGH")]
    pub(crate) bounds: Vec<String>,
    /// Replace a parameter by a formula of others: --tie beta=alpha
    #[arg(long = "tie", value_name = "NAME=FORMULA")]
    pub(crate) ties: Vec<String>,
}

/// Which rows are held out.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct HoldArgs {
    /// Cut along this input or column: fit on the small, forecast the large; by default C if there, else N
    #[arg(long, value_name = "COL")]
    pub(crate) by: Option<String>,
    /// How many cuts, or where: --cuts 5, --cuts 1e20,1e21 (a number below 100 without e is a count)
    #[arg(long, default_value = "5", value_name = "K|X,...", value_parser = cuts)]
    pub(crate) cuts: CutList,
}

/// Cuts as the user gave them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CutList(pub(crate) Cuts);

impl Default for CutList {
    fn default() -> Self {
        CutList(Cuts::Count(5))
    }
}

fn cuts(text: &str) -> Result<CutList, String> {
    if let Ok(count @ 1..=99) = text.trim().parse::<usize>() {
        return Ok(CutList(Cuts::Count(count)));
    }
    let bad = || "write a number of cuts from 1 to 99, or the cuts themselves: 1e20,3e20".to_owned();
    let values: Option<Vec<f64>> = text.trim_end_matches(',').split(',').map(parse_number).collect();
    let mut values = values.filter(|v| v.iter().all(|x| *x > 0.0 && x.is_finite())).ok_or_else(bad)?;
    values.sort_by(f64::total_cmp);
    values.dedup();
    Ok(CutList(Cuts::At(values)))
}

/// A table and what its columns stand for.
pub(crate) struct Study {
    pub(crate) table: RunTable,
    pub(crate) mapping: Mapping,
    pub(crate) catalogue: Catalogue,
    /// The options of a single fit with the same table and objective.
    pub(crate) single: FitArgs,
    messages: Messages,
}

/// A law on the rows that all laws of a study can use.
pub(crate) struct Entry {
    pub(crate) law: Law,
    pub(crate) formula: Formula,
    pub(crate) objective: Objective,
    pub(crate) data: Data,
}

/// Laws bound to the same rows.
pub(crate) struct Entries {
    pub(crate) laws: Vec<Entry>,
    /// The column along which to cut, if one was asked for.
    pub(crate) by: Vec<f64>,
    /// The column of which to leave values out, if one was asked for.
    pub(crate) group: Option<Group>,
    /// Place of each row.
    pub(crate) places: Vec<String>,
}

impl Study {
    /// Reads the table, finds its columns and keeps the rows asked for.
    pub(crate) fn open(
        args: &StudyArgs,
        changes: &ChangeArgs,
        folder: Option<&Path>,
        messages: &Messages,
    ) -> Result<Study, Failure> {
        let catalogue = catalogue(folder, messages)?;
        let mut table = RunTable::read(&args.runs, &args.table.reading.options(&args.table.maps)?)?;
        for source in table.sources() {
            messages.info(&format!("{}: {}", source.name, counted(source.rows, "row")));
        }
        let single = single(args, changes);
        let mapping = job::prepare(&mut table, &single, &mut Rows::default(), messages)?;
        Ok(Study { table, mapping, catalogue, single, messages: *messages })
    }

    /// For work whose messages nobody wants.
    pub(crate) fn quiet(&self) -> Messages {
        self.messages.muted()
    }

    /// The law of this name, over the columns of the table, or of this formula.
    pub(crate) fn law(&self, name: &str, messages: &Messages) -> Result<Law, Failure> {
        if name.contains('~') {
            let mut law = law_of_formula(name, &self.table, &self.mapping)?;
            job::tell_formula(&law, messages);
            // Several formulas must be told apart.
            law.id = name.split_whitespace().collect::<Vec<_>>().join(" ");
            return Ok(law);
        }
        self.over(self.catalogue.find(name)?)
    }

    /// A law over the columns of the table.
    pub(crate) fn over(&self, law: &Law) -> Result<Law, Failure> {
        let names: Vec<&str> = self.table.columns().map(|(name, _)| name).collect();
        law.over(names.into_iter())
            .map_err(|diagnostics| Failure::formula("--law", &law.formula().text, &diagnostics))
    }

    /// The column along which to cut: the one asked for, else C, else N.
    pub(crate) fn by(&self, asked: Option<&str>) -> Result<String, Failure> {
        if let Some(name) = asked {
            self.mapping.resolve(&self.table, name)?;
            return Ok(name.to_owned());
        }
        let known = |name: &&str| self.mapping.resolve(&self.table, name).is_ok();
        ["C", "N"]
            .iter()
            .find(|name| known(name))
            .map(|name| (*name).to_owned())
            .ok_or_else(|| CliError::NoCutColumn.into())
    }

    /// Binds the laws to the rows that have all columns that any of them reads.
    pub(crate) fn bind(
        &self,
        laws: Vec<(Law, Objective)>,
        by: Option<&str>,
        group: Option<&str>,
        messages: &Messages,
    ) -> Result<Entries, Failure> {
        let overrides = job::overrides(&self.single)?;
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
                weight: self.single.table.weight.as_deref(),
                cluster: self.single.cluster.as_deref(),
                also: &also,
                levels: &levels,
            };
            let Bound { data, selected, also, levels, .. } =
                bind(&formula, &self.table, &self.mapping, wish)?;
            if k == 0 {
                for dropped in &selected.dropped {
                    messages.warning(&dropped.to_string());
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
    pub(crate) fn rolling(&self, by: &str, cuts: &Cuts) -> Result<Vec<Fold>, Failure> {
        let free = |entry: &Entry| entry.formula.symbols.params.iter().filter(|p| p.fixed.is_none()).count();
        let most = self.laws.iter().map(free).max().unwrap_or(0);
        // Where the program chooses, it leaves room for a fit to mean something.
        let least = if matches!(cuts, Cuts::Count(_)) { (3 * most).max(most + 5) } else { most + 1 };
        Ok(rolling_folds(by, &self.by, cuts, least)?)
    }

    /// One fold per value of the group column.
    pub(crate) fn leaving_out(&self) -> Result<Vec<Fold>, Failure> {
        self.group.as_ref().map_or_else(|| Ok(Vec::new()), |group| Ok(group_folds(group)?))
    }
}

/// The options of `isoflop fit` that mean the same.
fn single(args: &StudyArgs, changes: &ChangeArgs) -> FitArgs {
    FitArgs {
        runs: args.runs.clone(),
        table: args.table.clone(),
        changes: changes.clone(),
        law: None,
        laws: None,
        starts: args.starts.clone(),
        bootstrap: 0,
        cluster: args.cluster.clone(),
        save: None,
        format: args.format,
        strict: false,
        plot: false,
    }
}

/// Parts of a list of laws: commas inside parentheses or brackets belong to a formula.
pub(crate) fn law_names(lists: &[String]) -> Vec<String> {
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
        assert_eq!(cuts("7"), Ok(CutList(Cuts::Count(7))));
        assert_eq!(cuts("3e20,1e20"), Ok(CutList(Cuts::At(vec![1e20, 3e20]))));
        assert_eq!(cuts("70B,"), Ok(CutList(Cuts::At(vec![70e9]))));
        for bad in ["0", "-1", "x", "1e20,,2", ""] {
            assert!(cuts(bad).is_err(), "{bad}");
        }
    }
}
