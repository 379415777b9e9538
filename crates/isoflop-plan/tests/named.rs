//! Every named plan: its golden values, and that its example runs.
#![allow(clippy::unwrap_used)]

use isoflop_laws::Catalogue;
use isoflop_plan::{Golden, LawRole, Laws, Model, NamedPlan, Plan, plan_laws};

fn quantity(plan: &Plan, name: &str) -> f64 {
    let all = plan.decision.iter().chain([&plan.objective]).chain(&plan.report);
    all.into_iter().find(|q| q.name == name).unwrap_or_else(|| panic!("no {name}")).estimate
}

/// The laws of a golden decision: by role, one of its own, or that of the plan.
fn laws_of(named: &NamedPlan, golden: &Golden, catalogue: &Catalogue) -> Laws {
    let one = |text: &String| Model::parse(text, catalogue).unwrap();
    let laws = if golden.laws.is_empty() {
        Laws::one(one(golden.law.as_ref().or(named.law.as_ref()).unwrap()))
    } else {
        Laws::new(golden.laws.iter().map(|(role, text)| (role.clone(), one(text))).collect()).unwrap()
    };
    named.check_laws(&laws).unwrap();
    laws
}

#[test]
fn golden_decisions_come_out() {
    let catalogue = Catalogue::builtin().unwrap();
    let (mut checked, mut wrong) = (0, Vec::new());
    for named in NamedPlan::builtin().unwrap() {
        for golden in &named.golden {
            let given = golden.texts();
            let value = if named.rule.is_empty() {
                let laws = laws_of(&named, golden, &catalogue);
                let found = plan_laws(&laws, &named.request(&given).unwrap());
                found.map(|plan| quantity(&plan, &golden.quantity))
            } else {
                let advice = named.advise(&given, &catalogue);
                advice.map(|list| list.iter().find(|rule| rule.name == golden.quantity).unwrap().value)
            };
            let value = value.unwrap_or_else(|error| {
                wrong.push(format!("{}: {error}", named.id));
                f64::NAN
            });
            let error = (value / golden.value - 1.0).abs();
            if error.is_nan() || error > golden.tolerance {
                let what = format!("{} of {}", golden.quantity, named.id);
                wrong.push(format!(
                    "{what}: {value}, not {}, off by {error:e} ({})",
                    golden.value, golden.source
                ));
            }
            checked += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked >= 17, "{checked}");
}

#[test]
fn examples_run_and_names_are_those_of_the_files() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut wrong = Vec::new();
    for named in NamedPlan::builtin().unwrap() {
        let given: Vec<(String, String)> =
            named.given.iter().map(|(name, given)| (name.clone(), given.example.clone())).collect();
        if named.rule.is_empty() {
            // Plans for laws of other inputs name one themselves, by role, or in their golden values.
            let golden = named.golden.first().and_then(|golden| golden.law.as_ref());
            let own = named.law.as_ref().or(golden.filter(|_| !named.reads.is_empty()));
            let law = own.map_or("chinchilla@besiroglu", String::as_str);
            let parse = |text: &str| Model::parse(text, &catalogue).unwrap();
            let laws = match named.roles.is_empty() {
                true => Laws::one(parse(law)),
                false => {
                    let role = |(name, role): (&String, &LawRole)| (name.clone(), parse(&role.example));
                    Laws::new(named.roles.iter().map(role).collect()).unwrap()
                }
            };
            let found = plan_laws(&laws, &named.request(&given).unwrap());
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    wrong.push(format!("{}: {error}", named.id));
                    continue;
                }
            };
            assert!(found.decision.iter().all(|d| d.estimate > 0.0), "{}", named.id);
        } else {
            let advice = named.advise(&given, &catalogue);
            let advice = advice.unwrap_or_else(|error| panic!("{}: {error}", named.id));
            for rule in &advice {
                assert!(rule.value.is_finite(), "{}: {} is {}", named.id, rule.name, rule.value);
                assert!(rule.law.is_some() != rule.source.is_some(), "{}: {}", named.id, rule.name);
            }
            assert!(!named.golden.is_empty(), "{}", named.id);
        }
        assert_eq!(NamedPlan::find(&named.id).unwrap(), named);
        for heading in ["## What it answers", "## What it leaves out"] {
            assert!(named.prose.contains(heading), "{}: {heading}", named.id);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let error = NamedPlan::find("compute-optimum").unwrap_err().to_string();
    assert!(error.contains("did you mean compute-optimal?"), "{error}");
    let chinchilla = Model::parse("chinchilla@besiroglu", &catalogue).unwrap();
    let error = NamedPlan::find("data-limited").unwrap().check(&chinchilla).unwrap_err().to_string();
    assert!(error.contains("about U"), "{error}");
    let error = NamedPlan::find("deadline").unwrap().request(&[]).unwrap_err().to_string();
    assert!(error.contains("--given hours=720"), "{error}");
    // What cannot be: a negative price, a utilisation above 1.
    let cannot = |plan: &str, name: &str, value: &str| {
        let plan = NamedPlan::find(plan).unwrap();
        let wrong =
            |known: &str| if known == name { value.to_owned() } else { plan.given[known].example.clone() };
        let given: Vec<(String, String)> = plan.given.keys().map(|k| (k.clone(), wrong(k))).collect();
        let error = plan.request(&given).unwrap_err();
        (error.code(), error.to_string())
    };
    let (code, error) = cannot("training-cost", "price", "-2.5");
    assert!(
        code == "P0131" && error.contains("price of one GPU-hour") && error.contains("0 or more"),
        "{error}"
    );
    let (code, error) = cannot("deadline", "mfu", "1.4");
    assert!(code == "P0131" && error.contains("from 0 to 1"), "{error}");
    assert_eq!(cannot("compute-optimal", "flops", "-1e20").0, "P0131");
    for bad in ["", "+++\nid = 1\n+++\n", "+++\nid = \"x\"\ntitle = \"x\"\nlaws = \"x\"\nover = []\n+++\n"] {
        assert_eq!(NamedPlan::parse("x.md", bad).unwrap_err().code(), "P0116");
    }
}

