//! How N, D and C are counted: which conventions the table has, and whether they agree.

use crate::checks::subject::{View, plain, short};
use crate::checks::{Outcome, Severity};
use crate::numbers::{quantile, sorted};
use crate::surface::FLOP;

pub(crate) fn check(view: &View<'_>) -> Outcome {
    let columns = &view.subject.columns.numbers;
    let counts = |words: &[&str]| -> Vec<&str> {
        let mut found: Vec<&(String, Vec<f64>)> = Vec::new();
        for column in columns.iter().filter(|(name, _)| words.contains(&plain(name).as_str())) {
            // A column that stands for N is there under both names.
            match found.iter().position(|other| other.1 == column.1) {
                Some(k) => found[k] = column,
                None => found.push(column),
            }
        }
        found.iter().map(|(name, _)| name.as_str()).collect()
    };
    let sizes = counts(&[
        "n",
        "params",
        "n_params",
        "parameters",
        "params_no_embed",
        "non_embedding_params",
        "non_embedding_parameters",
        "total_params",
        "active_params",
        "na",
        "num_params",
    ]);
    let law = view.subject.law.counting.as_deref().unwrap_or("nothing").trim_end_matches('.');
    let mut evidence = format!("the law's file says of counting: {law}");
    if sizes.len() > 1 {
        evidence += &format!("; the table has {} columns of parameters ({})", sizes.len(), sizes.join(", "));
    }
    let compute = view.number(&["c", "flops", "flop", "compute", "total_flops", "training_flops"]);
    let mut off = None;
    if let (Some((name, c)), Some((n, d))) = (compute, view.n.zip(view.d)) {
        let ratios = sorted(c.iter().zip(n.iter().zip(d)).map(|(c, (n, d))| c / (FLOP * n * d)));
        if !ratios.is_empty() {
            let (low, middle, high) =
                (quantile(&ratios, 0.05), quantile(&ratios, 0.5), quantile(&ratios, 0.95));
            evidence +=
                &format!("; {name} is {} times 6 N D ({} to {})", short(middle), short(low), short(high));
            off = Some(high / low > 1.2 || !(0.8..1.25).contains(&middle));
        }
    }
    let advice = "Say in the paper which parameters N counts and how C was computed; isoflop influence refits under each convention that the table has".to_owned();
    match (off, sizes.len()) {
        (Some(true), _) => Outcome::Found(Severity::Warning, evidence, advice),
        (_, 2..) => Outcome::Found(Severity::Note, evidence, advice),
        _ => Outcome::Fine(evidence),
    }
}
