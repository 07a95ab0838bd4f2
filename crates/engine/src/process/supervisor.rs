//! The supervisor: stands between the balancer and one process, and leaves nothing of it behind.
//!
//! It reads orders on standard input (`stop`, `kill`, a line each; the input's end is `stop` as well), and reports on
//! standard output: `started PID` or `failed WHY`, then `ended MILLISECONDS HOW`. What the process writes goes to the
//! supervisor's standard error, in the order it was written.

use std::ffi::{OsStr, OsString};
use std::io::BufRead as _;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

/// How often it is looked whether the last of the process' own children has gone.
const LOOK: Duration = Duration::from_millis(10);

/// How long those may take to vanish that were killed.
const BURIAL: Duration = Duration::from_secs(1);

enum Message {
    Stop,
    Kill,
    Ended(io::Result<ExitStatus>),
}

/// Starts the program, its arguments behind it, and returns when it and all that it started have ended. After the order
/// to stop they have `grace`. `descriptors` is the soft limit they get, where it is not that of this process.
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
            // It ended by itself: what it leaves behind would keep its port.
            group.stop();
            Instant::now() + grace
        }),
    );
    println!("ended {lived} {}", in_words(status));
    ExitCode::SUCCESS
}

/// Without a terminal of its own, so that Ctrl-C there reaches the balancer alone and the process cannot write on its
/// screen; and the parent of what its process leaves behind.
fn detach() {
    #[cfg(unix)]
    {
        // Fails only for the leader of a group, which has no terminal to lose here.
        let _ = rustix::process::setsid();
    }
    #[cfg(target_os = "linux")]
    {
        // Where it fails, orphans are another's children and are ended all the same.
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

/// Why a program cannot be started, in words that say what to do.
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

/// Orders and the process' end, as they come.
fn listen(mut child: Child) -> Receiver<Message> {
    let (tell, messages) = channel();
    let end = tell.clone();
    // Both block, so each has a thread; they end with the supervisor.
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

/// The next message; `None` when the time is over.
fn next(messages: &Receiver<Message>, end: Option<Instant>) -> Option<Message> {
    let Some(end) = end else { return messages.recv().ok() };
    messages.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}

/// Waits until nobody of the group is left; ends those who still are when the time is over.
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

/// The process, and all that it started and that did not leave its group.
pub(crate) struct Group(pub(crate) u32);

#[cfg(unix)]
impl Group {
    fn pid(&self) -> Option<rustix::process::Pid> {
        i32::try_from(self.0).ok().and_then(rustix::process::Pid::from_raw)
    }

    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(pid) = self.pid() {
            // Fails where nobody is left, which is what is wanted.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    /// Asks everyone in it to end.
    fn stop(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Ends everyone in it.
    pub(crate) fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    /// Whether anyone is left; those who have ended are taken leave of.
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

    /// Ends it and all that it started.
    pub(crate) fn kill(&self) {
        // Where it has ended already this fails, which is what is wanted.
        let _ = Command::new("taskkill").args(["/T", "/F", "/PID", &self.0.to_string()]).output();
    }

    #[expect(clippy::unused_self, reason = "this system has no groups to look at")]
    fn lives(&self) -> bool {
        false
    }
}
