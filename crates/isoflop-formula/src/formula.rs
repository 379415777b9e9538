//! Compiling a text into a [`Formula`].

use crate::ast::{Expr, ExprKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::expand;
use crate::functions::constant;
use crate::graph::{Graph, NodeId};
use crate::invert::invert;
use crate::parser::parse;
use crate::print;
use crate::resolve::{Resolver, Side};
use crate::scope::Scope;
use crate::suggest::closest;
use crate::symbols::Symbols;
use crate::unit_check;
use crate::units::Unit;

/// Largest number of operations when the expression is written out without sharing.
const MAX_TREE: f64 = 100_000.0;
/// Largest number of operations from the root to a leaf.
const MAX_DEPTH: u32 = 3000;

/// A law or a bare expression, read, resolved and checked.
#[derive(Debug, Clone)]
pub struct Formula {
    /// The text it was compiled from.
    pub text: String,
    /// The nodes of everything below.
    pub graph: Graph,
    /// Inputs and parameters, in the order of first use; the output of a law is among the inputs.
    pub symbols: Symbols,
    /// The left side of `~`; `None` for a bare expression.
    pub output: Option<LeftSide>,
    /// The right side of `~`, in the space of the left side (`log(loss)`, say); or the bare expression.
    pub body: NodeId,
    /// Tied parameters that the formula uses; they are not among the parameters.
    pub ties: Vec<Tie>,
    /// What is odd but not wrong.
    pub warnings: Vec<Diagnostic>,
}

/// The left side of a law.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftSide {
    /// Name of the output column.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// Position of the output among [`Symbols::inputs`].
    pub input: u32,
    /// The left side as a function of the output: `log(loss)`, or just the output.
    pub lhs: NodeId,
    /// Prediction of the output itself: the inverse of the left side applied to the body.
    pub prediction: NodeId,
}

/// A parameter that was replaced by an expression of other parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Tie {
    /// Name of the parameter.
    pub name: String,
    /// What replaced it.
    pub node: NodeId,
}

impl Formula {
    /// Compiles a law `output ~ expression`.
    ///
    /// The left side may be any nesting of invertible functions of the output (`log log2 log10 log1p exp
    /// expm1 sqrt logit sigmoid`, `- + * / ^` with numbers). A power is inverted on its positive branch.
    ///
    /// # Errors
    /// All errors that were found, each with code and place, and the warnings with them.
    ///
    /// ```
    /// use isoflop_formula::{Formula, InputSpec, Scope, Unit};
    /// let scope = Scope::open(vec![
    ///     InputSpec::new("N", Unit::parse("param")?),
    ///     InputSpec::new("D", Unit::parse("token")?),
    /// ]);
    /// let law = Formula::compile("loss ~ E + A / N^alpha + B / D^beta", &scope)?;
    /// assert_eq!(law.to_text(), "loss ~ E + A / N^alpha + B / D^beta");
    /// assert_eq!(law.symbols.params.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn compile(text: &str, scope: &Scope) -> Result<Self, Diagnostics> {
        let statement = parse(text)?;
        let Some(left) = &statement.output else {
            let span = statement.body.span.clone();
            let output = scope.output.as_ref().map_or("loss", |o| o.name.as_str());
            let report = Diagnostic::error("F0504", span, "a law needs `output ~ expression`");
            return Err(Diagnostics(vec![report.with_help(format!("write {output} ~ ..."))]));
        };
        let name = output_name(left, scope)?;
        let (left, body) = (&expand(left, scope)?, &expand(&statement.body, scope)?);
        let mut resolver = Resolver::new(scope, Some(name.clone()));
        resolver.side = Side::Left;
        let lhs = resolver.node(left);
        resolver.side = Side::Right;
        let body_expr = body;
        let body = resolver.node(body_expr);

        let mut prediction = body;
        if !resolver.failed() {
            let output = resolver.graph.input(0);
            match invert(&mut resolver.graph, lhs, output, body) {
                Some(node) => prediction = node,
                None => {
                    let message = format!("this cannot be solved for `{name}`");
                    let report = Diagnostic::error("F0505", left.span.clone(), message);
                    resolver.diagnostics.push(report.with_help(
                        "the left side may use log log2 log10 log1p exp expm1 sqrt logit sigmoid and \
                         + - * / ^ with numbers, on the output once",
                    ));
                }
            }
        }
        let mut formula = finish(text, scope, resolver, Some(left), body_expr, body, prediction)?;
        let unit = formula.symbols.inputs.first().map(|i| i.unit).unwrap_or_default();
        formula.output = Some(LeftSide { name, unit, input: 0, lhs, prediction });
        Ok(formula)
    }

    /// Compiles a bare expression, as in `--where` and `--let`.
    ///
    /// # Errors
    /// All errors that were found, each with code and place; a `~` is one of them.
    ///
    /// ```
    /// use isoflop_formula::{Formula, InputSpec, Scope};
    /// let mut scope = Scope::default();
    /// scope.inputs.push(InputSpec::new("C", Default::default()));
    /// scope.text_columns.push("family".into());
    /// let keep = Formula::expression("C < 1e21 and family == 'llama'", &scope)?;
    /// assert_eq!(keep.symbols.inputs.len(), 2);
    /// # Ok::<(), isoflop_formula::Diagnostics>(())
    /// ```
    pub fn expression(text: &str, scope: &Scope) -> Result<Self, Diagnostics> {
        let statement = parse(text)?;
        if let Some(left) = &statement.output {
            let message = "`~` belongs to laws; an expression without it is needed here";
            let report = Diagnostic::error("F0501", left.span.clone(), message);
            return Err(Diagnostics(vec![report.with_help("write == to compare two values")]));
        }
        let mut resolver = Resolver::new(scope, scope.output.as_ref().map(|o| o.name.clone()));
        let body_expr = expand(&statement.body, scope)?;
        let body = resolver.node(&body_expr);
        finish(text, scope, resolver, None, &body_expr, body, body)
    }

    /// The formula as text of the language, with names resolved, ties replaced and constants folded.
    pub fn to_text(&self) -> String {
        let body = print::text(&self.graph, &self.symbols, self.body);
        match &self.output {
            Some(output) => format!("{} ~ {body}", print::text(&self.graph, &self.symbols, output.lhs)),
            None => body,
        }
    }

    /// The formula as LaTeX (mathematics mode, without delimiters).
    pub fn to_latex(&self) -> String {
        let body = print::latex(&self.graph, &self.symbols, self.body);
        match &self.output {
            Some(output) => format!("{} = {body}", print::latex(&self.graph, &self.symbols, output.lhs)),
            None => body,
        }
    }
}

