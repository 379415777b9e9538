//! JavaScript.

use super::names::Names;
use super::python::{identifier, literal};
use super::{Piece, Style, list, strength as s, write};
use crate::graph::{Binary, Graph, NodeId, Unary};
use crate::symbols::{InputKind, Symbols};

/// An arrow function in JavaScript that takes one object with the columns and parameters and returns the
/// value of the expression: `({N, E, A, alpha}) => E + A / Math.pow(N, alpha)`.
///
/// It needs nothing around it: functions that JavaScript lacks are defined inside. A grouped parameter
/// `A[family]` is an object or array of its values by level.
pub fn javascript(graph: &Graph, symbols: &Symbols, node: NodeId) -> String {
    let helpers = HELPERS.map(|(name, _, _)| name);
    let taken: Vec<&str> = TAKEN.iter().copied().chain(helpers).collect();
    let names = Names::new(symbols, &taken);
    let arguments: Vec<String> = names
        .arguments
        .iter()
        .map(|(name, id)| if name == id { id.clone() } else { format!("{}: {id}", literal(name)) })
        .collect();
    let mut style = JavaScript { symbols, names, used: Vec::new() };
    let body = number(&write(graph, node, &mut style)).text;
    let used = with_dependencies(style.used);
    let head = format!("({{{}}}) =>", arguments.join(", "));
    if used.is_empty() {
        // A body in brackets, since one that starts with a brace would be read as a block.
        return format!("{head} ({body})");
    }
    let mut out = format!("{head} {{\n");
    for (_, _, text) in HELPERS.iter().filter(|(name, _, _)| used.contains(name)) {
        out += &format!("  {text}\n");
    }
    out + &format!("  return {body};\n}}")
}

struct JavaScript<'a> {
    symbols: &'a Symbols,
    names: Names,
    used: Vec<&'static str>,
}

/// Reserved words and the globals that the function uses.
const TAKEN: [&str; 52] = [
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "undefined",
    "var",
    "void",
    "while",
    "with",
    "yield",
    "Math",
    "Infinity",
    "NaN",
];

