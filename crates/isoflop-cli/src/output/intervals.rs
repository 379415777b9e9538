//! How intervals were made and how sure they are, as text.

use isoflop_fit::{Fit, Interval, Posterior};

use crate::output::number::{counted, percent, significant};
use crate::output::style::{self, paint};
use crate::output::table::{Align, Table, styled};

/// Above this the chains do not agree.
const AGREED: f64 = 1.01;

/// The lines below the parameters.
pub(crate) fn text(fit: &Fit, interval: &Interval) -> String {
    let clusters =
        interval.clusters.map_or_else(String::new, |count| format!(", {}", counted(count, "cluster")));
    let mut out = format!("intervals: {}{clusters}", interval.method);
    if let Some(ends) = interval.ends {
        out += &format!(", {} ends", ends.name());
    }
    out += &match &interval.posterior {
        Some(posterior) => format!(", {} chains of {} draws", posterior.chains, posterior.draws),
        None if interval.ends.is_some() => format!(
            ", {} of {} replicates solved to certificate tolerance",
            interval.certified, interval.replicates
        ),
        None if interval.replicates > 0 => format!(", {} draws", interval.replicates),
        None => String::new(),
    };
    out += "\n";
    if let Some(line) = precision(fit, interval) {
        out += &format!("  {line}\n");
    }
    if let Some(posterior) = &interval.posterior {
        out += &sampled(posterior);
    }
    out
}

/// How far the ends would move with another seed and with other runs, for the worst of the intervals.
fn precision(fit: &Fit, interval: &Interval) -> Option<String> {
    let ends = |name: &str| {
        let parameters = fit.parameters.iter().map(|p| (&p.name, p.low, p.high));
        let derived = fit.derived.iter().map(|d| (&d.name, d.low, d.high));
        let found = parameters.chain(derived).find(|(known, ..)| *known == name)?;
        Some(found.2? - found.1?).filter(|width| *width > 0.0)
    };
    let largest = |part: &dyn Fn(&isoflop_fit::Precision) -> Option<f64>| {
        let parts = interval.precision.iter().filter_map(|p| Some((part(p)?, &p.name)));
        parts.filter(|(x, _)| x.is_finite()).max_by(|a, b| a.0.total_cmp(&b.0))
    };
    let (seed, name) = largest(&|p| Some(p.low_error.max(p.high_error) / ends(&p.name)?))?;
    let mut line = format!("another seed moves an end by {} of the width ({name} most)", percent(seed));
    if let Some((other, name)) = largest(&|p| p.width_error) {
        line += &format!("; other runs change a width by {} ({name} most)", percent(other));
    }
    Some(line)
}

/// Priors and diagnostics of a sampler.
fn sampled(posterior: &Posterior) -> String {
    let mut out =
        format!("  noise: Student, its degrees of freedom fitted; priors: {}\n", posterior.priors.join(", "));
    let mut table = Table::new([Align::Left]);
    let heading = ["posterior", "median", "sd", "R-hat", "ESS bulk", "ESS tail"];
    table.row(heading.map(|text| styled(style::DIM, text)));
    for s in &posterior.summary {
        let rhat = format!("{:.3}", s.rhat);
        table.row([
            styled(style::BOLD, s.name.as_str()),
            significant(s.median, 4).into(),
            significant(s.sd, 2).into(),
            if s.rhat > AGREED { styled(style::WARN, rhat) } else { rhat.into() },
            format!("{:.0}", s.ess_bulk).into(),
            format!("{:.0}", s.ess_tail).into(),
        ]);
    }
    out += &table.render(2);
    let divergences = counted(posterior.divergences, "divergence");
    let divergences = if posterior.divergences > 0 { paint(style::WARN, &divergences) } else { divergences };
    out += &format!("  {divergences}, acceptance {:.2}\n", posterior.acceptance);
    if let Some(loo) = &posterior.loo {
        out += &format!(
            "  leave-one-out log density {} ± {}, effective parameters {:.1}, worst Pareto k {:.2}",
            significant(loo.elpd, 5),
            significant(loo.error, 2),
            loo.parameters,
            loo.worst
        );
        out += &match loo.bad {
            0 => "\n".to_owned(),
            bad => format!(" ({} above 0.7: not to be relied on)\n", counted(bad, "row")),
        };
    }
    out
}
