//! A lesson on the screen: it goes on by Enter alone, is read again when its file is saved, and leaves nothing behind.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::program::{gone, until};
use crate::terminal::Terminal;

const LESSON: &str = r#"{ "title": "Two steps", "seed": 1, "backends": 2, "steps": [
  { "say": "Read this first." },
  { "do": "Choose by a hash.", "hints": ["it is a strategy"], "until": { "strategy": "hash" }, "solution": ["strategy hash"] },
  { "debrief": "Well chosen." } ] }"#;

/// A lesson's file, in a folder in which also is kept what was passed.
struct Own(TempDir);

impl Own {
    fn new() -> Self {
        let own = Own(tempfile::tempdir().unwrap());
        own.save(LESSON);
        own
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("l.jsonc")
    }

    fn save(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
    }

    fn learn(&self, lesson: &str) -> Terminal {
        let folder = self.0.path().to_str().unwrap();
        Terminal::with(&["learn", lesson], &[("XDG_STATE_HOME", folder), ("XDG_CONFIG_HOME", folder)])
    }

    fn begins(&self) -> Terminal {
        let terminal = self.learn(self.file().to_str().unwrap());
        terminal.shows("Read this first.");
        terminal
    }
}

/// Every process below the terminal's program has ended with it.
fn leaves(mut terminal: Terminal, by: impl FnOnce(&mut Terminal)) {
    let below = terminal.children();
    assert!(!below.is_empty(), "it has demo backends");
    by(&mut terminal);
    terminal.ended();
    gone(&below);
}

#[test]
fn enter_goes_on_and_only_from_what_is_done() {
    let own = Own::new();
    let mut terminal = own.begins();
    terminal.press("\r");
    terminal.shows("Choose by a hash.");
    terminal.press("\r\r2wq");
    terminal.ended();
    let mut terminal = own.begins();
    terminal.press("\r");
    terminal.shows("Choose by a hash.");
    terminal.press("?");
    terminal.shows("it is a strategy");
    terminal.press(":strategy hash\r");
    terminal.wait("it is done", |screen| screen.contains("Enter goes on"));
    assert!(terminal.screen().contains("Choose by a hash."), "it does not go on by itself");
    terminal.press("\r");
    terminal.shows("Well chosen.");
    terminal.press("\r");
    terminal.shows("That was the lesson");
    leaves(terminal, |terminal| terminal.press("q"));
}

#[test]
fn saving_the_file_reads_the_step_again_and_a_mistake_in_it_changes_nothing() {
    let own = Own::new();
    let mut terminal = own.begins();
    own.save(&LESSON.replace("Read this first.", "Read that first."));
    terminal.shows("Read that first.");
    own.save(&LESSON.replace("\"say\"", "\"sya\""));
    terminal.shows("the lesson stays as it was");
    terminal.shows("Read that first.");
    own.save(LESSON);
    terminal.shows("Read this first.");
    terminal.press("q");
    terminal.ended();
}

#[test]
fn a_lesson_leaves_no_process_behind_however_it_ends() {
    let own = Own::new();
    leaves(own.begins(), |terminal| terminal.press("q"));
    leaves(own.begins(), |terminal| terminal.signal(Signal::TERM));
    leaves(own.begins(), |terminal| terminal.signal(Signal::KILL));
    leaves(own.begins(), Terminal::close_window);
}

#[test]
fn a_lesson_that_was_passed_is_kept_and_the_next_one_begins() {
    let own = Own::new();
    let mut terminal = own.learn("1");
    terminal.shows("Lesson 1:");
    terminal.press("q");
    terminal.ended();
    let kept = own.0.path().join("stickylb-tui/lessons.json");
    assert!(!kept.exists(), "a lesson left in the middle is not passed");
    fs::create_dir_all(kept.parent().unwrap()).unwrap();
    fs::write(&kept, r#"{ "passed": { "1": "2026-01-02" } }"#).unwrap();
    let folder = own.0.path().to_str().unwrap();
    let mut terminal = Terminal::with(&["learn"], &[("XDG_STATE_HOME", folder), ("XDG_CONFIG_HOME", folder)]);
    until("the next lesson", || terminal.screen().contains("step 1 of").then_some(()));
    assert!(!terminal.screen().contains("Lesson 1:"), "{}", terminal.screen());
    terminal.press("q");
    terminal.ended();
}
