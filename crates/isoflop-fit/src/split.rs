//! Ways to hold rows out: everything above a cut, one group after the other, or a random part.

use crate::data::{Clusters, Data, Group};
use crate::error::FitError;
use crate::streams::{Purpose, Stream};

/// Where a rolling origin cuts.
#[derive(Debug, Clone, PartialEq)]
pub enum Cuts {
    /// This many cuts, evenly spaced in the logarithm between the smallest that leaves enough rows to fit and the
    /// largest that leaves something to forecast.
    Count(usize),
    /// At these values: rows up to and including the cut are fitted, rows above it are held out.
    At(Vec<f64>),
}

/// Rows to fit and rows to forecast.
#[derive(Debug, Clone, PartialEq)]
pub struct Fold {
    /// What is held out, for people: `C > 1e+20` or `family = llama`.
    pub label: String,
    /// The cut of a rolling origin.
    pub cut: Option<f64>,
    /// Rows to fit.
    pub train: Vec<usize>,
    /// Rows to forecast.
    pub held: Vec<usize>,
    /// For a rolling origin, how far each held-out row lies beyond the largest row fitted, as a ratio above 1; else
    /// empty, and the inputs of the law say how far.
    pub beyond: Vec<f64>,
}

/// The folds of a rolling origin: fitted to the rows with `by` up to a cut, forecast above it.
///
/// `by` has one positive value per row; `name` is its column, for messages. Each fold fits at least `least` rows,
/// which is at best several times the number of free parameters.
///
/// # Errors
/// Values that are not positive, too few distinct ones, or a cut that leaves too few rows on a side.
///
/// ```
/// use isoflop_fit::{Cuts, rolling_folds};
/// let folds = rolling_folds("C", &[1.0, 1.0, 2.0, 4.0, 8.0], &Cuts::At(vec![2.0]), 3)?;
/// assert_eq!((folds[0].train.len(), folds[0].held.clone()), (3, vec![3, 4]));
/// assert_eq!(folds[0].beyond, [2.0, 4.0]);
/// # Ok::<(), isoflop_fit::FitError>(())
/// ```
pub fn rolling_folds(name: &str, by: &[f64], cuts: &Cuts, least: usize) -> Result<Vec<Fold>, FitError> {
    let column = || name.to_string();
    if let Some(row) = by.iter().position(|x| !(*x > 0.0 && x.is_finite())) {
        return Err(FitError::CutNotPositive { column: column(), row: row + 1, value: by[row] });
    }
    let mut sorted = by.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rows = sorted.len();
    let below = |cut: f64| sorted.partition_point(|x| *x <= cut);
    let cuts = match cuts {
        Cuts::At(values) => {
            for &cut in values {
                let train = below(cut);
                if train < least || train == sorted.len() {
                    let held = sorted.len() - train;
                    return Err(FitError::CutOutside { column: column(), cut, train, held, least });
                }
            }
            values.clone()
        }
        Cuts::Count(count) => {
            let mut places = sorted.clone();
            places.dedup();
            let distinct = places.len();
            places.pop();
            // One row in twenty at least, lest a single run decides.
            let held = rows.div_ceil(20);
            places.retain(|&cut| below(cut) >= least && rows - below(cut) >= held);
            if places.is_empty() || *count == 0 {
                return Err(FitError::NoCut { column: column(), distinct, least });
            }
            spread(&places, *count)
        }
    };
    Ok(cuts
        .into_iter()
        .map(|cut| {
            let (train, held): (Vec<usize>, Vec<usize>) = (0..by.len()).partition(|&row| by[row] <= cut);
            let edge = train.iter().map(|&row| by[row]).fold(0.0, f64::max);
            let beyond = held.iter().map(|&row| by[row] / edge).collect();
            Fold { label: format!("{name} > {}", short(cut)), cut: Some(cut), train, held, beyond }
        })
        .collect())
}

/// The fold that holds out the runs with the largest value of `by`, all runs of that size together.
///
/// Arguments as for [`rolling_folds`].
///
/// # Errors
/// Values that are not positive, one distinct value, or fewer than `least` rows below the largest.
pub fn largest_fold(name: &str, by: &[f64], least: usize) -> Result<Vec<Fold>, FitError> {
    let mut sorted = by.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let largest = sorted.pop();
    match sorted.last() {
        Some(&cut) if cut > 0.0 => {
            let mut folds = rolling_folds(name, by, &Cuts::At(vec![cut]), least)?;
            let shown = short(largest.unwrap_or(cut));
            folds.iter_mut().for_each(|fold| fold.label = format!("{name} = {shown}"));
            Ok(folds)
        }
        Some(_) => rolling_folds(name, by, &Cuts::Count(1), least),
        None => Err(FitError::OneGroup { column: name.to_string(), count: usize::from(largest.is_some()) }),
    }
}

