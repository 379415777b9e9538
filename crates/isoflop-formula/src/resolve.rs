//! Names to meanings: builds the graph of a syntax tree in a [`Scope`].

use rustc_hash::FxHashMap;

use crate::ast::{BinaryWord, Expr, ExprKind, Span, UnaryWord};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::expand::{ROW, expand};
use crate::functions::{FUNCTIONS, Function, constant, function};
use crate::graph::{Binary, Graph, Node, NodeId, Unary};
use crate::parser::parse;
use crate::scope::{ParamSpec, Scope};
use crate::suggest::closest;
use crate::symbols::{Input, InputKind, Param, Symbols};

/// Most ties that may lead from one to the next.
const MAX_TIES: usize = 20;

/// Which side of the formula is being read; it decides what the output's name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// A bare expression: the output is a column like the others.
    Expression,
    /// Left of `~`: the output and numbers only.
    Left,
    /// Right of `~`: everything but the output.
    Right,
}

/// A parameter that an expression of other parameters replaces.
pub(crate) struct ResolvedTie {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) expr: Expr,
    pub(crate) node: NodeId,
}

/// State of one resolution. Reports errors instead of failing, so that several are found at once.
pub(crate) struct Resolver<'a> {
    scope: &'a Scope,
    output: Option<String>,
    /// Outputs of the statements before this one, with what predicts them.
    earlier: Vec<(String, NodeId)>,
    /// Outputs of the statements after this one.
    later: Vec<String>,
    pub(crate) side: Side,
    pub(crate) graph: Graph,
    pub(crate) symbols: Symbols,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) ties: Vec<ResolvedTie>,
    params: FxHashMap<String, u32>,
    inputs: FxHashMap<(String, InputKind), u32>,
    /// Tied parameters whose expressions are being read, outermost first, and where the outermost stands.
    open_ties: Vec<String>,
    tie_span: Span,
    /// Whether a sum over the past is being read.
    in_past: bool,
    /// Unknowns of the equations that are being read.
    unknowns: Vec<(String, NodeId)>,
}

impl<'a> Resolver<'a> {
    pub(crate) fn new(scope: &'a Scope, output: Option<String>) -> Self {
        Self {
            scope,
            output,
            earlier: Vec::new(),
            later: Vec::new(),
            side: Side::Expression,
            graph: Graph::new(),
            symbols: Symbols::default(),
            diagnostics: Vec::new(),
            ties: Vec::new(),
            params: FxHashMap::default(),
            inputs: FxHashMap::default(),
            open_ties: Vec::new(),
            tie_span: 0..0,
            in_past: false,
            unknowns: Vec::new(),
        }
    }

    /// Turns to the statement that predicts `output`; the last one predicted its output by `prediction`.
    pub(crate) fn next_statement(&mut self, output: &str, prediction: NodeId) {
        self.later.retain(|name| name != output);
        if let Some(done) = self.output.replace(output.to_owned()) {
            self.earlier.push((done, prediction));
        }
    }

    /// Says which outputs later statements predict.
    pub(crate) fn announce(&mut self, later: &[String]) {
        self.later = later.to_vec();
    }

    pub(crate) fn failed(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }

    /// The node of an expression; meaningless once [`Resolver::failed`].
    pub(crate) fn node(&mut self, expr: &Expr) -> NodeId {
        // Long sums are deep on the left only, so walking down the left side keeps the stack flat.
        let mut chain = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(word, a, b) = &first.kind
            && !self.is_about_text(*word, a, b)
        {
            chain.push((*word, b));
            first = a;
        }
        let mut left = self.operand(first);
        for (word, b) in chain.into_iter().rev() {
            let right = self.node(b);
            left = self.join(word, left, right);
        }
        left
    }

