//! Tables of published rules, and named plans in full.

use isoflop_laws::Standing;
use isoflop_plan::{Advice, Measured, NamedPlan, Outside};

use crate::output::number::{significant, size};
use crate::output::plan::wrapped;
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// What the rules say: one row each, then where each comes from.
pub(crate) fn text(plan: &NamedPlan, given: &[String], advice: &[Advice]) -> String {
    let mut out =
        format!("{}  {}\n\n", paint(style::BOLD, &plan.title), paint(style::DIM, &given.join(", ")));
    let mut table = Table::new([Align::Left, Align::Right, Align::Left, Align::Left, Align::Left]);
    for rule in advice {
        let law = rule.law.as_deref().unwrap_or("");
        let grade = rule.measured.as_ref().map_or("", |of| of.grade.mark());
        let remark = if !rule.outside.is_empty() {
            styled(style::WARN, rule.outside.iter().map(how_far).collect::<Vec<_>>().join(", "))
        } else if rule.compared {
            styled(style::DIM, "within the runs")
        } else {
            styled(style::DIM, "")
        };
        let value = styled(style::BOLD, shown(rule.value));
        table.row([
            rule.name.as_str().into(),
            value,
            rule.unit.as_str().into(),
            format!("{law} {grade}").into(),
            remark,
        ]);
    }
    out += &table.render(2);
    out.push('\n');
    let mut told: Vec<&str> = Vec::new();
    for rule in advice {
        let name = rule.law.as_deref().unwrap_or(&rule.name);
        let origin = rule.measured.as_ref().map(origin).or_else(|| rule.source.clone());
        if let Some(origin) = origin.filter(|_| !told.contains(&name)) {
            told.push(name);
            out += &paint(style::DIM, &wrapped(&format!("{name}: {origin}")));
        }
    }
    out
}

/// `N is 7 times above`.
fn how_far(of: &Outside) -> String {
    let (factor, side) =
        if of.value > of.high { (of.value / of.high, "above") } else { (of.low / of.value, "below") };
    format!("{} {} times {side} the runs", of.name, significant(factor, 2))
}

/// Where coefficients come from and where they were measured, in one sentence.
pub(crate) fn origin(of: &Measured) -> String {
    let standing = match of.standing {
        Standing::Published => "published",
        Standing::Recomputed => "computed here",
        Standing::StartingHint => "from memory",
    };
    let mut out =
        format!("{standing}, grade {} ({}): {}, {}", of.grade.mark(), of.grade, of.source, of.place);
    if !of.ranges.is_empty() {
        let end = |x: f64| if x < 1e4 { x.to_string() } else { size(x) };
        let ends = |(name, low, high): &(String, f64, f64)| match *low {
            0.0 => format!("{name} up to {}", end(*high)),
            low => format!("{name} {} to {}", end(low), end(*high)),
        };
        out += &format!("; measured for {}", of.ranges.iter().map(ends).collect::<Vec<_>>().join(", "));
    }
    if let Some(data) = &of.data {
        out += &format!("; {data}");
    }
    out
}

/// Plans in full: what is decided, what must be given, and the words of their files.
pub(crate) fn described(plans: &[NamedPlan]) -> String {
    let mut out = String::new();
    for plan in plans {
        let law = plan.law.as_ref().map_or_else(String::new, |law| format!("; {law} if none is named"));
        out += &format!("{}  {}\n", paint(style::BOLD, &plan.id), plan.title);
        let mut table = Table::new([Align::Left, Align::Left]);
        let mut line = |name: &str, text: String| table.row([styled(style::DIM, name), text.into()]);
        line("laws", format!("{}{law}", plan.laws));
        for (name, role) in &plan.roles {
            line("law", format!("{name}={}: {}", role.example, role.description));
        }
        for (aim, formula) in [("minimize", &plan.minimize), ("maximize", &plan.maximize)] {
            if let Some(formula) = formula {
                line(aim, format!("{formula} over {}", plan.over.join(", ")));
            }
        }
        if let Some(unknown) = &plan.solve {
            line("solve for", unknown.clone());
        }
        for constraint in &plan.subject_to {
            line("subject to", constraint.clone());
        }
        for rule in &plan.rule {
            line(
                "rule",
                rule.law.as_ref().map_or_else(|| rule.name.clone(), |law| format!("{}: {law}", rule.name)),
            );
        }
        for (name, given) in &plan.given {
            let default = given.default.map_or_else(String::new, |value| format!("; {value} if not given"));
            line("given", format!("{name}={}: {}{default}", given.example, given.description));
        }
        out += &table.render(2);
        out += &format!("\n{}\n\n", plan.prose);
    }
    out
}

/// Four digits, with a suffix where it is a size.
fn shown(value: f64) -> String {
    if value.abs() < 1e4 || !value.is_finite() {
        return significant(value, 4);
    }
    size(format!("{value:.3e}").parse().unwrap_or(value))
}
