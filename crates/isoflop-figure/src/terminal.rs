//! Figures as lines of text: braille dots for lines, characters for points.

use crate::canvas::Canvas;
use crate::figure::{Figure, Series, Shape};
use crate::scale::Span;
use crate::ticks::{Tick, ticks_of};

/// Characters for the points of the series, by their colour.
const MARKERS: [char; 7] = ['o', '+', 'x', '*', '#', '@', '%'];
/// Codes of the terminal's own colours, which fit its ground: blue, red, green, magenta, yellow, cyan, white.
const COLOURS: [u8; 7] = [34, 31, 32, 35, 33, 36, 37];
/// The edges of more bands would hide the lines, so then no band is drawn.
const MOST_BANDS: usize = 3;
/// The least that shows anything.
const LEAST: (usize, usize) = (24, 8);

/// The figure in lines of at most `width` columns, `height` lines for the plot itself; title, axis and legend come
/// on top of that. `is_coloured` adds codes for colours, which take no columns.
pub fn terminal(figure: &Figure, width: usize, height: usize, is_coloured: bool) -> String {
    let (width, height) = (width.max(LEAST.0), height.max(LEAST.1));
    let (x, y) = Span::both(figure);
    let y_ticks = labelled(ticks_of(&figure.y, y, height / 3));
    let margin = y_ticks.iter().map(|tick| tick.label.chars().count()).max().unwrap_or(0).min(width / 3) + 1;
    let columns = width - margin - 2;
    let canvas = canvas(figure, (x, y), columns, height);

    let mut out = String::new();
    line(&mut out, &cut(&figure.title, width));
    line(&mut out, &cut(&figure.y.label, width));
    for row in 0..height {
        let is_here = |tick: &&Tick| {
            ((1.0 - y.place(tick.value)) * height as f64).clamp(0.0, height as f64 - 1.0) as usize == row
        };
        let label = y_ticks.iter().find(is_here).map_or("", |tick| &tick.label);
        let edge = if label.is_empty() { '│' } else { '┤' };
        let mut text = format!("{:>margin$}{edge}", cut(label, margin));
        for (character, colour) in canvas.row(row) {
            match colour.filter(|_| is_coloured && character != ' ') {
                Some(colour) => text += &paint(&character.to_string(), colour),
                None => text.push(character),
            }
        }
        line(&mut out, &text);
    }
    let (ticks, labels) = below(figure, x, columns);
    line(&mut out, &format!("{:>margin$}└{ticks}", ""));
    line(&mut out, &format!("{:>margin$} {labels}", ""));
    line(&mut out, &format!("{:>margin$} {}", "", cut(&figure.x.label, columns)));
    out += &legend(figure, width, is_coloured);
    if !figure.provenance.is_empty() {
        line(&mut out, &cut(&figure.provenance, width));
    }
    out
}

fn canvas(figure: &Figure, (x, y): (Span, Span), columns: usize, height: usize) -> Canvas {
    let mut canvas = Canvas::new(columns, height);
    let place = |(a, b): (f64, f64)| (x.place(a), y.place(b));
    for shade in &figure.shades {
        // The edge of a shaded range, where it begins inside the frame.
        for edge in [shade.from, shade.to].into_iter().filter(|edge| edge.is_finite()) {
            canvas.line(&[(x.place(edge), 0.0), (x.place(edge), 1.0)], 4, 6);
        }
    }
    let is_band = |series: &&Series| matches!(series.shape, Shape::Band(_));
    let has_room = figure.series.iter().filter(is_band).count() <= MOST_BANDS;
    let places = |points: &[(f64, f64)]| points.iter().map(|p| place(*p)).collect::<Vec<_>>();
    for Series { colour, shape, .. } in &figure.series {
        match shape {
            Shape::Points(_) => {}
            Shape::Line(points) => canvas.line(&places(points), 1, *colour),
            Shape::Dashed(points) => canvas.line(&places(points), 2, *colour),
            Shape::Band(_) if !has_room => {}
            Shape::Band(edges) => {
                for edge in [
                    edges.iter().map(|e| (e.0, e.1)).collect(),
                    edges.iter().map(|e| (e.0, e.2)).collect::<Vec<_>>(),
                ] {
                    canvas.line(&places(&edge), 3, *colour);
                }
            }
        }
    }
    for Series { colour, shape, .. } in &figure.series {
        if let Shape::Points(points) = shape {
            for point in points {
                canvas.mark(place(*point), MARKERS[colour % MARKERS.len()], *colour);
            }
        }
    }
    canvas
}

/// The line of ticks below the frame, and that of their labels.
fn below(figure: &Figure, x: Span, columns: usize) -> (String, String) {
    let mut ticks_line = vec!['─'; columns];
    let mut labels = vec![' '; columns];
    let mut free = 0;
    for tick in labelled(ticks_of(&figure.x, x, columns / 11)) {
        let at = ((x.place(tick.value) * columns as f64) as usize).min(columns - 1);
        let length = tick.label.chars().count();
        let start = at.saturating_sub(length / 2).min(columns.saturating_sub(length));
        if start < free || length > columns {
            continue;
        }
        ticks_line[at] = '┬';
        labels[start..start + length].iter_mut().zip(tick.label.chars()).for_each(|(to, c)| *to = c);
        free = start + length + 1;
    }
    (ticks_line.into_iter().collect(), labels.into_iter().collect())
}

/// Entries in as few lines as they fit into.
fn legend(figure: &Figure, width: usize, is_coloured: bool) -> String {
    let mut out = String::new();
    let (mut text, mut used) = (String::new(), 0);
    let about = (!figure.legend.is_empty()).then(|| (format!("{}:", figure.legend), None));
    let entries = figure.entries().into_iter().map(|(name, colour, series)| {
        let has_points = series.iter().any(|s| matches!(s.shape, Shape::Points(_)));
        let has_line = series.iter().any(|s| matches!(s.shape, Shape::Line(_)));
        let mark = match (has_points, has_line) {
            (true, _) => MARKERS[colour % MARKERS.len()].to_string(),
            (false, true) => "⠤⠤".to_owned(),
            _ => "⠄⠄".to_owned(),
        };
        (format!("{mark} {name}"), Some(colour))
    });
    let shades = figure
        .shades
        .iter()
        .find(|shade| !shade.label.is_empty())
        .map(|shade| (format!("┆ {}", shade.label), None));
    for (entry, colour) in about.into_iter().chain(entries).chain(shades) {
        let entry = cut(&entry, width);
        let length = entry.chars().count();
        if used > 0 && used + 3 + length > width {
            line(&mut out, &std::mem::take(&mut text));
            used = 0;
        }
        if used > 0 {
            text += "   ";
            used += 3;
        }
        used += length;
        text += &match colour {
            Some(colour) if is_coloured => paint(&entry, colour),
            _ => entry,
        };
    }
    if used > 0 {
        line(&mut out, &text);
    }
    out
}

fn labelled(mut ticks: Vec<Tick>) -> Vec<Tick> {
    ticks.retain(|tick| !tick.label.is_empty());
    ticks
}

fn paint(text: &str, colour: usize) -> String {
    format!("\x1b[{}m{text}\x1b[0m", COLOURS[colour % COLOURS.len()])
}

fn cut(text: &str, width: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(width).collect()
}

fn line(out: &mut String, text: &str) {
    *out += text.trim_end();
    out.push('\n');
}
