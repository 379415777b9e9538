//! Streams, colours, laws, completions and the tour.

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use support::{Ended, Place};

#[test]
fn laws_are_listed_found_and_shown() {
    let place = Place::new();
    let all = place.ok(&["laws"]).stdout;
    for id in ["chinchilla", "kaplan_nd", "bnsl3", "vit_double_saturating"] {
        assert!(all.lines().any(|line| line.starts_with(id)), "{id}");
    }
    let found = place.json(&["laws", "chinchilla", "--format", "json"]);
    assert_eq!(found["schema_version"], 1);
    let first = &found["laws"][0];
    let keys: Vec<&str> = first.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "title", "formula", "inputs", "output", "area", "grade", "decision", "aliases"]);
    assert_eq!(first["id"], "chinchilla");

    let shown = place.ok(&["laws", "show", "chinchilla"]).stdout;
    for part in ["loss ~ E + A / N^alpha + B / D^beta", "a_opt", "besiroglu", "known criticism", "arXiv"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    let json = place.json(&["laws", "show", "chinchilla", "--format", "json"]);
    assert_eq!(json["parameters"][0]["name"], "E");
    assert!(json["coefficients"].as_array().unwrap().len() > 2);
    let nothing = place.ok(&["laws", "zebra"]);
    assert!(nothing.stdout.is_empty() && nothing.stderr.contains("zebra"));
}

#[test]
fn coefficients_from_memory_are_never_shown_as_published() {
    let place = Place::new();
    let laws = place.json(&["laws", "--format", "json"]);
    let mut hints = 0;
    for law in laws["laws"].as_array().unwrap() {
        let id = law["id"].as_str().unwrap();
        let shown = place.ok(&["laws", "show", id]).stdout;
        let json = place.json(&["laws", "show", id, "--format", "json"]);
        for set in json["coefficients"].as_array().unwrap() {
            let from_memory = set["grade"] == "M";
            hints += usize::from(from_memory);
            assert_eq!(from_memory, set["values"].is_null(), "{id}");
            if from_memory {
                let name = set["id"].as_str().unwrap();
                assert!(shown.contains(&format!("{name}: from memory, starting hint only")), "{id}\n{shown}");
            }
        }
    }
    println!("{hints} sets from memory");
}

#[test]
fn a_folder_of_own_laws_joins_in() {
    let place = Place::with_runs();
    std::fs::create_dir(place.path("mine")).unwrap();
    place.write("mine/broken.md", "no front matter");
    let args = ["fit", "runs.csv", "--law", "chinchilla", "--laws", "mine"];
    assert!(place.refused(&args).contains("broken.md:1"));
}

