//! Ours beside theirs, as data.

/// What became of one result.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// Its name.
    pub id: String,
    /// One line.
    pub title: String,
    /// What became of it.
    pub status: Status,
}

/// Whether it could be rerun.
#[derive(Debug, Clone)]
pub enum Status {
    /// It was.
    Done {
        /// Every figure.
        compared: Vec<Compared>,
        /// Fits whose objective differs from that of the published coefficients.
        optima: Vec<Optimum>,
    },
    /// Tables that it needs are not there.
    LeftOut {
        /// Their names below the folder.
        missing: Vec<String>,
    },
    /// Its tables are there and do not fit the description.
    Failed {
        /// Code of the error.
        code: &'static str,
        /// One sentence.
        reason: String,
    },
}

/// One figure.
#[derive(Debug, Clone)]
pub struct Compared {
    /// What it is.
    pub name: String,
    /// Which part of the table, where each has a fit of its own.
    pub case: Option<String>,
    /// Ours.
    pub ours: f64,
    /// Theirs.
    pub published: f64,
    /// Largest relative difference at which it counts as met.
    pub tolerance: f64,
    /// Where theirs stands.
    pub source: String,
}

/// Our optimum beside the source's own coefficients, on the same rows and under the same objective.
#[derive(Debug, Clone)]
pub struct Optimum {
    /// Which part of the table.
    pub case: Option<String>,
    /// Objective of our fit.
    pub ours: f64,
    /// Objective at the published coefficients.
    pub published: f64,
    /// The free parameters: name, ours, published.
    pub parameters: Vec<(String, f64, f64)>,
}

impl Optimum {
    /// Whether every parameter agrees to one per cent: then the published one is ours, but for the digits printed.
    pub fn is_same_place(&self) -> bool {
        self.parameters.iter().all(|(_, ours, theirs)| (ours - theirs).abs() <= 0.01 * theirs.abs())
    }
}

impl Compared {
    /// Relative difference of ours to theirs.
    pub fn difference(&self) -> f64 {
        (self.ours - self.published) / self.published.abs()
    }

    /// Whether ours lies within the tolerance. A value that is not a number never does.
    pub fn is_met(&self) -> bool {
        self.difference().abs() <= self.tolerance
    }
}
