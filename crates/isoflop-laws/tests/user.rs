//! Laws from a user's folder, and every kind of mistake in a law file.

#![allow(clippy::unwrap_used)] // The helpers of the tests too.

use std::fs;
use std::path::Path;

use isoflop_laws::{Catalogue, Law, LawError, Origin};

const GOOD: &str = r#"+++
id = "mine"
title = "Mine"
area = "lab"
aliases = ["my_law"]
grade = "V1"
formula = "loss ~ E + A / N^alpha"
counting = "N: all parameters"

[inputs.N]
unit = "param"
description = "Parameters"

[output.loss]
unit = "nat/token"
description = "Loss"

[parameters.E]
lower = 0
description = "Floor"

[parameters.A]
lower = 0
description = "Size"

[parameters.alpha]
lower = 0
upper = 2
description = "Exponent"

[derived.half]
formula = "2^(1 / alpha)"
description = "Factor of N that halves the reducible loss"

[[citations]]
id = "me_2025"
authors = "Me"
year = 2025
title = "Notes"

[[coefficients]]
id = "lab"
title = "Ours"
grade = "V1"
source = "me_2025"
place = "Table 1"
values = { E = 1.5, A = "2 * 50", alpha = 0.3 }

[design]
coefficients = "lab"
noise = 0.01
inputs = { N = [1e6, 1e7, 1e8] }

[[golden]]
coefficients = "lab"
inputs = { N = 1e6 }
value = 3.0848931924611
tolerance = 1e-12
source = "by hand"
+++

## What it says

Words.

## When it holds

Words.

## How it is fitted

Words.

## Known criticism

Words.

## Citation

Words.
"#;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_user_law_behaves_like_a_built_in_one() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "lab/mine.md", &format!("\u{feff}{}", GOOD.replace('\n', "\r\n")));
    write(folder.path(), "README.md", "not a law");
    let catalogue = Catalogue::builtin().unwrap().with_dir(folder.path()).unwrap();
    let law = catalogue.find("MY-law").unwrap();
    assert_eq!(law.id, "mine");
    assert_eq!(law.origin, Origin::File(folder.path().join("lab/mine.md")));
    assert!(catalogue.overridden().is_empty());
    assert!(catalogue.search("mine").iter().any(|found| found.id == "mine"));
    let values = law.coefficients("lab").unwrap().complete().unwrap();
    let golden = &law.golden[0];
    let value = law.predict(values, &golden.inputs).unwrap();
    assert!((value / golden.value - 1.0).abs() < golden.tolerance, "{value}");
    assert!((law.derive("half", values, &[]).unwrap() - 2f64.powf(1.0 / 0.3)).abs() < 1e-12);
    assert_eq!(law.prose.criticism, "Words.");
    let names: Vec<&str> = law.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    assert_eq!(names, ["E", "A", "alpha"]);
    assert_eq!(law.formula().symbols.params[2].upper, 2.0);
}

#[test]
fn a_user_law_replaces_the_built_in_one_and_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "chinchilla.md",
        &GOOD.replace("\"mine\"", "\"chinchilla\"").replace("my_law", "besiroglu"),
    );
    let builtin = Catalogue::builtin().unwrap();
    let count = builtin.laws().len();
    let catalogue = builtin.with_dir(folder.path()).unwrap();
    assert_eq!(catalogue.laws().len(), count);
    assert_eq!(catalogue.find("chinchilla").unwrap().title, "Mine");
    assert_eq!(catalogue.find("besiroglu").unwrap().title, "Mine");
    let [overridden] = catalogue.overridden() else { panic!("one law is replaced") };
    assert_eq!(overridden.id, "chinchilla");
    assert_eq!(overridden.from, Origin::BuiltIn);
    assert_eq!(overridden.by, folder.path().join("chinchilla.md"));
}

#[test]
fn folders_that_cannot_serve() {
    let builtin = Catalogue::builtin().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let error = builtin.clone().with_dir(folder.path()).unwrap_err();
    assert!(matches!(error.0[..], [LawError::NoLaws { .. }]), "{error}");
    let error = builtin.clone().with_dir(folder.path().join("absent")).unwrap_err();
    assert!(matches!(error.0[..], [LawError::Io { .. }]), "{error}");
    write(folder.path(), "mine.md", GOOD);
    write(folder.path(), "lab/mine.md", GOOD);
    let error = builtin.clone().with_dir(folder.path()).unwrap_err();
    assert!(matches!(error.0[..], [LawError::SameId { .. }]), "{error}");
    fs::write(folder.path().join("mine.md"), [0xff, 0xfe, 0]).unwrap();
    let error = builtin.with_dir(folder.path()).unwrap_err();
    assert!(matches!(error.0[..], [LawError::Io { .. }]), "{error}");
}

