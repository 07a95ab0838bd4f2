//! Patterns of requests that are not sent again.

use stickylb_survive::Request;

use crate::untrusted::Untrusted;

/// Patterns of requests.
#[derive(Default)]
pub(crate) struct Exclude {
    patterns: Vec<Pattern>,
}

/// A pattern in which `*` stands for any characters: of a path, or of a path with its query where it has a question mark;
/// perhaps of one method alone.
struct Pattern {
    method: Option<String>,
    target: String,
}

impl Exclude {
    /// Reads patterns such as `/admin/*`, `GET /logout` and `/search?q=*`.
    ///
    /// # Errors
    /// One could match nothing, so that what it is to spare would be sent; why, and what to write, as one sentence.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, String> {
        let patterns = patterns.iter().map(|text| Pattern::read(text)).collect::<Result<_, _>>()?;
        Ok(Exclude { patterns })
    }

    /// Whether a request has one of them.
    pub(crate) fn has(&self, request: &Request) -> bool {
        self.patterns.iter().any(|pattern| {
            let is_method = pattern.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method));
            let of = if pattern.target.contains('?') { &request.target } else { request.path() };
            is_method && matches(&pattern.target, of)
        })
    }
}

impl Pattern {
    fn read(text: &str) -> Result<Self, String> {
        let (method, target) = match text.trim().split_once(char::is_whitespace) {
            Some((method, target)) => (Some(method.to_owned()), target.trim()),
            None => (None, text.trim()),
        };
        let is_method = method.as_ref().is_none_or(|method| method.bytes().all(|b| b.is_ascii_alphabetic()));
        if is_method && target.starts_with(['/', '*']) && !target.contains(char::is_whitespace) {
            return Ok(Pattern { method, target: target.to_owned() });
        }
        Err(format!("'{}' excludes nothing: write a path such as /admin/*, or GET /logout", Untrusted::new(text)))
    }
}

/// Whether all of `text` is as the pattern has it.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    // There is one at least, whatever is split.
    let Some(rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    if !pattern.contains('*') {
        return rest.is_empty();
    }
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    let mut rest = rest;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a request is excluded by these patterns.
    fn has(patterns: &[&str], method: &str, target: &str) -> bool {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        let request = Request { method: method.to_owned(), target: target.to_owned(), ..Request::default() };
        Exclude::new(&patterns).expect("patterns").has(&request)
    }

    #[test]
    fn a_pattern_is_of_a_path_or_of_a_method_and_a_path() {
        let patterns = ["/admin/*", "delete *", "/a*b*c"];
        for (method, target) in [("GET", "/admin/users"), ("DELETE", "/x"), ("GET", "/a1b2c"), ("GET", "/abc?d=1")] {
            assert!(has(&patterns, method, target), "{method} {target}");
        }
        for target in ["/admin", "/x/admin/", "/a1c"] {
            assert!(!has(&patterns, "GET", target), "{target}");
        }
    }

    #[test]
    fn a_pattern_without_a_star_is_the_whole_path_and_one_with_a_question_mark_has_the_query() {
        assert!(has(&["/logout"], "GET", "/logout?now=1") && !has(&["/logout"], "GET", "/logout/now"));
        assert!(has(&["/x?access=*"], "GET", "/x?access=1") && !has(&["/x?access=*"], "GET", "/x"));
    }

    #[test]
    fn a_pattern_that_could_match_nothing_is_refused() {
        for text in ["", "logout", "http://localhost/logout", "GET logout", "GET /a b", "1 /a"] {
            let error = Exclude::new(&[text.to_owned()]).err().unwrap_or_default();
            assert!(
                error.ends_with("excludes nothing: write a path such as /admin/*, or GET /logout"),
                "{text}: {error}"
            );
        }
    }
}
