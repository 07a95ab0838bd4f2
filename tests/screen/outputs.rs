//! Outputs that block, fill up, fail, and recover cost only log lines or frames. Clients are still served, backends
//! checked, commands and signals obeyed, and losses are reported.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};

use crate::support::home::Home;
use crate::support::left_out::left_out;
use crate::support::program::{Headless, children, exchange, get, gone, program, run_to_end, signal, until};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::Signal;
use serde_json::Value;

/// The program, which is killed when the test ends, whatever its state.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> Self {
        Running(command.spawn().unwrap())
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    #[track_caller]
    fn ended(&mut self) -> ExitStatus {
        until("the program has ended", || self.0.try_wait().unwrap())
    }

    /// A signal ends it with status 0, and all its children.
    #[track_caller]
    fn ends_on(&mut self, which: Signal) {
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

fn in_home(home: &Home, words: &[&str]) -> Command {
    let mut command = program(words);
    command.env("XDG_RUNTIME_DIR", home.path());
    command
}

/// One demo backend without a screen, on a port known beforehand.
fn demo(home: &Home, words: &[&str]) -> (Command, u16) {
    let port = crate::support::program::free_port();
    let own = ["--headless", "--demo=1", "-p", &port.to_string()].map(str::to_owned);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    (in_home(home, &[&own, words].concat()), port)
}

#[track_caller]
fn serves(port: u16) {
    until("the backend is up", || {
        let listens = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        (listens && get(port, "/_lb/health").contains("\"healthy\":1,")).then_some(())
    });
}

/// Sends many requests, each with a long log line.
fn flood(port: u16, path: &str) {
    let path = format!("{path}{}", "x".repeat(400));
    let one = format!("GET /status/204?{path} HTTP/1.1\r\nHost: localhost\r\n");
    let all = format!("{one}\r\n").repeat(199) + &format!("{one}Connection: close\r\n\r\n");
    let answers = exchange(port, all.as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 204 ").count(), 200, "all are answered");
}

/// The output of `ctl status` once it contains this, while requests go on.
#[track_caller]
fn told(home: &Home, port: u16, what: &str) -> String {
    until(&format!("'{what}' is told"), || {
        flood(port, "told");
        let status = home.good(&["ctl", "status"]);
        status.contains(what).then_some(status)
    })
}

/// Waits until `ctl status` has no warning any more.
#[track_caller]
fn is_well(home: &Home) {
    until("all is well again", || (!home.good(&["ctl", "status"]).contains("warning:")).then_some(()));
}

/// Lines that an output lost, according to the metrics.
fn dropped(port: u16, output: &str) -> u64 {
    let page = get(port, "/_lb/metrics");
    let name = format!("stickylb_log_lines_dropped_total{{output=\"{output}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&name)).unwrap_or("0").parse().unwrap()
}

fn named_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The lines of this output.
fn lines(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        BufReader::new(output).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
    });
    lines
}

#[track_caller]
fn line_with(lines: &Receiver<String>, part: &str) -> String {
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
fn full() -> Option<File> {
    let full = File::options().write(true).open("/dev/full").ok();
    if full.is_none() {
        left_out("there is no /dev/full here");
    }
    full
}

/// A pipe that nobody reads; `blocking` is its state when the program gets it.
fn pipe(blocking: bool) -> (std::io::PipeReader, Stdio) {
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
    assert_eq!(lb.ended().code(), Some(0), "whoever read it is gone: that is no failure");
}

/// Fills a non-blocking pipe; returns how much it took.
fn fill(writer: &mut std::io::PipeWriter) -> usize {
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

/// The first configuration, of one backend, which this writes to a named pipe; `weight` is the backend's.
fn feed(pipe: &Path, port: u16, weight: u32) {
    let backend = serde_json::json!({ "url": "http://localhost:1", "name": "alpha", "weight": weight });
    let config = serde_json::json!({ "port": port, "backends": [backend] }).to_string();
    let pipe = pipe.to_owned();
    std::thread::spawn(move || File::options().write(true).open(pipe).unwrap().write_all(config.as_bytes()).unwrap());
}

#[test]
fn a_configuration_that_is_a_named_pipe_is_read_whenever_it_is_written_and_holds_up_no_signal() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lb.json");
    named_pipe(&path);
    let words = ["--headless", "--config", path.to_str().unwrap()];
    // Nobody writes to the pipe; the signal ends the program all the same.
    for which in [Signal::TERM, Signal::INT] {
        let mut command = in_home(&home, &words);
        command.stdout(Stdio::null());
        let mut waits = Running::start(command);
        std::thread::sleep(std::time::Duration::from_millis(100));
        signal(waits.pid(), which);
        waits.ended();
    }
    let port = crate::support::program::free_port();
    feed(&path, port, 1);
    let mut lb = Headless::from(in_home(&home, &words));
    lb.line_with("listening on");
    feed(&path, port, 7);
    assert!(home.good(&["ctl", "reload"]).contains("in force"));
    lb.line_with("alpha has the weight 7");
    // From here on nobody writes to the pipe.
    let refused = home.run(&["ctl", "reload"]);
    let err = String::from_utf8(refused.stderr).unwrap();
    assert!(err.contains("lb.json: it was not written to its end in time"), "{err}");
    assert!(home.good(&["ctl", "status"]).contains("warning: cannot read "), "it is told");
    // While the program waits for it, everything else goes on, and a signal ends it.
    lb.signal(Signal::HUP);
    assert!(get(port, "/_lb/health").starts_with("HTTP/1.1 "));
    assert!(home.good(&["ctl", "status"]).contains("alpha"));
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_configuration_that_becomes_a_named_pipe_changes_nothing_and_holds_up_nothing() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lb.json");
    let port = crate::support::program::free_port();
    let config = |weight: u32| {
        let backend = serde_json::json!({ "url": "http://localhost:1", "name": "alpha", "weight": weight });
        serde_json::json!({ "port": port, "backends": [backend] }).to_string()
    };
    std::fs::write(&path, config(1)).unwrap();
    let mut lb = Headless::from(in_home(&home, &["--headless", "--config", path.to_str().unwrap()]));
    lb.line_with("listening on");
    let pipe = folder.path().join("pipe");
    named_pipe(&pipe);
    std::fs::rename(&pipe, &path).unwrap();
    // Longer than the program waits for a file to stay unchanged.
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(home.good(&["ctl", "status"]).contains("alpha"));
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, config(9)).unwrap();
    lb.line_with("alpha has the weight 9");
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_secret_in_a_named_pipe_is_read_or_refused_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    named_pipe(&secret);
    let config = serde_json::json!({
        "port": crate::support::program::free_port(),
        "backends": [{ "url": "http://localhost:1" }],
        "email": {
            "host": "localhost",
            "auth": { "user": "lb@example.org", "pass": format!("file:{}", secret.display()) },
        },
    });
    let path = folder.path().join("lb.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let to = secret.clone();
    std::thread::spawn(move || File::options().write(true).open(to).unwrap().write_all(b"secret\n").unwrap());
    let check = ["check", path.to_str().unwrap()];
    let read = crate::support::program::run(&check);
    assert_eq!(read.status.code(), Some(0), "{}", String::from_utf8_lossy(&read.stderr));
    let refused = crate::support::program::run(&check);
    let err = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{err}");
    assert!(err.contains("cannot read ") && err.contains("it was not written to its end in time"), "{err}");
}

/// The screen, and other programs, on blocked terminals.
mod on_a_terminal {
    use super::*;

    use crate::terminal::Terminal;
    use portable_pty::{MasterPty, PtySize, native_pty_system};

    /// A large screen of one demo backend, on a terminal that is now blocked.
    fn stalled(home: &Home, words: &[&str]) -> (Terminal, u16) {
        let port = crate::support::program::free_port();
        let own = ["--demo=1", "-p", &port.to_string()].map(str::to_owned);
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let terminal = Terminal::with(&[&own, words].concat(), &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
        terminal.shows("1 up");
        stall(&terminal, port);
        (terminal, port)
    }

    /// Stops reading the terminal, and has more written to it than it can hold.
    fn stall(terminal: &Terminal, port: u16) {
        terminal.resize(240, 60);
        terminal.shows("Routing log");
        terminal.stands_still();
        for n in 0..20 {
            flood(port, &format!("{n}-{}", ["one", "another"][n % 2].repeat(10)));
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// What was written before the terminal blocked is discarded or completed: the terminal is restored.
    #[track_caller]
    fn is_given_back(terminal: &mut Terminal) {
        assert!(terminal.ended().success());
        terminal.goes_on();
        terminal.is_given_back();
    }

    #[test]
    fn a_terminal_that_takes_nothing_holds_up_neither_clients_nor_checks_nor_ctl_and_then_shows_what_is_now() {
        let home = Home::new();
        let backend = crate::support::program::free_port();
        let mut server = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
        server.args(["demo-backend", "--port", &backend.to_string()]);
        let mut server = Running::start(server);
        let port = crate::support::program::free_port();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lb.json");
        let config = serde_json::json!({
            "port": port,
            "health": { "interval": 200 },
            "backends": [{ "url": format!("http://localhost:{backend}"), "name": "alpha" }],
        });
        std::fs::write(&path, config.to_string()).unwrap();
        let words = ["--config", path.to_str().unwrap(), "--notify", "desktop"];
        let mut terminal = Terminal::with(&words, &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
        terminal.shows("1 up");
        stall(&terminal, port);
        server.0.kill().unwrap();
        server.ended();
        until("the check has noticed", || get(port, "/_lb/health").contains("\"DOWN\"").then_some(()));
        assert!(home.good(&["ctl", "status"]).contains("DOWN"));
        home.good(&["ctl", "weight", "alpha", "5"]);
        std::fs::write(&path, config.to_string().replace("200", "300")).unwrap();
        until("the changed file is in force", || {
            home.good(&["ctl", "status", "--json"]).contains("300 ms apart").then_some(())
        });
        terminal.goes_on();
        terminal.wait("it shows what is now", |screen| {
            screen.lines().any(|line| line.contains("> 1 alpha") && line.contains(" DOWN "))
        });
        terminal.press("q");
        terminal.is_given_back();
    }

    #[test]
    fn each_signal_and_stop_end_it_while_the_terminal_takes_nothing_and_give_it_back() {
        for which in [Some(Signal::TERM), Some(Signal::INT), Some(Signal::HUP), None] {
            let home = Home::new();
            let (mut terminal, _) = stalled(&home, &[]);
            let started = terminal.children();
            match which {
                Some(which) => terminal.signal(which),
                None => assert!(home.good(&["ctl", "stop"]).starts_with("stopped ")),
            }
            is_given_back(&mut terminal);
            gone(&started);
        }
    }

    #[test]
    fn keys_are_heeded_while_the_terminal_takes_nothing() {
        let home = Home::new();
        let (mut terminal, port) = stalled(&home, &["--notify", "bell"]);
        // Take the backend out, copy to a clipboard that is unreachable now, and quit.
        terminal.press(" ");
        until("it is taken out", || get(port, "/_lb/health").contains("\"MAINT\"").then_some(()));
        terminal.press("yq");
        is_given_back(&mut terminal);
    }

    #[test]
    fn detached_from_a_terminal_that_takes_nothing_it_goes_on() {
        let home = Home::new();
        let (mut terminal, port) = stalled(&home, &[]);
        let slow = std::thread::spawn(move || get(port, "/slow?ms=4000"));
        until("the request is in flight", || {
            get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(())
        });
        // The screen, which nobody sees, asks once it knows of the request.
        std::thread::sleep(std::time::Duration::from_millis(1500));
        terminal.press("qd");
        assert!(slow.join().unwrap().starts_with("HTTP/1.1 200 "));
        until("it serves without a screen", || {
            let status = home.good(&["ctl", "status"]);
            assert!(get(port, "/_lb/health").starts_with("HTTP/1.1 200 "));
            status.contains("UP").then_some(())
        });
        assert!(home.good(&["stop"]).starts_with("stopped "));
        is_given_back(&mut terminal);
    }

    #[test]
    fn suspended_on_a_terminal_that_takes_nothing_it_leaves_the_shell_a_whole_one() {
        let mut terminal = Terminal::shell();
        let port = crate::support::program::free_port();
        terminal.press(&format!("{} --demo=1 -p {port}\n", env!("CARGO_BIN_EXE_stickylb-tui")));
        terminal.shows("1 up");
        stall(&terminal, port);
        terminal.press("\x1a");
        // The shell writes something too, which also waits.
        std::thread::sleep(std::time::Duration::from_secs(1));
        terminal.goes_on();
        terminal.shows("Stopped");
        terminal.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
        terminal.press("fg\n");
        terminal.shows("Routing log");
        terminal.press("q");
        terminal.wait("it has ended", |screen| !screen.contains("Routing log"));
        terminal.press("echo shell-$((1 + 1))\n");
        terminal.shows("shell-2");
    }

    #[test]
    fn without_a_screen_a_terminal_that_takes_nothing_holds_up_nothing_either() {
        let home = Home::new();
        let port = crate::support::program::free_port();
        let words = ["--headless", "--demo=1", "-p", &port.to_string()].map(str::to_owned);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut terminal = Terminal::with(&words, &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
        serves(port);
        let started = terminal.children();
        terminal.stands_still();
        told(&home, port, "warning: stdout takes no lines: ");
        terminal.signal(Signal::TERM);
        assert!(terminal.ended().success());
        gone(&started);
        terminal.goes_on();
    }

    #[test]
    fn attached_to_a_terminal_that_takes_nothing_a_signal_ends_the_screen_and_not_the_balancer() {
        for key in [None, Some("q")] {
            let home = Home::new();
            let (_lb, port) = home.demo(1, &[]);
            let runtime = [("XDG_RUNTIME_DIR", home.path().to_str().unwrap())];
            let mut terminal = Terminal::with(&["attach"], &runtime);
            terminal.shows("1 up");
            stall(&terminal, port);
            match key {
                Some(key) => terminal.press(key),
                None => terminal.signal(Signal::TERM),
            }
            is_given_back(&mut terminal);
            assert!(home.good(&["ctl", "status"]).contains("UP"));
        }
    }

    #[test]
    fn copies_never_wait_for_the_terminal_that_shows_what_they_write() {
        let home = Home::new();
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let script = r#"i=0; while :; do i=$((i + 1)); echo "$i $i $i $i $i $i $i $i $i $i"; [ $((i % 500)) -ne 0 ] || echo $i > "$0"; done"#;
        let words = ["run", "-n", "1", "-p", "0", "--", "sh", "-c", script, count.to_str().unwrap()];
        let mut terminal = Terminal::with(&words, &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
        for title in ["got / due", "Backend: sh-", "Output of sh-"] {
            terminal.press("v");
            terminal.shows(title);
        }
        terminal.resize(240, 60);
        terminal.stands_still();
        std::thread::sleep(std::time::Duration::from_secs(2));
        let counted = || std::fs::read_to_string(&count).ok()?.trim().parse::<u64>().ok();
        let before = until("it counts", counted);
        // More than all buffers between the two can hold.
        until("it goes on", || counted().filter(|now| *now > before + 20_000));
        terminal.signal(Signal::TERM);
        is_given_back(&mut terminal);
    }

    /// The program on a terminal that another process has made non-blocking.
    fn on_a_terminal_that_does_not_block(home: &Home, words: &[&str]) -> (Running, Box<dyn MasterPty + Send>) {
        let pty = native_pty_system().openpty(PtySize { rows: 24, cols: 80, ..PtySize::default() }).unwrap();
        let tty = File::options().read(true).write(true).open(pty.master.tty_name().unwrap()).unwrap();
        fcntl_setfl(&tty, fcntl_getfl(&tty).unwrap() | OFlags::NONBLOCK).unwrap();
        let mut command = in_home(home, words);
        command.env("TERM", "xterm-256color");
        let side = || Stdio::from(tty.try_clone().unwrap());
        command.stdin(side()).stdout(side()).stderr(side());
        (Running::start(command), pty.master)
    }

    #[test]
    fn a_terminal_that_does_not_block_ends_neither_the_screen_nor_the_lines() {
        for front in ["--headless", "--seed=1"] {
            let home = Home::new();
            let port = crate::support::program::free_port();
            let words = [front, "--demo=1", "-p", &port.to_string()].map(str::to_owned);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let (mut lb, master) = on_a_terminal_that_does_not_block(&home, &words);
            serves(port);
            // Nobody reads the pipe yet.
            (0..20).for_each(|_| flood(port, "unread"));
            let mut output = master.try_clone_reader().unwrap();
            let (tell, told) = channel();
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                while let Ok(read @ 1..) = output.read(&mut bytes) {
                    if tell.send(bytes[..read].to_vec()).is_err() {
                        break;
                    }
                }
            });
            let mut shown = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
            until(&format!("{front}: what comes later is shown"), || {
                get(port, "/after");
                for bytes in told.try_iter() {
                    shown.process(&bytes);
                }
                shown.screen().contents().contains("/after").then_some(())
            });
            lb.ends_on(Signal::TERM);
        }
    }
}
