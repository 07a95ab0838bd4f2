//! The text of a configuration file, and the problems found in it.

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use std::cell::RefCell;

use super::problem::Problem;

/// The text and all that was found wrong in it so far.
pub(crate) struct Document<'a> {
    text: &'a str,
    problems: RefCell<Vec<Found>>,
    /// The path of each key that was asked for, for the comparison with the schema.
    #[cfg(test)]
    pub(crate) asked: RefCell<std::collections::BTreeSet<String>>,
}

/// A problem, by the byte at which it stands.
struct Found {
    at: usize,
    path: String,
    message: String,
}

/// Where something stands in the document.
#[derive(Clone, Debug)]
pub struct Location {
    /// The byte it begins at.
    pub(crate) at: usize,
    /// `backends[1].weight`; empty for the document itself.
    pub(crate) path: String,
}

/// Strict JSON, but for comments and trailing commas: a looser reading would repair typing errors in silence.
fn strict() -> ParseOptions {
    ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    }
}

impl<'a> Document<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Document {
            text,
            problems: RefCell::default(),
            #[cfg(test)]
            asked: RefCell::default(),
        }
    }

    /// The value the text holds, or `None` with the reason noted.
    pub(crate) fn parse(&self) -> Option<Value<'a>> {
        if let Err((at, message)) = check_strings(self.text) {
            self.problem(at, "", message);
            return None;
        }
        match parse_to_ast(self.text, &CollectOptions::default(), &strict()) {
            Ok(result) => {
                if result.value.is_none() {
                    self.problem(0, "", "the file is empty: write a JSON object".to_owned());
                }
                result.value
            }
            Err(error) => {
                self.problem(error.range().start, "", format!("not JSON: {}", error.kind()));
                None
            }
        }
    }

    pub(crate) fn problem(&self, at: usize, path: &str, message: String) {
        self.problems.borrow_mut().push(Found { at: at.min(self.text.len()), path: path.to_owned(), message });
    }

    /// All that was found, in the order of the file.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        let mut found = self.problems.into_inner();
        found.sort_by_key(|problem| problem.at);
        // Counted on from one to the next: however many there are, the text is gone through once.
        let (mut line, mut column, mut at) = (1, 1, 0);
        let locate = |problem: Found| {
            let between = &self.text[at..problem.at];
            let lines = between.matches('\n').count();
            line += lines;
            column = match between.rfind('\n') {
                Some(end) => between[end + 1..].chars().count() + 1,
                None => column + between.chars().count(),
            };
            at = problem.at;
            Problem { line, column, path: problem.path.into(), message: problem.message.into() }
        };
        found.into_iter().map(locate).collect()
    }
}

/// RFC 8259 7: a string holds no raw control character. The parser would accept one, and with it a line end after a
/// forgotten quote, and then report something far from the mistake.
fn check_strings(text: &str) -> Result<(), (usize, String)> {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (c, chars.peek().map(|(_, next)| *next)) {
            ('/', Some('/')) => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            ('/', Some('*')) => {
                let rest = text[at + 2..].find("*/").map_or(text.len(), |end| at + 2 + end + 2);
                while chars.next_if(|(n, _)| *n < rest).is_some() {}
            }
            ('"', _) => check_string(at, &mut chars)?,
            _ => {}
        }
    }
    Ok(())
}

fn check_string(start: usize, chars: &mut impl Iterator<Item = (usize, char)>) -> Result<(), (usize, String)> {
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok(()),
            '\\' => drop(chars.next()),
            '\n' | '\r' => break,
            '\0'..=' ' if c != ' ' => {
                let code = c as u32;
                let message = format!("not JSON: a string cannot hold the control character {c}: write \\u{code:04x}");
                return Err((at, message));
            }
            _ => {}
        }
    }
    Err((start, "not JSON: a string begins here and does not end on its line".to_owned()))
}
