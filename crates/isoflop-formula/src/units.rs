//! Units of measurement: products of powers of a few base symbols.

use std::fmt;
use std::str::FromStr;

use crate::suggest::closest;

/// Number of base symbols.
pub(crate) const BASES: usize = 10;

/// The base symbols with the other spellings that are understood. Case is ignored.
///
/// `nat` and `bit` are different bases on purpose: a law fitted to bits is not the law fitted to nats.
const TABLE: [(&str, &[&str]); BASES] = [
    ("nat", &["nats"]),
    ("bit", &["bits"]),
    ("byte", &["bytes"]),
    ("param", &["params", "parameter", "parameters"]),
    ("token", &["tokens"]),
    ("sample", &["samples", "example", "examples", "image", "images"]),
    ("FLOP", &["FLOPs"]),
    ("step", &["steps"]),
    ("second", &["seconds", "sec", "s"]),
    ("USD", &["$", "dollar", "dollars"]),
];

/// A unit: a product of powers of `nat bit byte param token sample FLOP step second USD`, or unknown.
///
/// The default is the *unknown* unit of a column that nobody declared: it takes on whatever the formula
/// needs. [`Unit::one`] is the unit of pure numbers.
///
/// ```
/// use isoflop_formula::Unit;
/// let speed = Unit::parse("FLOPs / s")?;
/// assert_eq!(speed.to_string(), "FLOP/second");
/// assert_eq!(Unit::parse("1")?, Unit::one());
/// assert!(!Unit::default().is_known());
/// # Ok::<(), isoflop_formula::UnitError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Unit {
    /// Exponent of each base symbol; `None` if the unit is unknown.
    exponents: Option<[f64; BASES]>,
}

/// Why a text is not a unit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// A word that is not a base symbol.
    #[error("`{word}` in the unit `{text}` is not a known unit{}; known are nat, bit, byte, param, token, sample, FLOP, step, second, USD and 1", .suggestion.map(|s| format!(", did you mean `{s}`?")).unwrap_or_default())]
    UnknownSymbol {
        /// The whole text.
        text: String,
        /// The word that is not known.
        word: String,
        /// The closest base symbol, if one is close.
        suggestion: Option<&'static str>,
    },
    /// Something else than `symbol`, `symbol^number`, `*` and `/`.
    #[error("the unit `{text}` is not understood at `{part}`; write it like `nat/token` or `token^2`")]
    Malformed {
        /// The whole text.
        text: String,
        /// The part that is not understood.
        part: String,
    },
}

impl UnitError {
    /// Stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            UnitError::UnknownSymbol { .. } => "F0611",
            UnitError::Malformed { .. } => "F0612",
        }
    }
}

impl Unit {
    /// The unit of pure numbers.
    pub const fn one() -> Self {
        Self { exponents: Some([0.0; BASES]) }
    }

    /// Reads a unit such as `nat/token`, `FLOP/second`, `token^2`, `param^0.5 * token`, `1`, or `?` for
    /// unknown. Operators are taken from left to right, so `a/b*c` is `(a/b)*c`.
    ///
    /// # Errors
    /// [`UnitError`] if a word is not a base symbol or the text is not a product of powers.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        if text.trim() == "?" {
            return Ok(Self::default());
        }
        let mut exponents = [0.0; BASES];
        let mut sign = 1.0;
        let mut rest = text;
        loop {
            let end = rest.find(['*', '/', '·']).unwrap_or(rest.len());
            let (word, power) = factor(text, rest[..end].trim())?;
            if word != "1" {
                exponents[base(text, word)?] += sign * power;
            }
            let mut tail = rest[end..].chars();
            match tail.next() {
                None => return Ok(Self { exponents: Some(exponents) }),
                Some('/') => sign = -1.0,
                Some(_) => sign = 1.0,
            }
            rest = tail.as_str();
        }
    }

    /// Whether the unit is known; an unknown one takes on what the formula needs.
    pub fn is_known(&self) -> bool {
        self.exponents.is_some()
    }

    /// Whether this is the unit of pure numbers.
    pub fn is_one(&self) -> bool {
        *self == Self::one()
    }

    pub(crate) fn exponents(&self) -> Option<[f64; BASES]> {
        self.exponents
    }

    /// From exponents that come out of arithmetic: values that are a hair off a simple fraction are that
    /// fraction.
    pub(crate) fn from_exponents(exponents: [f64; BASES]) -> Self {
        let tidy = exponents.map(|e| {
            let twelfths = (e * 12.0).round() / 12.0;
            if (e - twelfths).abs() < 1e-9 { twelfths + 0.0 } else { e }
        });
        Self { exponents: Some(tidy) }
    }
}

