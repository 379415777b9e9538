//! The Markdown part of a law file: fixed headings in a fixed order.

use crate::error::LawError;
use crate::source::Source;

/// What a law file says in words, heading by heading (Markdown, trimmed).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prose {
    /// `## What it says`
    pub says: String,
    /// `## When it holds`
    pub holds: String,
    /// `## How it is fitted`
    pub fitted: String,
    /// `## Known criticism`
    pub criticism: String,
    /// `## Citation`
    pub citation: String,
}

/// The headings of a law file, in order.
pub const HEADINGS: [&str; 5] =
    ["What it says", "When it holds", "How it is fitted", "Known criticism", "Citation"];

impl Prose {
    /// The sections with their headings, in order.
    pub fn sections(&self) -> [(&'static str, &str); 5] {
        let [a, b, c, d, e] = HEADINGS;
        [(a, &self.says), (b, &self.holds), (c, &self.fitted), (d, &self.criticism), (e, &self.citation)]
    }

    /// Reads the sections; every heading must be there, in order, with words under it.
    pub(crate) fn read(source: &Source<'_>, errors: &mut Vec<LawError>) -> Prose {
        let mut bodies: [String; 5] = Default::default();
        let mut places = [0; 5];
        let mut next = 0;
        for (number, line) in source.prose.lines().enumerate() {
            let heading = line.strip_prefix("## ").map(str::trim);
            match heading {
                Some(found) if HEADINGS.get(next) == Some(&found) => {
                    places[next] = number;
                    next += 1;
                }
                _ if heading.is_some() || (next == 0 && !line.trim().is_empty()) => {
                    let place = source.prose_place(number);
                    let found = line.trim().to_owned();
                    errors.push(match HEADINGS.get(next) {
                        Some(expected) => LawError::Heading { place, expected, found: Some(found) },
                        None => LawError::ExtraHeading { place, found },
                    });
                    return Prose::default();
                }
                _ if next > 0 => {
                    bodies[next - 1].push_str(line);
                    bodies[next - 1].push('\n');
                }
                _ => {}
            }
        }
        if let Some(expected) = HEADINGS.get(next) {
            let place = source.prose_place(source.prose.lines().count());
            errors.push(LawError::Heading { place, expected, found: None });
            return Prose::default();
        }
        for (index, body) in bodies.iter_mut().enumerate() {
            *body = body.trim().to_owned();
            if body.is_empty() {
                let place = source.prose_place(places[index]);
                errors.push(LawError::EmptyHeading { place, heading: HEADINGS[index] });
            }
        }
        let [says, holds, fitted, criticism, citation] = bodies;
        Prose { says, holds, fitted, criticism, citation }
    }
}
