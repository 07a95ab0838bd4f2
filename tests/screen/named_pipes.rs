//! Named pipes in place of the configuration file or a secret: read whenever somebody writes, and nothing waits for it.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::outputs::{Running, in_home, named_pipe};
use crate::support::home::Home;
use crate::support::program::{Headless, get, signal};
use rustix::process::Signal;

/// The first configuration, of one backend, which this writes to a named pipe; `weight` is the backend's.
fn feed(pipe: &Path, port: u16, weight: u32) {
    let backend = serde_json::json!({ "url": "http://localhost:1", "name": "alpha", "weight": weight });
    let config = serde_json::json!({ "port": port, "backends": [backend] }).to_string();
    let pipe = pipe.to_owned();
    std::thread::spawn(move || File::options().write(true).open(pipe).unwrap().write_all(config.as_bytes()).unwrap());
}

#[test]
fn a_configuration_that_is_a_named_pipe_is_read_whenever_it_is_written_and_holds_up_no_signal() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lb.json");
    named_pipe(&path);
    let words = ["--headless", "--config", path.to_str().unwrap()];
    // Nobody writes to the pipe; the signal ends the program all the same.
    for which in [Signal::TERM, Signal::INT] {
        let mut command = in_home(&home, &words);
        command.stdout(Stdio::null());
        let mut waits = Running::start(command);
        std::thread::sleep(std::time::Duration::from_millis(100));
        signal(waits.pid(), which);
        waits.ended();
    }
    let port = crate::support::program::free_port();
    feed(&path, port, 1);
    let mut lb = Headless::from(in_home(&home, &words));
    lb.line_with("listening on");
    feed(&path, port, 7);
    assert!(home.good(&["ctl", "reload"]).contains("applied"));
    lb.line_with("alpha has the weight 7");
    // From here on nobody writes to the pipe.
    let refused = home.run(&["ctl", "reload"]);
    let err = String::from_utf8(refused.stderr).unwrap();
    assert!(err.contains("lb.json: it was not written to its end in time"), "{err}");
    assert!(home.good(&["ctl", "status"]).contains("warning: cannot read "), "it is told");
    // While the program waits for it, everything else goes on, and a signal ends it.
    lb.signal(Signal::HUP);
    assert!(get(port, "/_lb/health").starts_with("HTTP/1.1 "));
    assert!(home.good(&["ctl", "status"]).contains("alpha"));
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_configuration_that_becomes_a_named_pipe_changes_nothing_and_holds_up_nothing() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lb.json");
    let port = crate::support::program::free_port();
    let config = |weight: u32| {
        let backend = serde_json::json!({ "url": "http://localhost:1", "name": "alpha", "weight": weight });
        serde_json::json!({ "port": port, "backends": [backend] }).to_string()
    };
    std::fs::write(&path, config(1)).unwrap();
    let mut lb = Headless::from(in_home(&home, &["--headless", "--config", path.to_str().unwrap()]));
    lb.line_with("listening on");
    let pipe = folder.path().join("pipe");
    named_pipe(&pipe);
    std::fs::rename(&pipe, &path).unwrap();
    // Longer than the program waits for a file to stay unchanged.
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(home.good(&["ctl", "status"]).contains("alpha"));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, config(9)).unwrap();
    lb.line_with("alpha has the weight 9");
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_secret_in_a_named_pipe_is_read_or_refused_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    named_pipe(&secret);
    let config = serde_json::json!({
        "port": crate::support::program::free_port(),
        "backends": [{ "url": "http://localhost:1" }],
        "email": {
            "host": "localhost",
            "auth": { "user": "lb@example.org", "pass": format!("file:{}", secret.display()) },
        },
    });
    let path = folder.path().join("lb.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let to = secret.clone();
    std::thread::spawn(move || File::options().write(true).open(to).unwrap().write_all(b"secret\n").unwrap());
    let check = ["check", path.to_str().unwrap()];
    let read = crate::support::program::run(&check);
    assert_eq!(read.status.code(), Some(0), "{}", String::from_utf8_lossy(&read.stderr));
    let refused = crate::support::program::run(&check);
    let err = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{err}");
    assert!(err.contains("cannot read ") && err.contains("it was not written to its end in time"), "{err}");
}