/// Replaces one piece of the good file; the result must have exactly one mistake with this code and message.
#[track_caller]
fn mistake(from: &str, to: &str, code: &str, message: &str) {
    assert!(GOOD.contains(from), "{from}");
    let error = Law::parse("lab/mine.md", &GOOD.replacen(from, to, 1)).unwrap_err();
    assert_eq!(error.0.len(), 1, "{error}");
    assert_eq!(error.0[0].code(), code, "{error}");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn each_mistake_gives_one_clear_error() {
    mistake(
        "lower = 0\nupper",
        "lowre = 0\nupper",
        "LAW06",
        "lab/mine.md:27: unknown key `lowre` in [parameters.alpha]; did you mean `lower`?",
    );
    mistake(
        "grade = \"V1\"\nformula",
        "grede = \"V1\"\ngrade = \"V1\"\nformula",
        "LAW06",
        "lab/mine.md:6: unknown key `grede` in the front matter; did you mean `grade`?",
    );
    mistake("title = \"Mine\"\n", "", "LAW07", "the front matter has no `title`");
    mistake("description = \"Floor\"\n", "", "LAW07", "lab/mine.md:18: [parameters.E] has no `description`");
    mistake("[output.loss]\nunit = \"nat/token\"\ndescription = \"Loss\"\n", "", "LAW07", "no `output.NAME`");
    mistake(
        "upper = 2",
        "upper = true",
        "LAW08",
        "lab/mine.md:28: `upper` in [parameters.alpha] must be a number",
    );
    mistake("upper = 2", "upper = nan", "LAW08", "must be a number");
    mistake(
        "grade = \"V1\"\nformula",
        "grade = \"V9\"\nformula",
        "LAW08",
        "must be V1R, V1, V2 or M, not `V9`",
    );
    mistake("unit = \"param\"", "unit = \"parma\"", "LAW08", "`parma`");
    mistake("noise = 0.01", "noise = -1", "LAW08", "must be 0 or more");
    mistake("[1e6, 1e7, 1e8]", "{ from = 1e8, to = 1e6, points = 3 }", "LAW08", "0 < from < to");
    mistake("[1e6, 1e7, 1e8]", "[]", "LAW08", "empty");
    mistake("tolerance = 1e-12", "tolerance = 0", "LAW08", "above 0");
    mistake("year = 2025", "year = 20.5", "LAW08", "a year");
    mistake(
        "formula = \"loss ~ E + A / N^alpha\"",
        "formula = \"loss ~ E + A / N^\"",
        "LAW15",
        "lab/mine.md:7: the formula",
    );
    mistake("formula = \"loss ~ E + A / N^alpha\"", "formula = \"loss ~ E + A / N^alpah\"", "LAW15", "alpah");
    mistake("\"2 * 50\"", "\"2 * banana\"", "LAW15", "lab/mine.md:47: the formula under `A`");
    mistake("formula = \"2^(1 / alpha)\"", "formula = \"N^(1 / alpha)\"", "LAW15", "[derived.half]");
    mistake(
        "formula = \"loss ~ E + A / N^alpha\"",
        "formula = \"loss ~ E + A * alpha + 0 * N\"",
        "LAW16",
        "input `N`",
    );
    mistake(
        "loss ~ E + A / N^alpha",
        "loss ~ A / N^alpha",
        "LAW16",
        "lab/mine.md:18: parameter `E` is declared",
    );
    mistake("lower = 0\nupper = 2", "lower = 3\nupper = 2", "LAW17", "lower 3 above upper 2");
    mistake(
        "E = 1.5, ",
        "",
        "LAW18",
        "coefficient set `lab` gives no value for `E`; add it, or mark the set `partial = true`",
    );
    mistake("{ N = 1e6 }", "{}", "LAW18", "[[golden]] gives no value for `N`");
    mistake(
        "alpha = 0.3 }",
        "alpha = 0.3, gamma = 1 }",
        "LAW19",
        "names `gamma`, which is not one of `E`, `A` or `alpha`",
    );
    mistake("source = \"me_2025\"", "source = \"you_2025\"", "LAW19", "`you_2025`");
    mistake("[[golden]]\ncoefficients = \"lab\"", "[[golden]]\ncoefficients = \"lba\"", "LAW19", "`lba`");
    mistake(
        "alpha = 0.3 }",
        "alpha = 3 }",
        "LAW20",
        "lab/mine.md:47: coefficient set `lab` has alpha = 3, outside the bounds 0 to 2",
    );
    mistake(
        "id = \"mine\"",
        "id = \"other\"",
        "LAW11",
        "the id is `other` but the file lies at `lab/mine.md`",
    );
    mistake(
        "[design]\ncoefficients = \"lab\"",
        "[design]",
        "LAW08",
        "`coefficients` in [design] must be a set's id",
    );
    mistake("area = \"lab\"", "area = \"My lab\"", "LAW10", "lower-case letters");
    mistake("## Known criticism", "## Criticism", "LAW12", "heading `## Known criticism` expected");
    mistake("## Citation\n\nWords.\n", "", "LAW12", "the file ends");
    mistake(
        "## When it holds\n\nWords.",
        "## When it holds",
        "LAW14",
        "nothing stands under `## When it holds`",
    );
    mistake("## Citation\n\nWords.", "## Citation\n\nWords.\n\n## More", "LAW13", "`## More`");
    mistake("id = \"mine\"", "id = mine", "LAW05", "lab/mine.md:2: the front matter is not valid TOML");
    mistake("+++\nid", "id", "LAW04", "lab/mine.md:1:");
    mistake("counting = \"N: all parameters\"\n", "", "LAW07", "[[coefficients]] has no `counting`");
}

#[test]
fn several_mistakes_are_told_at_once_in_order() {
    let text = GOOD.replace("title = \"Mine\"", "titel = \"Mine\"").replace("upper = 2", "uper = 2");
    let error = Law::parse("lab/mine.md", &text).unwrap_err();
    let lines: Vec<usize> =
        error.0.iter().filter_map(|error| error.place()).map(|place| place.line).collect();
    assert_eq!(lines, [2, 3, 28], "{error}");
}

#[test]
fn a_set_from_memory_cannot_be_a_golden_value() {
    let text = GOOD.replacen("grade = \"V1\"\nsource", "grade = \"M\"\nsource", 1);
    let error = Law::parse("lab/mine.md", &text).unwrap_err();
    assert!(error.to_string().contains("must be a complete set that is not from memory"), "{error}");
}

#[test]
fn unknown_names_are_answered_with_near_ones() {
    let catalogue = Catalogue::builtin().unwrap();
    let message = |name: &str| catalogue.find(name).unwrap_err().to_string();
    assert_eq!(message("chinchila"), "no law is called `chinchila`; did you mean `chinchilla`?");
    let near = message("saturating");
    assert!(
        near.starts_with("no law is called `saturating`; did you mean `vit_double_saturating`"),
        "{near}"
    );
    assert_eq!(message("zzz"), "no law is called `zzz`; `isoflop laws` lists them all");
}

#[test]
fn search_ranks_ids_before_prose() {
    let catalogue = Catalogue::builtin().unwrap();
    let ids = |query: &str| catalogue.search(query).iter().map(|law| law.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids("").len(), catalogue.laws().len());
    assert_eq!(ids("chinchilla")[0], "chinchilla");
    assert!(ids("kaplan").len() >= 7);
    assert_eq!(ids("2210.14891").len(), 3);
    assert_eq!(ids("kaplan batch critical")[0], "kaplan_bcrit");
    assert!(ids("nothing_like_it").is_empty());
}

#[test]
fn a_formula_is_a_law_too() {
    let law = Law::from_formula(
        "log(loss) ~ a + b * log(N) + (family == 'llama') * c",
        &["N", "loss"],
        &["family"],
    )
    .unwrap();
    let inputs: Vec<(&str, bool)> =
        law.inputs.iter().map(|input| (input.name.as_str(), input.text)).collect();
    assert_eq!(inputs, [("N", false), ("family", true)]);
    assert_eq!(law.output.name, "loss");
    assert_eq!(law.parameters.len(), 3);
    assert!(law.parameters.iter().all(|parameter| parameter.lower == f64::NEG_INFINITY));
    assert!(Law::from_formula("loss ~ E + N", &["N", "loss"], &[]).is_err(), "a parameter count is no loss");
    assert!(Law::from_formula("loss ~ E +", &[], &[]).is_err());
}

#[test]
fn a_design_beyond_all_memory_is_an_error() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../laws/base/kaplan_nd.md");
    let text = std::fs::read_to_string(file).unwrap();
    let start = text.find("[design]").unwrap();
    let inputs = start + text[start..].find("inputs = ").unwrap();
    let end = inputs + text[inputs..].find('\n').unwrap();
    let huge = "inputs = { N = { from = 1, to = 1e9, points = 1000000 }, D = { from = 1, to = 1e9, points = 1000000 } }";
    let error =
        Law::parse("base/kaplan_nd.md", &format!("{}{huge}{}", &text[..inputs], &text[end..])).unwrap_err();
    assert!(error.to_string().contains("at most 1 million rows"), "{error}");
}
