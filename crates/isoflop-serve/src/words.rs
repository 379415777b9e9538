//! The same job on the command line and in Python, to be copied.

use crate::ask::{Ask, Kind};
use crate::jobs::Job;

/// A finished fit as a file, in commands that need one.
const SAVED: &str = "fit.json";

/// The words of the command that does what a job does.
pub(crate) fn command(job: &Job) -> Vec<String> {
    let ask = &job.ask;
    let (request, options) = (&ask.request, &ask.options);
    let mut words = Words(vec!["isoflop".to_owned()]);
    match ask.kind {
        Kind::Laws => {
            words.0.extend(["laws", "for"].map(str::to_owned));
            words.0.extend(job.runs.iter().cloned());
            words.all("map", &request.maps);
            words.all("let", &request.lets);
            return words.0;
        }
        Kind::Plan => {
            words.0.push("plan".to_owned());
            words.0.extend(options.plan.iter().cloned());
            let fit = options.fit.as_ref().map(|_| SAVED.to_owned());
            words.0.extend(fit.or_else(|| options.model.clone()));
        }
        _ => {
            words.0.push(ask.kind.name().to_owned());
            words.0.extend(job.runs.iter().cloned());
            if job.runs.is_empty() {
                words.0.extend(options.model.iter().cloned());
            }
        }
    }
    match ask.kind {
        Kind::Compare => words.one("laws", &listed(ask)),
        Kind::Backtest => words.one("law", &listed(ask)),
        Kind::Plan => {}
        _ => words.some("law", request.law.as_deref()),
    }
    words.all("map", &request.maps);
    words.all("let", &request.lets);
    words.all("where", &request.filters);
    words.some("weight", request.weight.as_deref());
    words.some("cluster", request.cluster.as_deref());
    words.some("objective", request.objective.as_deref());
    words.some("delta", request.delta.map(|x| x.to_string()).as_deref());
    words.all("fix", &request.fixed);
    words.all("bound", &request.bounds);
    words.all("tie", &request.ties);
    words.some("starts", request.starts.as_deref());
    words.some("bootstrap", request.bootstrap.map(|x| x.to_string()).as_deref());
    words.some("interval", request.interval.as_deref());
    words.all("prior", &request.priors);
    words.some("level", request.level.map(|x| x.to_string()).as_deref());
    words.some("seed", request.seed.map(|x| x.to_string()).as_deref());
    words.all("of", &request.quantities);
    words.all("of", &options.of);
    words.some("by", options.by.as_deref());
    words.some("cuts", options.cuts.as_deref());
    words.some("leave-out", options.leave_out.as_deref());
    if options.leave_largest {
        words.0.push("--leave-largest".to_owned());
    }
    words.some("arm", options.arm.as_deref());
    words.some("budget", options.budget.map(|x| format!("{x:e}")).as_deref());
    words.all("goal", &options.goals);
    words.some("cost", options.cost.as_deref());
    words.all("limit", &options.limits);
    words.all("keep", &options.keep);
    words.some("largest", options.largest.map(|x| format!("{x:e}")).as_deref());
    words.some("noise", options.noise.map(|x| x.to_string()).as_deref());
    words.some("minimize", options.minimize.as_deref());
    words.some("maximize", options.maximize.as_deref());
    words.some("over", Some(options.over.join(",")).filter(|over| !over.is_empty()).as_deref());
    words.all("subject-to", &options.constraints);
    words.all("given", &options.given);
    words.some("hardware", options.hardware.as_deref());
    words.all("report", &options.report);
    if ask.kind == Kind::Fit {
        words.one("save", SAVED);
    }
    words.0
}

/// The words of the command that writes the report of a fit with results in these files.
pub(crate) fn report<'a>(job: &Job, with: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words = Words(command(job));
    if let Some(verb) = words.0.get_mut(1) {
        *verb = "report".to_owned();
    }
    with.for_each(|name| words.one("with", name));
    words.0.extend(["-o", "report.html"].map(str::to_owned));
    words.0
}

fn listed(ask: &Ask) -> String {
    ask.laws().join(",")
}

struct Words(Vec<String>);

impl Words {
    fn one(&mut self, name: &str, value: &str) {
        self.0.push(format!("--{name}"));
        self.0.push(value.to_owned());
    }

    fn some(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.one(name, value);
        }
    }

    fn all(&mut self, name: &str, values: &[String]) {
        values.iter().for_each(|value| self.one(name, value));
    }
}

