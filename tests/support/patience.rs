//! How long a test waits: whatever it waits for, it ends with a message, for a wait without an end costs a whole run.

use std::io::{self, Read};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: much longer than a busy machine needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One wait, which is over after [`PATIENCE`] however many steps it has. What reads until something comes needs one
/// beside the limit of each read: a stream that shows now and then that it lives keeps that one from being reached.
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

    /// An error where it is over.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_over() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it did not come in the time a test has for anything"));
        }
        Ok(())
    }
}

/// Waits for a value.
#[track_caller]
pub(crate) fn until_some<T>(what: &str, mut value: impl FnMut() -> Option<T>) -> T {
    let wait = Wait::begin();
    loop {
        if let Some(value) = value() {
            return value;
        }
        assert!(!wait.is_over(), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads until the other side ends, and not for ever.
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

/// Runs a program to its end, and to that of its output. It is killed, and the test fails, where it goes on instead.
#[track_caller]
pub(crate) fn run_to_end(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let wait = Wait::begin();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if wait.is_over() {
            // It may end just now.
            let _ = child.kill();
            let _ = child.wait();
            panic!("waited in vain: the end of {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    // A child of its own may hold its output open.
    let whole = |output: Receiver<Vec<u8>>| {
        output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("waited in vain: the output of {command:?} ends"))
    };
    Output { status, stdout: whole(stdout), stderr: whole(stderr) }
}

fn collect(mut output: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error counts; a test that has given up is not told.
        let _ = output.read_to_end(&mut bytes);
        let _ = tell.send(bytes);
    });
    told
}