/// Four significant digits.
fn short(x: f64) -> String {
    let rounded: f64 = format!("{x:.3e}").parse().unwrap_or(x);
    if (1e-3..1e6).contains(&rounded) { format!("{rounded}") } else { format!("{rounded:e}") }
}

/// Up to `count` of the rising `places`, as evenly spaced in the logarithm as they allow.
fn spread(places: &[f64], count: usize) -> Vec<f64> {
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
    let (low, high) = (first.ln(), last.ln());
    let mut chosen: Vec<f64> = (0..count)
        .filter_map(|k| {
            let target = if count == 1 {
                0.5 * (low + high)
            } else {
                low + (high - low) * k as f64 / (count - 1) as f64
            };
            let off = |x: &&f64| (x.ln() - target).abs();
            places.iter().min_by(|a, b| off(a).total_cmp(&off(b))).copied()
        })
        .collect();
    chosen.dedup();
    chosen
}

/// One fold per group: each is forecast from all others.
///
/// # Errors
/// Fewer than two groups.
pub fn group_folds(group: &Group) -> Result<Vec<Fold>, FitError> {
    if group.levels.len() < 2 {
        return Err(FitError::OneGroup { column: group.column.clone(), count: group.levels.len() });
    }
    let fold = |(code, level): (usize, &String)| {
        let (held, train) = (0..group.codes.len()).partition(|&row| group.codes[row] as usize == code);
        let label = format!("{} = {level}", group.column);
        Fold { label, cut: None, train, held, beyond: Vec::new() }
    };
    Ok(group.levels.iter().enumerate().map(fold).collect())
}

/// `count` random folds of nearly one size; rows of one cluster stay together. `seed` decides who goes where.
///
/// # Errors
/// Fewer rows, or clusters, than folds.
pub fn random_folds(
    rows: usize,
    clusters: Option<&Clusters>,
    count: usize,
    seed: u64,
) -> Result<Vec<Fold>, FitError> {
    let units = clusters.map_or(rows, |c| c.count);
    if count < 2 || units < count {
        let column = clusters.map_or_else(|| "rows".to_string(), |c| c.column.clone());
        return Err(FitError::TooFewForFolds { column, units, folds: count });
    }
    let mut order: Vec<usize> = (0..units).collect();
    let mut stream = Stream::new(seed, Purpose::Folds, 0);
    for last in (1..units).rev() {
        order.swap(last, stream.below(last + 1));
    }
    let mut fold_of = vec![0; units];
    for (place, &unit) in order.iter().enumerate() {
        fold_of[unit] = place % count;
    }
    let fold_of_row = |row: usize| fold_of[clusters.map_or(row, |c| c.codes[row] as usize)];
    Ok((0..count)
        .map(|k| {
            let (held, train) = (0..rows).partition(|&row| fold_of_row(row) == k);
            Fold { label: format!("part {}", k + 1), cut: None, train, held, beyond: Vec::new() }
        })
        .collect())
}

/// The tables of a fold: rows to fit with the levels and clusters that they have, and rows to forecast, with their
/// places in the whole table. A row whose level has no row to fit cannot be forecast and is left out.
pub(crate) fn tables(data: &Data, fold: &Fold) -> (Data, Data, Vec<usize>) {
    let mut train = data.subset(&fold.train);
    let mut known = vec![true; data.rows()];
    let mut maps = Vec::new();
    for (group, whole) in train.groups.iter_mut().zip(&data.groups) {
        let (levels, map) = renumbered(&group.codes, whole.levels.len());
        group.levels = levels.iter().map(|&l| whole.levels[l].clone()).collect();
        group.codes = fold.train.iter().map(|&row| map[whole.codes[row] as usize].unwrap_or(0)).collect();
        for (known, &code) in known.iter_mut().zip(&whole.codes) {
            *known &= map[code as usize].is_some();
        }
        maps.push(map);
    }
    if let Some(clusters) = &data.clusters {
        let codes: Vec<u32> = fold.train.iter().map(|&row| clusters.codes[row]).collect();
        let (present, map) = renumbered(&codes, clusters.count);
        let codes = codes.iter().map(|&code| map[code as usize].unwrap_or(0)).collect();
        train.clusters = Some(Clusters { column: clusters.column.clone(), codes, count: present.len() });
    }
    let rows: Vec<usize> = fold.held.iter().copied().filter(|&row| known[row]).collect();
    let mut held = data.subset(&rows);
    for ((group, whole), (map, fitted)) in
        held.groups.iter_mut().zip(&data.groups).zip(maps.iter().zip(&train.groups))
    {
        group.codes = rows.iter().map(|&row| map[whole.codes[row] as usize].unwrap_or(0)).collect();
        group.levels = fitted.levels.clone();
    }
    (train, held, rows)
}

