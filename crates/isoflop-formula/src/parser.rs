//! Tokens to syntax tree: a Pratt parser that goes on after an error, so that several are found at once.

use crate::ast::{BinaryWord, Expr, ExprKind, Span, Statement, UnaryWord};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::lexer::{Token, TokenKind, tokens};

/// Longest text that is read, in bytes.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// Deepest nesting of brackets and prefix or right-associative operators.
const MAX_NESTING: usize = 200;
/// Largest height of the tree, which long chains such as `a + b + c + ...` reach without nesting.
const MAX_HEIGHT: usize = 1000;
/// Largest number of tree nodes.
const MAX_NODES: usize = 10_000;
/// Errors after which the parser gives up.
const MAX_ERRORS: usize = 20;

const SUM: &str = "write sum(i in mix: ...) for the columns mix_web, mix_code, ...";
const SOLVE: &str = "write solve(x in 0..1: f(x) = 0) for the x from 0 to 1 at which the sides are equal";

/// Binding strengths; a larger number binds tighter.
mod strength {
    pub(super) const NOT: u8 = 30;
    pub(super) const COMPARE: u8 = 40;
    pub(super) const MULTIPLY: u8 = 60;
    pub(super) const MINUS: u8 = 70;
    pub(super) const POWER: u8 = 80;
}

/// Reads `output ~ expression` or a bare expression.
///
/// # Errors
/// Every error of characters and grammar that was found, in the order of the text; a second statement.
pub(crate) fn parse(text: &str) -> Result<Statement, Diagnostics> {
    let mut statements = parse_all(text)?;
    match (statements.len(), statements.pop()) {
        (1, Some(only)) => Ok(only),
        (_, last) => {
            let span = last.map_or(0..text.len(), |last| last.output.unwrap_or(last.body).span);
            let report = Diagnostic::error("F0209", span, "one expression is needed here, not several");
            Err(Diagnostics(vec![
                report.with_help("`;` joins the statements of a law: loss ~ ...; error ~ ..."),
            ]))
        }
    }
}

/// Reads one statement or several with `;` between them; there is at least one.
///
/// # Errors
/// Every error of characters and grammar that was found, in the order of the text.
pub(crate) fn parse_all(text: &str) -> Result<Vec<Statement>, Diagnostics> {
    if text.len() > MAX_TEXT {
        let message = format!("the formula is {} bytes long; at most {MAX_TEXT} are read", text.len());
        return Err(Diagnostics(vec![Diagnostic::error("F0901", 0..1, message)]));
    }
    let mut diagnostics = Vec::new();
    let tokens = tokens(text, &mut diagnostics);
    let mut parser =
        Parser { tokens, at: 0, nesting: 0, nodes: 0, last_error: None, gave_up: false, diagnostics };
    let mut statements = vec![parser.statement()];
    while parser.sign(";") {
        parser.advance();
        // One at the end closes the last statement.
        if parser.peek().kind == TokenKind::End {
            break;
        }
        statements.push(parser.statement());
    }
    let mut diagnostics = parser.diagnostics;
    if diagnostics.is_empty() {
        return Ok(statements);
    }
    diagnostics.sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.start));
    diagnostics.truncate(MAX_ERRORS);
    Err(Diagnostics(diagnostics))
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    nesting: usize,
    nodes: usize,
    /// Position of the last error, so that one place is reported once.
    last_error: Option<usize>,
    /// A limit was passed: the rest of the text is not read.
    gave_up: bool,
    diagnostics: Vec<Diagnostic>,
}

/// An expression and the height of its tree.
struct Tree {
    expr: Expr,
    height: usize,
}

