//! Envoy takes the place of our balancer.

use std::path::Path;
use std::process::Command;

use crate::moved::{Engine, Site, clients_keep_their_backend, shares};
use crate::support::installed::{environment, of_environment};
use crate::support::left_out::left_out;

/// Envoy, if it is there.
fn envoy() -> Option<Engine> {
    if of_environment("envoy").is_some() {
        return Some(Engine { export: &["envoy"], file: "envoy.yaml", command });
    }
    left_out("there is no Envoy");
    None
}

fn command(file: &Path, home: &Path) -> Command {
    let mut command = Command::new(environment("envoy"));
    command.args(["--concurrency", "1", "--disable-hot-restart", "--use-dynamic-base-id", "--log-level", "error"]);
    command.arg("-c").arg(file).current_dir(home);
    command
}

#[test]
fn clients_of_our_balancer_keep_their_backend_on_envoy() {
    if let Some(envoy) = envoy() {
        clients_keep_their_backend(&envoy);
    }
}

#[test]
fn envoy_sets_no_cookie_that_a_client_has() {
    let Some(envoy) = envoy() else { return };
    let site = Site::new();
    let _serving = site.taken_over(&envoy, |_| {});
    for cookie in site.cookies().values() {
        assert_eq!(site.ask(Some(cookie)).get("set-cookie"), None, "with {cookie}");
    }
    for cookie in ["X-Backend-ID=99", "X-Backend-ID=", "X-Backend-ID=7x", "other=7"] {
        assert!(site.ask(Some(cookie)).get("set-cookie").is_some(), "with {cookie}");
    }
}

#[test]
fn envoy_gives_each_backend_its_share_in_turn() {
    let Some(envoy) = envoy() else { return };
    let counts = shares(&envoy, "round-robin", [3, 1, 1]);
    for (count, share) in counts.into_iter().zip([600, 200, 200]) {
        assert!(count.abs_diff(share) <= 10, "{counts:?}");
    }
}

#[test]
fn envoy_gives_each_backend_its_share_by_chance() {
    let Some(envoy) = envoy() else { return };
    let counts = shares(&envoy, "random", [3, 1, 1]);
    // More than six times what chance is usually off by.
    for (count, share) in counts.into_iter().zip([600, 200, 200]) {
        assert!(count.abs_diff(share) <= 100, "{counts:?}");
    }
}
