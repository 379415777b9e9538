//! `isoflop contrast`.

use isoflop_audit::Sharing;
use isoflop_study::{contrast_of, reviewed_json};

use crate::args::{ContrastArgs, Exponents, Format};
use crate::commands::{plot, study};
use crate::errors::Failure;
use crate::messages::Messages;
use crate::output;
use crate::progress::Bar;

/// Compares two recipes and reports.
pub(crate) fn run(args: &ContrastArgs, messages: &Messages) -> Result<u8, Failure> {
    let request = args.study.request(args.law.changes.changes(), args.bootstrap);
    let study = study(&args.study, request, args.law.folder.as_deref(), messages)?;
    let sharing = match args.exponents {
        Exponents::Auto => Sharing::Auto,
        Exponents::Shared => Sharing::Shared,
        Exponents::Separate => Sharing::Separate,
    };
    let between = args.between.as_ref().map(|pair| pair.0.clone());
    let bar = Bar::counting(messages, "fits");
    let found = contrast_of(&study, &args.law.law, &args.arm, between, sharing, args.reach, messages, &bar)?;
    match args.study.format {
        Format::Text => output::print(&output::contrast::text(&found))?,
        Format::Json => output::print_json(&reviewed_json(&found, args.study.table.seed))?,
    }
    if args.study.plot {
        plot::below(&reviewed_json(&found, args.study.table.seed), args.study.format, messages)?;
    }
    Ok(0)
}
