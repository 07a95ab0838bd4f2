//! Answers, which are told from log lines by their mark.

use std::fmt::Write as _;

use stickylb::untrusted::Untrusted;

/// What each line of an answer begins with.
const MARK: &str = "= ";

/// An answer of one or more lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply(String);

impl Reply {
    /// What was done, or what was asked for.
    pub(super) fn done(text: impl Into<String>) -> Self {
        Reply(text.into())
    }

    /// Nothing was done; why, as one sentence.
    pub(super) fn trouble(text: impl AsRef<str>) -> Self {
        Reply(format!("error: {}", text.as_ref()))
    }

    /// The lines, each with the mark and its end. What an answer repeats of a typed line is shown as text, too.
    pub(super) fn marked(&self) -> String {
        let mut text = String::new();
        for line in self.0.lines() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{MARK}{}", Untrusted::new(line));
        }
        text
    }
}