impl Parser {
    fn statement(&mut self) -> Statement {
        let first = self.expression(0).expr;
        let mut statement = Statement { output: None, body: first };
        loop {
            let token = self.peek().clone();
            match token.kind {
                TokenKind::End | TokenKind::Sign(";") => return statement,
                TokenKind::Sign("~") if statement.output.is_none() => {
                    self.advance();
                    let body = self.expression(0).expr;
                    statement = Statement { output: Some(statement.body), body };
                }
                TokenKind::Sign("~") => {
                    self.error("F0205", "a formula has one `~`, between the output and the law");
                    self.advance();
                    self.expression(0);
                }
                TokenKind::Sign(sign @ (")" | "]")) => {
                    self.error("F0204", format!("this `{sign}` closes nothing"));
                    self.advance();
                    self.rest_of_expression();
                }
                _ => {
                    let found = self.describe();
                    self.error("F0202", format!("{found} is not expected here"));
                    self.advance();
                    self.rest_of_expression();
                }
            }
        }
    }

    /// After a misplaced token: reads on, to find further errors.
    fn rest_of_expression(&mut self) {
        if self.starts_value() {
            self.expression(0);
        } else if self.infix().is_some() {
            let at = self.peek().span.start;
            self.operators(Tree { expr: placeholder(at..at), height: 1 }, 0);
        }
    }

    /// An expression whose operators all bind at least as tightly as `least`.
    fn expression(&mut self, least: u8) -> Tree {
        if self.nesting >= MAX_NESTING {
            return self
                .give_up("F0902", format!("the formula is nested more than {MAX_NESTING} levels deep"));
        }
        self.nesting += 1;
        let left = self.value();
        let tree = self.operators(left, least);
        self.nesting -= 1;
        tree
    }

    /// The operators that follow `left`.
    fn operators(&mut self, mut left: Tree, least: u8) -> Tree {
        while let Some((word, strength)) = self.infix() {
            if strength < least {
                break;
            }
            if self.implied_product() {
                let found = self.describe();
                self.error_with(
                    "F0203",
                    format!("an operator is missing before {found}"),
                    "write `*` to multiply",
                );
            } else {
                self.pass();
            }
            // Power is right associative; two comparisons in a row have no agreed meaning.
            let right = self.expression(if word == BinaryWord::Power { strength } else { strength + 1 });
            left = self.join(word, left, right);
            if strength == strength::COMPARE && matches!(self.infix(), Some((_, strength::COMPARE))) {
                let help = "join two comparisons with `and`: a < b and b < c";
                self.error_with("F0206", "comparisons cannot be chained", help);
            }
        }
        left
    }

    /// A number, name, call, bracket or prefix operator.
    fn value(&mut self) -> Tree {
        let Token { kind, span } = self.peek().clone();
        match kind {
            TokenKind::Number(value) => {
                self.advance();
                self.leaf(ExprKind::Number(value), span)
            }
            TokenKind::Text(value) => {
                self.advance();
                self.leaf(ExprKind::Text(value), span)
            }
            TokenKind::Quoted(name) => {
                self.advance();
                match self.peek().kind {
                    TokenKind::Sign("[") => self.index(name, span),
                    _ => self.leaf(ExprKind::Name(name), span),
                }
            }
            TokenKind::Name(name) => {
                self.advance();
                match self.peek().kind {
                    TokenKind::Sign("(") if name == "solve" => self.solve(span),
                    TokenKind::Sign("(") if name == "sum" => self.over(BinaryWord::Add, span),
                    TokenKind::Sign("(") if name == "product" => self.over(BinaryWord::Multiply, span),
                    TokenKind::Sign("(") => self.call(name, span),
                    TokenKind::Sign("[") => self.index(name, span),
                    _ => self.leaf(ExprKind::Name(name), span),
                }
            }
            TokenKind::Sign("-") => self.prefix(Some(UnaryWord::Minus), strength::MINUS, span),
            TokenKind::Sign("+") => self.prefix(None, strength::MINUS, span),
            TokenKind::Sign("not") => self.prefix(Some(UnaryWord::Not), strength::NOT, span),
            TokenKind::Sign("(") => {
                self.advance();
                let mut inner = self.expression(0);
                self.close(")");
                inner.expr.span = span.start..self.previous_end();
                inner
            }
            TokenKind::Sign("in") => {
                let help = "put a column of that name in backticks: `in`";
                self.error_with("F0208", "`in` is a word of the language: sum(i in mix: ...)", help);
                self.advance();
                self.leaf(ExprKind::Number(f64::NAN), span)
            }
            TokenKind::Bad => {
                self.pass();
                self.leaf(ExprKind::Number(f64::NAN), span)
            }
            _ => {
                let found = self.describe();
                self.error("F0201", format!("a number, name or bracket is expected, not {found}"));
                self.leaf(ExprKind::Number(f64::NAN), span.start..span.start)
            }
        }
    }

