//! Python with numpy.

use super::names::Names;
use super::{Piece, Style, list, strength as s, write};
use crate::graph::{Binary, Graph, NodeId, Unary};
use crate::symbols::{InputKind, Symbols};

/// An expression in Python, over numpy arrays or scalars.
///
/// It needs `import numpy as np` and, for `erf normcdf lgamma digamma trigamma sigmoid logit`, `import
/// scipy.special`. Columns and parameters stand under the identifiers that [`python_names`] lists; a grouped
/// `solve` calls a function `root`, whose text is [`PYTHON_ROOT`]. A grouped
/// parameter `A[family]` is an array of its values indexed by an integer array `family`. Text columns are
/// numpy arrays of strings. In a sum over the past the columns that it goes through are arrays of the rows of the run
/// up to the present one, under names that end in `_past`; all others, and `row`, the number of the present row from 1,
/// are then numbers.
pub fn python(graph: &Graph, symbols: &Symbols, node: NodeId) -> String {
    let names = Names::new(symbols, &TAKEN);
    number(&write(graph, node, &mut Python { symbols, names })).text
}

/// The columns and parameters of a formula, columns first, each with the identifier that stands for it in
/// the output of [`python`].
pub fn python_names(symbols: &Symbols) -> Vec<(String, String)> {
    Names::new(symbols, &TAKEN).arguments
}

struct Python<'a> {
    symbols: &'a Symbols,
    names: Names,
}

/// The function that an expression with `solve` calls: bisection of numpy arrays.
pub const PYTHON_ROOT: &str = "\
def root(f, low, high):
    low, high = np.broadcast_arrays(np.asarray(low, float), np.asarray(high, float))
    sign = np.sign(f(low)) + 0.0 * f(high)
    low, high = low + 0.0 * sign, high + 0.0 * sign
    for _ in range(200):
        middle = 0.5 * (low + high)
        left = np.sign(f(middle)) == sign
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return 0.5 * (low + high)
";

/// An identifier for an unknown, which no column or parameter has.
pub(super) fn identifier(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    format!("unknown_{}_", name.chars().map(plain).collect::<String>())
}

/// Keywords, and the modules that the expression uses.
const TAKEN: [&str; 38] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield", "np",
    "scipy", "root",
];

/// Truth values of numpy do not add up as numbers do, so each becomes 0.0 or 1.0 in arithmetic.
fn number(piece: &Piece) -> Piece {
    if piece.truth { Piece::atom(format!("np.where({}, 1.0, 0.0)", piece.text)) } else { piece.clone() }
}

/// A truth value in brackets: numpy's `&` and `|` bind more tightly than comparisons.
fn truth(piece: &Piece) -> String {
    if piece.truth { format!("({})", piece.text) } else { format!("({} != 0.0)", piece.at(s::ADD)) }
}

/// A text literal of Python; the escapes are also those of JavaScript.
pub(super) fn literal(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\r' => out += "\\r",
            '\t' => out += "\\t",
            c if c.is_control() || c == '\u{2028}' || c == '\u{2029}' => {
                out += &format!("\\u{:04x}", c as u32)
            }
            c => out.push(c),
        }
    }
    out + "\""
}

