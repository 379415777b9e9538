//! Every named plan: its golden values, and that its example runs.
#![allow(clippy::unwrap_used)]

use isoflop_laws::Catalogue;
use isoflop_plan::{Model, NamedPlan, Plan, plan};

fn quantity(plan: &Plan, name: &str) -> f64 {
    let all = plan.decision.iter().chain([&plan.objective]).chain(&plan.report);
    all.into_iter().find(|q| q.name == name).unwrap_or_else(|| panic!("no {name}")).estimate
}

#[test]
fn golden_decisions_come_out() {
    let catalogue = Catalogue::builtin().unwrap();
    let mut checked = 0;
    for named in NamedPlan::builtin().unwrap() {
        for golden in &named.golden {
            let given: Vec<(String, String)> =
                golden.given.iter().map(|(name, value)| (name.clone(), value.to_string())).collect();
            let request = named.request(&given).unwrap();
            let model = Model::parse(&golden.law, &catalogue).unwrap();
            named.check(&model).unwrap();
            let value = quantity(&plan(&model, &request).unwrap(), &golden.quantity);
            let error = (value / golden.value - 1.0).abs();
            assert!(error <= golden.tolerance, "{}: {value}, off by {error:e} ({})", named.id, golden.source);
            checked += 1;
        }
    }
    assert!(checked >= 17, "{checked}");
}

#[test]
fn examples_run_and_names_are_those_of_the_files() {
    let catalogue = Catalogue::builtin().unwrap();
    for named in NamedPlan::builtin().unwrap() {
        // Plans for laws of other inputs name one in their golden values.
        let own = named.golden.first().map(|golden| golden.law.as_str());
        let law = own.filter(|_| !named.reads.is_empty()).unwrap_or("chinchilla@besiroglu");
        let given: Vec<(String, String)> =
            named.given.iter().map(|(name, given)| (name.clone(), given.example.clone())).collect();
        let found = plan(&Model::parse(law, &catalogue).unwrap(), &named.request(&given).unwrap());
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", named.id));
        assert!(found.decision.iter().all(|d| d.estimate > 0.0), "{}", named.id);
        assert_eq!(NamedPlan::find(&named.id).unwrap(), named);
        for heading in ["## What it answers", "## What it leaves out"] {
            assert!(named.prose.contains(heading), "{}: {heading}", named.id);
        }
    }
    let error = NamedPlan::find("compute-optimum").unwrap_err().to_string();
    assert!(error.contains("did you mean compute-optimal?"), "{error}");
    let chinchilla = Model::parse("chinchilla@besiroglu", &catalogue).unwrap();
    let error = NamedPlan::find("data-limited").unwrap().check(&chinchilla).unwrap_err().to_string();
    assert!(error.contains("about U"), "{error}");
    let error = NamedPlan::find("deadline").unwrap().request(&[]).unwrap_err().to_string();
    assert!(error.contains("--given hours=720"), "{error}");
    for bad in ["", "+++\nid = 1\n+++\n", "+++\nid = \"x\"\ntitle = \"x\"\nlaws = \"x\"\nover = []\n+++\n"] {
        assert_eq!(NamedPlan::parse("x.md", bad).unwrap_err().code(), "P0116");
    }
}
