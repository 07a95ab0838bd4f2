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
    Err(complaint(&err, &out)
        .map_or_else(|| format!("{} {}", Untrusted::new(&name), run.status), |line| Untrusted::new(line).to_string()))
}

/// The line that says what went wrong: the last with an error, else the last. Java's keytool complains on standard output.
fn complaint<'o>(err: &'o str, out: &'o str) -> Option<&'o str> {
    let mut lines = out.lines().chain(err.lines()).map(str::trim).filter(|line| !line.is_empty());
    let is_error = |line: &&str| line.to_ascii_lowercase().contains("error");
    lines.clone().rfind(is_error).or_else(|| lines.next_back())
}

#[cfg(test)]
mod tests {
    use super::complaint;

    #[test]
    fn the_line_with_the_error_is_told() {
        let err =
            "Error opening input terminal for read\ncertutil: could not authenticate: SEC_ERROR_BAD_PASSWORD: no.\n";
        assert_eq!(complaint(err, ""), Some("certutil: could not authenticate: SEC_ERROR_BAD_PASSWORD: no."));
        assert_eq!(complaint("Picked up JAVA_TOOL_OPTIONS: x\n", "keytool error: y\n"), Some("keytool error: y"));
        assert_eq!(complaint("W: first\nnot allowed\n", "said\n"), Some("not allowed"));
        assert_eq!(complaint("\n", ""), None);
    }
}
