//! Lines from standard input, read on a thread of their own.

use std::io::{self, IsTerminal as _};

use tokio::sync::mpsc;

/// The longest line, in bytes.
const LONGEST: usize = 64 * 1024;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    Line(String),
    /// A line of more than [`LONGEST`] bytes.
    TooLong,
    /// Ctrl-D, or the end of a script.
    End,
}

/// Standard input.
pub(super) struct Input {
    lines: mpsc::Receiver<Typed>,
    is_over: bool,
}

impl Input {
    /// Begins to read; also says whether a person types at a prompt.
    pub(super) fn open() -> io::Result<(Self, bool)> {
        let is_terminal = io::stdin().is_terminal();
        // A script is read no faster than its commands are carried out.
        let (give, lines) = mpsc::channel(1);
        std::thread::Builder::new().name("input".to_owned()).spawn(move || read(&give, is_terminal))?;
        Ok((Input { lines, is_over: false }, is_terminal && io::stdout().is_terminal()))
    }

    /// The next line. Never comes back after the end of a script. Cancel safe.
    pub(super) async fn next(&mut self) -> Typed {
        if self.is_over {
            return std::future::pending().await;
        }
        self.lines.recv().await.unwrap_or_else(|| {
            self.is_over = true;
            Typed::End
        })
    }
}

/// Reads until the end of a script, or until nobody takes the lines any more. A terminal goes on after its end.
fn read(give: &mpsc::Sender<Typed>, is_terminal: bool) {
    let mut lines = Split::default();
    let mut buffer = [0; 4096];
    loop {
        wait_for_input();
        match read_some(&mut buffer) {
            Ok(0) => {
                let all_taken = lines.rest().is_none_or(|line| give.blocking_send(line).is_ok());
                if !is_terminal || !all_taken || give.blocking_send(Typed::End).is_err() {
                    return;
                }
            }
            Ok(read) => {
                if lines.add(&buffer[..read]).into_iter().any(|line| give.blocking_send(line).is_err()) {
                    return;
                }
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            // The terminal is gone; the signal that says so ends the program.
            Err(_) => return,
        }
    }
}

/// Waits until there is something to read, and as long as another job has the terminal: reading would stop this one, and
/// the balancer with it.
fn wait_for_input() {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, poll};
        let stdin = io::stdin();
        // If it fails, the read that follows says why.
        let _ = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None);
        let is_elsewhere = || rustix::termios::tcgetpgrp(&stdin).is_ok_and(|group| group != rustix::process::getpgrp());
        while is_elsewhere() {
            std::thread::sleep(crate::screen::ASK);
        }
    }
}

/// Reads without the buffer of [`io::stdin`], in which bytes would lie unseen by the next wait.
#[cfg(unix)]
fn read_some(buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(rustix::stdio::stdin(), buffer)?)
}

#[cfg(not(unix))]
fn read_some(buffer: &mut [u8]) -> io::Result<usize> {
    io::Read::read(&mut io::stdin().lock(), buffer)
}

/// Splits bytes into lines.
#[derive(Default)]
struct Split {
    line: Vec<u8>,
    is_too_long: bool,
}

impl Split {
    fn add(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let mut lines = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_whole) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            if self.line.len() + text.len() > LONGEST {
                self.is_too_long = true;
                self.line.clear();
            } else if !self.is_too_long {
                self.line.extend_from_slice(text);
            }
            if is_whole {
                lines.push(self.take());
            }
        }
        lines
    }

    /// The last line, if it had no end.
    fn rest(&mut self) -> Option<Typed> {
        (self.is_too_long || !self.line.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Typed {
        let line = std::mem::take(&mut self.line);
        if std::mem::take(&mut self.is_too_long) {
            return Typed::TooLong;
        }
        Typed::Line(String::from_utf8_lossy(&line).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_whatever_the_pieces_and_one_without_end_is_bounded() {
        let line = |text: &str| Typed::Line(text.to_owned());
        let mut split = Split::default();
        assert_eq!(split.add(b"status\nwh"), [line("status")]);
        assert_eq!(split.add(b"y\n\n"), [line("why"), line("")]);
        for _ in 0..20 {
            assert_eq!(split.add(&[b'x'; 5000]), []);
        }
        assert!(split.line.len() <= LONGEST);
        assert_eq!(split.add(b"x\nquit"), [Typed::TooLong]);
        assert_eq!(split.rest(), Some(line("quit")));
        assert_eq!(split.rest(), None);
    }
}
