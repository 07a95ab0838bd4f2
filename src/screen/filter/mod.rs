//! The one filter language of table and log: `backend:alpha status>=500 path~^/api !ws "two words"`.
//!
//! A filter is a row of terms, all of which must hold. A term says something of requests, of backends, or of both; it
//! narrows only what it says something of, so that `status>=500` leaves the table alone.

mod fields;
mod parse;

use regex_lite::Regex;

use fields::{Number, Text};
use stickylb::api::{BackendView, Event};

pub(super) use fields::HINT;
pub use parse::FilterError;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Filter {
    /// As it was typed.
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    not: bool,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    /// Somewhere in what is shown of it; in small letters.
    Word(String),
    Flag(Flag),
    Text(Text, Match),
    Number(Number, Compare, f64),
}

/// One word for a kind of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Retried,
    Moved,
    Failed,
    WebSocket,
    Change,
    Marked,
}

/// How a text is compared; words in small letters.
#[derive(Clone, Debug)]
enum Match {
    Contains(String),
    Is(String),
    IsNot(String),
    Pattern(Regex),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Is,
    IsNot,
    Less,
    AtMost,
    More,
    AtLeast,
    /// The hundred of a status: `5xx`.
    Hundred,
}

impl Filter {
    /// Reads a filter; `None` where there is nothing in it.
    ///
    /// # Errors
    /// What is wrong, and in which column.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        let terms = parse::terms(text)?;
        Ok((!terms.is_empty()).then(|| Filter { text: text.trim().to_owned(), terms }))
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it asks for marks, which come and go.
    pub(super) fn asks_for_marks(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Flag(Flag::Marked)))
    }

    /// Whether a line of the log is what is looked for.
    pub fn line(&self, event: &Event, marked: bool) -> bool {
        self.terms.iter().all(|term| fields::line(&term.test, event, marked).is_none_or(|holds| holds != term.not))
    }

    /// The rows of the table that are left, in their order. A plain word narrows the table only where a backend has it:
    /// one that is meant for the log does not empty it.
    pub fn rows(&self, backends: &[BackendView]) -> Vec<usize> {
        let narrows = |term: &&Term| {
            !matches!(term.test, Test::Word(_)) || backends.iter().any(|b| fields::row(&term.test, b) == Some(true))
        };
        let terms: Vec<&Term> = self.terms.iter().filter(narrows).collect();
        let holds = |backend: &BackendView| {
            terms.iter().all(|term| fields::row(&term.test, backend).is_none_or(|holds| holds != term.not))
        };
        (0..backends.len()).filter(|row| holds(&backends[*row])).collect()
    }
}

impl Match {
    fn holds(&self, text: &str) -> bool {
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
    fn holds(self, value: f64, with: f64) -> bool {
        match self {
            Compare::Is => value == with,
            Compare::IsNot => value != with,
            Compare::Less => value < with,
            Compare::AtMost => value <= with,
            Compare::More => value > with,
            Compare::AtLeast => value >= with,
            Compare::Hundred => value >= with && value < with + 100.0,
        }
    }
}

/// Whether `part`, in small letters, is somewhere in `text`, whatever letters that has.
fn contains(text: &str, part: &str) -> bool {
    if part.is_ascii() && text.is_ascii() {
        let (text, part) = (text.as_bytes(), part.as_bytes());
        return part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part));
    }
    text.to_lowercase().contains(part)
}

#[cfg(test)]
mod tests;
