//! Runs a program, shows its output as it comes and keeps it for counting.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

/// What a finished program said.
pub struct Output {
    /// Whether it ended with status 0.
    pub success: bool,
    /// Exit status, or -1 when a signal ended it.
    pub status: i32,
    /// Everything it wrote to stdout.
    pub stdout: String,
    /// Everything it wrote to stderr.
    pub stderr: String,
}

/// Who sees the program's output while it runs.
#[derive(Clone, Copy, PartialEq)]
pub enum Show {
    /// Printed line by line as it comes.
    Live,
    /// Only kept.
    Nothing,
}

/// The cargo that runs this program, with colours off so that its output can be counted.
pub fn cargo(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).env("CARGO_TERM_COLOR", "never");
    command
}

/// Runs a command to its end without input.
pub fn run(command: &mut Command, show: Show) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {name}: {e}"))?;
    let stdout = child.stdout.take().map(|pipe| follow(pipe, show));
    let stderr = child.stderr.take().map(|pipe| follow(pipe, show));
    let status = child.wait().map_err(|e| format!("lost {name}: {e}"))?;
    let collect =
        |reader: Option<thread::JoinHandle<String>>| reader.and_then(|r| r.join().ok()).unwrap_or_default();
    Ok(Output {
        success: status.success(),
        status: status.code().unwrap_or(-1),
        stdout: collect(stdout),
        stderr: collect(stderr),
    })
}

/// Reads a pipe to its end in a thread of its own.
fn follow(pipe: impl Read + Send + 'static, show: Show) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        let mut reader = BufReader::new(pipe);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let words = String::from_utf8_lossy(&line);
            if show == Show::Live {
                eprint!("{words}");
            }
            text.push_str(&words);
            line.clear();
        }
        text
    })
}