    fn operand(&mut self, expr: &Expr) -> NodeId {
        match &expr.kind {
            ExprKind::Number(value) => self.graph.number(*value),
            ExprKind::Text(_) => {
                let report = Diagnostic::error("F0305", expr.span.clone(), "a text is used as a number");
                self.fail(report.with_help("texts can only be compared: family == \"llama\""))
            }
            ExprKind::Name(name) => self.name(name, None, &expr.span),
            ExprKind::Index { name, index } => match &index[..] {
                [(column, span)] => self.indexed(name, column, span, &expr.span),
                _ => {
                    let message = format!("`{name}` has {} indices; one is possible", index.len());
                    self.fail(Diagnostic::error("F0403", expr.span.clone(), message))
                }
            },
            ExprKind::Unary(word, a) => {
                let a = self.node(a);
                self.graph.unary(if *word == UnaryWord::Minus { Unary::Neg } else { Unary::Not }, a)
            }
            ExprKind::Binary(word, a, b) => self.text_comparison(*word, a, b, &expr.span),
            ExprKind::Call { function, name_span, arguments } => {
                self.call(function, name_span, arguments, &expr.span)
            }
            ExprKind::Solve { unknown, low, high, body } => self.solve(unknown, low, high, body),
            ExprKind::Past { body } => self.past(body, &expr.span),
            ExprKind::Earlier { name, lag } => self.earlier(name, *lag, &expr.span),
            // Expansion comes first.
            ExprKind::Over { .. } => self.graph.number(f64::NAN),
        }
    }

    fn join(&mut self, word: BinaryWord, a: NodeId, b: NodeId) -> NodeId {
        let op = match word {
            BinaryWord::Add => Binary::Add,
            BinaryWord::Subtract => Binary::Sub,
            BinaryWord::Multiply => Binary::Mul,
            BinaryWord::Divide => Binary::Div,
            BinaryWord::Power => Binary::Pow,
            BinaryWord::Less => Binary::Less,
            BinaryWord::LessEqual => Binary::LessEqual,
            BinaryWord::Greater => return self.graph.binary(Binary::Less, b, a),
            BinaryWord::GreaterEqual => return self.graph.binary(Binary::LessEqual, b, a),
            BinaryWord::Equal => Binary::Equal,
            BinaryWord::NotEqual => Binary::NotEqual,
            BinaryWord::And => Binary::And,
            BinaryWord::Or => Binary::Or,
        };
        self.graph.binary(op, a, b)
    }

    fn solve(&mut self, unknown: &(String, Span), low: &Expr, high: &Expr, body: &Expr) -> NodeId {
        let (name, span) = unknown;
        if self.in_past {
            let message = "a `solve` cannot stand inside a sum over the past";
            return self.fail(Diagnostic::error("F0416", span.clone(), message));
        }
        if !self.unknowns.is_empty() {
            let message = "a `solve` cannot stand inside another one";
            return self.fail(Diagnostic::error("F0416", span.clone(), message));
        }
        if self.scope.names().any(|known| known == name) || constant(name).is_some() {
            let message = format!("the unknown `{name}` has a meaning already; give it another name");
            return self.fail(Diagnostic::error("F0415", span.clone(), message));
        }
        let (low, high) = (self.node(low), self.node(high));
        let node = self.graph.unknown(name);
        self.unknowns.push((name.clone(), node));
        let body = self.node(body);
        self.unknowns.pop();
        if !self.failed() && !self.graph.depends_on(body, self.graph.node(node)) {
            let message = format!("the equation does not hold the unknown `{name}`");
            return self.fail(Diagnostic::error("F0417", span.clone(), message));
        }
        self.graph.root(name, body, low, high)
    }

    // --- sums over the past ---

    fn past(&mut self, body: &Expr, span: &Span) -> NodeId {
        if !self.unknowns.is_empty() {
            let message = "a sum over the past cannot stand inside a `solve`";
            return self.fail(Diagnostic::error("F0418", span.clone(), message));
        }
        if !self.may_read_columns("past", span) {
            return self.graph.number(f64::NAN);
        }
        if self.side == Side::Left {
            let message = "a sum over the past cannot stand on the left side";
            return self.fail(Diagnostic::error("F0502", span.clone(), message));
        }
        self.in_past = true;
        let node = self.node(body);
        self.in_past = false;
        let parts = self.graph.reachable(&[node]);
        let moves = parts.iter().any(|&id| matches!(self.graph.node(id), Node::Earlier(_)));
        if !self.failed() && !moves && self.graph.value(node) != Some(0.0) {
            let message = "this sum reads no column at its index, so that all its parts are equal";
            let report = Diagnostic::error("F0421", span.clone(), message);
            return self.fail(report.with_help("write lr[k] for the column in row k, or multiply by `row`"));
        }
        let (here, row) = (self.input("here", InputKind::Here), self.input(ROW, InputKind::Row));
        self.graph.past(node, here, row)
    }

