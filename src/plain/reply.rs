//! Answers, which are told from log lines by their mark.

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

    /// The lines, each with the mark and its end.
    pub(super) fn marked(&self) -> String {
        self.0.lines().flat_map(|line| [MARK, line, "\n"]).collect()
    }
}
