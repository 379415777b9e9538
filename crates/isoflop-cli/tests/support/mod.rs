//! Runs the binary in a directory of its own.
#![allow(dead_code, clippy::unwrap_used)] // Each test file uses a part of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A temporary directory in which `isoflop` runs.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

/// What a run of the binary left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place { dir: tempfile::tempdir().unwrap() }
    }

    /// A place with the simulated table as `runs.csv`.
    pub(crate) fn with_runs() -> Place {
        let place = Place::new();
        place.write("runs.csv", simulated());
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names of all files, hidden ones too.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = binary(self.dir.path());
        command.args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.command(args).output().unwrap().into()
    }

    /// Runs and insists on success.
    pub(crate) fn ok(&self, args: &[&str]) -> Ended {
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{args:?}\n{}{}", ended.stdout, ended.stderr);
        ended
    }

    /// Runs and insists on one clear error: exit code 2, nothing on stdout, one `error`, no panic, no new file.
    /// Returns the error.
    pub(crate) fn refused(&self, args: &[&str]) -> String {
        let before = self.files();
        let ended = self.run(args);
        let Ended { code, stdout, stderr } = &ended;
        assert_eq!(*code, Some(2), "{args:?}\n{stdout}{stderr}");
        assert_eq!(stdout, "", "{args:?}");
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        assert_eq!(errors, 1, "{args:?}\n{stderr}");
        for word in ["panicked", "RUST_BACKTRACE", "unwrap()", "internal error"] {
            assert!(!stderr.contains(word), "{args:?}\n{stderr}");
        }
        assert_eq!(self.files(), before, "{args:?}");
        stderr.lines().skip_while(|line| !line.starts_with("error")).collect::<Vec<_>>().join("\n")
    }

    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.ok(args).stdout).unwrap()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn binary(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_isoflop"));
    command.current_dir(dir).stdin(Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    command
}

/// The law behind [`simulated`].
pub(crate) const TRUTH: [(&str, f64); 5] =
    [("E", 1.8), ("A", 480.0), ("B", 2100.0), ("alpha", 0.35), ("beta", 0.37)];

/// A table from a known law with log-normal noise of 0.2 %, 7 sizes by 8 token budgets.
pub(crate) fn simulated() -> String {
    let mut text = String::from("run,params,tokens,loss,family\n");
    let mut noise = Noise(1);
    for i in 0..7 {
        for j in 0..8 {
            let n: f64 = 4e7 * 2.5f64.powi(i);
            let d: f64 = 1e9 * 2f64.powi(j);
            let [e, a, b, alpha, beta] = TRUTH.map(|(_, value)| value);
            let loss = (e + a / n.powf(alpha) + b / d.powf(beta)) * (0.002 * noise.normal()).exp();
            let family = if (i + j) % 2 == 0 { "llama" } else { "gpt" };
            text += &format!("r{i}{j},{n},{d},{loss},{family}\n");
        }
    }
    text
}

/// Splitmix64 with the sum of twelve uniforms for a normal deviate: no dependency, the same on every machine.
struct Noise(u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}
