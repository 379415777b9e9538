//! A page as PDF, printed by Chromium where that is installed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::errors::CliError;

/// Names of the browser, in the order they are tried.
const NAMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome-headless-shell"];

/// The bytes of the PDF.
///
/// # Errors
/// No Chromium on the path, or one that does not print.
pub(crate) fn pdf(page: &str) -> Result<Vec<u8>, CliError> {
    let fail = |reason: String| CliError::NoPrinter { reason };
    let folder = std::env::temp_dir().join(format!("isoflop-print-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|e| fail(format!("{} cannot be made: {e}", folder.display())))?;
    let printed = print(page, &folder).map_err(fail);
    // What stays behind would be in the way of nothing.
    let _ = fs::remove_dir_all(&folder);
    printed
}

fn print(page: &str, folder: &Path) -> Result<Vec<u8>, String> {
    let (html, pdf) = (folder.join("report.html"), folder.join("report.pdf"));
    fs::write(&html, page).map_err(|e| format!("{} cannot be written: {e}", html.display()))?;
    let mut last = "none of its names is on the path".to_owned();
    // As the administrator, as in containers, it starts only without its sandbox; the page is our own.
    for (name, is_boxed) in NAMES.iter().flat_map(|name| [(name, true), (name, false)]) {
        let mut command = Command::new(name);
        command.args(["--headless", "--disable-gpu", "--no-pdf-header-footer"]);
        if !is_boxed {
            command.arg("--no-sandbox");
        }
        command.arg(format!("--user-data-dir={}", folder.join("profile").display()));
        command.arg(format!("--print-to-pdf={}", pdf.display())).arg(format!("file://{}", html.display()));
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match (status, fs::read(&pdf)) {
            (Ok(status), Ok(bytes)) if status.success() && bytes.starts_with(b"%PDF") => return Ok(bytes),
            (Ok(status), _) => last = format!("{name} did not print ({status})"),
            (Err(_), _) => {}
        }
    }
    Err(last)
}
