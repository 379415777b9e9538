//! Checks that turn an optimum into a certificate.

use isoflop_formula::{Binary, Graph, Node, NodeId, Unary, evaluate, print};

use crate::accumulate::Order;
use crate::certificate::{Certificate, Direction, Influence, Starts, Term, Verdict};
use crate::fit::{Task, root};
use crate::linalg::{Factor, Symmetric};
use crate::model::{Model, Scale};
use crate::objective::Kernel;
use crate::outputs::rows_of_outputs;
use crate::solve::{CERTIFIED, Problem, Solved, free_of_bounds, typical_size};

/// A term below this share of the prediction on every row is dead.
const DEAD: f64 = 1e-4;
/// Leaving a term out must raise the objective by at least this share for the table to need it.
const NEEDED: f64 = 1e-3;
/// Above this condition number of the scaled curvature the worst direction is not determined.
const ILL: f64 = 1e10;
/// Above this the trade-off is worth a word.
const WEAK: f64 = 1e4;

/// Certifies the optimum `best` of `task`; `draws` are bootstrap replicates, if there are any.
pub(crate) fn certify(task: &Task<'_>, best: &Solved, starts: Starts, draws: &[Vec<f64>]) -> Certificate {
    let view = View::new(task, best);
    let terms = terms(task, best);
    let errors = view.standard_errors(draws);
    let (condition, direction) = view.worst_direction(&errors);
    let influential = view.influential(&errors);
    let names = |test: &dyn Fn(&Term) -> bool| -> Vec<String> {
        terms.iter().filter(|t| test(t)).map(|t| t.text.clone()).collect()
    };
    let mut fatal = Vec::new();
    let mut reasons = Vec::new();
    let exact = is_exact(task, best);
    if best.gradient > CERTIFIED && !exact {
        fatal.push(format!(
            "the gradient is {:.1e} of its scale, above {CERTIFIED:.0e}: this is not shown to be an optimum",
            best.gradient
        ));
    }
    for text in names(&|t| t.largest_share < DEAD) {
        fatal.push(format!("the term {text} is dead: it is below {DEAD:.0e} of the prediction on every row"));
    }
    for text in names(&|t| t.largest_share >= DEAD && t.cost.is_some_and(|c| c < NEEDED)) {
        fatal.push(format!(
            "the table does not need the term {text}: without it the objective rises by less than 0.1 %"
        ));
    }
    if condition.is_none_or(|c| c > ILL) {
        let words = direction.as_ref().map_or_else(String::new, |d| format!(": {}", d.text));
        fatal.push(format!("the table does not determine all parameters{words}"));
    }
    if starts.agreeing == 0 && starts.tried > 0 {
        reasons.push(
            "no start ended at this optimum: it is lower than theirs and was found on resampled tables; the \
             objective has several optima within the uncertainty"
                .to_string(),
        );
    } else if starts.agreeing < 2 && starts.tried > 1 {
        reasons.push(format!(
            "only {} of {} independent starts ended at this optimum",
            starts.agreeing, starts.tried
        ));
    }
    for (name, bound) in view.at_bounds() {
        reasons.push(format!("{name} lies at its bound {bound}"));
    }
    if let (Some(c), Some(d)) = (condition, &direction)
        && c > WEAK
        && c <= ILL
    {
        reasons.push(format!("one direction is weakly determined: {}", d.text));
    }
    if !influential.is_empty() {
        reasons.push(format!(
            "{} row(s) move an answer by more than one standard error when left out",
            influential.len()
        ));
    }
    let verdict = match (fatal.is_empty(), reasons.is_empty()) {
        (false, _) => Verdict::NotCertified,
        (true, false) => Verdict::CertifiedWithWarnings,
        (true, true) => Verdict::Certified,
    };
    fatal.append(&mut reasons);
    Certificate {
        verdict,
        reasons: fatal,
        gradient: best.gradient,
        exact,
        starts,
        terms,
        condition,
        direction,
        influential,
    }
}

/// Whether the law passes through every row up to rounding: then the gradient is made of rounding errors, and there
/// is no better optimum.
pub(crate) fn is_exact(task: &Task<'_>, best: &Solved) -> bool {
    let (weights, y) = (&task.model.weights, &task.model.y);
    let size: f64 =
        y.iter().zip(weights).map(|(y, w)| w * y.abs().max(f64::from(u8::from(task.objective.log)))).sum();
    let residuals = task.model.residuals(&best.theta);
    let off: f64 = residuals.iter().zip(weights).map(|(r, w)| w * r.abs()).sum();
    off <= 1e-12 * size
}

