//! A plan in words: one paragraph for every front end.

use crate::result::{Method, Plan, Range};

impl Plan {
    /// What to take, what it gives, how flat the optimum is, whether it is proved, and what it costs to be wrong: one
    /// paragraph.
    pub fn verdict(&self) -> String {
        let mut sentences = vec![self.choice()];
        let is_wide = |range: &&Range| range.low.zip(range.high).is_some_and(|(low, high)| high > 1.01 * low);
        if let Some(range) = self.indifference.iter().find(is_wide) {
            let end = |x: Option<f64>| x.map_or_else(|| "?".to_owned(), size);
            let part = percent(self.tolerance);
            sentences.push(format!(
                "With {} from {} to {} no more than {part} is lost.",
                range.name,
                end(range.low),
                end(range.high)
            ));
        }
        // What a law predicts at one point needs no proof.
        if self.method != Method::Root || !self.constraints.is_empty() {
            sentences.push(self.ground());
        }
        sentences.extend(self.price_of_being_wrong());
        let beyond: Vec<String> = self
            .warnings
            .iter()
            .filter_map(|w| w.outside.as_ref())
            .map(|out| {
                format!(
                    "{} {} times {}",
                    out.name,
                    digits(out.ratio, 2),
                    if out.value > out.high { "above" } else { "below" }
                )
            })
            .collect();
        if !beyond.is_empty() {
            let are_runs = self.warnings.iter().all(|w| w.outside.is_none() || w.code == "outside-the-runs");
            let range = if are_runs { "of the runs" } else { "in which the law was measured" };
            sentences.push(format!("This leaves the range {range}: {}.", beyond.join(", ")));
        }
        sentences.join(" ")
    }

    fn choice(&self) -> String {
        let list: Vec<String> =
            self.decision.iter().map(|d| format!("{} = {}", d.name, size(d.estimate))).collect();
        let objective = &self.objective;
        if self.decision.iter().any(|d| d.name == objective.name) {
            let ends = objective.low.zip(objective.high);
            let interval = ends.map_or_else(String::new, |(low, high)| {
                format!(" ({} interval {} to {})", percent(self.level), size(low), size(high))
            });
            let verb = if self.method == Method::Root { "The answer is" } else { "The best is" };
            return format!("{verb} {}{interval}.", list.join(", "));
        }
        format!("Take {}: {} is then {}.", list.join(", "), objective.name, size(objective.estimate))
    }

    fn ground(&self) -> String {
        match (self.method, self.gap) {
            (Method::GeometricProgram, Some(gap)) => format!(
                "No other choice is better: a dual bound proves it to a relative {}.",
                if gap < 1e-15 { "1e-15".to_owned() } else { digits(gap, 1) }
            ),
            (Method::Convex, Some(gap)) => format!(
                "No other mixture is better: the objective is convex in the shares, and its tangent proves it to a relative {}.",
                if gap < 1e-15 { "1e-15".to_owned() } else { digits(gap, 1) }
            ),
            (Method::Root, Some(_)) => "The form of the equation allows no other answer.".to_owned(),
            (Method::Root, None) if self.starts.0 > 1 => {
                format!(
                    "A scan found {} solutions; this is the smallest that meets all constraints.",
                    self.starts.0
                )
            }
            (Method::Root, None) => "A scan found no other solution; that is no proof.".to_owned(),
            _ if self.scanned > 0 => format!(
                "{} of {} searches ended here, and none of {} mixtures of a scan is better; that is no proof.",
                self.starts.1, self.starts.0, self.scanned
            ),
            _ => format!(
                "{} of {} searches ended here and none found better; that is no proof.",
                self.starts.1, self.starts.0
            ),
        }
    }

    fn price_of_being_wrong(&self) -> Option<String> {
        let regret = self.regret.as_ref()?;
        if regret.high <= 1e-9 * self.objective.estimate.abs() {
            return Some("Every replicate would choose the same.".to_owned());
        }
        Some(format!(
            "Were one of the replicates the truth, this choice would cost {} of {} on average, and less than {} in {} of them.",
            digits(regret.mean, 2),
            self.objective.name,
            digits(regret.high, 2),
            percent(self.level)
        ))
    }
}

/// A number with this many significant digits.
fn digits(value: f64, count: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let places = count - 1 - value.abs().log10().floor() as i32;
    if (1e-4..1e7).contains(&value.abs()) {
        format!("{value:.*}", places.max(0) as usize)
    } else {
        format!("{value:.*e}", (count - 1) as usize)
    }
}

/// Four or five digits, with a suffix where it is a size: `31.24B`.
fn size(value: f64) -> String {
    const SUFFIXES: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    if value.fract() == 0.0 && value.abs() < 1e4 {
        return value.to_string();
    }
    let rounded: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    match SUFFIXES.into_iter().find(|(unit, _)| (1e4..1e15).contains(&rounded) && rounded >= *unit) {
        Some((unit, suffix)) => {
            format!("{}{suffix}", digits(rounded / unit, 4).trim_end_matches('0').trim_end_matches('.'))
        }
        None => digits(value, 5),
    }
}

fn percent(share: f64) -> String {
    let text = digits(100.0 * share, 4);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(size(3.1239e10), "31.24B");
        assert_eq!(size(2e9), "2B");
        assert_eq!(size(1.4e12), "1.4T");
        assert_eq!(size(123_456.0), "123.5k");
        assert_eq!(size(1.97388), "1.9739");
        assert_eq!(size(12.0), "12");
        assert_eq!(size(1e24), "1.0000e24");
        assert_eq!([percent(0.005), percent(0.9), percent(0.995)], ["0.5 %", "90 %", "99.5 %"]);
        assert_eq!(digits(0.004321, 2), "0.0043");
    }
}
