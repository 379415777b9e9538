//! Loss curves, thinned so that a browser can draw and zoom them: of every narrow piece of x the lowest and the highest
//! value stay, so no spike is lost.

use std::collections::HashMap;

use isoflop_runs::{Column, RunTable, find_roles, parse_map};
use isoflop_study::number;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{ApiError, ApiResult};

/// Most runs of which a curve is drawn, those with most rows first.
const MOST_CURVES: usize = 24;
/// Pieces of x, unless asked otherwise, and at most.
const PIECES: (usize, usize) = (600, 4000);

/// Which curves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Curves {
    /// The column along which curves run; `step`, D, N or the first number by default.
    pub(crate) x: Option<String>,
    /// The column that is drawn; the loss by default.
    pub(crate) y: Option<String>,
    /// The column that tells curves apart; `run` by default.
    pub(crate) by: Option<String>,
    /// Only x from here.
    pub(crate) from: Option<f64>,
    /// Only x up to here.
    pub(crate) to: Option<f64>,
    /// Pieces of x.
    pub(crate) pieces: Option<usize>,
    /// Whether pieces are even in the logarithm of x.
    pub(crate) log: bool,
    /// Columns that stand for roles: `loss=val_loss`, several after each other with `;`.
    pub(crate) maps: Option<String>,
}

/// The lowest and the highest point of a piece.
#[derive(Clone, Copy)]
struct Piece {
    low: (f64, f64),
    high: (f64, f64),
}

/// `{x, y, by, rows, shown, curves: [{name, rows, points: [[x, y], ...]}], range}`.
pub(crate) fn curves(table: &RunTable, asked: &Curves) -> ApiResult<Value> {
    let maps = asked.maps.as_deref().unwrap_or_default().split(';').filter(|text| !text.trim().is_empty());
    let maps = maps.map(parse_map).collect::<Result<Vec<_>, _>>()?;
    let mapping = find_roles(table, &maps)?;
    let column = |name: &str| mapping.column(name).map_or_else(|| name.to_owned(), str::to_owned);
    let is_number = |name: &str| matches!(table.column(name), Some(Column::Numbers(_)));
    let first = || table.names().find(|name| is_number(name)).map(str::to_owned);
    let x = match &asked.x {
        Some(x) => column(x),
        None => ["step", "D", "N"]
            .map(column)
            .into_iter()
            .find(|name| is_number(name))
            .or_else(first)
            .unwrap_or_default(),
    };
    let y = column(asked.y.as_deref().unwrap_or("loss"));
    let (xs, ys) = (&table.number(&x)?.values, &table.number(&y)?.values);
    let by = match &asked.by {
        Some(by) if by.is_empty() => None,
        Some(by) => Some(column(by)),
        None => table.column("run").map(|_| "run".to_owned()),
    };
    let (codes, names) = match &by {
        Some(by) => codes(table, by)?,
        None => (vec![0; xs.len()], vec![y.clone()]),
    };
    let (from, to) = (asked.from.unwrap_or(f64::NEG_INFINITY), asked.to.unwrap_or(f64::INFINITY));
    let takes =
        |x: f64, y: f64| x.is_finite() && y.is_finite() && x >= from && x <= to && (!asked.log || x > 0.0);
    let kept = || xs.iter().zip(ys).zip(&codes).filter(|((x, y), _)| takes(**x, **y));
    let mut counts = vec![0_usize; names.len()];
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for ((x, _), code) in kept() {
        counts[*code] += 1;
        low = low.min(*x);
        high = high.max(*x);
    }
    let mut order: Vec<usize> = (0..names.len()).filter(|code| counts[*code] > 0).collect();
    order.sort_by_key(|code| std::cmp::Reverse(counts[*code]));
    let with_rows = order.len();
    order.truncate(MOST_CURVES);
    let place: HashMap<usize, usize> = order.iter().enumerate().map(|(place, code)| (*code, place)).collect();

    let pieces = asked.pieces.unwrap_or(PIECES.0).clamp(2, PIECES.1);
    let scale = |x: f64| if asked.log { x.ln() } else { x };
    let (start, width) = (scale(low), scale(high) - scale(low));
    let piece_of = |x: f64| match width > 0.0 {
        true => (((scale(x) - start) / width * pieces as f64) as usize).min(pieces - 1),
        false => 0,
    };
    let mut found: Vec<Vec<Option<Piece>>> = vec![vec![None; pieces]; order.len()];
    for ((x, y), code) in kept() {
        let Some(curve) = place.get(code) else { continue };
        let piece = found[*curve][piece_of(*x)].get_or_insert(Piece { low: (*x, *y), high: (*x, *y) });
        if *y < piece.low.1 {
            piece.low = (*x, *y);
        }
        if *y > piece.high.1 {
            piece.high = (*x, *y);
        }
    }
    let (mut shown, mut bottom, mut top) = (0, f64::INFINITY, f64::NEG_INFINITY);
    let curve = |(code, pieces): (&usize, Vec<Option<Piece>>)| {
        let mut points: Vec<(f64, f64)> = Vec::new();
        for piece in pieces.into_iter().flatten() {
            let (first, second) =
                if piece.low.0 <= piece.high.0 { (piece.low, piece.high) } else { (piece.high, piece.low) };
            points.push(first);
            if second != first {
                points.push(second);
            }
            bottom = bottom.min(piece.low.1);
            top = top.max(piece.high.1);
        }
        shown += points.len();
        let points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
        json!({"name": names[*code], "rows": counts[*code], "points": points})
    };
    let curves: Vec<Value> = order.iter().zip(found).map(curve).collect();
    Ok(json!({
        "x": x,
        "y": y,
        "by": by,
        "rows": counts.iter().sum::<usize>(),
        "shown": shown,
        "more_curves": with_rows - order.len(),
        "range": {"x": [number(low), number(high)], "y": [number(bottom), number(top)]},
        "curves": curves,
    }))
}

/// For each row the number of its curve, and the names of curves.
fn codes(table: &RunTable, by: &str) -> ApiResult<(Vec<usize>, Vec<String>)> {
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<u64, usize> = HashMap::new();
    let mut code = |key: u64, name: &dyn Fn() -> String| {
        *known.entry(key).or_insert_with(|| {
            names.push(name());
            names.len() - 1
        })
    };
    let codes = match table.require(by)? {
        Column::Text(text) => {
            let name = |code: u32| text.levels.get(code).unwrap_or("(none)").to_owned();
            text.codes.iter().map(|c| code(u64::from(*c), &|| name(*c))).collect()
        }
        Column::Numbers(numbers) => {
            numbers.values.iter().map(|v| code(v.to_bits(), &|| v.to_string())).collect()
        }
    };
    if names.is_empty() {
        return Err(ApiError::bad(format!("{by} tells no curves apart")));
    }
    Ok((codes, names))
}
