//! The explorer's work: tables, mappings, laws, jobs; the same answers as the libraries.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use isoflop_runs::{ReadOptions, RunTable};
use isoflop_study::{Request, catalogue, fit_json, fit_table};
use serde_json::{Value, json};
use support::{Running, runs};
use tempfile::tempdir;

#[test]
fn a_fit_is_that_of_the_library_and_can_be_used() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let table = server.table(&runs(64));
    let asked = json!({"kind": "fit", "table": table, "request": {"law": "chinchilla", "bootstrap": 50}});
    let id = server.submit(&asked);
    let job = server.wait(&id);
    assert_eq!(job["state"], "done", "{job:#}");

    let read = RunTable::from_reader("runs.csv", runs(64).as_bytes(), &ReadOptions::default()).unwrap();
    let request = Request { law: Some("chinchilla".into()), bootstrap: 50, ..Request::default() };
    let finished = fit_table(read, &request, &catalogue(None, &()).unwrap(), &(), &()).unwrap();
    assert_eq!(job["result"], fit_json(&finished));
    assert_eq!(job["command"], "isoflop fit runs.csv --law chinchilla --bootstrap 50 --save fit.json");
    assert_eq!(job["python"], "import isoflop as iso\n\niso.fit(\"runs.csv\", \"chinchilla\", bootstrap=50)");

    let figures = server.get(&format!("/api/jobs/{id}/figures")).json();
    let svg = figures["figures"][0]["svg"].as_str().unwrap();
    assert!(svg.starts_with("<svg") && !svg.contains("<style") && !svg.contains("style="), "{}", &svg[..200]);
    let forecast = server.post(&format!("/api/jobs/{id}/predict"), &json!({"at": ["N=1B,D=20B"]})).json();
    let loss = forecast["points"][0]["estimate"].as_f64().unwrap();
    assert!((loss - 2.4).abs() < 0.3, "{loss}");
    let report = server.get(&format!("/api/jobs/{id}/report.html"));
    assert!(
        report.head.contains("content-disposition: attachment")
            && report.body.starts_with(b"<!DOCTYPE html>")
    );
    let saved = server.get(&format!("/api/jobs/{id}/fit.json"));
    assert!(isoflop_fit::SavedFit::from_json(std::str::from_utf8(&saved.body).unwrap()).is_ok());

    let plan =
        json!({"kind": "plan", "options": {"fit": id, "plan": "compute-optimal", "given": ["flops=1e22"]}});
    let plan = server.wait(&server.submit(&plan));
    assert_eq!(plan["state"], "done", "{plan:#}");
    assert!(plan["result"]["decision"]["N"]["estimate"].as_f64().unwrap() > 1e8);
}

#[test]
fn every_result_has_figures_and_goes_into_the_report() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let table = server.table(&runs(64));
    let of = |kind: &str, bootstrap: usize, options: Value| {
        let request = json!({"law": "chinchilla", "bootstrap": bootstrap});
        let id =
            server.submit(&json!({"kind": kind, "table": table, "request": request, "options": options}));
        let job = server.wait(&id);
        assert_eq!(job["state"], "done", "{job:#}");
        (id, job)
    };
    let (fit, _) = of("fit", 20, json!({}));
    let (profile, told) = of("profile", 0, json!({"of": ["alpha"], "curve": 5}));
    assert_eq!(told["command"], "isoflop profile runs.csv --law chinchilla --bootstrap 0 --of alpha");
    let figures = server.get(&format!("/api/jobs/{profile}/figures")).json();
    assert_eq!(figures["figures"][0]["title"], "profile of alpha");
    // What has nothing to draw has no figures, and is no part of a report.
    let (audit, _) = of("audit", 0, json!({}));
    assert_eq!(server.get(&format!("/api/jobs/{audit}/figures")).json(), json!({"figures": []}));

    let report = server.get(&format!("/api/jobs/{fit}/report.html?with={profile},{audit}"));
    let text = String::from_utf8(report.body).unwrap();
    assert!(text.contains("profile of alpha") && text.contains("--with profile-"), "{}", &text[..2000]);
    assert_eq!(server.get(&format!("/api/jobs/{fit}/report.html?with=j999")).status, 404);
    assert_eq!(server.get(&format!("/api/jobs/{fit}/report.html?wiht=j1")).status, 400);
}

