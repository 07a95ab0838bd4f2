//! The user's own file on the command line: `keys`, `check --user`, `schema --user`.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::markdown::document;
use crate::support::patience::run_to_end;
use crate::support::program::program;

/// A home with this file as the user's own.
struct Own(TempDir);

impl Own {
    fn new(file: &str) -> Self {
        let own = Own(tempfile::tempdir().unwrap());
        own.write(file);
        own
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("stickylb-tui/config.json")
    }

    fn write(&self, text: &str) {
        fs::create_dir_all(self.file().parent().unwrap()).unwrap();
        fs::write(self.file(), text).unwrap();
    }

    /// Exit status, output, errors.
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = program(words);
        command.env("XDG_CONFIG_HOME", self.0.path());
        let output = run_to_end(command);
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code(), out, err)
    }

    #[track_caller]
    fn good(&self, words: &[&str]) -> String {
        let (status, out, err) = self.run(words);
        assert_eq!((status, err.as_str()), (Some(0), ""), "{words:?}");
        out
    }
}

#[test]
fn the_keys_that_are_printed_read_back_as_they_are() {
    let own = Own::new(r#"{ "keys": { "drain": ["D", "Alt-d"], "quit": [], "select": ["&", "\""], "why": [] } }"#);
    let (table, printed) = (own.good(&["keys"]), own.good(&["keys", "--print"]));
    assert!(table.lines().any(|line| line.starts_with("D Alt-d ") && line.contains(" drain ")), "{table}");
    let json: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(json["keys"]["drain"], serde_json::json!(["D", "Alt-d"]));
    assert_eq!(json["keys"]["quit"], serde_json::json!(["Ctrl-C"]));
    assert_eq!(json["keys"]["first"], serde_json::json!(["g", "Home"]));
    own.write(&printed);
    assert_eq!(own.good(&["keys", "--print"]), printed);
    assert_eq!(own.good(&["keys"]), table);
    // Without a file it is the same, with the built-in keys.
    fs::remove_file(own.file()).unwrap();
    let usual = own.good(&["keys", "--print"]);
    own.write(&usual);
    assert_eq!(own.good(&["keys", "--print"]), usual);
}

#[test]
fn every_problem_of_the_users_file_is_told_at_once_with_its_place_and_the_nearest_name() {
    let own = Own::new(
        "{\n  \"keys\": { \"drain\": [\"k\"], \"copy\": [\"x\"], \"curl\": [\"x\", \"Ctrl-c\"], \"drian\": [\"F5\"] },\n  \
         \"theme\": \"drak\",\n  \"colums\": [],\n  \"themes\": { \"a\": { \"good\": \"grren\" } }\n}",
    );
    let (status, out, err) = own.run(&["check", "--user"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    let lines: Vec<&str> = err.lines().collect();
    for (line, part) in [
        "config.json:2:23: keys.drain[0]: k is the key of move-up: choose another for drain, or give move-up others",
        "config.json:2:53: keys.curl[0]: x is given to both copy and curl: a key does one thing",
        "config.json:2:58: keys.curl[1]: Ctrl-C always quits, so that there is a way out: choose another key for curl",
        "config.json:2:69: keys.drian: is not a known action, did you mean 'drain'?",
        "config.json:3:12: theme: there is no theme 'drak': ",
        "config.json:4:3: colums: is not a known key, did you mean 'columns'?",
        "config.json:5:30: themes[\"a\"].good: 'grren' is no colour: ",
    ]
    .into_iter()
    .enumerate()
    {
        assert!(lines.get(line).is_some_and(|line| line.contains(part)), "no {part} in\n{err}");
    }
    assert_eq!(lines.len(), 7, "{err}");
    // `keys` has no keys to print then, and a run without a screen does not care.
    assert_eq!(own.run(&["keys"]).0, Some(2));
    let (status, _, err) = own.run(&["--headless"]);
    assert!(status == Some(2) && err.contains("there is nothing to balance"), "{err}");
}

#[test]
fn a_theme_that_is_nowhere_is_refused_with_all_names() {
    let own = Own::new(r#"{ "themes": { "paper": {} } }"#);
    let names =
        "there is no theme 'papre': dark, light, high-contrast, color-blind, mono, paper, did you mean 'paper'?";
    for words in [&["--headless", "--theme", "papre", "5000"][..], &["--theme", "papre", "attach", "--plain"]] {
        let (status, _, err) = own.run(words);
        assert_eq!(status, Some(2));
        assert!(err.contains(names), "{words:?}: {err}");
    }
}

#[test]
fn without_a_file_of_ones_own_check_says_where_it_would_be() {
    let own = Own::new("{}");
    assert!(own.good(&["check", "--user"]).ends_with("stickylb-tui/config.json is good\n"));
    fs::remove_file(own.file()).unwrap();
    let said = own.good(&["check", "--user"]);
    assert!(said.starts_with("there is no ") && said.contains(own.file().to_str().unwrap()), "{said}");
}

#[test]
fn the_example_of_the_documents_matches_the_schema_and_every_key_is_told() {
    let own = Own::new("{}");
    let schema: Value = serde_json::from_str(&own.good(&["schema", "--user"])).unwrap();
    let page = document("docs/user-config.md");
    let example = page.blocks().into_iter().find(|block| block.language == "json").unwrap().body;
    own.write(&example);
    own.good(&["check", "--user"]);
    // What editors get is JSON without comments and trailing commas.
    let lines: Vec<&str> = example.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let plain = lines.join("").replace(",    }", "}").replace(",  }", "}").replace(",}", "}");
    let example: Value = serde_json::from_str(&plain).unwrap();
    let validator = jsonschema::Validator::new(&schema).unwrap();
    let problems: Vec<_> = validator.iter_errors(&example).map(|error| error.to_string()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    assert!(!validator.is_valid(&serde_json::json!({ "keys": { "drian": ["x"] } })));
    let properties = schema["properties"].as_object().unwrap();
    let roles = schema["properties"]["themes"]["additionalProperties"]["properties"].as_object().unwrap();
    for key in properties.keys().chain(roles.keys()).filter(|key| *key != "$schema") {
        assert!(page.text.contains(&format!("`{key}`")), "docs/user-config.md does not tell of {key}");
    }
}
