//! Figures as SVG: text stays text, numbers have two decimals, and the same figure gives the same bytes.

use crate::clip::{self, Place};
use crate::figure::{Figure, Scale, Series, Shape};
use crate::palette::{COLOURS, Theme, stylesheet};
use crate::scale::Span;
use crate::text::{Letters, escape};
use crate::ticks::ticks_of;

/// Width and height of a figure, in pixels of CSS.
pub const SIZE: (f64, f64) = (660.0, 400.0);

/// Widths of a letter of 12 pixels, generously, as fonts differ.
const LETTER: f64 = 6.8;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 62.0;
const LEFT: f64 = 66.0;
const RIGHT: f64 = 18.0;
/// Room for the mark of a legend entry.
const MARK: f64 = 34.0;
/// Letters of a legend entry, beyond which it ends in an ellipsis.
const LONGEST: usize = 22;
/// Letters of a name on the vertical axis.
const LONGEST_NAME: usize = 30;
/// Half the width of a marker.
const MARKER: f64 = 3.2;

/// The frame of a figure in pixels.
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
}

impl Frame {
    fn at(&self, (x, y): Place) -> Place {
        (self.left + x * self.width, self.top + (1.0 - y) * self.height)
    }
}

/// One figure as a whole file; it may also stand in a page of HTML.
///
/// Its `<g class="fig">` says in `data-frame`, `data-x` and `data-y` where the frame lies and which numbers it spans, and
/// each series in `data-e` to which entry of the legend it belongs, so that a script can zoom and hide.
pub fn svg(figure: &Figure, theme: Theme) -> String {
    document(SIZE, theme, &figure.title, &drawing(figure, &Letters::Text))
}

/// Figures side by side in `columns`, as one file.
pub fn sheet(figures: &[Figure], columns: usize, theme: Theme) -> String {
    sheet_with(figures, columns, theme, &Letters::Text)
}

pub(crate) fn sheet_with(figures: &[Figure], columns: usize, theme: Theme, letters: &Letters<'_>) -> String {
    let columns = columns.clamp(1, figures.len().max(1));
    let rows = figures.len().div_ceil(columns);
    let mut inner = String::new();
    for (k, figure) in figures.iter().enumerate() {
        let (x, y) = ((k % columns) as f64 * SIZE.0, (k / columns) as f64 * SIZE.1);
        inner += &format!("<g transform=\"translate({x},{y})\">\n{}</g>\n", drawing(figure, letters));
    }
    let title = figures.first().map_or("", |figure| &figure.title);
    document((columns as f64 * SIZE.0, rows as f64 * SIZE.1), theme, title, &inner)
}

fn document((width, height): (f64, f64), theme: Theme, title: &str, inner: &str) -> String {
    let style = match theme {
        Theme::Page => String::new(),
        theme => format!("<style>{}</style>\n", stylesheet(theme)),
    };
    let title = escape(title);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"iff\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{title}\">\n<title>{title}</title>\n{style}\
         <rect class=\"bg\" width=\"{width}\" height=\"{height}\"/>\n{inner}</svg>\n"
    )
}

fn drawing(figure: &Figure, letters: &Letters<'_>) -> String {
    let frame = frame(figure);
    let (x, y) = Span::both(figure);
    let Frame { left, top, width, height } = frame;
    let mut out = format!(
        "<g class=\"fig\" data-frame=\"{left},{top},{width:.2},{height}\" data-x=\"{}\" data-y=\"{}\">\n",
        spanned(figure.x.names.is_empty(), x),
        spanned(figure.y.names.is_empty(), y)
    );
    let start = if figure.y.names.is_empty() { LEFT } else { 12.0 };
    out += &letters.write((start, 21.0), "start", "t", &shortened(&figure.title, 78));
    out += &format!("<g class=\"ax\">\n{}</g>\n", axes(figure, x, y, &frame, letters));
    out += &labels(figure, &frame, letters);
    out += &format!("<g class=\"plot\">\n{}", shades(figure, x, &frame, letters));
    let entries = figure.entries();
    let is_band = |series: &&Series| matches!(series.shape, Shape::Band(_));
    for series in figure.series.iter().filter(is_band).chain(figure.series.iter().filter(|s| !is_band(s))) {
        let entry = entries.iter().position(|e| (e.0, e.1) == (&series.name, series.colour));
        out += &drawn(series, entry, x, y, &frame);
    }
    for note in &figure.notes {
        let place = (x.place(note.at.0), y.place(note.at.1));
        if clip::holds(place) {
            let (px, py) = frame.at(place);
            let (anchor, shift) = if place.0 > 0.7 { ("end", -7.0) } else { ("start", 7.0) };
            out += &letters.write((px + shift, py - 6.0), anchor, "k", &note.text);
        }
    }
    out += &format!("</g>\n<g class=\"key\">\n{}</g>\n", key(figure, &frame, letters));
    out + &letters.write((start, SIZE.1 - 8.0), "start", "p", &shortened(&figure.provenance, 105)) + "</g>\n"
}