#[test]
fn plans_need_no_fit_where_they_are_about_published_laws() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let plan = |options: Value| server.wait(&server.submit(&json!({"kind": "plan", "options": options})));
    let rules = plan(json!({"plan": "hyperparameters", "given": ["N=7B", "D=2T"]}));
    assert_eq!(rules["state"], "done", "{rules:#}");
    assert!(rules["result"]["rules"].as_array().unwrap().len() > 5);
    assert_eq!(rules["command"], "isoflop plan hyperparameters --given N=7B --given D=2T");
    assert_eq!(rules["python"], "import isoflop as iso\n\niso.rules(\"hyperparameters\", N=7e9, D=2e12)");
    let own = plan(json!({"plan": "mixture-of-experts", "given": ["C=1e22", "active=1B", "total=32B"]}));
    assert_eq!(own["state"], "done", "{own:#}");
    let model = plan(json!({"model": "chinchilla@besiroglu", "minimize": "loss", "over": ["N", "D"],
        "constraints": ["6*N*D <= 1e22"]}));
    assert_eq!(model["result"]["breakdown"][0]["terms"][0]["text"], "E", "{model:#}");
    let lacks = plan(json!({"plan": "compute-optimal", "given": ["flops=1e22"]}));
    assert_eq!(lacks["state"], "failed");
    assert!(lacks["error"]["message"].as_str().unwrap().contains("needs a law"), "{lacks:#}");
}

#[test]
fn a_mapping_says_what_becomes_of_the_rows() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let text = "size,tok,final\n1e6,1e9,3.0\n1e7,1e10,inf\n1e8,1e11,\n1e9,1e12,2.0\n";
    let table = server.table(text);
    let look = |body: Value| server.post(&format!("/api/tables/{table}/look"), &body).json();
    let first = look(json!({"law": "chinchilla"}));
    assert_eq!(first["missing"], json!(["N", "D", "loss"]));
    let mapped = look(json!({"law": "chinchilla", "maps": ["N=size", "D=tok", "loss=final"]}));
    assert_eq!((mapped["used"].as_u64(), mapped["dropped"].as_u64()), (Some(2), Some(2)), "{mapped:#}");
    let reasons: Vec<&str> =
        mapped["reasons"].as_array().unwrap().iter().map(|r| r["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["not finite", "missing"]);
    let filtered = look(json!({"maps": ["N=size", "loss=final"], "filters": ["N < 5e6"]}));
    assert_eq!(filtered["filtered"], 3);
    let wrong = server.post(&format!("/api/tables/{table}/look"), &json!({"maps": ["N=sise"]}));
    assert_eq!(wrong.status, 422);
    assert!(wrong.json()["error"]["message"].as_str().unwrap().contains("size"));
}

#[test]
fn a_wrong_formula_is_marked_where_it_is_wrong() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let check = |law: &str| server.post("/api/check-law", &json!({"law": law})).json();
    let good = check("loss ~ E + A / N^alpha");
    assert_eq!((good["ok"].as_bool(), &good["parameters"]), (Some(true), &json!(["E", "A", "alpha"])));
    // Places are counted in characters: β is one of them and two bytes.
    let text = "loss ~ β + A / N^^2";
    let mark = &check(text)["marks"][0];
    let start = mark["start"].as_u64().unwrap() as usize;
    assert_eq!(text.chars().nth(start), Some('^'), "{mark:#}");
    assert_eq!(mark["severity"], "error");
    assert_eq!(check("chinchila")["ok"], false);
    assert_eq!(check("chinchilla")["ok"], true);
}

