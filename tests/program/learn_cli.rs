//! `learn` without its screen: the list, checking a lesson, and playing one against real backends.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::markdown::document;
use crate::support::patience::{run_to_end, run_within};
use crate::support::program::program;

/// How long a lesson of these tests may be played for.
const PLAYED: Duration = Duration::from_mins(2);

/// A folder with lessons, in which also is kept what was passed.
struct Lessons(TempDir);

impl Lessons {
    fn new() -> Self {
        Lessons(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn kept(&self) -> PathBuf {
        self.path().join("stickylb-tui/lessons.json")
    }

    fn write(&self, text: &str) {
        fs::write(self.path().join("l.jsonc"), text).unwrap();
    }

    /// Exit status, output, errors.
    fn run(&self, words: &[&str]) -> (Option<i32>, String, String) {
        let mut command = program(&[&["learn"], words].concat());
        command.env("XDG_STATE_HOME", self.path()).current_dir(self.path());
        let output = if words.contains(&"--play") { run_within(PLAYED, command) } else { run_to_end(command) };
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        (output.status.code(), out, err)
    }

    /// Plays a lesson of these steps.
    fn play(&self, steps: &str) -> (Option<i32>, String, String) {
        self.write(&format!("{{\"title\": \"t\", \"seed\": 1, \"backends\": 2, \"steps\": [{steps}]}}"));
        self.run(&["check", "l.jsonc", "--play"])
    }
}

#[test]
fn the_list_says_which_lessons_were_passed() {
    let lessons = Lessons::new();
    let (status, out, err) = lessons.run(&["--list"]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let first = out.lines().nth(1).unwrap();
    assert!(first.starts_with("1 ") && first.contains("Who is next?") && first.contains("  -  "), "{out}");
    fs::create_dir_all(lessons.kept().parent().unwrap()).unwrap();
    fs::write(lessons.kept(), r#"{ "passed": { "1": "2026-03-04", "99": "2026-03-05" } }"#).unwrap();
    let (_, out, _) = lessons.run(&["--list"]);
    assert!(out.lines().nth(1).unwrap().contains("passed 2026-03-04"), "{out}");
}

#[test]
fn progress_that_cannot_be_read_is_one_sentence_and_stays_as_it_is() {
    let lessons = Lessons::new();
    fs::create_dir_all(lessons.kept().parent().unwrap()).unwrap();
    fs::write(lessons.kept(), "{ \"passed\": ").unwrap();
    let (status, out, err) = lessons.run(&["--list"]);
    assert_eq!(status, Some(0));
    assert!(out.contains("Who is next?"), "{out}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(err.contains("which lessons were passed cannot be read: ") && err.contains("lessons.json:1:"), "{err}");
    assert_eq!(fs::read_to_string(lessons.kept()).unwrap(), "{ \"passed\": ");
}

#[test]
fn check_names_file_line_and_column_of_everything_that_is_wrong() {
    let lessons = Lessons::new();
    lessons.write("{ \"title\": \"t\", \"steps\": [\n  { \"say\": \"a\", \"run\": [\"stratgy hash\"] },\n  { \"do\": \"b\", \"until\": { \"jian\": 1 }, \"solution\": [\"whyy\"] } ] }");
    let (status, out, err) = lessons.run(&["check", "l.jsonc"]);
    assert_eq!((status, out.as_str()), (Some(2), ""));
    for said in [
        "l.jsonc:2:25: steps[0].run[0]: 'stratgy' is no command, did you mean 'strategy'?",
        "l.jsonc:3:27: steps[1].until[\"jian\"]: is not a known condition, did you mean 'jain'?",
        "l.jsonc:3:53: steps[1].solution[0]: 'whyy' is no command of the palette, did you mean 'why'?",
    ] {
        assert!(err.contains(said), "{said} is not in:\n{err}");
    }
    assert_eq!(err.lines().count(), 3, "{err}");
}

#[test]
fn every_lesson_that_comes_with_the_program_is_good() {
    let lessons = Lessons::new();
    let (status, out, err) = lessons.run(&["check"]);
    assert_eq!((status, err.as_str()), (Some(0), ""));
    let (_, list, _) = lessons.run(&["--list"]);
    assert_eq!(out.lines().count() + 1, list.lines().count(), "{out}{list}");
}

#[test]
fn the_lesson_of_the_page_about_writing_them_is_good() {
    let lessons = Lessons::new();
    let page = document("docs/lessons.md");
    let blocks: Vec<_> = page.blocks().into_iter().filter(|block| block.language == "jsonc").collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        lessons.write(&block.body);
        let (status, out, err) = lessons.run(&["check", "l.jsonc"]);
        assert_eq!(status, Some(0), "docs/lessons.md:{}: {err}", block.begins);
        assert!(out.starts_with("l.jsonc is good: "), "{out}");
    }
}

#[test]
fn a_lesson_that_is_not_there_and_a_screen_that_cannot_be_are_said_in_one_sentence() {
    let lessons = Lessons::new();
    for (words, said) in [
        (&["99"][..], "there is no lesson 99: there are 1 to "),
        (&["check", "none.jsonc"], "cannot read none.jsonc: "),
        (&["1"], "learn shows a screen, which needs a terminal: stickylb-tui learn check 1 --play plays the lesson"),
        (&[], "learn shows a screen, which needs a terminal: stickylb-tui learn check 1 --play plays the lesson"),
    ] {
        let (status, out, err) = lessons.run(words);
        assert_eq!((status, out.as_str(), err.lines().count()), (Some(2), "", 1), "{words:?}: {err}");
        assert!(err.contains(said), "{words:?}: {err}");
    }
}

#[test]
fn a_lesson_is_played_by_its_solutions() {
    let (status, out, err) = Lessons::new().play(
        r#"{ "say": "a", "run": ["drain alpha"] },
        { "ask": "b", "choices": ["UP", "DRAIN"], "answer": "measured:state(alpha)", "for": "500ms" },
        { "do": "c", "until": { "strategy": "hash", "state(alpha)": "UP", "for": "1s" }, "mustFail": ["strategy random"],
          "solution": ["strategy hash", "up alpha"] },
        { "do": "d", "until": { "seen(bravo)": ["DOWN", "UP"], "selected": "bravo" },
          "solution": ["kill bravo", "key y", { "wait": { "state(bravo)": "DOWN" } }, "select bravo", "key a"] },
        { "do": "e", "until": { "filtered": "status>=500" }, "solution": ["key /", "type status>=500"] },
        { "debrief": "f", "show": ["requests"] }"#,
    );
    assert_eq!((status, err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("step 2 of 6 ask: DRAIN is right (alpha is DRAIN)"), "{out}");
    assert!(out.contains("step 3 of 6 do: done after "), "{out}");
    assert!(out.trim_end().ends_with("passed"), "{out}");
}

#[test]
fn a_lesson_that_cannot_be_passed_fails_where_it_cannot() {
    let lessons = Lessons::new();
    let cases = [
        (
            r#"{ "say": "a" }, { "do": "b", "until": { "strategy": "hash" }, "within": "4s", "solution": ["strategy random"] }"#,
            "l.jsonc: step 2 of 2: its solution does not do it within 4 s: the strategy is hash (random now)",
        ),
        (
            r#"{ "do": "b", "until": { "strategy": "round-robin" }, "solution": ["strategy random"] }"#,
            "l.jsonc: step 1 of 1: it is done before anything was done: the strategy is round-robin (round-robin now)",
        ),
        (
            r#"{ "do": "b", "until": { "strategy": ["hash", "random"] }, "mustFail": ["strategy random"], "solution": ["strategy hash"] }"#,
            "l.jsonc: step 1 of 1: what must fail does it: ",
        ),
        (
            r#"{ "ask": "b", "choices": ["1", "2"], "answer": "measured:share(alpha)", "for": "500ms" }"#,
            "l.jsonc: step 1 of 1: no choice came true: nothing could be measured: no request came",
        ),
    ];
    for (steps, said) in cases {
        let (status, out, err) = lessons.play(steps);
        assert_eq!(status, Some(1), "{out}{err}");
        assert!(err.contains(said), "{said} is not in:\n{err}");
    }
}

#[test]
fn a_port_that_is_in_use_is_named_and_nothing_is_played() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (status, out, err) = Lessons::new().run(&["check", "1", "--play", "--port", &port]);
    assert!(status.is_some_and(|status| status != 0) && out.is_empty(), "{out}");
    assert!(err.lines().count() == 1 && err.contains(&port), "{err}");
}
