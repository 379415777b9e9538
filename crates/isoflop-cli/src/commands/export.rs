//! `isoflop export`.

use std::path::Path;

use isoflop_runs::RunTable;
use isoflop_study::{Listener, StudyError, columns};

use crate::args::ExportArgs;
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output::{self, number::counted};
use crate::save::Target;

/// A format that tables are written in.
enum Kind {
    Csv,
    Parquet,
}

/// Reads the runs as a fit would and writes them as one table.
pub(crate) fn run(args: &ExportArgs, messages: &Messages) -> Result<u8, Failure> {
    let name = args.output.display().to_string();
    let is_stdout = name == "-";
    let kind = match args.output.extension().and_then(|end| end.to_str()) {
        _ if is_stdout => Kind::Csv,
        Some("csv") => Kind::Csv,
        Some("parquet" | "pq") => Kind::Parquet,
        _ => return Err(CliError::NotATable { path: name }.into()),
    };
    for path in args.paths.iter().filter(|path| *path != "-") {
        if is_same(Path::new(path), &args.output) {
            return Err(CliError::OntoInput { path: name }.into());
        }
    }
    let target = if is_stdout { None } else { Some(Target::check(&args.output)?) };
    let mut table = RunTable::read(&args.paths, &args.reading.options(&args.maps)?)?;
    let mapping = columns(&mut table, &args.maps, &args.lets, messages)?;
    for text in &args.filters {
        table.filter(&mapping, text)?;
        if table.rows() == 0 {
            return Err(StudyError::FilteredAll { filter: text.clone() }.into());
        }
    }
    let table = table.with_origins();
    let mut bytes = Vec::new();
    match kind {
        Kind::Csv => table.write_csv(&name, &mut bytes)?,
        Kind::Parquet => table.write_parquet(&name, &mut bytes)?,
    }
    match target {
        Some(target) => target.write(&bytes)?,
        None => output::print(&String::from_utf8_lossy(&bytes))?,
    }
    let columns = table.names().count();
    messages.info(&format!("{name}: {} of {}", counted(table.rows(), "row"), counted(columns, "column")));
    Ok(0)
}

fn is_same(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
