//! Identifiers of programming languages for the names of a formula.

use rustc_hash::FxHashSet;

use crate::expand::ROW;
use crate::symbols::{InputKind, Symbols};

/// Identifiers for the columns and parameters of a formula, in the order of its symbols.
pub(super) struct Names {
    pub(super) inputs: Vec<String>,
    pub(super) params: Vec<String>,
    /// The columns that give the index of grouped parameters, in the order of the parameters.
    pub(super) groups: Vec<Option<String>>,
    /// Every column and parameter once, with its identifier: the arguments of a function.
    pub(super) arguments: Vec<(String, String)>,
}

impl Names {
    /// Replaces what an identifier cannot hold by `_` and tells equal ones apart by more of them; `taken`
    /// are the words that cannot be used.
    pub(super) fn new(symbols: &Symbols, taken: &[&str]) -> Self {
        let mut maker = Maker {
            taken: taken.iter().map(|t| t.to_string()).collect(),
            columns: Vec::new(),
            params: Vec::new(),
        };
        let column = |maker: &mut Maker, name: &str| maker.column(name);
        let inputs = symbols.inputs.iter().map(|i| match &i.kind {
            InputKind::Column => column(&mut maker, &i.name),
            InputKind::TextEquals { column: name, .. } => column(&mut maker, name),
            InputKind::Earlier { column: Some(name), .. } => column(&mut maker, &format!("{name}_past")),
            InputKind::Earlier { column: None, .. } | InputKind::Row => column(&mut maker, ROW),
            // Sums over the past need no place in a table where their rows are given.
            InputKind::Here => String::new(),
        });
        let inputs = inputs.collect();
        let groups = symbols.params.iter().map(|p| p.group.as_deref().map(|g| maker.column(g))).collect();
        let params = symbols.params.iter().map(|p| maker.param(&p.name)).collect();
        let mut arguments = maker.columns;
        arguments.extend(maker.params);
        Self { inputs, params, groups, arguments }
    }
}

struct Maker {
    taken: FxHashSet<String>,
    columns: Vec<(String, String)>,
    params: Vec<(String, String)>,
}

impl Maker {
    fn column(&mut self, name: &str) -> String {
        if let Some((_, id)) = self.columns.iter().find(|(n, _)| n == name) {
            return id.clone();
        }
        let id = self.fresh(name);
        self.columns.push((name.into(), id.clone()));
        id
    }

    fn param(&mut self, name: &str) -> String {
        let id = self.fresh(name);
        self.params.push((name.into(), id.clone()));
        id
    }

    fn fresh(&mut self, name: &str) -> String {
        let mut id: String = name
            .chars()
            .map(|c| if c.is_alphanumeric() && (c.is_ascii() || c.is_alphabetic()) { c } else { '_' })
            .collect();
        if id.is_empty() || id.starts_with(|c: char| c.is_numeric()) {
            id.insert(0, '_');
        }
        while !self.taken.insert(id.clone()) {
            id.push('_');
        }
        id
    }
}