    fn prefix(&mut self, word: Option<UnaryWord>, strength: u8, span: Span) -> Tree {
        self.advance();
        let inner = self.expression(strength);
        let Some(word) = word else { return inner };
        let span = span.start..inner.expr.span.end;
        let height = inner.height + 1;
        self.node(ExprKind::Unary(word, Box::new(inner.expr)), span, height)
    }

    fn call(&mut self, function: String, name_span: Span) -> Tree {
        self.advance();
        let mut arguments = Vec::new();
        let mut height = 0;
        if !self.sign(")") {
            loop {
                let argument = self.expression(0);
                height = height.max(argument.height);
                arguments.push(argument.expr);
                if !self.sign(",") {
                    break;
                }
                self.advance();
            }
        }
        self.close(")");
        let span = name_span.start..self.previous_end();
        // A function of many arguments becomes a chain of functions of two.
        let height = height + arguments.len().max(1);
        self.node(ExprKind::Call { function, name_span, arguments }, span, height)
    }

    fn index(&mut self, name: String, name_span: Span) -> Tree {
        self.advance();
        let mut index = Vec::new();
        loop {
            match self.peek().clone() {
                Token { kind: TokenKind::Name(word) | TokenKind::Quoted(word), span } => {
                    self.advance();
                    let word = if self.sign("-") { self.lag(word) } else { word };
                    index.push((word, span));
                }
                _ => {
                    let found = self.describe();
                    let message =
                        format!("the name of a column is expected between the brackets, not {found}");
                    self.error_with("F0207", message, "write A[family] for one A per family");
                    if !self.sign("]") {
                        self.advance();
                        self.last_error = Some(self.at);
                    }
                    break;
                }
            }
            if !self.sign(",") {
                break;
            }
            self.advance();
        }
        self.close("]");
        let span = name_span.start..self.previous_end();
        self.node(ExprKind::Index { name, index }, span, 1)
    }

    /// The rest of `k-1`, from its minus on.
    fn lag(&mut self, word: String) -> String {
        self.advance();
        match self.peek().kind {
            TokenKind::Number(rows) if rows.fract() == 0.0 && (1.0..=1e6).contains(&rows) => {
                self.advance();
                format!("{word}-{rows}")
            }
            _ => {
                let message =
                    format!("a number of rows is expected after the minus, not {}", self.describe());
                self.error_with("F0207", message, "write lr[k-1] for the row before");
                if !self.sign("]") {
                    self.advance();
                    self.last_error = Some(self.at);
                }
                word
            }
        }
    }

    /// `sum(i in mix: ...)` from its bracket on.
    fn over(&mut self, word: BinaryWord, name_span: Span) -> Tree {
        self.advance();
        let head = (|| {
            let index = self.head_name("an index such as i")?;
            self.head_sign("in", SUM)?;
            let set = self.head_name("the name of a set of columns")?;
            self.head_sign(":", SUM)?;
            Some((index, set))
        })();
        let Some((index, set)) = head else {
            self.skip_bracket();
            return self.leaf(ExprKind::Number(f64::NAN), name_span);
        };
        let body = self.expression(0);
        self.close(")");
        let span = name_span.start..self.previous_end();
        let kind = ExprKind::Over { word, index, set, body: Box::new(body.expr) };
        self.node(kind, span, body.height + 1)
    }

