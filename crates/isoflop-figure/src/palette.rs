//! Colours that people with any colour vision can tell apart, on light and on dark ground.

/// Colours of the series on light ground: Okabe and Ito 2008, in an order that begins with the strongest contrasts.
const LIGHT: [&str; 7] = ["#0072b2", "#d55e00", "#007a5a", "#b0578d", "#8a6500", "#2a87b8", "#4d4d4d"];
/// The same hues, lighter, for dark ground.
const DARK: [&str; 7] = ["#56b4e9", "#ff9447", "#2fd0a2", "#ee9ecb", "#e6b422", "#a5d8f5", "#c8c8c8"];

/// Number of colours; a series beyond it has the colours of the first ones again.
pub(crate) const COLOURS: usize = LIGHT.len();

/// The colour of a series on light or dark ground.
pub(crate) fn colour(k: usize, is_dark: bool) -> &'static str {
    let colours = if is_dark { &DARK } else { &LIGHT };
    colours[k % COLOURS]
}

/// For light or dark ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the reader's system asks (`prefers-color-scheme`); light where nothing asks.
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// No colours in the figure: the page around it holds a [`stylesheet`].
    Page,
}

/// The style rules of all figures in a theme; every rule begins with the class `iff`.
pub fn stylesheet(theme: Theme) -> String {
    const SHAPE: &str = ".iff text{font-family:system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:12px}\
        .iff .t{font-size:14px;font-weight:600}.iff .p{font-size:10px}.iff .l{fill:none;stroke-width:1.8;\
        stroke-linejoin:round}.iff .h{stroke-dasharray:5 4}.iff path.b{stroke:none;fill-opacity:.18}\
        .iff .m{stroke-width:1.2;fill-opacity:.35}.iff .r{fill-opacity:.06}.iff .g{stroke-opacity:.13;stroke-width:1}\
        .iff .a{stroke-width:1;fill:none}.iff .o{stroke:none}.iff .o.t{stroke-width:.5}";
    match theme {
        Theme::Light => format!("{SHAPE}{}", rules(&LIGHT, "#ffffff", "#1f2328", "#57606a")),
        Theme::Dark => format!("{SHAPE}{}", rules(&DARK, "#0d1117", "#e6edf3", "#9da7b3")),
        Theme::Auto => format!(
            "{}@media (prefers-color-scheme:dark){{{}}}",
            stylesheet(Theme::Light),
            rules(&DARK, "#0d1117", "#e6edf3", "#9da7b3")
        ),
        Theme::Page => String::new(),
    }
}

fn rules(colours: &[&str], ground: &str, ink: &str, faint: &str) -> String {
    let mut out = format!(
        ".iff .bg{{fill:{ground}}}.iff text,.iff .o{{fill:{ink}}}.iff .o.t{{stroke:{ink}}}.iff .p,.iff .k{{fill:{faint}}}\
         .iff .a,.iff .g{{stroke:{ink}}}.iff .r{{fill:{ink}}}"
    );
    for (k, colour) in colours.iter().enumerate() {
        out += &format!(".iff .c{k}{{stroke:{colour};fill:{colour}}}.iff .l.c{k}{{fill:none}}");
    }
    out
}
