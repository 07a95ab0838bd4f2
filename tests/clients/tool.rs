//! Programs of this machine, run to their end.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::patience::{PATIENCE, run_within};

/// What a program said, and how it ended.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Both of its outputs, for a message.
    pub(crate) fn all(&self) -> String {
        format!("status {}\n{}\n{}", self.status, self.out, self.err)
    }

    /// What it printed, if it succeeded.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.status, 0, "{}", self.all());
        self.out
    }

    #[track_caller]
    pub(crate) fn has(&self, part: &str) {
        assert!(self.out.contains(part) || self.err.contains(part), "no '{part}' in what it said: {}", self.all());
    }
}

/// A program, without what would lead it elsewhere.
pub(crate) fn tool(program: impl AsRef<Path>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program.as_ref());
    command.args(arguments).env("LC_ALL", "C.UTF-8");
    for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE"] {
        command.env_remove(name);
    }
    command
}

/// Runs a program.
#[track_caller]
pub(crate) fn said(command: Command) -> Said {
    said_within(PATIENCE, command)
}

/// The same with another limit.
#[track_caller]
pub(crate) fn said_within(limit: Duration, command: Command) -> Said {
    let output = run_within(limit, command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { status: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Runs a program that reads this and then waits for more: many end their connection where their input ends.
#[track_caller]
pub(crate) fn said_to(input: &str, command: &Command) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    std::fs::write(&file, input).unwrap();
    // A named pipe that is open for writing too has no end, and a few lines fit into it without a reader.
    let script = r#"mkfifo "$0.pipe" && exec 0<> "$0.pipe" && cat "$0" > "$0.pipe" && exec "$@""#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(file).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    said(shell)
}

/// Whether a program is there and ends well with these arguments.
pub(crate) fn works(program: impl AsRef<Path>, arguments: &[&str]) -> bool {
    let tried = tool(program, arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    tried.is_ok_and(|status| status.success())
}

/// The first of these programs that is there.
pub(crate) fn found(names: &[&'static str]) -> Option<&'static str> {
    let path = std::env::var_os("PATH")?;
    let there = |name: &&&str| std::env::split_paths(&path).any(|dir| dir.join(name).is_file());
    names.iter().find(there).copied()
}