/// Functions that JavaScript lacks: name, the helpers it calls, definition.
///
/// `erfc` is a series of positive terms below 2.5 and a continued fraction above (Abramowitz and Stegun
/// 7.1.6 and 7.1.14); the gamma functions use upward recurrence and the asymptotic series (6.1.41, 6.3.18,
/// 6.4.12) with reflection for negative arguments.
const HELPERS: [(&str, &[&str], &str); 12] = [
    (
        "sigmoid_",
        &[],
        "const sigmoid_ = (x) => x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));",
    ),
    ("logit_", &[], "const logit_ = (x) => Math.log(x) - Math.log1p(-x);"),
    ("softplus_", &[], "const softplus_ = (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));"),
    (
        "erfc_",
        &[],
        "const erfc_ = (x) => {\n    \
         if (x < 0) return 2 - erfc_(-x);\n    \
         const scale = Math.exp(-x * x);\n    \
         if (x < 2.5) {\n      \
         let term = x, sum = x;\n      \
         for (let n = 1; term > sum * 1e-17; n++) sum += (term *= 2 * x * x / (2 * n + 1));\n      \
         return 1 - 2 / Math.sqrt(Math.PI) * scale * sum;\n    \
         }\n    \
         let f = x;\n    \
         for (let n = 60; n > 0; n--) f = x + n / 2 / f;\n    \
         return scale / f / Math.sqrt(Math.PI);\n  };",
    ),
    (
        "erf_",
        &["erfc_"],
        "const erf_ = (x) => {\n    \
         if (Math.abs(x) >= 2.5) return x < 0 ? erfc_(-x) - 1 : 1 - erfc_(x);\n    \
         let term = x, sum = x;\n    \
         for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) sum += (term *= 2 * x * x / (2 * n + 1));\n    \
         return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;\n  };",
    ),
    ("normcdf_", &["erfc_"], "const normcdf_ = (x) => erfc_(-x * Math.SQRT1_2) / 2;"),
    (
        "lgamma_",
        &[],
        "const lgamma_ = (x) => {\n    \
         if (x <= 0) {\n      \
         const sine = Math.abs(Math.sin(Math.PI * x));\n      \
         return x === Math.floor(x) ? Infinity : Math.log(Math.PI / sine) - lgamma_(1 - x);\n    \
         }\n    \
         if (x === Infinity) return x;\n    \
         let product = 1;\n    \
         for (; x < 10; x++) product *= x;\n    \
         const r = 1 / (x * x);\n    \
         const tail = (1/12 - r*(1/360 - r*(1/1260 - r*(1/1680 - r*(1/1188 - r*691/360360))))) / x;\n    \
         return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + tail - Math.log(product);\n  };",
    ),
    (
        "digamma_",
        &[],
        "const digamma_ = (x) => {\n    \
         if (x <= 0) return x === Math.floor(x) ? NaN : digamma_(1 - x) - Math.PI / Math.tan(Math.PI * x);\n    \
         let sum = 0;\n    \
         for (; x < 10; x++) sum -= 1 / x;\n    \
         const r = 1 / (x * x);\n    \
         const tail = r*(1/12 - r*(1/120 - r*(1/252 - r*(1/240 - r*(1/132 - r*691/32760)))));\n    \
         return sum + Math.log(x) - 0.5 / x - tail;\n  };",
    ),
    (
        "trigamma_",
        &[],
        "const trigamma_ = (x) => {\n    \
         if (x <= 0) {\n      \
         const ratio = Math.PI / Math.sin(Math.PI * x);\n      \
         return x === Math.floor(x) ? NaN : ratio * ratio - trigamma_(1 - x);\n    \
         }\n    \
         let sum = 0;\n    \
         for (; x < 10; x++) sum += 1 / (x * x);\n    \
         const r = 1 / (x * x);\n    \
         const tail = r*(1/6 - r*(1/30 - r*(1/42 - r*(1/30 - r*5/66))));\n    \
         return sum + 1 / x + 0.5 * r + tail / x;\n  };",
    ),
    // Math.min gives NaN if one of its arguments is NaN; here the other one counts, as elsewhere.
    (
        "fmin_",
        &[],
        "const fmin_ = (a, b) => a !== a ? b : b !== b ? a : Math.min(a, b), fmax_ = (a, b) => -fmin_(-a, -b);",
    ),
    (
        "sum_",
        &[],
        "const sum_ = (rows, f) => {\n    \
         let sum = 0;\n    \
         for (let k = 0; k < rows; k++) sum += f(k);\n    \
         return sum;\n  };",
    ),
    (
        "root_",
        &[],
        "const root_ = (f, low, high) => {\n    \
         const sign = Math.sign(f(low));\n    \
         if (!(sign * f(high) <= 0)) return NaN;\n    \
         for (let i = 0; i < 200; i++) {\n      \
         const middle = 0.5 * (low + high);\n      \
         if (Math.sign(f(middle)) === sign) low = middle; else high = middle;\n    \
         }\n    \
         return 0.5 * (low + high);\n  };",
    ),
];

fn with_dependencies(mut used: Vec<&'static str>) -> Vec<&'static str> {
    for (name, needs, _) in &HELPERS {
        if used.contains(name) {
            used.extend(*needs);
        }
    }
    used
}

fn number(piece: &Piece) -> Piece {
    if piece.truth { Piece::atom(format!("Number({})", piece.text)) } else { piece.clone() }
}

/// A truth value that binds at least as tightly as `least`; NaN counts as true, as everywhere.
fn truth(piece: &Piece, least: u8) -> String {
    if piece.truth {
        return piece.at(least);
    }
    Piece::new(format!("{} !== 0", piece.at(s::ADD)), s::COMPARE).at(least)
}

impl JavaScript<'_> {
    fn helper(&mut self, name: &'static str, arguments: &str) -> Piece {
        self.used.push(name);
        Piece::atom(format!("{name}({arguments})"))
    }
}

