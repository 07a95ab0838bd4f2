//! Every file in `configs/good` is accepted, and every file in `configs/bad` is refused with the text in the file
//! beside it.
//!
//! After changing a message, run `UPDATE=1 cargo test --test program configs`, then check the differences.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::patience;

const BAD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/bad");
const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/configs/good");

/// Passwords and tokens in these files.
const SECRETS: [&str; 2] = ["hunter2", "4242424242"];

/// The folder's configurations, by name.
fn configurations(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "{folder} is empty");
    names
}

fn check(folder: impl AsRef<Path>, name: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
    command
        .args(["check", &format!("{name}.json")])
        .current_dir(folder)
        .env("STICKYLB_TEST_SECRET", SECRETS[0])
        .env_remove("STICKYLB_TEST_NOT_SET");
    patience::run_to_end(command)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("messages are UTF-8")
}

/// Compares with the file beside it, or writes that file.
fn compare(file: &Path, found: &str, differences: &mut String) {
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(file, found).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(file).unwrap_or_default();
    if expected != found {
        let name = file.file_name().unwrap().to_string_lossy();
        let _ = writeln!(differences, "== {name}");
        for line in expected.lines().filter(|line| !found.lines().any(|other| other == *line)) {
            let _ = writeln!(differences, "  expected: {line}");
        }
        for line in found.lines().filter(|line| !expected.lines().any(|other| other == *line)) {
            let _ = writeln!(differences, "  found:    {line}");
        }
    }
}

/// The position in a message, from `stickylb-tui: NAME.json:LINE:COLUMN: …`.
fn place(line: &str, name: &str) -> Option<(usize, usize)> {
    let rest = line.strip_prefix(&format!("stickylb-tui: {name}.json:"))?;
    let mut parts = rest.splitn(3, ':');
    let place = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next()?.starts_with(' ').then_some(place)
}

#[test]
fn every_good_configuration_is_accepted() {
    let mut differences = String::new();
    for name in configurations(GOOD) {
        let output = check(GOOD, &name);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        if output.status.code() != Some(0) || !err.is_empty() {
            let _ = writeln!(differences, "== {name}: {}\n  {err}", output.status);
        }
        compare(&PathBuf::from(GOOD).join(format!("{name}.stdout")), &out, &mut differences);
    }
    assert!(differences.is_empty(), "\n{differences}");
}

#[test]
fn every_bad_configuration_is_refused_with_the_words_beside_it() {
    let mut differences = String::new();
    for name in configurations(BAD) {
        let output = check(BAD, &name);
        let err = text(&output.stderr);
        if output.status.code() != Some(2) || !output.stdout.is_empty() {
            let _ = writeln!(differences, "== {name}: {} and {}", output.status, text(&output.stdout));
        }
        compare(&PathBuf::from(BAD).join(format!("{name}.stderr")), &err, &mut differences);
    }
    assert!(differences.is_empty(), "\n{differences}");
}

#[test]
fn stickiness_by_an_id_that_backends_are_known_to_make_is_good_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    for (by, from) in [("header:mcp-session-id", Some("mcp")), ("query:sid", Some("socket.io")), ("query:id", None)] {
        let file =
            serde_json::json!({"port": 3001, "backends": [{"url": "http://localhost:5000"}], "sticky": {"by": by}});
        std::fs::write(folder.path().join("lb.json"), file.to_string()).unwrap();
        let output = check(folder.path(), "lb");
        assert_eq!(output.status.code(), Some(0), "{by}");
        let warning = from.map(|from| {
            format!(
                "stickylb-tui: warning: sticky {by}: this id comes from the backend: use learn, --sticky learn:{from} or \
                 \"sticky\": {{\"by\": \"learn\", \"from\": \"{from}\"}}\n"
            )
        });
        assert_eq!(text(&output.stderr), warning.unwrap_or_default(), "{by}");
    }
}

