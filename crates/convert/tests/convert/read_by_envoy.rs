//! What is written is read by the real Envoy.

use std::path::{Path, PathBuf};
use std::process::Command;

use stickylb::api::{Intent, StickyBy};
use stickylb_convert::{Engine, Feature, Target};

use crate::corpus::{Case, cases, exported, parsed, row};
use crate::engines::{Home, or_left_out, said};
use crate::installed::of_environment;

#[test]
fn envoy_reads_every_configuration_without_a_warning() {
    let Some(envoy) = or_left_out(of_environment("envoy"), "Envoy") else { return };
    let home = Home::new();
    let written = |case| {
        let text = exported(&case, Target::new(Engine::Envoy)).text;
        home.write(&format!("{}.yaml", case.name), &text)
    };
    let files: Vec<PathBuf> = cases().into_iter().map(written).collect();
    let (first, second) = files.split_at(files.len() / 2);
    let faults = std::thread::scope(|threads| {
        let first = threads.spawn(|| faults(&envoy, first));
        let second = faults(&envoy, second);
        [first.join().unwrap(), second].concat()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What Envoy says of each file that it does not read in silence.
fn faults(envoy: &Path, files: &[PathBuf]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let mut command = Command::new(envoy);
        command.args(["--mode", "validate", "--log-level", "warning", "--use-dynamic-base-id", "-c"]).arg(file);
        let (is_read, words) = said(&mut command);
        if !is_read || words.contains("][warning][") || words.contains("][error][") {
            faults.push(format!("{}: {words}", file.display()));
        }
    }
    faults
}

#[test]
fn a_drained_backend_keeps_the_clients_of_its_cookie_and_one_in_maint_is_a_comment() {
    let mut case = row("sticky-cookie");
    case.config.pools[0].backends[0].intent = Intent::Drain;
    let drained = exported(&case, Target::new(Engine::Envoy)).text;
    assert!(drained.contains("default_subset: {takes_new: \"yes\"}"), "{drained}");
    assert!(drained.contains("envoy.lb: {id: \"0\"}"), "{drained}");
    assert!(drained.contains("envoy.lb: {id: \"1\", takes_new: \"yes\"}"), "{drained}");
    case.config.pools[0].backends[0].intent = Intent::Maint;
    let out = exported(&case, Target::new(Engine::Envoy)).text;
    assert!(out.contains("# alpha at http://localhost:5000 is left out: it is in MAINT."), "{out}");
    assert!(!out.contains("envoy.lb: {id: \"0\""), "{out}");
}

/// The listener's own pool is for addresses and `localhost` then.
#[test]
fn a_name_of_a_route_that_does_not_match_is_unknown_where_pools_have_names() {
    let text = r#"{"listeners": [{"port": 3001, "pool": "web", "routes": [
        {"match": {"host": "a.test", "pathPrefix": "/x"}, "pool": "web"}]}],
        "pools": {"web": {"names": ["app.localhost"], "backends": [{"url": "http://localhost:5000"}]}}}"#;
    let written = exported(&parsed("names", text), Target::new(Engine::Envoy)).text;
    let (_, host) = written.split_once("- name: \"a.test\"").unwrap();
    let (host, _) = host.split_once("- name: \"app.localhost\"").unwrap();
    assert!(host.contains("status: 404"), "{written}");
    assert_eq!(host.matches("cluster: ").count(), host.matches("path_separated_prefix").count(), "{written}");
}

#[test]
fn listeners_of_any_port_get_different_ones() {
    let text = r#"{"listeners": [{"port": 0, "pool": "web"}, {"port": 3001, "pool": "web"}, {"port": 0, "pool": "web"}],
        "pools": {"web": {"backends": [{"url": "http://localhost:5000"}]}}}"#;
    let case = parsed("any", text);
    let envoy = exported(&case, Target::new(Engine::Envoy)).text;
    let traefik = exported(&case, Target::new(Engine::Traefik)).text;
    let kubernetes = exported(&case, Target::new(Engine::Kubernetes)).text;
    for port in [3001, 3002, 3003] {
        assert!(envoy.contains(&format!("port_value: {port}}}")), "{envoy}");
        assert!(traefik.contains(&format!("entryPoints: [e{port}, ")), "{traefik}");
        assert!(kubernetes.contains(&format!("sectionName: p{port}")), "{kubernetes}");
    }
}

/// Ours sends them back to the others, and so does Traefik.
#[test]
fn clients_of_a_backup_are_said_to_stay_with_it_in_envoy() {
    let mut case = row("backup");
    let said = |case: &Case, engine| {
        exported(case, Target::new(engine)).cannot.iter().any(|cannot| cannot.feature == Feature::Backup)
    };
    assert!(!said(&case, Engine::Envoy));
    case.config.pools[0].sticky.by = StickyBy::Cookie;
    assert!(said(&case, Engine::Envoy));
    assert!(!said(&case, Engine::Traefik));
}
