//! What a figure shows.

/// How an axis turns numbers into places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal steps.
    Linear,
    /// Equal ratios; only numbers above 0 have a place.
    Log,
}

/// One of the two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What is measured, with its unit.
    pub label: String,
    /// Linear or log.
    pub scale: Scale,
    /// Lowest and highest number shown; `None` takes all that the series hold.
    pub range: Option<(f64, f64)>,
    /// Names of the places 0, 1, 2, ... of an axis of things that are no numbers; empty for numbers. On the vertical axis
    /// place 0 is the lowest.
    pub names: Vec<String>,
}

/// What a series draws.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A marker at each point.
    Points(Vec<(f64, f64)>),
    /// A line through the points; a point that has no place breaks it.
    Line(Vec<(f64, f64)>),
    /// A dashed line.
    Dashed(Vec<(f64, f64)>),
    /// The area between two lines: x, low, high.
    Band(Vec<(f64, f64, f64)>),
}

/// Points, a line or a band.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Name in the legend. Series with the same name and colour share an entry; an empty name has none.
    pub name: String,
    /// Which colour (and marker) of the palette; series that belong together have the same.
    pub colour: usize,
    /// What is drawn.
    pub shape: Shape,
}

/// A range of x that is shaded, such as where the law is extrapolated.
#[derive(Debug, Clone, PartialEq)]
pub struct Shade {
    /// From this x, possibly infinite.
    pub from: f64,
    /// To this x, possibly infinite.
    pub to: f64,
    /// What the shading means.
    pub label: String,
}

/// A short text at a point.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// Where, in the numbers of the axes.
    pub at: (f64, f64),
    /// The text.
    pub text: String,
}

/// A figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// One line above.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// What is drawn, later series above earlier ones; bands lie below everything.
    pub series: Vec<Series>,
    /// Shaded ranges of x.
    pub shades: Vec<Shade>,
    /// Texts inside the frame.
    pub notes: Vec<Note>,
    /// What the legend is about, such as `N`.
    pub legend: String,
    /// Where the numbers come from: one line below.
    pub provenance: String,
}

impl Axis {
    /// A linear axis over all that the series hold.
    pub fn linear(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Linear, range: None, names: Vec::new() }
    }

    /// A log axis over all that the series hold.
    pub fn log(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Log, range: None, names: Vec::new() }
    }
}

impl Axis {
    /// An axis of things, such as laws, at the places 0, 1, 2, ...
    pub fn named(label: impl Into<String>, names: Vec<String>) -> Axis {
        let last = names.len().max(1) as f64 - 1.0;
        Axis { label: label.into(), scale: Scale::Linear, range: Some((-0.6, last + 0.6)), names }
    }
}

impl Series {
    /// Markers.
    pub fn points(name: impl Into<String>, colour: usize, points: Vec<(f64, f64)>) -> Series {
        Series { name: name.into(), colour, shape: Shape::Points(points) }
    }

    /// A line.
    pub fn line(name: impl Into<String>, colour: usize, points: Vec<(f64, f64)>) -> Series {
        Series { name: name.into(), colour, shape: Shape::Line(points) }
    }

    /// A dashed line.
    pub fn dashed(name: impl Into<String>, colour: usize, points: Vec<(f64, f64)>) -> Series {
        Series { name: name.into(), colour, shape: Shape::Dashed(points) }
    }

    /// An area between two lines: x, low, high.
    pub fn band(name: impl Into<String>, colour: usize, edges: Vec<(f64, f64, f64)>) -> Series {
        Series { name: name.into(), colour, shape: Shape::Band(edges) }
    }

    /// Whether the series has no finite point.
    pub fn is_empty(&self) -> bool {
        self.places().iter().all(|(x, y)| !(x.is_finite() && y.is_finite()))
    }

    /// Every point of the series; a band has two at each x.
    pub(crate) fn places(&self) -> Vec<(f64, f64)> {
        match &self.shape {
            Shape::Points(points) | Shape::Line(points) | Shape::Dashed(points) => points.clone(),
            Shape::Band(edges) => edges.iter().flat_map(|&(x, low, high)| [(x, low), (x, high)]).collect(),
        }
    }
}

impl Figure {
    /// A figure without series.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Figure {
        Figure {
            title: title.into(),
            x,
            y,
            series: Vec::new(),
            shades: Vec::new(),
            notes: Vec::new(),
            legend: String::new(),
            provenance: String::new(),
        }
    }

    /// Entries of the legend in order of first use: name, colour, and the series that share it.
    pub(crate) fn entries(&self) -> Vec<(&str, usize, Vec<&Series>)> {
        let mut entries: Vec<(&str, usize, Vec<&Series>)> = Vec::new();
        for series in self.series.iter().filter(|series| !series.name.is_empty()) {
            match entries.iter_mut().find(|entry| (entry.0, entry.1) == (&series.name, series.colour)) {
                Some(entry) => entry.2.push(series),
                None => entries.push((&series.name, series.colour, vec![series])),
            }
        }
        entries
    }
}
