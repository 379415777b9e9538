//! `isoflop plan`, from the outside.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::Place;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_fit_is_planned_with_intervals_and_regret() {
    let place = Place::with_runs();
    place.ok(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "60", "--save", "fit.json", "-q"]);
    let plan = ["plan", "fit.json", "--minimize", "loss", "--over", "N,D", "--subject-to", "6*N*D <= 1e23"];
    let ended = place.ok(&[&plan[..], &["--report", "ratio = D/N", "--format", "json"]].concat());
    let found = json(&ended.stdout);
    let number = |pointer: &str| found.pointer(pointer).and_then(Value::as_f64).unwrap();
    for name in ["/decision/N", "/decision/D", "/objective", "/report/ratio"] {
        let [low, estimate, high] = ["low", "estimate", "high"].map(|end| number(&format!("{name}/{end}")));
        assert!(low < estimate && estimate < high, "{name}: {low} {estimate} {high}");
    }
    let budget = 6.0 * number("/decision/N/estimate") * number("/decision/D/estimate");
    assert!((budget / 1e23 - 1.0).abs() < 1e-9 && number("/gap") < 1e-8);
    assert!((number("/constraints/0/value") / 1e23 - 1.0).abs() < 1e-9);
    assert!(number("/constraints/0/shadow_price") < 0.0);
    assert!(number("/indifference/N/low") < number("/decision/N/estimate"));
    assert!(number("/regret/mean") > 0.0 && number("/regret/high") > number("/regret/median"));
    // The same in words.
    let text = place.ok(&plan).stdout;
    assert!(
        text.contains("90 % interval") && text.contains("would cost") && text.contains("proves"),
        "{text}"
    );
}

#[test]
fn a_law_by_name_needs_no_fit_and_says_what_is_missing() {
    let place = Place::new();
    let ended = place.ok(&[
        "plan",
        "chinchilla:E=1.8172,A=482.01,B=2085.43,alpha=0.3478,beta=0.3658",
        "--minimize",
        "loss",
        "--over",
        "N,D",
        "--subject-to",
        "6*N*D <= 1e21",
        "--format",
        "json",
    ]);
    let found = json(&ended.stdout);
    let n = found.pointer("/decision/N/estimate").and_then(Value::as_f64).unwrap();
    assert!((n / 2.77846e9 - 1.0).abs() < 3e-6, "{n}");
    assert!(found["regret"].is_null() && found["decision"]["N"]["low"].is_null());
    assert!(ended.stderr.contains("no intervals"), "{}", ended.stderr);
}

#[test]
fn named_plans_take_what_they_need() {
    let place = Place::new();
    let list = place.ok(&["plan", "--list"]).stdout;
    assert!(list.contains("compute-optimal") && list.contains("flops="), "{list}");
    let law = "chinchilla@besiroglu";
    let format = ["--format", "json"];
    let ended = place.ok(&[&["plan", "compute-optimal", law, "--flops", "1e21"], &format[..]].concat());
    let ratio = json(&ended.stdout)["report"]["tokens per parameter"]["estimate"].as_f64().unwrap();
    assert!((ratio / 21.5894 - 1.0).abs() < 1e-5, "{ratio}");
    // More constraints may be added.
    let more = ["--subject-to", "N <= 1e9", "--report", "D / 1e9"];
    let ended =
        place.ok(&[&["plan", "compute-optimal", law, "--flops", "1e21"], &more[..], &format[..]].concat());
    let n = json(&ended.stdout)["decision"]["N"]["estimate"].as_f64().unwrap();
    assert!((n / 1e9 - 1.0).abs() < 1e-9, "{n}");
    // A plan of one's own.
    let own = "+++\nid = \"own\"\ntitle = \"t\"\nlaws = \"any\"\nminimize = \"loss\"\nover = [\"N\"]\n\
               subject_to = [\"N <= most\"]\n[given.D]\ndescription = \"tokens\"\nexample = \"1e9\"\n+++\nWords.\n";
    place.write("own.md", own);
    place.ok(&["plan", "own.md", law, "--given", "D=1e9,most=1e8"]);
    let refused = |rest: &[&str]| place.refused(&[&["plan"], rest].concat());
    assert!(refused(&["own.md", law, "--given", "most=1e8"]).contains("--given D=1e9 (tokens)"));
    assert!(refused(&["compute-optimal", law]).contains("P0115"));
    assert!(refused(&["compute-optimal"]).contains("isoflop plan compute-optimal LAW"));
    assert!(refused(&["comput-optimal", law]).contains("did you mean compute-optimal?"));
    assert!(refused(&["compute-optimal", law, "--flops", "1e21", "--minimize", "N"]).contains("C0407"));
    assert!(refused(&["data-limited", law, "--flops", "1e21", "--given", "U=1B"]).contains("muennighoff"));
    assert!(refused(&["compute-optimal", law, "--flops", "0"]).contains("P0201"));
    assert!(refused(&["compute-optimal", law, "--flops", "many"]).contains("P0106"));
}