    /// `lr[k-1]` in a sum over the past.
    fn earlier(&mut self, name: &str, lag: u32, span: &Span) -> NodeId {
        if self.output.as_deref() == Some(name) && self.side != Side::Expression {
            let message = format!("`{name}` is the output and cannot stand on the right side too");
            return self.fail(Diagnostic::error("F0503", span.clone(), message));
        }
        let is_column = self.scope.input(name).is_some() || self.output.as_deref() == Some(name);
        let column = match is_column {
            true => Some(name.to_owned()),
            false if name == ROW => None,
            false => {
                let message = format!("`{name}` is not a numeric column and has no value in an earlier row");
                let report = Diagnostic::error("F0420", span.clone(), message);
                let columns = self.scope.inputs.iter().map(|i| i.name.as_str());
                return self.fail(match closest(name, columns) {
                    Some(close) => report.with_help(format!("did you mean `{close}`?")),
                    None => report,
                });
            }
        };
        let Node::Input(k) = ({
            let node = self.input(name, InputKind::Earlier { column, lag });
            self.graph.node(node)
        }) else {
            return self.graph.number(f64::NAN);
        };
        self.graph.earlier(k)
    }

    // --- functions ---

    fn call(&mut self, name: &str, name_span: &Span, arguments: &[Expr], span: &Span) -> NodeId {
        let nodes: Vec<NodeId> = arguments.iter().map(|a| self.node(a)).collect();
        let Some(meaning) = function(name) else {
            return self.unknown_function(name, name_span);
        };
        let (least, most) = meaning.arity();
        let g = &mut self.graph;
        match (meaning, &nodes[..]) {
            (Function::One(op), &[a]) => g.unary(op, a),
            (Function::If, &[c, a, b]) => g.select(c, a, b),
            (Function::Softmax2, &[a, b]) => {
                // log(exp(a) + exp(b)) = a + softplus(b - a)
                let difference = g.sub(b, a);
                let tail = g.unary(Unary::Softplus, difference);
                g.add(a, tail)
            }
            (_, [rest @ .., last]) if (least..=most).contains(&nodes.len()) => {
                // From the right, so that only the short side of softmin is written twice.
                rest.iter().rev().fold(*last, |sum, &a| match meaning {
                    Function::Min => g.binary(Binary::Min, a, sum),
                    Function::Max => g.binary(Binary::Max, a, sum),
                    _ => {
                        // -log(exp(-a) + exp(-b)) = a - softplus(a - b)
                        let difference = g.sub(a, sum);
                        let tail = g.unary(Unary::Softplus, difference);
                        g.sub(a, tail)
                    }
                })
            }
            _ => {
                let message = format!("`{name}` takes {}, not {}", meaning.arity_words(), nodes.len());
                self.fail(Diagnostic::error("F0304", span.clone(), message))
            }
        }
    }

    fn unknown_function(&mut self, name: &str, span: &Span) -> NodeId {
        let report = Diagnostic::error("F0302", span.clone(), format!("`{name}` is not a function"));
        let is_value = self.scope.names().any(|n| n == name);
        let close = closest(name, FUNCTIONS.iter().map(|(n, _)| *n));
        let report = match close {
            Some(close) if !is_value => report.with_help(format!("did you mean `{close}`?")),
            _ => report.with_help(format!("to multiply, write {name} * (...)")),
        };
        self.fail(report)
    }

    // --- texts ---

    /// Whether a comparison has a text on one of its sides.
    fn is_about_text(&self, word: BinaryWord, a: &Expr, b: &Expr) -> bool {
        use BinaryWord::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        let text = |e: &Expr| match &e.kind {
            ExprKind::Text(_) => true,
            ExprKind::Name(name) => self.is_text_column(name),
            _ => false,
        };
        matches!(word, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual) && (text(a) || text(b))
    }

    fn is_text_column(&self, name: &str) -> bool {
        self.scope.is_text(name) && self.scope.input(name).is_none()
    }

