//! Lines cut at the frame.

/// A place in the frame, both coordinates from 0 to 1.
pub(crate) type Place = (f64, f64);

/// The part of a segment inside the unit square, if there is one (Liang and Barsky 1984).
pub(crate) fn segment(from: Place, to: Place) -> Option<(Place, Place)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut start, mut end) = (0.0f64, 1.0f64);
    for (slope, room) in [(-dx, from.0), (dx, 1.0 - from.0), (-dy, from.1), (dy, 1.0 - from.1)] {
        if slope.is_nan() || room.is_nan() || (slope == 0.0 && room < 0.0) {
            return None;
        }
        if slope < 0.0 {
            start = start.max(room / slope);
        } else if slope > 0.0 {
            end = end.min(room / slope);
        }
    }
    let at = |t: f64| (from.0 + t * dx, from.1 + t * dy);
    (start <= end).then(|| (at(start), at(end)))
}

/// The parts of a line inside the unit square. A place that is not finite breaks the line.
pub(crate) fn line(places: &[Place]) -> Vec<Vec<Place>> {
    let mut parts: Vec<Vec<Place>> = Vec::new();
    for pair in places.windows(2) {
        let Some((from, to)) = segment(pair[0], pair[1]) else { continue };
        match parts.last_mut() {
            Some(part) if part.last() == Some(&from) => part.push(to),
            _ => parts.push(vec![from, to]),
        }
    }
    parts
}

/// Whether a place is inside the unit square, with a hair of room for rounding.
pub(crate) fn holds((x, y): Place) -> bool {
    const HAIR: f64 = 1e-9;
    (-HAIR..=1.0 + HAIR).contains(&x) && (-HAIR..=1.0 + HAIR).contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_cut_at_the_frame() {
        assert_eq!(segment((-1.0, 0.5), (2.0, 0.5)), Some(((0.0, 0.5), (1.0, 0.5))));
        assert_eq!(segment((0.25, 0.25), (0.75, 0.5)), Some(((0.25, 0.25), (0.75, 0.5))));
        assert_eq!(segment((0.5, 0.5), (0.5, 3.0)), Some(((0.5, 0.5), (0.5, 1.0))));
        assert_eq!(segment((-1.0, 0.0), (0.0, 2.0)), None);
        assert_eq!(segment((2.0, 0.0), (2.0, 1.0)), None);
    }

    #[test]
    fn what_has_no_place_breaks_a_line() {
        let nan = f64::NAN;
        let parts = line(&[(0.0, 0.0), (0.2, 0.2), (0.3, nan), (0.5, 0.5), (0.6, 0.5), (0.7, 9.0)]);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0], [(0.0, 0.0), (0.2, 0.2)]);
        assert_eq!(parts[1].len(), 3);
        assert_eq!(parts[1][2].1, 1.0);
        assert!(line(&[(nan, nan), (0.1, 0.1)]).is_empty() && !holds((nan, 0.5)) && holds((1.0, 0.0)));
    }
}
