//! Reads how many tests a runner says it ran.

use std::ops::AddAssign;

/// Tests and checks by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Ran and held.
    pub passed: usize,
    /// Ran and did not hold, or could not run.
    pub failed: usize,
    /// Left out by the runner: ignored or filtered.
    pub skipped: usize,
}

impl Counts {
    /// One check that held or did not.
    pub fn one(held: bool) -> Self {
        Self { passed: held.into(), failed: (!held).into(), skipped: 0 }
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Counts in the output of `cargo nextest run`; `None` when it holds no summary (the build failed, say).
///
/// The summary reads `Summary [1.2s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped`, and `3/5 tests run` when the
/// run was cut short: what did not run then counts as failed.
pub fn nextest(output: &str) -> Option<Counts> {
    let summary = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
    let (before, after) = summary.split_once(" run: ")?;
    let total = before.split_whitespace().rev().nth(1)?.rsplit('/').next()?.parse::<usize>().ok()?;
    let number_before = |word: &str| {
        let words: Vec<&str> = after.split([' ', ',']).filter(|w| !w.is_empty()).collect();
        words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
    };
    let passed: usize = number_before("passed");
    Some(Counts { passed, failed: total.saturating_sub(passed), skipped: number_before("skipped") })
}

/// Sum of all `test result:` lines of `cargo test`; `None` when there is none.
pub fn cargo_test(output: &str) -> Option<Counts> {
    let mut sum = None;
    for line in output.lines().filter_map(|line| line.trim_start().strip_prefix("test result: ")) {
        let number = |word: &str| {
            line.split(['.', ';'])
                .find_map(|part| part.trim().strip_suffix(word)?.trim().parse::<usize>().ok())
        };
        let counts = Counts {
            passed: number("passed")?,
            failed: number("failed")?,
            skipped: number("ignored").unwrap_or(0) + number("filtered out").unwrap_or(0),
        };
        *sum.get_or_insert_with(Counts::default) += counts;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nextest_summary() {
        let text = "    PASS [   0.1s] a b\n     Summary [   0.012s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped\n";
        assert_eq!(nextest(text), Some(Counts { passed: 4, failed: 1, skipped: 2 }));
        assert_eq!(
            nextest("Summary [ 1s] 1 test run: 1 passed, 0 skipped"),
            Some(Counts { passed: 1, failed: 0, skipped: 0 })
        );
    }

    #[test]
    fn nextest_cut_short_counts_the_rest_as_failed() {
        let text = "Summary [ 1s] 3/10 tests run: 2 passed, 1 failed, 0 skipped";
        assert_eq!(nextest(text), Some(Counts { passed: 2, failed: 8, skipped: 0 }));
    }

    #[test]
    fn nextest_without_summary_is_no_count() {
        assert_eq!(nextest("error: could not compile `x`"), None);
    }

    #[test]
    fn cargo_test_sums_all_binaries() {
        let text = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s\n\
                    test result: FAILED. 1 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.25s\n";
        assert_eq!(cargo_test(text), Some(Counts { passed: 13, failed: 3, skipped: 3 }));
        assert_eq!(cargo_test("error: test failed"), None);
    }
}
