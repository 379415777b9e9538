//! The machine that a timing was taken on.

/// Processor, cores and load, as far as the system tells.
pub fn describe() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map(|(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let loads = read("/proc/loadavg");
    let load = loads.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown");
    format!("machine: {}, {cores} cores, load {load}", model.unwrap_or(std::env::consts::ARCH))
}
