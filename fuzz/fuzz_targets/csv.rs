//! Any bytes as a run table: an answer or an error, never a panic, and an answer that hangs together.
#![no_main]

use isoflop_runs::{Column, Need, ReadOptions, Role, RunTable, Selection, find_roles};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses how the name tells the format.
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    if bytes.starts_with(b"PAR1") {
        // The parquet crate takes seconds to refuse some damaged footers, which would slow the search.
        return;
    }
    let names = ["a.csv", "a.tsv", "a.jsonl", "a.txt"];
    let name = names[usize::from(choice) % names.len()];
    let table = match RunTable::from_reader(name, bytes, &ReadOptions::default()) {
        Ok(table) => table,
        Err(error) => {
            assert!(error.code().starts_with("R01") && !error.to_string().is_empty());
            return;
        }
    };
    assert!(table.rows() > 0);
    let mut last = 0;
    for row in 0..table.rows() {
        let line = table.place(row).number;
        assert!(line > last, "rows stand in order");
        last = line;
    }
    for (name, column) in table.columns() {
        assert_eq!(column.len(), table.rows());
        match column {
            Column::Numbers(numbers) => assert!(numbers.missing.count() <= table.rows()),
            // A text column holds at least one cell that is not a number.
            Column::Text(_) => assert!(table.number(name).is_err()),
        }
    }
    let Ok(mapping) = find_roles(&table, &[]) else { return };
    let needs = Role::ALL.into_iter().filter(|role| mapping.column(role.name()).is_some());
    let groups = table.names().next().map(str::to_owned).into_iter().collect();
    let selection = Selection { needs: needs.map(|role| Need::positive(role.name())).collect(), groups };
    if let Ok(selected) = table.select(&mapping, &selection) {
        let dropped: usize = selected.dropped.iter().map(|dropped| dropped.count).sum();
        assert_eq!(dropped + selected.rows(), table.rows());
        assert_eq!(selected.digest().len(), 64);
    }
});
