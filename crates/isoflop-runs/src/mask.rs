//! A set of rows.

/// A set of row numbers, one bit per row; it takes no memory while it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mask {
    words: Vec<u64>,
    count: usize,
}

impl Mask {
    /// Adds a row.
    pub fn insert(&mut self, row: usize) {
        let word = row / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (row % 64);
        self.count += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    /// Adds the rows from `start` up to and without `end`.
    pub(crate) fn insert_range(&mut self, start: usize, end: usize) {
        let mut row = start;
        while row < end {
            match row.is_multiple_of(64) && end - row >= 64 && row / 64 >= self.words.len() {
                true => {
                    self.words.resize(row / 64, 0);
                    self.words.push(u64::MAX);
                    self.count += 64;
                    row += 64;
                }
                false => {
                    self.insert(row);
                    row += 1;
                }
            }
        }
    }

    /// Whether the row is in the set.
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// The rows in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        let words = self.words.iter().enumerate().filter(|&(_, &word)| word != 0);
        words.flat_map(|(i, &word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| i * 64 + bit)
        })
    }

    /// Number of rows in the set.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Whether no row is in the set.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

impl FromIterator<usize> for Mask {
    fn from_iter<I: IntoIterator<Item = usize>>(rows: I) -> Self {
        let mut mask = Self::default();
        rows.into_iter().for_each(|row| mask.insert(row));
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_as_rows_one_by_one() {
        for (start, end) in [(0, 0), (0, 1), (3, 70), (64, 128), (1, 300), (130, 131)] {
            let mut mask = Mask::from_iter([2, 65]);
            mask.insert_range(start, end);
            let expected: Mask = [2, 65].into_iter().chain(start..end).collect();
            assert_eq!(mask, expected);
            assert_eq!(mask.iter().count(), mask.count());
            assert!(mask.iter().all(|row| mask.contains(row)));
        }
    }
}