    fn text_comparison(&mut self, word: BinaryWord, a: &Expr, b: &Expr, span: &Span) -> NodeId {
        if self.side == Side::Left {
            let report = Diagnostic::error("F0502", span.clone(), "texts cannot stand on the left side");
            return self.fail(report.with_help("the left side holds the output and numbers only"));
        }
        let help = "compare a text column with a text in quotes: family == \"llama\"";
        let (name, value, name_span) = match (&a.kind, &b.kind) {
            (ExprKind::Name(name), ExprKind::Text(value)) => (name, value, &a.span),
            (ExprKind::Text(value), ExprKind::Name(name)) => (name, value, &b.span),
            _ => {
                let message = "a text can only be compared with a text column";
                return self.fail(Diagnostic::error("F0306", span.clone(), message).with_help(help));
            }
        };
        if !self.is_text_column(name) {
            let message = format!("`{name}` is not a text column");
            let close = closest(name, self.scope.text_columns.iter().map(String::as_str));
            let help = close.map_or(help.into(), |c| format!("did you mean `{c}`?"));
            return self.fail(Diagnostic::error("F0307", name_span.clone(), message).with_help(help));
        }
        if !self.may_read_columns(name, name_span) {
            return self.graph.number(f64::NAN);
        }
        let kind = InputKind::TextEquals { column: name.clone(), value: value.clone() };
        let node = self.input(name, kind);
        match word {
            BinaryWord::Equal => node,
            BinaryWord::NotEqual => self.graph.unary(Unary::Not, node),
            _ => {
                let report = Diagnostic::error("F0306", span.clone(), "texts have no order");
                self.fail(report.with_help("compare texts with == or !="))
            }
        }
    }

    // --- names ---

    fn indexed(&mut self, name: &str, column: &str, column_span: &Span, span: &Span) -> NodeId {
        if !self.scope.is_text(column) && self.scope.input(column).is_none() {
            let message = format!("`{column}` is not a column that `{name}` could differ by");
            let mut report = Diagnostic::error("F0402", column_span.clone(), message);
            let columns = self.scope.text_columns.iter().chain(self.scope.inputs.iter().map(|i| &i.name));
            if let Some(close) = closest(column, columns.map(String::as_str)) {
                report = report.with_help(format!("did you mean `{close}`?"));
            }
            return self.fail(report);
        }
        self.name(name, Some(column), span)
    }

    fn name(&mut self, name: &str, group: Option<&str>, span: &Span) -> NodeId {
        if let Some((_, node)) = self.unknowns.iter().find(|(unknown, _)| unknown == name) {
            return *node;
        }
        let is_output = self.output.as_deref() == Some(name);
        match self.side {
            // The first input stands for the output of whichever statement is looked at.
            Side::Left if is_output && group.is_none() && !self.earlier.is_empty() => {
                return self.graph.input(0);
            }
            Side::Left if is_output && group.is_none() => return self.input(name, InputKind::Column),
            Side::Left => return self.left_constant(name, span),
            Side::Right if is_output => {
                let message = format!("`{name}` is the output and cannot stand on the right side too");
                return self.fail(Diagnostic::error("F0503", span.clone(), message));
            }
            _ => {}
        }
        let earlier = self.earlier.iter().find(|(earlier, _)| earlier == name).map(|(_, node)| *node);
        if let Some(prediction) = earlier.filter(|_| group.is_none())
            && self.may_read_columns(name, span)
        {
            return prediction;
        }
        if self.later.iter().any(|later| later == name) {
            let message = format!("`{name}` is predicted by a later statement");
            return self.fail(
                Diagnostic::error("F0510", span.clone(), message).with_help("put that statement first"),
            );
        }
        let is_column = is_output || self.scope.input(name).is_some();
        let declared = self.scope.param(name);
        if is_column && declared.is_some() {
            let message = format!("`{name}` is declared both as a column and as a parameter");
            return self.fail(Diagnostic::error("F0407", span.clone(), message));
        }
        if is_column && group.is_some() {
            let message = format!("`{name}` is a column; only parameters have an index");
            return self.fail(Diagnostic::error("F0401", span.clone(), message));
        }
        if is_column {
            if self.may_read_columns(name, span) {
                return self.input(name, InputKind::Column);
            }
            return self.graph.number(f64::NAN);
        }
        if let Some(spec) = declared {
            if spec.name == name {
                return self.param(spec, group, span);
            }
            return self.param(&ParamSpec { name: name.into(), ..spec.clone() }, group, span);
        }
        if name == ROW && group.is_none() && self.in_past && declared.is_none() {
            return self.input(name, InputKind::Row);
        }
        if self.scope.is_text(name) {
            let message = format!("the text column `{name}` is used as a number");
            let help = format!("compare it with a text: {name} == \"...\"");
            return self.fail(Diagnostic::error("F0305", span.clone(), message).with_help(help));
        }
        if let Some(value) = constant(name)
            && group.is_none()
        {
            return self.graph.number(value);
        }
        if function(name).is_some() {
            let message = format!("`{name}` is a function and needs its arguments");
            return self.fail(
                Diagnostic::error("F0303", span.clone(), message).with_help(format!("write {name}(...)")),
            );
        }
        if !self.scope.open {
            return self.unknown(name, span);
        }
        if !self.params.contains_key(name) {
            self.warn_if_like_a_column(name, span);
        }
        self.param(&ParamSpec::new(name), group, span)
    }

