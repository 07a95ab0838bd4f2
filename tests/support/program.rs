//! The program as a process: start it, send it requests and signals, and wait until it and its children have ended.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

pub(crate) use super::patience::{PATIENCE, Wait, read_to_end, run_to_end, until_some as until};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// The program, in a folder without a configuration file, and without variables of the caller's shell that it reads.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stickylb-tui"));
    command.args(arguments).current_dir(std::env::temp_dir()).stdin(Stdio::null());
    for name in ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
        command.env(name, runtime_directory());
    }
    command.env_remove("NO_COLOR").env("LC_ALL", "C.UTF-8").env("COLUMNS", "100");
    command
}

/// A runtime directory for this test alone, because a balancer warns of others with the same cookie.
fn runtime_directory() -> PathBuf {
    let test = format!("{}-{:?}", std::process::id(), std::thread::current().id());
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test.replace(['(', ')'], ""));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// Runs the program to its end; if it goes on instead, it is killed and the test fails.
pub(crate) fn run(arguments: &[&str]) -> Output {
    run_to_end(program(arguments))
}

/// Sends these bytes and reads the answer until the other side closes.
pub(crate) fn exchange(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    read_to_end(&mut stream, &mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// `GET path`.
pub(crate) fn get(port: u16, path: &str) -> String {
    exchange(port, format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n").as_bytes())
}

/// A port without a listener at either loopback address.
pub(crate) fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let other = TcpListener::bind(("::1", port));
        if !other.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse) {
            return port;
        }
    }
}

/// The port in `… http://localhost:PORT …`, whatever the scheme.
pub(crate) fn port_in(text: &str) -> Option<u16> {
    let (_, rest) = text.split_once("://localhost:")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// Whether the character would move a terminal's cursor or is invisible.
pub(crate) fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The processes that `parent` started.
pub(crate) fn children(parent: u32) -> Vec<u32> {
    let processes: Vec<(u32, u32)> = if cfg!(target_os = "linux") {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        pids.filter_map(|pid| Some((pid, stat(pid)?.get(1)?.parse().ok()?))).collect()
    } else {
        let output = Command::new("ps").args(["-axo", "pid=,ppid="]).output().unwrap();
        let pair = |line: &str| {
            let mut fields = line.split_whitespace();
            Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
        };
        String::from_utf8_lossy(&output.stdout).lines().filter_map(pair).collect()
    };
    processes.into_iter().filter(|(_, of)| *of == parent).map(|(pid, _)| pid).collect()
}

/// The fields of `/proc/PID/stat` after the program's name: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// Whether the process is running; a zombie is not.
pub(crate) fn is_running(pid: u32) -> bool {
    let exists = test_kill_process(pid_of(pid)).is_ok();
    let ended = stat(pid).is_some_and(|fields| fields.first().is_some_and(|state| state == "Z"));
    exists && !ended
}

fn pid_of(pid: u32) -> Pid {
    Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
}

/// Sends a signal to a process this test started.
pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(pid_of(pid), signal).unwrap();
}

/// Waits until none of these is running.
pub(crate) fn gone(pids: &[u32]) {
    until("every child has ended", || pids.iter().all(|pid| !is_running(*pid)).then_some(()));
}

/// The program without a screen, and its lines. Dropping it ends the program.
pub(crate) struct Headless {
    pub(crate) child: Child,
    lines: Receiver<String>,
    /// All lines read so far.
    pub(crate) seen: Vec<String>,
}

impl Headless {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::from(program(arguments))
    }

    pub(crate) fn from(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (tell, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Headless { child, lines, seen: Vec::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The first line, read already or still to come, that contains `part`.
    pub(crate) fn line_with(&mut self, part: &str) -> String {
        if let Some(line) = self.seen.iter().find(|line| line.contains(part)) {
            return line.clone();
        }
        let wait = Wait::begin();
        loop {
            let Ok(line) = self.next_line(&wait) else { panic!("no line with '{part}' among {:#?}", self.seen) };
            if line.contains(part) {
                return line;
            }
        }
    }

    fn next_line(&mut self, wait: &Wait) -> Result<String, RecvTimeoutError> {
        // Endless lines would always leave one to read, however late it is.
        if wait.is_over() {
            return Err(RecvTimeoutError::Timeout);
        }
        let line = self.lines.recv_timeout(wait.left())?;
        self.seen.push(line.clone());
        Ok(line)
    }

    /// The port it listens on, once it does and every demo backend is up.
    pub(crate) fn ready(&mut self, backends: usize) -> u16 {
        let port = port_in(&self.line_with("listening on")).unwrap();
        until("every backend is up", || {
            get(port, "/_lb/health").contains(&format!("\"healthy\":{backends},")).then_some(())
        });
        port
    }

    /// Waits for its end; `seen` then has all its lines.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let status = until("the program has ended", || self.child.try_wait().unwrap());
        let wait = Wait::begin();
        loop {
            match self.next_line(&wait) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => return status,
                // A process that it left behind may hold its output open.
                Err(RecvTimeoutError::Timeout) => panic!("its output has no end: {:#?}", self.seen),
            }
        }
    }

    pub(crate) fn signal(&self, which: Signal) {
        signal(self.pid(), which);
    }
}

impl Drop for Headless {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
