//! Other load balancers on this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where a program of the Python environment would be that the gate makes beside the build, for engines that the system lacks
/// or has old.
pub(crate) fn environment(program: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("engines-venv").join("bin").join(program)
}

/// The same, if it is there.
pub(crate) fn of_environment(program: &str) -> Option<PathBuf> {
    Some(environment(program)).filter(|file| file.exists())
}

/// A program of the PATH that is of this version or newer, which it tells with `-v`.
pub(crate) fn of_path(program: &str, oldest: [u32; 2]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let file = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())?;
    let told = Command::new(&file).arg("-v").stdin(Stdio::null()).output().ok()?;
    // HAProxy tells it on one output, nginx on the other.
    let told = [told.stdout, told.stderr].concat();
    (version(&String::from_utf8_lossy(&told))? >= oldest).then_some(file)
}

/// The first version in a text: `2.6.12-1` is 2.6.
fn version(text: &str) -> Option<[u32; 2]> {
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    words.filter_map(|word| word.split_once('.')).find_map(|(major, rest)| {
        let minor = rest.split('.').next()?;
        Some([major.parse().ok()?, minor.parse().ok()?])
    })
}
