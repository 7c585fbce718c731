//! The most memory that something takes, as Linux counts it. Elsewhere it is not known.

/// What `work` makes, and by how many bytes the resident memory of the process grew at most meanwhile.
pub(crate) fn peak<T>(work: impl FnOnce() -> T) -> (T, Option<u64>) {
    // Sets the high-water mark to what is resident now.
    let is_reset = std::fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = status("VmRSS:");
    let made = work();
    let peak = status("VmHWM:").zip(before).map(|(peak, before)| peak.saturating_sub(before));
    (made, peak.filter(|_| is_reset))
}

/// A line of the process's status that is in KiB, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// As people read it.
pub(crate) fn mib(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "not known".to_owned(), |bytes| format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20)))
}
