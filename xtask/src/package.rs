//! The Python package: packed into a wheel, installed into an environment of its own, and tested as users have it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{Show, run};
use crate::counts::Counts;
use crate::pairs::Pairs;
use crate::python::{self, Environment};
use crate::workspace::Workspace;

/// Installs the package and runs its tests and the checks of its types and style. The workspace must be built.
///
/// # Errors
/// No Python, no package index, or a package that cannot be packed or installed.
pub fn check(workspace: &Workspace) -> Result<Counts, String> {
    let environment = Environment::make(workspace, python::PACKAGE)?;
    let wheel = pack(workspace, &environment, "debug")?;
    environment.pip(&["--force-reinstall".as_ref(), "--no-deps".as_ref(), wheel.as_path()])?;
    let folder = workspace.root.join("python");
    let program = workspace.built("debug/isoflop");
    // Away from the sources, so that the installed package is what is imported.
    let elsewhere = workspace.target.join("python-tests");
    std::fs::create_dir_all(&elsewhere).map_err(|e| format!("cannot make {}: {e}", elsewhere.display()))?;
    let config = folder.join("pyproject.toml");
    let cache = elsewhere.join("cache");
    let tests = folder.join("tests");
    let shown = |path: &Path| path.display().to_string();
    let steps: [(&str, Vec<String>); 6] = [
        ("pytest", vec!["-q".into(), "-rs".into(), "-s".into(), "-c".into(), shown(&config), shown(&tests)]),
        (
            "pytest",
            ["-q", "--doctest-modules", "--pyargs", "isoflop", "-c"]
                .map(String::from)
                .into_iter()
                .chain([shown(&config)])
                .collect(),
        ),
        ("mypy", vec![format!("--config-file={}", shown(&config)), "-p".into(), "isoflop".into()]),
        ("mypy", vec![format!("--config-file={}", shown(&config)), shown(&tests.join("program.py"))]),
        ("mypy.stubtest", vec!["isoflop._isoflop".into()]),
        ("ruff", vec!["check".into(), shown(&folder)]),
    ];
    let mut sum = Counts::default();
    for (tool, arguments) in steps {
        let mut command = environment.command();
        command.current_dir(&elsewhere).args(["-m", tool]).args(&arguments);
        command.env("ISOFLOP_PROGRAM", &program).env("RUFF_CACHE_DIR", &cache).env("MYPY_CACHE_DIR", &cache);
        command.env("PYTEST_ADDOPTS", format!("-p no:cacheprovider --rootdir={}", shown(&folder)));
        let passed = run(&mut command, Show::Live)?.success;
        eprintln!("{} python -m {tool} {}", if passed { "ok  " } else { "FAIL" }, arguments.join(" "));
        sum += Counts::one(passed);
    }
    Ok(sum)
}

/// Two Ray nodes on this machine, one killed midway: shards come back and the bits are those of one machine. The
/// workspace must be built.
///
/// # Errors
/// No Python, no package index, or a package that cannot be packed or installed.
pub fn check_ray(workspace: &Workspace) -> Result<Counts, String> {
    let environment = Environment::make(workspace, python::RAY)?;
    let wheel = pack(workspace, &environment, "debug")?;
    environment.pip(&["--force-reinstall".as_ref(), "--no-deps".as_ref(), wheel.as_path()])?;
    let mut command = environment.command();
    command.arg(workspace.root.join("python/tests/ray_nodes.py"));
    // Ray tells at length of the node that was killed.
    let ended = run(&mut command, Show::Nothing)?;
    let told = if ended.success { ended.stdout.rsplit_once("\n{").map(|(_, told)| told) } else { None };
    match told {
        Some(told) => eprintln!("{{{told}"),
        None => eprintln!("{}\n{}", ended.stdout, ended.stderr),
    }
    Ok(Counts::one(ended.success))
}

/// Most seconds that a fit from Python may take beside the same fit in Rust.
const BINDING: f64 = 200e-6;

/// Fits from Python beside what users of Python have, and what the binding adds to a fit. The workspace must be built
/// for release, with its examples.
///
/// # Errors
/// No package index, or a package that cannot be packed or installed.
pub fn bench(workspace: &Workspace, environment: &Environment) -> Result<(), String> {
    let wheel = pack(workspace, environment, "release")?;
    environment.pip(&["--force-reinstall".as_ref(), "--no-deps".as_ref(), wheel.as_path()])?;
    if let Err(reason) = environment.pip(&["pandas==3.1.1", "chinchilla==0.2.0"].map(Path::new)) {
        eprintln!("chinchilla is not available, its row is left out: {reason}");
    }
    let mut command = environment.command();
    let peers = run(command.arg(workspace.root.join("bench/python_peers.py")), Show::Nothing)?;
    let alone = run(&mut Command::new(workspace.built("release/examples/smallest")), Show::Nothing)?;
    if !peers.success || !alone.success {
        return Err(format!("the comparison from Python failed\n{}{}", peers.stderr, alone.stderr));
    }
    println!("\n{}", peers.stdout.trim());
    let (from_python, in_rust) = (Pairs::parse(&peers.stdout), Pairs::parse(&alone.stdout));
    for what in ["seconds", "cpu"] {
        let of = |pairs: &Option<Pairs>| pairs.as_ref().and_then(|p| p.number(what)).unwrap_or(f64::NAN);
        let (total, inside) = (of(&from_python), of(&in_rust));
        let verdict = if total - inside < BINDING { "met" } else { "MISSED" };
        println!(
            "smallest fit, {}: {:.0} us from Python, {:.0} us in Rust, binding {:.0} us, target < 200 us: {verdict}",
            if what == "cpu" { "CPU time" } else { "wall time" },
            1e6 * total,
            1e6 * inside,
            1e6 * (total - inside),
        );
    }
    Ok(())
}

/// A wheel of the library that the workspace built under this profile.
fn pack(workspace: &Workspace, environment: &Environment, profile: &str) -> Result<PathBuf, String> {
    let name = match std::env::consts::OS {
        "windows" => "isoflop_py.dll",
        "macos" => "libisoflop_py.dylib",
        _ => "libisoflop_py.so",
    };
    let library = stripped(&workspace.built(&format!("{profile}/{name}")), &workspace.target.join("wheels"))?;
    let mut command = environment.command();
    command.arg(workspace.root.join("python/pack.py")).arg(library);
    let packed =
        run(command.arg(workspace.target.join("wheels")).arg(env!("CARGO_PKG_VERSION")), Show::Nothing)?;
    if !packed.success {
        return Err(format!("the wheel cannot be packed\n{}", packed.stderr));
    }
    Ok(PathBuf::from(packed.stdout.trim()))
}

/// The library without the names for debuggers, where `strip` is there; they are most of its size.
fn stripped(library: &Path, folder: &Path) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
    let target = folder.join(library.file_name().unwrap_or_default());
    let mut command = Command::new("strip");
    command.arg("--strip-debug").arg("-o").arg(&target).arg(library);
    match run(&mut command, Show::Nothing) {
        Ok(output) if output.success => Ok(target),
        _ => Ok(library.to_owned()),
    }
}