#[test]
fn every_plan_has_a_subject_of_the_list() {
    let groups = NamedPlan::by_subject().unwrap();
    let plans: usize = groups.iter().map(|(_, plans)| plans.len()).sum();
    assert_eq!(plans, NamedPlan::builtin().unwrap().len());
    assert_eq!(groups.first().unwrap().0, "budget");
    assert!(
        groups.len() <= 9,
        "a plan has a subject that is not in the list: {:?}",
        groups.last().unwrap().0
    );
}

#[test]
fn rules_say_where_they_were_measured_and_refuse_what_they_cannot_use() {
    let catalogue = Catalogue::builtin().unwrap();
    let named = NamedPlan::find("hyperparameters").unwrap();
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let inside = named.advise(&[text("N", "500M"), text("D", "10B")], &catalogue).unwrap();
    assert!(inside[0].outside.is_empty() && !inside[0].measured.as_ref().unwrap().ranges.is_empty());
    let far = named.advise(&[text("N", "70B"), text("D", "10B")], &catalogue).unwrap();
    let outside = &far[0].outside[0];
    assert_eq!((outside.name.as_str(), outside.value), ("N", 70e9));
    assert!(outside.high < 70e9);
    let code = |given: &[(String, String)]| named.advise(given, &catalogue).unwrap_err().code();
    assert_eq!(code(&[text("N", "1B")]), "P0115");
    assert_eq!(code(&[text("N", "1B"), text("D", "1B"), text("C", "1")]), "P0105");
    assert_eq!(code(&[text("N", "1B"), text("D", "many")]), "P0106");
    // Rules of a user's file: an unknown law, and a formula with an unknown name.
    let own = |rule: &str| {
        let text =
            format!("+++\nid = \"x\"\ntitle = \"x\"\nlaws = \"none\"\n[[rule]]\nname = \"r\"\n{rule}\n+++\n");
        NamedPlan::parse("x.md", &text).unwrap().advise(&[], &catalogue).unwrap_err().code()
    };
    assert_eq!(own("law = \"step_law@printed\""), "P0113");
    assert_eq!(own("law = \"step_law_lr@none\""), "P0113");
    assert_eq!(own("law = \"kaplan_lr@kaplan\""), "P0113");
    assert_eq!(own("value = \"2 * D\""), "P0107");
}