impl Style for JavaScript<'_> {
    fn number(&self, value: f64) -> Piece {
        let text = match value {
            v if v.is_nan() => "NaN".into(),
            f64::INFINITY => "Infinity".into(),
            f64::NEG_INFINITY => "-Infinity".into(),
            v => super::text::digits(v),
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
            InputKind::Earlier { column: None, lag: 0 } => Piece::new("k_ + 1", s::ADD),
            InputKind::Earlier { column: None, lag } => Piece::atom(format!("Math.max(k_ + 1 - {lag}, 1)")),
            InputKind::Earlier { lag: 0, .. } => Piece::atom(format!("{name}[k_]")),
            InputKind::Earlier { lag, .. } => Piece::atom(format!("{name}[Math.max(k_ - {lag}, 0)]")),
            InputKind::Row | InputKind::Here => Piece::atom(name),
            InputKind::TextEquals { value, .. } => {
                Piece::truth(format!("{name} === {}", literal(value)), s::COMPARE)
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
        let arguments =
            format!("({}) => {}, {}, {}", identifier(name), number(body).at(s::OR), low.text, high.text);
        self.helper("root_", &arguments)
    }

    fn past(&mut self, body: &Piece) -> Piece {
        // The length of any of the arrays would do as well.
        let row = self.symbols.inputs.iter().position(|input| input.kind == InputKind::Row);
        let row = row.and_then(|k| self.names.inputs.get(k)).cloned().unwrap_or_else(|| "row".into());
        self.helper("sum_", &format!("{row}, k_ => {}", number(body).at(s::OR)))
    }

    fn unary(&mut self, op: Unary, a: &Piece) -> Piece {
        let inner = number(a);
        let text = inner.text.as_str();
        let math = |function: &str| Piece::atom(format!("Math.{function}({text})"));
        match op {
            Unary::Detach => inner,
            // A blank would not help: `- -x` is fine but `--x` is not, so the inner one has brackets.
            Unary::Neg => Piece::new(format!("-{}", inner.at(s::ATOM)), s::MINUS),
            Unary::Not if a.truth => Piece::truth(format!("!{}", a.at(s::ATOM)), s::MINUS),
            Unary::Not => Piece::truth(format!("{} === 0", a.at(s::ADD)), s::COMPARE),
            Unary::Exp => math("exp"),
            Unary::Expm1 => math("expm1"),
            Unary::Log => math("log"),
            Unary::Log1p => math("log1p"),
            Unary::Log2 => math("log2"),
            Unary::Log10 => math("log10"),
            Unary::Sqrt => math("sqrt"),
            Unary::Abs => math("abs"),
            Unary::Tanh => math("tanh"),
            Unary::Sin => math("sin"),
            Unary::Cos => math("cos"),
            Unary::Atan => math("atan"),
            Unary::Sign => math("sign"),
            Unary::Sigmoid => self.helper("sigmoid_", text),
            Unary::Logit => self.helper("logit_", text),
            Unary::Softplus => self.helper("softplus_", text),
            Unary::Erf => self.helper("erf_", text),
            Unary::Normcdf => self.helper("normcdf_", text),
            Unary::Lgamma => self.helper("lgamma_", text),
            Unary::Digamma => self.helper("digamma_", text),
            Unary::Trigamma => self.helper("trigamma_", text),
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
            Binary::Pow => Piece::atom(format!("Math.pow({})", list(&[&x, &y]))),
            Binary::Min => self.helper("fmin_", &list(&[&x, &y])),
            Binary::Max => {
                self.used.push("fmin_");
                Piece::atom(format!("fmax_({})", list(&[&x, &y])))
            }
            Binary::Less => compare("<"),
            Binary::LessEqual => compare("<="),
            Binary::Equal => compare("==="),
            Binary::NotEqual => compare("!=="),
            Binary::And => Piece::truth(format!("{} && {}", truth(a, s::AND), truth(b, s::NOT)), s::AND),
            Binary::Or => Piece::truth(format!("{} || {}", truth(a, s::OR), truth(b, s::AND)), s::OR),
        }
    }

    fn select(&mut self, condition: &Piece, then: &Piece, otherwise: &Piece) -> Piece {
        let (then, otherwise) = (number(then), number(otherwise));
        Piece::new(format!("{} ? {} : {}", truth(condition, s::OR), then.at(s::ADD), otherwise.at(s::ADD)), 0)
    }
}
