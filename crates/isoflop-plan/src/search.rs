//! Solving a plan at given parameter values: as a geometric program where it is one, else from many starts.

use std::cell::OnceCell;

use crate::error::PlanError;
use crate::form::{Form, General, geometric};
use crate::problem::Problem;
use crate::result::Method;
use crate::shares::{normalized, scan, sticks};
use crate::signomial::signomial;
use crate::solve::{FAR, Failed, Optimum, refine, solve};

/// Objectives this near to each other, relatively, are the same optimum.
const SAME: f64 = 1e-7;
/// Weights of the objective at first: from the middle of the feasible set, or from where the start lies.
const WEIGHTS: [f64; 3] = [1.0, 1e2, 1e4];
/// An equation that was relaxed binds if it is missed by less.
const TIGHT: f64 = 1e-8;

/// A plan with what is needed to solve it again and again.
pub(crate) struct Search<'a> {
    pub(crate) problem: &'a Problem,
    general: OnceCell<General>,
    /// Box of the starts, in logarithms.
    usual: Vec<(f64, f64)>,
    starts: usize,
}

/// A solved plan.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) optimum: Optimum,
    pub(crate) method: Method,
    pub(crate) starts: (usize, usize),
}

impl<'a> Search<'a> {
    pub(crate) fn new(problem: &'a Problem, starts: usize) -> Search<'a> {
        // Sizes of models, data and budgets that anybody has trained or will; the search box is wider still.
        let anything = (1e-3_f64.ln(), 1e15_f64.ln());
        let known = |&(low, high): &(f64, f64)| ((low / 30.0).ln(), (high * 1e4).ln());
        let mut usual: Vec<(f64, f64)> =
            problem.usual.iter().map(|usual| usual.as_ref().map_or(anything, known)).collect();
        for group in &problem.shares {
            group.members.iter().for_each(|&i| usual[i] = ((1e-3 * group.total).ln(), group.total.ln()));
        }
        narrow(problem, &mut usual);
        Search { problem, general: OnceCell::new(), usual, starts: starts.max(1) }
    }

    fn general(&self) -> &General {
        self.general.get_or_init(|| General::new(self.problem, &self.problem.params))
    }

    /// Calls `act` with the form that `method` solves; `None` if a geometric program was asked for and it is none.
    pub(crate) fn with_form<T>(
        &self,
        method: Method,
        params: &[f64],
        act: impl FnOnce(Form<'_>, &[f64], &[f64]) -> T,
    ) -> Option<T> {
        let n = self.problem.over.len();
        match method {
            Method::GeometricProgram => {
                geometric(self.problem, params).map(|form| act(form, &vec![-FAR; n], &vec![FAR; n]))
            }
            // Proofs of other kinds come later; they are searched all the same.
            Method::MultiStart | Method::Convex | Method::Root => {
                // A share may come as near to 0 as it likes.
                let room = |i: usize| if self.problem.is_share(i) { 33.0 } else { 14.0 };
                let lower: Vec<f64> =
                    self.usual.iter().enumerate().map(|(i, (low, _))| low - room(i)).collect();
                let upper: Vec<f64> = self.usual.iter().map(|(_, high)| high + 14.0).collect();
                Some(act(self.general().form(params), &lower, &upper))
            }
        }
    }

    /// Solves from scratch.
    pub(crate) fn solve(&self, params: &[f64]) -> Result<Found, PlanError> {
        let global = self.with_form(Method::GeometricProgram, params, |form, lower, upper| {
            if !form.impossible.is_empty() {
                return Err(self.impossible(&form.impossible));
            }
            let start: Vec<f64> = self.usual.iter().map(|(low, high)| 0.5 * (low + high)).collect();
            match solve(&form, &start, 1.0, lower, upper) {
                Ok(optimum) if binds(&form, &optimum) && !sticks(&form, &optimum) => {
                    Ok(Some(Found { optimum, method: Method::GeometricProgram, starts: (1, 1) }))
                }
                // An equation that cannot be relaxed: not convex after all.
                Ok(_) => Ok(None),
                Err(Failed::Infeasible { excess, blame }) => {
                    let blame: Vec<usize> = blame.iter().map(|&k| form.rows[k].of).collect();
                    Err(self.infeasible(&blame, excess))
                }
                Err(Failed::Unbounded(edge)) if !form.rows.iter().any(|row| row.must_bind) => {
                    Err(self.unbounded(&edge))
                }
                Err(Failed::Unbounded(_)) => Ok(None),
                Err(Failed::NoValue | Failed::Inexact(_)) => Err(PlanError::NotSolved),
            }
        });
        match global {
            Some(Ok(Some(found))) => Ok(found),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) | None => self.best_of_many(params, None),
        }
    }

    /// The best of several local searches, the first of them from `near` if it is given.
    fn best_of_many(&self, params: &[f64], near: Option<&[f64]>) -> Result<Found, PlanError> {
        let scanned = scan(self.problem, params);
        let from = near.map(<[f64]>::to_vec).into_iter().chain(scanned.iter().map(|(z, ..)| z.clone()));
        let starts: Vec<Vec<f64>> =
            from.chain((0..self.starts).map(|k| self.start(k))).take(self.starts.max(1)).collect();
        let tried = self.with_form(Method::MultiStart, params, |form, lower, upper| {
            let mut best: Option<Optimum> = None;
            let mut agreed = 0;
            let mut nearest: Option<(f64, Vec<usize>)> = None;
            let mut edge = None;
            for (k, start) in starts.iter().enumerate() {
                match solve(&form, start, WEIGHTS[k % WEIGHTS.len()], lower, upper) {
                    Ok(optimum) if sticks(&form, &optimum) => {}
                    Ok(optimum) => {
                        let near = |a: f64, b: f64| (a - b).abs() <= SAME * (1.0 + a.abs());
                        match &best {
                            Some(known) if near(known.value, optimum.value) => {
                                agreed += 1;
                                if optimum.exact && !known.exact {
                                    best = Some(optimum);
                                }
                            }
                            Some(known) if known.value < optimum.value => {}
                            _ => (best, agreed) = (Some(optimum), 1),
                        }
                    }
                    Err(Failed::Infeasible { excess, blame }) => {
                        if nearest.as_ref().is_none_or(|(known, _)| excess < *known) {
                            nearest = Some((excess, blame));
                        }
                    }
                    Err(Failed::Unbounded(found)) => edge = Some(found),
                    Err(Failed::NoValue | Failed::Inexact(_)) => {}
                }
            }
            match (best, edge, nearest) {
                (Some(optimum), ..) => {
                    Ok(Found { optimum, method: Method::MultiStart, starts: (starts.len(), agreed) })
                }
                (None, Some(edge), _) => Err(self.unbounded(&edge)),
                (None, None, Some((_, blame))) => {
                    let blame = self.texts(&blame.iter().map(|&k| form.rows[k].of).collect::<Vec<_>>());
                    Err(PlanError::NoneFound { starts: starts.len(), blame })
                }
                (None, None, None) => Err(PlanError::NoValue { starts: starts.len() }),
            }
        });
        tried.unwrap_or(Err(PlanError::NotSolved))
    }

    /// Solves again at other parameters, from the optimum at the estimated ones.
    pub(crate) fn again(&self, params: &[f64], from: &Found) -> Result<Found, PlanError> {
        let near = self.with_form(from.method, params, |form, lower, upper| {
            if !form.impossible.is_empty() || form.rows.len() != from.optimum.multipliers.len() {
                return None;
            }
            let optimum = refine(&form, &from.optimum.z, &from.optimum.multipliers, lower, upper)?;
            let stayed = form.rows.iter().all(|row| row.f.value(&from.optimum.z) <= TIGHT);
            // Without convexity the last steps could end at any stationary point.
            let is_better = form.convex || !stayed || optimum.value <= form.objective.value(&from.optimum.z);
            (binds(&form, &optimum) && is_better && !sticks(&form, &optimum)).then_some(Found {
                optimum,
                method: from.method,
                starts: from.starts,
            })
        });
        match near.flatten() {
            Some(found) => Ok(found),
            // A draw of a mixture has its optimum near that of the estimate, or where the scan says.
            None if !self.problem.shares.is_empty() && from.method == Method::MultiStart => {
                let few = Search {
                    starts: self.starts.min(4),
                    general: self.general.clone(),
                    usual: self.usual.clone(),
                    problem: self.problem,
                };
                few.best_of_many(params, Some(&from.optimum.z))
            }
            None => self.solve(params),
        }
    }

    /// Start `k`: the middle first, then points that fill the box evenly (the sequence of Roberts, 2018).
    fn start(&self, k: usize) -> Vec<f64> {
        let n = self.usual.len();
        // The root of x^(n+1) = x + 1.
        let root = (0..50).fold(2.0_f64, |x, _| (1.0 + x).powf(1.0 / (n as f64 + 1.0)));
        let place = |i: usize| (0.5 + k as f64 * root.powi(-(i as i32 + 1))).fract();
        let mut z: Vec<f64> =
            self.usual.iter().enumerate().map(|(i, (low, high))| low + place(i) * (high - low)).collect();
        normalized(&self.problem.shares, &mut z);
        z
    }

    fn texts(&self, constraints: &[usize]) -> Vec<String> {
        let mut list: Vec<usize> = constraints.to_vec();
        list.sort_unstable();
        list.dedup();
        list.iter().map(|&of| self.problem.constraints[of].text.clone()).collect()
    }

    /// `excess` is the logarithm of the ratio of the two sides, at best.
    fn infeasible(&self, constraints: &[usize], excess: f64) -> PlanError {
        let hint = format!(
            "; at best they are missed by {:.2} %. Ease one of them, or give the plan more freedom",
            100.0 * excess.exp_m1()
        );
        PlanError::Infeasible { blame: self.texts(constraints), hint }
    }

    fn impossible(&self, constraints: &[(usize, f64)]) -> PlanError {
        let list: Vec<usize> = constraints.iter().map(|(of, _)| *of).collect();
        let apart = constraints.iter().map(|(_, least)| *least).fold(0.0, f64::max);
        let hint = if apart > 0.0 {
            format!(", whatever is decided: it is always missed by at least {apart:.3e}")
        } else {
            ", whatever is decided".to_owned()
        };
        PlanError::Infeasible { blame: self.texts(&list), hint }
    }

    fn unbounded(&self, edge: &[(usize, bool)]) -> PlanError {
        let grows = edge.iter().any(|(_, up)| *up);
        let names: Vec<String> =
            edge.iter().filter(|(_, up)| *up == grows).map(|(i, _)| self.problem.over[*i].clone()).collect();
        let first = names.first().map_or("", String::as_str);
        PlanError::Unbounded {
            example: format!("{first} {} 1e12", if grows { "<=" } else { ">=" }),
            beyond: if grows { "above any sensible size" } else { "below any sensible size" },
            names,
        }
    }
}

/// Whether the equations that were relaxed hold as equations.
pub(crate) fn binds(form: &Form<'_>, optimum: &Optimum) -> bool {
    form.rows.iter().filter(|row| row.must_bind).all(|row| row.f.value(&optimum.z) >= -TIGHT)
}

/// Takes the bounds that the user gives (`N <= 1e13`) for those of the starts, wider or narrower.
fn narrow(problem: &Problem, usual: &mut [(f64, f64)]) {
    for constraint in &problem.constraints {
        let side = |node| signomial(&problem.graph, node, &problem.params, usual.len());
        let (Some(small), Some(large)) = (side(constraint.small), side(constraint.large)) else { continue };
        let ([small], [large]) = (small.as_slice(), large.as_slice()) else { continue };
        let exponents: Vec<f64> = small.exponents.iter().zip(&large.exponents).map(|(a, b)| a - b).collect();
        let mut used = exponents.iter().enumerate().filter(|(_, a)| **a != 0.0);
        if let (Some((i, exponent)), None) = (used.next(), used.next()) {
            let bound = (large.coefficient / small.coefficient).ln() / exponent;
            let (low, high) = &mut usual[i];
            if bound.is_finite() && (*exponent < 0.0 || constraint.equal) {
                *low = bound;
            }
            if bound.is_finite() && (*exponent > 0.0 || constraint.equal) {
                *high = bound;
            }
            // An end that was not given must not lie on the wrong side of the one that was.
            if *high < *low {
                (*low, *high) = (bound - 7.0, bound + 7.0);
            }
        }
    }
}