    fn left_constant(&mut self, name: &str, span: &Span) -> NodeId {
        if let Some(value) = constant(name) {
            return self.graph.number(value);
        }
        let output = self.output.clone().unwrap_or_default();
        let mut report =
            Diagnostic::error("F0502", span.clone(), format!("`{name}` cannot stand on the left side"));
        report = match closest(name, [output.as_str()]) {
            Some(output) => report.with_help(format!("did you mean the output `{output}`?")),
            None => report.with_help(format!("the left side holds the output `{output}` and numbers only")),
        };
        self.fail(report)
    }

    fn unknown(&mut self, name: &str, span: &Span) -> NodeId {
        let report = Diagnostic::error("F0301", span.clone(), format!("the name `{name}` is not known"));
        let known: Vec<&str> = self.scope.names().take(12).collect();
        let help = match closest(name, self.scope.names()) {
            Some(close) => format!("did you mean `{close}`?"),
            None if known.is_empty() => "no names are declared here".into(),
            None => format!("known are {}", known.join(", ")),
        };
        self.fail(report.with_help(help))
    }

    fn warn_if_like_a_column(&mut self, name: &str, span: &Span) {
        let columns = self.scope.inputs.iter().map(|i| i.name.as_str());
        // Short names differ by one letter as a rule (`E`, `e`), so only longer ones count as slips.
        if name.chars().count() >= 3
            && let Some(close) = closest(name, columns)
        {
            let message =
                format!("`{name}` is taken as a free parameter; did you mean the column `{close}`?");
            self.report(Diagnostic::warning("F0308", Some(span.clone()), message));
        }
    }

    fn input(&mut self, name: &str, kind: InputKind) -> NodeId {
        let unit = match kind {
            InputKind::TextEquals { .. }
            | InputKind::Row
            | InputKind::Here
            | InputKind::Earlier { column: None, .. } => crate::units::Unit::one(),
            InputKind::Column | InputKind::Earlier { column: Some(_), .. } => {
                let output = self.scope.outputs().find(|o| o.name == name);
                output.or(self.scope.input(name)).map(|i| i.unit).unwrap_or_default()
            }
        };
        let inputs = &mut self.symbols.inputs;
        let index = *self.inputs.entry((name.into(), kind.clone())).or_insert_with(|| {
            inputs.push(Input { name: name.into(), kind, unit });
            inputs.len() as u32 - 1
        });
        self.graph.input(index)
    }

    /// Ties are about parameters; a column in one is an error.
    fn may_read_columns(&mut self, name: &str, span: &Span) -> bool {
        if self.open_ties.is_empty() {
            return true;
        }
        let message = format!("`{name}` is a column; a tie is made of parameters and numbers");
        self.report(Diagnostic::error("F0405", span.clone(), message));
        false
    }

    // --- parameters ---