#[test]
fn jobs_are_cancelled_and_the_queue_has_an_end() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let table = server.table(&runs(400));
    let long = json!({"kind": "fit", "table": table, "request": {"law": "chinchilla", "bootstrap": 20000}});
    let began = Instant::now();
    let mut taken = Vec::new();
    let mut refused = 0;
    for _ in 0..80 {
        let answer = server.post("/api/jobs", &long);
        match answer.status {
            202 => taken.push(answer.json()["id"].as_str().unwrap().to_owned()),
            429 => {
                assert!(answer.head.contains("retry-after: "), "{}", answer.head);
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    // Two run, 64 wait.
    assert!((64..=67).contains(&taken.len()) && refused == 80 - taken.len(), "{} taken", taken.len());
    for id in taken.iter().rev() {
        assert_eq!(server.delete(&format!("/api/jobs/{id}")).status, 200);
    }
    for id in &taken {
        assert_eq!(server.wait(id)["state"], "cancelled");
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    // The workers go on.
    let short = json!({"kind": "fit", "table": table, "request": {"law": "chinchilla", "bootstrap": 0}});
    assert_eq!(server.wait(&server.submit(&short))["state"], "done");
    assert_eq!(server.delete(&format!("/api/jobs/{}", taken[0])).json()["state"], "deleted");
    assert_eq!(server.get(&format!("/api/jobs/{}", taken[0])).status, 404);
}

#[test]
fn events_tell_of_progress_and_end() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let table = server.table(&runs(64));
    let id = server
        .submit(&json!({"kind": "fit", "table": table, "request": {"law": "chinchilla", "bootstrap": 200}}));
    let events = server.get(&format!("/api/jobs/{id}/events"));
    let text = String::from_utf8(events.body).unwrap();
    let states: Vec<Value> = text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str::<Value>(data).unwrap()["state"].clone())
        .collect();
    assert!(!states.is_empty() && states.last() == Some(&json!("done")), "{text}");
}

#[test]
fn a_failed_job_says_why() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let table = server.table("a,b\n1,2\n3,4\n");
    let job = server
        .wait(&server.submit(&json!({"kind": "fit", "table": table, "request": {"law": "chinchilla"}})));
    assert_eq!(job["state"], "failed");
    assert!(!job["error"]["code"].as_str().unwrap().is_empty() && job["result"].is_null(), "{job:#}");
    let law = "loss ~ E + A / N^";
    let job = server.wait(&server.submit(&json!({"kind": "fit", "table": table, "request": {"law": law}})));
    assert_eq!(job["error"]["formula"]["text"], law);
    assert_eq!(server.get(&format!("/api/jobs/{}/figures", job["id"].as_str().unwrap())).status, 409);
}

#[test]
fn a_table_follows_its_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("runs.csv");
    std::fs::write(&path, runs(20)).unwrap();
    let server = Running::over(folder.path());
    let table = server.post("/api/tables", &json!({"paths": [path.to_str().unwrap()]})).json();
    assert_eq!(table["rows"], 20);
    std::fs::write(&path, runs(30)).unwrap();
    let id = table["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/api/tables/{id}")).json()["rows"], 30);
    assert_eq!(server.get(&format!("/api/tables/{id}/survey")).json()["found"][0]["rows"], 30);
    assert_eq!(server.delete(&format!("/api/tables/{id}")).status, 200);
    assert_eq!(server.get(&format!("/api/tables/{id}")).status, 404);
}

#[test]
fn curves_keep_their_extremes() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let mut text = "run,step,loss\n".to_owned();
    for step in 0..20_000 {
        let loss = if step == 12_345 { 99.0 } else { 3.0 - f64::from(step) * 1e-5 };
        text += &format!("a,{step},{loss}\nb,{step},2.5\n");
    }
    let table = server.table(&text);
    let curves = server.get(&format!("/api/tables/{table}/curves?pieces=200")).json();
    assert_eq!(
        (curves["rows"].as_u64(), curves["x"].as_str(), curves["by"].as_str()),
        (Some(40_000), Some("step"), Some("run"))
    );
    assert!(curves["shown"].as_u64().unwrap() <= 800, "{}", curves["shown"]);
    let points =
        curves["curves"].as_array().unwrap().iter().find(|c| c["name"] == "a").unwrap()["points"].clone();
    assert!(points.as_array().unwrap().iter().any(|p| p[0] == 12345.0 && p[1] == 99.0));
    let zoomed = server.get(&format!("/api/tables/{table}/curves?pieces=200&from=12300&to=12400")).json();
    assert_eq!(zoomed["rows"], 202);
}

#[test]
fn the_description_names_every_address() {
    let folder = tempdir().unwrap();
    let server = Running::over(folder.path());
    let description = server.get("/api/openapi.json").json();
    assert_eq!(description["openapi"], "3.1.0");
    for (path, methods) in description["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "none");
        for method in methods.as_object().unwrap().keys() {
            if path.ends_with("/events") || method == "post" {
                continue;
            }
            let status = server
                .ask(
                    &method.to_uppercase(),
                    &path,
                    &[&format!("Authorization: Bearer {}", server.token)],
                    b"",
                )
                .status;
            assert!(
                methods[method]["responses"].get(status.to_string()).is_some(),
                "{method} {path}: {status}"
            );
        }
    }
}
