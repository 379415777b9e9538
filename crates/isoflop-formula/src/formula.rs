//! Compiling a text into a [`Formula`].

use crate::ast::{Expr, ExprKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expand::expand;
use crate::functions::constant;
use crate::graph::{Graph, NodeId};
use crate::invert::invert;
use crate::parser::{parse, parse_all};
use crate::print;
use crate::resolve::{Resolver, Side};
use crate::scope::{InputSpec, Scope};
use crate::several::Part;
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
    /// All statements of a law with several, `loss ~ ...; error ~ ...`; empty for one. [`Formula::output`] and
    /// [`Formula::body`] are those of the first, and [`Formula::part`] gives the others the same place.
    pub parts: Vec<Part>,
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
    /// A law may have several outputs, `loss ~ ...; error ~ ...`. Parameters of one name are one parameter, and an output
    /// on the right side of a later statement is what its own statement predicts.
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
        let statements = parse_all(text)?;
        let mut names: Vec<String> = Vec::new();
        let mut read = Vec::new();
        for statement in &statements {
            let Some(left) = &statement.output else {
                let output = scope.outputs().nth(names.len()).map_or("loss", |o| o.name.as_str());
                return Err(no_output(statement.body.span.clone(), output));
            };
            let name = output_name(left, scope)?;
            if names.contains(&name) {
                let message = format!("`{name}` is predicted by two statements");
                let report = Diagnostic::error("F0509", left.span.clone(), message);
                return Err(Diagnostics(vec![report.with_help("give each output one statement")]));
            }
            names.push(name);
            read.push((expand(left, scope)?, expand(&statement.body, scope)?));
        }
        let mut resolver = Resolver::new(scope, names.first().cloned());
        resolver.announce(&names[1..]);
        let mut parts: Vec<Part> = Vec::new();
        for ((left, right), name) in read.iter().zip(&names) {
            if let Some(last) = parts.last() {
                resolver.next_statement(name, last.left.prediction);
            }
            let (lhs, body, prediction) = sides(&mut resolver, left, right, name);
            let unit = scope.outputs().find(|o| o.name == *name).or(scope.input(name)).map(|o| o.unit);
            let (name, unit) = (name.clone(), unit.unwrap_or_default());
            parts.push(Part { left: LeftSide { name, unit, input: 0, lhs, prediction }, body });
        }
        let looks_back = resolver.symbols.look_back();
        if let (true, Some((left, _))) = (looks_back, read.get(1)) {
            let message = "a law with a sum over the past has one output";
            resolver.diagnostics.push(Diagnostic::error("F0511", left.span.clone(), message));
        }
        if let Some(missing) = scope.outputs().find(|o| !names.contains(&o.name)) {
            let message = format!("the declared output `{}` has no statement", missing.name);
            resolver.diagnostics.push(Diagnostic::error("F0512", 0..text.len(), message));
        }
        let outputs: Vec<InputSpec> =
            parts.iter().skip(1).map(|part| InputSpec::new(&part.left.name, part.left.unit)).collect();
        let exprs: Vec<(Option<&Expr>, &Expr)> = read.iter().map(|(l, r)| (Some(l), r)).collect();
        let roots: Vec<NodeId> = parts.iter().map(|part| part.left.prediction).collect();
        let mut formula = finish(text, scope, resolver, &outputs, &exprs, &roots)?;
        if let Some(first) = parts.first() {
            (formula.body, formula.output) = (first.body, Some(first.left.clone()));
        }
        if parts.len() > 1 {
            formula.parts = parts;
        }
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
        finish(text, scope, resolver, &[], &[(None, &body_expr)], &[body])
    }

    /// The formula as text of the language, with names resolved, ties replaced and constants folded.
    pub fn to_text(&self) -> String {
        self.written(" ~ ", "; ", print::text)
    }

    /// The formula as LaTeX (mathematics mode, without delimiters).
    pub fn to_latex(&self) -> String {
        self.written(" = ", ",\\qquad ", print::latex)
    }

    /// Every statement by one printer.
    fn written(&self, is: &str, then: &str, print: fn(&Graph, &Symbols, NodeId) -> String) -> String {
        let print = |symbols: &Symbols, node| print(&self.graph, symbols, node);
        let statement = |symbols: &Symbols, left: &LeftSide, body| {
            format!("{}{is}{}", print(symbols, left.lhs), print(symbols, body))
        };
        match &self.output {
            _ if !self.parts.is_empty() => {
                let text =
                    |(k, part): (usize, &Part)| statement(&self.part(k).symbols, &part.left, part.body);
                self.parts.iter().enumerate().map(text).collect::<Vec<_>>().join(then)
            }
            Some(output) => statement(&self.symbols, output, self.body),
            None => print(&self.symbols, self.body),
        }
    }
}

fn no_output(span: crate::ast::Span, output: &str) -> Diagnostics {
    let report = Diagnostic::error("F0504", span, "a law needs `output ~ expression`");
    Diagnostics(vec![report.with_help(format!("write {output} ~ ..."))])
}

/// The two sides of the statement that predicts `name`, and its prediction.
fn sides(resolver: &mut Resolver<'_>, left: &Expr, right: &Expr, name: &str) -> (NodeId, NodeId, NodeId) {
    resolver.side = Side::Left;
    let lhs = resolver.node(left);
    resolver.side = Side::Right;
    let body = resolver.node(right);
    if resolver.failed() {
        return (lhs, body, body);
    }
    let output = resolver.graph.input(0);
    let Some(prediction) = invert(&mut resolver.graph, lhs, output, body) else {
        let message = format!("this cannot be solved for `{name}`");
        let report = Diagnostic::error("F0505", left.span.clone(), message);
        resolver.diagnostics.push(report.with_help(
            "the left side may use log log2 log10 log1p exp expm1 sqrt logit sigmoid and \
             + - * / ^ with numbers, on the output once",
        ));
        return (lhs, body, body);
    };
    (lhs, body, prediction)
}

/// The checks that need the whole formula; the formula without its left sides. `roots` are what the `statements` predict,
/// `outputs` the outputs of all but the first.
fn finish(
    text: &str,
    scope: &Scope,
    mut resolver: Resolver<'_>,
    outputs: &[InputSpec],
    statements: &[(Option<&Expr>, &Expr)],
    roots: &[NodeId],
) -> Result<Formula, Diagnostics> {
    for ((_, body), root) in statements.iter().zip(roots) {
        if !resolver.failed() {
            check_size(&mut resolver, body, *root);
        }
    }
    if !resolver.failed() && !scope.trusted {
        let Resolver { symbols, ties, diagnostics, .. } = &mut resolver;
        unit_check::check(symbols, outputs, ties, text, statements, diagnostics);
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
        body: roots.first().copied().unwrap_or(NodeId(0)),
        parts: Vec::new(),
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
    let declared: Vec<&str> = scope.outputs().map(|output| output.name.as_str()).collect();
    let known = declared.iter().find(|output| names.iter().any(|(name, _)| name == *output));
    match known {
        Some(output) => Ok((*output).to_owned()),
        None if !declared.is_empty() => {
            let message =
                format!("the output is `{}`, but the left side has `{first}`", declared.join("` or `"));
            let report = Diagnostic::error("F0507", span.clone(), message);
            error(match closest(first, declared) {
                Some(close) => report.with_help(format!("did you mean `{close}`?")),
                None => report,
            })
        }
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
