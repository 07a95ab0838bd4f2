//! One app, in one form, with one seed: what `survive` says of two copies of it.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::ground::{Shared, folder, python};
use crate::support::program::{free_port, program};
use crate::support::{until, until_some};
use crate::survived::{Survived, run_to_end};

/// The two forms of an app.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Form {
    Broken,
    Mended,
}

/// Where `survive` has the requests from.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum From {
    /// It runs the app's traffic itself.
    Test,
    /// The traffic went to one copy alone before, as a browser does, and was saved.
    Har,
}

/// What one run is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Run {
    pub(crate) app: &'static str,
    pub(crate) form: Form,
    pub(crate) seed: u64,
    pub(crate) from: From,
}

impl Run {
    /// Runs it to its end.
    pub(crate) fn survive(&self) -> Survived {
        let shared = Shared::new();
        let mut command = program(&["survive", "-n", "2", "--unsafe", "--json"]);
        self.tell(&mut command, &shared);
        match self.from {
            From::Test => command.args(["--test", &self.traffic()]),
            From::Har => command.arg("--har").arg(self.record(&shared)),
        };
        command.arg("--").args(self.server());
        run_to_end(command)
    }

    fn traffic(&self) -> String {
        format!("node {}/traffic.mjs", self.app)
    }

    fn server(&self) -> Vec<OsString> {
        let python_app = format!("{}/app.py", self.app);
        if folder().join(&python_app).exists() {
            vec![python().into(), python_app.into()]
        } else {
            vec!["node".into(), format!("{}/app.mjs", self.app).into()]
        }
    }

    fn tell(&self, command: &mut Command, shared: &Shared) {
        let broken = if self.form == Form::Broken { "1" } else { "0" };
        command.env("BROKEN", broken).env("SEED", self.seed.to_string()).env("SHARED", shared.path());
        // What a broken form keeps for itself on a disk goes when the run ends.
        command.env("TMPDIR", shared.path());
        command.current_dir(folder());
    }

    /// Has the traffic go to one copy, and gives the HAR file of it.
    fn record(&self, shared: &Shared) -> std::path::PathBuf {
        let port = free_port();
        let words = self.server();
        let mut server = Command::new(&words[0]);
        server.args(&words[1..]).env("PORT", port.to_string()).stdout(Stdio::null()).stderr(Stdio::null());
        self.tell(&mut server, shared);
        let mut server = server.spawn().unwrap();
        until("the app listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        let har = shared.path().join("traffic.har");
        self.go(port, &har, shared);
        server.kill().unwrap();
        server.wait().unwrap();
        har
    }

    fn go(&self, port: u16, har: &Path, shared: &Shared) {
        let mut traffic = Command::new("node");
        traffic.arg(format!("{}/traffic.mjs", self.app)).env("HAR", har);
        traffic.env("STICKYLB_URL", format!("http://localhost:{port}"));
        self.tell(&mut traffic, shared);
        let mut traffic = traffic.spawn().unwrap();
        let status = until_some("the traffic ends", || traffic.try_wait().unwrap());
        assert!(status.success(), "{}: one copy alone does not do what its traffic expects", self.app);
    }
}
