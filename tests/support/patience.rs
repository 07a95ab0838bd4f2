//! Time limits for tests: every wait ends with a message, because an endless one would block the whole run.

use std::io::{self, Read};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: much longer than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How long a whole run of `survive` may take, which paces itself and tries everything many times.
pub(crate) const OF_A_RUN: Duration = Duration::from_mins(3);

/// One wait, which is over after [`PATIENCE`] however many steps it has. A reader needs it besides the limit of each
/// read, which keep-alive bytes can reset again and again.
pub(crate) struct Wait(Instant);

impl Wait {
    pub(crate) fn begin() -> Self {
        Wait(Instant::now())
    }

    pub(crate) fn left(&self) -> Duration {
        PATIENCE.saturating_sub(self.0.elapsed())
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// An error if the wait is over.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_over() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it did not come in the time a test has for anything"));
        }
        Ok(())
    }
}

/// Waits for a value.
#[track_caller]
pub(crate) fn until_some<T>(what: &str, value: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, value)
}

/// The same with another limit.
#[track_caller]
pub(crate) fn until_within<T>(limit: Duration, what: &str, mut value: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(value) = value() {
            return value;
        }
        assert!(began.elapsed() < limit, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads until the other side ends, or the wait is over.
pub(crate) fn read_to_end(stream: &mut TcpStream, into: &mut Vec<u8>) -> io::Result<()> {
    let wait = Wait::begin();
    let mut piece = [0; 16 * 1024];
    loop {
        wait.check()?;
        stream.set_read_timeout(Some(wait.left().max(Duration::from_millis(1))))?;
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            read => into.extend_from_slice(&piece[..read]),
        }
    }
}

/// Runs a program until it and its output end. If they do not, the program is killed and the test fails.
#[track_caller]
pub(crate) fn run_to_end(command: Command) -> Output {
    run_within(PATIENCE, command)
}

/// The same with another limit for the program.
#[track_caller]
pub(crate) fn run_within(limit: Duration, mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() >= limit {
            // It may be ending at this moment.
            let _ = child.kill();
            let _ = child.wait();
            panic!("waited in vain: the end of {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // A child process of it may keep its output open.
    let whole = |output: Receiver<Vec<u8>>| {
        output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain: the output of {command:?} ends"))
    };
    Output { status, stdout: whole(stdout), stderr: whole(stderr) }
}

fn collect(mut output: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // Bytes read before an error count; a test that has given up has dropped the receiver.
        let _ = output.read_to_end(&mut bytes);
        let _ = tell.send(bytes);
    });
    told
}
