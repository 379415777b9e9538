//! Text in drawings: as text, or as outlines where no font can be asked for.

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use crate::clip::Place;

/// How text is written.
pub(crate) enum Letters<'a> {
    /// As text, which a reader can search and a browser sets in its own font.
    Text,
    /// As outlines of a font, the same everywhere.
    Outlines(&'a Face<'a>),
}

/// Sizes of letters by class, as in the stylesheet.
const SIZES: [(&str, f64); 2] = [("t", 14.0), ("p", 10.0)];
const SIZE: f64 = 12.0;
/// What stands in for letters that the font lacks.
const INSTEAD: [(char, char); 6] = [('−', '–'), ('≤', '<'), ('≥', '>'), ('≈', '~'), ('→', '>'), ('∞', '8')];

impl Letters<'_> {
    /// A line of text at a place; `anchor` is `start`, `middle` or `end`.
    pub(crate) fn write(&self, (x, y): Place, anchor: &str, class: &str, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let attribute = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        match self {
            Letters::Text => {
                let text = escape(text);
                format!("<text{attribute} x=\"{x:.2}\" y=\"{y:.2}\" text-anchor=\"{anchor}\">{text}</text>\n")
            }
            Letters::Outlines(face) => {
                let size = SIZES.iter().find(|(name, _)| *name == class).map_or(SIZE, |(_, size)| *size);
                let path = outlines(face, (x, y), anchor, size, text);
                let class = if class.is_empty() { "o".to_owned() } else { format!("o {class}") };
                format!("<path class=\"{class}\" d=\"{path}\"/>\n")
            }
        }
    }
}

/// The outlines of a line of text as a path.
fn outlines(face: &Face<'_>, (x, y): Place, anchor: &str, size: f64, text: &str) -> String {
    let unit = size / f64::from(face.units_per_em());
    let found = |c: char| face.glyph_index(c);
    let instead = |c: char| INSTEAD.iter().find(|(from, _)| *from == c).and_then(|(_, to)| found(*to));
    let glyphs: Vec<GlyphId> =
        text.chars().map(|c| found(c).or_else(|| instead(c)).unwrap_or(GlyphId(0))).collect();
    let advance = |glyph: &GlyphId| f64::from(face.glyph_hor_advance(*glyph).unwrap_or(0)) * unit;
    let width: f64 = glyphs.iter().map(advance).sum();
    let mut pen = Pen { out: String::new(), unit, left: 0.0, base: y };
    pen.left = match anchor {
        "middle" => x - width / 2.0,
        "end" => x - width,
        _ => x,
    };
    for glyph in glyphs {
        // A letter without an outline, as a blank, still takes its room.
        let _ = face.outline_glyph(glyph, &mut pen);
        pen.left += advance(&glyph);
    }
    pen.out
}

/// Writes outlines as the data of an SVG path.
struct Pen {
    out: String,
    unit: f64,
    left: f64,
    base: f64,
}

impl Pen {
    fn put(&mut self, command: char, points: &[(f32, f32)]) {
        self.out.push(command);
        for (k, (x, y)) in points.iter().enumerate() {
            let (x, y) = (self.left + f64::from(*x) * self.unit, self.base - f64::from(*y) * self.unit);
            self.out += &format!("{}{x:.2},{y:.2}", if k == 0 { "" } else { " " });
        }
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.put('M', &[(x, y)]);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.put('L', &[(x, y)]);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.put('Q', &[(x1, y1), (x, y)]);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.put('C', &[(x1, y1), (x2, y2), (x, y)]);
    }
    fn close(&mut self) {
        self.out.push('Z');
    }
}

/// Text for XML; characters that XML does not allow are left out.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
