//! Units of a formula: does every sum add like to like, and can the right side have the unit of the left?
//!
//! **Method.** Every free coefficient has an unknown unit. Walking the tree, each expression gets a unit that
//! is a product of base symbols and unknowns with real exponents; its logarithm is a linear form. Sums,
//! comparisons and `~` say that two such forms are equal, exponents and arguments of `exp` say that one is
//! zero. These linear equations are solved by elimination as they appear; one that cannot hold is an error at
//! its place in the text.
//!
//! **Exponents that are parameters.** In `A / N^alpha` the coefficient `A` has the unit param^alpha, which
//! depends on alpha. So the equations are set up at several *points*: two generic values of the parameters,
//! and for each group column a generic other level. An equation that must hold for all values is then one
//! that holds at the points. A parameter has one unknown per point at which it can differ; a number in the
//! text has a single unknown for all points, since it stays the same while alpha is fitted. That is why
//! `1 + N^alpha` is an error and `1 + (N/Nc)^alpha` is not.
//!
//! **Soundness.** If the check passes, then for any rescaling of the base units there are rescaled free
//! coefficients (and rescaled numbers in the text) that give the same law: rescale each by the solution of
//! the equations. Exempt is `log` of a quantity with a unit: its result takes any unit, because a change of
//! unit adds a constant there instead of multiplying by one, and laws in log space are written so. Columns of
//! unknown unit count as unknowns of their own.

use rustc_hash::FxHashMap;

use crate::ast::{BinaryWord, Expr, ExprKind, Span, UnaryWord};
use crate::diagnostic::Diagnostic;
use crate::functions::{Function, constant, function};
use crate::graph::{Binary, Unary};
use crate::resolve::ResolvedTie;
use crate::scope::InputSpec;
use crate::symbols::{InputKind, Symbols};
use crate::units::{BASES, Unit};

mod linear;

use linear::{Contradiction, Form, System};

/// Checks statements `left ~ body`, or a bare `body`, and adds what is wrong to `diagnostics`. `outputs` are the outputs
/// of all statements but the first, which is among the inputs.
pub(crate) fn check<'e>(
    symbols: &'e Symbols,
    outputs: &'e [InputSpec],
    ties: &'e [ResolvedTie],
    text: &'e str,
    statements: &[(Option<&'e Expr>, &'e Expr)],
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut groups: Vec<&str> = symbols.params.iter().filter_map(|p| p.group.as_deref()).collect();
    groups.sort_unstable();
    groups.dedup();
    let points = (0..2).flat_map(|theta| (0..=groups.len()).map(move |level| Point { theta, level }));
    let is_column = |kind: &InputKind| {
        matches!(kind, InputKind::Column | InputKind::Earlier { column: Some(_), .. } | InputKind::Row)
    };
    let columns = symbols.inputs.iter().enumerate().filter(|(_, x)| is_column(&x.kind));
    let mut checker = Checker {
        points: points.collect(),
        groups,
        symbols,
        outputs,
        inputs: columns.map(|(i, x)| (x.name.as_str(), i)).collect(),
        params: symbols.params.iter().enumerate().map(|(i, p)| (p.name.as_str(), i)).collect(),
        ties: ties.iter().map(|t| (t.name.as_str(), t)).collect(),
        text,
        system: System::default(),
        unknowns: FxHashMap::default(),
        context: None,
        unknown: None,
        diagnostics,
    };
    for (left, body) in statements {
        let right = checker.quantity(body);
        if let Some(left) = left {
            let left_quantity = checker.quantity(left);
            checker.same_sides(left, &left_quantity, body, &right);
        }
    }
}

/// One assignment of generic values to the parameters.
#[derive(Debug, Clone, Copy)]
struct Point {
    /// Which of two values all parameters have.
    theta: usize,
    /// 0, or 1 + the position of the group column that is at another level.
    level: usize,
}

/// What is known of an expression at each point.
#[derive(Debug, Clone)]
struct Quantity {
    units: Vec<Form>,
    /// Its value, where it depends on parameters only; `None` where it differs by row.
    values: Option<Vec<f64>>,
}

/// A unit in words, for messages.
enum Described {
    Fixed(Unit),
    /// It depends on the value of a parameter.
    Varying,
    Absorbing,
}