/// Room for the legend on the right, and for names on the left.
fn frame(figure: &Figure) -> Frame {
    let entries = figure.entries();
    let letters = entries.iter().map(|e| e.0.chars().count()).chain([figure.legend.chars().count()]).max();
    let legend = match letters {
        Some(letters) if !entries.is_empty() => MARK + letters.min(LONGEST) as f64 * LETTER,
        _ => 0.0,
    };
    let names = figure.y.names.iter().map(|name| name.chars().count().min(LONGEST_NAME)).max();
    let left = names.map_or(LEFT, |letters| (letters as f64 * LETTER + 20.0).max(LEFT));
    Frame { left, top: TOP, width: SIZE.0 - left - RIGHT - legend, height: SIZE.1 - TOP - BOTTOM }
}

/// `log 1e6 1e10`, `linear 0 1`; `names` for an axis without numbers.
fn spanned(is_of_numbers: bool, span: Span) -> String {
    match (is_of_numbers, span.scale) {
        (false, _) => format!("names {} {}", span.low, span.high),
        (true, Scale::Log) => format!("log {:e} {:e}", span.low, span.high),
        (true, Scale::Linear) => format!("linear {:e} {:e}", span.low, span.high),
    }
}

fn shades(figure: &Figure, x: Span, frame: &Frame, letters: &Letters<'_>) -> String {
    let mut out = String::new();
    let mut told = false;
    for shade in &figure.shades {
        let end = |value: f64| match value {
            f64::NEG_INFINITY => 0.0,
            f64::INFINITY => 1.0,
            value => x.place(value).clamp(0.0, 1.0),
        };
        let (from, to) = (end(shade.from), end(shade.to));
        if from.is_nan() || to.is_nan() || to <= from {
            continue;
        }
        let (left, width) = (frame.left + from * frame.width, (to - from) * frame.width);
        let Frame { top, height, .. } = *frame;
        out += &format!(
            "<rect class=\"r\" x=\"{left:.2}\" y=\"{top}\" width=\"{width:.2}\" height=\"{height}\"/>\n"
        );
        if !told && width > shade.label.chars().count() as f64 * LETTER + 8.0 {
            out += &letters.write((left + width / 2.0, top + 15.0), "middle", "k", &shade.label);
            told = true;
        }
    }
    out
}

/// Ticks with their numbers and lines; what a zoom draws again.
fn axes(figure: &Figure, x: Span, y: Span, frame: &Frame, letters: &Letters<'_>) -> String {
    let Frame { left, top, width, height } = *frame;
    let (right, bottom) = (left + width, top + height);
    let mut out = String::new();
    for tick in ticks_of(&figure.x, x, (width / 75.0) as usize) {
        let at = left + x.place(tick.value) * width;
        let long = if tick.label.is_empty() { 3 } else { 6 };
        if !tick.label.is_empty() {
            out += &format!("<path class=\"g\" d=\"M{at:.2},{top}V{bottom}\"/>\n");
            out += &letters.write((at, bottom + 19.0), "middle", "", &shortened(&tick.label, LONGEST));
        }
        out += &format!("<path class=\"a\" d=\"M{at:.2},{bottom}v{long}\"/>\n");
    }
    for tick in ticks_of(&figure.y, y, (height / 48.0) as usize) {
        let at = bottom - y.place(tick.value) * height;
        let long = if tick.label.is_empty() { 3 } else { 6 };
        if !tick.label.is_empty() {
            out += &format!("<path class=\"g\" d=\"M{left},{at:.2}H{right:.2}\"/>\n");
            let label = shortened(&tick.label, LONGEST_NAME);
            out += &letters.write((left - 9.0, at + 4.0), "end", "", &label);
        }
        out += &format!("<path class=\"a\" d=\"M{left},{at:.2}h-{long}\"/>\n");
    }
    out + &format!("<path class=\"a\" d=\"M{left},{top}V{bottom}H{right:.2}\"/>\n")
}

/// What the axes measure. Beside names there is no room, and they say what they are.
fn labels(figure: &Figure, frame: &Frame, letters: &Letters<'_>) -> String {
    let Frame { left, top, width, height } = *frame;
    let mut out = letters.write((left + width / 2.0, top + height + 38.0), "middle", "", &figure.x.label);
    if figure.y.names.is_empty() {
        let turned = letters.write((0.0, 0.0), "middle", "", &figure.y.label);
        if !turned.is_empty() {
            let middle = top + height / 2.0;
            out += &format!("<g transform=\"translate(16,{middle:.2}) rotate(-90)\">\n{turned}</g>\n");
        }
    }
    out
}

