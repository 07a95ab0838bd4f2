//! `survive` on the command line: what it is asked, what it prints and how it ends, and that it leaves nothing behind.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::Signal;
use stickylb::api::{SurviveReport, SurviveVerdict};

use crate::markdown::document;
use crate::support::home::Home;
use crate::support::patience::{OF_A_RUN, run_to_end, run_within, until_within};
use crate::support::program::{self, children, gone, program, run, until};
use crate::support::survive::{APP, TRAFFIC, has, has_python};

/// This program's demo backend, as a server that any copy can be.
const SERVER: [&str; 4] = [env!("CARGO_BIN_EXE_stickylb-tui"), "demo-backend", "--port", "{port}"];

fn survive(words: &[&str], command: &[&str]) -> Command {
    program(&[&["survive"], words, &["--"], command].concat())
}

/// What it said, and its status.
fn said(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

#[track_caller]
fn report(stdout: &str) -> SurviveReport {
    serde_json::from_str(stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

/// All processes below it: supervisors, copies, the test command, and what those started.
fn descendants(of: u32) -> Vec<u32> {
    children(of).into_iter().flat_map(|child| [vec![child], descendants(child)].concat()).collect()
}

/// One that runs, and the lines of its standard error.
struct Running {
    child: Child,
    stderr: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        Running { child, stderr }
    }

    /// Reads on until a line has these words.
    #[track_caller]
    fn line_with(&mut self, words: &str) -> String {
        let found = self.stderr.by_ref().map_while(Result::ok).find(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("no line with '{words}'"))
    }

    fn signal(&self, which: Signal) {
        program::signal(self.child.id(), which);
    }

    /// Waits for the report, in JSON, then hurries its end; standard output, and the status.
    fn ended_after_report(mut self) -> (String, Option<i32>) {
        let lines = BufReader::new(self.child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut stdout = String::new();
        for line in lines {
            stdout += &line;
            if line == "}" {
                self.signal(Signal::INT);
            }
        }
        let status = until_within(OF_A_RUN, "survive has ended", || self.child.try_wait().unwrap());
        (stdout, status.code())
    }

    /// Waits for its end; standard output, and the status.
    fn ended(mut self) -> (String, Option<i32>) {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let status = until_within(OF_A_RUN, "survive has ended", || self.child.try_wait().unwrap());
        (stdout, status.code())
    }
}

#[test]
fn what_cannot_be_asked_is_one_sentence_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let one = file("one.json", r#"{ "port": 0, "backends": [{ "url": "http://localhost:9" }] }"#);
    let tcp = file("tcp.json", r#"{ "port": 0, "backends": [{ "url": "tcp://a:1" }, { "url": "tcp://b:1" }] }"#);
    let none = folder.path().join("none.har");
    let none = none.to_str().unwrap();
    for (words, told) in [
        (&["survive"][..], "there is nothing to try: write the program behind --"),
        (&["survive", "-n", "1", "--", "true"], "survive compares copies: write -n 2 or more"),
        (&["survive", "--har", none, "--", "true"], "cannot read the HAR file"),
        (&["survive", "--har", "/", "--", "true"], "it is a folder"),
        (&["survive", "--config", &one], "the pool 'default' has one backend: give it two or more"),
        (&["survive", "--config", &tcp], "every pool is behind a tcp listener"),
        (&["survive", "-n", "3", "--config", &one], "-n counts copies of a program"),
        (&["-p", "4000", "survive", "--", "true"], "write what belongs to 'survive' behind it"),
    ] {
        let (stdout, stderr, status) = said(&run(words));
        assert_eq!((stdout.as_str(), status), ("", Some(2)), "{words:?}: {stderr}");
        assert!(stderr.contains(told) && stderr.lines().count() == 1, "{words:?}: {stderr}");
    }
    for both in [["--json", "--junit"], ["--har=x", "--test=true"]] {
        let (_, stderr, status) = said(&run_within(OF_A_RUN, survive(&both, &["true"])));
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains("cannot be used with"), "{stderr}");
    }
}

#[test]
fn a_copy_that_does_not_come_to_serve_is_named_with_its_last_words() {
    let script = r#"echo "Error: no database" >&2; exit 7"#;
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, survive(&["--test", "true"], &["sh", "-c", script])));
    assert_eq!((stdout.as_str(), status), ("", Some(1)), "{stderr}");
    assert!(stderr.contains("did not come to serve: its process exited with status 7"), "{stderr}");
    assert!(stderr.contains("Error: no database") && !stderr.contains("started again"), "{stderr}");
}

#[test]
fn stopped_while_the_copies_start_it_prints_a_report_that_says_so_and_leaves_nobody() {
    // The program and its child ignore SIGTERM, and never listen.
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; sleep 100' & sleep 100; sleep 100";
    let running = Running::start(survive(&["--test", "true", "--json"], &["sh", "-c", script]));
    let all = until("all have started", || Some(descendants(running.child.id())).filter(|all| all.len() >= 8));
    running.signal(Signal::INT);
    // The copies do not heed it: a second one ends the wait for them.
    let (stdout, status) = running.ended_after_report();
    assert_eq!(status, Some(1), "{stdout}");
    assert!(report(&stdout).partial.is_some_and(|why| why == "it was stopped before the copies served"), "{stdout}");
    gone(&all);
}

#[test]
fn with_a_test_command_it_finds_what_another_copy_does_not_know_and_ends_with_1() {
    if !has_python() {
        return;
    }
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, survive(&["--test", TRAFFIC], &APP)));
    assert_eq!(status, Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with("needs stickiness     /cart"), "{stdout}");
    assert!(stdout.contains("smallest configuration that passes:  { \"sticky\": { "), "{stdout}");
    assert!(stderr.contains("2 copies serve at http://localhost:"), "{stderr}");
}

