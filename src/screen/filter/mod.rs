//! The filter language shared by the table and the log: `backend:alpha status>=500 path~^/api !ws "two words"`.
//!
//! All terms of a filter must match. A term applies to log lines, to backends, or to both, and filters only those:
//! `status>=500` leaves the table unchanged.

mod fields;
mod matching;
mod parse;
mod test;
#[cfg(test)]
mod tests;

use stickylb::api::{BackendView, Event};

pub(crate) use fields::HINT;
pub(crate) use matching::failed;
pub use parse::FilterError;
use test::{Flag, Test};

/// A parsed filter.
#[derive(Clone, Debug)]
pub struct Filter {
    /// As typed, trimmed.
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    not: bool,
    test: Test,
}

impl Filter {
    /// Parses a filter; `None` if the text is blank.
    ///
    /// # Errors
    /// The first mistake, with its column.
    pub fn parse(text: &str) -> Result<Option<Self>, FilterError> {
        let terms = parse::terms(text)?;
        Ok((!terms.is_empty()).then(|| Filter { text: text.trim().to_owned(), terms }))
    }

    /// The filter as typed, trimmed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it tests for marks. The matches of such a filter change whenever a mark is set or removed.
    pub(crate) fn asks_for_marks(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Flag(Flag::Marked)))
    }

    /// Whether a log line matches. Terms that apply only to backends are ignored.
    pub fn line(&self, event: &Event, marked: bool) -> bool {
        self.terms.iter().all(|term| matching::line(&term.test, event, marked).is_none_or(|holds| holds != term.not))
    }

    /// The indexes of the matching backends, in order. A plain word that no backend contains is ignored, so a search
    /// meant for the log does not empty the table.
    pub fn rows(&self, backends: &[BackendView]) -> Vec<usize> {
        let narrows = |term: &&Term| {
            !matches!(term.test, Test::Word(_)) || backends.iter().any(|b| matching::row(&term.test, b) == Some(true))
        };
        let terms: Vec<&Term> = self.terms.iter().filter(narrows).collect();
        let holds = |backend: &BackendView| {
            terms.iter().all(|term| matching::row(&term.test, backend).is_none_or(|holds| holds != term.not))
        };
        (0..backends.len()).filter(|row| holds(&backends[*row])).collect()
    }
}
