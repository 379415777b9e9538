//! Sums and products over a set of columns, written out before names are resolved.
//!
//! `sum(i in mix: C[i] * mix[i]^g[i])` becomes `C[web] * mix_web^g[web] + C[code] * mix_code^g[code] + ...`, one part
//! per column of the set. What is left has no index variable, so units, derivatives and printers need to know nothing
//! of sums; `C[web]` is a parameter of that name.
//!
//! `sum(k in past: ...)` runs over the rows of a run, whose number differs by row, and stays a sum; its index is written
//! out all the same, and `cumsum`, `decayed_sum`, `last` and `at` become such sums.

use crate::ast::{BinaryWord, Expr, ExprKind, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::scope::Scope;
use crate::suggest::closest;

/// Largest number of parts that all sums of a formula are written out to.
const MAX_PARTS: usize = 20_000;

/// `expr` without sums, products and indices of sets.
///
/// # Errors
/// Every index or set that is not known, and sums that are too long.
pub(crate) fn expand(expr: &Expr, scope: &Scope) -> Result<Expr, Diagnostics> {
    let mut expander = Expander { scope, bound: Vec::new(), past: None, parts: 0, diagnostics: Vec::new() };
    let expanded = expander.expr(expr);
    if expander.diagnostics.is_empty() {
        Ok(expanded)
    } else {
        // One mistake inside a sum would be told once per member.
        expander.diagnostics.dedup();
        Err(Diagnostics(expander.diagnostics))
    }
}

/// The set of the rows of a run up to the present one.
const PAST: &str = "past";
/// The number of a row in its run.
pub(crate) const ROW: &str = "row";

/// Whether this is a function of a sequence with so many arguments.
fn is_sequence(function: &str, arguments: usize) -> bool {
    matches!((function, arguments), ("cumsum" | "last", 1) | ("decayed_sum" | "at", 2))
}

struct Expander<'a> {
    scope: &'a Scope,
    /// Index variables with the member that each stands for, innermost last.
    bound: Vec<(String, String)>,
    /// The index of the sum over the past that is being read.
    past: Option<String>,
    parts: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Expander<'_> {
    fn expr(&mut self, expr: &Expr) -> Expr {
        // Long sums are deep on the left only, so walking down the left side keeps the stack flat.
        let mut chain = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(word, a, b) = &first.kind {
            chain.push((*word, b, first.span.clone()));
            first = a;
        }
        let mut left = self.operand(first);
        for (word, b, span) in chain.into_iter().rev() {
            let right = self.expr(b);
            left = Expr { kind: ExprKind::Binary(word, Box::new(left), Box::new(right)), span };
        }
        left
    }

    fn operand(&mut self, expr: &Expr) -> Expr {
        let span = expr.span.clone();
        let kind = match &expr.kind {
            ExprKind::Name(name) => return self.name(name, span),
            ExprKind::Index { name, index } => return self.index(name, index, span),
            ExprKind::Unary(word, a) => ExprKind::Unary(*word, Box::new(self.expr(a))),
            ExprKind::Call { function, arguments, .. } if is_sequence(function, arguments.len()) => {
                return self.sequence(function, arguments, span);
            }
            ExprKind::Call { function, name_span, arguments } => ExprKind::Call {
                function: function.clone(),
                name_span: name_span.clone(),
                arguments: arguments.iter().map(|a| self.expr(a)).collect(),
            },
            ExprKind::Over { word, index, set, body } => return self.over(*word, index, set, body, span),
            ExprKind::Solve { unknown, low, high, body } => ExprKind::Solve {
                unknown: unknown.clone(),
                low: Box::new(self.expr(low)),
                high: Box::new(self.expr(high)),
                body: Box::new(self.expr(body)),
            },
            ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Binary(..)
            | ExprKind::Earlier { .. }
            | ExprKind::Past { .. } => expr.kind.clone(),
        };
        Expr { kind, span }
    }

    fn over(
        &mut self,
        word: BinaryWord,
        index: &(String, Span),
        set: &(String, Span),
        body: &Expr,
        span: Span,
    ) -> Expr {
        if self.bound.iter().any(|(name, _)| *name == index.0) || self.past.as_ref() == Some(&index.0) {
            let message = format!("the index `{}` is in use already", index.0);
            return self.fail(Diagnostic::error("F0413", index.1.clone(), message));
        }
        let members = self.scope.members(&set.0);
        if members.is_empty() && set.0 == PAST && word == BinaryWord::Add {
            return self.over_the_past(Some(&index.0), span, |expander| expander.expr(body));
        }
        if members.is_empty() {
            let message = format!("`{}` is not a set of columns", set.0);
            let report = Diagnostic::error("F0411", set.1.clone(), message);
            let help = format!("its columns would be called {0}_a, {0}_b, ...", set.0);
            return self.fail(report.with_help(help));
        }
        let mut whole: Option<Expr> = None;
        for member in members {
            self.parts += 1;
            if self.parts > MAX_PARTS {
                let message = format!("the sums of this formula have more than {MAX_PARTS} parts");
                return self.fail(Diagnostic::error("F0902", span, message));
            }
            self.bound.push((index.0.clone(), member));
            let part = self.expr(body);
            self.bound.pop();
            whole = Some(match whole {
                None => part,
                Some(sum) => {
                    Expr { kind: ExprKind::Binary(word, Box::new(sum), Box::new(part)), span: span.clone() }
                }
            });
            if !self.diagnostics.is_empty() {
                break;
            }
        }
        whole.unwrap_or(Expr { kind: ExprKind::Number(f64::NAN), span })
    }

    /// A sum over the past, with the body that `body` makes.
    fn over_the_past(
        &mut self,
        index: Option<&str>,
        span: Span,
        body: impl FnOnce(&mut Self) -> Expr,
    ) -> Expr {
        if self.past.is_some() {
            let message = "a sum over the past cannot stand inside another one";
            let report = Diagnostic::error("F0418", span, message);
            return self
                .fail(report.with_help("define the inner one as a column first: --let 'S = cumsum(lr)'"));
        }
        // A name that no text can have, where the sum has no index of its own.
        self.past = Some(index.unwrap_or_default().to_owned());
        let body = Box::new(body(self));
        self.past = None;
        Expr { kind: ExprKind::Past { body }, span }
    }

    /// `cumsum(x)`, `decayed_sum(x, r)`, `at(x, n)` and `last(x)`.
    fn sequence(&mut self, function: &str, arguments: &[Expr], span: Span) -> Expr {
        let make = |kind: ExprKind| Expr { kind, span: span.clone() };
        let binary = |word, a, b| make(ExprKind::Binary(word, Box::new(a), Box::new(b)));
        let call = |function: &str, arguments| {
            make(ExprKind::Call { function: function.into(), name_span: span.clone(), arguments })
        };
        let row = || make(ExprKind::Name(ROW.into()));
        let row_there = || make(ExprKind::Earlier { name: ROW.into(), lag: 0 });
        let [x, rest @ ..] = arguments else { return make(ExprKind::Number(f64::NAN)) };
        if function == "last" {
            return self.expr(x);
        }
        self.over_the_past(None, span.clone(), |expander| {
            let there = expander.expr(x);
            let there = expander.earlier(there);
            match rest {
                [] => there,
                [decay] if function == "decayed_sum" => {
                    let age = binary(BinaryWord::Subtract, row(), row_there());
                    let decay = expander.expr(decay);
                    binary(BinaryWord::Multiply, there, binary(BinaryWord::Power, decay, age))
                }
                [number, ..] => {
                    let wanted = call("min", vec![expander.expr(number), row()]);
                    let is_there = binary(BinaryWord::Equal, row_there(), wanted);
                    call("if", vec![is_there, there, make(ExprKind::Number(0.0))])
                }
            }
        })
    }

    /// An expression with its columns at the row that a sum over the past has come to.
    fn earlier(&self, expr: Expr) -> Expr {
        let boxed = |e: Box<Expr>| Box::new(self.earlier(*e));
        let kind = match expr.kind {
            ExprKind::Name(name) if self.scope.input(&name).is_some() => ExprKind::Earlier { name, lag: 0 },
            ExprKind::Unary(word, a) => ExprKind::Unary(word, boxed(a)),
            ExprKind::Binary(word, a, b) => ExprKind::Binary(word, boxed(a), boxed(b)),
            ExprKind::Call { function, name_span, arguments } => ExprKind::Call {
                function,
                name_span,
                arguments: arguments.into_iter().map(|a| self.earlier(a)).collect(),
            },
            kind => kind,
        };
        Expr { kind, span: expr.span }
    }

    fn name(&mut self, name: &str, span: Span) -> Expr {
        if self.past.as_deref() == Some(name) {
            let message = format!("the index `{name}` is used as a number");
            let report = Diagnostic::error("F0412", span, message);
            return self.fail(report.with_help(format!("its number in the run is row[{name}]")));
        }
        if self.bound.iter().any(|(index, _)| index == name) {
            let message = format!("the index `{name}` is used as a number");
            let report = Diagnostic::error("F0412", span, message);
            return self.fail(report.with_help(format!("an index selects a member: C[{name}]")));
        }
        // Without a declaration `E` is a name of its own, whatever columns `E_...` the table has.
        if self.scope.is_declared_set(name) {
            let message = format!("`{name}` is a set of columns and not one of them");
            let report = Diagnostic::error("F0411", span, message);
            return self.fail(report.with_help(format!("write sum(i in {name}: ... {name}[i] ...)")));
        }
        Expr { kind: ExprKind::Name(name.into()), span }
    }

    fn index(&mut self, name: &str, index: &[(String, Span)], span: Span) -> Expr {
        if let [(word, at)] = index
            && let (base, lag) = word.split_once('-').unwrap_or((word, "0"))
            && (word.contains('-') || self.past.as_deref() == Some(base))
        {
            return match lag.parse() {
                Ok(lag) if self.past.as_deref() == Some(base) => {
                    Expr { kind: ExprKind::Earlier { name: name.into(), lag }, span }
                }
                _ => {
                    let message = format!("`{word}` is no index here");
                    let help = "only the index of a sum over the past can look back: sum(k in past: lr[k-1])";
                    self.fail(Diagnostic::error("F0419", at.clone(), message).with_help(help))
                }
            };
        }
        let is_index = |word: &String| self.bound.iter().any(|(index, _)| index == word);
        let known = self.scope.members(name);
        let selects = |(word, _): &(String, Span)| is_index(word) || known.contains(word);
        let is_set = self.scope.is_declared_set(name) || !known.is_empty() && index.iter().all(selects);
        // Members of sets become part of the name; a text column stays an index.
        let (mut members, mut columns) = (Vec::new(), Vec::new());
        for (word, at) in index {
            match self.bound.iter().rev().find(|(index, _)| index == word) {
                Some((_, member)) => members.push(member.clone()),
                None if is_set => members.push(word.clone()),
                None => columns.push((word.clone(), at.clone())),
            }
        }
        if is_set {
            return match (&members[..], known.iter().position(|m| members.first() == Some(m))) {
                ([member], Some(_)) => {
                    Expr { kind: ExprKind::Name(self.scope.column_of(name, member)), span }
                }
                ([member], None) => {
                    let message = format!("`{name}` has no column `{member}`");
                    let report = Diagnostic::error("F0414", span, message);
                    self.fail(match closest(member, known.iter().map(String::as_str)) {
                        Some(close) => report.with_help(format!("did you mean `{close}`?")),
                        None => report.with_help(format!("it has {}", known.join(", "))),
                    })
                }
                _ => {
                    let message = format!("`{name}` takes one index, not {}", members.len());
                    self.fail(Diagnostic::error("F0403", span, message))
                }
            };
        }
        // `C[web]` outside a sum.
        if members.is_empty() && index.iter().all(|(word, _)| self.scope.is_member(word)) {
            let whole = index.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(",");
            return Expr { kind: ExprKind::Name(format!("{name}[{whole}]")), span };
        }
        let whole =
            format!("{name}[{}]", index.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(","));
        if members.is_empty() && self.scope.param(&whole).is_some_and(|spec| spec.name == whole) {
            return Expr { kind: ExprKind::Name(whole), span };
        }
        // `A[web,family]`, as a grouped member of a family is printed.
        if members.is_empty()
            && let [heads @ .., last] = index
            && !heads.is_empty()
        {
            let head =
                format!("{name}[{}]", heads.iter().map(|(w, _)| w.as_str()).collect::<Vec<_>>().join(","));
            if self.scope.param(&head).is_some_and(|spec| spec.name == head) {
                return Expr { kind: ExprKind::Index { name: head, index: vec![last.clone()] }, span };
            }
        }
        let name = if members.is_empty() { name.into() } else { format!("{name}[{}]", members.join(",")) };
        let kind =
            if columns.is_empty() { ExprKind::Name(name) } else { ExprKind::Index { name, index: columns } };
        Expr { kind, span }
    }

    fn fail(&mut self, diagnostic: Diagnostic) -> Expr {
        let span = diagnostic.span.clone().unwrap_or(0..0);
        self.diagnostics.push(diagnostic);
        Expr { kind: ExprKind::Number(f64::NAN), span }
    }
}
