//! Running the programs that keep trust stores.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use stickylb::untrusted::Untrusted;

/// Runs a program to its end and gives what it wrote to standard output.
///
/// # Errors
/// What it said was wrong, in its words, as one line.
pub(super) fn output_of(command: &mut Command) -> Result<String, String> {
    said(command, "")
}

/// The same, with this on its standard input.
pub(super) fn said(command: &mut Command, input: &str) -> Result<String, String> {
    let name = Untrusted::new(command.get_program().to_string_lossy().into_owned());
    let output = run(command, input).map_err(|error| format!("{name} cannot be run: {error}"))?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let err = String::from_utf8_lossy(&output.stderr);
    let complaint = complaint(&err, &out).map(|line| Untrusted::new(line).to_string());
    Err(complaint.unwrap_or_else(|| format!("{name} {}", output.status)))
}

fn run(command: &mut Command, input: &str) -> io::Result<Output> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // It fits into the pipe, and a program that reads nothing of it says what is wrong.
        let _ = stdin.write_all(input.as_bytes());
    }
    child.wait_with_output()
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
