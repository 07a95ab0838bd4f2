//! Reads a process's output as lines that are safe to show in a terminal.

use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::untrusted::Untrusted;

/// Most bytes kept of a line; the rest is discarded.
const LINE: usize = 4096;

/// Most lines per second. Further lines are still read, so that the process never blocks, but discarded.
const LINES_A_SECOND: usize = 1000;

/// A reader of a process's lines.
pub(crate) struct Lines<R> {
    from: BufReader<R>,
    second: Instant,
    told: usize,
    left_out: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(crate) fn new(from: R) -> Self {
        Lines { from: BufReader::new(from), second: Instant::now(), told: 0, left_out: 0 }
    }

    /// The next line, or a note on how many were discarded; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if self.second.elapsed() >= Duration::from_secs(1) {
                self.second = Instant::now();
                self.told = 0;
                if self.left_out > 0 {
                    return Some(format!("({} lines left out)", std::mem::take(&mut self.left_out)));
                }
            }
            let line = self.line().await?;
            if self.told < LINES_A_SECOND {
                self.told += 1;
                return Some(shown(&line));
            }
            self.left_out += 1;
        }
    }

    async fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            // A read error counts as the end.
            let bytes = self.from.fill_buf().await.unwrap_or_default();
            if bytes.is_empty() {
                return (!line.is_empty()).then_some(line);
            }
            let end = memchr::memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            line.extend_from_slice(&part[..part.len().min(LINE - line.len())]);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.from.consume(taken);
            if end.is_some() {
                return Some(line);
            }
        }
    }
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
    async fn a_line_without_end_costs_no_more_than_its_limit() {
        let mut bytes = vec![b'x'; 100 * LINE];
        bytes.extend_from_slice(b"\nnext\n");
        let lines = all(&bytes).await;
        assert_eq!((lines[0].len(), lines[1].as_str()), (LINE, "next"));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_flood_is_read_and_not_repeated() {
        assert!(all(&b"x\n".repeat(50_000)).await.len() < 50_000);
    }
}