    /// `solve(x in low..high: left = right)` from its bracket on.
    fn solve(&mut self, name_span: Span) -> Tree {
        self.advance();
        let head = (|| {
            let unknown = self.head_name("an unknown such as x")?;
            self.head_sign("in", SOLVE)?;
            let low = self.expression(0);
            self.head_sign("..", SOLVE)?;
            let high = self.expression(0);
            self.head_sign(":", SOLVE)?;
            let left = self.expression(0);
            self.head_sign("=", SOLVE)?;
            let right = self.expression(0);
            Some((unknown, low, high, self.join(BinaryWord::Subtract, left, right)))
        })();
        let Some((unknown, low, high, body)) = head else {
            self.skip_bracket();
            return self.leaf(ExprKind::Number(f64::NAN), name_span);
        };
        self.close(")");
        let span = name_span.start..self.previous_end();
        let height = low.height.max(high.height).max(body.height) + 1;
        let (low, high, body) = (Box::new(low.expr), Box::new(high.expr), Box::new(body.expr));
        self.node(ExprKind::Solve { unknown, low, high, body }, span, height)
    }

    fn head_name(&mut self, what: &str) -> Option<(String, Span)> {
        match self.peek().clone() {
            Token { kind: TokenKind::Name(name) | TokenKind::Quoted(name), span } => {
                self.advance();
                Some((name, span))
            }
            _ => {
                let found = self.describe();
                self.error("F0208", format!("{what} is expected, not {found}"));
                None
            }
        }
    }

    fn head_sign(&mut self, sign: &'static str, help: &str) -> Option<()> {
        if !self.sign(sign) {
            let found = self.describe();
            self.error_with("F0208", format!("`{sign}` is missing before {found}"), help);
            return None;
        }
        self.advance();
        Some(())
    }

    /// Goes on after the bracket that is open here.
    fn skip_bracket(&mut self) {
        let mut open = 1usize;
        while open > 0 && self.peek().kind != TokenKind::End {
            match self.peek().kind {
                TokenKind::Sign("(" | "[") => open += 1,
                TokenKind::Sign(")" | "]") => open -= 1,
                _ => {}
            }
            self.advance();
        }
        self.last_error = Some(self.at);
    }

    /// Takes the closing bracket.
    fn close(&mut self, bracket: &'static str) {
        if self.sign(bracket) {
            self.advance();
            return;
        }
        let found = self.describe();
        if self.report_here() {
            let message = format!("`{bracket}` is missing before {found}");
            self.diagnostics.push(Diagnostic::error("F0204", self.peek().span.clone(), message));
        }
        // `[a)` and `(a]`: the wrong bracket was meant as the right one.
        if self.sign(")") || self.sign("]") {
            self.advance();
        }
    }

    /// The operator at hand and how tightly it binds; a value where an operator should be is a product.
    fn infix(&self) -> Option<(BinaryWord, u8)> {
        use BinaryWord as W;
        if self.gave_up {
            return None;
        }
        Some(match &self.peek().kind {
            TokenKind::Sign("or") => (W::Or, 10),
            TokenKind::Sign("and") => (W::And, 20),
            TokenKind::Sign("<") => (W::Less, strength::COMPARE),
            TokenKind::Sign("<=") => (W::LessEqual, strength::COMPARE),
            TokenKind::Sign(">") => (W::Greater, strength::COMPARE),
            TokenKind::Sign(">=") => (W::GreaterEqual, strength::COMPARE),
            TokenKind::Sign("==") => (W::Equal, strength::COMPARE),
            TokenKind::Sign("!=") => (W::NotEqual, strength::COMPARE),
            TokenKind::Sign("+") => (W::Add, 50),
            TokenKind::Sign("-") => (W::Subtract, 50),
            TokenKind::Sign("*") => (W::Multiply, strength::MULTIPLY),
            TokenKind::Sign("/") => (W::Divide, strength::MULTIPLY),
            TokenKind::Sign("^") => (W::Power, strength::POWER),
            TokenKind::Bad => (W::Multiply, strength::MULTIPLY),
            _ if self.implied_product() => (W::Multiply, strength::MULTIPLY),
            _ => return None,
        })
    }

    /// Whether a value starts where an operator should be.
    fn implied_product(&self) -> bool {
        self.starts_value() && !matches!(self.peek().kind, TokenKind::Sign("-" | "+" | "not"))
    }

    fn starts_value(&self) -> bool {
        use TokenKind::{Name, Number, Quoted, Sign, Text};
        matches!(self.peek().kind, Number(_) | Text(_) | Name(_) | Quoted(_) | Sign("(" | "-" | "+" | "not"))
    }