fn drawn(series: &Series, entry: Option<usize>, x: Span, y: Span, frame: &Frame) -> String {
    let colour = series.colour % COLOURS;
    let place = |&(a, b): &(f64, f64)| (x.place(a), y.place(b));
    match &series.shape {
        Shape::Points(points) => {
            let places = points.iter().map(place).filter(|p| clip::holds(*p));
            let path: String = places.map(|p| marker(colour, frame.at(p))).collect();
            element(&format!("m c{colour}"), entry, &path)
        }
        Shape::Line(points) | Shape::Dashed(points) => {
            let places: Vec<Place> = points.iter().map(place).collect();
            let path: String = clip::line(&places).iter().map(|part| polyline(part, frame)).collect();
            let class = if matches!(series.shape, Shape::Dashed(_)) { "l h" } else { "l" };
            element(&format!("{class} c{colour}"), entry, &path)
        }
        Shape::Band(edges) => element(&format!("b c{colour}"), entry, &band(edges, x, y, frame)),
    }
}

/// The area of a band, cut at the frame above and below; a place that is not finite breaks it.
fn band(edges: &[(f64, f64, f64)], x: Span, y: Span, frame: &Frame) -> String {
    let mut path = String::new();
    let cut = |value: f64| y.place(value).clamp(0.0, 1.0);
    let places: Vec<(f64, f64, f64)> = edges.iter().map(|e| (x.place(e.0), cut(e.1), cut(e.2))).collect();
    let is_drawn = |p: &(f64, f64, f64)| clip::holds((p.0, 0.5)) && p.1.is_finite() && p.2.is_finite();
    for part in places.chunk_by(|a, b| is_drawn(a) == is_drawn(b)) {
        if part.len() < 2 || !part.iter().all(is_drawn) {
            continue;
        }
        let around = part.iter().map(|p| (p.0, p.2)).chain(part.iter().rev().map(|p| (p.0, p.1)));
        path += &polyline(&around.collect::<Vec<_>>(), frame);
        path.push('Z');
    }
    path
}

fn polyline(part: &[Place], frame: &Frame) -> String {
    let mut out = String::new();
    for (k, place) in part.iter().enumerate() {
        let (x, y) = frame.at(*place);
        out += &format!("{}{x:.2},{y:.2}", if k == 0 { 'M' } else { 'L' });
    }
    out
}

/// A shape for each colour, as not only the colour may tell series apart.
fn marker(colour: usize, (x, y): Place) -> String {
    const R: f64 = MARKER;
    match colour {
        0 => format!("M{:.2},{y:.2}a{R},{R} 0 1 0 {},0a{R},{R} 0 1 0 -{},0", x - R, 2.0 * R, 2.0 * R),
        1 => format!("M{:.2},{:.2}h6v6h-6Z", x - 3.0, y - 3.0),
        2 => format!("M{x:.2},{:.2}l3.8,6.4h-7.6Z", y - 3.8),
        3 => format!("M{x:.2},{:.2}l4,4l-4,4l-4,-4Z", y - 4.0),
        4 => format!("M{x:.2},{:.2}l3.8,-6.4h-7.6Z", y + 3.8),
        5 => format!("M{x:.2},{:.2}v8m-4,-4h8", y - 4.0),
        _ => format!("M{:.2},{:.2}l8,8m0,-8l-8,8", x - 4.0, y - 4.0),
    }
}

fn key(figure: &Figure, frame: &Frame, letters: &Letters<'_>) -> String {
    let left = frame.left + frame.width + 12.0;
    let mut top = frame.top + 10.0;
    let mut out = String::new();
    if !figure.legend.is_empty() && !figure.entries().is_empty() {
        out += &letters.write((left, top), "start", "k", &shortened(&figure.legend, LONGEST));
        top += 18.0;
    }
    for (k, (name, colour, series)) in figure.entries().into_iter().enumerate() {
        let (colour, middle) = (colour % COLOURS, top - 4.0);
        out += &format!("<g data-e=\"{k}\">\n");
        let mut told: Vec<&str> = Vec::new();
        for series in series {
            let (class, path) = match series.shape {
                Shape::Points(_) => ("m", marker(colour, (left + 8.0, middle))),
                Shape::Line(_) => ("l", format!("M{left:.2},{middle:.2}h16")),
                Shape::Dashed(_) => ("l h", format!("M{left:.2},{middle:.2}h16")),
                Shape::Band(_) => ("b", format!("M{left:.2},{:.2}h16v8h-16Z", middle - 4.0)),
            };
            if !told.contains(&class) {
                out += &element(&format!("{class} c{colour}"), None, &path);
                told.push(class);
            }
        }
        out += &letters.write((left + 22.0, top), "start", "", &shortened(name, LONGEST));
        out += "</g>\n";
        top += 18.0;
    }
    out
}

fn element(class: &str, entry: Option<usize>, path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    let entry = entry.map_or_else(String::new, |k| format!(" data-e=\"{k}\""));
    format!("<path class=\"{class}\"{entry} d=\"{path}\"/>\n")
}

fn shortened(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return text.to_owned();
    }
    text.chars().take(letters.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        assert_eq!(escape("</text><script>&\"\u{0}"), "&lt;/text&gt;&lt;script&gt;&amp;&quot; ");
        assert_eq!(shortened("ααααα", 3), "αα…");
    }
}
