//! How far a law or a set of coefficients was checked against its source.

use std::fmt;

/// Verification grade, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub enum Grade {
    /// The authors' own text, code or data was seen and the number computed again from it.
    #[serde(rename = "V1R")]
    PrimaryRecomputed,
    /// The authors' own text, code or data was seen.
    #[serde(rename = "V1")]
    Primary,
    /// Seen only in somebody else's text or code.
    #[serde(rename = "V2")]
    Secondary,
    /// From memory: a place to start a search, never a published value.
    #[serde(rename = "M")]
    Memory,
}

impl Grade {
    /// All grades, best first.
    pub const ALL: [Grade; 4] = [Grade::PrimaryRecomputed, Grade::Primary, Grade::Secondary, Grade::Memory];

    /// The short mark used in law files.
    pub fn mark(self) -> &'static str {
        match self {
            Grade::PrimaryRecomputed => "V1R",
            Grade::Primary => "V1",
            Grade::Secondary => "V2",
            Grade::Memory => "M",
        }
    }

    /// The grade with this mark.
    pub(crate) fn from_mark(mark: &str) -> Option<Grade> {
        Grade::ALL.into_iter().find(|grade| grade.mark() == mark)
    }
}

/// In words: `primary source, recomputed`.
impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Grade::PrimaryRecomputed => "primary source, recomputed",
            Grade::Primary => "primary source",
            Grade::Secondary => "secondary source",
            Grade::Memory => "from memory, starting hint only",
        })
    }
}