/// The optimum with its sums.
pub(crate) struct View<'a> {
    task: &'a Task<'a>,
    best: &'a Solved,
    problem: Problem<'a>,
    /// Curvature for standard errors: the exact one, or for thresholds smaller than the noise an estimate of
    /// what the exact one is on average.
    curvature: Symmetric,
    /// Free coordinates that the gradient does not hold at a bound.
    pub(crate) free: Vec<usize>,
    /// Changes of the natural values of all slots per unit of each free coordinate: `[slot][coordinate]`.
    jacobian: Vec<Vec<f64>>,
}

impl<'a> View<'a> {
    pub(crate) fn new(task: &'a Task<'a>, best: &'a Solved) -> Self {
        let problem = task.problem(&task.model, &task.model.weights);
        let mut scratch = task.model.scratch();
        let sums = problem.sums(&best.theta, Order::Newton, &mut scratch);
        let p = task.model.len();
        let bounds: Vec<(f64, f64)> = (0..p).map(|j| task.model.coordinates.bounds(j)).collect();
        let free = free_of_bounds(&best.theta[..p], &sums.gradient[..p], &bounds);
        let kernel = problem.final_kernel(&best.theta);
        let curvature = match kernel {
            Kernel::Huber { delta, up, down } => {
                let scale = if task.objective.has_free_scale() { best.theta[p].exp() } else { 1.0 };
                let size = typical_size(&task.model.residuals(&best.theta), &task.model.weights) / scale;
                let width = delta.max(0.5 * size);
                // Within `width` the widened loss bends everywhere by 1; the real one by delta / width on average.
                let wide = Kernel::Huber { delta: width, up, down };
                let mut pass = |kernel, weights: &[f64]| {
                    task.model.pass(&best.theta, kernel, problem.last(), weights, Order::Newton, &mut scratch)
                };
                let smooth = pass(wide, &task.model.weights);
                let usable = smooth.exact.n > 0 && smooth.exact.is_positive_definite();
                let part = if usable { smooth.exact } else { smooth.gauss };
                let share = delta / width;
                let mut whole = Symmetric { n: part.n, a: part.a.iter().map(|x| x * share).collect() };
                // Shares and counts have no threshold, and bend as they are.
                if let Some(outcomes) = &task.model.outcomes {
                    let own = pass(wide, &outcomes.only(&task.model.weights));
                    let own = if usable { own.exact } else { own.gauss };
                    whole.a.iter_mut().zip(&own.a).for_each(|(x, own)| *x += (1.0 - share) * own);
                }
                whole
            }
            _ if sums.exact.n > 0 && sums.exact.is_positive_definite() => sums.exact.clone(),
            _ => sums.gauss.clone(),
        };
        let curvature = match problem.last() {
            Scale::Spread => without_last(curvature, p, best.theta.get(p).is_some_and(|theta| *theta > 0.0)),
            _ => curvature,
        };
        let mut view = View { task, best, problem, curvature, free, jacobian: Vec::new() };
        view.jacobian = view.jacobian();
        view
    }

    fn model(&self) -> &Model {
        &self.task.model
    }

    /// Parameters held at a bound by the gradient, with the bound in natural value.
    fn at_bounds(&self) -> Vec<(String, f64)> {
        let c = &self.model().coordinates;
        let natural = self.model().natural(&self.best.theta);
        (0..self.model().len())
            .filter(|j| !self.free.contains(j))
            .map(|j| (c.slots[c.free[j]].name.clone(), natural[c.free[j]]))
            .collect()
    }

    fn jacobian(&self) -> Vec<Vec<f64>> {
        let p = self.model().len();
        let theta = &self.best.theta[..p];
        let slots = self.model().coordinates.slots.len();
        let mut columns = vec![vec![0.0; p]; slots];
        for j in 0..p {
            let h = 1e-6;
            let (mut up, mut down) = (theta.to_vec(), theta.to_vec());
            up[j] += h;
            down[j] -= h;
            let (up, down) = (self.model().natural(&up), self.model().natural(&down));
            for s in 0..slots {
                columns[s][j] = (up[s] - down[s]) / (2.0 * h);
            }
        }
        columns
    }

