//! Which requests a fault may touch: `path~^/api !method=POST`, all of it at once.

use regex_lite::Regex;

use crate::untrusted::Untrusted;

/// Terms, each of which must hold.
pub(super) struct Matching(Vec<Term>);

struct Term {
    not: bool,
    field: Field,
    test: Test,
}

#[derive(Clone, Copy)]
enum Field {
    Method,
    Path,
}

enum Test {
    Is(String),
    Contains(String),
    Pattern(Regex),
}

/// Longest first, so that `!=` is not read as a name with `=` behind it.
const OPERATORS: [&str; 4] = ["!=", "=", ":", "~"];

impl Matching {
    /// # Errors
    /// The first mistake, as one sentence.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let terms = text.split_whitespace().map(term).collect::<Result<Vec<_>, _>>()?;
        if terms.is_empty() { Err(usage("nothing")) } else { Ok(Matching(terms)) }
    }

    /// Whether a request of this method for this path, with its query, is one of those.
    pub(super) fn holds(&self, method: &[u8], path: &[u8]) -> bool {
        let (method, path) = (String::from_utf8_lossy(method), String::from_utf8_lossy(path));
        self.0.iter().all(|term| {
            let holds = match (term.field, &term.test) {
                (Field::Method, test) => test.holds(&method),
                // A path that is named is meant with any query.
                (Field::Path, Test::Is(whole)) => *whole == path || path.split('?').next() == Some(whole),
                (Field::Path, test) => test.holds(&path),
            };
            holds != term.not
        })
    }
}

impl Test {
    fn holds(&self, text: &str) -> bool {
        match self {
            Test::Is(whole) => text.eq_ignore_ascii_case(whole),
            Test::Contains(part) => text.contains(part.as_str()),
            Test::Pattern(pattern) => pattern.is_match(text),
        }
    }
}

fn term(word: &str) -> Result<Term, String> {
    let (not, rest) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
    let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let after = &rest[name.len()..];
    let Some(operator) = OPERATORS.iter().find(|operator| after.starts_with(**operator)) else {
        return Err(usage(&format!("'{}'", Untrusted::new(word))));
    };
    let value = &after[operator.len()..];
    let field = match name.to_ascii_lowercase().as_str() {
        "path" => Field::Path,
        "method" => Field::Method,
        _ => return Err(usage(&format!("the field '{}'", Untrusted::new(name)))),
    };
    if value.is_empty() {
        return Err(usage(&format!("'{}' without a value", Untrusted::new(word))));
    }
    let test = match *operator {
        "~" => Test::Pattern(Regex::new(value).map_err(|error| {
            format!("match: '{}' is no pattern ({error}): correct it, such as path~^/api", Untrusted::new(value))
        })?),
        ":" => Test::Contains(value.to_owned()),
        _ => Test::Is(value.to_owned()),
    };
    Ok(Term { not: not != (*operator == "!="), field, test })
}

fn usage(what: &str) -> String {
    format!("match: {what} says nothing of a request: there is path and method, such as path~^/api !method=POST")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, request: &str) -> bool {
        let (method, path) = request.split_once(' ').expect("both");
        Matching::new(text).expect(text).holds(method.as_bytes(), path.as_bytes())
    }

    #[test]
    fn every_term_must_hold_and_one_may_be_turned_round() {
        for (text, request, expected) in [
            ("path~^/api", "GET /api/x", true),
            ("path~^/api", "GET /x/api", false),
            ("path~id=[0-9]+$", "GET /x?id=12", true),
            ("path=/x", "GET /x", true),
            ("path=/x", "GET /x?a=b", true),
            ("path=/x", "GET /xy", false),
            ("path:sess", "GET /sessions", true),
            ("method=post", "POST /", true),
            ("!method=POST", "POST /", false),
            ("method!=POST", "GET /", true),
            ("!method!=POST", "POST /", true),
            ("path~^/api method=POST", "POST /api", true),
            ("path~^/api method=POST", "GET /api", false),
        ] {
            assert_eq!(holds(text, request), expected, "{text}: {request}");
        }
    }

    #[test]
    fn a_mistake_is_said_in_one_sentence() {
        for (text, said) in [
            ("host=x", "match: the field 'host' says nothing of a request: there is path and method"),
            ("/api", "match: '/api' says nothing of a request"),
            ("path=", "match: 'path=' without a value says nothing"),
            ("path~(", "match: '(' is no pattern ("),
            (" ", "match: nothing says nothing of a request"),
        ] {
            let trouble = Matching::new(text).err().expect(text);
            assert!(trouble.contains(said), "{text}: {trouble}");
        }
    }
}
