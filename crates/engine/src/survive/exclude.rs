//! Patterns of requests that are not sent again.

/// Patterns in which `*` stands for any characters, of a path or of a method and a path.
pub(crate) struct Exclude {
    patterns: Vec<String>,
}

impl Exclude {
    pub(crate) fn new(patterns: &[String]) -> Self {
        Exclude { patterns: patterns.iter().map(|pattern| pattern.trim().to_owned()).collect() }
    }

    /// Whether a request has one of them.
    pub(crate) fn has(&self, method: &str, path: &str) -> bool {
        let whole = format!("{method} {path}");
        self.patterns.iter().any(|pattern| {
            let of = if pattern.contains(' ') { whole.as_str() } else { path };
            matches(pattern, of)
        })
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

    #[test]
    fn a_pattern_is_of_a_path_or_of_a_method_and_a_path() {
        let exclude = Exclude::new(&["/admin/*".to_owned(), "DELETE *".to_owned(), "/a*b*c".to_owned()]);
        assert!(exclude.has("GET", "/admin/users") && exclude.has("DELETE", "/x"));
        assert!(exclude.has("GET", "/a1b2c") && exclude.has("GET", "/abc"));
        assert!(!exclude.has("GET", "/admin") && !exclude.has("GET", "/x/admin/") && !exclude.has("GET", "/a1c"));
    }

    #[test]
    fn a_pattern_without_a_star_is_the_whole_path() {
        let exclude = Exclude::new(&["/logout".to_owned()]);
        assert!(exclude.has("GET", "/logout") && !exclude.has("GET", "/logout/now"));
    }
}