/// Splits `token^2` into the word and the exponent.
fn factor<'t>(text: &str, part: &'t str) -> Result<(&'t str, f64), UnitError> {
    let malformed = || UnitError::Malformed { text: text.into(), part: part.into() };
    let (word, power) = match part.split_once('^') {
        Some((word, power)) => {
            let power: f64 = power.trim().parse().map_err(|_| malformed())?;
            (word.trim(), power)
        }
        None => (part, 1.0),
    };
    if word.is_empty() || !power.is_finite() {
        return Err(malformed());
    }
    Ok((word, power))
}

/// Position of the base symbol that `word` spells.
fn base(text: &str, word: &str) -> Result<usize, UnitError> {
    let spells = |name: &str| name.eq_ignore_ascii_case(word);
    if let Some(i) = TABLE.iter().position(|(name, other)| spells(name) || other.iter().any(|o| spells(o))) {
        return Ok(i);
    }
    let suggestion = closest(word, TABLE.iter().map(|(name, _)| *name));
    Err(UnitError::UnknownSymbol { text: text.into(), word: word.into(), suggestion })
}

impl FromStr for Unit {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        Self::parse(text)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(exponents) = self.exponents else { return f.write_str("?") };
        let powers = || TABLE.iter().map(|(name, _)| *name).zip(exponents);
        let mut first = true;
        for (name, e) in powers().filter(|(_, e)| *e > 0.0) {
            write!(f, "{}{name}{}", if first { "" } else { "*" }, Exponent(e))?;
            first = false;
        }
        if first {
            f.write_str("1")?;
        }
        for (name, e) in powers().filter(|(_, e)| *e < 0.0) {
            write!(f, "/{name}{}", Exponent(-e))?;
        }
        Ok(())
    }
}

/// `^2`, or nothing for 1.
struct Exponent(f64);

impl fmt::Display for Exponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 1.0 { Ok(()) } else { write!(f, "^{}", self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_print_in_one_spelling_and_parse_back() {
        let cases = [
            ("nat/token", "nat/token"),
            ("Nats / Tokens", "nat/token"),
            ("bit/byte", "bit/byte"),
            ("FLOPs/s", "FLOP/second"),
            ("params", "param"),
            ("$", "USD"),
            ("token^2", "token^2"),
            ("token^0.5*param", "param*token^0.5"),
            ("1/second", "1/second"),
            ("token * token", "token^2"),
            ("token/token", "1"),
            ("1", "1"),
            ("?", "?"),
        ];
        for (text, printed) in cases {
            let unit = Unit::parse(text).unwrap();
            assert_eq!(unit.to_string(), printed);
            assert_eq!(Unit::parse(printed).unwrap(), unit);
        }
    }

    #[test]
    fn wrong_units_name_the_word() {
        let error = Unit::parse("nat/tokn").unwrap_err();
        assert_eq!(error.code(), "F0611");
        assert!(error.to_string().contains("did you mean `token`?"), "{error}");
        for text in ["", "/", "nat/", "nat//token", "token^", "token^x", "token^inf", "^2"] {
            assert_eq!(Unit::parse(text).unwrap_err().code(), "F0612", "{text}");
        }
    }
}