    fn join(&mut self, word: BinaryWord, left: Tree, right: Tree) -> Tree {
        let span = left.expr.span.start..right.expr.span.end.max(left.expr.span.end);
        let height = left.height.max(right.height) + 1;
        self.node(ExprKind::Binary(word, Box::new(left.expr), Box::new(right.expr)), span, height)
    }

    fn leaf(&mut self, kind: ExprKind, span: Span) -> Tree {
        self.node(kind, span, 1)
    }

    fn node(&mut self, kind: ExprKind, span: Span, height: usize) -> Tree {
        self.nodes += 1;
        if height > MAX_HEIGHT {
            return self.give_up("F0902", format!("more than {MAX_HEIGHT} operators follow each other"));
        }
        if self.nodes > MAX_NODES {
            return self.give_up("F0902", format!("the formula has more than {MAX_NODES} parts"));
        }
        Tree { expr: Expr { kind, span }, height }
    }

    /// Reports a limit and skips the rest of the text.
    fn give_up(&mut self, code: &'static str, message: String) -> Tree {
        let span = self.peek().span.clone();
        if !self.gave_up {
            self.diagnostics.push(Diagnostic::error(code, span.clone(), message));
        }
        self.gave_up = true;
        self.at = self.tokens.len() - 1;
        Tree { expr: placeholder(span), height: 1 }
    }

    fn peek(&self) -> &Token {
        // The last token is `End`, and `advance` stays on it.
        &self.tokens[self.at]
    }

    fn sign(&self, sign: &str) -> bool {
        matches!(self.peek().kind, TokenKind::Sign(s) if s == sign)
    }

    fn advance(&mut self) {
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    /// Takes a token; what follows a token that was reported already is not reported too.
    fn pass(&mut self) {
        let bad = self.peek().kind == TokenKind::Bad;
        self.advance();
        if bad {
            self.last_error = Some(self.at);
        }
    }

    fn previous_end(&self) -> usize {
        self.tokens[self.at.saturating_sub(1)].span.end
    }

    fn describe(&self) -> String {
        match &self.peek().kind {
            TokenKind::Number(value) => format!("the number {value}"),
            TokenKind::Text(_) => "a text".into(),
            TokenKind::Name(name) | TokenKind::Quoted(name) => format!("`{name}`"),
            TokenKind::Sign(sign) => format!("`{sign}`"),
            TokenKind::Bad => "this".into(),
            TokenKind::End => "the end of the formula".into(),
        }
    }

    fn error(&mut self, code: &'static str, message: impl Into<String>) {
        if self.report_here() {
            self.diagnostics.push(Diagnostic::error(code, self.peek().span.clone(), message));
        }
    }

    fn error_with(&mut self, code: &'static str, message: impl Into<String>, help: &str) {
        if self.report_here() {
            self.diagnostics.push(Diagnostic::error(code, self.peek().span.clone(), message).with_help(help));
        }
    }

    /// Whether an error at this token is news.
    fn report_here(&mut self) -> bool {
        let news = !self.gave_up && self.last_error != Some(self.at);
        self.last_error = Some(self.at);
        if self.diagnostics.len() >= MAX_ERRORS {
            self.gave_up = true;
            self.at = self.tokens.len() - 1;
        }
        news
    }
}

/// Stands for what could not be read; the tree is dropped because an error was reported.
fn placeholder(span: Span) -> Expr {
    Expr { kind: ExprKind::Number(f64::NAN), span }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree in prefix notation.
    fn show(e: &Expr) -> String {
        match &e.kind {
            ExprKind::Number(v) => v.to_string(),
            ExprKind::Text(t) => format!("{t:?}"),
            ExprKind::Name(n) => n.clone(),
            ExprKind::Index { name, index } => {
                format!("{name}[{}]", index.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(","))
            }
            ExprKind::Earlier { .. } | ExprKind::Past { .. } => unreachable!("made by expansion"),
            ExprKind::Unary(w, a) => format!("({w:?} {})", show(a)),
            ExprKind::Binary(w, a, b) => format!("({w:?} {} {})", show(a), show(b)),
            ExprKind::Solve { unknown, low, high, body } => {
                format!("(solve {} {} {} {})", unknown.0, show(low), show(high), show(body))
            }
            ExprKind::Over { word, index, set, body } => {
                format!("({word:?} {} in {}: {})", index.0, set.0, show(body))
            }
            ExprKind::Call { function, arguments, .. } => {
                format!("{function}({})", arguments.iter().map(show).collect::<Vec<_>>().join(","))
            }
        }
    }

    fn tree(text: &str) -> String {
        show(&parse(text).unwrap().body)
    }

    fn codes(text: &str) -> Vec<&'static str> {
        parse(text).unwrap_err().0.iter().map(|d| d.code).collect()
    }

