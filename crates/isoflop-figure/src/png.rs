//! Figures as PNG, by way of the SVG: text as outlines of an embedded font, so that the same figure gives the same bytes
//! on every machine.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
use ttf_parser::Face;

use crate::figure::Figure;
use crate::palette::Theme;
use crate::svg::sheet_with;
use crate::text::Letters;

/// Noto Sans, reduced to the letters of Latin, Greek and numbers (`font/README.md`).
const FONT: &[u8] = include_bytes!("../font/NotoSans-subset.ttf");
/// Pixels of a file on its longer side, from which it is of no use and takes gigabytes.
const LARGEST: f32 = 20_000.0;

/// Why figures did not become a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PngError {
    /// The reason as a clause without a full stop.
    pub reason: String,
}

impl std::fmt::Display for PngError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[G0001] the figures do not become a PNG: {}; take SVG", self.reason)
    }
}

impl std::error::Error for PngError {}

/// Figures side by side in `columns`, as the bytes of a PNG file with `scale` pixels for each pixel of the SVG. A theme that
/// follows the reader is light, as a picture cannot follow.
///
/// # Errors
/// More figures than a picture of this scale can hold.
pub fn png(figures: &[Figure], columns: usize, theme: Theme, scale: f32) -> Result<Vec<u8>, PngError> {
    let fail = |reason: String| PngError { reason };
    let face = Face::parse(FONT, 0).map_err(|error| fail(error.to_string()))?;
    let theme = if theme == Theme::Dark { Theme::Dark } else { Theme::Light };
    let text = sheet_with(figures, columns, theme, &Letters::Outlines(&face));
    let tree = Tree::from_str(&text, &Options::default()).map_err(|error| fail(error.to_string()))?;
    let (width, height) = (tree.size().width() * scale, tree.size().height() * scale);
    if !(1.0..=LARGEST).contains(&width.max(height)) {
        return Err(fail(format!("{width:.0} by {height:.0} pixels are too many")));
    }
    let pixmap = Pixmap::new(width.ceil() as u32, height.ceil() as u32);
    let mut pixmap = pixmap.ok_or_else(|| fail(format!("no room for {width:.0} by {height:.0} pixels")))?;
    resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| fail(error.to_string()))
}