    /// Standard error of every slot: the spread of the replicates, else the sandwich `H^-1 S H^-1` of the optimum.
    pub(crate) fn standard_errors(&self, draws: &[Vec<f64>]) -> Vec<f64> {
        let slots = self.model().coordinates.slots.len();
        if draws.len() >= 50 {
            return (0..slots)
                .map(|s| {
                    let mean = draws.iter().map(|d| d[s]).sum::<f64>() / draws.len() as f64;
                    let square = draws.iter().map(|d| (d[s] - mean).powi(2)).sum::<f64>();
                    (square / (draws.len() - 1) as f64).sqrt()
                })
                .collect();
        }
        let covariance = self.covariance();
        self.jacobian
            .iter()
            .map(|row| {
                let mut sum = 0.0;
                for (i, &a) in self.free.iter().enumerate() {
                    for (j, &b) in self.free.iter().enumerate() {
                        sum += row[a] * row[b] * covariance[i][j];
                    }
                }
                sum.max(0.0).sqrt()
            })
            .collect()
    }

    /// Standard error of every slot under least squares with noise of one size: `s^2 H^-1`.
    pub(crate) fn plain_errors(&self) -> Vec<f64> {
        let n = self.free.len();
        let residuals = self.model().residuals(&self.best.theta);
        let degrees = residuals.len().saturating_sub(n).max(1) as f64;
        let variance = residuals.iter().map(|r| r * r).sum::<f64>() / degrees;
        let Some(factor) = self.factor() else { return vec![f64::NAN; self.jacobian.len()] };
        self.jacobian
            .iter()
            .map(|row| {
                let row: Vec<f64> = self.free.iter().map(|&j| row[j]).collect();
                let spread: f64 = factor.solve(&row).iter().zip(&row).map(|(a, b)| a * b).sum();
                (variance * spread).max(0.0).sqrt()
            })
            .collect()
    }

    /// Sandwich covariance of the free coordinates, `H^-1 (sum of g g') H^-1` over the gradients `g` of the rows.
    fn covariance(&self) -> Vec<Vec<f64>> {
        let n = self.free.len();
        let mut meat = vec![vec![0.0; n]; n];
        self.row_gradients(|row| {
            for (line, &i) in meat.iter_mut().zip(&self.free) {
                for (sum, &j) in line.iter_mut().zip(&self.free) {
                    *sum += row[i] * row[j];
                }
            }
        });
        let Some(factor) = self.factor() else { return vec![vec![0.0; n]; n] };
        // `H^-1` from the left, then (the matrix is symmetric) from the right.
        let half: Vec<Vec<f64>> = meat.iter().map(|column| factor.solve(column)).collect();
        let turned: Vec<Vec<f64>> = (0..n).map(|i| half.iter().map(|line| line[i]).collect()).collect();
        turned.iter().map(|column| factor.solve(column)).collect()
    }

    /// Hands `visit` the negative gradient of each row.
    pub(crate) fn row_gradients(&self, visit: impl FnMut(&[f64])) {
        let kernel = self.problem.final_kernel(&self.best.theta);
        self.model().row_gradients(&self.best.theta, kernel, self.problem.last(), visit);
    }

    /// Cholesky factor of the curvature over the free coordinates.
    pub(crate) fn factor(&self) -> Option<Factor> {
        let h = self.curvature.part(&self.free);
        let ridge: Vec<f64> = (0..h.n).map(|i| 1e-12 * h.get(i, i).abs()).collect();
        h.factor(&ridge)
    }

    /// For each row, the first-order move of the free coordinates when it is left out: `H^-1 g`.
    fn row_moves(&self) -> Vec<Vec<f64>> {
        let Some(factor) = self.factor() else { return Vec::new() };
        let mut moves = Vec::with_capacity(self.task.data.rows());
        self.row_gradients(|row| {
            moves.push(factor.solve(&self.free.iter().map(|&j| row[j]).collect::<Vec<_>>()));
        });
        moves
    }

    /// Condition number after scaling, and the worst direction in words.
    pub(crate) fn worst_direction(&self, errors: &[f64]) -> (Option<f64>, Option<Direction>) {
        let h = self.curvature.part(&self.free);
        let scale: Vec<f64> = (0..h.n).map(|i| h.get(i, i).abs().sqrt()).collect();
        if scale.iter().any(|s| !(*s > 0.0 && s.is_finite())) {
            return (None, None);
        }
        let mut scaled = Symmetric::zeros(h.n);
        for i in 0..h.n {
            for j in 0..=i {
                scaled.set(i, j, h.get(i, j) / (scale[i] * scale[j]));
            }
        }
        let (values, vectors) = scaled.eigen();
        let (Some(&low), Some(&high)) = (values.first(), values.last()) else { return (None, None) };
        let condition = (low > 0.0).then_some(high / low);
        let jacobian = &self.jacobian;
        let c = &self.model().coordinates;
        let moves: Vec<(usize, f64)> = (0..c.slots.len())
            .filter(|&s| c.slots[s].fixed.is_none())
            .map(|s| {
                let move_ = self
                    .free
                    .iter()
                    .enumerate()
                    .map(|(i, &j)| jacobian[s][j] * vectors[0][i] / scale[i])
                    .sum();
                (s, move_)
            })
            .collect();
        let direction =
            Direction::new(moves, errors, &c.slots.iter().map(|s| s.name.clone()).collect::<Vec<_>>());
        (condition, direction)
    }

