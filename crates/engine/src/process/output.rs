//! Reads a process's output as lines that are safe to show in a terminal.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::untrusted::Untrusted;

/// Most bytes kept of a line; the rest is counted.
const LINE: usize = 4096;

/// Most lines per second. Further lines are still read, so that the process never blocks, but left out, except for the
/// last ones of each second and of all.
const LINES_A_SECOND: usize = 1000;

/// How many of the lines left out are kept as those last ones: a program's last words are often a stack trace.
const LAST: usize = 50;

/// How long what was left out may go untold.
const SECOND: Duration = Duration::from_secs(1);

/// A reader of a process's lines.
pub(crate) struct Lines<R> {
    from: BufReader<R>,
    second: Instant,
    told: usize,
    left_out: usize,
    /// The last of the lines left out, oldest first.
    last: VecDeque<String>,
    /// Lines to return before reading on.
    due: VecDeque<String>,
    /// What was read of the next line.
    begun: Line,
    why: Why,
}

/// The line, of all that were read so far, that best explains an exit. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Why(Arc<Mutex<String>>);

impl Why {
    pub(crate) fn line(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In a stack trace, the line that names the error explains most; else the last one does.
    fn weigh(&self, line: &str) {
        let mut why = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.trim().is_empty() && (names_an_error(line) || !names_an_error(&why)) {
            line.clone_into(&mut why);
        }
    }
}

/// A line's beginning, and how many of its bytes were cut off.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
    cut: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Lines {
            from: BufReader::new(from),
            second: Instant::now(),
            told: 0,
            left_out: 0,
            last: VecDeque::new(),
            due: VecDeque::new(),
            begun: Line::default(),
            why: Why::default(),
        }
    }

    /// What explains an exit, also by lines that are left out.
    pub(crate) fn why(&self) -> Why {
        self.why.clone()
    }

    /// The next line, or a note on how many were left out; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.due.pop_front() {
                return Some(line);
            }
            let line = if self.last.is_empty() {
                self.line().await
            } else {
                let due = self.second + SECOND;
                let Ok(line) = tokio::time::timeout_at(due.into(), self.line()).await else {
                    self.begin_second();
                    continue;
                };
                line
            };
            let Some(line) = line else {
                self.catch_up();
                return self.due.pop_front();
            };
            let line = line.shown();
            self.why.weigh(&line);
            if self.second.elapsed() >= SECOND {
                self.begin_second();
            }
            if self.told < LINES_A_SECOND {
                self.told += 1;
                self.due.push_back(line);
                continue;
            }
            self.last.push_back(line);
            if self.last.len() > LAST {
                self.last.pop_front();
                self.left_out += 1;
            }
        }
    }

    fn begin_second(&mut self) {
        self.second = Instant::now();
        self.told = 0;
        self.catch_up();
    }

    /// Makes due how many lines were left out, and the last of them.
    fn catch_up(&mut self) {
        match std::mem::take(&mut self.left_out) {
            0 => {}
            1 => self.due.push_back("(1 line left out)".to_owned()),
            n => self.due.push_back(format!("({n} lines left out)")),
        }
        self.due.append(&mut self.last);
    }

    /// The next line as it came. Cancel-safe.
    async fn line(&mut self) -> Option<Line> {
        loop {
            // A read error counts as the end.
            let bytes = self.from.fill_buf().await.unwrap_or_default();
            if bytes.is_empty() {
                let begun = std::mem::take(&mut self.begun);
                return (!begun.bytes.is_empty()).then_some(begun);
            }
            let end = memchr::memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let line = &mut self.begun;
            let kept = part.len().min(LINE - line.bytes.len());
            line.bytes.extend_from_slice(&part[..kept]);
            line.cut += part.len() - kept;
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.from.consume(taken);
            if end.is_some() {
                return Some(std::mem::take(&mut self.begun));
            }
        }
    }
}

impl Line {
    /// As text, which says if it was cut: between two characters.
    fn shown(mut self) -> String {
        if self.cut == 0 {
            return shown(&self.bytes);
        }
        if let Some(last) = self.bytes.utf8_chunks().last()
            && last.invalid().len() < 4
        {
            // What follows the last whole character is the beginning of the one that was cut.
            let begun = last.invalid().len();
            self.bytes.truncate(self.bytes.len() - begun);
            self.cut += begun;
        }
        format!("{} ... ({} bytes more)", shown(&self.bytes), self.cut)
    }
}

