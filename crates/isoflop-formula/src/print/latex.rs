//! LaTeX, for mathematics mode.

use super::{Piece, Style, list, strength as s, write};
use crate::graph::{Binary, Graph, NodeId, Unary};
use crate::symbols::{InputKind, Symbols};

/// An expression in LaTeX, without the delimiters of mathematics mode.
///
/// Quotients are fractions, powers exponents; `alpha` is written `\alpha`, `a_opt` is `a_{opt}`, names of
/// several letters are upright. A truth value inside arithmetic stands in square brackets (Iverson's). The
/// environment `cases` needs the package `amsmath`.
pub fn latex(graph: &Graph, symbols: &Symbols, node: NodeId) -> String {
    write(graph, node, &mut Latex { symbols }).text
}

struct Latex<'a> {
    symbols: &'a Symbols,
}

/// Greek letters that LaTeX has under their names. `omicron` and the capitals that look Latin have none.
const GREEK: [&str; 34] = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "varepsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "varphi",
    "chi",
    "psi",
    "omega",
    "Gamma",
    "Delta",
    "Theta",
    "Lambda",
    "Sigma",
    "Phi",
    "Psi",
    "Omega",
    "ell",
];

/// `alpha_N` as `\alpha_{N}`, `d1` as `d_{1}`, `loss` as `\mathrm{loss}`; `more` is a further subscript.
fn name(name: &str, more: Option<&str>) -> String {
    // A member of a family, `C[web]`, has its member below.
    if let Some((family, members)) = name.strip_suffix(']').and_then(|n| n.split_once('[')) {
        let more = [Some(members), more].into_iter().flatten().collect::<Vec<_>>().join(",");
        return self::name(family, Some(&more));
    }
    let (stem, tail) = match name.split_once('_') {
        Some((stem, tail)) if !stem.is_empty() && !tail.is_empty() => (stem, tail),
        _ => match name.trim_end_matches(|c: char| c.is_ascii_digit()).len() {
            0 => (name, ""),
            letters => name.split_at(letters),
        },
    };
    let below: Vec<String> =
        tail.split('_').filter(|p| !p.is_empty()).map(subscript).chain(more.map(subscript)).collect();
    if below.is_empty() { letters(stem) } else { format!("{}_{{{}}}", letters(stem), below.join(",")) }
}

/// The main part of a name.
fn letters(stem: &str) -> String {
    if GREEK.contains(&stem) {
        format!("\\{stem}")
    } else if stem.chars().count() == 1 {
        escape(stem)
    } else {
        format!("\\mathrm{{{}}}", escape(stem))
    }
}

/// A part of a subscript; short words stay in italics as in most papers.
fn subscript(part: &str) -> String {
    if GREEK.contains(&part) { format!("\\{part}") } else { escape(part) }
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out += "\\backslash ",
            '^' => out += "\\hat{}",
            '~' => out += "\\sim ",
            '#' | '$' | '%' | '&' | '_' | '{' | '}' => out.extend(['\\', c]),
            ' ' => out += "\\ ",
            c => out.push(c),
        }
    }
    out
}

/// `\left(...\right)` where needed.
fn at(piece: &Piece, least: u8) -> String {
    let piece = number(piece);
    if piece.strength < least { format!("\\left({}\\right)", piece.text) } else { piece.text }
}

/// A truth value as the number 0 or 1.
fn number(piece: &Piece) -> Piece {
    if piece.truth { Piece::atom(format!("\\left[{}\\right]", piece.text)) } else { piece.clone() }
}

/// A truth value; other numbers count as true where they are not 0.
fn truth(piece: &Piece, least: u8) -> String {
    match (piece.truth, piece.strength < least) {
        (true, false) => piece.text.clone(),
        (true, true) => format!("\\left({}\\right)", piece.text),
        (false, _) => truth(&Piece::truth(format!("{} \\ne 0", at(piece, s::ADD)), s::COMPARE), least),
    }
}

