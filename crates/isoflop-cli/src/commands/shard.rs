//! `isoflop shard`.

use std::path::Path;

use isoflop_fit::Verdict;
use isoflop_laws::Catalogue;
use isoflop_study::{
    Job, Listener, Shard, Source, StudyError, Work, catalogue, fit_json, holding, read_table, shard_name,
};

use crate::args::{Format, ShardArgs, ShardCommand, ShardMergeArgs, ShardPlanArgs, ShardRunArgs};
use crate::errors::{CliError, Failure};
use crate::messages::Messages;
use crate::output;
use crate::output::number::counted;
use crate::progress::Bar;
use crate::save::Target;

/// Plans, runs or merges.
pub(crate) fn run(args: &ShardArgs, messages: &Messages) -> Result<u8, Failure> {
    match &args.command {
        ShardCommand::Plan(args) => plan(args, messages),
        ShardCommand::Run(args) => one(args, messages),
        ShardCommand::Merge(args) => merge(args, messages),
    }
}

fn plan(args: &ShardPlanArgs, messages: &Messages) -> Result<u8, Failure> {
    let fit = &args.fit;
    let laws = laws(fit.law.as_deref(), fit.laws.as_deref(), messages)?;
    let target = Target::check(&args.output)?;
    let reading = fit.table.reading.as_texts(&fit.table.maps);
    let source = if args.embed || fit.runs.iter().any(|name| name == "-") {
        Source::rows(&read_table(&fit.runs, &reading.options()?, messages)?)
    } else {
        Source::Files { files: fit.runs.clone(), reading }
    };
    let command = command(std::env::args_os().map(|word| word.to_string_lossy().into_owned()));
    let (request, folder, shards) = (fit.request(), fit.laws.clone(), args.shards);
    let job = match &args.each {
        Some(by) => Job::plan_groups(source, request, by, folder, shards, command, &laws, messages)?,
        None => Job::plan(source, request, folder, shards, command, &laws, messages, &Bar::new(messages))?,
    };
    target.write(job.to_json())?;
    messages.info(&format!(
        "{}: {} in {}; run each with `isoflop shard run {} --shard K/{} -o DIR`",
        args.output.display(),
        counted(job.tasks(), if args.each.is_some() { "fit" } else { "replicate" }),
        counted(job.shards, "shard"),
        args.output.display(),
        job.shards
    ));
    Ok(0)
}

/// The command line of the same fit on one machine, from that of the plan.
fn command(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut kept = Vec::new();
    let mut words = words;
    while let Some(word) = words.next() {
        match word.as_str() {
            "shard" if kept.len() == 1 => {}
            "plan" if kept.len() == 1 => kept.push("fit".to_owned()),
            "--embed" => {}
            "--shards" | "--output" | "-o" | "--each" => {
                words.next();
            }
            other if ["--shards=", "--output=", "--each="].iter().any(|o| other.starts_with(o)) => {}
            other if other.starts_with("-o") && !other.starts_with("--") => {}
            _ => kept.push(word),
        }
    }
    kept
}

fn one(args: &ShardRunArgs, messages: &Messages) -> Result<u8, Failure> {
    let job = read_job(&args.job)?;
    let shard = args.shard.shard;
    if let Some(of) = args.shard.of.filter(|of| *of != job.shards) {
        return Err(CliError::OtherShards { said: of, shards: job.shards }.into());
    }
    job.numbers(shard)?;
    let fail = |error: std::io::Error| CliError::CannotSave {
        path: args.output.display().to_string(),
        reason: error.to_string(),
    };
    std::fs::create_dir_all(&args.output).map_err(fail)?;
    let path = args.output.join(shard_name(shard, job.shards));
    let name = path.display().to_string();
    if let Ok(text) = std::fs::read_to_string(&path) {
        match Shard::from_json(&name, &text, &job, shard) {
            Ok(_) => {
                messages.info(&format!("{name} is there and whole: nothing to do"));
                return Ok(0);
            }
            Err(error) => messages.warning(&format!("{error}, which is done now")),
        }
    }
    let target = Target::check(&path)?;
    let laws = laws(job.request.law.as_deref(), job.laws.as_deref(), messages)?;
    let solved = job.run(shard, args.threads, &laws, &Bar::new(messages))?;
    target.write(solved.to_json())?;
    messages.info(&format!("{name}: {}", counted(solved.results.count(), "task")));
    Ok(0)
}

fn merge(args: &ShardMergeArgs, messages: &Messages) -> Result<u8, Failure> {
    let job = read_job(&args.job)?;
    let target = args.output.as_deref().map(Target::check).transpose()?;
    let mut shards = Vec::new();
    for shard in 1..=job.shards {
        let path = args.folder.join(shard_name(shard, job.shards));
        // What is not there is told all at once by the merge.
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        shards.push(Shard::from_json(&path.display().to_string(), &text, &job, shard)?);
    }
    if let Work::Groups { by, .. } = &job.work {
        let fits = job.fits(&shards)?;
        if let Some(target) = target {
            target.write(format!("{:#}\n", output::groups::json(by, &fits)))?;
        }
        match args.format {
            Format::Text => output::print(&output::groups::text(by, &fits))?,
            Format::Json => output::print_json(&output::groups::json(by, &fits))?,
        }
        return Ok(0);
    }
    let laws = laws(job.request.law.as_deref(), job.laws.as_deref(), messages)?;
    let finished = job.merge(&shards, None, args.threads, &laws, messages, &Bar::new(messages))?;
    if let Some(target) = target {
        target.write(finished.saved(job.command.clone()).to_json()?)?;
    }
    match args.format {
        Format::Text => output::print(&output::fit_text::report(&finished))?,
        Format::Json => output::print_json(&fit_json(&finished))?,
    }
    if finished.fit.certificate.verdict == Verdict::NotCertified {
        messages.warning("the fit is not certified");
    }
    Ok(0)
}

fn read_job(path: &Path) -> Result<Job, StudyError> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| StudyError::CannotRead { path: name.clone(), reason: error.to_string() })?;
    Job::from_json(&name, &text)
}

/// A catalogue that knows the law.
fn laws(law: Option<&str>, folder: Option<&Path>, messages: &Messages) -> Result<Catalogue, Failure> {
    Ok(match law {
        Some(name) if !name.contains('~') => holding(name, folder, messages)?,
        _ => catalogue(folder, messages)?,
    })
}

#[cfg(test)]
mod tests {
    use super::command;

    #[test]
    fn the_plan_becomes_the_fit() {
        let words = "isoflop shard plan runs.csv --law x --shards 4 -o job.json --embed --seed=3 --output=a";
        let kept = command(words.split(' ').map(str::to_owned));
        assert_eq!(kept.join(" "), "isoflop fit runs.csv --law x --seed=3");
    }
}
