//! A user's runtime directory, and the program run in it: balancers find only others in the same one.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use super::patience::run_to_end;
use super::program::{Headless, port_in, program};

/// A runtime directory. When it is dropped, what still runs in it is stopped.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Home(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program in this runtime directory.
    pub(crate) fn program(&self, words: &[&str]) -> Command {
        let mut command = program(words);
        // Authorities that sign certificates are made in the data folder.
        command.env("XDG_RUNTIME_DIR", self.path()).env("XDG_DATA_HOME", self.path().join("data"));
        command
    }

    /// A balancer without a screen whose demo backends are up, and its port.
    pub(crate) fn demo(&self, backends: usize, words: &[&str]) -> (Headless, u16) {
        let demo = format!("--demo={backends}");
        let mut lb = Headless::from(self.program(&[&["--headless", &demo, "-p", "0"], words].concat()));
        let port = lb.ready(backends);
        (lb, port)
    }

    /// A balancer without a screen that has this configuration, and its port.
    pub(crate) fn configured(&self, config: &str, words: &[&str]) -> (Headless, u16) {
        let file = self.path().join("lb.json");
        std::fs::write(&file, config).unwrap();
        let file = file.to_str().unwrap();
        let mut lb = Headless::from(self.program(&[&["--headless", "--config", file], words].concat()));
        let port = port_in(&lb.line_with("listening on")).unwrap();
        (lb, port)
    }

    pub(crate) fn run(&self, words: &[&str]) -> Output {
        run_to_end(self.program(words))
    }

    /// Runs the program, which must succeed; returns its output.
    #[track_caller]
    pub(crate) fn good(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{words:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run(&["stop", "--all"]);
    }
}
