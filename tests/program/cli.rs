//! The command line: exit statuses, messages, and which way the program runs.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Output;

use crate::support::program::{free_port, is_hidden, program, run, run_to_end};

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

/// Usage is wrong: exit status 2, nothing on stdout, and all of this on stderr.
#[track_caller]
fn refused(output: &Output, parts: &[&str]) {
    let err = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(output.stdout.is_empty(), "{:?}", String::from_utf8_lossy(&output.stdout));
    for part in parts {
        assert!(err.contains(part), "no '{part}' in: {err}");
    }
}

#[test]
fn help_and_version_are_answered_and_exit_with_0() {
    for words in [["--help"], ["-h"]] {
        let output = run(&words);
        let out = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0));
        for part in ["stickylb-tui [OPTIONS] [BACKEND]...", "--demo", "--config", "--headless", "check"] {
            assert!(out.contains(part), "no '{part}' in {out}");
        }
        assert!(!out.contains("demo-backend "), "the hidden subcommand is shown: {out}");
    }
    let output = run(&["--version"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout, format!("stickylb-tui {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
}

#[test]
fn an_unknown_option_is_refused_and_the_nearest_named() {
    refused(&run(&["--prot", "5000"]), &["--prot", "--port"]);
}

#[test]
fn values_out_of_range_are_refused_with_what_to_write() {
    for (words, part) in [
        (["--port", "70000"], "65535"),
        (["--port", "x"], "x"),
        (["--demo=0", "--headless"], "1..=40"),
        (["--demo=41", "--headless"], "1..=40"),
        (["--host", "example.com"], "127.0.0.1"),
        (["--strategy", "fastest"], "round-robin"),
        (["--sticky", "ip4"], "cookie"),
        (["--log-format", "xml"], "json"),
        (["--glyphs", "emoji"], "ascii"),
        (["--seed", "one"], "--seed"),
    ] {
        refused(&run(&words), &[part]);
    }
}

#[test]
fn an_unknown_strategy_is_answered_in_the_words_of_smart_stick() {
    let output = run(&["--strategy", "fastest", "5000"]);
    refused(
        &output,
        &[
            "Unknown strategy 'fastest'. Valid options: round-robin, smooth-round-robin, least-connections, random, power-of-two, least-latency, hash, first",
        ],
    );
}

#[test]
fn a_word_that_is_no_backend_is_refused_with_what_to_write() {
    let mut wrong = Vec::new();
    for (word, hint) in [
        ("", "write a port"),
        ("host", "write a port"),
        ("0", "1 to 65535"),
        ("70000", "1 to 65535"),
        ("localhost:+5", "1 to 65535"),
        ("http://", "write a port"),
        ("ftp://x", "only http://"),
        ("unix:rel", "whole path"),
        ("::1:5000", "brackets"),
        ("5000,weight=x", "whole number from 0 to 1000"),
        ("5000,weight=1001", "whole number from 0 to 1000"),
        ("5000,weight=-1", "whole number from 0 to 1000"),
        ("5000,wieght=1", "'wieght' is not known"),
        ("5000,name=", "name is not empty"),
        ("5000,id=1abc", "id is a whole number"),
        ("5000,", "is not known"),
    ] {
        let output = run(&["--headless", "-p", "0", word]);
        let err = stderr(&output);
        if output.status.code() != Some(2) || !err.contains(hint) || !err.contains(&format!("'{word}'")) {
            wrong.push(format!("'{word}' should say '{hint}': {}: {err}", output.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_password_in_a_backends_address_is_not_repeated() {
    let output = run(&["--headless", "http://user:hunter2@localhost:5000"]);
    refused(&output, &["password"]);
    assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
}

#[test]
fn hostile_words_are_shown_as_text() {
    let mut wrong = Vec::new();
    for word in ["50\x1b[2J00", "\u{9b}31m", "a\nstickylb-tui: forged", "--\x1b]0;title\x07", "5000,\u{202e}=1"] {
        let output = run(&["--headless", word]);
        refused(&output, &[]);
        let err = stderr(&output);
        if err.contains(is_hidden) || err.lines().any(|line| line.starts_with("stickylb-tui: forged")) {
            wrong.push(format!("{word:?}: {err:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_word_that_is_not_utf_8_is_refused() {
    let mut command = program(&["--headless"]);
    command.arg(OsStr::from_bytes(b"50\xff00"));
    refused(&run_to_end(command), &["UTF-8"]);
}

#[test]
fn two_backends_of_one_id_or_name_and_the_balancer_itself_are_refused_together() {
    let output = run(&["--headless", "-p", "6000", "5000,id=1,name=api", "5001,id=1,name=api", "6000"]);
    refused(&output, &["two backends have the id 1", "two backends have the name 'api'", "is this balancer itself"]);
    assert_eq!(stderr(&output).lines().count(), 3, "{}", stderr(&output));
    assert!(stderr(&output).lines().all(|line| line.starts_with("stickylb-tui: ")), "{}", stderr(&output));
}

#[test]
fn backends_and_a_file_together_are_refused() {
    refused(&run(&["--config", "lb.json", "5000"]), &["not from both", "leave one out"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_the_reason() {
    for words in [["check", "no-such-file.json"], ["--config", "no-such-file.json"]] {
        refused(&run(&words), &["stickylb-tui: cannot read no-such-file.json: ", "No such file"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    refused(&run(&["check", path]), &["cannot read", path, "directory"]);
}

#[test]
fn check_without_a_file_takes_the_usual_one_or_says_that_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let check = || {
        let mut command = program(&["check"]);
        command.current_dir(folder.path());
        run_to_end(command)
    };
    refused(&check(), &["there is no ./stickylb.json to check", "stickylb-tui check FILE"]);
    std::fs::write(folder.path().join("stickylb.json"), r#"{ "port": 3001 }"#).unwrap();
    refused(&check(), &["stickylb.json:1:1: 'backends' must be a non-empty array in config."]);
    std::fs::write(folder.path().join("stickylb.json"), r#"{ "port": 3001, "backends": [{ "url": "5000" }] }"#)
        .unwrap();
    assert_eq!(check().status.code(), Some(0));
}

#[test]
fn the_help_of_run_promises_no_file_that_run_does_not_read() {
    let help = String::from_utf8(run(&["run", "--help"]).stdout).unwrap();
    assert!(help.contains("--config <FILE>") && !help.contains("stickylb.json"), "{help}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("stickylb.json"), r#"{ "port": "malformed" }"#).unwrap();
    let mut command = program(&["run", "--port", "0", "--headless", "-n", "1", "--", "./no-such-program"]);
    command.current_dir(folder.path());
    let err = stderr(&run_to_end(command));
    assert!(!err.contains("stickylb.json"), "{err}");
}

#[test]
fn without_backends_and_without_a_screen_the_three_ways_to_begin_are_named() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["--headless"][..], &[]] {
        let mut command = program(words);
        command.current_dir(folder.path());
        let output = run_to_end(command);
        refused(&output, &["--demo", "stickylb-tui 5000 5001", "--config FILE"]);
        assert_eq!(stderr(&output).lines().count(), 1, "one sentence: {}", stderr(&output));
    }
}

#[test]
fn a_port_in_use_names_the_port_and_who_has_it() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--headless", "-p", &port, "5000"]);
    refused(&output, &[&format!("port {port} is in use"), "--port"]);
    if cfg!(target_os = "linux") {
        assert!(stderr(&output).contains(&format!("(pid {})", std::process::id())), "{}", stderr(&output));
    }
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[test]
fn an_address_of_another_machine_is_named_with_the_reason() {
    // 192.0.2.0/24 belongs to nobody (RFC 5737).
    let port = free_port().to_string();
    refused(&run(&["--headless", "--host", "192.0.2.1", "-p", &port, "5000"]), &["cannot listen on 192.0.2.1:", &port]);
}
