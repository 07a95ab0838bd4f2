//! Outputs that block, fill up, fail, and recover cost only log lines or frames. Clients are still served, backends
//! checked, commands and signals obeyed, and losses are reported.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::support::home::Home;
use crate::support::left_out::left_out;
use crate::support::program::{children, exchange, get, gone, program, run_to_end, signal, until};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::Signal;

/// The program, which is killed when the test ends, whatever its state.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        Running(command.spawn().unwrap())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the program has ended", || self.0.try_wait().unwrap())
    }

    /// A signal ends it with status 0, and all its children.
    #[track_caller]
    pub(crate) fn ends_on(&mut self, which: Signal) {
        let started = children(self.pid());
        signal(self.pid(), which);
        assert_eq!(self.ended().code(), Some(0), "{which:?}");
        gone(&started);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn in_home(home: &Home, words: &[&str]) -> Command {
    let mut command = program(words);
    command.env("XDG_RUNTIME_DIR", home.path());
    command
}

/// One demo backend without a screen, on a port known beforehand.
pub(crate) fn demo(home: &Home, words: &[&str]) -> (Command, u16) {
    let port = crate::support::program::free_port();
    let own = ["--headless", "--demo=1", "-p", &port.to_string()].map(str::to_owned);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    (in_home(home, &[&own, words].concat()), port)
}

#[track_caller]
pub(crate) fn serves(port: u16) {
    until("the backend is up", || {
        let listens = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        (listens && get(port, "/_lb/health").contains("\"healthy\":1,")).then_some(())
    });
}

/// Sends many requests, each with a long log line.
pub(crate) fn flood(port: u16, path: &str) {
    let path = format!("{path}{}", "x".repeat(400));
    let one = format!("GET /status/204?{path} HTTP/1.1\r\nHost: localhost\r\n");
    let all = format!("{one}\r\n").repeat(199) + &format!("{one}Connection: close\r\n\r\n");
    let answers = exchange(port, all.as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 204 ").count(), 200, "all are answered");
}

/// The output of `ctl status` once it contains this, while requests go on.
#[track_caller]
pub(crate) fn told(home: &Home, port: u16, what: &str) -> String {
    until(&format!("'{what}' is told"), || {
        flood(port, "told");
        let status = home.good(&["ctl", "status"]);
        status.contains(what).then_some(status)
    })
}

/// Waits until `ctl status` has no warning any more.
#[track_caller]
pub(crate) fn is_well(home: &Home) {
    until("all is well again", || (!home.good(&["ctl", "status"]).contains("warning:")).then_some(()));
}

/// Lines that an output lost, according to the metrics.
pub(crate) fn dropped(port: u16, output: &str) -> u64 {
    let page = get(port, "/_lb/metrics");
    let name = format!("stickylb_log_lines_dropped_total{{output=\"{output}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or("0").parse().unwrap()
}

pub(crate) fn named_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The lines of this output.
pub(crate) fn lines(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    lines
}

#[track_caller]
pub(crate) fn line_with(lines: &Receiver<String>, part: &str) -> String {
    let mut seen = Vec::new();
    loop {
        let Ok(line) = lines.recv_timeout(crate::support::program::PATIENCE) else {
            panic!("no line with '{part}' among {seen:#?}")
        };
        if line.contains(part) {
            return line;
        }
        seen.push(line);
    }
}

/// A device that is always full; `None` if this system has none.
pub(crate) fn full() -> Option<File> {
    let full = File::options().write(true).open("/dev/full").ok();
    if full.is_none() {
        left_out("there is no /dev/full here");
    }
    full
}

/// A pipe that nobody reads; `blocking` is its state when the program gets it.
pub(crate) fn pipe(blocking: bool) -> (std::io::PipeReader, Stdio) {
    let (reader, writer) = std::io::pipe().unwrap();
    if !blocking {
        let flags = fcntl_getfl(&writer).unwrap();
        fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    }
    (reader, writer.into())
}

#[test]
fn a_pipe_that_nobody_reads_costs_lines_which_are_counted_and_told_and_come_again() {
    for blocking in [true, false] {
        let home = Home::new();
        let (reader, writer) = pipe(blocking);
        let (mut command, port) = demo(&home, &[]);
        command.stdout(writer);
        let mut lb = Running::start(command);
        serves(port);
        let status = told(&home, port, "warning: stdout takes no lines: ");
        assert!(status.contains("lines dropped so far"), "{status}");
        assert!(dropped(port, "stdout") > 0);
        let lines = lines(reader);
        line_with(&lines, "log lines dropped");
        line_with(&lines, "stdout is written again; ");
        get(port, "/after");
        line_with(&lines, " GET /after ");
        is_well(&home);
        lb.ends_on(Signal::TERM);
    }
}

#[test]
fn each_signal_and_stop_end_it_while_nobody_reads_its_lines() {
    for which in [Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP), None] {
        let home = Home::new();
        let (_reader, writer) = pipe(which != Some(Signal::INT));
        let (mut command, port) = demo(&home, &[]);
        command.stdout(writer);
        let mut lb = Running::start(command);
        serves(port);
        (0..5).for_each(|_| flood(port, "unread"));
        if let Some(which) = which {
            lb.ends_on(which);
        } else {
            assert!(home.good(&["stop"]).starts_with("stopped "));
            assert_eq!(lb.ended().code(), Some(0));
        }
    }
}

#[test]
fn standard_output_without_room_ends_nothing_and_is_told() {
    let Some(full) = full() else { return };
    let home = Home::new();
    let (mut command, port) = demo(&home, &[]);
    command.stdout(full);
    let mut lb = Running::start(command);
    serves(port);
    let status = told(&home, port, "warning: stdout cannot be written: No space left on device");
    assert!(status.contains("; free some space"), "{status}");
    until("they are counted", || (dropped(port, "stdout") >= 200).then_some(()));
    lb.ends_on(Signal::TERM);
}

#[test]
fn standard_output_and_the_log_file_fail_and_come_back_by_themselves() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.log");
    let (reader, writer) = pipe(true);
    let (mut command, port) = demo(&home, &["--log-file", file.to_str().unwrap()]);
    command.stdout(writer);
    let mut lb = Running::start(command);
    serves(port);
    told(&home, port, "warning: stdout takes no lines: ");
    get(port, "/while-stdout-stands-still");
    until("the file has it", || {
        std::fs::read_to_string(&file).unwrap().contains("/while-stdout-stands-still").then_some(())
    });
    drop(reader);
    assert_eq!(lb.ended().code(), Some(0), "its reader has left: that is no failure");
}

/// Fills a non-blocking pipe; returns how much it took.
pub(crate) fn fill(writer: &mut std::io::PipeWriter) -> usize {
    let mut filled = 0;
    for size in [4096, 1] {
        while let Ok(more) = writer.write(&vec![b'x'; size]) {
            filled += more;
        }
    }
    filled
}

#[test]
fn complaints_that_nobody_takes_hold_up_no_end() {
    // A log file that cannot be opened is reported only after signals are handled.
    let bad = ["--headless", "--demo=1", "-p", "0", "--log-file", "no-such-folder/lb.log"];
    let (_reader, mut writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    fill(&mut writer);
    fcntl_setfl(&writer, flags).unwrap();
    let mut command = program(&bad);
    command.stderr(writer).stdout(Stdio::null());
    assert_eq!(Running::start(command).ended().code(), Some(1));
    for (words, status) in [(&bad[..], 1), (&["--no-such-option"], 2), (&["ctl", "status"], 1)] {
        let home = Home::new();
        let mut command = in_home(&home, words);
        let Some(full) = full() else { return };
        command.stderr(full).stdout(Stdio::null());
        assert_eq!(Running::start(command).ended().code(), Some(status), "{words:?}");
    }
}

#[test]
fn an_answer_that_cannot_be_written_is_one_sentence_and_one_that_nobody_wants_is_none() {
    let home = Home::new();
    let (_lb, _) = home.demo(1, &[]);
    for words in [&["ctl", "status"][..], &["list"], &["schema"], &["--help"], &["completions", "bash"]] {
        let mut command = in_home(&home, words);
        let Some(full) = full() else { return };
        command.stdout(full).stderr(Stdio::piped());
        let mut refused = Running::start(command);
        assert_eq!(refused.ended().code(), Some(1), "{words:?}");
        let mut err = String::new();
        refused.0.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert!(err.contains("cannot write the answer to standard output: No space left on device"), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = in_home(&home, words);
        command.stdout(writer).stderr(Stdio::piped());
        let mut closed = Running::start(command);
        assert_eq!(closed.ended().code(), Some(0), "{words:?}");
        let mut err = String::new();
        closed.0.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!(err, "", "{words:?}");
    }
}

#[test]
fn a_long_answer_is_whole_where_its_reader_is_slow_and_its_pipe_does_not_block() {
    let expected = run_to_end(program(&["schema"])).stdout;
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&writer).unwrap();
    fcntl_setfl(&writer, flags | OFlags::NONBLOCK).unwrap();
    let filler = fill(&mut writer);
    let mut command = program(&["schema"]);
    command.stdout(writer);
    let mut child = Running::start(command);
    // By now it has most likely met the full pipe.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let mut answer = Vec::new();
    reader.read_to_end(&mut answer).unwrap();
    assert!(answer[filler..] == expected, "{} of {} bytes", answer.len() - filler, expected.len());
    assert_eq!(child.ended().code(), Some(0));
}