#[test]
fn every_message_is_one_line_that_begins_with_file_line_and_column() {
    let mut wrong = String::new();
    for name in configurations(BAD) {
        for line in text(&check(BAD, &name).stderr).lines() {
            if place(line, &name).is_none() {
                let _ = writeln!(wrong, "{name}: {line}");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn every_message_points_into_the_file_and_several_stand_in_its_order() {
    for name in configurations(BAD) {
        let file =
            String::from_utf8_lossy(&std::fs::read(Path::new(BAD).join(format!("{name}.json"))).unwrap()).into_owned();
        let err = text(&check(BAD, &name).stderr);
        let places: Vec<(usize, usize)> = err.lines().filter_map(|line| place(line, &name)).collect();
        assert!(places.is_sorted(), "{name}: {places:?}");
        for (line, column) in places {
            assert!(line >= 1 && column >= 1, "{name}: {line}:{column}");
            let lines: Vec<&str> = file.split('\n').collect();
            assert!(line <= lines.len(), "{name}: line {line} of {}", lines.len());
            // One past the last character is the end of the line.
            let columns = lines[line - 1].chars().count() + 1;
            assert!(column <= columns, "{name}:{line}: column {column} of {columns}");
        }
    }
}

#[test]
fn no_message_holds_a_control_character() {
    let hidden = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    for name in configurations(BAD) {
        let err = text(&check(BAD, &name).stderr);
        assert!(!err.contains(hidden), "{name}: {err:?}");
    }
}

#[test]
fn no_message_repeats_a_secret() {
    let mut told = String::new();
    for (folder, name) in [BAD, GOOD].into_iter().flat_map(|f| configurations(f).into_iter().map(move |n| (f, n))) {
        let output = check(folder, &name);
        for line in text(&output.stderr).lines().chain(text(&output.stdout).lines()) {
            if SECRETS.iter().any(|secret| line.contains(secret)) {
                let _ = writeln!(told, "{line}");
            }
        }
    }
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn a_secret_in_a_file_is_read_from_there_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), "abc\r\n").unwrap();
    let config = r#"{ "port": 3001, "backends": [{ "url": "http://localhost:5000" }],
        "health": { "headers": { "X-Token": "file:token" } } }"#;
    std::fs::write(folder.path().join("lb.json"), config).unwrap();
    let output = check(folder.path(), "lb");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_hostile_file_name_is_shown_as_text_whether_its_file_is_good_or_bad() {
    let folder = tempfile::tempdir().unwrap();
    for (name, words) in [("\x1b[2Jgood\nforged", GOOD_WORDS), ("\x1b[2Jbad\nforged", "{}")] {
        std::fs::write(folder.path().join(format!("{name}.json")), words).unwrap();
        let output = check(folder.path(), name);
        let shown = text(&output.stdout) + &text(&output.stderr);
        assert!(!shown.contains('\x1b'), "{shown:?}");
        assert!(!shown.lines().any(|line| line.starts_with("forged")), "{shown:?}");
        assert!(shown.contains("\\x1b[2J"), "{shown:?}");
    }
}

#[cfg(unix)]
const GOOD_WORDS: &str = r#"{ "port": 3001, "backends": [{ "url": "http://localhost:5000" }] }"#;

#[test]
fn a_file_with_as_many_mistakes_as_lines_is_judged_in_one_go() {
    // With work that grew with the square of it this would take minutes, and be killed.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let mut text = String::from("{ \"port\": 0, \"backends\": [");
    let backends: Vec<String> = (0..20_000).map(|_| r#"{ "id": 7, "url": "http://127.0.0.1:9" }"#.to_owned()).collect();
    text.push_str(&backends.join(", "));
    text.push(']');
    for number in 0..60_000 {
        let _ = write!(text, ", \"key{number}\": 1"); // writing to a String cannot fail
    }
    text.push_str(" }");
    std::fs::write(&file, text).unwrap();
    let output = crate::support::program::run(&["check", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("is not a known key").count(), 60_000);
    assert_eq!(said.matches("two backends have the id 7").count(), 19_999);
}