/// Words as a line for a shell.
pub(crate) fn line(words: &[String]) -> String {
    let plain = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./:,=+@%".contains(&b))
    };
    let quoted = words.iter().map(|word| match plain(word) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// The same in Python; `None` for what the package has no call for.
pub(crate) fn python(job: &Job) -> Option<String> {
    let ask = &job.ask;
    let (request, options) = (&ask.request, &ask.options);
    let mut call: Vec<String> = Vec::new();
    let runs = match job.runs.as_slice() {
        [only] => text(only),
        many => list(many),
    };
    let function = match ask.kind {
        Kind::Fit => {
            call.extend([runs, text(request.law.as_deref()?)]);
            "fit"
        }
        Kind::Compare => {
            call.extend([runs, list(&ask.laws())]);
            "compare"
        }
        Kind::Backtest => {
            call.extend([runs, list(&ask.laws())]);
            "backtest"
        }
        Kind::Plan if options.fit.is_none() && options.model.is_none() => return rules(job),
        Kind::Plan => {
            call.push(options.model.as_deref().map_or_else(|| text(SAVED), text));
            call.extend(options.plan.as_deref().map(text));
            "plan"
        }
        Kind::Methods | Kind::Influence | Kind::Audit | Kind::Profile | Kind::Contrast | Kind::Next => {
            call.push(if job.runs.is_empty() { text(options.model.as_deref()?) } else { runs });
            if ask.kind == Kind::Contrast {
                call.extend(options.arm.as_deref().map(text));
            }
            call.extend(request.law.as_deref().map(text));
            match ask.kind {
                Kind::Methods => "methods",
                Kind::Influence => "influence",
                Kind::Audit => "audit",
                Kind::Profile => "profile",
                Kind::Contrast => "contrast",
                _ => "next_runs",
            }
        }
        Kind::Laws => return None,
    };
    let mut named =
        |name: &str, value: Option<String>| call.extend(value.map(|value| format!("{name}={value}")));
    named("map", pairs(&request.maps));
    named("let", pairs(&request.lets));
    named("where", some_list(&request.filters));
    for (name, value) in [
        ("weight", &request.weight),
        ("cluster", &request.cluster),
        ("objective", &request.objective),
        ("starts", &request.starts),
        ("interval", &request.interval),
        ("by", &options.by),
        ("leave_out", &options.leave_out),
        ("cost", &options.cost),
        ("minimize", &options.minimize),
        ("maximize", &options.maximize),
        ("hardware", &options.hardware),
    ] {
        named(name, value.as_deref().map(text));
    }
    named("fix", (!request.fixed.is_empty()).then(|| numbers(&request.fixed)));
    named("tie", pairs(&request.ties));
    named("delta", request.delta.map(|x| x.to_string()));
    named("bootstrap", request.bootstrap.map(|x| x.to_string()));
    named("level", request.level.map(|x| x.to_string()));
    named("seed", request.seed.map(|x| x.to_string()));
    named("of", some_list(&options.of));
    named("budget", options.budget.map(|x| format!("{x:e}")));
    named("goal", some_list(&options.goals));
    named("limits", (!options.limits.is_empty()).then(|| limits(&options.limits)));
    named("keep", some_list(&options.keep));
    named("largest", options.largest.map(|x| format!("{x:e}")));
    named("noise", options.noise.map(|x| x.to_string()));
    named("over", some_list(&options.over));
    named("subject_to", some_list(&options.constraints));
    named("given", (!options.given.is_empty()).then(|| numbers(&options.given)));
    Some(format!("import isoflop as iso\n\niso.{function}({})", call.join(", ")))
}

/// A table of published rules, whose values are keywords; `None` for a plan about a law of its own.
fn rules(job: &Job) -> Option<String> {
    let options = &job.ask.options;
    let outcome = job.outcome().ok()?;
    outcome.json.get("rules")?;
    let value = |value: &String| {
        let (name, rest) = value.split_once('=')?;
        let number = isoflop_formula::parse_number(rest.trim());
        Some(format!("{}={}", name.trim(), number.map_or_else(|| text(rest.trim()), |x| format!("{x:e}"))))
    };
    let given = options.given.iter().map(value).collect::<Option<Vec<_>>>()?;
    let call: Vec<String> = options.plan.as_deref().map(text).into_iter().chain(given).collect();
    Some(format!("import isoflop as iso\n\niso.rules({})", call.join(", ")))
}

/// `{"N": (1e6, 1e9)}` from `N=1M..1B`.
fn limits(values: &[String]) -> String {
    let number =
        |end: &str| isoflop_formula::parse_number(end.trim()).map_or_else(|| text(end), |x| format!("{x:e}"));
    let pair = |value: &String| {
        let (name, rest) = value.split_once('=').unwrap_or((value, ""));
        let (low, high) = rest.split_once("..").unwrap_or((rest, rest));
        format!("{}: ({}, {})", text(name.trim()), number(low), number(high))
    };
    format!("{{{}}}", values.iter().map(pair).collect::<Vec<_>>().join(", "))
}

/// A Python string.
fn text(value: &str) -> String {
    let mut out = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            letter => out.push(letter),
        }
    }
    out + "\""
}

fn list(values: &[String]) -> String {
    format!("[{}]", values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", "))
}

fn some_list(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| list(values))
}

/// `{"loss": "val_loss"}` from `loss=val_loss`.
fn pairs(values: &[String]) -> Option<String> {
    let pair = |value: &String| {
        let (name, rest) = value.split_once('=').unwrap_or((value, ""));
        format!("{}: {}", text(name.trim()), text(rest.trim()))
    };
    (!values.is_empty()).then(|| format!("{{{}}}", values.iter().map(pair).collect::<Vec<_>>().join(", ")))
}

/// `{"E": 1.69}` from `E=1.69`.
fn numbers(values: &[String]) -> String {
    let pair = |value: &String| {
        let (name, rest) = value.split_once('=').unwrap_or((value, ""));
        let number = isoflop_formula::parse_number(rest.trim());
        format!("{}: {}", text(name.trim()), number.map_or_else(|| text(rest.trim()), |x| format!("{x:e}")))
    };
    format!("{{{}}}", values.iter().map(pair).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        let words = ["isoflop", "fit", "my runs.csv", "loss ~ E + 'x'"].map(str::to_owned);
        assert_eq!(line(&words), r"isoflop fit 'my runs.csv' 'loss ~ E + '\''x'\'''");
    }

    #[test]
    fn python_texts_are_quoted() {
        assert_eq!(text("a\"b\\c\n"), "\"a\\\"b\\\\c\\n\"");
        assert_eq!(pairs(&["D = C / (6*N)".to_owned()]).unwrap(), "{\"D\": \"C / (6*N)\"}");
        assert_eq!(numbers(&["U=25B".to_owned()]), "{\"U\": 2.5e10}");
    }
}
