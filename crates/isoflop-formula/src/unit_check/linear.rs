//! Linear forms over unknown units, and equations between them.

use rustc_hash::FxHashMap;

use crate::units::BASES;

/// Coefficients below this are rounding noise: exponents are of the order of 1.
const NOISE: f64 = 1e-9;
/// Largest difference of two exponents that counts as equal.
const SAME: f64 = 1e-6;

/// The logarithm of a unit: fixed exponents of the base symbols plus multiples of unknown units.
#[derive(Debug, Clone, Default)]
pub(super) struct Form {
    fixed: [f64; BASES],
    /// Unknowns with their multiples, by unknown.
    terms: Vec<(u32, f64)>,
}

impl Form {
    pub(super) fn fixed(fixed: [f64; BASES]) -> Self {
        Self { fixed, terms: Vec::new() }
    }

    pub(super) fn unknown(id: u32) -> Self {
        Self { terms: vec![(id, 1.0)], ..Self::default() }
    }

    pub(super) fn scaled(mut self, factor: f64) -> Self {
        self.fixed.iter_mut().for_each(|e| *e *= factor);
        self.terms.iter_mut().for_each(|(_, c)| *c *= factor);
        self.terms.retain(|(_, c)| c.abs() > NOISE);
        self
    }

    /// Adds `factor` times another form.
    pub(super) fn add(&mut self, other: &Form, factor: f64) {
        for (e, o) in self.fixed.iter_mut().zip(&other.fixed) {
            *e += factor * o;
        }
        for &(id, c) in &other.terms {
            match self.terms.binary_search_by_key(&id, |(id, _)| *id) {
                Ok(i) => {
                    self.terms[i].1 += factor * c;
                    if self.terms[i].1.abs() <= NOISE {
                        self.terms.remove(i);
                    }
                }
                Err(i) => self.terms.insert(i, (id, factor * c)),
            }
        }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.as_fixed().is_some_and(|fixed| fixed.iter().all(|e| e.abs() < SAME))
    }

    /// The exponents, if no unknown is left.
    pub(super) fn as_fixed(&self) -> Option<[f64; BASES]> {
        self.terms.is_empty().then_some(self.fixed)
    }
}

/// Equations solved so far: each names one unknown and what it equals.
#[derive(Debug, Default)]
pub(super) struct System {
    solved: FxHashMap<u32, Form>,
    unknowns: u32,
}

impl System {
    /// The number of a new unknown.
    pub(super) fn fresh(&mut self) -> u32 {
        self.unknowns += 1;
        self.unknowns
    }

    /// A new unknown as a form.
    pub(super) fn unknown(&mut self) -> Form {
        Form::unknown(self.fresh())
    }

    /// The same form with every solved unknown replaced.
    ///
    /// Ends because a solution is made of unknowns that were unsolved when it was found.
    pub(super) fn reduce(&self, mut form: Form) -> Form {
        while let Some((position, solution)) =
            form.terms.iter().enumerate().find_map(|(i, (id, _))| Some((i, self.solved.get(id)?)))
        {
            let (_, factor) = form.terms.remove(position);
            form.add(solution, factor);
        }
        form
    }

    /// Adds the equation `form = 0`: the unknown that it gave a solution, if it was news.
    pub(super) fn require_zero(&mut self, form: Form) -> Result<Option<u32>, Contradiction> {
        let mut form = self.reduce(form);
        let largest = form.terms.iter().fold(0.0, |m: f64, (_, c)| m.max(c.abs()));
        // The newest unknown that is not negligible: older ones are shared by more of the formula.
        let Some(position) = form.terms.iter().rposition(|(_, c)| c.abs() > 1e-3 * largest) else {
            return if form.fixed.iter().all(|e| e.abs() < SAME) { Ok(None) } else { Err(Contradiction) };
        };
        let (id, c) = form.terms.remove(position);
        self.solved.insert(id, form.scaled(-1.0 / c));
        Ok(Some(id))
    }

    /// Takes back the newest equations, which gave these solutions.
    pub(super) fn forget(&mut self, ids: &[u32]) {
        for id in ids {
            self.solved.remove(id);
        }
    }
}

/// An equation that cannot hold beside the others.
#[derive(Debug)]
pub(super) struct Contradiction;
