//! Costs of an architecture as text.

use isoflop_plan::{Architecture, Cost};
use isoflop_study::PER_TOKEN;

use crate::output::number::{significant, size};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// One table per cost model; with tokens, the FLOP of the whole run too.
pub(crate) fn text(architecture: &Architecture, costs: &[Cost], tokens: Option<f64>) -> String {
    let context = architecture.number("s").unwrap_or(f64::NAN);
    let mut out = format!("{}  context {context}\n", paint(style::BOLD, &architecture.model_type));
    for same in costs.chunk_by(|a, b| a.model == b.model) {
        let mut table = Table::new([Align::Left, Align::Right, Align::Right, Align::Left]);
        let whole_run = |cost: &Cost| tokens.filter(|_| cost.model == PER_TOKEN).map(|d| d * cost.value);
        for cost in same {
            // Parameters are counted to the last one.
            let value = match cost.value {
                value if cost.name.starts_with("N_") => format!("{value:.0}"),
                value if value.abs() < 1e4 => significant(value, 4),
                value => size(format!("{value:.4e}").parse().unwrap_or(value)),
            };
            let run = whole_run(cost).map_or_else(String::new, |flop| format!("{flop:.3e} in all"));
            let description = styled(style::DIM, format!("  {}", cost.description));
            table.row([cost.name.as_str().into(), value.into(), run.into(), description]);
        }
        out += &format!(
            "\n{}\n{}",
            paint(style::DIM, same.first().map_or("", |cost| cost.title.as_str())),
            table.render(2)
        );
    }
    out
}