    /// Rows whose removal moves a parameter by more than one standard error: candidates by first order, confirmed
    /// by refitting without them.
    fn influential(&self, errors: &[f64]) -> Vec<Influence> {
        if self.task.data.rows() > 20_000 {
            return Vec::new();
        }
        let jacobian = &self.jacobian;
        let c = &self.model().coordinates;
        let first_order = |moves: &[f64]| {
            (0..c.slots.len())
                .map(|s| {
                    let shift: f64 = self.free.iter().zip(moves).map(|(&j, m)| jacobian[s][j] * m).sum();
                    if errors[s] > 0.0 { shift.abs() / errors[s] } else { 0.0 }
                })
                .fold(0.0, f64::max)
        };
        let mut candidates: Vec<(usize, f64)> = self
            .row_moves()
            .iter()
            .enumerate()
            .map(|(row, moves)| (row, first_order(moves)))
            .filter(|&(_, size)| size > 0.4)
            .collect();
        candidates.sort_by(|a, b| b.1.total_cmp(&a.1));
        candidates.truncate(12);
        let before = self.model().natural(&self.best.theta);
        let mut scratch = self.model().scratch();
        let mut found: Vec<Influence> = candidates
            .into_iter()
            .filter_map(|(row, _)| {
                let mut weights = self.model().weights.clone();
                weights[row] = 0.0;
                let end = self.task.problem(self.model(), &weights).resolve(&self.best.theta, &mut scratch);
                if end.gradient > CERTIFIED {
                    return None;
                }
                let after = self.model().natural(&end.theta);
                let (slot, size) = (0..before.len())
                    .filter(|&s| errors[s] > 0.0)
                    .map(|s| (s, (after[s] - before[s]).abs() / errors[s]))
                    .max_by(|a, b| a.1.total_cmp(&b.1))?;
                (size > 1.0).then(|| Influence {
                    row,
                    parameter: c.slots[slot].name.clone(),
                    shift: after[slot] - before[slot],
                    standard_errors: size,
                })
            })
            .collect();
        found.sort_by(|a, b| b.standard_errors.total_cmp(&a.standard_errors));
        found
    }
}

impl Direction {
    /// Scales the direction to one standard error of its largest part and says it in words.
    fn new(moves: Vec<(usize, f64)>, errors: &[f64], names: &[String]) -> Option<Direction> {
        let relative = |&(s, m): &(usize, f64)| if errors[s] > 0.0 { (m / errors[s]).abs() } else { 0.0 };
        let mut order: Vec<(usize, f64)> = moves.iter().copied().filter(|(_, m)| m.is_finite()).collect();
        order.sort_by(|a, b| relative(b).total_cmp(&relative(a)));
        let &(first, size) = order.first()?;
        if size == 0.0 || errors[first] == 0.0 {
            return None;
        }
        let factor = errors[first] / size;
        let scaled: Vec<(String, f64)> = order.iter().map(|&(s, m)| (names[s].clone(), m * factor)).collect();
        let partners: Vec<String> = scaled[1..]
            .iter()
            .zip(&order[1..])
            .filter(|(_, o)| (o.1 * factor / errors[o.0].max(f64::MIN_POSITIVE)).abs() > 0.3)
            .take(2)
            .map(|((name, m), _)| {
                format!("{name} {} by {}", if *m > 0.0 { "rises" } else { "falls" }, short(m.abs()))
            })
            .collect();
        let (name, step) = (&scaled[0].0, short(scaled[0].1));
        let text = if partners.is_empty() {
            format!("{name} can move by {step} at almost no cost")
        } else {
            let other = &scaled[1].0;
            format!(
                "{name} and {other} trade off: +{step} in {name} costs almost nothing if {}",
                partners.join(" and ")
            )
        };
        Some(Direction { text, moves: scaled })
    }
}

/// Two significant digits.
fn short(x: f64) -> String {
    if x != 0.0 && (x.abs() >= 1e5 || x.abs() < 1e-3) {
        return format!("{x:.1e}");
    }
    let digits = (1 - x.abs().log10().floor() as i32).clamp(0, 6) as usize;
    format!("{x:.digits$}")
}

