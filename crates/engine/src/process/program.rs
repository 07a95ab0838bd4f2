//! The programs that are started as backends.

use std::ffi::OsString;
use std::path::Path;

use crate::api::Mark;

/// Names of demo backends, in order; `alpha-2`, `bravo-2` and so on follow.
const NAMES: [&str; 8] = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"];

/// The name of the demo backend with this number, counted from 0.
pub fn demo_name(number: usize) -> String {
    let name = NAMES[number % NAMES.len()];
    match number / NAMES.len() {
        0 => name.to_owned(),
        round => format!("{name}-{}", round + 1),
    }
}

/// Copies of one program for the balancer to start, each on its own free port, which it gets in the environment
/// variable PORT.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Copies {
    /// The program: a path, or a name to look up in `PATH`.
    pub program: OsString,
    /// Its arguments; `{port}` in one of them is replaced by the copy's port.
    pub arguments: Vec<OsString>,
    /// The number of copies, in addition to the pool's configured backends.
    pub count: usize,
    /// Environment variables that each of them gets besides this process's and PORT.
    pub environment: Vec<(OsString, OsString)>,
}

impl Copies {
    /// `count` copies of this program.
    pub fn new(program: OsString, arguments: Vec<OsString>, count: usize) -> Self {
        Copies { program, arguments, count, environment: Vec::new() }
    }

    /// The backend name of one copy: the program's name and the copy's number.
    pub(crate) fn name(&self, number: usize) -> String {
        let stem = Path::new(&self.program).file_stem().unwrap_or(&self.program);
        format!("{}-{number}", stem.to_string_lossy())
    }

    /// How one copy is started.
    pub(crate) fn program(&self, number: usize, port: u16) -> Program {
        Program {
            file: self.program.clone(),
            arguments: self.arguments.clone(),
            port,
            instance: number,
            restarts: true,
            environment: self.environment.clone(),
        }
    }
}

/// How to start a backend's process, also after an exit.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) file: OsString,
    /// `{port}` in one of them stands for the port.
    pub(crate) arguments: Vec<OsString>,
    /// The port to listen on: its `$PORT`.
    pub(crate) port: u16,
    /// Its number among several: its `$STICKYLB_INSTANCE`.
    pub(crate) instance: usize,
    /// Whether it is restarted when it exits by itself.
    pub(crate) restarts: bool,
    /// Environment variables besides those of this process.
    pub(crate) environment: Vec<(OsString, OsString)>,
}

impl Program {
    /// A demo backend, whose page shows its letter and colour; `own` is this program.
    pub(crate) fn demo(own: &Path, name: &str, number: usize, mark: Mark, port: u16) -> Self {
        let letter = mark.letter().to_string();
        let words = ["demo-backend", "--name", name, "--letter", &letter, "--color", mark.color(), "--port", "{port}"];
        Program {
            file: own.as_os_str().to_owned(),
            arguments: words.map(OsString::from).to_vec(),
            port,
            instance: number,
            restarts: false,
            environment: Vec::new(),
        }
    }

    /// The program's name and its arguments.
    pub(crate) fn words(&self) -> impl Iterator<Item = OsString> {
        let with_port = |argument: &OsString| match argument.to_str() {
            Some(text) => OsString::from(text.replace("{port}", &self.port.to_string())),
            None => argument.clone(),
        };
        std::iter::once(self.file.clone()).chain(self.arguments.iter().map(with_port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_backends_never_share_a_name() {
        let names: std::collections::BTreeSet<String> = (0..40).map(demo_name).collect();
        assert_eq!(names.len(), 40);
        assert_eq!((demo_name(0), demo_name(9)), ("alpha".to_owned(), "bravo-2".to_owned()));
    }

    #[test]
    fn a_copy_is_named_after_its_program_and_gets_its_port_as_an_argument() {
        let copies = Copies::new("./bin/api.sh".into(), vec!["--listen=:{port}".into(), "x".into()], 2);
        assert_eq!([copies.name(0), copies.name(1)], ["api-0", "api-1"]);
        let words: Vec<_> = copies.program(1, 20_001).words().collect();
        assert_eq!(words, ["./bin/api.sh", "--listen=:20001", "x"]);
    }
}