#[test]
fn plans_with_a_law_of_their_own_need_none() {
    let place = Place::new();
    let ended = place.ok(&["plan", "critical-data", "--given", "N=1e9,exponent_bits=2,mantissa_bits=1"]);
    assert!(ended.stderr.contains("fp_quant_training@sun is taken"), "{}", ended.stderr);
    assert!(
        ended.stdout.contains("primary source") && ended.stdout.contains("N 41M to 679M"),
        "{}",
        ended.stdout
    );
    // A table of published rules.
    let rules = ["plan", "hyperparameters", "--given", "N=7B,D=100B"];
    let text = place.ok(&rules).stdout;
    assert!(text.contains("step_law_lr@printed") && text.contains("N 6.5 times above the runs"), "{text}");
    let found = json(&place.ok(&[&rules[..], &["--format", "json"]].concat()).stdout);
    let first = &found["rules"][0];
    assert_eq!(first["law_source"]["grade"], "V1R");
    assert_eq!(first["outside"][0]["name"], "N");
    assert_eq!(
        found["schema_version"],
        json(&place.ok(&["plan", "--list", "--format", "json"]).stdout)["schema_version"]
    );
    assert!(place.refused(&["plan", "over-optimisation"]).contains("C0411"));
    let roles = place.refused(&["plan", "critical-mixture"]);
    assert!(roles.contains("`isoflop plan critical-mixture domain=LAW general=LAW`"), "{roles}");
    // One plan in full, and what is refused.
    let text = place.ok(&["plan", "repeat-or-add", "--list"]).stdout;
    assert!(text.contains("worth*epochs") && text.contains("## What it leaves out"), "{text}");
    assert!(place.refused(&["plan", "hyperparameters"]).contains("--given N=1e9"));
    assert!(
        place.refused(&["plan", "hyperparameters", "--given", "N=1B,D=1B", "--over", "N"]).contains("C0409")
    );
    let refused = place.refused(&["plan", "hyperparameters", "chinchilla@besiroglu", "--given", "N=1B,D=1B"]);
    assert!(refused.contains("C0409"), "{refused}");
    assert!(place.refused(&["plan", "hyperparametrs", "--list"]).contains("did you mean hyperparameters?"));
}

#[test]
fn hardware_fills_in_what_a_plan_asks_for() {
    let place = Place::new();
    assert!(place.ok(&["hardware"]).stdout.contains("h100-sxm"));
    assert!(place.ok(&["hardware", "H100"]).stdout.contains("torchtitan"));
    let peak = json(&place.ok(&["hardware", "tpu-v5p", "--format", "json"]).stdout);
    assert_eq!(peak["devices"][0]["peak"]["bf16"]["value"].as_f64(), Some(4.59e14));
    let law = "chinchilla@besiroglu";
    let plan =
        ["plan", "deadline", law, "--target", "2.1", "--given", "hours=720,mfu=0.4", "--format", "json"];
    let gpus = |hardware: &str| {
        let ended = place.ok(&[&plan[..], &["--hardware", hardware]].concat());
        json(&ended.stdout)["decision"]["gpus"]["estimate"].as_f64().unwrap()
    };
    assert!((gpus("h100") / gpus("a100") * 9.89 / 3.12 - 1.0).abs() < 1e-9);
    assert!((gpus("h100:fp8") / gpus("h100") * 1.979 / 0.989 - 1.0).abs() < 1e-9);
    place.write("mine.toml", "id = \"mine\"\nname = \"Mine\"\n[peak.bf16]\nvalue = 1e14\nsource = \"me\"\ngrade = \"V1\"\nas_of = \"2026-01-01\"\n");
    assert!((gpus("mine.toml") / gpus("a100") * 1.0 / 3.12 - 1.0).abs() < 1e-9);
    assert!(place.refused(&[&plan[..], &["--hardware", "h1000"]].concat()).contains("did you mean h100?"));
    assert!(place.refused(&[&plan[..], &["--hardware", "a100:fp8"]].concat()).contains("it has bf16"));
    assert!(place.refused(&[&plan[..], &["--hardware", "absent.toml"]].concat()).contains("absent.toml"));
    // A plan that asks for nothing is not told of peaks that it would refuse.
    place.ok(&["plan", "compute-optimal", law, "--flops", "1e21", "--hardware", "h100"]);
}

