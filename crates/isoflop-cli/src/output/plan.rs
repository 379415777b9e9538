//! Plans as text and JSON.

use isoflop_plan::{ConstraintResult, Method, Model, NamedPlan, Plan, Quantity, Range, Request, Sense};
use serde_json::{Value, json};

use crate::output::number::{coverage, percent, significant, size};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};
use crate::output::{SCHEMA_VERSION, number};
use crate::output::{object, optional};

/// The plan for people: the decision as a table, the constraints, and a verdict in words.
pub(crate) fn text(model: &Model, request: &Request, plan: &Plan) -> String {
    let title = format!("{} {} over {}", aim(request), request.objective, request.over.join(", "));
    let mut out = format!("{}  {}\n\n", paint(style::BOLD, &title), paint(style::DIM, &model.name));
    out += &decision(plan).render(2);
    out.push('\n');
    out += &constraints(plan).render(2);
    if !plan.constraints.is_empty() {
        out.push('\n');
    }
    out + &verdict(plan)
}

fn aim(request: &Request) -> &'static str {
    if request.sense == Sense::Minimize { "minimize" } else { "maximize" }
}

fn decision(plan: &Plan) -> Table {
    let has_intervals = plan.draws > 0;
    let mut table = Table::new([Align::Left]);
    let mut head = vec![styled(style::DIM, ""), styled(style::DIM, "best")];
    if has_intervals {
        head.push(styled(style::DIM, format!("{} interval", coverage(plan.level))));
    }
    head.push(styled(style::DIM, format!("within {} of the best", percent(plan.tolerance))));
    table.row(head);
    let mut row = |quantity: &Quantity, range: Option<&Range>| {
        let mut cells = vec![styled(style::BOLD, &quantity.name), shown(quantity.estimate).into()];
        if has_intervals {
            let ends = quantity.low.zip(quantity.high);
            cells.push(ends.map(|(l, h)| format!("{} … {}", shown(l), shown(h))).unwrap_or_default().into());
        }
        cells.extend(range.map(|range| span(range).into()));
        table.row(cells);
    };
    for (quantity, range) in plan.decision.iter().zip(&plan.indifference) {
        row(quantity, Some(range));
    }
    if !plan.decision.iter().any(|d| d.name == plan.objective.name) {
        row(&plan.objective, None);
    }
    for quantity in &plan.report {
        row(quantity, None);
    }
    table
}

fn constraints(plan: &Plan) -> Table {
    let mut table = Table::new([Align::Left, Align::Left, Align::Left, Align::Left]);
    for c in &plan.constraints {
        let state = if c.active { styled(style::WARN, "binds") } else { styled(style::DIM, "idle") };
        let price = if c.active { price(c, plan) } else { room(c) };
        let holds = c.holds.map(|h| format!("holds in {} of draws", percent(h))).unwrap_or_default();
        table.row([c.text.as_str().into(), state, price.into(), styled(style::DIM, holds)]);
    }
    table
}

/// What one per cent more of the right side is worth.
fn price(c: &ConstraintResult, plan: &Plan) -> String {
    let change = c.shadow_price * c.limit * 0.01;
    if c.limit == 0.0 || !change.is_finite() {
        return format!("1 more changes {} by {}", plan.objective.name, significant(c.shadow_price, 3));
    }
    format!("1 % more changes {} by {}", plan.objective.name, significant(change, 3))
}

/// How much room an idle constraint leaves.
fn room(c: &ConstraintResult) -> String {
    let share = c.value / c.limit;
    if (0.0..=1.0).contains(&share) {
        format!("{} used", percent(share))
    } else {
        format!("at {}", shown(c.value))
    }
}

/// The plan in words.
fn verdict(plan: &Plan) -> String {
    let list: Vec<String> =
        plan.decision.iter().map(|d| format!("{} = {}", d.name, shown(d.estimate))).collect();
    let mut words = format!(
        "Take {}: {} is then {}. ",
        list.join(", "),
        plan.objective.name,
        shown(plan.objective.estimate)
    );
    if let Some(range) = plan.indifference.iter().find(|range| range.low.is_some() && range.high.is_some()) {
        words += &format!(
            "With {} from {} no more than {} is lost. ",
            range.name,
            span(range).replace(" … ", " to "),
            percent(plan.tolerance)
        );
    }
    words += &match (plan.method, plan.gap) {
        (Method::GeometricProgram, Some(gap)) => {
            format!(
                "No other choice is better: a dual bound proves it to a relative {}. ",
                if gap < 1e-15 { "1e-15".to_owned() } else { significant(gap, 1) }
            )
        }
        _ => format!(
            "{} of {} searches ended here and none found better; that is no proof. ",
            plan.starts.1, plan.starts.0
        ),
    };
    let negligible = 1e-9 * plan.objective.estimate.abs();
    if plan.regret.as_ref().is_some_and(|regret| regret.high <= negligible) {
        words += "Every replicate would choose the same. ";
    } else if let Some(regret) = &plan.regret {
        words += &format!(
            "Were one of the replicates the truth, this choice would cost {} of {} on average, and less than {} in {} of them. ",
            significant(regret.mean, 2),
            plan.objective.name,
            significant(regret.high, 2),
            coverage(plan.level)
        );
    }
    wrapped(words.trim_end())
}

