//! The supervisor process, which runs between the balancer and one process, and ends that process with all its
//! children.
//!
//! It reads orders from standard input, one per line: `stop` or `kill`; end of input means `stop`. It reports on
//! standard output: `started PID` or `failed WHY`, then `ended MILLISECONDS HOW`. The process's stdout and stderr both
//! go to the supervisor's standard error, in the order written.

use std::ffi::{OsStr, OsString};
use std::io::BufRead as _;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

/// Polling interval while waiting for the process's children to end.
const LOOK: Duration = Duration::from_millis(10);

/// How long to wait for killed processes to disappear.
const BURIAL: Duration = Duration::from_secs(1);

enum Message {
    Stop,
    Kill,
    Ended(io::Result<ExitStatus>),
}

/// Runs a program (`words`: its name and arguments), and returns when it and all of its children have ended. They have
/// `grace` to finish after an order to stop. `descriptors` is the soft limit of open files to set for them, if any.
pub fn supervise(words: &[OsString], grace: Duration, descriptors: Option<u64>) -> ExitCode {
    detach();
    if let Some(limit) = descriptors {
        super::descriptors::restore(limit);
    }
    let child = match start(words) {
        Ok(child) => child,
        Err(error) => {
            println!("failed {}", why(&error, &words[0]));
            return ExitCode::FAILURE;
        }
    };
    let group = Group(child.id());
    println!("started {}", child.id());
    let began = Instant::now();
    let messages = listen(child);
    let mut end = None;
    let status = loop {
        match next(&messages, end) {
            Some(Message::Ended(status)) => break status,
            Some(Message::Stop) => {
                group.stop();
                end.get_or_insert(Instant::now() + grace);
            }
            Some(Message::Kill) | None => {
                group.kill();
                end = Some(Instant::now() + BURIAL);
            }
        }
    };
    let lived = began.elapsed().as_millis();
    clear(
        &group,
        &messages,
        end.unwrap_or_else(|| {
            // It exited by itself; children that it left behind could occupy its port.
            group.stop();
            Instant::now() + grace
        }),
    );
    println!("ended {lived} {}", in_words(status));
    ExitCode::SUCCESS
}

/// Detaches from the terminal, so that Ctrl-C reaches only the balancer and the process cannot write to its screen. On
/// Linux, also becomes the parent of the process's orphans.
fn detach() {
    #[cfg(unix)]
    {
        // Fails only for the leader of a process group, which a child of the balancer is not.
        let _ = rustix::process::setsid();
    }
    #[cfg(target_os = "linux")]
    {
        // If this fails, orphans get another parent, but are killed by their group all the same.
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    }
}

fn start(words: &[OsString]) -> io::Result<Child> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(io::stderr()).stderr(Stdio::inherit());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// Why a program cannot be started, and what to do about it.
fn why(error: &io::Error, program: &OsStr) -> String {
    let name = program.display();
    match error.kind() {
        io::ErrorKind::NotFound if program.to_string_lossy().contains('/') => {
            format!("there is no program {name}, or not what its first line asks for: check the path")
        }
        io::ErrorKind::NotFound => {
            format!("there is no program '{name}' in PATH: check its spelling, or write its path, such as ./{name}")
        }
        io::ErrorKind::PermissionDenied => format!("{name} may not be executed: make it a program with chmod +x"),
        _ => error.to_string(),
    }
}

/// Receives the orders and the process's exit.
fn listen(mut child: Child) -> Receiver<Message> {
    let (tell, messages) = channel();
    let end = tell.clone();
    // Both reads block, so each has a thread; the threads end with the supervisor.
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let order = if line == "kill" { Message::Kill } else { Message::Stop };
            if tell.send(order).is_err() {
                return;
            }
        }
        let _ = tell.send(Message::Stop);
    });
    thread::spawn(move || end.send(Message::Ended(child.wait())));
    messages
}

/// The next message; `None` at the time `end`.
fn next(messages: &Receiver<Message>, end: Option<Instant>) -> Option<Message> {
    let Some(end) = end else { return messages.recv().ok() };
    messages.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}

/// Waits until no process of the group is left; kills the remaining ones at the time `end`.
fn clear(group: &Group, messages: &Receiver<Message>, end: Instant) {
    let mut last = end;
    let mut killed = false;
    while group.lives() && Instant::now() < last {
        let ordered = matches!(messages.recv_timeout(LOOK), Ok(Message::Kill));
        if !killed && (ordered || Instant::now() >= end) {
            group.kill();
            killed = true;
            last = Instant::now() + BURIAL;
        }
    }
}

fn in_words(status: io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => match status.code() {
            Some(code) => format!("exited with status {code}"),
            None => format!("was ended by {status}"),
        },
        Err(error) => format!("was lost: {error}"),
    }
}

/// A process group: the process with this id, and those of its children that did not leave the group.
pub(crate) struct Group(pub(crate) u32);

#[cfg(unix)]
impl Group {
    fn pid(&self) -> Option<rustix::process::Pid> {
        i32::try_from(self.0).ok().and_then(rustix::process::Pid::from_raw)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(pid) = self.pid() {
            // An error means that no process is left.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    /// Asks all its processes to end (SIGTERM).
    fn stop(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Kills all its processes (SIGKILL).
    pub(crate) fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    /// Whether any process is left. Reaps those that have ended.
    fn lives(&self) -> bool {
        use rustix::process::{WaitOptions, test_kill_process_group, waitpgid};
        let Some(pid) = self.pid() else { return false };
        while let Ok(Some(_)) = waitpgid(pid, WaitOptions::NOHANG) {}
        test_kill_process_group(pid).is_ok()
    }
}

#[cfg(not(unix))]
impl Group {
    fn stop(&self) {
        self.kill();
    }

    /// Kills the process and all of its children.
    pub(crate) fn kill(&self) {
        // An error means that it has ended already.
        let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &self.0.to_string()]).output();
    }

    #[expect(clippy::unused_self, reason = "this system has no groups to look at")]
    fn lives(&self) -> bool {
        false
    }
}
