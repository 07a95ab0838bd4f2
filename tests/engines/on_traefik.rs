//! Traefik takes the place of our balancer.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::alike::no_backend_is_asked_for_http_2;
use crate::moved::{Engine, Site, clients_keep_their_backend_by_another_cookie, shares};
use crate::support::installed::{environment, of_environment};
use crate::support::left_out::left_out;

/// What the head of the file says: its own flags, by a shell.
fn started(file: &Path, folder: &Path) -> Command {
    let text = std::fs::read_to_string(file).unwrap();
    let script: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#: ")).collect();
    let program = environment("traefik");
    let folders = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
    let path = std::env::join_paths(program.parent().into_iter().chain(folders.iter().map(PathBuf::as_path)));
    let mut command = Command::new("sh");
    command.arg("-c").arg(script.join("\n")).current_dir(folder).env("PATH", path.unwrap());
    command
}

fn traefik() -> Option<Engine> {
    if of_environment("traefik").is_none() {
        left_out("there is no Traefik");
        return None;
    }
    Some(Engine { export: &["traefik"], file: "dynamic.yaml", command: started })
}

/// The value of its cookie is a hash of a service's name; the name is taken too, and is the id that ours has.
#[test]
fn clients_of_ours_keep_their_backend_on_traefik() {
    let Some(traefik) = traefik() else { return };
    clients_keep_their_backend_by_another_cookie(&traefik);
}

#[test]
fn traefik_gives_shares_by_weight() {
    let Some(traefik) = traefik() else { return };
    let shares = shares(&traefik, "smooth-round-robin", [3, 1, 1]);
    for (share, exact) in shares.iter().zip([600, 200, 200]) {
        assert!(share.abs_diff(exact) <= 5, "{shares:?}");
    }
}

#[test]
fn traefik_goes_on_to_the_next_backend_when_the_first_dies() {
    let Some(traefik) = traefik() else { return };
    let mut site = Site::new();
    let _serving = site.taken_over(&traefik, |config| {
        config["strategy"] = json!("first");
        config["sticky"] = json!({"by": "off"});
    });
    for (dead, name) in [(None, "alpha"), (Some("alpha"), "bravo"), (Some("bravo"), "charlie")] {
        if let Some(dead) = dead {
            site.kill(dead);
        }
        for _ in 0..5 {
            let response = site.ask(None);
            assert_eq!((response.status, response.text().as_str()), (200, name));
        }
    }
}

#[test]
fn traefik_asks_no_backend_for_http_2() {
    if let Some(traefik) = traefik() {
        no_backend_is_asked_for_http_2(&traefik);
    }
}