/// The checks that need the whole formula; the formula without its left side.
fn finish(
    text: &str,
    scope: &Scope,
    mut resolver: Resolver<'_>,
    left: Option<&Expr>,
    body_expr: &Expr,
    body: NodeId,
    prediction: NodeId,
) -> Result<Formula, Diagnostics> {
    if !resolver.failed() {
        check_size(&mut resolver, body_expr, prediction);
    }
    if !resolver.failed() {
        let Resolver { symbols, ties, diagnostics, .. } = &mut resolver;
        unit_check::check(symbols, ties, text, left, body_expr, diagnostics);
    }
    if resolver.failed() {
        resolver.diagnostics.sort_by_key(|d| d.span.as_ref().map_or(usize::MAX, |s| s.start));
        return Err(Diagnostics(resolver.diagnostics));
    }
    for spec in &scope.params {
        let is = |name: &str| {
            name.strip_prefix(&spec.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
        };
        let used =
            resolver.symbols.params.iter().any(|p| is(&p.name)) || resolver.ties.iter().any(|t| is(&t.name));
        if !used {
            let message = format!("the declared parameter `{}` is not used", spec.name);
            resolver.diagnostics.push(Diagnostic::warning("F0410", None, message));
        }
    }
    Ok(Formula {
        text: text.into(),
        graph: resolver.graph,
        symbols: resolver.symbols,
        output: None,
        body,
        ties: resolver.ties.into_iter().map(|t| Tie { name: t.name, node: t.node }).collect(),
        warnings: resolver.diagnostics,
    })
}

/// Sharing makes a graph small that would be huge when written out; printing and reading it back would not
/// end in reasonable time.
fn check_size(resolver: &mut Resolver<'_>, expr: &Expr, root: NodeId) {
    let graph = &resolver.graph;
    let mut sizes: Vec<(f64, u32)> = Vec::with_capacity(graph.len());
    for id in (0..graph.len() as u32).map(NodeId) {
        let (mut size, mut depth) = (1.0, 0);
        for a in graph.arguments(id) {
            let (s, d) = sizes[a.index()];
            size += s;
            depth = depth.max(d);
        }
        sizes.push((size, depth + 1));
    }
    let (size, depth) = sizes[root.index()];
    if size > MAX_TREE || depth > MAX_DEPTH {
        let message = format!(
            "the formula is too large when written out: {size:.0} operations, {depth} deep \
             (limits {MAX_TREE:.0} and {MAX_DEPTH})"
        );
        resolver.diagnostics.push(Diagnostic::error("F0902", expr.span.clone(), message));
    }
}

/// The name of the output: the declared one, else the first name on the left side.
fn output_name(left: &Expr, scope: &Scope) -> Result<String, Diagnostics> {
    let mut names = Vec::new();
    collect_names(left, &mut names);
    names.retain(|(name, _)| constant(name).is_none());
    let error = |report| Err(Diagnostics(vec![report]));
    let Some((first, span)) = names.first() else {
        let report = Diagnostic::error("F0506", left.span.clone(), "the left side names no output");
        return error(report.with_help("write loss ~ ..., or log(loss) ~ ..."));
    };
    match &scope.output {
        Some(output) if !names.iter().any(|(name, _)| *name == output.name) => {
            let message = format!("the output is `{}`, but the left side has `{first}`", output.name);
            let report = Diagnostic::error("F0507", span.clone(), message);
            error(match closest(first, [output.name.as_str()]) {
                Some(close) => report.with_help(format!("did you mean `{close}`?")),
                None => report,
            })
        }
        Some(output) => Ok(output.name.clone()),
        None if scope.param(first).is_some() => {
            let message = format!("`{first}` is declared as a parameter and cannot be the output");
            error(Diagnostic::error("F0508", span.clone(), message))
        }
        None if scope.is_text(first) && scope.input(first).is_none() => {
            let message = format!("the text column `{first}` cannot be the output");
            error(Diagnostic::error("F0305", span.clone(), message))
        }
        None => Ok(first.to_string()),
    }
}

fn collect_names<'e>(expr: &'e Expr, names: &mut Vec<(&'e str, crate::ast::Span)>) {
    let mut rest = vec![expr];
    while let Some(e) = rest.pop() {
        match &e.kind {
            ExprKind::Name(name) => names.push((name, e.span.clone())),
            ExprKind::Unary(_, a) => rest.push(a),
            ExprKind::Binary(_, a, b) => rest.extend([&**b, a]),
            ExprKind::Call { arguments, .. } => rest.extend(arguments.iter().rev()),
            ExprKind::Over { body, .. } | ExprKind::Solve { body, .. } | ExprKind::Past { body } => {
                rest.push(body);
            }
            ExprKind::Number(_) | ExprKind::Text(_) | ExprKind::Index { .. } | ExprKind::Earlier { .. } => {}
        }
    }
}