/// The lines of a report without what shows a finding, and without numbers.
fn gist(report: &str) -> String {
    let lines = report.lines().filter(|line| !line.starts_with(&" ".repeat(23)));
    lines.map(|line| line.replace(|c: char| c.is_ascii_digit(), "") + "\n").collect()
}

#[test]
fn the_shop_of_the_walk_is_found_broken_and_mended_as_its_page_shows() {
    if !has("node") {
        return;
    }
    let page = document("docs/survive.md");
    let walk = page.text.split_once("\n## A walk\n").expect("it is there").1;
    let shown: Vec<&str> = walk.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    for (server, status, shown) in [("server.mjs", 1, shown[0]), ("mended.mjs", 0, shown[1])] {
        let mut command = survive(&["--unsafe", "--test", "node test.mjs"], &["node", server]);
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/shop"));
        let (stdout, stderr, ended) = said(&run_within(OF_A_RUN, command));
        assert_eq!(gist(&stdout), gist(shown), "{stdout}{stderr}");
        assert_eq!(ended, Some(status), "{stdout}{stderr}");
    }
}

#[test]
fn what_survives_ends_with_0_and_says_how_often_it_was_tried() {
    if !has_python() {
        return;
    }
    let shared = tempfile::tempdir().unwrap();
    let mut command = survive(&["--test", TRAFFIC, "--json"], &APP);
    command.env("SHARED", shared.path());
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, command));
    assert_eq!(status, Some(0), "{stdout}{stderr}");
    let report = report(&stdout);
    let cart = report.entries.iter().find(|entry| entry.path == "/cart").expect("it was asked for");
    assert_eq!(cart.verdict, SurviveVerdict::Safe, "{stdout}");
    assert!(cart.requests >= 2 && cart.times > 0, "{stdout}");
}

#[test]
fn a_test_command_that_fails_is_told_in_the_report_which_is_made_all_the_same() {
    let test = r#"python3 -c 'import os, urllib.request as u; u.urlopen(os.environ["STICKYLB_URL"] + "/health").read()'; echo "1 test failed"; exit 3"#;
    if !has_python() {
        return;
    }
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, survive(&["--test", test, "--json"], &SERVER)));
    assert_eq!(status, Some(1), "{stderr}");
    let report = report(&stdout);
    assert!(report.partial.is_some_and(|why| why.raw().contains("the test command ended with status 3")), "{stdout}");
    assert!(!report.entries.is_empty(), "{stdout}");
    assert!(stderr.contains("1 test failed"), "what the command writes is on standard error: {stderr}");
}

#[test]
fn a_test_command_that_sends_nothing_is_no_success() {
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, survive(&["--test", "true"], &SERVER)));
    assert_eq!(status, Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with("not whole            the test command sent no request: "), "{stdout}{stderr}");
}

#[test]
fn a_test_command_finds_the_authority_of_https_in_its_environment() {
    let home = Home::new();
    let test = "echo $STICKYLB_URL; cat \"$NODE_EXTRA_CA_CERTS\"";
    let mut command = home.program(&[&["survive", "--tls", "--test", test, "--"], SERVER.as_slice()].concat());
    command.env_remove("NODE_EXTRA_CA_CERTS");
    let (_, stderr, _) = said(&run_within(OF_A_RUN, command));
    let authority = std::fs::read_to_string(home.path().join("data/stickylb-tui/ca/ca.pem")).unwrap();
    assert!(stderr.contains("https://localhost:") && stderr.contains(&authority), "{stderr}");
}

#[test]
fn a_copy_that_dies_while_the_test_runs_is_told_in_the_report() {
    let stop = r#"curl -s "$STICKYLB_URL/" >&2; kill -9 "$(curl -s "$STICKYLB_URL/whoami" | tr -dc '0-9,a-z' | sed 's/.*pid\([0-9]*\).*/\1/')"; sleep 4"#;
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, survive(&["--test", stop], &SERVER)));
    assert_eq!(status, Some(1), "{stdout}{stderr}");
    assert!(stdout.starts_with("not whole            "), "{stdout}{stderr}");
    assert!(!stderr.contains("start it first"), "{stdout}{stderr}");
    assert!(stdout.lines().any(|line| line.starts_with("unknown ") && line.contains(" / ")), "{stdout}{stderr}");
}

