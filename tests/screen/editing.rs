//! A request edited in the user's editor before it is sent again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::bodies::{back, keep_bodies, post, screen};
use crate::support::Backend;
use crate::support::program::{get, is_running, until};
use crate::terminal::Terminal;

/// A screen whose editor is a script, with a request in its log whose replay dialog is open.
struct Editing {
    terminal: Terminal,
    backend: Backend,
    port: u16,
    /// Where the script may leave files.
    folder: tempfile::TempDir,
    _config: tempfile::TempDir,
}

impl Editing {
    /// `FILE` in the script is the file to edit, `HERE` a folder that the test reads.
    fn with(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let editor = folder.path().join("an editor");
        let script = script.replace("FILE", "\"$1\"").replace("HERE", folder.path().to_str().unwrap());
        fs::write(&editor, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
        Self::by(&format!("'{}'", editor.display()), folder)
    }

    fn by(editor: &str, folder: tempfile::TempDir) -> Self {
        let backend = Backend::echoing();
        let (mut terminal, port, config) = screen(&backend, &[("VISUAL", ""), ("EDITOR", editor)]);
        keep_bodies(&mut terminal, true);
        post(port, "/cart", r#"{"n":1,"token":"hunter2"}"#);
        terminal.shows("/cart");
        terminal.press("\tG\r");
        terminal.shows("Request, as it came");
        terminal.press("r");
        terminal.shows("e edit it");
        Editing { terminal, backend, port, folder, _config: config }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Nothing of what was edited is left, and nothing was sent.
    #[track_caller]
    fn left_nothing(&self, sent: usize) {
        let mut names = fs::read_dir(self.terminal.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        let left = names.find(|name| name.to_string_lossy().contains("edit"));
        assert_eq!(left, None);
        assert_eq!(self.backend.requests().len(), sent);
    }
}

#[test]
fn an_edited_request_is_sent_with_its_new_path_header_and_body_after_a_question() {
    let mut editing = Editing::with(
        "cp FILE HERE/given; ls -ld \"$(dirname FILE)\" FILE | cut -c1-10 > HERE/modes\n\
         sed -e 's,^POST /cart,PUT /basket,' -e 's,^Content-Type: .*,X-Edited: yes,' -e 's,\"n\":1,\"n\":12,' FILE > HERE/new\n\
         cat HERE/new > FILE",
    );
    editing.terminal.press("e");
    editing.terminal.shows("PUT may change something: send the edited /basket");
    editing.left_nothing(1);
    editing.terminal.press("y");
    editing.terminal.shows("Sent edited: PUT /basket");
    for part in ["- POST /cart HTTP/1.1", "+ PUT /basket HTTP/1.1", "+ X-Edited: yes", "25 bytes before, 26 bytes now"]
    {
        editing.terminal.shows(part);
    }
    let edited = &editing.backend.wait_for_requests(2)[1];
    assert_eq!((edited.method.as_str(), edited.target.as_str()), ("PUT", "/basket"));
    assert_eq!(edited.text(), r#"{"n":12,"token":"hunter2"}"#);
    assert_eq!(edited.get("x-edited").as_deref(), Some("yes"));
    assert_eq!((edited.get("content-length").as_deref(), edited.get("content-type")), (Some("26"), None));
    let given = fs::read_to_string(editing.file("given")).unwrap();
    assert!(given.starts_with("# ") && given.contains("\nPOST /cart HTTP/1.1\n"), "{given}");
    assert!(given.contains(r#"{"n":1,"token":"hunter2"}"#), "the real values are needed: {given}");
    assert_eq!(fs::read_to_string(editing.file("modes")).unwrap(), "drwx------\n-rw-------\n");
    back(&mut editing.terminal, "Sent edited");
    back(&mut editing.terminal, "Request: POST");
    editing.terminal.shows("edited and replayed from #");
    editing.terminal.press("q");
    editing.terminal.is_given_back();
}

#[test]
fn unchanged_or_emptied_nothing_is_sent_and_that_is_said() {
    let mut editing = Editing::with("[ -e HERE/empty ] && : > FILE; exit 0");
    editing.terminal.press("e");
    editing.terminal.shows("nothing was changed: nothing is sent");
    fs::write(editing.file("empty"), "").unwrap();
    editing.terminal.press("re");
    editing.terminal.shows("the request was emptied: nothing is sent");
    editing.left_nothing(1);
}

#[test]
fn a_missing_editor_and_one_that_fails_are_told_in_a_sentence() {
    let mut editing = Editing::by("/no/such-editor -w", tempfile::tempdir().unwrap());
    editing.terminal.press("e");
    editing.terminal.shows("nothing is sent: the editor '/no/such-editor -w' cannot be started: set VISUAL or EDITOR");
    editing.left_nothing(1);
    let mut editing = Editing::with("echo changed >> FILE; exit 3");
    editing.terminal.press("e");
    editing.terminal.shows("ended with status 3");
    editing.left_nothing(1);
}

#[test]
fn a_mistake_is_told_and_the_text_is_opened_again_as_it_was_left() {
    let mut editing = Editing::with(
        "cp FILE HERE/seen\n\
         if grep -q '^Host: two' FILE; then sed '/^Host: two/d' FILE > HERE/new\n\
         else sed -e 's,^POST /cart,GET /twice,' -e '/^Host/a\\\nHost: two' FILE > HERE/new; fi\n\
         cat HERE/new > FILE",
    );
    editing.terminal.press("e");
    editing.terminal.shows("It was not sent: it has more than one Host header");
    editing.left_nothing(1);
    editing.terminal.press("y");
    editing.terminal.shows("Sent edited: GET /twice");
    assert!(fs::read_to_string(editing.file("seen")).unwrap().contains("\nGET /twice HTTP/1.1\n"), "as it was left");
    assert_eq!(editing.backend.wait_for_requests(2)[1].target, "/twice");
}

#[test]
fn while_the_editor_has_the_terminal_the_balancer_serves_and_the_interrupt_key_is_the_editors() {
    let mut editing = Editing::with(
        "trap 'echo interrupted; : > HERE/interrupted' INT\n\
         echo editing-now; : > HERE/begun; while [ ! -e HERE/go ]; do sleep 0.1; done",
    );
    editing.terminal.press("e");
    editing.terminal.shows("editing-now");
    editing.terminal.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
    assert!(editing.terminal.is_cooked());
    assert!(get(editing.port, "/meanwhile").starts_with("HTTP/1.1 200 "));
    editing.terminal.press("\x03");
    until("the editor was interrupted", || editing.file("interrupted").exists().then_some(()));
    editing.terminal.still_runs();
    assert!(get(editing.port, "/still").starts_with("HTTP/1.1 200 "));
    fs::write(editing.file("go"), "").unwrap();
    editing.terminal.shows("nothing was changed: nothing is sent");
    back(&mut editing.terminal, "Request: POST");
    editing.terminal.shows("/still");
    editing.terminal.shows("/meanwhile");
    editing.terminal.press("q");
    editing.terminal.is_given_back();
}

#[test]
fn an_editor_that_ends_of_the_interrupt_key_does_not_take_the_balancer_with_it() {
    let mut editing = Editing::with(": > HERE/begun; exec sleep 1000");
    for _ in 0..5 {
        editing.terminal.press("e");
        until("the editor runs", || editing.file("begun").exists().then_some(()));
        fs::remove_file(editing.file("begun")).unwrap();
        editing.terminal.press("\x03");
        editing.terminal.shows("was ended by a signal");
        editing.terminal.press("r");
        editing.terminal.shows("e edit it");
    }
    editing.terminal.still_runs();
    editing.left_nothing(1);
}

#[test]
fn an_edited_request_that_a_no_held_back_is_opened_again_as_it_was_left() {
    let mut editing = Editing::with(
        "if grep -q /twice FILE; then : > HERE/again; exit 0; fi\n\
         sed 's,^POST /cart,PUT /twice,' FILE > HERE/new; cat HERE/new > FILE",
    );
    editing.terminal.press("e");
    editing.terminal.shows("PUT may change something: send the edited /twice");
    editing.terminal.press("n");
    editing.terminal.shows("not sent: r and e open the text again, as you left it");
    editing.terminal.press("re");
    editing.terminal.shows("PUT may change something: send the edited /twice");
    assert!(editing.file("again").exists());
    editing.left_nothing(1);
    editing.terminal.press("y");
    assert_eq!(editing.backend.wait_for_requests(2)[1].target, "/twice");
}

#[test]
fn a_program_that_is_ended_while_its_editor_runs_leaves_a_whole_terminal_no_editor_and_no_file() {
    let mut editing =
        Editing::with("stty raw -echo; printf '\\033[?1049h\\033[?25l'; echo $$ > HERE/pid; exec sleep 1000");
    editing.terminal.press("e");
    let pid = || fs::read_to_string(editing.file("pid")).ok()?.trim().parse::<u32>().ok();
    let pid = until("the editor runs", pid);
    editing.terminal.signal(Signal::TERM);
    editing.terminal.is_given_back();
    assert!(!is_running(pid), "the editor is left behind");
    editing.left_nothing(1);
}