impl Style for Python<'_> {
    fn number(&self, value: f64) -> Piece {
        let text = match value {
            v if v.is_nan() => "np.nan".into(),
            f64::INFINITY => "np.inf".into(),
            f64::NEG_INFINITY => "-np.inf".into(),
            // `Debug` keeps the point of `2.0`: whole numbers would overflow as numpy integers.
            v => format!("{v:?}"),
        };
        Piece::new(text, if value < 0.0 { s::MINUS } else { s::ATOM })
    }

    fn input(&self, index: u32) -> Piece {
        let i = index as usize;
        let (Some(input), Some(name)) = (self.symbols.inputs.get(i), self.names.inputs.get(i)) else {
            return Piece::atom(format!("input{index}"));
        };
        match &input.kind {
            InputKind::Column => Piece::atom(name),
            InputKind::Earlier { column: None, lag } => {
                Piece::atom(format!("np.maximum(np.arange(1.0, {name} + 1.0) - {lag}.0, 1.0)"))
            }
            InputKind::Earlier { lag: 0, .. } => Piece::atom(name),
            InputKind::Earlier { lag, .. } => {
                Piece::atom(format!("{name}[np.maximum(np.arange({name}.size) - {lag}, 0)]"))
            }
            InputKind::Row | InputKind::Here => Piece::atom(name),
            InputKind::TextEquals { value, .. } => {
                Piece::truth(format!("{name} == {}", literal(value)), s::COMPARE)
            }
        }
    }

    fn param(&self, index: u32) -> Piece {
        let i = index as usize;
        Piece::atom(match (self.names.params.get(i), self.names.groups.get(i)) {
            (Some(name), Some(Some(group))) => format!("{name}[{group}]"),
            (Some(name), _) => name.clone(),
            _ => format!("param{index}"),
        })
    }

    fn unknown(&self, name: &str) -> Piece {
        Piece::atom(identifier(name))
    }

    fn root(&mut self, name: &str, body: &Piece, low: &Piece, high: &Piece) -> Piece {
        let body = number(body);
        Piece::atom(format!("root(lambda {}: {}, {}, {})", identifier(name), body.text, low.text, high.text))
    }

    fn past(&mut self, body: &Piece) -> Piece {
        Piece::atom(format!("np.sum({})", number(body).text))
    }

    fn unary(&mut self, op: Unary, a: &Piece) -> Piece {
        let inner = number(a);
        let call = |function: &str| Piece::atom(format!("{function}({})", inner.text));
        match op {
            Unary::Detach => inner,
            Unary::Neg => Piece::new(format!("-{}", inner.at(s::POWER)), s::MINUS),
            Unary::Not => Piece::truth(format!("np.logical_not({})", a.text), s::ATOM),
            Unary::Softplus => Piece::atom(format!("np.logaddexp(0.0, {})", inner.text)),
            Unary::Trigamma => Piece::atom(format!("scipy.special.polygamma(1, {})", inner.text)),
            Unary::Exp => call("np.exp"),
            Unary::Expm1 => call("np.expm1"),
            Unary::Log => call("np.log"),
            Unary::Log1p => call("np.log1p"),
            Unary::Log2 => call("np.log2"),
            Unary::Log10 => call("np.log10"),
            Unary::Sqrt => call("np.sqrt"),
            Unary::Abs => call("np.abs"),
            Unary::Tanh => call("np.tanh"),
            Unary::Sin => call("np.sin"),
            Unary::Cos => call("np.cos"),
            Unary::Atan => call("np.arctan"),
            Unary::Sign => call("np.sign"),
            Unary::Sigmoid => call("scipy.special.expit"),
            Unary::Logit => call("scipy.special.logit"),
            Unary::Erf => call("scipy.special.erf"),
            Unary::Normcdf => call("scipy.special.ndtr"),
            Unary::Lgamma => call("scipy.special.gammaln"),
            Unary::Digamma => call("scipy.special.digamma"),
        }
    }

    fn binary(&mut self, op: Binary, a: &Piece, b: &Piece) -> Piece {
        let (x, y) = (number(a), number(b));
        let infix = |sign: &str, strength: u8, right: u8| {
            Piece::new(format!("{} {sign} {}", x.at(strength), y.at(right)), strength)
        };
        let compare =
            |sign: &str| Piece::truth(format!("{} {sign} {}", x.at(s::ADD), y.at(s::ADD)), s::COMPARE);
        match op {
            Binary::Add => infix("+", s::ADD, s::MULTIPLY),
            Binary::Sub => infix("-", s::ADD, s::MULTIPLY),
            Binary::Mul => infix("*", s::MULTIPLY, s::MINUS),
            Binary::Div => infix("/", s::MULTIPLY, s::MINUS),
            Binary::Pow => Piece::new(format!("{} ** {}", x.at(s::ATOM), y.at(s::MINUS)), s::POWER),
            Binary::Min => Piece::atom(format!("np.fmin({})", list(&[&x, &y]))),
            Binary::Max => Piece::atom(format!("np.fmax({})", list(&[&x, &y]))),
            Binary::Less => compare("<"),
            Binary::LessEqual => compare("<="),
            Binary::Equal => compare("=="),
            Binary::NotEqual => compare("!="),
            Binary::And => Piece::truth(format!("{} & {}", truth(a), truth(b)), s::AND),
            Binary::Or => Piece::truth(format!("{} | {}", truth(a), truth(b)), s::OR),
        }
    }

    fn select(&mut self, condition: &Piece, then: &Piece, otherwise: &Piece) -> Piece {
        let condition = if condition.truth { condition.text.clone() } else { truth(condition) };
        Piece::atom(format!("np.where({condition}, {})", list(&[&number(then), &number(otherwise)])))
    }
}
