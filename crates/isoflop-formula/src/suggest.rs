//! "Did you mean": the known word that is closest to an unknown one.

/// Words longer than this are not typing slips of a name, and comparing them would cost time.
const LONGEST: usize = 64;

/// The candidate closest to `word` by edit distance (insert, delete, replace, swap neighbours), ignoring
/// case; `None` if none is close enough to be a typing slip.
///
/// Up to 1 edit is allowed for words of 3 to 5 characters, 2 up to 8, 3 above; shorter words match only in
/// another case. The first of equally close candidates wins.
///
/// ```
/// use isoflop_formula::closest;
/// assert_eq!(closest("tokns", ["params", "tokens"]), Some("tokens"));
/// assert_eq!(closest("n", ["N", "D"]), Some("N"));
/// assert_eq!(closest("x", ["N", "D"]), None);
/// ```
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    let allowed = match word.len() {
        0..=2 => 0,
        3..=5 => 1,
        6..=8 => 2,
        9..=LONGEST => 3,
        _ => return None,
    };
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
        if letters.len().abs_diff(word.len()) > allowed {
            continue;
        }
        let distance = edit_distance(&word, &letters);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, three rows at a time.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    let mut row = last.clone();
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_each_kind_of_slip_once() {
        let d =
            |a: &str, b: &str| edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(d("tokens", "tokens"), 0);
        assert_eq!(d("tokens", "tkens"), 1);
        assert_eq!(d("tokens", "toxkens"), 1);
        assert_eq!(d("tokens", "tokeny"), 1);
        assert_eq!(d("tokens", "otkens"), 1);
        assert_eq!(d("", "abc"), 3);
        assert_eq!(d("kitten", "sitting"), 3);
    }

    #[test]
    fn unlike_words_are_not_suggested() {
        assert_eq!(closest("sigmod", ["sigmoid", "sin"]), Some("sigmoid"));
        assert_eq!(closest("flops", ["tokens"]), None);
        assert_eq!(closest("b", ["D"]), None);
        assert_eq!(closest(&"a".repeat(70_000), ["a"]), None);
        assert_eq!(closest("", ["a"]), None);
    }
}
