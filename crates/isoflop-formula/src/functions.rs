//! The functions of the language: one table of names, numbers of arguments and meanings.

use crate::graph::Unary;

/// What a function name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    One(Unary),
    Min,
    Max,
    /// `-log(exp(-a) + exp(-b) + ...)`
    Softmin,
    /// `log(exp(a) + exp(b))`
    Softmax2,
    If,
    /// A function of a sequence with this many arguments; written out as a sum over the past.
    Sequence(usize),
}

/// Every function name with its meaning; the first name of a meaning is the one that is printed.
pub(crate) const FUNCTIONS: [(&str, Function); 31] = [
    ("exp", Function::One(Unary::Exp)),
    ("expm1", Function::One(Unary::Expm1)),
    ("log", Function::One(Unary::Log)),
    ("ln", Function::One(Unary::Log)),
    ("log1p", Function::One(Unary::Log1p)),
    ("log2", Function::One(Unary::Log2)),
    ("log10", Function::One(Unary::Log10)),
    ("sqrt", Function::One(Unary::Sqrt)),
    ("abs", Function::One(Unary::Abs)),
    ("sign", Function::One(Unary::Sign)),
    ("sigmoid", Function::One(Unary::Sigmoid)),
    ("logit", Function::One(Unary::Logit)),
    ("softplus", Function::One(Unary::Softplus)),
    ("tanh", Function::One(Unary::Tanh)),
    ("erf", Function::One(Unary::Erf)),
    ("normcdf", Function::One(Unary::Normcdf)),
    ("lgamma", Function::One(Unary::Lgamma)),
    ("digamma", Function::One(Unary::Digamma)),
    ("trigamma", Function::One(Unary::Trigamma)),
    ("sin", Function::One(Unary::Sin)),
    ("cos", Function::One(Unary::Cos)),
    ("atan", Function::One(Unary::Atan)),
    ("min", Function::Min),
    ("max", Function::Max),
    ("softmin", Function::Softmin),
    ("softmax2", Function::Softmax2),
    ("if", Function::If),
    ("cumsum", Function::Sequence(1)),
    ("decayed_sum", Function::Sequence(2)),
    ("last", Function::Sequence(1)),
    ("at", Function::Sequence(2)),
];

/// The function called `name`.
pub(crate) fn function(name: &str) -> Option<Function> {
    FUNCTIONS.iter().find(|(n, _)| *n == name).map(|(_, f)| *f)
}

/// The name that a function of one argument is printed with.
pub(crate) fn name_of(op: Unary) -> &'static str {
    let is = |f: &Function| *f == Function::One(op);
    FUNCTIONS.iter().find(|(_, f)| is(f)).map_or("-", |(n, _)| n)
}

/// The value of a named constant.
pub(crate) fn constant(name: &str) -> Option<f64> {
    match name {
        "pi" => Some(std::f64::consts::PI),
        "inf" => Some(f64::INFINITY),
        "nan" => Some(f64::NAN),
        _ => None,
    }
}

impl Function {
    /// Least and largest number of arguments.
    pub(crate) fn arity(self) -> (usize, usize) {
        match self {
            Function::One(_) => (1, 1),
            Function::Min | Function::Max | Function::Softmin => (2, usize::MAX),
            Function::Softmax2 => (2, 2),
            Function::If => (3, 3),
            Function::Sequence(n) => (n, n),
        }
    }

    /// The number of arguments in words.
    pub(crate) fn arity_words(self) -> &'static str {
        match self {
            Function::One(_) | Function::Sequence(0 | 1) => "1 argument",
            Function::Min | Function::Max | Function::Softmin => "at least 2 arguments",
            Function::Softmax2 | Function::Sequence(_) => "2 arguments",
            Function::If => "3 arguments: if(condition, then, otherwise)",
        }
    }
}
