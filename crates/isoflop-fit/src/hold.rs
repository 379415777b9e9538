//! Holding a quantity at a value: the law with one parameter replaced by what the quantity makes of it.

use std::collections::HashMap;

use isoflop_formula::{Formula, Graph, Node, NodeId, ParamSpec, Scope, evaluate};
use isoflop_laws::Law;

use crate::coordinates::Slot;
use crate::error::FitError;

/// A quantity that can be held.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// Its formula.
    pub(crate) text: String,
    /// Its value at the optimum.
    pub(crate) estimate: f64,
    /// Where it must not go, for a parameter with bounds.
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A slot of the law.
    Slot(usize),
    /// A formula of parameters, solved for the parameter in this slot.
    Formula { quantity: Box<Formula>, pivot: usize, place: u32 },
}

impl Held {
    /// Reads `of`: the name of a slot, a derived quantity of `law`, or a formula of its parameters. `natural` are the
    /// values at the optimum.
    pub(crate) fn new(
        law: &Law,
        formula: &Formula,
        slots: &[Slot],
        natural: &[f64],
        of: &str,
    ) -> Result<Held, FitError> {
        if let Some(place) = slots.iter().position(|slot| slot.name == of) {
            let slot = &slots[place];
            if slot.fixed.is_some() {
                return Err(FitError::HeldAlready { name: of.to_string() });
            }
            return Ok(Held {
                text: of.to_string(),
                estimate: natural[place],
                lower: slot.lower,
                upper: slot.upper,
                kind: Kind::Slot(place),
            });
        }
        let known = || slots.iter().map(|s| s.name.as_str()).collect::<Vec<_>>().join(", ");
        let derived: Vec<&str> =
            law.derived.iter().filter(|d| d.inputs.is_empty()).map(|d| d.name.as_str()).collect();
        let unknown = |reason: String| FitError::BadQuantity {
            of: of.to_string(),
            known: known(),
            derived: derived.join(", "),
            reason,
        };
        let text = match law.derived(of) {
            Some(derived) if !derived.inputs.is_empty() => {
                let inputs: Vec<&str> = derived.inputs.iter().map(|input| input.0.as_str()).collect();
                let reason = format!(
                    "it depends on {}; write its formula with a number in place: {}",
                    inputs.join(" and "),
                    derived.text
                );
                return Err(unknown(reason));
            }
            Some(derived) => derived.text.clone(),
            None => of.to_string(),
        };
        let quantity = Formula::expression(&text, &scope(law, formula))
            .map_err(|report| unknown(report.render(&text)))?;
        let slot_of = |param: u32| -> Option<usize> {
            let name = &quantity.symbols.params.get(param as usize)?.name;
            slots.iter().position(|slot| slot.name == *name)
        };
        let count = quantity.symbols.params.len() as u32;
        if let Some(other) = (0..count).find(|&p| slot_of(p).is_none()) {
            let name = &quantity.symbols.params[other as usize].name;
            return Err(unknown(format!("{name} is no parameter of the law, or has one value per level")));
        }
        let estimate = value_of(&quantity, slots, natural);
        if !estimate.is_finite() {
            return Err(unknown("it has no finite value at the optimum".to_string()));
        }
        // The first parameter that the quantity can be solved for, on the branch of the optimum.
        for place in 0..count {
            let Some(pivot) = slot_of(place).filter(|&s| slots[s].fixed.is_none()) else { continue };
            let kind = Kind::Formula { quantity: Box::new(quantity.clone()), pivot, place };
            let held =
                Held { text: text.clone(), estimate, lower: f64::NEG_INFINITY, upper: f64::INFINITY, kind };
            let Some((solved, _)) = held.at(formula, slots, natural, estimate) else { continue };
            let mut back = natural.to_vec();
            held.complete(&solved, slots, &mut back);
            if (back[pivot] - natural[pivot]).abs() <= 1e-9 * natural[pivot].abs() {
                return Ok(held);
            }
        }
        Err(unknown(
            "it cannot be solved for any parameter: write it so that a free parameter occurs once".into(),
        ))
    }