#[test]
fn bad_plans_are_refused() {
    let place = Place::new();
    let refused = |rest: &[&str]| place.refused(&[&["plan"], rest].concat());
    let law = "chinchilla@besiroglu";
    let aim = ["--minimize", "loss", "--over", "N,D"];
    let with = |rest: &[&str]| refused(&[&[law], &aim[..], rest].concat());
    assert!(with(&[]).contains("P0203"));
    assert!(with(&["--subject-to", "loss <= 1.5"]).contains("cannot ever hold"));
    assert!(with(&["--subject-to", "6*N*D <= C"]).contains("--subject-to"));
    assert!(with(&["--subject-to", "N + D <= 1e12"]).contains("token"));
    assert!(with(&["--given", "C"]).contains("C0102"));
    assert!(refused(&["compute-optimal", law, "--flops=-1e20"]).contains("P0131"));
    assert!(with(&["--given", "C=1e21"]).contains("P0105"));
    assert!(with(&["--tolerance", "7"]).contains("between 0 and 1"));
    let wrong = |what: &str| refused(&[&[what], &aim[..]].concat());
    assert!(wrong("chinchilla@besirogl").contains("did you mean besiroglu?"));
    assert!(wrong("chinchilla").contains("say which coefficients"));
    assert!(wrong("chinchilla@minicpm").contains("no values that can predict"));
    assert!(wrong("chinchilla:E=1.8,A=two").contains("is no number"));
    assert!(wrong("chinchilla:E=1.8,F=1").contains("no parameter F"));
    assert!(wrong("absent.json").contains("absent.json"));
}

#[test]
fn several_laws_shares_and_unknowns_are_asked_for_in_words() {
    let place = Place::new();
    let law = "chinchilla@besiroglu";
    let found = |words: &[&str]| json(&place.ok(&[&["plan"], words, &["--format", "json"]].concat()).stdout);
    let budget = ["--subject-to", "6*N*D <= 1e22"];
    let both =
        ["a=chinchilla@besiroglu", "b=chinchilla@hoffmann", "--minimize", "a_loss + b_loss", "--over", "N,D"];
    let both = found(&[&both[..], &budget, &["--curves"]].concat());
    assert_eq!(both["laws"][1]["role"], "b");
    assert_eq!(both["curves"]["frontier"][0]["limit"].as_array().unwrap().len(), 31);
    assert_eq!(both["curves"]["valley"][1]["name"], "D");
    assert!(both["verdict"].as_str().unwrap().starts_with("Take N = "));
    let solved = found(&[law, "--solve", "D", "--subject-to", "loss = 2.1", "--given", "N=7B"]);
    let d = solved["decision"]["D"]["estimate"].as_f64().unwrap();
    let left = 2.1 - 1.8172 - 482.01 / 7e9_f64.powf(0.3478);
    let by_hand = (2085.43 / left).powf(1.0 / 0.3658);
    assert!((d / by_hand - 1.0).abs() < 1e-9, "{d} {by_hand}");
    assert_eq!((solved["method"].as_str(), solved["aim"].as_str()), (Some("root"), Some("solve")));
    let shares = "regmix_linear:c[a]=3.1,c[b]=2.6,c[c]=2.9";
    let shares = found(&[shares, "--minimize", "loss", "--simplex", "mix_*", "--subject-to", "mix_b <= 0.5"]);
    assert_eq!(shares["decision"]["mix_a"]["estimate"].as_f64(), Some(0.0));
    assert!(shares["gap"].as_f64().unwrap() < 1e-6 && shares["method"] == "convex");
    let named = "+++\nid = \"two\"\ntitle = \"t\"\nlaws = \"any\"\nminimize = \"a_loss + b_loss\"\nover = [\"N\", \"D\"]\n\
                 subject_to = [\"C <= 1e22\"]\n[let]\nC = \"6*N*D\"\n[roles.a]\ndescription = \"one\"\nexample = \"x\"\n\
                 [roles.b]\ndescription = \"other\"\nexample = \"y\"\npredicts = \"loss\"\n+++\nWords.\n";
    place.write("two.md", named);
    let by_name = found(&["two.md", "b=chinchilla@hoffmann", "a=chinchilla@besiroglu"]);
    let n = |plan: &Value| plan["decision"]["N"]["estimate"].as_f64().unwrap();
    assert!((n(&by_name) / n(&both) - 1.0).abs() < 1e-8);
    let refused = |rest: &[&str]| place.refused(&[&["plan"], rest].concat());
    assert!(refused(&["two.md", "a=chinchilla@besiroglu"]).contains("b is missing"));
    assert!(refused(&["two.md", "a=chinchilla@besiroglu", "c=chinchilla@hoffmann"]).contains("no role c"));
    assert!(refused(&["two.md", law]).contains("has no role"));
    assert!(
        refused(&["a=chinchilla@besiroglu", "chinchilla@hoffmann", "--minimize", "a_loss"]).contains("P0122")
    );
    assert!(
        refused(&[law, "--solve", "D", "--subject-to", "loss = 1.9", "--given", "N=7B"]).contains("P0206")
    );
    assert!(refused(&[law, "--solve", "D", "--minimize", "D"]).contains("cannot be used with"));
}
