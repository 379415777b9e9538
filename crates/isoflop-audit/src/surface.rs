//! A law as a surface over N and D, and the decision it is fitted for: the best N at a compute budget.

use isoflop_fit::{Data, Slot};
use isoflop_formula::{ColumnList, Columns, Formula, InputKind, Node, Output, Tape};

use crate::numbers::median;

/// FLOP per parameter and token (Kaplan et al. 2020, section 2.1), unless the table says otherwise.
pub(crate) const FLOP: f64 = 6.0;
/// Points of each look for the optimum.
const LOOK: usize = 17;
/// Last step of a look for the optimal N: below it the differences of outputs drown in rounding.
const FINE: f64 = 1e-3;
/// Last step of a look for the lowest output.
const ROUGH: f64 = 0.05;
/// First look around a known optimum, in the log of N.
const NEAR: f64 = 0.8;

/// The predicted output over N and D, other inputs held at their medians.
#[derive(Debug, Clone)]
pub(crate) struct Surface {
    tape: Tape,
    /// Input that each column of the tape reads.
    columns: Vec<usize>,
    n: usize,
    d: usize,
    /// Value of every other input.
    others: Vec<f64>,
    /// Smallest and largest log of N over the rows.
    sizes: (f64, f64),
    /// Smallest and largest N D over the rows, as logs.
    products: (f64, f64),
}

impl Surface {
    /// The surface of `formula` on the rows of `data`; `None` if it does not read both N and D.
    pub(crate) fn new(formula: &Formula, data: &Data) -> Option<Surface> {
        let place = |name: &str| {
            let is = |i: &isoflop_formula::Input| i.name == name && i.kind == InputKind::Column;
            formula.symbols.inputs.iter().position(is)
        };
        let (n, d) = (place("N")?, place("D")?);
        let node = formula.output.as_ref().map_or(formula.body, |left| left.prediction);
        let mut list = ColumnList::default();
        let tape = Tape::compile(&formula.graph, &[node], &mut list, false);
        let columns = list
            .nodes()
            .iter()
            .map(|&column| match formula.graph.node(column) {
                Node::Input(k) => Some(k as usize),
                _ => None,
            })
            .collect::<Option<Vec<usize>>>()?;
        if !(columns.contains(&n) && columns.contains(&d)) {
            return None;
        }
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
        };
        let (sizes, tokens) = (&data.inputs[n], &data.inputs[d]);
        Some(Surface {
            tape,
            columns,
            n,
            d,
            others: data.inputs.iter().map(|v| median(v.iter().copied())).collect(),
            sizes: range(&mut sizes.iter().map(|n| n.ln())),
            products: range(&mut sizes.iter().zip(tokens).map(|(n, d)| n.ln() + d.ln())),
        })
    }

    /// Places of N and D among the inputs.
    pub(crate) fn places(&self) -> (usize, usize) {
        (self.n, self.d)
    }

    /// Smallest and largest compute of the rows, in FLOP at `factor` FLOP per parameter and token.
    pub(crate) fn budgets(&self, factor: f64) -> (f64, f64) {
        (factor * self.products.0.exp(), factor * self.products.1.exp())
    }

    /// Predictions at points of N and D; `params` as in the formula's symbols.
    pub(crate) fn at(&self, params: &[f64], n: &[f64], d: &[f64]) -> Vec<f64> {
        let mut ws = self.tape.workspace();
        self.tape.start(params, &mut ws);
        let mut out = Vec::with_capacity(n.len());
        for (n, d) in n.chunks(isoflop_formula::BLOCK).zip(d.chunks(isoflop_formula::BLOCK)) {
            let mut columns = Columns::new(n.len());
            for &input in &self.columns {
                columns.push(match input {
                    k if k == self.n => n.to_vec(),
                    k if k == self.d => d.to_vec(),
                    k => vec![self.others[k]; n.len()],
                });
            }
            self.tape.run(&columns, 0, n.len(), &mut ws);
            match self.tape.output(0, &columns, 0, &ws) {
                Output::Row(values) => out.extend_from_slice(&values[..n.len()]),
                Output::One(value) => out.resize(out.len() + n.len(), value),
            }
        }
        out
    }

    /// The lowest output at `budget`, and its N to about four digits: the output is flat there, so that it is known to far
    /// more of them. As for [`Self::optimum`].
    pub(crate) fn lowest(
        &self,
        params: &[f64],
        budget: f64,
        factor: f64,
        near: Option<f64>,
    ) -> Option<(f64, f64)> {
        self.search(params, budget, factor, near, ROUGH)
    }

    /// The N of lowest output at `budget` FLOP = `factor` N D, and that output; `near` is a guess at N. `None` if the
    /// output has no lowest point between a thousandth of the smallest and what the budget's share above the runs allows
    /// beyond the largest size.
    pub(crate) fn optimum(
        &self,
        params: &[f64],
        budget: f64,
        factor: f64,
        near: Option<f64>,
    ) -> Option<(f64, f64)> {
        self.search(params, budget, factor, near, FINE)
    }

    fn search(
        &self,
        params: &[f64],
        budget: f64,
        factor: f64,
        near: Option<f64>,
        finest: f64,
    ) -> Option<(f64, f64)> {
        let zoom = |centre: f64, width: f64| self.zoom(params, (budget, factor), centre, width, finest);
        if let Some(guess) = near
            && let Some(found) = zoom(guess.ln(), NEAR)
        {
            return Some(found);
        }
        let reach = (budget / (factor * self.products.1.exp())).ln().max(0.0);
        let (low, high) = (self.sizes.0 - 1e3_f64.ln(), self.sizes.1 + 1e3_f64.ln() + reach);
        let count = 96;
        let step = (high - low) / f64::from(count);
        let places: Vec<f64> = (0..=count).map(|k| low + step * f64::from(k)).collect();
        let values = self.slice(params, budget, factor, &places);
        let best = (0..values.len())
            .filter(|&k| values[k].is_finite())
            .min_by(|&a, &b| values[a].total_cmp(&values[b]))?;
        if best == 0 || best + 1 == values.len() {
            return None;
        }
        zoom(places[best], 1.01 * step)
    }

    fn slice(&self, params: &[f64], budget: f64, factor: f64, log_n: &[f64]) -> Vec<f64> {
        let n: Vec<f64> = log_n.iter().map(|x| x.exp()).collect();
        let d: Vec<f64> = n.iter().map(|n| budget / (factor * n)).collect();
        self.at(params, &n, &d)
    }

    /// The lowest point within `width` of `centre` (logs of N), by looks down to a step of `finest` and a parabola; `None` if it lies at an end.
    fn zoom(
        &self,
        params: &[f64],
        (budget, factor): (f64, f64),
        centre: f64,
        width: f64,
        finest: f64,
    ) -> Option<(f64, f64)> {
        let (mut centre, mut width) = (centre, width);
        for look in 0..4 {
            let half = (LOOK / 2) as f64;
            let places: Vec<f64> = (0..LOOK).map(|k| centre + width * (k as f64 / half - 1.0)).collect();
            let values = self.slice(params, budget, factor, &places);
            let best = (0..LOOK)
                .filter(|&k| values[k].is_finite())
                .min_by(|&a, &b| values[a].total_cmp(&values[b]))?;
            if best == 0 || best + 1 == LOOK {
                return None;
            }
            let (before, here, after) = (values[best - 1], values[best], values[best + 1]);
            let step = width / half;
            let bend = before - 2.0 * here + after;
            let shift = if bend > 0.0 { (0.5 * (before - after) / bend).clamp(-1.0, 1.0) } else { 0.0 };
            if look == 3 || step < finest {
                return Some(((places[best] + shift * step).exp(), here - 0.25 * (before - after) * shift));
            }
            (centre, width) = (places[best] + shift * step, 1.5 * step);
        }
        None
    }
}