    /// The formula and the slots with the quantity held at `value`; `near` are values of all slots nearby.
    pub(crate) fn at(
        &self,
        formula: &Formula,
        slots: &[Slot],
        near: &[f64],
        value: f64,
    ) -> Option<(Formula, Vec<Slot>)> {
        let mut slots = slots.to_vec();
        let mut formula = formula.clone();
        match &self.kind {
            Kind::Slot(slot) => slots[*slot].fixed = Some(value),
            Kind::Formula { quantity, pivot, place } => {
                let param = |k: u32| -> Option<u32> {
                    let name = &quantity.symbols.params.get(k as usize)?.name;
                    formula.symbols.params.iter().position(|p| p.name == *name).map(|p| p as u32)
                };
                let map: Vec<Option<u32>> = (0..quantity.symbols.params.len() as u32).map(param).collect();
                let solved = solve(quantity, *place, value, &map, &mut formula.graph)?;
                let own = map.get(*place as usize).copied().flatten()?;
                let mut put = |_: &mut Graph, node: Node| (node == Node::Param(own)).then_some(solved);
                formula.body = formula.graph.substitute(formula.body, &mut put);
                if let Some(output) = &mut formula.output {
                    output.prediction = formula.graph.substitute(output.prediction, &mut put);
                }
                // For `complete`: what stands for the parameter.
                formula.ties = vec![isoflop_formula::Tie { name: slots[*pivot].name.clone(), node: solved }];
                slots[*pivot].fixed = Some(near[*pivot]);
            }
        }
        Some((formula, slots))
    }

    /// Puts the value of the parameter that was replaced into the values of a refit of `formula`.
    pub(crate) fn complete(&self, formula: &Formula, slots: &[Slot], natural: &mut [f64]) {
        if let (Kind::Formula { pivot, .. }, Some(tie)) = (&self.kind, formula.ties.first()) {
            let mut params = vec![f64::NAN; formula.symbols.params.len()];
            // The quantity reads no parameter that has one value per level.
            for (slot, value) in slots.iter().zip(natural.iter()).filter(|(slot, _)| slot.level.is_none()) {
                params[slot.param as usize] = *value;
            }
            let mut out = [f64::NAN];
            evaluate(&formula.graph, tie.node, &[], &params, &mut out);
            natural[*pivot] = out[0];
        }
    }
}

/// The names that a quantity may use: parameters, and tied ones under their own name.
fn scope(law: &Law, formula: &Formula) -> Scope {
    let tied = formula.ties.iter().map(|tie| ParamSpec {
        tie: Some(isoflop_formula::print::text(&formula.graph, &formula.symbols, tie.node)),
        ..ParamSpec::new(&tie.name)
    });
    let params = formula.symbols.params.iter().map(|p| ParamSpec::new(&p.name));
    Scope { params: params.chain(tied).collect(), sets: law.scope().sets, ..Scope::default() }
}

fn value_of(quantity: &Formula, slots: &[Slot], natural: &[f64]) -> f64 {
    let value = |name: &str| slots.iter().position(|s| s.name == name).map_or(f64::NAN, |k| natural[k]);
    let params: Vec<f64> = quantity.symbols.params.iter().map(|p| value(&p.name)).collect();
    let mut out = [f64::NAN];
    evaluate(&quantity.graph, quantity.body, &[], &params, &mut out);
    out[0]
}

/// What parameter `place` of `quantity` is where the quantity is `value`, as a node of `target`, whose parameters `map`
/// gives; `None` if the parameter occurs more than once, or under something that cannot be undone. Powers are undone on
/// the positive branch.
fn solve(
    quantity: &Formula,
    place: u32,
    value: f64,
    map: &[Option<u32>],
    target: &mut Graph,
) -> Option<NodeId> {
    let source = &quantity.graph;
    let wanted = Node::Param(place);
    let mut copied = HashMap::new();
    let mut y = target.number(value);
    let mut at = quantity.body;
    while source.node(at) != wanted {
        (at, y) = match source.node(at) {
            Node::Unary(op, a) => (a, target.undo(op, y)?),
            Node::Binary(op, a, b) => match (source.depends_on(a, wanted), source.depends_on(b, wanted)) {
                (true, false) => {
                    let c = copy(source, b, map, target, &mut copied)?;
                    (a, target.undo_left(op, c, y)?)
                }
                (false, true) => {
                    let c = copy(source, a, map, target, &mut copied)?;
                    (b, target.undo_right(op, c, y)?)
                }
                _ => return None,
            },
            _ => return None,
        };
    }
    Some(y)
}

fn copy(
    source: &Graph,
    node: NodeId,
    map: &[Option<u32>],
    target: &mut Graph,
    copied: &mut HashMap<NodeId, NodeId>,
) -> Option<NodeId> {
    if let Some(&known) = copied.get(&node) {
        return Some(known);
    }
    let new = match source.node(node) {
        Node::Const(bits) => target.number(f64::from_bits(bits)),
        Node::Param(k) => target.param(map.get(k as usize).copied().flatten()?),
        Node::Input(_)
        | Node::Earlier(_)
        | Node::If(..)
        | Node::Past(..)
        | Node::Unknown(_)
        | Node::Root(_) => return None,
        Node::Unary(op, a) => {
            let a = copy(source, a, map, target, copied)?;
            target.unary(op, a)
        }
        Node::Binary(op, a, b) => {
            let a = copy(source, a, map, target, copied)?;
            let b = copy(source, b, map, target, copied)?;
            target.binary(op, a, b)
        }
    };
    copied.insert(node, new);
    Some(new)
}
