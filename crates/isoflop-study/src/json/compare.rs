//! Comparisons as JSON.

use isoflop_fit::Conclusion;
use serde_json::{Value, json};

use crate::compare::Compared;
use crate::json::{SCHEMA_VERSION, number, object, optional, score_json, verdict};

/// `{schema_version, sentence, conclusion, laws, left_out}`.
pub fn comparison_json(report: &Compared) -> Value {
    let c = &report.comparison;
    let (conclusion, standing) = match &c.conclusion {
        Conclusion::Best(_) => ("best", c.standing()),
        Conclusion::CannotTell(_) => ("cannot-tell", c.standing()),
        Conclusion::Nothing => ("nothing", Vec::new()),
    };
    let left_out = c.left_out.iter().map(|law| json!({"law": law.law, "reason": law.reason}));
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "sentence": c.sentence,
        "conclusion": conclusion,
        "standing": standing,
        "objective": c.objective,
        "rows": c.rows,
        "parts": c.parts,
        "by": report.by,
        "forward_folds": c.forward_folds,
        "level": number(c.level),
        "significance": number(c.significance),
        "seed": report.seed,
        "laws": c.laws.iter().map(law_json).collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
    })
}

fn law_json(law: &isoflop_fit::Compared) -> Value {
    let cross = law.cross.as_ref().map(|cross| {
        json!({
            "rms": number(cross.rms),
            "uncertified": cross.uncertified,
            "log_score": number(cross.log_score),
            "behind": number(cross.behind),
            "behind_error": optional(cross.behind_error),
            "p": optional(cross.p),
            "worse": cross.worse,
        })
    });
    let forward = law.forward.as_ref().map(|forward| {
        json!({
            "score": score_json(&forward.score),
            "folds": forward.folds,
            "p": optional(forward.p),
            "best": forward.best,
        })
    });
    json!({
        "law": law.law,
        "formula": law.formula,
        "same": law.same,
        "parameters": law.parameters,
        "estimates": object(law.estimates.iter().map(|(name, value)| (name, number(*value)))),
        "verdict": verdict(law.verdict),
        "reason": law.reason,
        "condition": optional(law.condition),
        "log_likelihood": optional(law.log_likelihood),
        "aicc": optional(law.aicc),
        "bic": optional(law.bic),
        "cross_validation": cross,
        "forward": forward,
        "weight": number(law.weight),
    })
}
