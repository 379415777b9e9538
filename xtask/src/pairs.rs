//! The line of `key=value` pairs by which both sides of the benchmark report.

use std::collections::HashMap;

/// The pairs of one report.
#[derive(Debug, Default)]
pub struct Pairs(HashMap<String, String>);

impl Pairs {
    /// Reads the last line that starts with `key=`; words without `=` are ignored.
    pub fn parse(output: &str) -> Option<Self> {
        let line = output
            .lines()
            .rev()
            .find(|line| line.split(' ').next().is_some_and(|word| word.contains('=')))?;
        let pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
        Some(Self(pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()))
    }

    /// A value as a number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.parse().ok()
    }

    /// A value as it was written.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_line_of_pairs_wins() {
        let pairs =
            Pairs::parse("warming up\ntask=fit seconds=1e-3\ntask=fit seconds=0.5 note=x\n\n").unwrap();
        assert_eq!(pairs.number("seconds"), Some(0.5));
        assert_eq!(pairs.text("task"), Some("fit"));
        assert_eq!(pairs.number("absent"), None);
    }

    #[test]
    fn no_pairs_is_no_report() {
        assert!(Pairs::parse("nothing to see\n").is_none());
    }
}