/// The additive terms of the prediction, their shares and what leaving each out costs.
fn terms(task: &Task<'_>, best: &Solved) -> Vec<Term> {
    let rows = rows_of_outputs(task.formula, task.data);
    if rows.is_empty() {
        return terms_of(task, best, root(task.formula, true), None);
    }
    let mut all = Vec::new();
    for (part, rows) in task.formula.parts.iter().zip(&rows) {
        let terms = terms_of(task, best, part.left.prediction, Some(rows)).into_iter();
        all.extend(terms.map(|term| Term { text: format!("{} of {}", term.text, part.left.name), ..term }));
    }
    all
}

/// The terms of one prediction, at these rows or at all.
fn terms_of(task: &Task<'_>, best: &Solved, root: NodeId, rows: Option<&Vec<usize>>) -> Vec<Term> {
    let graph = &task.formula.graph;
    let Some(sum) = outermost_sum(graph, root) else { return Vec::new() };
    let list: Vec<(f64, NodeId)> = graph
        .terms(sum)
        .into_iter()
        .filter(|&(_, id)| graph.reachable(&[id]).iter().any(|&n| matches!(graph.node(n), Node::Param(_))))
        .collect();
    if list.len() < 2 || task.data.groups.iter().any(|g| g.levels.len() > 1) {
        return Vec::new();
    }
    let natural = task.model.natural(&best.theta);
    let inputs: Vec<&[f64]> = task.data.inputs.iter().map(Vec::as_slice).collect();
    let values: Vec<Vec<f64>> = list
        .iter()
        .map(|&(_, id)| {
            let mut out = vec![0.0; task.data.rows()];
            evaluate(graph, id, &inputs, &natural, &mut out);
            rows.map_or(out.clone(), |rows| rows.iter().map(|&row| out[row]).collect())
        })
        .collect();
    let total: Vec<f64> = (0..rows.map_or(task.data.rows(), Vec::len))
        .map(|r| values.iter().map(|v| v[r].abs()).sum())
        .collect();
    list.iter()
        .zip(&values)
        .map(|(&(_, id), v)| {
            let mut shares: Vec<f64> = v.iter().zip(&total).map(|(v, t)| v.abs() / t).collect();
            shares.sort_by(f64::total_cmp);
            Term {
                text: print::text(graph, &task.formula.symbols, id),
                share: shares[shares.len() / 2],
                largest_share: shares.last().copied().unwrap_or(0.0),
                cost: cost_without(task, best, id),
            }
        })
        .collect()
}

/// Curvature of the first `p` coordinates with the last one, the over-dispersion, always at its own optimum; if it is
/// `free` to move.
fn without_last(curvature: Symmetric, p: usize, free: bool) -> Symmetric {
    let pivot = curvature.get(p, p);
    let mut left = curvature.part(&(0..p).collect::<Vec<_>>());
    if free && pivot > 0.0 {
        for i in 0..p {
            for j in 0..=i {
                left.set(i, j, left.get(i, j) - curvature.get(p, i) * curvature.get(p, j) / pivot);
            }
        }
    }
    left
}

/// The largest sum reached through outer functions and powers.
fn outermost_sum(graph: &Graph, node: NodeId) -> Option<NodeId> {
    match graph.node(node) {
        Node::Binary(Binary::Add | Binary::Sub, ..) => Some(node),
        Node::Unary(Unary::Exp | Unary::Log | Unary::Sqrt | Unary::Neg, a) => outermost_sum(graph, a),
        Node::Binary(Binary::Pow, a, _) => outermost_sum(graph, a),
        _ => None,
    }
}

/// Relative rise of the objective when the law is refitted without one of its terms.
fn cost_without(task: &Task<'_>, best: &Solved, term: NodeId) -> Option<f64> {
    if task.data.rows() > 100_000 || best.value <= 0.0 {
        return None;
    }
    let mut formula = task.formula.clone();
    let zero = formula.graph.number(0.0);
    let root = formula.graph.replace(task.root, term, zero);
    let natural = task.model.natural(&best.theta);
    let mut slots = task.model.coordinates.slots.clone();
    for (slot, value) in slots.iter_mut().zip(&natural) {
        if !formula.graph.depends_on(root, Node::Param(slot.param)) {
            slot.fixed = Some(*value);
        }
    }
    if slots.iter().all(|s| s.fixed.is_some()) {
        return None;
    }
    let model =
        Model::new(&formula, root, task.data, slots, task.objective.log).under(task.data, task.objective);
    let end = task.problem(&model, &model.weights).solve(&model.internal(&natural), &mut model.scratch());
    (end.value.is_finite() && end.gradient <= 1e-4).then_some((end.value - best.value) / best.value)
}
