//! Runs the built command line the way a user would and looks at exit status, data and messages.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::command::{Show, run};

/// One run of the program and what must come of it.
struct Case {
    arguments: &'static [&'static str],
    status: i32,
    /// What stdout must hold.
    stdout: &'static str,
    /// What stderr must hold.
    stderr: &'static str,
}

const fn good(arguments: &'static [&'static str], stdout: &'static str) -> Case {
    Case { arguments, status: 0, stdout, stderr: "" }
}

const fn bad(arguments: &'static [&'static str], stderr: &'static str) -> Case {
    Case { arguments, status: 2, stdout: "", stderr }
}

/// Run in this order in one folder: later cases read what earlier ones saved.
const CASES: &[Case] = &[
    good(&["--version"], "isoflop"),
    good(&["--help"], "fit"),
    good(&["laws"], "chinchilla"),
    good(&["laws", "show", "chinchilla"], "alpha"),
    good(&["demo"], "certified"),
    good(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "50", "--save", "fit.json"], "certified"),
    good(
        &["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--format", "json"],
        "\"schema_version\"",
    ),
    good(
        &["fit", "runs.csv", "--law", "loss ~ E + A / N^alpha", "--where", "D > 1e10", "--bootstrap", "0"],
        "alpha",
    ),
    good(&["predict", "fit.json", "--at", "N=70B,D=1.4T", "--format", "json"], "\"estimate\""),
    good(&["runs", "runs.csv"], "a run table, 30 rows"),
    bad(&["serve", "nowhere"], "S0101"),
    bad(&["serve", "--token", "short"], "S0104"),
    good(&["runs", "runs.csv", "--format", "json"], "\"schema_version\""),
    bad(&["runs", "empty.csv"], "R0106"),
    good(&["export", "runs.csv", "-o", "-", "--where", "params > 1e9"], "source_file"),
    bad(&["export", "runs.csv", "-o", "runs.xlsx"], "C1301"),
    good(&["fit", "runs.csv", "--law", "chinchilla", "--bootstrap", "0", "--plot"], "runs and fitted law"),
    good(&["plot", "fit.json"], "residuals by"),
    good(&["plot", "fit.json", "runs.csv", "-o", "-"], "</svg>"),
    good(&["report", "fit.json", "-o", "report.html"], "report.html: certified"),
    bad(&["plot", "runs.csv"], "runs.csv"),
    bad(&["plot", "fit.json", "-o", "fit.gif"], "fit.gif"),
    bad(&["report", "fit.json", "--law", "chinchilla", "-o", "report.html"], "--law"),
    good(&["reproduce", "--data", "."], "left out: no"),
    good(&["reproduce", "sardana-plan", "--data", ".", "--format", "json"], "\"met\": true"),
    bad(&["reproduce", "chinchila", "--data", "."], "chinchilla"),
    bad(&["reproduce", "--data", "absent"], "absent"),
    good(&["backtest", "runs.csv", "--law", "chinchilla", "--by", "N", "--cuts", "1"], "beyond"),
    bad(&["backtest", "runs.csv", "--law", "chinchilla", "--by", "N", "--cuts", "1e20"], "T0602"),
    good(&["compare", "runs.csv", "--laws", "chinchilla,kaplan_nd", "--parts", "5"], "chinchilla"),
    bad(&["compare", "runs.csv", "--laws", "chinchilla,llama3_tokens"], "C0803"),
    good(&["profile", "runs.csv", "--law", "chinchilla", "--of", "a_opt", "--curve", "5"], "a_opt"),
    bad(&["profile", "runs.csv", "--law", "chinchilla", "--of", "N * alpha"], "T0702"),
    good(&["audit", "runs.csv", "--bootstrap", "50"], "collinear-inputs"),
    good(&["audit", "fit.json", "--format", "md"], "## To repeat"),
    bad(&["audit", "fit.json", "--law", "chinchilla"], "C0704"),
    good(&["influence", "runs.csv", "--format", "json"], "\"decision_share\""),
    good(&["methods", "runs.csv", "--bootstrap", "20"], "the law"),
    bad(&["methods", "runs.csv", "--tolerance", "2"], "A0103"),
    bad(&["methods", "runs.csv", "--law", "kaplan_nd"], "A0104"),
    good(&["contrast", "arms.csv", "--arm", "recipe", "--bootstrap", "100"], "better"),
    bad(&["contrast", "arms.csv", "--arm", "recipe", "--bootstrap", "10"], "A0110"),
    bad(&["contrast", "arms.csv", "--arm", "recipe", "--between", "a,c"], "A0107"),
    bad(&["contrast", "runs.csv", "--arm", "recipe"], "recipe"),
    good(
        &["plan", "fit.json", "--minimize", "loss", "--over", "N,D", "--subject-to", "6*N*D <= 1e24"],
        "interval",
    ),
    good(
        &[
            "plan",
            "chinchilla@besiroglu",
            "--minimize",
            "6*N*D",
            "--over",
            "N,D",
            "--subject-to",
            "loss <= 2",
            "--format",
            "json",
        ],
        "\"shadow_price\"",
    ),
    good(&["plan", "compute-optimal", "fit.json", "--flops", "1e24"], "tokens per parameter"),
    good(&["next", "runs.csv", "--law", "chinchilla", "--budget", "1e21", "--goal", "a_opt"], "narrower"),
    bad(&["next", "chinchilla@besiroglu", "--budget", "1e21", "--goal", "a_opt"], "--noise"),
    good(&["simulate", "chinchilla@besiroglu", "--budgets", "1e18"], "C,N,D,loss"),
    good(
        &["shard", "plan", "runs.csv", "--law=chinchilla", "--bootstrap=50", "--shards=2", "-o", "job.json"],
        "",
    ),
    good(&["shard", "run", "job.json", "--shard", "2/2", "-o", "out"], ""),
    bad(&["shard", "merge", "job.json", "out"], "C1404"),
    bad(&["shard", "run", "job.json", "--shard", "3", "-o", "out"], "C1403"),
    good(&["shard", "run", "job.json", "--shard", "1", "-o", "out"], ""),
    good(&["shard", "merge", "job.json", "out", "-o", "merged.json"], "certified"),
    good(&["predict", "merged.json", "--at", "N=1B,D=20B"], "loss"),
    good(
        &["shard", "plan", "arms.csv", "--law=chinchilla", "--each=recipe", "--shards=1", "-o", "each.json"],
        "",
    ),
    good(&["shard", "run", "each.json", "--shard", "1", "-o", "each"], ""),
    good(&["shard", "merge", "each.json", "each"], "verdict"),
    good(&["hardware"], "h100-sxm"),
    good(&["cost", "--arch", "config.json"], "124439808"),
    bad(&["cost", "--arch", "runs.csv"], "runs.csv"),
    bad(&["plan", "chinchilla@besiroglu", "--minimize", "loss", "--over", "N,D"], "--subject-to"),
    bad(&["laws", "show", "chinchila"], "chinchilla"),
    bad(&["fit", "runs.csv", "--law", "chinchila"], "chinchilla"),
    bad(&["fit", "runs.csv", "--law", "loss ~ E + "], "loss ~ E + "),
    bad(&["fit", "absent.csv", "--law", "chinchilla"], "absent.csv"),
    bad(&["fit", "empty.csv", "--law", "chinchilla"], "empty.csv"),
    bad(&["fit", "words.csv", "--law", "chinchilla"], "words.csv"),
    bad(&["predict", "runs.csv", "--at", "N=1B,D=1B"], "runs.csv"),
];

