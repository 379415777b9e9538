//! The conclusion of a comparison in plain words.

use crate::certificate::Verdict;
use crate::comparison::{Compared, Comparison, Conclusion};

/// A backtest that contradicts the cross-validation is worth a word below this chance.
const CONTRADICTS: f64 = 0.05;
/// More laws than this are counted and not named.
const NAMED: usize = 4;

/// One sentence, and one more for each thing that a reader must not miss.
pub(crate) fn of(comparison: &Comparison) -> String {
    let laws = &comparison.laws;
    let find = |name: &String| laws.iter().find(|law| law.law == *name);
    match &comparison.conclusion {
        Conclusion::Nothing => match laws.iter().find(|law| law.cross.is_some()) {
            Some(law) => format!("Only {} could be compared: there is nothing to choose from.", law.law),
            None => "No law could be compared on these runs.".to_owned(),
        },
        Conclusion::Best(name) => {
            let rest: Vec<&Compared> =
                laws.iter().filter(|law| law.cross.is_some() && law.law != *name).collect();
            let times = |law: &Compared| {
                let chance = law
                    .cross
                    .as_ref()
                    .and_then(|c| c.p)
                    .map_or_else(String::new, |p| format!(" (p = {p:.1e})"));
                format!("{} times its error{chance}", ratio(find(name), law))
            };
            let text = match rest.as_slice() {
                [] => format!("{name} is the only law that could be compared."),
                [one] => {
                    format!("{name} describes these runs better than {}, which has {}.", one.law, times(one))
                }
                [next, ..] => format!(
                    "{name} describes these runs better than the {} other laws: the next, {}, has {}.",
                    rest.len(),
                    next.law,
                    times(next)
                ),
            };
            format!("{text}{}{}", doubt(find(name)), contradiction(comparison))
        }
        Conclusion::CannotTell(names) => {
            let worse = laws.iter().filter(|law| law.cross.as_ref().is_some_and(|c| c.worse)).count();
            let listed = if names.len() <= NAMED {
                list(names)
            } else {
                format!("{} laws ({}, ...)", names.len(), names[..NAMED].join(", "))
            };
            let mut simplest: Vec<&Compared> = names.iter().filter_map(find).collect();
            simplest.sort_by_key(|law| law.parameters);
            let fewest = simplest.first().map_or(0, |law| law.parameters);
            simplest.retain(|law| law.parameters == fewest);
            let simple: Vec<String> = simplest.iter().take(NAMED).map(|law| law.law.clone()).collect();
            let simple = match simplest.len() {
                n if n == names.len() => String::new(),
                1 => format!("; the simplest of them is {}, with {fewest} parameters", simple[0]),
                _ => format!("; the simplest of them, with {fewest} parameters, are {}", list(&simple)),
            };
            let worse = match worse {
                0 => String::new(),
                1 => " One law is worse.".to_owned(),
                n => format!(" {n} laws are worse."),
            };
            format!("Cannot tell {listed} apart on these runs{simple}.{worse}{}", contradiction(comparison))
        }
    }
}

/// Ratio of the held-out errors of two laws.
fn ratio(best: Option<&Compared>, other: &Compared) -> String {
    let rms = |law: &Compared| law.cross.as_ref().map(|c| c.rms);
    match best.and_then(rms).zip(rms(other)) {
        Some((a, b)) if b / a < 10.0 => format!("{:.2}", b / a),
        Some((a, b)) => format!("{:.0}", b / a),
        None => "?".to_owned(),
    }
}

/// What is wrong with the fit of the best law.
fn doubt(best: Option<&Compared>) -> String {
    match best {
        Some(Compared { verdict: Verdict::NotCertified, reason: Some(reason), .. }) => {
            format!(" But its fit is not certified: {reason}.")
        }
        _ => String::new(),
    }
}

/// Whether the backtest shows another law than those that stand.
fn contradiction(comparison: &Comparison) -> String {
    let standing = comparison.standing();
    let winner = comparison.laws.iter().find(|law| law.forward.as_ref().is_some_and(|f| f.best));
    let Some(winner) = winner.filter(|w| !standing.contains(&w.law.as_str())) else { return String::new() };
    let beaten = comparison
        .laws
        .iter()
        .filter(|law| standing.contains(&law.law.as_str()))
        .all(|law| law.forward.as_ref().and_then(|f| f.p).is_some_and(|p| p < CONTRADICTS));
    if beaten {
        format!(" But {} forecasts larger runs better: no law here is right at all sizes.", winner.law)
    } else {
        String::new()
    }
}

/// `a, b and c`.
fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
