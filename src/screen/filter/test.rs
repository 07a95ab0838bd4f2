//! The tests that filter terms are parsed into.

use regex_lite::Regex;

use super::fields::{Number, Text};

#[derive(Clone, Debug)]
pub(super) enum Test {
    /// Plain text to search for in the displayed fields; lower case.
    Word(String),
    Flag(Flag),
    Text(Text, Match),
    Number(Number, Compare, f64),
}

/// A keyword that selects one kind of log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flag {
    Retried,
    Moved,
    Failed,
    WebSocket,
    /// The balancer's own traffic.
    Traffic,
    Change,
    Marked,
}

/// How a text is compared: `Contains` (lower case), `Is` and `IsNot` ignore case; `Pattern` does not.
#[derive(Clone, Debug)]
pub(super) enum Match {
    Contains(String),
    Is(String),
    IsNot(String),
    Pattern(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
    /// A status class such as `5xx`: at least the value, less than 100 above it.
    Hundred,
    /// Any but that class.
    NotHundred,
}

impl Match {
    pub(super) fn holds(&self, text: &str) -> bool {
        match self {
            Match::Contains(part) => contains(text, part),
            Match::Is(whole) => text.eq_ignore_ascii_case(whole),
            Match::IsNot(whole) => !text.eq_ignore_ascii_case(whole),
            Match::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

impl Compare {
    #[expect(clippy::float_cmp, reason = "figures are whole numbers and are compared with what was typed")]
    pub(super) fn holds(self, value: f64, with: f64) -> bool {
        match self {
            Compare::Is => value == with,
            Compare::IsNot => value != with,
            Compare::Less => value < with,
            Compare::AtMost => value <= with,
            Compare::More => value > with,
            Compare::AtLeast => value >= with,
            Compare::Hundred => value >= with && value < with + 100.0,
            Compare::NotHundred => value < with || value >= with + 100.0,
        }
    }
}

/// Whether `text` contains `part`, ignoring case; `part` must be lower case.
pub(super) fn contains(text: &str, part: &str) -> bool {
    if part.is_ascii() && text.is_ascii() {
        let (text, part) = (text.as_bytes(), part.as_bytes());
        return part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    }
    text.to_lowercase().contains(part)
}