fn call(function: &str, argument: &str) -> Piece {
    // Weaker than an atom, because `\log(x)^2` could be read as the logarithm of a square.
    Piece::new(format!("{function}\\left({argument}\\right)"), s::POWER)
}

impl Style for Latex<'_> {
    fn number(&self, value: f64) -> Piece {
        if value.is_nan() {
            return Piece::atom("\\mathrm{NaN}");
        }
        if value.is_infinite() {
            return if value > 0.0 { Piece::atom("\\infty") } else { Piece::new("-\\infty", s::MINUS) };
        }
        let size = value.abs();
        let scientific = size != 0.0 && !(1e-4..1e7).contains(&size);
        let text = match scientific.then(|| format!("{value:e}")).as_deref().and_then(|t| t.split_once('e')) {
            Some(("1", power)) => return Piece::new(format!("10^{{{power}}}"), s::POWER),
            Some((digits, power)) => {
                let strength = if value < 0.0 { s::ADD } else { s::MULTIPLY };
                return Piece::new(format!("{digits} \\times 10^{{{power}}}"), strength);
            }
            None => value.to_string(),
        };
        Piece::new(text, if value < 0.0 { s::MINUS } else { s::ATOM })
    }

    fn input(&self, index: u32) -> Piece {
        match self.symbols.inputs.get(index as usize) {
            None => Piece::atom(format!("x_{{{index}}}")),
            Some(input) => match &input.kind {
                InputKind::Column => Piece::atom(name(&input.name, None)),
                InputKind::Earlier { column: None, lag: 0 } => Piece::atom("k"),
                InputKind::Earlier { column: None, lag } => Piece::new(format!("k - {lag}"), s::ADD),
                InputKind::Earlier { column: Some(column), lag } => {
                    let back = if *lag == 0 { String::new() } else { format!("-{lag}") };
                    Piece::atom(format!("{{{}}}_{{k{back}}}", name(column, None)))
                }
                InputKind::Row | InputKind::Here => Piece::atom("t"),
                InputKind::TextEquals { column, value } => {
                    Piece::truth(format!("{} = \\text{{{}}}", name(column, None), escape(value)), s::COMPARE)
                }
            },
        }
    }

    fn param(&self, index: u32) -> Piece {
        Piece::atom(match self.symbols.params.get(index as usize) {
            None => format!("\\theta_{{{index}}}"),
            Some(param) => name(&param.name, param.group.as_deref()),
        })
    }

    fn unknown(&self, unknown: &str) -> Piece {
        Piece::atom(name(unknown, None))
    }

    fn root(&mut self, unknown: &str, body: &Piece, low: &Piece, high: &Piece) -> Piece {
        let x = name(unknown, None);
        let text = format!(
            "\\operatorname{{solve}}_{{{x} \\in [{}, {}]}}\\left({} = 0\\right)",
            low.text, high.text, body.text
        );
        Piece::atom(text)
    }

    fn past(&mut self, body: &Piece) -> Piece {
        Piece::new(format!("\\sum_{{k \\le t}} {}", at(&number(body), s::MULTIPLY)), s::MULTIPLY)
    }

    fn unary(&mut self, op: Unary, a: &Piece) -> Piece {
        let inner = number(a).text;
        let function = match op {
            Unary::Detach => return a.clone(),
            Unary::Neg => return Piece::new(format!("-{}", at(a, s::MULTIPLY)), s::ADD),
            Unary::Not => return Piece::truth(format!("\\lnot {}", truth(a, s::ATOM)), s::NOT),
            Unary::Sqrt => return Piece::atom(format!("\\sqrt{{{inner}}}")),
            Unary::Abs => return Piece::atom(format!("\\left|{inner}\\right|")),
            Unary::Expm1 => return Piece::new(format!("{} - 1", call("\\exp", &inner).text), s::ADD),
            Unary::Log1p => {
                let plus = if inner.starts_with('-') { "" } else { "+ " };
                return call("\\log", &format!("1 {plus}{inner}"));
            }
            Unary::Exp => "\\exp",
            Unary::Log => "\\log",
            Unary::Log2 => "\\log_{2}",
            Unary::Log10 => "\\log_{10}",
            Unary::Sigmoid => "\\operatorname{sigmoid}",
            Unary::Logit => "\\operatorname{logit}",
            Unary::Softplus => "\\operatorname{softplus}",
            Unary::Tanh => "\\tanh",
            Unary::Erf => "\\operatorname{erf}",
            Unary::Normcdf => "\\Phi",
            Unary::Lgamma => "\\log\\Gamma",
            Unary::Digamma => "\\psi",
            Unary::Trigamma => "\\psi_{1}",
            Unary::Sin => "\\sin",
            Unary::Cos => "\\cos",
            Unary::Atan => "\\arctan",
            Unary::Sign => "\\operatorname{sign}",
        };
        call(function, &inner)
    }

    fn binary(&mut self, op: Binary, a: &Piece, b: &Piece) -> Piece {
        let compare =
            |sign: &str| Piece::truth(format!("{} {sign} {}", at(a, s::ADD), at(b, s::ADD)), s::COMPARE);
        match op {
            Binary::Add => {
                let right = at(b, s::ADD);
                match right.strip_prefix('-') {
                    Some(rest) => Piece::new(format!("{} - {rest}", at(a, s::ADD)), s::ADD),
                    None => Piece::new(format!("{} + {right}", at(a, s::ADD)), s::ADD),
                }
            }
            Binary::Sub => {
                let right = if number(b).text.starts_with('-') { at(b, s::ATOM) } else { at(b, s::MULTIPLY) };
                Piece::new(format!("{} - {right}", at(a, s::ADD)), s::ADD)
            }
            Binary::Mul => {
                let (left, right) = (at(a, s::MULTIPLY), at(b, s::POWER));
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                let sign = if digit(right.chars().next()) { "\\cdot" } else { "\\," };
                Piece::new(format!("{left} {sign} {right}"), s::MULTIPLY)
            }
            Binary::Div => {
                Piece::new(format!("\\frac{{{}}}{{{}}}", number(a).text, number(b).text), s::POWER)
            }
            Binary::Pow => Piece::new(format!("{}^{{{}}}", at(a, s::ATOM), number(b).text), s::POWER),
            Binary::Min => call("\\min", &list(&[&number(a), &number(b)])),
            Binary::Max => call("\\max", &list(&[&number(a), &number(b)])),
            Binary::Less => compare("<"),
            Binary::LessEqual => compare("\\le"),
            Binary::Equal => compare("="),
            Binary::NotEqual => compare("\\ne"),
            Binary::And => Piece::truth(format!("{} \\land {}", truth(a, s::AND), truth(b, s::NOT)), s::AND),
            Binary::Or => Piece::truth(format!("{} \\lor {}", truth(a, s::OR), truth(b, s::AND)), s::OR),
        }
    }

    fn select(&mut self, condition: &Piece, then: &Piece, otherwise: &Piece) -> Piece {
        let (then, otherwise) = (number(then).text, number(otherwise).text);
        let condition = truth(condition, s::OR);
        Piece::atom(format!(
            "\\begin{{cases}} {then} & \\text{{if }} {condition} \\\\ {otherwise} & \\text{{otherwise}} \\end{{cases}}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn names() {
        let cases = [
            ("alpha", "\\alpha"),
            ("a_opt", "a_{opt}"),
            ("alpha_N", "\\alpha_{N}"),
            ("d1", "d_{1}"),
            ("loss", "\\mathrm{loss}"),
            ("N", "N"),
            ("train/loss", "\\mathrm{train/loss}"),
            ("x_", "\\mathrm{x\\_}"),
            ("50%", "\\mathrm{50\\%}"),
            ("7", "7"),
            ("b_1_2", "b_{1,2}"),
        ];
        for (text, latex) in cases {
            assert_eq!(name(text, None), latex, "{text}");
        }
        assert_eq!(name("A", Some("family")), "A_{family}");
        assert_eq!(name("A_N", Some("family")), "A_{N,family}");
    }
}