#[test]
fn colour_only_where_it_is_wanted() {
    let place = Place::new();
    let run = |args: &[&str], env: &[(&str, &str)]| -> Ended {
        let mut command = place.command(args);
        command.envs(env.iter().copied()).output().unwrap().into()
    };
    let has_colour = |ended: &Ended| ended.stdout.contains('\x1b');
    assert!(!has_colour(&run(&["laws"], &[])), "a pipe");
    assert!(has_colour(&run(&["laws", "--color", "always"], &[])));
    assert!(has_colour(&run(&["laws"], &[("CLICOLOR_FORCE", "1")])));
    assert!(!has_colour(&run(&["laws"], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")])));
    assert!(!has_colour(&run(&["laws", "--color", "never"], &[("CLICOLOR_FORCE", "1")])));
    assert!(!run(&["laws", "show", "x"], &[("NO_COLOR", "1")]).stderr.contains('\x1b'));
    assert!(run(&["laws", "show", "x", "--color", "always"], &[]).stderr.contains('\x1b'));
}

#[test]
fn a_closed_pipe_is_quiet() {
    let place = Place::new();
    let mut child = place
        .command(&["laws", "show", "chinchilla"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn help_and_version_go_to_stdout() {
    let place = Place::new();
    assert!(place.ok(&["--version"]).stdout.starts_with("isoflop "));
    for args in [
        &["--help"][..],
        &["fit", "--help"],
        &["predict", "--help"],
        &["laws", "--help"],
        &["laws", "show", "-h"],
    ] {
        let ended = place.ok(args);
        assert!(ended.stdout.contains("Usage: isoflop") && ended.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn completions_for_every_shell() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(place.ok(&["completions", shell]).stdout.contains("bootstrap"), "{shell}");
    }
}

#[test]
fn the_demo_runs_anywhere_and_writes_nothing() {
    let place = Place::new();
    let ended = place.ok(&["demo"]);
    for part in [
        "$ isoflop fit runs.csv",
        "90 % interval",
        "certificate: certified",
        "$ isoflop predict",
        "times above",
        "not certified",
    ] {
        assert!(ended.stdout.contains(part), "{part}\n{}", ended.stdout);
    }
    assert_eq!(ended.stderr, "");
    assert!(place.files().is_empty());
}

#[test]
fn the_commands_of_the_demo_give_what_it_shows() {
    let place = Place::new();
    let shown = place.ok(&["demo"]).stdout;
    place.write("runs.csv", place.ok(&["demo", "--runs"]).stdout);
    let real =
        place.ok(&["fit", "runs.csv", "--law", "chinchilla", "--cluster", "N", "--save", "fit.json"]).stdout;
    assert!(shown.contains(&real), "{shown}\n---\n{real}");
    let points = place.ok(&["predict", "fit.json", "--at", "N=1M,D=4M", "--at", "N=4M,D=16M"]).stdout;
    let table = points.split_once('\n').unwrap().1;
    assert!(shown.contains(table), "{shown}\n---\n{table}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_fit_leaves_no_file() {
    let place = Place::with_runs();
    let mut child = place
        .command(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "1M", "--save", "fit.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap() == "columns:"), "the fit is about to start");
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(place.files(), ["runs.csv"]);
}

#[test]
fn laws_for_a_table_says_what_it_identifies_and_what_it_lacks() {
    let place = Place::with_runs();
    let found = place.json(&["laws", "for", "runs.csv", "--format", "json"]);
    let law = |id: &str| {
        found["laws"]
            .as_array()
            .unwrap()
            .iter()
            .find(|law| law["id"] == id)
            .unwrap_or_else(|| panic!("{id}"))
            .clone()
    };
    assert_eq!(law("chinchilla")["identified"], true);
    assert_eq!(law("chinchilla")["fit"]["parameters"], 5);
    assert_eq!(law("kaplan_ns")["missing"], serde_json::json!(["S"]));
    let text = place.ok(&["laws", "for", "runs.csv"]).stdout;
    assert!(text.contains("the table identifies") && text.contains("lacks S"), "{text}");
}

#[test]
fn citations_are_bibtex() {
    let place = Place::new();
    let text = place.ok(&["laws", "cite", "chinchilla"]).stdout;
    assert!(text.starts_with("@misc{hoffmann_2022,\n") && text.contains("eprint = {2203.15556}"), "{text}");
}

#[test]
fn a_law_that_is_wrong_fails_its_check() {
    let place = Place::new();
    let sound = place.ok(&["laws", "check", "chinchilla"]).stdout;
    assert!(sound.contains("chinchilla") && sound.contains("1 laws, 0 failed"), "{sound}");
    std::fs::create_dir_all(place.path("mine/base")).unwrap();
    let text = place.ok(&["laws", "show", "kaplan_c", "--format", "json"]);
    assert!(text.stdout.contains("kaplan_c"));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../laws/base/kaplan_c.md");
    let wrong = std::fs::read_to_string(file).unwrap().replace("\nvalue = ", "\nvalue = 1");
    std::fs::write(place.path("mine/base/kaplan_c.md"), wrong).unwrap();
    let output = place.run(&["laws", "check", "--laws", "mine"]);
    assert_eq!(output.code, Some(3), "{}", output.stdout);
    assert!(output.stdout.contains("FAILED") && output.stdout.contains("is off by"), "{}", output.stdout);
}