/// The codes that occur, in rising order, and the new number of each.
fn renumbered(codes: &[u32], count: usize) -> (Vec<usize>, Vec<Option<u32>>) {
    let mut occurs = vec![false; count];
    codes.iter().for_each(|&code| occurs[code as usize] = true);
    let present: Vec<usize> = (0..count).filter(|&code| occurs[code]).collect();
    let mut map = vec![None; count];
    present.iter().enumerate().for_each(|(new, &old)| map[old] = Some(new as u32));
    (present, map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_spread_in_the_logarithm_and_leave_enough_rows() {
        let by: Vec<f64> = (0..40).map(|i| 1e18 * 10_f64.powf(f64::from(i / 4) / 3.0)).collect();
        let folds = rolling_folds("C", &by, &Cuts::Count(3), 8).unwrap();
        let sizes: Vec<usize> = folds.iter().map(|f| f.train.len()).collect();
        assert_eq!(sizes, [8, 20, 36]);
        for fold in &folds {
            assert_eq!(fold.train.len() + fold.held.len(), 40);
            let largest = fold.train.iter().map(|&r| by[r]).fold(0.0, f64::max);
            assert!(fold.held.iter().zip(&fold.beyond).all(|(&r, b)| (by[r] / largest - b).abs() < 1e-12));
            assert!(fold.beyond.iter().all(|b| *b > 1.0));
        }
        assert!(rolling_folds("C", &by, &Cuts::Count(3), 38).is_err());
        assert!(rolling_folds("C", &by, &Cuts::At(vec![1e30]), 8).is_err());
        assert!(rolling_folds("C", &[1.0, 0.0], &Cuts::Count(1), 1).is_err());
    }

    #[test]
    fn the_largest_size_is_held_out_whole() {
        let by = [1e8, 2e8, 4e8, 4e8, 1e8, 2e8, 4e8];
        let folds = largest_fold("N", &by, 3).unwrap();
        assert_eq!(
            (folds.len(), folds[0].held.clone(), folds[0].label.as_str()),
            (1, vec![2, 3, 6], "N = 4e8")
        );
        assert_eq!(folds[0].beyond, [2.0; 3]);
        assert!(largest_fold("N", &by, 5).is_err());
        assert!(largest_fold("N", &[1e8, 1e8], 1).is_err());
        assert!(largest_fold("N", &[-1.0, 0.0, 1e8], 1).is_err());
    }

    #[test]
    fn random_folds_part_the_rows_and_keep_clusters_together() {
        let clusters = Clusters { column: "run".into(), codes: (0..30).map(|i| i / 3).collect(), count: 10 };
        for clusters in [None, Some(&clusters)] {
            let folds = random_folds(30, clusters, 5, 7).unwrap();
            let mut seen: Vec<usize> = folds.iter().flat_map(|f| f.held.clone()).collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..30).collect::<Vec<_>>());
            assert!(folds.iter().all(|f| f.held.len() == 6 && f.train.len() == 24));
            if clusters.is_some() {
                assert!(folds.iter().all(|f| f.train.iter().all(|t| f.held.iter().all(|h| t / 3 != h / 3))));
            }
            assert_eq!(folds, random_folds(30, clusters, 5, 7).unwrap());
            assert_ne!(folds, random_folds(30, clusters, 5, 8).unwrap());
        }
        assert!(random_folds(30, Some(&clusters), 11, 0).is_err());
    }

    #[test]
    fn levels_without_a_fitted_row_cannot_be_forecast() {
        let group = Group {
            column: "family".into(),
            levels: ["a", "b", "c"].map(String::from).to_vec(),
            codes: vec![0, 0, 1, 1, 2, 2],
        };
        let data = Data {
            inputs: vec![vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]],
            output: vec![1.0; 6],
            groups: vec![group.clone()],
            ..Data::default()
        };
        let fold =
            Fold { train: vec![0, 4], held: vec![1, 2, 3, 5], ..group_folds(&group).unwrap()[0].clone() };
        let (train, held, rows) = tables(&data, &fold);
        assert_eq!(
            (train.groups[0].levels.as_slice(), train.groups[0].codes.as_slice()),
            (&["a".to_string(), "c".into()][..], &[0, 1][..])
        );
        assert_eq!((rows, held.groups[0].codes.as_slice()), (vec![1, 5], &[0, 1][..]));
    }
}