fn names_an_error(line: &str) -> bool {
    ["rror:", "rror ", "anicked at", "xception:"].iter().any(|word| line.contains(word))
}

/// A line without ANSI escape sequences for colours and cursor movement; other control characters are escaped.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end();
    // A progress bar overwrites itself with carriage returns; keep only its last state.
    let text = text.rsplit('\r').next().unwrap_or(text).replace('\t', "    ");
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        // ECMA-48 5.4: parameters and intermediates, then one final byte.
        let end = after.find(|c| !(' '..='?').contains(&c));
        match end {
            Some(end) if ('@'..='~').contains(&char::from(after.as_bytes()[end])) => rest = &after[end + 1..],
            _ => {
                plain.push_str("\x1b[");
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Untrusted::new(plain).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(bytes);
        let mut all = Vec::new();
        while let Some(line) = lines.next().await {
            all.push(line);
        }
        all
    }

    #[tokio::test(flavor = "current_thread")]
    async fn lines_come_one_by_one_the_last_without_its_end_too() {
        assert_eq!(all(b"one\r\n\ntwo\twide\n10%\r20%\nlast").await, ["one", "", "two    wide", "20%", "last"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn colours_are_dropped_and_what_else_moves_a_terminal_is_written_out() {
        let lines = all("\x1b[1;31mred\x1b[0m\x1b[2J\n\x1b]0;title\x07 \x1b[é \u{9b}1m \u{202e}\n".as_bytes()).await;
        assert_eq!(lines, ["red", "\\x1b]0;title\\x07 \\x1b[é \\x9b1m \\u{202e}"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_line_without_end_costs_no_more_than_its_limit_and_says_what_was_cut() {
        let mut bytes = vec![b'x'; 100 * LINE];
        bytes.extend_from_slice(b"\nnext\n");
        let lines = all(&bytes).await;
        assert_eq!(lines, [format!("{} ... ({} bytes more)", "x".repeat(LINE), 99 * LINE), "next".to_owned()]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_long_line_is_cut_between_two_characters() {
        for before in 0..4 {
            let lines = all(format!("{}{}", "x".repeat(before), "\u{1f600}".repeat(LINE)).as_bytes()).await;
            assert!(!lines[0].contains('\u{fffd}') && lines[0].contains("\u{1f600} ... ("), "{before}");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn of_a_flood_the_last_lines_are_told_and_the_others_counted() {
        let flood: Vec<String> = (1..=50_000).map(|number| number.to_string()).collect();
        let lines = all(flood.join("\n").as_bytes()).await;
        assert!(lines.len() < 50_000);
        assert_eq!(lines.last().map(String::as_str), Some("50000"));
        let left_out = |line: &String| line.strip_prefix('(')?.split_once(" lines left out)")?.0.parse::<usize>().ok();
        let notes: Vec<usize> = lines.iter().filter_map(left_out).collect();
        assert_eq!(notes.iter().sum::<usize>() + lines.len() - notes.len(), 50_000);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_end_of_a_flood_is_told_though_nothing_follows_it() {
        let (mut program, output) = tokio::io::duplex(1 << 20);
        let flood: Vec<String> = (1..=2000).map(|number| number.to_string()).collect();
        let text = format!("{}\nlistening\nhalf a li", flood.join("\n"));
        tokio::io::AsyncWriteExt::write_all(&mut program, text.as_bytes()).await.expect("there is room");
        let mut lines = Lines::new(output);
        while lines.next().await.expect("it has not ended") != "listening" {}
        tokio::io::AsyncWriteExt::write_all(&mut program, b"ne\n").await.expect("there is room");
        assert_eq!(lines.next().await.as_deref(), Some("half a line"));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_line_that_names_the_error_is_told_from_its_trimmings_in_a_flood_too() {
        let noise = "trace\n".repeat(3000);
        for error in [
            "Error: Cannot find module './app'",
            "ModuleNotFoundError: No module",
            "thread 'main' panicked at src/main.rs:1:2:",
        ] {
            let text = format!("{noise}{error}\n{noise}Node.js v22.1.0\n");
            let mut lines = Lines::new(text.as_bytes());
            while lines.next().await.is_some() {}
            assert_eq!(lines.why().line(), error);
        }
    }
}