/// Runs all cases with the binary in a fresh folder; one sentence per case that went wrong, and how many there are.
pub fn check(binary: &Path, folder: &Path) -> Result<(Vec<String>, usize), String> {
    prepare(folder).map_err(|e| format!("cannot prepare {}: {e}", folder.display()))?;
    let mut findings = Vec::new();
    for case in CASES {
        let output = run(Command::new(binary).args(case.arguments).current_dir(folder), Show::Nothing)?;
        let wrong = if output.stderr.contains("panicked at") {
            Some("it panicked".to_owned())
        } else if output.status != case.status {
            Some(format!("exit status {} instead of {}", output.status, case.status))
        } else if !output.stdout.contains(case.stdout) {
            Some(format!("stdout does not hold `{}`", case.stdout))
        } else if !output.stderr.contains(case.stderr) {
            Some(format!("stderr does not hold `{}`", case.stderr))
        } else if case.status != 0 && !output.stdout.is_empty() {
            Some("a failed run wrote data to stdout".to_owned())
        } else {
            None
        };
        if let Some(wrong) = wrong {
            let said: String = output.stderr.lines().take(6).collect::<Vec<_>>().join("\n    ");
            findings.push(format!("isoflop {}: {wrong}\n    {said}", case.arguments.join(" ")));
        }
    }
    Ok((findings, CASES.len()))
}

/// A folder with one good table (30 runs near a known law) and some bad ones.
fn prepare(folder: &Path) -> std::io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let mut runs = String::from("params,tokens,loss\n");
    for i in 0..30_i32 {
        let (n, d) = (1e8 * 2_f64.powi(i % 6), 2e9 * 3_f64.powi(i / 6));
        let ripple = 1.0 + 0.002 * f64::from(i * 7 % 11 - 5) / 5.0;
        let loss = (1.8 + 480.0 / n.powf(0.348) + 2000.0 / d.powf(0.366)) * ripple;
        runs += &format!("{n:e},{d:e},{loss:.6}\n");
    }
    // Two recipes: the second has 5 % more reducible loss everywhere.
    let arms = runs.lines().skip(1).enumerate().flat_map(|(k, line)| {
        let loss: f64 = line.rsplit(',').next().and_then(|l| l.parse().ok()).unwrap_or(f64::NAN);
        let start = line.rsplit_once(',').map_or(line, |parts| parts.0).to_owned();
        let other = 1.8 + 1.05 * (loss - 1.8) + 0.001 * f64::from((k * 5 % 7) as u8);
        [format!("a,{line}\n"), format!("b,{start},{other:.6}\n")]
    });
    fs::write(folder.join("arms.csv"), "recipe,params,tokens,loss\n".to_owned() + &arms.collect::<String>())?;
    fs::write(folder.join("runs.csv"), runs)?;
    let config = r#"{"model_type": "gpt2", "n_embd": 768, "n_layer": 12, "n_head": 12, "vocab_size": 50257, "n_positions": 1024}"#;
    fs::write(folder.join("config.json"), config)?;
    fs::write(folder.join("empty.csv"), "")?;
    fs::write(folder.join("words.csv"), "params,tokens,loss\n1e8,2e9,three\n")
}
