//! Patterns of names and shares written out: `mix_*` becomes the inputs that a law has, and shares a constraint.

use isoflop_formula::{InputKind, parse_number};

use crate::error::PlanError;
use crate::laws::Role;
use crate::request::Request;

/// Shares may miss their sum by this: `0.333` three times is a slip, a rounding error is none.
const EXACT: f64 = 1e-9;

/// The request without patterns and simplices.
pub(crate) fn expanded(roles: &[Role<'_>], request: &Request) -> Result<Request, PlanError> {
    let mut out = request.clone();
    out.over.clear();
    for text in &request.over {
        match text.strip_suffix('*') {
            None => out.over.push(text.clone()),
            Some(prefix) => {
                let found = matching(roles, request, prefix);
                if found.is_empty() {
                    return Err(PlanError::NoMatch { text: text.clone(), known: inputs(roles) });
                }
                let is_free = |name: &String| {
                    !request.over.contains(name) && !request.given.iter().any(|g| g.0 == *name)
                };
                out.over.extend(found.into_iter().filter(is_free));
            }
        }
    }
    for text in std::mem::take(&mut out.simplex) {
        let mut members: Vec<String> = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            match part.strip_suffix('*') {
                Some(prefix) => members.extend(matching(roles, request, prefix)),
                None => members.push(part.to_owned()),
            }
        }
        if members.len() < 2 {
            return Err(PlanError::NoMatch { text, known: inputs(roles) });
        }
        let value =
            |name: &String| request.given.iter().find(|g| g.0 == *name).and_then(|g| parse_number(&g.1));
        let (fixed, free): (Vec<_>, Vec<_>) = members.iter().partition(|name| value(name).is_some());
        let sum: f64 = fixed.iter().filter_map(|name| value(name)).sum();
        let fits = if free.is_empty() { (sum - 1.0).abs() < EXACT } else { sum < 1.0 };
        if !fits || fixed.iter().filter_map(|name| value(name)).any(|x| !(0.0..=1.0).contains(&x)) {
            let names = fixed.into_iter().cloned().collect();
            return Err(PlanError::Shares { names, sum, rest: free.into_iter().cloned().collect() });
        }
        if free.is_empty() {
            continue;
        }
        for name in &free {
            if !out.over.contains(name) {
                out.over.push((*name).clone());
            }
        }
        out.constraints.push(format!("{} == 1", members.join(" + ")));
    }
    Ok(out)
}

/// Numeric inputs of the laws.
fn inputs(roles: &[Role<'_>]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, model) in roles {
        let output = model.formula.output.as_ref().map(|left| left.name.as_str());
        for input in &model.formula.symbols.inputs {
            let is_it = input.kind == InputKind::Column && Some(input.name.as_str()) != output;
            if is_it && !names.contains(&input.name) {
                names.push(input.name.clone());
            }
        }
    }
    names
}

/// Names that begin with this: inputs of the laws, decisions, given values.
fn matching(roles: &[Role<'_>], request: &Request, prefix: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let given = request.given.iter().map(|g| g.0.clone());
    for name in inputs(roles).into_iter().chain(request.over.iter().cloned()).chain(given) {
        if name.starts_with(prefix) && !name.ends_with('*') && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
