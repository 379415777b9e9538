//! Plans as text.

use isoflop_plan::{ConstraintResult, Laws, NamedPlan, Plan, Quantity, Range, Request};
use isoflop_study::aim;

use crate::output::number::{coverage, percent, significant, size};
use crate::output::rules::origin;
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// The plan for people: the decision as a table, the constraints, and a verdict in words.
pub(crate) fn text(laws: &Laws, request: &Request, plan: &Plan) -> String {
    let names: Vec<&str> = plan.decision.iter().map(|d| d.name.as_str()).collect();
    let title = match &request.solve {
        Some(unknown) => format!("solve for {unknown}"),
        None => format!("{} {} over {}", aim(request), request.objective, names.join(", ")),
    };
    let mut out = format!("{}  {}\n", paint(style::BOLD, &title), paint(style::DIM, &laws.name()));
    for source in laws.iter().filter_map(|(_, model)| model.source.as_ref()) {
        out += &paint(style::DIM, &wrapped(&origin(source)));
    }
    out.push('\n');
    out += &decision(request, plan).render(2);
    out.push('\n');
    out += &constraints(plan).render(2);
    if !plan.constraints.is_empty() {
        out.push('\n');
    }
    out + &wrapped(&plan.verdict())
}

fn decision(request: &Request, plan: &Plan) -> Table {
    let has_intervals = plan.draws > 0;
    let mut table = Table::new([Align::Left]);
    let mut head = vec![styled(style::DIM, ""), styled(style::DIM, "best")];
    if has_intervals {
        head.push(styled(style::DIM, format!("{} interval", coverage(plan.level))));
    }
    if !plan.indifference.is_empty() {
        head.push(styled(style::DIM, format!("within {} of the best", percent(plan.tolerance))));
    }
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
    for (k, quantity) in plan.decision.iter().enumerate() {
        // How far a whole number could move is not looked at.
        row(quantity, plan.indifference.get(k).filter(|_| !request.whole.contains(&quantity.name)));
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

/// Lines of at most 100 characters.
pub(crate) fn wrapped(text: &str) -> String {
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
    if value.fract() == 0.0 && value.abs() < 1e4 {
        return value.to_string();
    }
    if value.abs() < 1e4 || !value.is_finite() {
        return significant(value, 5);
    }
    size(format!("{value:.3e}").parse().unwrap_or(value))
}

/// The named plans by subject: name, question, and what must be given.
pub(crate) fn list_text(groups: &[(String, Vec<NamedPlan>)]) -> String {
    let mut out = String::new();
    for (subject, plans) in groups {
        out += &format!("{}\n", paint(style::BOLD, subject));
        for plan in plans {
            let needed = plan.given.iter().filter(|(_, given)| given.default.is_none());
            let needed: Vec<String> = needed.map(|(name, _)| format!("{name}=")).collect();
            let law = if plan.rule.is_empty() && plan.law.is_none() { "LAW " } else { "" };
            out += &format!(
                "  {}  {}\n    {}\n",
                paint(style::BOLD, &plan.id),
                plan.title,
                paint(style::DIM, format!("{law}{}", needed.join(" ")).trim_end()),
            );
        }
        out.push('\n');
    }
    out + "One of them in full: isoflop plan vocabulary --list\n\
           For example:         isoflop plan compute-optimal chinchilla@besiroglu --flops 1e24\n"
}
