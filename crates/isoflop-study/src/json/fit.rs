//! A fit as JSON; the keys and their order are part of the interface.

use isoflop_fit::{Certificate, Fit, OutputFit, Posterior};
use serde_json::{Value, json};

use crate::job::{Finished, Reason, Rows};
use crate::json::{SCHEMA_VERSION, number, object, optional, verdict};

/// The whole fit: what `isoflop fit --format json` prints.
///
/// A law of several statements has `outputs` besides, each with its rows, weight and residuals; a beta-binomial fit has
/// `overdispersion`, the correlation of two attempts of one row.
pub fn fit_json(finished: &Finished) -> Value {
    let (law, fit) = (&finished.law, &finished.fit);
    let mut value = json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": law.id,
        "formula": finished.formula_text,
        "objective": {
            "name": fit.objective.name,
            "value": number(fit.objective.value),
            "delta": optional(fit.objective.delta),
        },
        "rows": rows(&finished.rows),
        "parameters": parameters(fit),
        "derived": derived(fit),
        "interval": interval(fit),
        "scale": optional(fit.scale),
        "rmse": number(fit.rmse),
        "rmse_log": optional(fit.rmse_log),
        "certificate": certificate_json(&fit.certificate, &finished.influential),
        "warnings": fit.warnings.iter().map(|w| json!({"code": w.code, "message": w.message})).collect::<Vec<_>>(),
        "choices": choices(fit),
        "forecast_laws": laws(fit),
        "ranges": object(fit.ranges.iter().map(|r| (&r.name, json!({"low": number(r.low), "high": number(r.high)})))),
        "seed": finished.seed,
        "data_sha256": finished.digest,
    });
    if let Some(rho) = fit.overdispersion {
        value["overdispersion"] = number(rho);
    }
    if !fit.outputs.is_empty() {
        value["outputs"] = fit.outputs.iter().map(output).collect();
    }
    value
}

fn output(output: &OutputFit) -> Value {
    json!({
        "name": output.name,
        "rows": output.rows,
        "weight": number(output.weight),
        "rmse": number(output.rmse),
    })
}

fn rows(rows: &Rows) -> Value {
    let reason =
        |r: &Reason| json!({"reason": r.reason, "column": r.column, "count": r.count, "first": r.first});
    json!({
        "used": rows.used,
        "dropped": rows.dropped,
        "filtered": rows.filtered,
        "reasons": rows.reasons.iter().map(reason).collect::<Vec<_>>(),
        "files": rows.sources.iter().map(|(name, rows)| json!({"name": name, "rows": rows})).collect::<Vec<_>>(),
    })
}

fn parameters(fit: &Fit) -> Value {
    object(fit.parameters.iter().map(|p| {
        let value = json!({
            "estimate": number(p.estimate),
            "low": optional(p.low),
            "high": optional(p.high),
            "at_bound": p.at_bound,
            "fixed": p.fixed,
        });
        (&p.name, value)
    }))
}

fn derived(fit: &Fit) -> Value {
    object(fit.derived.iter().map(|d| {
        let value = json!({
            "estimate": number(d.estimate),
            "low": optional(d.low),
            "high": optional(d.high),
            "formula": d.formula,
        });
        (&d.name, value)
    }))
}

fn interval(fit: &Fit) -> Value {
    fit.interval.as_ref().map_or(Value::Null, |interval| {
        json!({
            "level": number(interval.level),
            "method": interval.method,
            "replicates": interval.replicates,
            "certified": interval.certified,
            "clusters": interval.clusters,
            "ends": interval.ends.map(|ends| ends.name()),
            "precision": object(interval.precision.iter().map(|p| (&p.name, json!({
                "low_error": number(p.low_error),
                "high_error": number(p.high_error),
                "width_error": optional(p.width_error),
            })))),
            "posterior": interval.posterior.as_ref().map_or(Value::Null, posterior),
        })
    })
}

fn posterior(posterior: &Posterior) -> Value {
    json!({
        "chains": posterior.chains,
        "warmup": posterior.warmup,
        "draws": posterior.draws,
        "priors": posterior.priors,
        "divergences": posterior.divergences,
        "deepest": posterior.deepest,
        "acceptance": number(posterior.acceptance),
        "summary": object(posterior.summary.iter().map(|s| (&s.name, json!({
            "mean": number(s.mean),
            "median": number(s.median),
            "sd": number(s.sd),
            "rhat": number(s.rhat),
            "ess_bulk": number(s.ess_bulk),
            "ess_tail": number(s.ess_tail),
        })))),
        "loo": posterior.loo.as_ref().map_or(Value::Null, |loo| json!({
            "elpd": number(loo.elpd),
            "error": number(loo.error),
            "parameters": number(loo.parameters),
            "worst": number(loo.worst),
            "bad": loo.bad,
        })),
    })
}

fn certificate_json(certificate: &Certificate, places: &[String]) -> Value {
    let term = |t: &isoflop_fit::Term| {
        json!({
            "text": t.text,
            "share": number(t.share),
            "largest_share": number(t.largest_share),
            "cost": optional(t.cost),
        })
    };
    let influence = |(i, place): (&isoflop_fit::Influence, &String)| {
        json!({
            "row": place,
            "parameter": i.parameter,
            "shift": number(i.shift),
            "standard_errors": number(i.standard_errors),
        })
    };
    json!({
        "verdict": verdict(certificate.verdict),
        "reasons": certificate.reasons,
        "gradient": number(certificate.gradient),
        "exact": certificate.exact,
        "starts": {
            "tried": certificate.starts.tried,
            "agreeing": certificate.starts.agreeing,
            "elsewhere": certificate.starts.elsewhere,
            "failed": certificate.starts.failed,
        },
        "terms": certificate.terms.iter().map(term).collect::<Vec<_>>(),
        "condition": optional(certificate.condition),
        "direction": certificate.direction.as_ref().map_or(Value::Null, |d| json!({
            "text": d.text,
            "moves": object(d.moves.iter().map(|(name, move_)| (name, number(*move_)))),
        })),
        "influential": certificate.influential.iter().zip(places).map(influence).collect::<Vec<_>>(),
    })
}

/// Laws that share the forecasts of the fit, with their weights.
fn laws(fit: &Fit) -> Value {
    let laws = fit.forecast.as_ref().map_or(&[][..], |model| &model.laws);
    let law = |law: &isoflop_fit::LawWeight| {
        json!({
            "law": law.law,
            "own": law.own,
            "weight": number(law.weight),
            "formula": law.formula,
            "parameters": object(law.parameters.iter().map(|(name, value)| (name, number(*value)))),
        })
    };
    laws.iter().map(law).collect()
}

fn choices(fit: &Fit) -> Value {
    let choice = |c: &isoflop_fit::Choice| {
        let estimates = fit.parameters.iter().zip(&c.estimates).map(|(p, value)| (&p.name, number(*value)));
        let derived = fit.derived.iter().zip(&c.derived).map(|(d, value)| (&d.name, number(*value)));
        json!({
            "objective": c.objective,
            "delta": optional(c.delta),
            "certified": c.certified,
            "parameters": object(estimates),
            "derived": object(derived),
        })
    };
    fit.choices.iter().map(choice).collect()
}
