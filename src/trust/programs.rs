//! Running the programs that keep trust stores.

use std::process::{Command, Stdio};

use stickylb::untrusted::Untrusted;

/// Runs a program to its end and gives what it wrote to standard output.
///
/// # Errors
/// What it said was wrong, in its words, as one line.
pub(super) fn output_of(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let run = command.stdin(Stdio::null()).env("LC_ALL", "C").output();
    let run = run.map_err(|error| format!("{} cannot be run: {error}", Untrusted::new(&name)))?;
    let out = String::from_utf8_lossy(&run.stdout).into_owned();
    if run.status.success() {
        return Ok(out);
    }
    let err = String::from_utf8_lossy(&run.stderr);
    // keytool complains on standard output.
    let said = err.lines().chain(out.lines()).map(str::trim).find(|line| !line.is_empty());
    Err(said
        .map_or_else(|| format!("{} {}", Untrusted::new(&name), run.status), |line| Untrusted::new(line).to_string()))
}