    #[test]
    fn precedence() {
        assert_eq!(tree("a + b * c ^ d"), "(Add a (Multiply b (Power c d)))");
        assert_eq!(tree("a - b - c"), "(Subtract (Subtract a b) c)");
        assert_eq!(tree("a ^ b ^ c"), "(Power a (Power b c))");
        assert_eq!(tree("-x^2"), "(Minus (Power x 2))");
        assert_eq!(tree("2^-x^3*y"), "(Multiply (Power 2 (Minus (Power x 3))) y)");
        assert_eq!(tree("-a*b"), "(Multiply (Minus a) b)");
        assert_eq!(tree("not a == b and c or d"), "(Or (And (Not (Equal a b)) c) d)");
        assert_eq!(tree("a < b + 1"), "(Less a (Add b 1))");
        assert_eq!(tree("A[family] * min(1, 2)"), "(Multiply A[family] min(1,2))");
        assert_eq!(tree("+a"), "a");
        assert_eq!(tree("solve(x in -1..a: x^3 = b)"), "(solve x (Minus 1) a (Subtract (Power x 3) b))");
    }

    #[test]
    fn several_errors_at_once() {
        assert_eq!(codes("loss ~ E + * / 3 + (2"), ["F0201", "F0201", "F0204"]);
        assert_eq!(codes("a + ) + ( b"), ["F0201", "F0204"]);
        assert_eq!(codes("6 N + 3 D"), ["F0203", "F0203"]);
        assert_eq!(codes("a ~ b ~ c"), ["F0205"]);
        assert_eq!(codes("a < b < c"), ["F0206"]);
        assert_eq!(codes("A[] + B[1]"), ["F0207", "F0207"]);
        assert_eq!(codes(""), ["F0201"]);
        assert_eq!(codes("a ? b"), ["F0101"]);
        assert_eq!(codes("sum(i in mix: C[i] * mix[i]^g[i]) + * b"), ["F0201"]);
        assert_eq!(codes("sum(i, mix: C[i]) + product(1 in mix: 2)"), ["F0208", "F0208"]);
        assert_eq!(codes("sum(i in mix C[i])"), ["F0208"]);
        assert_eq!(codes("solve(x in 0..1: x) + solve(x in 0: x = 1) + a = 3"), ["F0208", "F0208", "F0101"]);
        assert_eq!(codes("a in b"), ["F0202"]);
        assert_eq!(codes("a; b"), ["F0209"]);
        assert_eq!(codes("a;; b"), ["F0201"]);
    }

    #[test]
    fn limits_are_errors_not_crashes() {
        assert_eq!(codes(&"(".repeat(60_000)), ["F0902"]);
        assert_eq!(codes(&"-".repeat(60_000)), ["F0902"]);
        assert_eq!(codes(&"2^".repeat(30_000)), ["F0902"]);
        assert_eq!(codes(&"a+".repeat(30_000)), ["F0902"]);
        assert_eq!(codes(&"min(".repeat(15_000)), ["F0902"]);
        assert_eq!(codes(&format!("min({}1)", "1,".repeat(20_000))), ["F0902"]);
        assert_eq!(codes(&"a".repeat(70_000)), ["F0901"]);
        assert_eq!(codes(&"? ".repeat(1_000)).len(), 20);
    }
}
