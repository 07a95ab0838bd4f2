//! A log file on a full disk, at its size limit, moved away, or replaced by a named pipe: lines are written or counted.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::outputs::{dropped, flood, full, in_home, is_well, named_pipe, told};
use crate::support::home::Home;
use crate::support::left_out::left_out;
use crate::support::program::{Headless, get, program, until};
use rustix::process::Signal;
use serde_json::Value;
use std::sync::mpsc::channel;

#[test]
fn a_log_file_without_room_is_told_on_the_other_output_and_costs_it_nothing() {
    if full().is_none() {
        return;
    }
    for format in ["text", "json"] {
        let home = Home::new();
        let words = ["--headless", "--demo=1", "-p", "0", "--log-file", "/dev/full", "--log-format", format];
        let mut lb = Headless::from(in_home(&home, &words));
        let line = lb.line_with("log file /dev/full cannot be written: No space left on device");
        assert!(format == "json" || line.contains(" warning: log file "), "{line}");
        let port = lb.ready(1);
        flood(port, "all");
        get(port, "/last");
        lb.line_with("/last");
        assert_eq!(lb.seen.iter().filter(|line| line.contains("/status/204?all")).count(), 200);
        until("they are counted", || (dropped(port, "file") > 200).then_some(()));
        assert_eq!(dropped(port, "stdout"), 0);
        lb.signal(Signal::TERM);
        assert_eq!(lb.ended().code(), Some(0));
    }
}

/// Each line as JSON; how many are log lines, and how many lines they report as dropped.
fn accounts(lines: &[String]) -> (u64, u64) {
    let (mut told, mut dropped) = (0, 0);
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        match line["lines"].as_u64() {
            Some(lines) if line["event"] == "dropped" => dropped += lines,
            _ => told += 1,
        }
    }
    (told, dropped)
}

/// The command, run by a shell after this script, whose `$0` is this word.
fn after(outer: &[&str], script: &str, word: &Path, inner: &Command) -> Command {
    let words = [outer, &["sh", "-c"]].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(format!("{script} && exec \"$@\"")).arg(word);
    command.arg(inner.get_program()).args(inner.get_args()).stdin(Stdio::null());
    command.current_dir(inner.get_current_dir().unwrap());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// The command, with a 64 kB disk of its own mounted on `folder`; `None` if that is not possible.
fn on_a_small_disk(folder: &Path, command: &Command) -> Option<Command> {
    const MOUNT: &str = r#"mount -t tmpfs -o size=64k none "$0""#;
    let ways = [&["unshare", "-m"], &["unshare", "-rm"]];
    let can = |way: &&&[&'static str; 2]| {
        after(&way[..], MOUNT, folder, &program(&["--version"])).output().is_ok_and(|output| output.status.success())
    };
    Some(after(&ways.iter().find(can)?[..], MOUNT, folder, command))
}

#[test]
fn on_a_full_disk_no_line_is_torn_and_every_line_is_written_or_counted() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.log");
    let words = ["--headless", "--demo=1", "-p", "0", "--log-format", "json", "--log-file", file.to_str().unwrap()];
    let Some(command) = on_a_small_disk(folder.path(), &in_home(&home, &words)) else {
        left_out("no disk of its own can be had here (unshare -rm)");
        return;
    };
    let mut lb = Headless::from(command);
    let port = lb.ready(1);
    // Only that process sees the disk; this one reaches it through that process.
    let small = PathBuf::from(format!("/proc/{}/root{}", lb.pid(), folder.path().display()));
    std::fs::write(small.join("filler"), vec![b'x'; 32 * 1024]).unwrap();
    flood(port, "fill");
    let told = told(&home, port, "No space left on device");
    assert!(told.contains("warning: log file ") && told.contains("lb.log cannot be written: "), "{told}");
    // Make room again.
    std::fs::remove_file(small.join("filler")).unwrap();
    lb.line_with("the log file is written again; ");
    get(port, "/after-room");
    until("lines come again", || {
        std::fs::read_to_string(small.join("lb.log")).unwrap().contains("/after-room").then_some(())
    });
    is_well(&home);
    let text = std::fs::read_to_string(small.join("lb.log")).unwrap();
    // The part of the file written so far.
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["path"], "/after-room");
    lb.line_with("/after-room");
    let (all, none) = accounts(&lb.seen);
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let (written, dropped) = accounts(&lines);
    assert_eq!(none, 0, "standard output gets everything");
    assert!(dropped > 0);
    assert_eq!(written + dropped, all);
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_log_file_at_the_limit_of_its_size_goes_on_when_it_is_emptied() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.log");
    let words = ["--headless", "--demo=1", "-p", "0", "--log-format", "json", "--log-file", file.to_str().unwrap()];
    let command = after(&[], "ulimit -f 40", Path::new("sh"), &in_home(&home, &words));
    let mut lb = Headless::from(command);
    let port = lb.ready(1);
    let told = told(&home, port, "File too large");
    assert!(told.contains("raise its limit (ulimit -f)"), "{told}");
    File::options().write(true).open(&file).unwrap().set_len(0).unwrap();
    lb.line_with("the log file is written again; ");
    get(port, "/after-room");
    let text = until("lines come again", || {
        Some(std::fs::read_to_string(&file).unwrap()).filter(|text| text.contains("/after-room"))
    });
    let (_, dropped) = accounts(&text.lines().map(str::to_owned).collect::<Vec<_>>());
    assert!(dropped > 0, "{text}");
}

#[test]
fn a_log_file_that_is_moved_or_removed_is_begun_anew() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let (file, moved) = (folder.path().join("lb.log"), folder.path().join("lb.log.1"));
    let words = ["--headless", "--demo=1", "-p", "0", "--log-file", file.to_str().unwrap()];
    let mut lb = Headless::from(in_home(&home, &words));
    let port = lb.ready(1);
    get(port, "/first");
    let written = |path: &Path, part: &str| std::fs::read_to_string(path).is_ok_and(|text| text.contains(part));
    until("it is written", || written(&file, "/first").then_some(()));
    std::fs::rename(&file, &moved).unwrap();
    until("there is another", || {
        get(port, "/second");
        written(&file, "/second").then_some(())
    });
    assert!(written(&moved, "/first"));
    std::fs::remove_file(&file).unwrap();
    until("there is another", || {
        get(port, "/third");
        written(&file, "/third").then_some(())
    });
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_named_pipe_for_log_lines_is_served_whenever_it_has_a_reader() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lb.log");
    named_pipe(&path);
    let words = ["--headless", "--demo=1", "-p", "0", "--log-file", path.to_str().unwrap()];
    let mut lb = Headless::from(in_home(&home, &words));
    let port = lb.ready(1);
    lb.line_with("is a named pipe that nobody reads: ");
    for round in ["first", "second"] {
        let (tell, opened) = channel();
        let reader = path.clone();
        std::thread::spawn(move || tell.send(File::open(reader).unwrap()));
        let pipe = opened.recv_timeout(crate::support::program::PATIENCE).expect("it is opened for writing");
        let mut from = BufReader::new(pipe);
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        assert!(line.ends_with(" log lines dropped\n"), "{round}: the first line is whole: {line}");
        get(port, &format!("/{round}"));
        while !line.contains(&format!("GET /{round} ")) {
            line.clear();
            assert_ne!(from.read_line(&mut line).unwrap(), 0, "{round}");
        }
        drop(from);
        told(&home, port, "is a named pipe that nobody reads: ");
    }
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}