/// Lines of at most 100 characters.
fn wrapped(text: &str) -> String {
    let (mut out, mut width) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 100 {
            out.push('\n');
            width = 0;
        } else if width > 0 {
            out.push(' ');
            width += 1;
        }
        out += word;
        width += length;
    }
    out + "\n"
}

fn span(range: &Range) -> String {
    let end = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), shown);
    format!("{} … {}", end(range.low), end(range.high))
}

/// Four digits, with a suffix where it is a size.
fn shown(value: f64) -> String {
    if value.abs() < 1e4 || !value.is_finite() {
        return significant(value, 5);
    }
    size(format!("{value:.3e}").parse().unwrap_or(value))
}

/// The plan for programs.
pub(crate) fn json(model: &Model, request: &Request, plan: &Plan) -> Value {
    let ends = |q: &Quantity| json!({"estimate": number(q.estimate), "low": optional(q.low), "high": optional(q.high)});
    let constraint = |c: &ConstraintResult| {
        json!({
            "text": c.text,
            "value": number(c.value),
            "limit": number(c.limit),
            "active": c.active,
            "shadow_price": number(c.shadow_price),
            "holds": optional(c.holds),
        })
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "isoflop_version": env!("CARGO_PKG_VERSION"),
        "law": model.name,
        "formula": model.formula.text,
        "aim": aim(request),
        "decision": object(plan.decision.iter().map(|q| (&q.name, ends(q)))),
        "objective": {
            "name": plan.objective.name,
            "estimate": number(plan.objective.estimate),
            "low": optional(plan.objective.low),
            "high": optional(plan.objective.high),
        },
        "report": object(plan.report.iter().map(|q| (&q.name, ends(q)))),
        "constraints": plan.constraints.iter().map(constraint).collect::<Vec<_>>(),
        "method": plan.method,
        "gap": optional(plan.gap),
        "starts": { "tried": plan.starts.0, "agreed": plan.starts.1 },
        "regret": plan.regret.as_ref().map(|r| json!({
            "mean": number(r.mean), "median": number(r.median), "high": number(r.high),
        })),
        "indifference": object(
            plan.indifference.iter().map(|r| (&r.name, json!({"low": optional(r.low), "high": optional(r.high)}))),
        ),
        "tolerance": number(plan.tolerance),
        "level": number(plan.level),
        "draws": plan.draws,
        "warnings": plan.warnings,
    })
}

/// The named plans: name, question, and what must be given.
pub(crate) fn list_text(plans: &[NamedPlan]) -> String {
    let mut out = String::new();
    for plan in plans {
        out += &format!("{}  {}\n", paint(style::BOLD, &plan.id), plan.title);
        let mut table = Table::new([Align::Left, Align::Left]);
        for (name, given) in &plan.given {
            let default = given.default.map_or_else(String::new, |value| format!("; {} if not given", value));
            let text = format!("{}{default}", given.description);
            table.row([format!("{name}={}", given.example).into(), styled(style::DIM, text)]);
        }
        out += &table.render(4);
    }
    out + "\nFor example: isoflop plan compute-optimal chinchilla@besiroglu --flops 1e24\n"
}

/// The named plans for programs.
pub(crate) fn list_json(plans: &[NamedPlan]) -> Value {
    let plan = |plan: &NamedPlan| {
        let given = plan.given.iter().map(|(name, given)| {
            (
                name,
                json!({"description": given.description, "example": given.example, "default": given.default}),
            )
        });
        json!({
            "id": plan.id,
            "title": plan.title,
            "laws": plan.laws,
            "minimize": plan.minimize,
            "maximize": plan.maximize,
            "over": plan.over,
            "subject_to": plan.subject_to,
            "given": object(given),
        })
    };
    json!({ "schema_version": SCHEMA_VERSION, "plans": plans.iter().map(plan).collect::<Vec<_>>() })
}
