//! The configuration file and the log file are followed however they change: by links, by folders, by a signal.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use rustix::process::Signal;

use crate::support::program::{Headless, get, program, until};

/// A configuration whose only backend has this name.
fn write(file: &Path, name: &str) {
    let text = format!(r#"{{ "port": 0, "backends": [{{ "url": "http://127.0.0.1:9", "name": "{name}" }}] }}"#);
    fs::write(file, text).unwrap();
}

fn follow(file: &Path, more: &[&str]) -> Headless {
    let mut balancer = Headless::start(&[&["--headless", "--config", file.to_str().unwrap()], more].concat());
    balancer.line_with("listening on");
    balancer
}

/// Prepares a folder, gives the path of its configuration file, and how it changes.
type Kind = fn(&Path) -> (PathBuf, Box<dyn Fn()>);

fn rewritten(folder: &Path) -> (PathBuf, Box<dyn Fn()>) {
    let file = folder.join("lb.json");
    write(&file, "one");
    (file.clone(), Box::new(move || write(&file, "two")))
}

fn renamed_over(folder: &Path) -> (PathBuf, Box<dyn Fn()>) {
    let (file, new) = (folder.join("lb.json"), folder.join("new"));
    write(&file, "one");
    write(&new, "two");
    (file.clone(), Box::new(move || fs::rename(&new, &file).unwrap()))
}

fn target_of_a_link(folder: &Path) -> (PathBuf, Box<dyn Fn()>) {
    let (target, link) = (folder.join("elsewhere").join("a.json"), folder.join("lb.json"));
    fs::create_dir(folder.join("elsewhere")).unwrap();
    write(&target, "one");
    symlink("elsewhere/a.json", &link).unwrap();
    (link, Box::new(move || write(&target, "two")))
}

fn link_to_another(folder: &Path) -> (PathBuf, Box<dyn Fn()>) {
    let (link, new) = (folder.join("lb.json"), folder.join("new"));
    write(&folder.join("a.json"), "one");
    write(&folder.join("b.json"), "two");
    symlink("a.json", &link).unwrap();
    symlink("b.json", &new).unwrap();
    (link.clone(), Box::new(move || fs::rename(&new, &link).unwrap()))
}

/// As Kubernetes mounts a ConfigMap.
fn link_in_the_middle(folder: &Path) -> (PathBuf, Box<dyn Fn()>) {
    let folder = folder.to_owned();
    for (version, name) in [("..v1", "one"), ("..v2", "two")] {
        fs::create_dir(folder.join(version)).unwrap();
        write(&folder.join(version).join("lb.json"), name);
    }
    symlink("..v1", folder.join("..data")).unwrap();
    symlink("..data/lb.json", folder.join("lb.json")).unwrap();
    let file = folder.join("lb.json");
    let change = move || {
        symlink("..v2", folder.join("..tmp")).unwrap();
        fs::rename(folder.join("..tmp"), folder.join("..data")).unwrap();
        fs::remove_dir_all(folder.join("..v1")).unwrap();
    };
    (file, Box::new(change))
}

fn folder_made_anew(folder: &Path) -> (PathBuf, Box<dyn Fn()>) {
    let (inner, old) = (folder.join("inner"), folder.join("old"));
    fs::create_dir(&inner).unwrap();
    write(&inner.join("lb.json"), "one");
    let file = inner.join("lb.json");
    let change = move || {
        fs::rename(&inner, &old).unwrap();
        fs::create_dir(&inner).unwrap();
        write(&inner.join("lb.json"), "two");
    };
    (file, Box::new(change))
}

#[test]
fn the_file_is_followed_through_links_and_folders_however_it_changes() {
    let kinds: [Kind; 6] =
        [rewritten, renamed_over, target_of_a_link, link_to_another, link_in_the_middle, folder_made_anew];
    let followed = kinds.map(|kind| {
        let folder = tempfile::tempdir().unwrap();
        let (file, change) = kind(folder.path());
        (folder, follow(&file, &[]), change)
    });
    for (number, (_folder, mut balancer, change)) in followed.into_iter().enumerate() {
        change();
        let told = balancer.line_with("configuration reloaded:");
        assert!(told.contains("changed") || told.contains("two"), "kind {number}: {told}");
    }
}

#[test]
fn a_file_that_is_missing_for_a_while_or_rewritten_as_it_was_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    write(&file, "one");
    let mut balancer = follow(&file, &[]);
    fs::remove_file(&file).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(600));
    write(&file, "one");
    std::thread::sleep(std::time::Duration::from_millis(600));
    write(&file, "two");
    balancer.line_with("configuration reloaded:");
    assert_eq!(balancer.seen.iter().filter(|line| line.contains("reload")).count(), 1, "{:#?}", balancer.seen);
}

#[test]
fn a_hangup_is_obeyed_while_the_file_keeps_changing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    write(&file, "one");
    let mut balancer = follow(&file, &[]);
    let stop = Arc::new(AtomicBool::new(false));
    let (stopped, changing) = (Arc::clone(&stop), folder.path().to_owned());
    let writer = std::thread::spawn(move || {
        let mut number = 0;
        while !stopped.load(Relaxed) {
            number += 1;
            write(&changing.join("new"), &format!("n{number}"));
            fs::rename(changing.join("new"), changing.join("lb.json")).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    balancer.signal(Signal::HUP);
    balancer.line_with("configuration reloaded:");
    stop.store(true, Relaxed);
    writer.join().unwrap();
}

#[test]
fn a_hangup_opens_the_log_file_anew_also_without_a_configuration_file() {
    let folder = tempfile::tempdir().unwrap();
    let [log, moved] = ["lb.log", "lb.log.1"].map(|name| folder.path().join(name));
    let mut balancer =
        Headless::from(program(&["--headless", "--demo=1", "-p", "0", "--log-file", log.to_str().unwrap()]));
    let port = balancer.ready(1);
    until("the log has lines", || fs::read_to_string(&log).ok().filter(|text| !text.is_empty()));
    fs::rename(&log, &moved).unwrap();
    balancer.signal(Signal::HUP);
    // At once, before there is anything to write.
    until("the file is there again", || log.exists().then_some(()));
    get(port, "/after");
    until("the new file has the line", || fs::read_to_string(&log).ok().filter(|text| text.contains("/after")));
    assert!(!fs::read_to_string(&moved).unwrap().contains("/after"));
    balancer.signal(Signal::TERM);
    assert!(balancer.ended().success());
}