/// Parameters of the formula from the values of its slots, at one level of grouped ones.
pub(crate) fn params_at(slots: &[Slot], values: &[f64], level: usize) -> Vec<f64> {
    let count = slots.iter().map(|s| s.param as usize + 1).max().unwrap_or(0);
    let mut params = vec![f64::NAN; count];
    for (slot, value) in slots.iter().zip(values) {
        if slot.level.is_none_or(|own| own == level) {
            params[slot.param as usize] = *value;
        }
    }
    params
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use isoflop_laws::{Catalogue, Law};

    pub(crate) fn law(id: &str) -> Law {
        Catalogue::builtin().unwrap().find(id).unwrap().clone()
    }

    pub(crate) fn data(law: &Law, n: Vec<f64>, d: Vec<f64>, loss: Vec<f64>) -> Data {
        let inputs = law.formula().symbols.inputs.iter().map(|i| match i.name.as_str() {
            "N" => n.clone(),
            "D" => d.clone(),
            _ => Vec::new(),
        });
        Data { inputs: inputs.collect(), output: loss, ..Data::default() }
    }

    #[test]
    fn the_optimum_is_the_closed_form() {
        let law = law("chinchilla");
        let data = data(&law, vec![1e7, 1e9], vec![1e9, 1e11], vec![3.0, 2.0]);
        let surface = Surface::new(law.formula(), &data).unwrap();
        let value = |name: &str| match name {
            "E" => 1.69,
            "A" => 406.4,
            "B" => 410.7,
            "alpha" => 0.34,
            _ => 0.28,
        };
        let params: Vec<f64> = law.formula().symbols.params.iter().map(|p| value(&p.name)).collect();
        for budget in [1e18, 1e24] {
            let g = (0.34_f64 * 406.4 / (0.28 * 410.7)).powf(1.0 / 0.62);
            let closed = g * (budget / 6.0_f64).powf(0.28 / 0.62);
            for near in [None, Some(1.5 * closed), Some(1e3)] {
                let (n, loss) = surface.optimum(&params, budget, 6.0, near).unwrap();
                assert!((n / closed - 1.0).abs() < 1e-6, "{budget} {near:?}: {n} {closed}");
                let exact = surface.at(&params, &[closed], &[budget / 6.0 / closed])[0];
                assert!((loss - exact).abs() < 1e-10);
            }
        }
    }
}
