//! `isoflop laws`.

use isoflop_fit::{FitError, Recovery};
use isoflop_laws::{Golden, Law, Origin};
use isoflop_runs::RunTable;
use isoflop_study::{
    Listener, bibtex, catalogue, chances, chances_json, columns, holding, law_json, laws_json,
};

use crate::args::{Format, LawsArgs, LawsCommand, LawsOptions};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;

/// Lists laws, or does what the subcommand says.
pub(crate) fn run(args: &LawsArgs, messages: &Messages) -> Result<u8, Failure> {
    match &args.command {
        Some(LawsCommand::Show { id, options }) => {
            let catalogue = holding(id, options.laws.as_deref(), messages)?;
            let law = catalogue.find(id)?;
            match options.format {
                Format::Text => output::print(&output::laws::show_text(law))?,
                Format::Json => output::print_json(&law_json(law))?,
            }
        }
        Some(LawsCommand::Cite { id, laws }) => {
            let catalogue = holding(id, laws.as_deref(), messages)?;
            output::print(&bibtex(catalogue.find(id)?))?;
        }
        Some(LawsCommand::For { runs, reading, maps, lets, options }) => {
            let catalogue = catalogue(options.laws.as_deref(), messages)?;
            let mut table = RunTable::read(runs, &reading.options(maps)?)?;
            let mapping = columns(&mut table, maps, lets, messages)?;
            let chances = chances(&catalogue, &table, &mapping);
            match options.format {
                Format::Text => output::print(&output::chances::text(&chances))?,
                Format::Json => output::print_json(&chances_json(&chances))?,
            }
        }
        Some(LawsCommand::Check { ids, seed, options }) => return check(ids, *seed, options, messages),
        None => {
            let catalogue = catalogue(args.options.laws.as_deref(), messages)?;
            let query = args.query.join(" ");
            let mut found = catalogue.search(&query);
            let is = |name: &str, wanted: &str| name.eq_ignore_ascii_case(wanted);
            found.retain(|law| {
                args.inputs.iter().all(|wanted| law.inputs.iter().any(|input| is(&input.name, wanted)))
                    && args.output.as_ref().is_none_or(|wanted| law.outputs().any(|o| is(&o.name, wanted)))
                    && args.area.as_ref().is_none_or(|wanted| is(&law.area, wanted))
            });
            if found.is_empty() {
                let words = [Some(query.as_str()), args.output.as_deref(), args.area.as_deref()];
                let words = words.into_iter().flatten().chain(args.inputs.iter().map(String::as_str));
                let asked: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
                messages.warning(&format!("no law has {:?}; `isoflop laws` lists all", asked.join(" ")));
            }
            match args.options.format {
                Format::Json => output::print_json(&laws_json(&found))?,
                Format::Text if found.is_empty() => {}
                Format::Text => output::print(&output::laws::list_text(&found))?,
            }
        }
    }
    Ok(0)
}

/// Tests laws one by one; exit status 3 if one fails.
fn check(ids: &[String], seed: u64, options: &LawsOptions, messages: &Messages) -> Result<u8, Failure> {
    let catalogue = catalogue(options.laws.as_deref(), messages)?;
    let own = |law: &&Law| options.laws.is_none() || law.origin != Origin::BuiltIn;
    let laws: Vec<&Law> = if ids.is_empty() {
        catalogue.laws().iter().filter(own).collect()
    } else {
        ids.iter().map(|id| catalogue.find(id)).collect::<Result<_, _>>()?
    };
    let checked: Vec<Checked<'_>> = laws.into_iter().map(|law| Checked::new(law, seed)).collect();
    match options.format {
        Format::Text => output::print(&output::checked::text(&checked))?,
        Format::Json => output::print_json(&output::checked::json(&checked))?,
    }
    Ok(if checked.iter().all(Checked::is_sound) { 0 } else { 3 })
}

/// What the tests of one law found.
pub(crate) struct Checked<'a> {
    pub(crate) law: &'a Law,
    /// Golden values and how far off the law is.
    pub(crate) golden: Vec<(&'a Golden, f64)>,
    pub(crate) recovery: Result<Recovery, FitError>,
    pub(crate) seconds: f64,
}

impl<'a> Checked<'a> {
    fn new(law: &'a Law, seed: u64) -> Self {
        let began = std::time::Instant::now();
        let golden = law.golden.iter().map(|golden| (golden, law.error(golden))).collect();
        let recovery = isoflop_fit::recover(law, seed);
        Checked { law, golden, recovery, seconds: began.elapsed().as_secs_f64() }
    }

    /// Golden values that the law misses.
    pub(crate) fn missed(&self) -> impl Iterator<Item = (&'a Golden, f64)> {
        self.golden.iter().filter(|(golden, error)| error.is_nan() || *error > golden.tolerance).copied()
    }

    /// Nothing that an author has to mend. A law that its design does not determine is not wrong.
    pub(crate) fn is_sound(&self) -> bool {
        let recovered = self.recovery.as_ref().is_ok_and(|r| r.is_recovered() || !r.is_identifiable());
        recovered && self.missed().next().is_none()
    }
}
