//! What the text said, before names mean anything: the syntax tree that the parser makes.

use std::ops::Range;

/// A range of bytes in the formula text.
pub(crate) type Span = Range<usize>;

/// One statement: `output ~ expression`, or a bare expression (as in `--where`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    /// Left side of `~`, such as `loss` or `log(loss)`; `None` for a bare expression.
    pub output: Option<Expr>,
    /// Right side of `~`, or the bare expression.
    pub body: Expr,
}

/// An expression with the place where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExprKind {
    /// A number; suffixes such as `7B` and `64k` are already applied.
    Number(f64),
    /// A text literal in quotes, for comparison with a text column.
    Text(String),
    /// A name, still without meaning.
    Name(String),
    /// `name[index, ...]`: a grouped parameter such as `A[family]`.
    Index {
        /// The name before the bracket.
        name: String,
        /// The index names with their spans; `k-1` is one of them, without spaces.
        index: Vec<(String, Span)>,
    },
    /// `name[k]` or `name[k-1]` in a sum over the past: the column in that row of the run. Made by expansion.
    Earlier {
        /// Name of the column.
        name: String,
        /// How many rows before.
        lag: u32,
    },
    /// `sum(k in past: ...)`. Made by expansion.
    Past {
        /// What is summed.
        body: Box<Expr>,
    },
    /// `-x` or `not x`.
    Unary(UnaryWord, Box<Expr>),
    /// `a + b`, `a < b`, `a and b`, ...
    Binary(BinaryWord, Box<Expr>, Box<Expr>),
    /// `function(arguments)`, `if(c, a, b)` included; the name is resolved later.
    Call {
        /// Name of the function.
        function: String,
        /// Where the name stands.
        name_span: Span,
        /// Arguments in order.
        arguments: Vec<Expr>,
    },
    /// `solve(x in low..high: left = right)`: the `x` between `low` and `high` at which both sides are equal.
    Solve {
        /// The unknown.
        unknown: (String, Span),
        /// The lower end of the range that is searched.
        low: Box<Expr>,
        /// Its upper end.
        high: Box<Expr>,
        /// `left - right`.
        body: Box<Expr>,
    },
    /// `sum(i in mix: ...)` or `product(i in mix: ...)`; gone after expansion.
    Over {
        /// The operator between the parts: `Add` or `Multiply`.
        word: BinaryWord,
        /// The index variable.
        index: (String, Span),
        /// The set of columns that it runs over.
        set: (String, Span),
        /// What is summed.
        body: Box<Expr>,
    },
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryWord {
    /// `-x`
    Minus,
    /// `not x` or `!x`
    Not,
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryWord {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^` or `**`, right associative
    Power,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `and` or `&&`
    And,
    /// `or` or `||`
    Or,
}
