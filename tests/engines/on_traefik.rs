//! Traefik takes the place of our balancer.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::moved::{Engine, Site, clients_keep_their_backend_by_another_cookie, shares};
use crate::support::left_out::left_out;

/// The Traefik of the Python environment that the gate makes beside the build.
fn program() -> Option<PathBuf> {
    let bin = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("engines-venv").join("bin/traefik");
    bin.exists().then_some(bin)
}

/// What the head of the file says: its own flags, by a shell.
fn started(file: &Path, folder: &Path) -> Command {
    let text = std::fs::read_to_string(file).unwrap();
    let script: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#: ")).collect();
    let program = program().unwrap();
    let path = std::env::join_paths(
        program
            .parent()
            .map(Path::to_owned)
            .into_iter()
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut command = Command::new("sh");
    command.arg("-c").arg(script.join("\n")).current_dir(folder).env("PATH", path.unwrap());
    command
}

fn traefik() -> Option<Engine> {
    if program().is_none() {
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
