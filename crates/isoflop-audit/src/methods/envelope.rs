//! Approach 1: the lower envelope of training curves, and their convex hull.

use isoflop_fit::Data;

/// Budgets at which the lowest curve is looked for; Hoffmann et al. 2022 (section 3.1) take 1500.
const LOOKS: usize = 400;
/// A curve has at least this many points.
const LEAST_POINTS: usize = 3;
/// Curves that an envelope needs.
const LEAST_CURVES: usize = 4;
/// Runs whose sizes differ by less, as logs, are of one size.
const SAME_SIZE: f64 = 0.01;

/// Rows that belong to one curve, each sorted by compute.
pub(crate) struct Curves {
    pub(crate) rows: Vec<Vec<usize>>,
}

impl Curves {
    /// The clusters of the data, else the runs of each size.
    pub(crate) fn of(data: &Data, n: &[f64], compute: &[f64]) -> Curves {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        match &data.clusters {
            Some(clusters) => {
                rows.resize(clusters.count, Vec::new());
                clusters.codes.iter().enumerate().for_each(|(row, &code)| rows[code as usize].push(row));
            }
            None => {
                let mut order: Vec<usize> = (0..n.len()).collect();
                order.sort_by(|&a, &b| n[a].total_cmp(&n[b]));
                for row in order {
                    match rows.last_mut() {
                        Some(curve) if (n[row] / n[curve[0]]).ln() < SAME_SIZE => curve.push(row),
                        _ => rows.push(vec![row]),
                    }
                }
            }
        }
        rows.iter_mut().for_each(|curve| curve.sort_by(|&a, &b| compute[a].total_cmp(&compute[b])));
        Curves { rows }
    }

    /// Points of the envelope as logs of compute and N, from the curves with weights above 0, and the number of curves on
    /// it.
    pub(crate) fn envelope(
        &self,
        n: &[f64],
        compute: &[f64],
        loss: &[f64],
        weights: &[f64],
    ) -> Result<(Vec<(f64, f64)>, usize), String> {
        let curves: Vec<Vec<usize>> = self
            .rows
            .iter()
            .map(|curve| curve.iter().copied().filter(|&r| weights[r] > 0.0).collect::<Vec<usize>>())
            .filter(|curve| curve.len() >= LEAST_POINTS)
            .collect();
        if curves.len() < LEAST_CURVES {
            return Err(format!(
                "needs {LEAST_CURVES} training curves of {LEAST_POINTS} points or more; there are {}",
                curves.len()
            ));
        }
        let ends = |f: fn(f64, f64) -> f64, start: f64, at: fn(&Vec<usize>) -> usize| {
            curves.iter().map(|c| compute[at(c)].ln()).fold(start, f)
        };
        let low = ends(f64::min, f64::INFINITY, |c| c[0]);
        let high = ends(f64::max, f64::NEG_INFINITY, |c| c[c.len() - 1]);
        let mut points = Vec::new();
        let mut on = std::collections::BTreeSet::new();
        for k in 0..LOOKS {
            let at = low + (high - low) * k as f64 / (LOOKS - 1) as f64;
            let mut seen = 0;
            let mut best: Option<(f64, usize)> = None;
            for (number, curve) in curves.iter().enumerate() {
                let Some(value) = between(curve, at, compute, loss) else { continue };
                seen += 1;
                if best.is_none_or(|(lowest, _)| value < lowest) {
                    best = Some((value, number));
                }
            }
            // The lowest of one curve says nothing.
            if let Some((_, number)) = best.filter(|_| seen > 1) {
                points.push((at, n[curves[number][0]].ln()));
                on.insert(number);
            }
        }
        if on.len() < 3 {
            return Err(format!("only {} curve(s) are ever the lowest", on.len()));
        }
        Ok((points, on.len()))
    }
}

/// Loss of a curve at a log of compute, between its points; `None` outside.
fn between(curve: &[usize], at: f64, compute: &[f64], loss: &[f64]) -> Option<f64> {
    let after = curve.iter().position(|&r| compute[r].ln() >= at)?;
    let right = curve[after];
    let Some(&left) = after.checked_sub(1).and_then(|k| curve.get(k)) else {
        return (compute[right].ln() == at).then_some(loss[right]);
    };
    let (a, b) = (compute[left].ln(), compute[right].ln());
    let part = if b > a { (at - a) / (b - a) } else { 1.0 };
    Some((loss[left].ln() + part * (loss[right].ln() - loss[left].ln())).exp())
}

/// Corners of the lower convex hull of the runs in log compute and log loss, from the lowest compute to the lowest loss:
/// logs of compute and N. Unlike the envelope it drops runs that are lowest only because their neighbours are missing
/// (Gemstones, McLeish et al. 2025).
pub(crate) fn hull(
    n: &[f64],
    compute: &[f64],
    loss: &[f64],
    weights: &[f64],
) -> Result<Vec<(f64, f64)>, String> {
    let mut rows: Vec<usize> = (0..n.len()).filter(|&r| weights[r] > 0.0 && loss[r] > 0.0).collect();
    rows.sort_by(|&a, &b| compute[a].total_cmp(&compute[b]).then(loss[a].total_cmp(&loss[b])));
    rows.dedup_by(|b, a| compute[*a] == compute[*b]);
    let place = |r: usize| (compute[r].ln(), loss[r].ln());
    let mut corners: Vec<usize> = Vec::new();
    for row in rows {
        let c = place(row);
        while let [.., a, b] = corners[..] {
            let (a, b) = (place(a), place(b));
            if (b.0 - a.0) * (c.1 - a.1) - (b.1 - a.1) * (c.0 - a.0) > 0.0 {
                break;
            }
            corners.pop();
        }
        corners.push(row);
    }
    // Only the part on which more compute means less loss.
    let lowest = (0..corners.len()).min_by(|&a, &b| loss[corners[a]].total_cmp(&loss[corners[b]]));
    corners.truncate(lowest.map_or(0, |k| k + 1));
    if corners.len() < 3 {
        return Err(format!("the convex hull has only {} corner(s)", corners.len()));
    }
    Ok(corners.iter().map(|&r| (compute[r].ln(), n[r].ln())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hull_keeps_the_corners_and_drops_what_lies_above() {
        let compute = [1.0, 10.0, 100.0, 1000.0, 10.0];
        let loss = [4.0, 3.0, 2.6, 2.5, 3.9];
        let n = [1.0, 2.0, 3.0, 4.0, 9.0];
        let found = hull(&n, &compute, &loss, &[1.0; 5]).unwrap();
        let sizes: Vec<f64> = found.iter().map(|p| p.1.exp().round()).collect();
        assert_eq!(sizes, [1.0, 2.0, 3.0, 4.0]);
        assert!(hull(&n, &compute, &[1.0, 2.0, 3.0, 4.0, 5.0], &[1.0; 5]).is_err());
    }
}
