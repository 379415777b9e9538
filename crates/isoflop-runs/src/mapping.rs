//! Which column stands for which name of a law.

use std::fmt;

use isoflop_formula::Unit;

use crate::column::Column;
use crate::error::RunsError;
use crate::roles::{Found, Role};
use crate::table::RunTable;

/// Which column stands for which name; names without a binding are columns of the same name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapping {
    bindings: Vec<Binding>,
}

/// A column that stands for a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The name in formulas, such as `N`.
    pub name: String,
    /// The column, such as `n_params`.
    pub column: String,
    /// How it was found.
    pub found: Found,
    /// Other columns that might have been meant, best first.
    pub others: Vec<String>,
    /// Unit of the values: that of the role, by default conventions; unknown if it is not a role.
    pub unit: Unit,
}

/// `N = params (common name)`, with the other candidates if there are any.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.found {
            Found::Map => " (--map)",
            Found::Let => " (--let)",
            Found::Name => "",
            Found::CommonName => " (common name)",
            Found::LastPart => " (by the last part of its name)",
        };
        write!(f, "{} = {}{how}", self.name, self.column)?;
        if !self.others.is_empty() {
            let others = self.others.join(", ");
            write!(f, "; not used: {others}; choose with --map {}=COLUMN", self.name)?;
        }
        Ok(())
    }
}

/// Values of a role that are improbably small for a plain count.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleDoubt {
    /// The role.
    pub role: Role,
    /// The column that stands for it.
    pub column: String,
    /// The largest value.
    pub largest: f64,
}

impl ScaleDoubt {
    /// A stable code for documentation and scripts.
    pub fn code(&self) -> &'static str {
        "R0206"
    }
}

impl fmt::Display for ScaleDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, column, largest) = (self.role.name(), &self.column, self.largest);
        write!(
            f,
            "{name} = {column} is at most {largest}: if it counts millions, billions or trillions, say so, \
             for example with --let '{name} = 1e9 * {}'",
            quoted(column)
        )
    }
}

/// A column name as a formula must write it.
fn quoted(column: &str) -> String {
    let is_plain = column.starts_with(|c: char| c.is_ascii_alphabetic())
        && column.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_plain { column.to_owned() } else { format!("`{column}`") }
}

/// Splits the text of a `--map`, such as `loss=val_loss`, into name and column.
///
/// # Errors
/// [`RunsError::BadMap`].
pub fn parse_map(text: &str) -> Result<(String, String), RunsError> {
    match text.split_once('=') {
        Some((name, column)) if !name.trim().is_empty() && !column.trim().is_empty() => {
            Ok((name.trim().to_owned(), column.trim().trim_matches('`').to_owned()))
        }
        _ => Err(RunsError::BadMap { text: text.to_owned() }),
    }
}

/// Finds the columns of N, D, C and loss by their names; `maps` are pairs of name and column that go first
/// and may bind other names too.
///
/// A role that no column stands for is simply absent: whether that matters, the law knows.
///
/// # Errors
/// [`RunsError::MissingColumn`] if a pair names a column that is not there.
///
/// ```
/// use isoflop_runs::{Column, RunTable, find_roles};
/// let column = |name: &str| (name.to_owned(), Column::from(vec![1.0]));
/// let table = RunTable::from_columns(vec![column("n_params"), column("val_loss"), column("train_loss")])?;
/// let mapping = find_roles(&table, &[])?;
/// assert_eq!(mapping.column("N"), Some("n_params"));
/// assert_eq!(mapping.column("loss"), Some("val_loss"));
/// assert_eq!(mapping.binding("loss").unwrap().others, ["train_loss"]);
/// assert_eq!(mapping.column("D"), None);
/// # Ok::<(), isoflop_runs::RunsError>(())
/// ```
pub fn find_roles(table: &RunTable, maps: &[(String, String)]) -> Result<Mapping, RunsError> {
    let mut mapping = Mapping::default();
    for (name, column) in maps {
        table.require(column)?;
        mapping.bind(name, column, Found::Map);
    }
    for role in Role::ALL {
        if mapping.binding(role.name()).is_some() {
            continue;
        }
        let mut candidates = role.candidates(table).into_iter();
        if let Some((column, found)) = candidates.next() {
            mapping.bind(role.name(), &column, found).others = candidates.map(|(column, _)| column).collect();
        }
    }
    Ok(mapping)
}

impl Mapping {
    /// All bindings: those given, then the roles.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The binding of a name.
    pub fn binding(&self, name: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.name == name)
    }

    /// The column bound to a name.
    pub fn column(&self, name: &str) -> Option<&str> {
        self.binding(name).map(|binding| binding.column.as_str())
    }

    /// The column that a name means in this table: the one bound to it, else the one of the same name.
    ///
    /// # Errors
    /// [`RunsError::RoleNotFound`] with what to do, or [`RunsError::MissingColumn`].
    pub fn resolve<'a>(&'a self, table: &RunTable, name: &'a str) -> Result<&'a str, RunsError> {
        if let Some(column) = self.column(name) {
            return Ok(column);
        }
        let Err(error) = table.require(name) else { return Ok(name) };
        match (Role::of(name), error) {
            (Some(role), RunsError::MissingColumn { suggestion, known, .. }) => {
                let advice = self.advice(table, role);
                Err(RunsError::RoleNotFound { role: name.to_owned(), advice, suggestion, known })
            }
            (_, error) => Err(error),
        }
    }

    /// A ready `--let` for a role that has no column.
    fn advice(&self, table: &RunTable, role: Role) -> String {
        if role == Role::Compute
            && let Some(column) = table.names().find(|name| name.to_lowercase().ends_with("petaflops"))
        {
            return format!(", or convert with --let 'C = 1e15 * {}'", quoted(column));
        }
        match role.estimate() {
            Some((formula, needs)) if needs.iter().all(|need| self.column(need.name()).is_some()) => {
                format!(", or define it with --let '{} = {formula}'", role.name())
            }
            _ => String::new(),
        }
    }

    /// Roles whose values are all improbably small, such as parameters counted in billions.
    pub fn scale_doubts(&self, table: &RunTable) -> Vec<ScaleDoubt> {
        let doubt = |role: Role| {
            let least = role.least_plausible()?;
            let column = self.column(role.name())?;
            let Some(Column::Numbers(numbers)) = table.column(column) else { return None };
            let (_, largest) = numbers.finite_range();
            let is_doubtful = largest > 0.0 && largest < least;
            is_doubtful.then(|| ScaleDoubt { role, column: column.to_owned(), largest })
        };
        Role::ALL.into_iter().filter_map(doubt).collect()
    }

    /// Binds a name, in place of an earlier binding of it.
    pub(crate) fn bind(&mut self, name: &str, column: &str, found: Found) -> &mut Binding {
        let unit = Role::of(name).map(|role| role.unit(column)).unwrap_or_default();
        let binding =
            Binding { name: name.to_owned(), column: column.to_owned(), found, others: Vec::new(), unit };
        match self.bindings.iter().position(|other| other.name == name) {
            Some(i) => {
                self.bindings[i] = binding;
                &mut self.bindings[i]
            }
            None => {
                self.bindings.push(binding);
                let last = self.bindings.len() - 1;
                &mut self.bindings[last]
            }
        }
    }
}
