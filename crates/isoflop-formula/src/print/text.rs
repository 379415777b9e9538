//! The language itself.

use super::{Piece, Style, list, strength as s, write};
use crate::expand::ROW;
use crate::functions::{constant, function, name_of};
use crate::graph::{Binary, Graph, NodeId, Unary};
use crate::lexer::is_plain_name;
use crate::symbols::{InputKind, Symbols};

/// An expression in the formula language, with as few brackets as it can be read back with.
///
/// Reading it in [`crate::Scope::of`] the same symbols gives the same graph again.
pub fn text(graph: &Graph, symbols: &Symbols, node: NodeId) -> String {
    write(graph, node, &mut Text { symbols, index: index(symbols) }).text
}

struct Text<'a> {
    symbols: &'a Symbols,
    /// The index of sums over the past.
    index: &'static str,
}

/// An index that no column or parameter is called.
fn index(symbols: &Symbols) -> &'static str {
    let taken = |name: &&str| {
        let mut inputs = symbols.inputs.iter().map(|input| &input.name);
        inputs.any(|n| n == name) || symbols.params.iter().any(|param| param.name == *name)
    };
    ["k", "j", "i", "earlier"].into_iter().find(|name| !taken(name)).unwrap_or("an_earlier_row")
}

/// A name as the lexer reads it back.
fn name(name: &str) -> String {
    let taken = function(name).is_some() || constant(name).is_some();
    // A member of a family, `C[web]`, is read back as it is.
    if let Some((family, members)) = name.strip_suffix(']').and_then(|n| n.split_once('['))
        && std::iter::once(family).chain(members.split(',')).all(is_plain_name)
    {
        return name.into();
    }
    if is_plain_name(name) && !taken { name.into() } else { format!("`{name}`") }
}

/// A text literal as the lexer reads it back.
fn literal(value: &str) -> String {
    let mut out = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            c => out.push(c),
        }
    }
    out + "\""
}

/// The shortest digits that are read back as the same number.
pub(super) fn digits(value: f64) -> String {
    let (plain, scientific) = (value.to_string(), format!("{value:e}"));
    let everyday = value == 0.0 || (1e-3..1e6).contains(&value.abs());
    if everyday || plain.len() <= scientific.len() { plain } else { scientific }
}

/// Whether `-` in front of this product means the negative of all of it when read back: it applies to the
/// first factor, and the graph moves it to the front unless that factor is a number or a difference.
fn carries_minus(product: &Piece) -> bool {
    let number = ["inf ", "nan "].iter().any(|n| product.text.starts_with(n));
    product.strength == s::MULTIPLY
        && !number
        && product.text.starts_with(|c: char| c.is_alphabetic() || c == '`')
}

impl Style for Text<'_> {
    fn number(&self, value: f64) -> Piece {
        let text = match value {
            v if v.is_nan() => "nan".into(),
            f64::INFINITY => "inf".into(),
            f64::NEG_INFINITY => "-inf".into(),
            v => digits(v),
        };
        Piece::new(text, if value < 0.0 { s::MINUS } else { s::ATOM })
    }

    fn input(&self, index: u32) -> Piece {
        match self.symbols.inputs.get(index as usize) {
            None => Piece::atom(format!("input{index}")),
            Some(input) => match &input.kind {
                InputKind::Column => Piece::atom(name(&input.name)),
                InputKind::TextEquals { column, value } => {
                    Piece::new(format!("{} == {}", name(column), literal(value)), s::COMPARE)
                }
                InputKind::Earlier { column, lag } => {
                    let column = column.as_deref().unwrap_or(ROW);
                    let back = if *lag == 0 { String::new() } else { format!("-{lag}") };
                    Piece::atom(format!("{}[{}{back}]", name(column), self.index))
                }
                InputKind::Row => Piece::atom(ROW),
                InputKind::Here => Piece::atom("here"),
            },
        }
    }

    fn param(&self, index: u32) -> Piece {
        Piece::atom(match self.symbols.params.get(index as usize) {
            None => format!("param{index}"),
            Some(param) => match &param.group {
                // A member of a family takes its column among its indices: `A[web,family]`.
                Some(group) => match param.name.strip_suffix(']') {
                    Some(open) => format!("{open},{}]", name(group)),
                    None => format!("{}[{}]", name(&param.name), name(group)),
                },
                None => name(&param.name),
            },
        })
    }

    fn unknown(&self, unknown: &str) -> Piece {
        Piece::atom(name(unknown))
    }

    fn root(&mut self, unknown: &str, body: &Piece, low: &Piece, high: &Piece) -> Piece {
        let unknown = name(unknown);
        Piece::atom(format!("solve({unknown} in {}..{}: {} = 0)", low.text, high.text, body.text))
    }

    fn past(&mut self, body: &Piece) -> Piece {
        Piece::atom(format!("sum({} in past: {})", self.index, body.text))
    }

    fn unary(&mut self, op: Unary, a: &Piece) -> Piece {
        match op {
            Unary::Neg if carries_minus(a) => Piece::new(format!("-{}", a.text), s::MULTIPLY),
            Unary::Neg => Piece::new(format!("-{}", a.at(s::POWER)), s::MINUS),
            Unary::Not => Piece::new(format!("not {}", a.at(s::NOT)), s::NOT),
            // Has the value of its argument; made when a tape is compiled, never by a text.
            Unary::Detach => a.clone(),
            _ => Piece::atom(format!("{}({})", name_of(op), a.text)),
        }
    }

    fn binary(&mut self, op: Binary, a: &Piece, b: &Piece) -> Piece {
        let (sign, strength, left, right) = match op {
            Binary::Add => ("+", s::ADD, s::ADD, s::MULTIPLY),
            Binary::Sub => ("-", s::ADD, s::ADD, s::MULTIPLY),
            Binary::Mul => ("*", s::MULTIPLY, s::MULTIPLY, s::MINUS),
            Binary::Div => ("/", s::MULTIPLY, s::MULTIPLY, s::MINUS),
            Binary::Pow => return Piece::new(format!("{}^{}", a.at(s::ATOM), b.at(s::MINUS)), s::POWER),
            Binary::Min => return Piece::atom(format!("min({})", list(&[a, b]))),
            Binary::Max => return Piece::atom(format!("max({})", list(&[a, b]))),
            Binary::Less => ("<", s::COMPARE, s::ADD, s::ADD),
            Binary::LessEqual => ("<=", s::COMPARE, s::ADD, s::ADD),
            Binary::Equal => ("==", s::COMPARE, s::ADD, s::ADD),
            Binary::NotEqual => ("!=", s::COMPARE, s::ADD, s::ADD),
            Binary::And => ("and", s::AND, s::AND, s::NOT),
            Binary::Or => ("or", s::OR, s::OR, s::AND),
        };
        Piece::new(format!("{} {sign} {}", a.at(left), b.at(right)), strength)
    }

    fn select(&mut self, condition: &Piece, then: &Piece, otherwise: &Piece) -> Piece {
        Piece::atom(format!("if({})", list(&[condition, then, otherwise])))
    }
}
