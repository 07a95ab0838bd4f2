//! What Linux tells of processes in `/proc`: who started whom, and who holds a socket.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;

/// All process ids.
pub(super) fn pids() -> impl Iterator<Item = u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The process that started this one, or that took it over when that one ended.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The program's name, in parentheses, may contain anything (proc_pid_stat(5)); the state and the parent follow it.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    std::str::from_utf8(&stat[end + 1..]).ok()?.split_whitespace().nth(1)?.parse().ok()
}

/// The processes below `root`: those that it started, those that they started, and so on.
pub(super) fn descendants(root: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for pid in pids() {
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    while let Some(pid) = next.pop() {
        // Removed, so that processes that came and went meanwhile cannot form a circle.
        let below = children.remove(&pid).unwrap_or_default();
        found.extend_from_slice(&below);
        next.extend(below);
    }
    found
}

/// The program's name, at most 15 characters of it.
pub(super) fn name(pid: u32) -> Option<String> {
    Some(std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned())
}

/// Where the process holds one of these sockets, each written as `socket:[INODE]`: a path below `/proc`.
pub(super) fn held_by(pid: u32, sockets: &HashSet<OsString>) -> Option<(PathBuf, OsString)> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    descriptors.flatten().map(|descriptor| descriptor.path()).find_map(|path| {
        let target = std::fs::read_link(&path).ok()?.into_os_string();
        sockets.contains(&target).then_some((path, target))
    })
}
