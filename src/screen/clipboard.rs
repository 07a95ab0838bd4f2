//! Copies to the clipboard of the user's terminal with OSC 52, which also works through ssh.
//!
//! The terminal sends no reply, so success is unknown. Terminals known not to support it are not asked.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::io;
use std::io::Write;
use stickylb::untrusted::Untrusted;

/// Maximum bytes of text per copy; xterm accepts at most 74,994 bytes of base64.
const MOST: usize = 56_000;

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CopyError {
    #[error("this terminal has no clipboard: E exports to a file instead")]
    NoClipboard,
    #[error("{} kB are too much for a terminal's clipboard ({} kB): E exports to a file instead", .0 / 1000, MOST / 1000)]
    TooLong(usize),
    #[error("the terminal takes nothing at the moment: try again when it does")]
    Busy,
    #[error("the terminal could not be written to: {0}")]
    Io(#[from] io::Error),
}

/// How the terminal is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Directly.
    Direct,
    /// Through tmux.
    Tmux,
    /// Not at all: the terminal is known to ignore operating system commands.
    Nowhere,
}

impl Route {
    pub(crate) fn from_environment() -> Self {
        let is = |name: &str, values: &[&str]| std::env::var(name).is_ok_and(|value| values.contains(&value.as_str()));
        if std::env::var_os("TMUX").is_some_and(|value| !value.is_empty()) {
            Route::Tmux
        } else if is("TERM", &["dumb", "linux"]) || is("TERM_PROGRAM", &["Apple_Terminal"]) {
            Route::Nowhere
        } else {
            Route::Direct
        }
    }

    /// Writes an operating system command (OSC); `command` must not contain control characters. With tmux it is written
    /// twice: for tmux itself (`set-clipboard on`), and wrapped for the outer terminal (`allow-passthrough on`).
    pub(crate) fn send(self, command: &str, out: &mut impl Write) -> io::Result<()> {
        write!(out, "\x1b]{command}\x07")?;
        if self == Route::Tmux {
            write!(out, "\x1bPtmux;\x1b\x1b]{command}\x07\x1b\\")?;
        }
        out.flush()
    }
}

/// Copies `text` to the clipboard; returns the number of characters. Line breaks stay, other control characters are
/// escaped. Line breaks that came over the network must have been escaped before.
///
/// # Errors
/// The terminal has no clipboard, the text exceeds [`MOST`] bytes, or writing fails.
pub(crate) fn copy(text: &str, route: Route, out: &mut impl Write) -> Result<usize, CopyError> {
    if route == Route::Nowhere {
        return Err(CopyError::NoClipboard);
    }
    let lines: Vec<_> = text.split('\n').map(|line| Untrusted::new(line).to_string()).collect();
    let text = lines.join("\n");
    if text.len() > MOST {
        return Err(CopyError::TooLong(text.len()));
    }
    route.send(&format!("52;c;{}", BASE64_STANDARD.encode(&text)), out)?;
    Ok(text.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str, route: Route) -> Result<(usize, Vec<u8>), CopyError> {
        let mut out = Vec::new();
        copy(text, route, &mut out).map(|count| (count, out))
    }

    #[test]
    fn text_goes_to_the_clipboard_and_is_counted_in_characters() {
        let (count, written) = copied("grüße", Route::Direct).expect("short");
        assert_eq!((count, written.as_slice()), (5, &b"\x1b]52;c;Z3LDvMOfZQ==\x07"[..]));
    }

    #[test]
    fn what_would_move_a_terminal_is_copied_as_visible_text() {
        let (_, written) = copied("a\x1b]0;x\x07\u{202e}\u{9b}\r\nb", Route::Direct).expect("short");
        let encoded = &written[7..written.len() - 1];
        let text = BASE64_STANDARD.decode(encoded).expect("base64");
        assert_eq!(String::from_utf8(text).expect("text"), "a\\x1b]0;x\\x07\\u{202e}\\x9b\\x0d\nb");
    }

    #[test]
    fn tmux_is_told_itself_and_asked_to_hand_it_on() {
        let (_, written) = copied("x", Route::Tmux).expect("short");
        assert_eq!(written, b"\x1b]52;c;eA==\x07\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\");
    }

    #[test]
    fn too_much_and_no_clipboard_are_said_and_nothing_is_written() {
        let error = copied(&"x".repeat(MOST + 1), Route::Direct).expect_err("too long").to_string();
        assert_eq!(error, "56 kB are too much for a terminal's clipboard (56 kB): E exports to a file instead");
        assert!(copied("x", Route::Nowhere).is_err());
    }
}
