//! `isoflop laws`.

use std::path::Path;

use isoflop_laws::Catalogue;

use crate::args::{Format, LawsArgs, LawsCommand};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;

/// The embedded laws and those of the user's folder.
pub(crate) fn catalogue(folder: Option<&Path>, messages: &Messages) -> Result<Catalogue, Failure> {
    let builtin = Catalogue::builtin()?;
    let Some(folder) = folder else { return Ok(builtin) };
    let catalogue = builtin.with_dir(folder)?;
    for replaced in catalogue.overridden() {
        messages.info(&format!("law {} is taken from {}", replaced.id, replaced.by.display()));
    }
    Ok(catalogue)
}

/// Lists laws, or shows one.
pub(crate) fn run(args: &LawsArgs, messages: &Messages) -> Result<u8, Failure> {
    match &args.command {
        Some(LawsCommand::Show { id, options }) => {
            let catalogue = catalogue(options.laws.as_deref(), messages)?;
            let law = catalogue.find(id)?;
            match options.format {
                Format::Text => output::print(&output::laws::show_text(law))?,
                Format::Json => output::print_json(&output::laws::show_json(law))?,
            }
        }
        None => {
            let catalogue = catalogue(args.options.laws.as_deref(), messages)?;
            let query = args.query.join(" ");
            let found = catalogue.search(&query);
            if found.is_empty() {
                messages.warning(&format!("no law contains {query:?}; `isoflop laws` lists all"));
            }
            match args.options.format {
                Format::Json => output::print_json(&output::laws::list_json(&found))?,
                Format::Text if found.is_empty() => {}
                Format::Text => output::print(&output::laws::list_text(&found))?,
            }
        }
    }
    Ok(0)
}