struct Checker<'a> {
    points: Vec<Point>,
    groups: Vec<&'a str>,
    symbols: &'a Symbols,
    outputs: &'a [InputSpec],
    inputs: FxHashMap<&'a str, usize>,
    params: FxHashMap<&'a str, usize>,
    ties: FxHashMap<&'a str, &'a ResolvedTie>,
    /// The text that is being walked: the formula's, or a tie's.
    text: &'a str,
    system: System,
    /// Unknown units that were given out, by symbol (parameters first, then inputs) and point.
    unknowns: FxHashMap<(usize, usize, usize), u32>,
    /// Name and place of the tied parameter whose expression is being walked.
    context: Option<(&'a str, Span)>,
    /// The unknown of the equation that is being walked.
    unknown: Option<(&'a str, Quantity)>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// Unit and value of an expression. Walks chains such as long sums without recursion.
    fn quantity(&mut self, expr: &'a Expr) -> Quantity {
        let mut chain = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(word, a, b) = &first.kind {
            if is_text(a) || is_text(b) {
                break;
            }
            chain.push((*word, &**a, &**b));
            first = a;
        }
        let mut left = self.operand(first);
        for (word, a, b) in chain.into_iter().rev() {
            let right = self.quantity(b);
            left = self.join(word, a, left, b, right);
        }
        left
    }

    fn operand(&mut self, expr: &'a Expr) -> Quantity {
        match &expr.kind {
            ExprKind::Number(value) => self.number(*value),
            ExprKind::Name(name) | ExprKind::Index { name, .. } => self.name(name, &expr.span),
            ExprKind::Earlier { name, .. } => self.name(name, &expr.span),
            // As many parts as the row is far into its run.
            ExprKind::Past { body } => Quantity { values: None, ..self.quantity(body) },
            ExprKind::Unary(word, a) => {
                let mut inner = self.quantity(a);
                if *word == UnaryWord::Not {
                    inner.units = self.pure();
                }
                let op = if *word == UnaryWord::Minus { Unary::Neg } else { Unary::Not };
                inner.values = inner.values.map(|v| v.into_iter().map(|x| op.apply(x)).collect());
                inner
            }
            ExprKind::Call { function: name, arguments, .. } => self.call(name, arguments),
            ExprKind::Solve { unknown, low, high, body } => self.solve(&unknown.0, low, high, body),
            // Comparisons of texts are the only ones that are left.
            ExprKind::Binary(..) | ExprKind::Text(_) | ExprKind::Over { .. } => {
                Quantity { units: self.pure(), values: None }
            }
        }
    }

    /// The unknown has the unit of the ends of its range; it differs by row. The equation may have any unit.
    fn solve(&mut self, unknown: &'a str, low: &'a Expr, high: &'a Expr, body: &'a Expr) -> Quantity {
        let (bottom, top) = (self.quantity(low), self.quantity(high));
        self.same("be ends of one range", low, &bottom, high, &top);
        let quantity = Quantity { units: bottom.units, values: None };
        self.unknown = Some((unknown, quantity.clone()));
        self.quantity(body);
        self.unknown = None;
        quantity
    }

    /// A number takes on a unit too (`6*N*D`), but one that does not depend on parameters.
    fn number(&mut self, value: f64) -> Quantity {
        let values = Some(vec![value; self.points.len()]);
        let units = if value == 0.0 || !value.is_finite() {
            self.anything()
        } else {
            let unknown = self.system.unknown();
            vec![unknown; self.points.len()]
        };
        Quantity { units, values }
    }

    fn name(&mut self, name: &'a str, span: &Span) -> Quantity {
        if let Some((unknown, quantity)) = &self.unknown
            && *unknown == name
        {
            return quantity.clone();
        }
        if let Some(tie) = self.ties.get(name).copied() {
            let outer = (self.text, self.context.clone());
            self.text = &tie.text;
            self.context = self.context.take().or(Some((name, span.clone())));
            let quantity = self.quantity(&tie.expr);
            (self.text, self.context) = outer;
            return quantity;
        }
        if let Some(&i) = self.inputs.get(name) {
            let form = match self.symbols.inputs[i].unit.exponents() {
                Some(unit) => Form::fixed(unit),
                None => self.unknown_of(self.symbols.params.len() + i, 0, 0),
            };
            return Quantity { units: vec![form; self.points.len()], values: None };
        }
        if let Some(&i) = self.params.get(name) {
            return self.param(i);
        }
        if let Some(k) = self.outputs.iter().position(|output| output.name == name) {
            let form = match self.outputs[k].unit.exponents() {
                Some(unit) => Form::fixed(unit),
                None => self.unknown_of(self.symbols.params.len() + self.symbols.inputs.len() + k, 0, 0),
            };
            return Quantity { units: vec![form; self.points.len()], values: None };
        }
        let value = constant(name).unwrap_or(f64::NAN);
        let units = if value.is_finite() { self.pure() } else { self.anything() };
        Quantity { units, values: Some(vec![value; self.points.len()]) }
    }

    fn param(&mut self, i: usize) -> Quantity {
        let symbols = self.symbols;
        let param = &symbols.params[i];
        let (mut units, mut values) = (Vec::new(), Vec::new());
        for Point { theta, level } in self.points.clone() {
            let other = level > 0 && param.group.as_deref() == Some(self.groups[level - 1]);
            units.push(match param.unit.and_then(|u| u.exponents()) {
                Some(unit) => Form::fixed(unit),
                None => self.unknown_of(i, theta, usize::from(other)),
            });
            let salt = 4 * i + 2 * theta + usize::from(other);
            values.push(param.fixed.unwrap_or_else(|| generic(salt as u64)));
        }
        Quantity { units, values: Some(values) }
    }

    fn call(&mut self, name: &str, arguments: &'a [Expr]) -> Quantity {
        let parts: Vec<Quantity> = arguments.iter().map(|a| self.quantity(a)).collect();
        match (function(name), &parts[..]) {
            (Some(Function::One(op)), [part]) => self.unary(name, op, &arguments[0], part),
            (Some(Function::If), [condition, then, otherwise]) => {
                self.same("be branches of one `if`", &arguments[1], then, &arguments[2], otherwise);
                let known = condition.values.is_some() && then.values == otherwise.values;
                Quantity { units: then.units.clone(), values: then.values.clone().filter(|_| known) }
            }
            (Some(Function::Min | Function::Max), [first, rest @ ..]) => {
                for (part, argument) in rest.iter().zip(&arguments[1..]) {
                    self.same(&format!("be arguments of one `{name}`"), &arguments[0], first, argument, part);
                }
                let op = if name == "min" { Binary::Min } else { Binary::Max };
                let values = rest.iter().fold(first.values.clone(), |sum, part| both(op, &sum, &part.values));
                Quantity { units: first.units.clone(), values }
            }
            _ => {
                for (part, argument) in parts.iter().zip(arguments) {
                    self.without_unit(part, argument, &format!("the argument of `{name}`"));
                }
                // softmin and softmax2: a sum of exponentials, so any such sum tells their values apart.
                let none = Some(vec![0.0; self.points.len()]);
                let exponentials = |p: &Quantity| Some(p.values.as_ref()?.iter().map(|v| v.exp()).collect());
                let values = parts.iter().fold(none, |sum, p| both(Binary::Add, &sum, &exponentials(p)));
                Quantity { units: self.pure(), values }
            }
        }
    }

    fn unary(&mut self, name: &str, op: Unary, argument: &Expr, part: &Quantity) -> Quantity {
        let values = part.values.as_ref().map(|v| v.iter().map(|x| op.apply(*x)).collect());
        let units = match op {
            Unary::Abs => part.units.clone(),
            Unary::Sqrt => part.units.iter().map(|u| u.clone().scaled(0.5)).collect(),
            Unary::Sign => self.pure(),
            Unary::Log | Unary::Log2 | Unary::Log10 => {
                let pure = part.units.iter().all(|u| self.system.reduce(u.clone()).is_zero());
                if pure { self.pure() } else { self.anything() }
            }
            _ => {
                self.without_unit(part, argument, &format!("the argument of `{name}`"));
                self.pure()
            }
        };
        Quantity { units, values }
    }

    fn join(&mut self, word: BinaryWord, a: &Expr, left: Quantity, b: &Expr, right: Quantity) -> Quantity {
        use BinaryWord as W;
        let op = match word {
            W::Add => Binary::Add,
            W::Subtract => Binary::Sub,
            W::Multiply => Binary::Mul,
            W::Divide => Binary::Div,
            W::Power => return self.power(a, left, b, right),
            W::Less | W::LessEqual | W::Greater | W::GreaterEqual | W::Equal | W::NotEqual => {
                self.same("be compared", a, &left, b, &right);
                return self.truth(&left, &right);
            }
            W::And | W::Or => return self.truth(&left, &right),
        };
        let values = both(op, &left.values, &right.values);
        let units = match word {
            W::Multiply => combine(left.units, right.units, 1.0),
            W::Divide => combine(left.units, right.units, -1.0),
            _ => {
                let what = if word == W::Add { "added" } else { "subtracted" };
                if self.same(&format!("be {what}"), a, &left, b, &right) {
                    left.units
                } else {
                    self.anything()
                }
            }
        };
        Quantity { units, values }
    }

    /// A truth value; taken to differ by row, which is the careful side.
    fn truth(&self, left: &Quantity, right: &Quantity) -> Quantity {
        let fixed = left.values.is_some() && right.values.is_some();
        Quantity { units: self.pure(), values: fixed.then(|| vec![1.0; self.points.len()]) }
    }

    fn power(&mut self, a: &Expr, base: Quantity, b: &Expr, exponent: Quantity) -> Quantity {
        self.without_unit(&exponent, b, "an exponent");
        let values = both(Binary::Pow, &base.values, &exponent.values);
        let finite = exponent.values.filter(|v| v.iter().all(|x| x.is_finite()));
        let units = match finite {
            Some(powers) => base.units.into_iter().zip(powers).map(|(u, p)| u.scaled(p)).collect(),
            None => {
                let what = "the base of a power whose exponent differs by row";
                self.without_unit(&base, a, what);
                self.pure()
            }
        };
        Quantity { units, values }
    }

    // --- equations ---

    /// Says that two quantities have the same unit; reports and returns false if they cannot.
    fn same(&mut self, what: &str, a: &Expr, left: &Quantity, b: &Expr, right: &Quantity) -> bool {
        if self.equate(left, right) {
            return true;
        }
        let span = a.span.start.min(b.span.start)..a.span.end.max(b.span.end);
        let (left_words, right_words) = (self.words(left, a), self.words(right, b));
        let message = format!("{left_words} and {right_words}, so they cannot {what}");
        let help = self.help(&[left, right]);
        self.report(Diagnostic::error("F0601", span, message).with_help(help));
        false
    }

    fn same_sides(&mut self, a: &Expr, left: &Quantity, b: &Expr, right: &Quantity) {
        if self.equate(left, right) {
            return;
        }
        let message = format!("{}, but {}", self.words(left, a), self.words(right, b));
        let help = match self.describe(right) {
            Described::Fixed(_) => "multiply the right side by a free coefficient, as in `k * N`".into(),
            _ => self.help(&[left, right]),
        };
        self.report(Diagnostic::error("F0604", a.span.start..b.span.end, message).with_help(help));
    }

    /// Says that a quantity has no unit.
    fn without_unit(&mut self, part: &Quantity, expr: &Expr, what: &str) {
        let pure = Quantity { units: self.pure(), values: None };
        if self.equate(part, &pure) {
            return;
        }
        let message = format!("{what} must be a pure number, but {}", self.words(part, expr));
        let help =
            "divide it by a reference quantity (`N / 1e9`, `N / Nc`) or multiply it by a free coefficient";
        self.report(Diagnostic::error("F0602", expr.span.clone(), message).with_help(help));
    }

    /// "`N` is in param"
    fn words(&self, quantity: &Quantity, expr: &Expr) -> String {
        let source = self.text.get(expr.span.clone()).unwrap_or_default();
        let mut short: String = source.split_whitespace().collect::<Vec<_>>().join(" ");
        if short.chars().count() > SNIPPET {
            short = short.chars().take(SNIPPET).chain("...".chars()).collect();
        }
        match self.describe(quantity) {
            Described::Fixed(unit) if unit.is_one() => format!("`{short}` is a pure number"),
            Described::Fixed(unit) => format!("`{short}` is in {unit}"),
            Described::Varying => format!("`{short}` has a unit that depends on the value of a parameter"),
            Described::Absorbing => format!("`{short}` has no unit that would fit"),
        }
    }

    /// What to do about two units that cannot be equal.
    fn help(&self, quantities: &[&Quantity]) -> String {
        let described: Vec<Described> = quantities.iter().map(|q| self.describe(q)).collect();
        if described.iter().all(|d| matches!(d, Described::Fixed(_))) {
            return "give each its own free coefficient, or divide by a reference quantity".into();
        }
        if described.iter().any(|d| matches!(d, Described::Varying)) {
            return "multiply the power by a free coefficient (`A * N^alpha`) or divide its base by a \
                    reference (`(N / 1e9)^alpha`)"
                .into();
        }
        match self.groups.first() {
            Some(group) => format!(
                "a coefficient cannot absorb a unit that differs by group: write `A[{group}]`, or divide the \
                 base of the power by a reference (`(N / 1e9)^alpha[{group}]`)"
            ),
            None => "a coefficient that is used in two terms has one unit: give each term its own".into(),
        }
    }

    /// Solves for equal units at all points, or changes nothing and returns false.
    fn equate(&mut self, left: &Quantity, right: &Quantity) -> bool {
        let mut solved = Vec::new();
        for (a, b) in left.units.iter().zip(&right.units) {
            let mut difference = a.clone();
            difference.add(b, -1.0);
            match self.system.require_zero(difference) {
                Ok(id) => solved.extend(id),
                Err(Contradiction) => {
                    self.system.forget(&solved);
                    return false;
                }
            }
        }
        true
    }

    fn describe(&self, quantity: &Quantity) -> Described {
        let mut fixed: Option<[f64; BASES]> = None;
        for unit in &quantity.units {
            let Some(unit) = self.system.reduce(unit.clone()).as_fixed() else { return Described::Absorbing };
            match fixed {
                Some(other) if other.iter().zip(&unit).any(|(a, b)| (a - b).abs() > 1e-6) => {
                    return Described::Varying;
                }
                _ => fixed = Some(unit),
            }
        }
        fixed.map_or(Described::Absorbing, |unit| Described::Fixed(Unit::from_exponents(unit)))
    }

    fn pure(&self) -> Vec<Form> {
        vec![Form::default(); self.points.len()]
    }

    /// A unit that may be anything, another one at each point.
    fn anything(&mut self) -> Vec<Form> {
        (0..self.points.len()).map(|_| self.system.unknown()).collect()
    }

    fn unknown_of(&mut self, symbol: usize, theta: usize, level: usize) -> Form {
        let system = &mut self.system;
        let id = *self.unknowns.entry((symbol, theta, level)).or_insert_with(|| system.fresh());
        Form::unknown(id)
    }

    fn report(&mut self, mut diagnostic: Diagnostic) {
        if let Some((name, span)) = &self.context {
            diagnostic.message = format!("in the tie of `{name}`: {}", diagnostic.message);
            diagnostic.span = Some(span.clone());
        }
        self.diagnostics.push(diagnostic);
    }
}

/// Longest piece of source in a message, in characters.
const SNIPPET: usize = 40;

fn is_text(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Text(_))
}

fn combine(mut left: Vec<Form>, right: Vec<Form>, sign: f64) -> Vec<Form> {
    for (a, b) in left.iter_mut().zip(&right) {
        a.add(b, sign);
    }
    left
}

fn both(op: Binary, left: &Option<Vec<f64>>, right: &Option<Vec<f64>>) -> Option<Vec<f64>> {
    let (left, right) = (left.as_ref()?, right.as_ref()?);
    Some(left.iter().zip(right).map(|(a, b)| op.apply(*a, *b)).collect())
}

/// A number between 0.1 and 0.9, where `log(x)` and `sqrt(1 - x)` exist, without any simple relation to the
/// others (the splitmix64 sequence).
fn generic(salt: u64) -> f64 {
    let mut z = (salt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    0.1 + 0.8 * ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