    fn param(&mut self, spec: &ParamSpec, group: Option<&str>, span: &Span) -> NodeId {
        if let (Some(declared), Some(written)) = (spec.group.as_deref(), group)
            && declared != written
        {
            let message = format!("`{}` is declared with the index `{declared}`, not `{written}`", spec.name);
            return self.fail(Diagnostic::error("F0404", span.clone(), message));
        }
        let group = group.or(spec.group.as_deref());
        if let Some(tie) = &spec.tie {
            return self.tied(spec, tie, span);
        }
        if let Some(&index) = self.params.get(&spec.name) {
            let first = self.symbols.params[index as usize].group.as_deref();
            if first != group {
                let show = |g: Option<&str>| match g {
                    Some(g) => format!("`{}[{g}]`", spec.name),
                    None => format!("`{}`", spec.name),
                };
                let message = format!("{} was {} before", show(group), show(first));
                let report = Diagnostic::error("F0404", span.clone(), message);
                return self.fail(report.with_help("write one parameter in one way, or use two names"));
            }
            return self.graph.param(index);
        }
        self.check_bounds(spec, span);
        let index = self.symbols.params.len() as u32;
        self.params.insert(spec.name.clone(), index);
        self.symbols.params.push(Param {
            name: spec.name.clone(),
            group: group.map(String::from),
            lower: spec.lower,
            upper: spec.upper,
            fixed: spec.fixed,
            scale: spec.scale,
            unit: spec.unit.filter(|u| u.is_known()),
        });
        self.graph.param(index)
    }

    fn check_bounds(&mut self, spec: &ParamSpec, span: &Span) {
        let ParamSpec { name, lower, upper, fixed, .. } = spec;
        let problem = if lower.is_nan() || upper.is_nan() || lower > upper {
            format!("the bounds of `{name}`, {lower} to {upper}, leave no value")
        } else if let Some(value) = fixed.filter(|v| !(v.is_finite() && lower <= v && v <= upper)) {
            format!("`{name}` is fixed at {value}, outside its bounds {lower} to {upper}")
        } else {
            return;
        };
        self.report(Diagnostic::error("F0406", span.clone(), problem));
    }

    fn tied(&mut self, spec: &ParamSpec, tie: &str, span: &Span) -> NodeId {
        if let Some(done) = self.ties.iter().find(|t| t.name == spec.name) {
            return done.node;
        }
        let name = &spec.name;
        if self.open_ties.contains(name) || self.open_ties.len() >= MAX_TIES {
            let message = format!("the ties {} -> {name} lead in a circle", self.open_ties.join(" -> "));
            self.diagnostics.push(Diagnostic::error("F0408", self.tie_span.clone(), message));
            return self.graph.number(f64::NAN);
        }
        if spec.fixed.is_some() {
            let message = format!("`{name}` is both fixed and tied to `{tie}`");
            return self.fail(Diagnostic::error("F0409", span.clone(), message));
        }
        if self.open_ties.is_empty() {
            self.tie_span = span.clone();
        }
        self.open_ties.push(name.clone());
        let node = match parse(tie) {
            Ok(statement) if statement.output.is_none() => match expand(&statement.body, self.scope) {
                Ok(expr) => {
                    let node = self.node(&expr);
                    let (name, text) = (name.clone(), tie.to_string());
                    self.ties.push(ResolvedTie { name, text, expr, node });
                    node
                }
                Err(Diagnostics(list)) => {
                    list.into_iter().for_each(|d| self.report(d));
                    self.graph.number(f64::NAN)
                }
            },
            Ok(_) => self.fail(Diagnostic::error("F0504", span.clone(), "a tie has no `~`")),
            Err(Diagnostics(list)) => {
                list.into_iter().for_each(|d| self.report(d));
                self.graph.number(f64::NAN)
            }
        };
        self.open_ties.pop();
        node
    }

    // --- reports ---

    fn report(&mut self, mut diagnostic: Diagnostic) {
        if let Some(name) = self.open_ties.last() {
            diagnostic.message = format!("in the tie of `{name}`: {}", diagnostic.message);
            diagnostic.span = Some(self.tie_span.clone());
        }
        self.diagnostics.push(diagnostic);
    }

    /// Reports and returns a node that stands for nothing.
    fn fail(&mut self, diagnostic: Diagnostic) -> NodeId {
        self.report(diagnostic);
        self.graph.number(f64::NAN)
    }
}
