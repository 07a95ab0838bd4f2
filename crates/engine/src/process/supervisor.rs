//! The supervisor process, which runs between the balancer and one process, and ends that process with all that it
//! started.
//!
//! It reads orders from standard input, one per line: `stop` or `kill`; end of input, and signals that would end it, mean
//! `stop`. It reports on standard output: `started PID` or `failed WHY`; then `exited MILLISECONDS HOW` when the process
//! has; then `ended LEFT` when nothing of it is left, with how many processes it left behind. The process's stdout and
//! stderr both go to the supervisor's standard error, in the order written.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, Write as _};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
#[cfg(unix)]
use std::sync::mpsc::Sender;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::group::Group;

/// Polling interval while waiting for the process's children to end.
const LOOK: Duration = Duration::from_millis(10);

/// How long to wait for killed processes to disappear.
const BURIAL: Duration = Duration::from_secs(1);

enum Message {
    Stop,
    Kill,
    Exited(io::Result<ExitStatus>),
}

/// Runs a program (`words`: its name and arguments), and returns when it and all that it started have ended. They have
/// `grace` to finish after an order to stop. `descriptors` is the soft limit of open files to set for them, if any.
pub fn supervise(words: &[OsString], grace: Duration, descriptors: Option<u64>) -> ExitCode {
    detach();
    if let Some(limit) = descriptors {
        super::descriptors::restore(limit);
    }
    let child = match start(words) {
        Ok(child) => child,
        Err(error) => {
            say(&format!("failed {}", why(&error, &words[0])));
            return ExitCode::FAILURE;
        }
    };
    let mut group = Group::new(child.id());
    say(&format!("started {}", child.id()));
    let began = Instant::now();
    let messages = listen(child);
    let mut end = None;
    let status = loop {
        match next(&messages, end) {
            Some(Message::Exited(status)) => break status,
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
    group.leader_exited();
    say(&format!("exited {} {}", began.elapsed().as_millis(), in_words(status)));
    let left = group.left();
    clear(
        &group,
        &messages,
        end.unwrap_or_else(|| {
            // It exited by itself; what it left behind could occupy its port.
            group.stop();
            Instant::now() + grace
        }),
    );
    say(&format!("ended {left}"));
    ExitCode::SUCCESS
}

/// Reports to the balancer. Without one, there is nobody left to report to.
fn say(report: &str) {
    let _ = writeln!(io::stdout(), "{report}");
}

/// Detaches from the terminal, so that Ctrl-C reaches only the balancer and the process cannot write to its screen. On
/// Linux, also becomes the parent of all orphans below it, so that none is lost sight of.
fn detach() {
    #[cfg(unix)]
    {
        // Fails only for the leader of a process group, which a child of the balancer is not.
        let _ = rustix::process::setsid();
    }
    #[cfg(target_os = "linux")]
    {
        // Fails only on a kernel before 3.4; orphans are then killed by their group alone.
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

/// Receives the orders, signals and the process's exit.
fn listen(child: Child) -> Receiver<Message> {
    let (tell, messages) = channel();
    #[cfg(unix)]
    obey_signals(tell.clone());
    let exit = tell.clone();
    // Each of these blocks, so each has a thread; the threads end with the supervisor.
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let order = if line == "kill" { Message::Kill } else { Message::Stop };
            if tell.send(order).is_err() {
                return;
            }
        }
        let _ = tell.send(Message::Stop);
    });
    thread::spawn(move || exit.send(Message::Exited(wait(child))));
    messages
}

/// Stops the process when a signal would end the supervisor, as one to all processes of this name does. A hangup is
/// none: the supervisor has no terminal.
#[cfg(unix)]
fn obey_signals(tell: Sender<Message>) {
    use signal_hook::consts::{SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2};
    use signal_hook::consts::{SIGSYS, SIGVTALRM, SIGXCPU, SIGXFSZ};
    let ending = [SIGABRT, SIGALRM, SIGINT, SIGPROF, SIGQUIT, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2];
    let more = [SIGSYS, SIGVTALRM, SIGXCPU];
    let all = ending.into_iter().chain(more).chain([SIGHUP, SIGXFSZ]);
    // Fails for signals that cannot be caught; these can.
    let Ok(mut signals) = signal_hook::iterator::Signals::new(all) else { return };
    thread::spawn(move || {
        for signal in signals.forever() {
            if !matches!(signal, SIGHUP | SIGXFSZ) && tell.send(Message::Stop).is_err() {
                return;
            }
        }
    });
}

/// Waits for the process's exit. Reaps every orphan that ends before.
#[cfg(unix)]
#[expect(clippy::needless_pass_by_value, reason = "as where it is waited for itself")]
fn wait(child: Child) -> io::Result<ExitStatus> {
    use rustix::process::WaitOptions;
    use std::os::unix::process::ExitStatusExt as _;
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) if u32::try_from(pid.as_raw_pid()) == Ok(child.id()) => {
                return Ok(ExitStatus::from_raw(status.as_raw()));
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for the process's exit.
#[cfg(not(unix))]
fn wait(mut child: Child) -> io::Result<ExitStatus> {
    child.wait()
}

/// The next message; `None` at the time `end`.
fn next(messages: &Receiver<Message>, end: Option<Instant>) -> Option<Message> {
    let Some(end) = end else { return messages.recv().ok() };
    messages.recv_timeout(end.saturating_duration_since(Instant::now())).ok()
}

/// Waits until no process of the group is left; kills the remaining ones at the time `end`.
fn clear(group: &Group, messages: &Receiver<Message>, end: Instant) {
    let mut killed = None;
    while group.lives() {
        let now = Instant::now();
        match killed {
            Some(last) if now >= last => return,
            // Again each time, because one that was about to be killed may have started another.
            Some(_) => group.kill(),
            None if now >= end => killed = Some(now + BURIAL),
            None => {}
        }
        if matches!(messages.recv_timeout(LOOK), Ok(Message::Kill)) {
            killed.get_or_insert(Instant::now() + BURIAL);
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
