//! Caddy takes the place of our balancer.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::alike::{
    backends_are_told_what_ours_tells, clients_of_a_backup_go_back, no_backend_is_asked_for_http_2,
    routes_lead_where_ours_do,
};
use crate::moved::{Engine, clients_keep_their_backend, shares};
use crate::support::installed::{environment, of_environment};
use crate::support::left_out::left_out;

const CADDY: Engine = Engine { export: &["caddy"], file: "Caddyfile", command };

/// What it keeps beside its answers stays in the folder of the test.
fn command(file: &Path, home: &Path) -> Command {
    let mut command = Command::new(environment("caddy"));
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
    command.env("HOME", home).env("XDG_DATA_HOME", home).env("XDG_CONFIG_HOME", home).stderr(Stdio::null());
    command
}

fn is_there() -> bool {
    let is_there = of_environment("caddy").is_some();
    if !is_there {
        left_out("there is no Caddy");
    }
    is_there
}

#[test]
fn clients_keep_their_backend_when_they_move_to_caddy() {
    if is_there() {
        clients_keep_their_backend(&CADDY);
    }
}

#[test]
fn caddy_gives_each_backend_its_share() {
    if !is_there() {
        return;
    }
    for strategy in ["round-robin", "smooth-round-robin", "random"] {
        let counts = shares(&CADDY, strategy, [3, 1, 1]);
        // All of them take turns there.
        for (count, share) in counts.into_iter().zip([600, 200, 200]) {
            assert!(count.abs_diff(share) <= 3, "{strategy}: {counts:?}");
        }
    }
}

#[test]
fn caddy_sends_clients_to_the_first_backend() {
    if is_there() {
        assert_eq!(shares(&CADDY, "first", [1, 1, 1]), [1000, 0, 0]);
    }
}

#[test]
fn caddy_leaves_out_a_backend_without_weight() {
    if is_there() {
        let [alpha, bravo, charlie] = shares(&CADDY, "round-robin", [1, 0, 1]);
        assert_eq!(bravo, 0);
        assert!(alpha.abs_diff(charlie) <= 1, "{alpha} and {charlie}");
    }
}

#[test]
fn caddy_routes_as_ours_does() {
    if is_there() {
        routes_lead_where_ours_do(&CADDY);
    }
}

#[test]
fn caddy_tells_backends_what_ours_does() {
    if is_there() {
        backends_are_told_what_ours_tells(&CADDY);
    }
}

#[test]
fn clients_of_a_backup_go_back_on_caddy() {
    if is_there() {
        clients_of_a_backup_go_back(&CADDY);
    }
}

#[test]
fn caddy_asks_no_backend_for_http_2() {
    if is_there() {
        no_backend_is_asked_for_http_2(&CADDY);
    }
}