#[test]
fn ctrl_c_in_the_middle_of_the_test_ends_all_and_prints_what_was_found_until_then() {
    // Neither it nor its child ends by SIGTERM.
    let test = r#"trap '' TERM; echo "test at $STICKYLB_URL port $STICKYLB_PORT"; sh -c 'trap "" TERM; sleep 100' & sleep 100"#;
    let mut running = Running::start(survive(&["--test", test, "--json"], &SERVER));
    let line = running.line_with("test at http://localhost:");
    let (url, port) = line.trim_start_matches("test at ").split_once(" port ").unwrap();
    assert!(url.ends_with(&format!(":{port}")), "{line}");
    let all = until("all have started", || Some(descendants(running.child.id())).filter(|all| all.len() >= 7));
    running.signal(Signal::INT);
    running.line_with("stopping");
    // The test does not heed it: a second one ends the wait for it.
    running.signal(Signal::INT);
    let (stdout, status) = running.ended_after_report();
    assert_eq!(status, Some(1), "{stdout}");
    assert!(report(&stdout).partial.is_some(), "{stdout}");
    gone(&all);
}

#[test]
fn killed_it_leaves_nobody() {
    let test = "echo begun; sleep 100 & sleep 100";
    let mut running = Running::start(survive(&["--test", test], &SERVER));
    running.line_with("begun");
    let all = until("all have started", || Some(descendants(running.child.id())).filter(|all| all.len() >= 7));
    running.signal(Signal::KILL);
    running.ended();
    gone(&all);
}

#[test]
fn junit_is_xml_that_other_readers_take() {
    if !has_python() {
        return;
    }
    let (stdout, stderr, status) = said(&run_within(OF_A_RUN, survive(&["--test", TRAFFIC, "--junit"], &APP)));
    assert_eq!(status, Some(1), "{stdout}{stderr}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("survive.xml");
    std::fs::write(&file, &stdout).unwrap();
    let reader = "import sys, xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot().find('testsuite')
cases = suite.findall('testcase')
failed = [case.get('name') for case in cases if case.find('failure') is not None]
assert int(suite.get('tests')) == len(cases) and int(suite.get('failures')) == len(failed), stdout
print(' '.join(failed))";
    let mut python = Command::new("python3");
    python.args(["-c", reader]).arg(&file);
    let (failed, trouble, _) = said(&run_to_end(python));
    assert!(failed.contains("GET /cart"), "{failed}{trouble}\n{stdout}");
}

#[test]
fn watching_without_a_screen_it_reports_after_the_first_signal() {
    if !has_python() {
        return;
    }
    let mut running = Running::start(survive(&["-p", "0", "--headless", "--json"], &APP));
    let line = running.line_with("watching what passes through http://localhost:");
    let port = program::port_in(&line).unwrap();
    until("both copies serve", || program::get(port, "/_lb/health").contains("\"healthy\":2,").then_some(()));
    let mut traffic = Command::new("sh");
    traffic.args(["-c", TRAFFIC]).env("STICKYLB_URL", format!("http://localhost:{port}"));
    assert!(run_to_end(traffic).status.success());
    running.signal(Signal::INT);
    running.line_with("trying what was seen");
    let (stdout, status) = running.ended();
    assert_eq!(status, Some(1), "{stdout}");
    assert!(report(&stdout).entries.iter().any(|entry| entry.verdict == SurviveVerdict::NeedsStickiness), "{stdout}");
}

#[test]
fn ctl_survive_tries_one_that_runs_and_leaves_it_as_it_was() {
    if !has_python() {
        return;
    }
    let home = Home::new();
    let words = [&["start", "run", "-n", "2", "-p", "0", "--"][..], &APP].concat();
    home.good(&words);
    let refused = home.run(&["ctl", "survive", "report"]);
    assert_eq!(refused.status.code(), Some(1));
    let before = home.good(&["ctl", "status"]);
    let (stdout, stderr, status) =
        said(&run_within(OF_A_RUN, home.program(&["ctl", "survive", "--test", TRAFFIC, "--json"])));
    assert_eq!(status, Some(1), "{stdout}{stderr}");
    assert!(report(&stdout).failures() > 0, "{stdout}");
    let (again, _, status) = said(&home.run(&["ctl", "survive", "report", "--json"]));
    assert_eq!((again, status), (stdout, Some(1)), "the last report can be had again");
    let sticky = |status: &str| status.lines().next().unwrap().split("  ").nth(1).map(str::to_owned);
    assert_eq!(sticky(&before), sticky(&home.good(&["ctl", "status"])));
    for (words, told) in [
        (&["ctl", "survive", "now"][..], "'now' is neither report nor stop"),
        (&["ctl", "survive", "stop", "--json"], "leave it out here"),
        (&["ctl", "survive", "report", "--test", "true"], "leave it out here"),
    ] {
        let (_, stderr, status) = said(&home.run(words));
        assert_eq!(status, Some(2), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    }
}
