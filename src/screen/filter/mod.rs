//! The one filter language of table and log: `backend:alpha status>=500 path~^/api !ws "two words"`.
//!
//! A filter is a row of terms, all of which must hold. A term says something of requests, of backends, or of both; it
//! narrows only what it says something of, so that `status>=500` leaves the table alone.

mod fields;
mod matching;
mod parse;
mod test;
#[cfg(test)]
mod tests;

use stickylb::api::{BackendView, Event};

pub(crate) use fields::HINT;
pub use parse::FilterError;
use test::{Flag, Test};

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
    pub(crate) fn asks_for_marks(&self) -> bool {
        self.terms.iter().any(|term| matches!(term.test, Test::Flag(Flag::Marked)))
    }

    /// Whether a line of the log is what is looked for.
    pub fn line(&self, event: &Event, marked: bool) -> bool {
        self.terms.iter().all(|term| matching::line(&term.test, event, marked).is_none_or(|holds| holds != term.not))
    }

    /// The rows of the table that are left, in their order. A plain word narrows the table only where a backend has it:
    /// one that is meant for the log does not empty it.
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
